/** A demo wallet and its account with starting balances (design section 13). Idempotent by the caller's key. */

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
    balances: Object.fromEntries(demo.startingBalances.map((b) => [b.asset, b.amount])),
  });

const isDemo = (wallet: Wallet): wallet is DemoWallet => wallet.demo !== null;

export function makeCreateWallet({ wallets, venues, clock, ids, log }: Needs) {
  return async (command: CreateWalletCommand): Promise<Result<WalletCreated, Refusal>> => {
    const { userId, name, startingBalances, buyFeeIn } = command;
    const now = clock.now();
    const walletId = walletIdFor(userId, command.key ?? ids.token());
    const asked: DemoWallet = {
      walletId,
      version: 0,
      userId,
      environment: 'demo',
      name,
      demo: {
        feeRate: command.feeRate ?? DEFAULT_FEE_RATE,
        buyFeeIn,
        startingBalances,
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
