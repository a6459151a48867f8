/**
 * Health of the served exchange: right to call, trading rules, user data. Counts only: the route is open, so no wallet,
 * account or address is named (design sections 13, 18).
 */
import type { BinanceEnvironment } from '../../domain/types.ts';
import type { WalletStore } from '../../ports/ledger.ts';
import type { BudgetFigures, RateBudget } from '../../ports/rate-budget.ts';
import type { Clock } from '../../ports/runtime.ts';
import type { SymbolStore, SymbolSummary } from '../../ports/symbols.ts';
import type { Counters } from '../../ports/trigger-index.ts';
import type { UserDataBoard, UserDataStatus } from '../../ports/user-data.ts';
import { time, timeOrNull, whole } from './text.ts';

export interface BinanceHealthPorts {
  readonly environment: BinanceEnvironment;
  readonly budget: Pick<RateBudget, 'figures'>;
  readonly symbolStore: Pick<SymbolStore, 'summary'>;
  readonly userData: Pick<UserDataBoard, 'read'>;
  readonly wallets: Pick<WalletStore, 'refusedWallets'>;
  readonly counters: Pick<Counters, 'read'>;
  readonly clock: Clock;
}

/** Anyone may ask: the table and the board are not read more often than this. */
const REMEMBER_MS = 2_000;
/** Counting reads every wallet concerned. */
const REMEMBER_REFUSED_MS = 15_000;

/** What the schedule of comparisons says each minute, with a short life. */
const WAITING = ['reconcile:waiting', 'reconcile:waiting_since'] as const;

/** Answers are up to [2 s] old, the count of refused wallets up to [15 s]. Throws when table or cache cannot be asked. */
export function makeReadBinanceHealth({
  environment,
  budget,
  symbolStore,
  userData,
  wallets,
  counters,
  clock,
}: BinanceHealthPorts) {
  const countRefused = remembered(clock, REMEMBER_REFUSED_MS, () => wallets.refusedWallets(environment));
  return remembered(clock, REMEMBER_MS, async (now) => {
    const [figures, symbols, status, refused, waiting] = await Promise.all([
      budget.figures(),
      symbolStore.summary(environment),
      userData.read(environment, now),
      countRefused(),
      counters.read(WAITING),
    ]);
    return {
      environment,
      budget: figures === null ? null : budgetView(figures),
      symbols: symbols === null ? null : symbolsView(symbols),
      user_data: userDataView(status, refused),
      comparisons: comparisonsView(waiting, now),
    };
  });
}

/** The last answer while it is younger than `ms`; a failure is not remembered. */
function remembered<T>(clock: Clock, ms: number, read: (now: number) => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly answer: Promise<T> } | null = null;
  return () => {
    const now = clock.now();
    if (last !== null && now - last.at < ms) return last.answer;
    const next = { at: now, answer: read(now) };
    last = next;
    next.answer.catch(() => {
      if (last === next) last = null;
    });
    return next.answer;
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

/** `waiting`: for room in the budget. The oldest is owed so long, whatever it waits for. Null: the schedule is silent. */
function comparisonsView(told: Readonly<Record<string, string | null>>, now: number) {
  const waiting = whole(told['reconcile:waiting']);
  const since = whole(told['reconcile:waiting_since']);
  if (waiting === null || since === null) return null;
  return { waiting, oldest_wait_seconds: since === 0 ? 0 : Math.max(0, Math.floor((now - since) / 1000)) };
}

const symbolsView = ({ listed, trading, savedAt }: SymbolSummary) => ({
  listed,
  trading,
  saved_at: time(savedAt),
});

const count = <T>(items: readonly T[], holds: (item: T) => boolean): number => items.filter(holds).length;
const latest = (times: readonly number[]): number | null => (times.length === 0 ? null : Math.max(...times));
const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

/**
 * Among how many processes wallets are divided, as those say that are heard of, and which of them are not. Of a deployment that has
 * just been divided otherwise the latest word counts; none at all: nobody listens.
 */
function shardsView(heard: UserDataStatus['shards']) {
  const newest = heard.toSorted((a, b) => b.at - a.at)[0];
  const shards = newest?.of ?? 0;
  const known = new Set(heard.filter((one) => one.of === shards).map(({ shard }) => shard));
  return { shards, shards_silent: Array.from({ length: shards }, (_, n) => n).filter((n) => !known.has(n)) };
}

/** `refused`: wallets that nobody listens to, because the exchange does not accept their keys. */
const userDataView = ({ connections, wallets, shards }: UserDataStatus, refused: number) => ({
  ...shardsView(shards),
  connections: connections.length,
  connected: count(connections, (one) => one.connected),
  healthy: count(connections, (one) => one.healthy),
  reconnects: sum(connections.map((one) => one.reconnects)),
  messages_received: sum(connections.map((one) => one.messagesReceived)),
  errors: sum(connections.map((one) => one.errors)),
  last_message_time: timeOrNull(latest(connections.flatMap((one) => one.lastMessageAt ?? []))),
  wallets: wallets.length,
  subscribed: count(wallets, (wallet) => wallet.subscribedSince !== null),
  refused,
  with_problem: count(wallets, (wallet) => wallet.problem !== null) + refused,
  gaps_open: count(wallets, (wallet) => wallet.gapOpen),
  reports_sent: sum(wallets.map((wallet) => wallet.reportsSent)),
  /** Execution reports that wait for the queue. */
  buffered: sum(wallets.map((wallet) => wallet.buffered)),
});
