/** How wallets are written, their exchange accounts and what these hold (as common-entities.ts). */
import type { SignalPolicy } from '../../domain/signal-facts.ts';
import { DEFAULT_SIGNAL_POLICY } from '../../domain/signals.ts';
import {
  ACCOUNT_STATUSES,
  type DemoAccount,
  type ExchangeAccount,
  KEY_TYPES,
  type KeyProblem,
  type OwedStop,
  type PauseState,
  RESIDENT_MODES,
  type Wallet,
} from '../../domain/types.ts';
import type { BalanceSnapshot } from '../../ports/ledger.ts';
import {
  booleans,
  decimals,
  type Fields,
  integers,
  lists,
  nullable,
  nullableSince,
  objects,
  texts,
  words,
} from './codec.ts';
import { environments, fees } from './common-entities.ts';

/** Demo wallets of before they could be paused have none of these; exchange accounts once had no count. */
const pauseState = {
  pausedAt: nullableSince(integers),
  pauseReason: nullableSince(texts),
  pauses: { ...integers, whenMissing: () => 0 },
  stop: nullableSince(
    objects<OwedStop>({ flatten: booleans, cause: words(['manual', 'risk_breach']), since: integers }),
  ),
} as const satisfies Fields<PauseState>;

const demoAccount = objects<DemoAccount>({
  feeRate: decimals,
  buyFeeIn: words(['quote', 'base']),
  startingBalances: lists(fees),
  maxLeverage: nullableSince(integers),
  ...pauseState,
});

const KEY_PROBLEMS = [
  'key_rejected',
  'bad_signature',
  'withdraw_permission',
  'no_trade_permission',
  'ip_not_allowed',
  'clock_skew',
  'account_already_connected',
  'account_changed',
  'key_unreadable',
  'venue_unreachable',
] as const satisfies readonly KeyProblem['code'][];

const exchangeAccount = objects<ExchangeAccount>({
  bodyHash: texts,
  keyType: words(KEY_TYPES),
  keyHint: texts,
  sealedKeys: texts,
  keyFingerprint: texts,
  keyVersion: integers,
  status: words(ACCOUNT_STATUSES),
  problem: nullable(objects<KeyProblem>({ code: words(KEY_PROBLEMS), message: texts })),
  warnings: lists(texts),
  accountUid: nullable(texts),
  checkedAt: nullable(integers),
  checkWantedAt: nullable(integers),
  pendingKeys: nullable(
    objects<NonNullable<ExchangeAccount['pendingKeys']>>({
      keyType: words(KEY_TYPES),
      keyHint: texts,
      sealedKeys: texts,
      keyFingerprint: texts,
    }),
  ),
  ...pauseState,
});

export const wallets = objects<Wallet>({
  walletId: texts,
  version: integers,
  userId: texts,
  environment: environments,
  name: texts,
  demo: nullable(demoAccount),
  exchange: nullableSince(exchangeAccount),
  signalPolicy: {
    ...objects<SignalPolicy>({ act: booleans, minConfidence: decimals, allowLoosen: booleans }),
    whenMissing: () => DEFAULT_SIGNAL_POLICY,
  },
  resident: { ...words(RESIDENT_MODES), whenMissing: () => 'none' },
  createdAt: integers,
  updatedAt: integers,
});

/** Whose a venue account is; `walletId` null = it was freed. */
export interface AccountClaim {
  readonly version: number;
  readonly walletId: string | null;
}
export const accountClaims = objects<AccountClaim>({ version: integers, walletId: nullable(texts) });

export const balanceSnapshots = objects<BalanceSnapshot>({
  asOf: integers,
  balances: lists(
    objects<BalanceSnapshot['balances'][number]>({ asset: texts, free: decimals, locked: decimals }),
  ),
});
