/**
 * The rate budget on Valkey: one bucket of request weight per egress address, one of unfilled orders per account,
 * shared by all processes (design section 13; docs/rate-budget.md).
 *
 * Always true:
 * - what the venue counted, what is under way and what was lost together never pass a limit, whoever asks;
 * - exits may use all of a limit, entries leave [10 %] for them, queries stop at [60 %], comparisons at [40 %];
 * - a block is obeyed by every process until it ends, by this one also while the cache is away;
 * - without the cache exits and cancels go on with a local fraction of the limits; all else waits.
 * Known limit: other programs behind the same address are seen only through the venue's headers.
 */
import { randomUUID } from 'node:crypto';
import type {
  BudgetAnswer,
  BudgetAsk,
  BudgetFigures,
  BudgetRank,
  RateBudget,
} from '../../ports/rate-budget.ts';
import type { VenueRateLimit } from '../../ports/symbols.ts';
import { createLocalBudget } from './budget-local.ts';
import {
  type AskReply,
  askScript,
  blockScript,
  correctScript,
  figuresScript,
  learnScript,
  limitArgs,
} from './budget-scripts.ts';
import type { Valkey } from './client.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** The documented limits, the lower ones where sources differ: used until exchangeInfo has been read. */
export const ASSUMED_LIMITS: readonly VenueRateLimit[] = [
  { type: 'REQUEST_WEIGHT', intervalMs: MINUTE, limit: 6000 },
  { type: 'RAW_REQUESTS', intervalMs: 5 * MINUTE, limit: 61_000 },
  { type: 'ORDERS', intervalMs: 10 * SECOND, limit: 50 },
  { type: 'ORDERS', intervalMs: DAY, limit: 160_000 },
];

/** Counted events, for metrics. */
export type BudgetEvent =
  | 'budget_refused_weight'
  /** No refusal that somebody waits for: a comparison goes later. */
  | 'budget_comparisons_put_off'
  | 'budget_refused_orders'
  | 'budget_refused_blocked'
  | 'budget_refused_unavailable'
  | 'budget_local_grants'
  | 'budget_blocks'
  | 'budget_cache_errors';

export interface RateBudgetOptions {
  readonly environment: string;
  /** Label of the egress address (EGRESS_ADDRESS): all processes behind it share the weight. */
  readonly address: string;
  /** Venue time, epoch ms: the windows are the venue's. */
  readonly now: () => number;
  /** Told of each event; the cache's failures with what went wrong. */
  readonly onEvent?: (event: BudgetEvent, detail: string | null) => void;
  /** [150] The cache is away when it takes longer. */
  readonly patienceMs?: number;
  /** [1000] The same for the first step of this process, which connects. */
  readonly firstPatienceMs?: number;
  /** [1000] For so long after a failure the cache is not asked again by this process. */
  readonly awayMs?: number;
  /** Percent of each limit that a rank may use. */
  readonly shares?: Readonly<Record<BudgetRank, number>>;
  /** [3] Percent of each limit for this process alone while the cache is away: up to 30 of them send at a time. */
  readonly localShare?: number;
  readonly random?: () => number;
}

/** What comparisons leave of the queries' share is for those that somebody waits for, however many wallets compare. */
export const BUDGET_SHARES: Readonly<Record<BudgetRank, number>> = {
  exit: 100,
  entry: 90,
  query: 60,
  comparison: 40,
};

interface KnownBlock {
  readonly account: string | null;
  readonly until: number;
  readonly reason: '429' | '418' | 'orders';
}

class CacheAwayError extends Error {
  override readonly name = 'CacheAwayError';
}

const weightEvent = (rank: BudgetRank): BudgetEvent =>
  rank === 'comparison' ? 'budget_comparisons_put_off' : 'budget_refused_weight';

const LOCAL = 'local';

