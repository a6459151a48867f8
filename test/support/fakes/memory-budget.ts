/**
 * The rate budget in memory: the buckets of one egress address and of the accounts behind it, by the rules of
 * docs/rate-budget.md; held to the scripts by test/contracts/budget.ts. Processes that share an address share one.
 */
import { ASSUMED_LIMITS, BUDGET_SHARES } from '../../../shared/adapters/valkey/budget.ts';
import type {
  BudgetAnswer,
  BudgetAsk,
  BudgetFacts,
  BudgetFigures,
  RateBudget,
} from '../../../shared/ports/rate-budget.ts';
import type { VenueRateLimit } from '../../../shared/ports/symbols.ts';

const LIFE = 30_000;
const SLACK = 2_000;
const GUARD = 100;
const FAR = 600_000;

type Limits = ReadonlyMap<number, number>;
type Block = Parameters<RateBudget['block']>[0];

interface Window {
  start: number;
  head: number;
  headAt: number;
  own: number;
  ownAt: number;
}

const newWindow = (start: number): Window => ({ start, head: 0, headAt: 0, own: 0, ownAt: 0 });
const windowOf = (time: number, ms: number): number => time - (time % ms);

/** One limiter's counts, in all of its windows. */
class Bucket {
  private readonly windows = new Map<number, Window>();
  private readonly flying = new Map<string, { readonly amount: number; readonly at: number }>();

  get underWay(): number {
    return [...this.flying.values()].reduce((sum, { amount }) => sum + amount, 0);
  }

  take(token: string, amount: number, at: number): void {
    if (amount > 0) this.flying.set(token, { amount, at });
  }

  /** Brings a window to the time of `start`, unless it is ahead of that by no more than a clock may be. */
  private roll(ms: number, start: number): Window {
    const stored = this.windows.get(ms) ?? newWindow(0);
    const isKept = start <= stored.start && stored.start <= start + Math.max(2 * ms, FAR);
    const window = isKept ? stored : newWindow(start);
    this.windows.set(ms, window);
    return window;
  }

  /** What nobody has settled is lost, and counted in the windows in which it can have arrived. */
  refresh(limits: Limits, now: number): void {
    const lost = [...this.flying].filter(([, { at }]) => at <= now - LIFE);
    for (const [token] of lost) this.flying.delete(token);
    for (const ms of limits.keys()) {
      const window = this.roll(ms, windowOf(now - GUARD, ms));
      for (const [, { amount, at }] of lost) {
        if (at + LIFE <= window.start) continue;
        window.own += amount;
        window.ownAt = now;
      }
    }
  }

  private used(ms: number): number {
    const { head, own } = this.windows.get(ms) ?? newWindow(0);
    return head + own + this.underWay;
  }

  /** When the fullest of the windows without room for `amount` ends; null = there is room in all. */
  fullUntil(limits: Limits, amount: number, share: number): number | null {
    let until: number | null = null;
    for (const [ms, limit] of limits) {
      if (this.used(ms) + amount <= Math.floor((limit * share) / 100)) continue;
      until = Math.max(until ?? 0, (this.windows.get(ms)?.start ?? 0) + ms + GUARD);
    }
    return until;
  }

  settle(
    limits: Limits,
    call: { readonly token: string; readonly isFree: boolean },
    heads: BudgetFacts['usedWeight'],
    at: number,
    now: number,
  ): void {
    this.refresh(limits, now);
    const found = this.flying.get(call.token);
    if (found !== undefined) {
      this.flying.delete(call.token);
      for (const ms of limits.keys()) {
        const window = this.windows.get(ms);
        if (window === undefined || call.isFree || heads.some((head) => head.intervalMs === ms)) continue;
        window.own += found.amount;
        window.ownAt = now;
      }
    }
    for (const { intervalMs, count } of heads) this.head(intervalMs, count, at, now);
  }

  private head(ms: number, count: number, at: number, now: number): void {
    const stored = this.windows.get(ms)?.start ?? 0;
    // Both clocks agree that this window has not begun: one that was wrong has opened it.
    if (stored > at + SLACK && Math.abs(now - at) <= SLACK) this.windows.set(ms, newWindow(windowOf(at, ms)));
    const window = this.roll(ms, windowOf(at, ms));
    if (window.start > at) return;
    if (count >= window.head || at > window.headAt + SLACK) {
      window.head = count;
      window.headAt = Math.max(at, window.headAt);
    }
    if (at > window.ownAt + SLACK) window.own = 0;
  }

  figures(limits: Limits, now: number): BudgetFigures['weight'] {
    return [...limits].map(([intervalMs, limit]) => {
      const start = windowOf(now - GUARD, intervalMs);
      const stored = this.windows.get(intervalMs)?.start ?? 0;
      const used = stored < start ? this.underWay : this.used(intervalMs);
      return { intervalMs, limit, used, resetsAt: Math.max(start, stored) + intervalMs };
    });
  }
}

