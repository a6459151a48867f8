/** A demo wallet and its account with starting balances (design section 13). Idempotent by the caller's key. */

import { isLeverageTooHigh } from '../domain/margin.ts';
import { type Decimal, decimal } from '../domain/money/decimal.ts';
import { NEVER_PAUSED } from '../domain/pauses.ts';
import { ok, type Result } from '../domain/result.ts';
import { DEFAULT_SIGNAL_POLICY } from '../domain/signals.ts';
import type { DemoWallet, FeeAmount, Wallet } from '../domain/types.ts';
import { canonicalHash, walletIdFor } from './derive-ids.ts';
import type { Ports } from './ports.ts';
import { type Refusal, refuse } from './refusal.ts';

type Needs = Pick<Ports, 'wallets' | 'venues' | 'clock' | 'ids' | 'log'>;

export const DEFAULT_FEE_RATE = decimal('0.001');

export interface CreateWalletCommand {
  readonly userId: string;
  readonly name: string;
  /** The caller's key; null = every call makes a wallet of its own. */
  readonly key: string | null;
  readonly startingBalances: readonly FeeAmount[];
  /** A fraction; null = 0.001. */
  readonly feeRate: Decimal | null;
  readonly buyFeeIn: 'quote' | 'base';
  /** Null = no leverage, no shorts. */
  readonly maxLeverage: number | null;
}

export interface WalletCreated {
  readonly wallet: Wallet;
  readonly repeated: boolean;
}

export type CreateWallet = ReturnType<typeof makeCreateWallet>;

const factsOf = ({ name, demo }: DemoWallet): string =>
  canonicalHash({
    name,
    feeRate: demo.feeRate,
    buyFeeIn: demo.buyFeeIn,
    // Not given it leaves no trace, so that wallets of before are still their own repeats.
    maxLeverage: demo.maxLeverage ?? undefined,
    balances: Object.fromEntries(demo.startingBalances.map((b) => [b.asset, b.amount])),
  });

/** Terms under which a position would be liquidated as it opens, or owe another quantity than it has sold. */
function checkMaxLeverage(maxLeverage: number, feeRate: Decimal, buyFeeIn: 'quote' | 'base') {
  if (buyFeeIn === 'base') {
    const message = 'positions on margin pay their fees in quote';
    return refuse('margin_not_allowed', 'buy_fee_in', message, 'leave buy_fee_in out, or max_leverage');
  }
  if (!isLeverageTooHigh(maxLeverage, feeRate)) return null;
  const message = `with a fee rate of ${feeRate.toFixed()} a leverage of ${maxLeverage} leaves too little collateral`;
  return refuse('leverage_too_high', 'max_leverage', message, 'send less of either');
}

const isDemo = (wallet: Wallet): wallet is DemoWallet => wallet.demo !== null;

export function makeCreateWallet({ wallets, venues, clock, ids, log }: Needs) {
  return async (command: CreateWalletCommand): Promise<Result<WalletCreated, Refusal>> => {
    const { userId, name, startingBalances, buyFeeIn, maxLeverage } = command;
    const feeRate = command.feeRate ?? DEFAULT_FEE_RATE;
    const wrong = maxLeverage === null ? null : checkMaxLeverage(maxLeverage, feeRate, buyFeeIn);
    if (wrong !== null) return wrong;
    const now = clock.now();
    const walletId = walletIdFor(userId, command.key ?? ids.token());
    const asked: DemoWallet = {
      walletId,
      version: 0,
      userId,
      environment: 'demo',
      name,
      demo: {
        feeRate,
        buyFeeIn,
        startingBalances,
        maxLeverage,
        ...NEVER_PAUSED,
      },
      exchange: null,
      signalPolicy: DEFAULT_SIGNAL_POLICY,
      resident: 'none',
      createdAt: now,
      updatedAt: now,
    };
    const isNew = await wallets.create(asked);
    const wallet = await wallets.get(walletId);
    if (wallet === null) throw new Error(`wallet ${walletId} was written, yet it cannot be read`);
    if (!isDemo(wallet) || factsOf(wallet) !== factsOf(asked)) {
      const fix = 'repeat the same body, or use a new key';
      return refuse('idempotency_mismatch', null, 'another wallet was made under this key', fix);
    }
    // Also on a repeat: the first call may have died between the wallet and its account.
    const book = await venues.demoBook(walletId);
    await book.open(wallet.demo.startingBalances);
    if (isNew) log.info('WALLET_CREATED', { walletId, environment: 'demo' });
    return ok({ wallet, repeated: !isNew });
  };
}
