/** A wallet at an exchange, as the store has it. */
import { NEVER_PAUSED } from '../../shared/domain/pauses.ts';
import { DEFAULT_SIGNAL_POLICY } from '../../shared/domain/signals.ts';
import type { ExchangeAccount, Wallet } from '../../shared/domain/types.ts';

export const ACCOUNT_UID = 1001;

const account = (change: Partial<ExchangeAccount> = {}): ExchangeAccount => ({
  bodyHash: 'h',
  keyFingerprint: 'f',
  checkWantedAt: null,
  keyType: 'hmac',
  keyHint: 'abcd',
  sealedKeys: 'sealed',
  keyVersion: 1,
  status: 'active',
  problem: null,
  warnings: [],
  accountUid: String(ACCOUNT_UID),
  checkedAt: null,
  pendingKeys: null,
  ...NEVER_PAUSED,
  ...change,
});

export const aBinanceWallet = (change: Partial<ExchangeAccount> = {}): Wallet => ({
  walletId: 'w1',
  version: 1,
  userId: 'u1',
  environment: 'binance_simulator',
  name: 'exchange',
  demo: null,
  exchange: account(change),
  signalPolicy: DEFAULT_SIGNAL_POLICY,
  resident: 'none',
  createdAt: 0,
  updatedAt: 0,
});