export interface MemoryBudgetOptions {
  /** Venue time, epoch ms. */
  readonly now: () => number;
  readonly address?: string;
  /** [0] Waits are longer by up to 250 ms of it, as the real one's are. */
  readonly random?: () => number;
}

export class MemoryBudget implements RateBudget {
  private readonly options: MemoryBudgetOptions;
  private learnt: readonly VenueRateLimit[] | null = null;
  private readonly weight = new Bucket();
  private readonly raw = new Bucket();
  private readonly orders = new Map<string, Bucket>();
  /** By account; '' = everybody behind the address. */
  private readonly blocks = new Map<string, Block>();
  private grants = 0;

  constructor(options: MemoryBudgetOptions) {
    this.options = options;
  }

  async ask({ account, rank, weight, orders }: BudgetAsk): Promise<BudgetAnswer> {
    if (orders > 0 && account === null) throw new Error('orders are asked for without an account');
    if (!isCount(weight) || !isCount(orders)) throw new Error(`not counts: ${weight}, ${orders}`);
    const now = this.options.now();
    const blocks = [this.blocks.get(''), orders > 0 ? this.blocks.get(account ?? '') : undefined];
    const blockedUntil = Math.max(...blocks.map((block) => block?.until ?? 0));
    if (blockedUntil > now) return this.refused('blocked', blockedUntil);
    const parts: [VenueRateLimit['type'], Bucket, number][] = [
      ['REQUEST_WEIGHT', this.weight, weight],
      ['RAW_REQUESTS', this.raw, 1],
    ];
    if (orders > 0) parts.push(['ORDERS', this.ordersOf(account ?? ''), orders]);
    for (const [kind, bucket, amount] of parts) {
      const limits = this.limits(kind);
      bucket.refresh(limits, now);
      const until = bucket.fullUntil(limits, amount, BUDGET_SHARES[rank]);
      if (until !== null) {
        return this.refused(kind === 'ORDERS' ? 'orders_exhausted' : 'weight_exhausted', until);
      }
    }
    this.grants += 1;
    const grantId = `grant-${this.grants}`;
    for (const [, bucket, amount] of parts) bucket.take(grantId, amount, now);
    return { granted: true, grantId };
  }

  async correct(facts: BudgetFacts): Promise<void> {
    const { account, grantId, at, freed, unsent = false, usedWeight } = facts;
    const orderCounts = account === null ? [] : facts.orderCounts;
    if (grantId === null && usedWeight.length + orderCounts.length === 0) return;
    const now = this.options.now();
    const settle = (
      kind: VenueRateLimit['type'],
      bucket: Bucket,
      isFree: boolean,
      heads: BudgetFacts['usedWeight'],
    ): void => bucket.settle(this.limits(kind), { token: grantId ?? '', isFree }, heads, at, now);
    settle('REQUEST_WEIGHT', this.weight, freed || unsent, usedWeight);
    settle('RAW_REQUESTS', this.raw, unsent, []);
    if (account !== null) settle('ORDERS', this.ordersOf(account), unsent, orderCounts);
  }

  async block(block: Block): Promise<void> {
    const ofAll = block.account === null && block.reason === 'orders';
    const name = block.account ?? '';
    const known = this.blocks.get(name);
    if (known !== undefined && known.until >= block.until) return;
    this.blocks.set(name, ofAll ? { ...block, reason: '429' } : { ...block });
  }

  async learn(limits: readonly VenueRateLimit[]): Promise<void> {
    if (limits.some(({ type }) => type === 'REQUEST_WEIGHT')) this.learnt = [...limits];
  }

  async figures(): Promise<BudgetFigures> {
    const now = this.options.now();
    const block = this.blocks.get('');
    const isBlocked = block !== undefined && block.until > now;
    return {
      address: this.options.address ?? 'memory',
      assumed: this.learnt === null,
      blockedUntil: isBlocked ? block.until : null,
      blockedFor: isBlocked && block.reason !== 'orders' ? block.reason : null,
      weight: this.weight.figures(this.limits('REQUEST_WEIGHT'), now),
    };
  }

  private limits(kind: VenueRateLimit['type']): Limits {
    const of = (this.learnt ?? ASSUMED_LIMITS).filter(({ type }) => type === kind);
    return new Map(of.map(({ intervalMs, limit }) => [intervalMs, limit]));
  }

  private ordersOf(account: string): Bucket {
    const bucket = this.orders.get(account) ?? new Bucket();
    this.orders.set(account, bucket);
    return bucket;
  }

  private refused(
    code: Exclude<BudgetAnswer, { granted: true }>['code'],
    until: number,
  ): Exclude<BudgetAnswer, { granted: true }> {
    const more = Math.floor((this.options.random?.() ?? 0) * 250);
    return { granted: false, code, retryAfterMs: Math.max(1, until - this.options.now()) + more };
  }
}

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
