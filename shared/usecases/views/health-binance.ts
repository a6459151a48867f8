/**
 * Health of the served exchange: right to call, trading rules, user data. Counts only: the route is open, so no wallet,
 * account or address is named (design sections 13, 18).
 */
import type { BinanceEnvironment } from '../../domain/types.ts';
import type { BudgetFigures, RateBudget } from '../../ports/rate-budget.ts';
import type { Clock } from '../../ports/runtime.ts';
import type { SymbolStore, SymbolSummary } from '../../ports/symbols.ts';
import type { UserDataBoard, UserDataStatus } from '../../ports/user-data.ts';
import { time, timeOrNull } from './text.ts';

export interface BinanceHealthPorts {
  readonly environment: BinanceEnvironment;
  readonly budget: Pick<RateBudget, 'figures'>;
  readonly symbolStore: Pick<SymbolStore, 'summary'>;
  readonly userData: Pick<UserDataBoard, 'read'>;
  readonly clock: Clock;
}

/** Anyone may ask: the table and the board are not read more often than this. */
const REMEMBER_MS = 2_000;

/** Answers are up to [2 s] old. Throws when table or cache cannot be asked. */
export function makeReadBinanceHealth({
  environment,
  budget,
  symbolStore,
  userData,
  clock,
}: BinanceHealthPorts) {
  const read = async (now: number) => {
    const [figures, symbols, status] = await Promise.all([
      budget.figures(),
      symbolStore.summary(environment),
      userData.read(environment, now),
    ]);
    return {
      environment,
      budget: figures === null ? null : budgetView(figures),
      symbols: symbols === null ? null : symbolsView(symbols),
      user_data: userDataView(status),
    };
  };
  let last: { readonly at: number; readonly view: ReturnType<typeof read> } | null = null;
  return (): ReturnType<typeof read> => {
    const now = clock.now();
    if (last !== null && now - last.at < REMEMBER_MS) return last.view;
    const next = { at: now, view: read(now) };
    last = next;
    next.view.catch(() => {
      if (last === next) last = null;
    });
    return next.view;
  };
}

const budgetView = ({ assumed, blockedUntil, blockedFor, weight }: BudgetFigures) => ({
  /** The limits are the documented ones: the venue's own have not been read yet. */
  assumed,
  blocked: blockedUntil !== null,
  blocked_until: timeOrNull(blockedUntil),
  blocked_for: blockedFor,
  weight: weight.map(({ intervalMs, limit, used, resetsAt }) => ({
    interval_ms: intervalMs,
    limit,
    used,
    resets_at: time(resetsAt),
  })),
});

const symbolsView = ({ listed, trading, savedAt }: SymbolSummary) => ({
  listed,
  trading,
  saved_at: time(savedAt),
});

const count = <T>(items: readonly T[], holds: (item: T) => boolean): number => items.filter(holds).length;
const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

const userDataView = ({ connections, wallets }: UserDataStatus) => ({
  connections: connections.length,
  connected: count(connections, (one) => one.connected),
  healthy: count(connections, (one) => one.healthy),
  reconnects: sum(connections.map((one) => one.reconnects)),
  wallets: wallets.length,
  subscribed: count(wallets, (wallet) => wallet.subscribedSince !== null),
  with_problem: count(wallets, (wallet) => wallet.problem !== null),
  gaps_open: count(wallets, (wallet) => wallet.gapOpen),
  reports_sent: sum(wallets.map((wallet) => wallet.reportsSent)),
  /** Execution reports that wait for the queue. */
  buffered: sum(wallets.map((wallet) => wallet.buffered)),
});
