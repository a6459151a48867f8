/** The parts of `npm run bench -- api` that its figures stand on: when requests are due, what counts, and what is wrong. */
import { describe, expect, it } from 'vitest';
import { countsOf, KINDS, type MIX, planLoad } from '../../bench/api/plan.ts';
import { judge, requestOf, type Trader } from '../../bench/api/requests.ts';
import { byKind, figuresOf, problemsByCode, type Sample } from '../../bench/api/statistics.ts';
import { storeShare } from '../../bench/api/store-share.ts';

const LOAD = { perSecond: 200, seconds: 60, seed: 1 };

const trader = (n: number): Trader => ({
  token: `token-${n}`,
  walletId: `wallet-${n}`,
  positionIds: [`position-${n}-0`, `position-${n}-1`],
  orderIds: [`order-${n}-0`],
  restingIds: [`resting-${n}-0`, `resting-${n}-1`],
});

const sample = (more: Partial<Sample>): Sample => ({
  ...{ kind: 'getOrder', latencyMs: 1, lateMs: 0, problem: null, wrong: null },
  ...more,
});

describe('the planned load', () => {
  it('has 90 % reads, 7 % previews, 3 % creates and changes, to the request', () => {
    const counts = countsOf(12_000);
    const sum = (kinds: readonly (keyof typeof MIX)[]): number =>
      kinds.reduce((total, kind) => total + (counts.get(kind) ?? 0), 0);
    expect(sum(['createOrder', 'changeProtection', 'cancelOrder'])).toBe(360);
    expect(sum(['previewOrder'])).toBe(840);
    expect(sum(KINDS)).toBe(12_000);
  });

  it('gives what shares leave over to the largest remainders, and loses none', () => {
    for (const total of [0, 1, 7, 999, 1_001]) {
      expect([...countsOf(total).values()].reduce((sum, count) => sum + count, 0)).toBe(total);
    }
  });

  it('is due at times that are fixed beforehand: the same for a seed, another one for another', () => {
    const plan = planLoad(LOAD);
    expect(planLoad(LOAD)).toEqual(plan);
    expect(planLoad({ ...LOAD, seed: 2 })).not.toEqual(plan);
    expect(plan).toHaveLength(12_000);
    expect(plan.every(({ at }, n) => at >= (plan[n - 1]?.at ?? 0) && at < 60_000)).toBe(true);
  });

  it('comes as from many who know nothing of each other: unevenly by the moment, evenly by the second', () => {
    const plan = planLoad(LOAD);
    const perSecond = [...Map.groupBy(plan, ({ at }) => Math.floor(at / 1_000)).values()].map(
      (own) => own.length,
    );
    expect(perSecond).toHaveLength(60);
    expect(Math.min(...perSecond)).toBeGreaterThan(140);
    expect(Math.max(...perSecond)).toBeLessThan(260);
    expect(new Set(perSecond).size).toBeGreaterThan(10);
  });

  it('counts each kind from nought, so that every request is about something of its own', () => {
    for (const own of Map.groupBy(planLoad(LOAD), ({ kind }) => kind).values()) {
      expect(own.map(({ nth }) => nth)).toEqual(own.map((_, n) => n));
    }
  });

  it('asks of each user about as much, and cancels no order twice', () => {
    const traders = Array.from({ length: 50 }, (_, n) => trader(n));
    const requests = planLoad(LOAD).map((arrival) => requestOf(arrival, traders));
    const perTrader = [...Map.groupBy(requests, (one) => one.trader).values()].map((own) => own.length);
    expect(Math.max(...perTrader) - Math.min(...perTrader)).toBeLessThanOrEqual(KINDS.length);
    const cancelled = requests.filter(({ kind }) => kind === 'cancelOrder').map(({ path }) => path);
    expect(new Set(cancelled).size).toBe(cancelled.length);
    const own = requests.every(({ trader: n, path, body }) =>
      [`-${n}`, `-${n}-`].some(
        (mark) => `${path}${JSON.stringify(body ?? '')}`.includes(mark) || path.startsWith('/prices'),
      ),
    );
    expect(own).toBe(true);
  });
});

describe('the figures', () => {
  it('are nearest ranks', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect(figuresOf('all', hundred)).toEqual({
      kind: 'all',
      count: 100,
      p50: 50,
      p95: 95,
      p99: 99,
      max: 100,
    });
    expect(figuresOf('all', [7])).toMatchObject({ p50: 7, p99: 7 });
    expect(() => figuresOf('all', [])).toThrow('nothing was measured');
  });

  it('are of all requests and of each kind, refused ones included', () => {
    const samples = [
      sample({ latencyMs: 10 }),
      sample({ latencyMs: 30, problem: '429 rate_limited' }),
      sample({ kind: 'createOrder', latencyMs: 20 }),
    ];
    expect(byKind(samples)).toMatchObject([
      { kind: 'all', count: 3, max: 30 },
      { kind: 'getOrder', count: 2, p50: 10 },
      { kind: 'createOrder', count: 1, p50: 20 },
    ]);
    expect(problemsByCode([...samples, ...samples])).toEqual({ '429 rate_limited': 2 });
  });

  it("of the store are those of a part's own time", () => {
    const times = [
      { at: 99, calls: 9, busyMs: 9 },
      { at: 100, calls: 2, busyMs: 4 },
      { at: 150, calls: 3, busyMs: 6 },
      { at: 200, calls: 9, busyMs: 9 },
    ];
    expect(storeShare(times, 100, 200)).toEqual({
      calls: 2.5,
      busyMs: { count: 2, p50: 4, p95: 6, p99: 6, max: 6 },
    });
    expect(storeShare(times, 300, 400)).toBeNull();
  });
});

describe('an answer', () => {
  const asked = { kind: 'listPrices', status: 200, expected: '1' } as const;
  const price = { symbol: 'BTC/USDT', bid: '1', ask: '2', tick_id: 3, recorded_at: null };

  it('of the right status and shape, with what was asked for, is right', () => {
    expect(judge(asked, 200, JSON.stringify({ items: [price] }))).toEqual({ problem: null, wrong: null });
  });

  it('is wrong with another status, another shape, or something else in it', () => {
    const text = JSON.stringify({ items: [price] });
    expect(judge(asked, 202, text).wrong).toBe('listPrices: status 202');
    expect(judge(asked, 200, JSON.stringify({ items: [{ ...price, bid: 1 }] })).wrong).toContain(
      'items.0.bid',
    );
    expect(judge({ ...asked, expected: '2' }, 200, text).wrong).toBe('listPrices: not 2');
  });

  it('that refuses is counted by its status and code', () => {
    expect(judge(asked, 429, JSON.stringify({ code: 'rate_limited' })).problem).toBe('429 rate_limited');
    expect(judge(asked, 502, 'Bad Gateway').problem).toBe('502 without a problem document');
  });
});
