/** Balances at an exchange: the last snapshot, and a newer one asked for where it is old (design section 13). */
import { ok, type Result } from '../domain/result.ts';
import { hasUsableKeys } from '../domain/wallets.ts';
import type { BalanceSnapshot } from '../ports/ledger.ts';
import { tell } from './owed.ts';
import { notServed, type OwnWalletCommand, ownExchangeWallet } from './own-wallet.ts';
import type { Ports } from './ports.ts';
import { type Refusal, refuse } from './refusal.ts';

type Needs = Pick<Ports, 'wallets' | 'outbox' | 'served' | 'clock' | 'log'>;

/** A younger snapshot is the answer. */
export const BALANCES_FRESH_MS = 5_000;

export interface BalancesAsked {
  readonly snapshot: BalanceSnapshot | null;
  /** False: a newer one has been asked for. */
  readonly isFresh: boolean;
}

export type AskBalances = ReturnType<typeof makeAskBalances>;

export function makeAskBalances({ wallets, outbox, served, clock, log }: Needs) {
  return async (command: OwnWalletCommand): Promise<Result<BalancesAsked, Refusal>> => {
    const own = await ownExchangeWallet(wallets, command);
    if (!own.ok) return own;
    const { walletId, environment, exchange } = own.value;
    if (!served.includes(environment)) return notServed(environment, served);
    if (!hasUsableKeys(exchange)) {
      const why = exchange.problem === null ? '' : `: ${exchange.problem.message}`;
      const fix = 'wait for the check of its keys, or give it others';
      return refuse('wallet_not_ready', 'wallet_id', `its keys are ${exchange.status}${why}`, fix);
    }
    const snapshot = await wallets.balances(walletId);
    const isFresh = snapshot !== null && clock.now() - snapshot.asOf < BALANCES_FRESH_MS;
    if (!isFresh) await tell(log, outbox.submit({ walletId }), { walletId });
    return ok({ snapshot, isFresh });
  };
}