export function createRateBudget(valkey: Valkey, options: RateBudgetOptions): RateBudget {
  const { environment, address, now } = options;
  const scope = `${environment}:${address}`;
  const usualPatienceMs = options.patienceMs ?? 150;
  const awayMs = options.awayMs ?? 1000;
  const shares = options.shares ?? BUDGET_SHARES;
  const random = options.random ?? Math.random;
  const assumed = limitArgs(ASSUMED_LIMITS);
  const local = createLocalBudget(ASSUMED_LIMITS, options.localShare ?? 3);
  const tell = (event: BudgetEvent, detail: string | null = null): void => options.onEvent?.(event, detail);

  let isFirst = true;
  let awayUntil = 0;
  /** Blocks that this process knows of, by account ('' = the address), obeyed without the cache too. */
  const blocks = new Map<string, KnownBlock>();
  /** Blocks that the cache has not been told of. */
  let untold: readonly KnownBlock[] = [];

  const keepBlock = (block: KnownBlock): void => {
    const name = block.account ?? '';
    const known = blocks.get(name);
    if (known === undefined || known.until < block.until) blocks.set(name, block);
    for (const [key, { until }] of blocks) if (until <= now()) blocks.delete(key);
  };

  /** Asks the cache, or throws CacheAwayError within the patience; after a failure at once for a while. */
  async function shared<T>(step: () => Promise<T>): Promise<T> {
    // Durations are of this machine's clock: venue time may be set anew at any moment.
    if (performance.now() < awayUntil) throw new CacheAwayError('the cache was away a moment ago');
    const patienceMs = isFirst ? (options.firstPatienceMs ?? 1000) : usualPatienceMs;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      const giveUp = (): void => reject(new Error(`no answer within ${patienceMs} ms`));
      const wait = (): void => {
        const since = performance.now();
        timer = setTimeout(() => {
          // Where it was this process that stood still, the cache has had no time of its own to answer in.
          if (performance.now() - since > 2 * patienceMs) wait();
          else setImmediate(giveUp);
        }, patienceMs);
      };
      wait();
    });
    try {
      return await Promise.race([step(), patience]);
    } catch (error) {
      awayUntil = performance.now() + awayMs;
      const message = error instanceof Error ? error.message : String(error);
      tell('budget_cache_errors', message);
      throw new CacheAwayError(message);
    } finally {
      isFirst = false;
      clearTimeout(timer);
    }
  }

  const publish = async (block: KnownBlock): Promise<number> =>
    blockScript.run(valkey, { scope, ...block, now: now() });

  const publishUntold = async (): Promise<void> => {
    if (untold.length === 0) return;
    const waiting = untold;
    await Promise.all(waiting.filter(({ until }) => until > now()).map(publish));
    untold = untold.filter((block) => !waiting.includes(block));
  };

  /** Until then, and up to [250 ms] more: those who waited do not all come at once. */
  const wait = (until: number): number => Math.max(1, until - now()) + Math.floor(random() * 250);

  const refused = (
    code: Exclude<BudgetAnswer, { granted: true }>['code'],
    event: BudgetEvent,
    retryAfterMs: number,
  ): BudgetAnswer => {
    tell(event);
    return { granted: false, code, retryAfterMs };
  };

  function blockedLocally(account: string | null, orders: number): BudgetAnswer | null {
    const own = orders > 0 && account !== null ? blocks.get(account) : undefined;
    const found = [blocks.get(''), own].filter((block) => block !== undefined && block.until > now());
    const until = Math.max(0, ...found.map((block) => block?.until ?? 0));
    return until === 0 ? null : refused('blocked', 'budget_refused_blocked', wait(until));
  }

  function askAlone(rank: BudgetRank, account: string | null, weight: number, orders: number): BudgetAnswer {
    if (rank !== 'exit') {
      const left = Math.max(0, awayUntil - performance.now());
      return refused('budget_unavailable', 'budget_refused_unavailable', Math.ceil(left) + wait(now()));
    }
    const until = local.take(now(), account, weight, orders);
    if (until !== null) return refused('weight_exhausted', 'budget_refused_weight', wait(until));
    tell('budget_local_grants');
    return { granted: true, grantId: `${LOCAL}:${weight}:${orders}` };
  }

  function answer(reply: AskReply, grantId: string, { account, rank }: BudgetAsk): BudgetAnswer {
    switch (reply.kind) {
      case 'granted':
        return { granted: true, grantId };
      case 'blocked':
        keepBlock({ account: null, until: reply.until, reason: reply.reason });
        return refused('blocked', 'budget_refused_blocked', wait(reply.until));
      case 'orders_blocked':
        if (account !== null) keepBlock({ account, until: reply.until, reason: 'orders' });
        return refused('blocked', 'budget_refused_blocked', wait(reply.until));
      case 'orders':
        return refused('orders_exhausted', 'budget_refused_orders', wait(reply.until));
      case 'weight':
        return refused('weight_exhausted', weightEvent(rank), wait(reply.until));
    }
  }

  return {
    /** Throws only for what no caller may ask: orders of nobody, or amounts that are no counts. */
    async ask(wish) {
      const { account, rank, weight, orders } = wish;
      if (orders > 0 && account === null) throw new Error('orders are asked for without an account');
      if (!isCount(weight) || !isCount(orders)) throw new Error(`not counts: ${weight}, ${orders}`);
      const blocked = blockedLocally(account, orders);
      if (blocked !== null) return blocked;
      const token = randomUUID();
      const input = { scope, token, now: now(), weight, orders, account, share: shares[rank], assumed };
      try {
        const reply = await shared(async () => {
          await publishUntold();
          return askScript.run(valkey, input);
        });
        return answer(reply, `${token}:${weight}:${orders}`, wish);
      } catch (error) {
        if (!(error instanceof CacheAwayError)) throw error;
        return askAlone(rank, account, weight, orders);
      }
    },

    /** Never throws: while the cache is away the call counts as lost, which is the safe side. */
    async correct({ account, grantId, at, freed, unsent = false, usedWeight, orderCounts }) {
      const [name = '', weight = '0', orders = '0'] = grantId?.split(':') ?? [];
      const heads = [
        ...usedWeight.map((one) => ({ bucket: 'weight' as const, ...one })),
        ...(account === null ? [] : orderCounts.map((one) => ({ bucket: 'orders' as const, ...one }))),
      ];
      const token = name === LOCAL ? '' : name;
      if (token === '' && heads.length === 0) return;
      await shared(() =>
        correctScript.run(valkey, {
          scope,
          account,
          token,
          weight: count(weight),
          orders: count(orders),
          cost: unsent ? 'unsent' : freed ? 'free' : 'charged',
          at,
          now: now(),
          assumed,
          heads,
        }),
      ).catch(ignoreAway);
    },

    /** Known to this process at once, to all others as soon as the cache answers. */
    async block(block) {
      const known: KnownBlock =
        block.reason !== 'orders' || block.account !== null ? block : { ...block, reason: '429' };
      keepBlock(known);
      tell('budget_blocks', known.reason);
      untold = [...untold, known];
      await shared(publishUntold).catch(ignoreAway);
    },

    /** Throws when the cache is away: the schedule tries again. A list without limits of weight changes nothing. */
    async learn(limits) {
      if (!limits.some(({ type }) => type === 'REQUEST_WEIGHT')) return;
      local.learn(limits);
      await learnScript.run(valkey, { scope, limits: limitArgs(limits) });
    },

    async figures(): Promise<BudgetFigures | null> {
      try {
        const reply = await shared(() => figuresScript.run(valkey, { scope, now: now(), assumed }));
        const isBlocked = reply.blockedUntil > now();
        return {
          address,
          assumed: reply.assumed,
          blockedUntil: isBlocked ? reply.blockedUntil : null,
          blockedFor: isBlocked && reply.reason !== '' ? reply.reason : null,
          weight: reply.windows,
        };
      } catch (error) {
        if (error instanceof CacheAwayError) return null;
        throw error;
      }
    },
  };
}

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;

/** Amounts inside a grant's id: digits that `ask` wrote. */
function count(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error('not an id of a grant');
  return Number.parseInt(text, 10); // not money: a count
}

/** The cache's failure has been told; there is nothing else that the caller could do about it. */
function ignoreAway(error: unknown): void {
  if (!(error instanceof CacheAwayError)) throw error;
}
