/** The rate budget on both servers: held to a naive model, to a venue that counts, and to its failures. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BudgetEvent,
  createRateBudget,
  type RateBudgetOptions,
} from '../../../shared/adapters/valkey/budget.ts';
import { createValkey, type Valkey } from '../../../shared/adapters/valkey/client.ts';
import type { BudgetAsk, BudgetFacts, BudgetRank, RateBudget } from '../../../shared/ports/rate-budget.ts';
import type { VenueRateLimit } from '../../../shared/ports/symbols.ts';
import { BudgetModel } from '../../support/budget-model.ts';
import {
  cableTo,
  type RedisServer,
  realRedisMissing,
  startJsRedis,
  startRealRedis,
} from '../../support/redis.ts';

const MINUTE = 60_000;
/** A whole minute and day. */
const T0 = Date.UTC(2026, 10, 20);
const ACCOUNT = 'binance:1';

const limits = (weight: number, orders10s: number, ordersDay = 1000): readonly VenueRateLimit[] => [
  { type: 'REQUEST_WEIGHT', intervalMs: MINUTE, limit: weight },
  { type: 'ORDERS', intervalMs: 10_000, limit: orders10s },
  { type: 'ORDERS', intervalMs: 24 * 60 * MINUTE, limit: ordersDay },
];

const query = (weight: number, rank: BudgetRank = 'query'): BudgetAsk => ({
  account: ACCOUNT,
  rank,
  weight,
  orders: 0,
});
const place = (rank: BudgetRank, account = ACCOUNT): BudgetAsk => ({ account, rank, weight: 1, orders: 1 });

const facts = (more: Partial<BudgetFacts>): BudgetFacts => ({
  ...{ account: ACCOUNT, grantId: null, at: T0, freed: false, usedWeight: [], orderCounts: [] },
  ...more,
});
const weightIs = (count: number) => ({ usedWeight: [{ intervalMs: MINUTE, count }] });

describe.each<[string, () => Promise<RedisServer>, boolean, number]>([
  ['redis-server', startRealRedis, realRedisMissing !== null, 120],
  ['js-redis-server', startJsRedis, false, 25],
])('the rate budget on %s', (name, start, missing, runs) => {
  let server: RedisServer | null = null;
  let valkey: Valkey;
  let now = T0 + 1000;
  let events: BudgetEvent[] = [];

  beforeAll(async () => {
    if (missing) return;
    server = await start();
    valkey = createValkey(server.url);
  });
  afterAll(async () => {
    await valkey?.close();
    await server?.stop();
  });
  const test = it.runIf(!missing);

  const budgetAt = (address: string, more: Partial<RateBudgetOptions> = {}): RateBudget =>
    createRateBudget(valkey, {
      ...{ environment: 'binance', address, now: () => now, random: () => 0, patienceMs: 5000 },
      firstPatienceMs: 5000,
      onEvent: (event) => {
        events.push(event);
      },
      ...more,
    });
  const fresh = async (of: readonly VenueRateLimit[]): Promise<RateBudget> => {
    now = T0 + 1000;
    events = [];
    const budget = budgetAt(randomUUID());
    await budget.learn(of);
    return budget;
  };
  const granted = async (budget: RateBudget, ask: BudgetAsk): Promise<string> => {
    const answer = await budget.ask(ask);
    if (!answer.granted) throw new Error(`refused: ${answer.code}`);
    return answer.grantId;
  };
  const used = async (budget: RateBudget) => (await budget.figures())?.weight[0]?.used;

  test('lets queries use 60 %, entries 90 %, exits all; the next window is empty', async () => {
    const budget = await fresh(limits(100, 1000));
    now = T0 + 45_000;
    await granted(budget, query(60));
    const until = { granted: false, retryAfterMs: 15_100 };
    expect(await budget.ask(query(1))).toEqual({ ...until, code: 'weight_exhausted' });
    await granted(budget, { ...place('entry'), weight: 30 });
    expect(await budget.ask(place('entry'))).toEqual({ ...until, code: 'weight_exhausted' });
    await granted(budget, { ...place('exit'), weight: 10 });
    expect(await budget.ask(place('exit'))).toEqual({ ...until, code: 'weight_exhausted' });
    expect(events).toEqual(['budget_refused_weight', 'budget_refused_weight', 'budget_refused_weight']);
    // All three are still under way and may arrive in the next minute; then they are given up for lost, and counted.
    now = T0 + MINUTE + 99;
    expect((await budget.figures())?.weight).toEqual([
      { intervalMs: MINUTE, limit: 100, used: 100, resetsAt: T0 + MINUTE },
    ]);
    for (const later of [MINUTE + 100, MINUTE + 30_100]) {
      now = T0 + later;
      expect(await used(budget)).toBe(100);
      expect(await budget.ask(query(1))).toMatchObject({ code: 'weight_exhausted' });
    }
    now = T0 + 2 * MINUTE + 100;
    await granted(budget, query(60));
    expect(await budget.figures()).toMatchObject({
      assumed: false,
      blockedUntil: null,
      weight: [{ intervalMs: MINUTE, limit: 100, used: 60, resetsAt: T0 + 3 * MINUTE }],
    });
  });

  test('takes the documented limits until it has learnt them', async () => {
    const budget = budgetAt(randomUUID());
    expect(await budget.figures()).toMatchObject({ assumed: true, weight: [{ limit: 6000, used: 0 }] });
    await granted(budget, query(3600));
    expect(await budget.ask(query(1))).toMatchObject({ code: 'weight_exhausted' });
    await budget.learn([{ type: 'ORDERS', intervalMs: 10_000, limit: 1 }]);
    expect(await budget.figures()).toMatchObject({ assumed: true });
    await budget.learn(limits(1200, 1));
    expect(await budget.figures()).toMatchObject({ assumed: false, weight: [{ limit: 1200, used: 3600 }] });
  });

  test('believes the headers, upwards and downwards, and adds what is under way', async () => {
    const budget = await fresh(limits(100, 1000));
    const first = await granted(budget, query(20));
    await granted(budget, query(7));
    await budget.correct(facts({ grantId: first, at: now, ...weightIs(50) }));
    expect(await used(budget)).toBe(57);
    // Overtaken by another: the higher one stands. Later by more than that: the lower one does.
    await budget.correct(facts({ at: now + 1500, ...weightIs(40) }));
    expect(await used(budget)).toBe(57);
    await budget.correct(facts({ at: now + 2001, ...weightIs(40) }));
    expect(await used(budget)).toBe(47);
    await budget.correct(facts({ at: T0 - 1, ...weightIs(90) }));
    expect(await used(budget)).toBe(47);
    now = T0 + MINUTE + 5000;
    await budget.correct(facts({ at: T0 + MINUTE - 1, ...weightIs(90) }));
    // What was under way was lost before this minute began.
    expect(await used(budget)).toBe(0);
  });

  test('is not blinded by a process whose clock was minutes ahead at its first call', async () => {
    const budget = await fresh(limits(100, 10));
    now = T0 + 5 * MINUTE;
    const grantId = await granted(budget, query(1));
    await budget.correct(facts({ grantId, at: T0 + 1000, ...weightIs(1) }));
    now = T0 + 2000;
    const next = await granted(budget, query(2));
    await budget.correct(facts({ grantId: next, at: now, ...weightIs(99) }));
    expect(await budget.ask(query(2, 'exit'))).toMatchObject({ granted: false, code: 'weight_exhausted' });
    now = T0 + MINUTE + 1000;
    expect(await budget.ask(query(2, 'exit'))).toMatchObject({ granted: true });
  });

  test('gives the weight of a free call back, and keeps that of one without headers', async () => {
    const budget = await fresh(limits(100, 1000));
    const free = await granted(budget, { ...place('entry'), weight: 4 });
    const charged = await granted(budget, query(5));
    await budget.correct(facts({ grantId: free, at: now, freed: true }));
    expect(await used(budget)).toBe(5);
    for (let i = 0; i < 2; i++) await budget.correct(facts({ grantId: charged, at: now }));
    expect(await used(budget)).toBe(5);
    // A later header knows of it.
    await budget.correct(facts({ at: now + 2001, ...weightIs(3) }));
    expect(await used(budget)).toBe(3);
  });

  test('gives everything back of what never left', async () => {
    const budget = await fresh(limits(100, 1));
    for (let i = 0; i < 3; i++) {
      const grantId = await granted(budget, place('exit'));
      expect(await budget.ask(place('exit'))).toMatchObject({ code: 'orders_exhausted' });
      await budget.correct(facts({ grantId, at: now, freed: true, unsent: true }));
    }
    const sent = await granted(budget, place('exit'));
    await budget.correct(facts({ grantId: sent, at: now, freed: true }));
    expect(await used(budget)).toBe(0);
    expect(await budget.ask(place('exit'))).toMatchObject({ code: 'orders_exhausted' });
  });

  test('counts unfilled orders by account, in each window, with a reserve for exits', async () => {
    const budget = await fresh(limits(10_000, 10, 12));
    for (let i = 0; i < 9; i++) {
      const grantId = await granted(budget, place('entry'));
      const orderCounts = [
        { intervalMs: 10_000, count: i + 1 },
        { intervalMs: 24 * 60 * MINUTE, count: i + 2 },
      ];
      await budget.correct(facts({ grantId, at: now, freed: true, orderCounts }));
    }
    expect(await used(budget)).toBe(0);
    const full = { granted: false, code: 'orders_exhausted' };
    expect(await budget.ask(place('entry'))).toMatchObject(full);
    await granted(budget, place('entry', 'binance:2'));
    await granted(budget, query(1));
    await granted(budget, place('exit'));
    expect(await budget.ask(place('exit'))).toMatchObject({ ...full, retryAfterMs: 9100 });
    const today = (count: number) => ({ orderCounts: [{ intervalMs: 24 * 60 * MINUTE, count }] });
    now += 10_000;
    await budget.correct(facts({ at: now, ...today(12) }));
    expect(await budget.ask(place('exit'))).toMatchObject({ ...full, retryAfterMs: T0 + 86_400_100 - now });
    // Fills give credit: a header says so.
    now += 10_000;
    await budget.correct(facts({ at: now, ...today(2) }));
    await granted(budget, place('exit'));
  });

  test('obeys a block in every process until it ends; one of an account stops its orders alone', async () => {
    const address = randomUUID();
    const [one, other] = [budgetAt(address), budgetAt(address)];
    await one.block({ account: null, until: now + 5000, reason: '429' });
    await one.block({ account: null, until: now + 4000, reason: '418' });
    const blocked = { granted: false, code: 'blocked', retryAfterMs: 5000 };
    for (const budget of [one, other]) expect(await budget.ask(place('exit'))).toEqual(blocked);
    expect(await other.figures()).toMatchObject({ blockedUntil: now + 5000, blockedFor: '429' });
    now += 5000;
    await granted(other, place('exit'));
    expect(await other.figures()).toMatchObject({ blockedUntil: null, blockedFor: null });
    await other.block({ account: ACCOUNT, until: now + 9000, reason: 'orders' });
    for (const budget of [one, other]) {
      expect(await budget.ask(place('exit'))).toEqual({ ...blocked, retryAfterMs: 9000 });
      await granted(budget, query(1));
      await granted(budget, place('entry', 'binance:2'));
    }
  });

  test('two that race never pass a limit together', async () => {
    now = T0 + 1000;
    const address = randomUUID();
    const second = createValkey(server?.url ?? '');
    const others = [budgetAt(address), budgetAt(address, {})];
    others.push(
      createRateBudget(second, {
        ...{ environment: 'binance', address, now: () => now, patienceMs: 5000, firstPatienceMs: 5000 },
      }),
    );
    await others[0]?.learn(limits(97, 40));
    const answers = await Promise.all(
      others.flatMap((budget) =>
        Array.from({ length: 60 }, (_, i) => budget.ask(i % 2 === 0 ? place('exit') : query(2, 'exit'))),
      ),
    );
    const rights = answers.filter((answer) => answer.granted).map(({ grantId }) => grantId.split(':'));
    const sum = (at: number): number => rights.reduce((all, parts) => all + Number(parts[at]), 0);
    expect(sum(1)).toBeGreaterThan(95);
    expect(sum(1)).toBeLessThanOrEqual(97);
    expect(sum(2)).toBeLessThanOrEqual(40);
    expect(new Set(rights.map(([token]) => token)).size).toBe(rights.length);
    await second.close();
  });

  const amount = fc.integer({ min: 1, max: 9 });
  const pause = fc.oneof(
    fc.constantFrom(0, 1, 99, 100, 101, 2000, 30_000),
    fc.integer({ min: 0, max: 50 }),
    fc.integer({ min: 0, max: 3000 }),
    fc.integer({ min: 0, max: 45_000 }),
  );

  test('answers as the naive model does', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('ask' as const), amount, rank: rankOf(), pause }) },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('correct' as const),
          which: fc.nat(20),
          free: fc.boolean(),
          count: fc.option(fc.nat(40)),
          age: fc.oneof(fc.nat(100), fc.nat(4000), fc.nat(70_000)),
          pause,
        }),
      },
    );
    const share = { exit: 100, entry: 90, query: 60 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const budget = await fresh(limits(40, 1000));
        const model = new BudgetModel(40, MINUTE);
        const grants: string[] = [];
        for (const one of steps) {
          now += one.pause;
          if (one.do === 'ask') {
            const answer = await budget.ask(query(one.amount, one.rank));
            const id = answer.granted ? answer.grantId : 'none';
            expect(answer.granted).toBe(model.ask(id, one.amount, share[one.rank], now));
            if (answer.granted) grants.push(id);
          } else {
            const grantId = grants[one.which] ?? null;
            const at = now - one.age;
            model.correct(grantId, one.free, one.count, at, now);
            const header = one.count === null ? {} : weightIs(one.count);
            await budget.correct(facts({ grantId, at, freed: one.free, ...header }));
          }
        }
        // More than there ever is: refused, and both have given up what is lost by now.
        expect((await budget.ask(query(1000, 'exit'))).granted).toBe(model.ask('last', 1000, 100, now));
        expect(await used(budget)).toBe(model.used());
      }),
      { numRuns: runs },
    );
  });

  test('never lets the venue count more than its limits, whatever is slow, lost or overtaken', async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('ask' as const),
          by: fc.nat(1),
          amount,
          places: fc.boolean(),
        }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('arrive' as const), which: fc.nat(30) }) },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('answer' as const),
          which: fc.nat(30),
          by: fc.nat(1),
          headless: fc.nat(4),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('fill' as const) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('pause' as const), pause }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }), async (steps) => {
        now = T0 + 1000;
        const address = randomUUID();
        const both = [budgetAt(address), budgetAt(address)];
        await both[0]?.learn(limits(25, 3, 12));
        const venue = new CountingVenue([
          { kind: 'weight', intervalMs: MINUTE, limit: 25 },
          { kind: 'orders', intervalMs: 10_000, limit: 3 },
          { kind: 'orders', intervalMs: 24 * 60 * MINUTE, limit: 12 },
        ]);
        const calls: VenueCall[] = [];
        for (const one of steps) {
          if (one.do === 'pause') now += one.pause;
          if (one.do === 'fill') venue.fill(now);
          if (one.do === 'ask') {
            const ask = one.places ? place('exit') : query(one.amount, 'exit');
            const answer = await both[one.by]?.ask(ask);
            if (answer?.granted) calls.push({ ask, grantId: answer.grantId, startedAt: now, seen: null });
          }
          // Any that could arrive, or be answered: a slow one, an early one, some never.
          const pick = (those: readonly VenueCall[]) =>
            'which' in one ? those[one.which % those.length] : undefined;
          if (one.do === 'arrive') {
            const call = pick(calls.filter(({ seen }) => seen === null));
            if (call !== undefined) venue.take(call, now);
          }
          const answered = one.do === 'answer' ? pick(calls.filter(({ seen }) => seen !== null)) : undefined;
          if (one.do === 'answer' && answered?.seen) {
            calls.splice(calls.indexOf(answered), 1);
            const { ask, grantId, seen } = answered;
            const told = one.headless > 0;
            await both[one.by]?.correct({
              ...{ account: ACCOUNT, grantId, at: seen.at, freed: ask.orders > 0 },
              usedWeight: told ? seen.weight : [],
              orderCounts: told && ask.orders > 0 ? seen.orders : [],
            });
          }
          expect(venue.broken).toEqual([]);
        }
      }),
      { numRuns: runs },
    );
  });

  test('without the cache exits go on with a fraction, all else waits, and blocks stay known', async () => {
    if (server === null) throw new Error('no server');
    now = T0 + 1000;
    events = [];
    const cable = await cableTo(server);
    const client = createValkey(cable.url, { commandTimeoutMs: 400 });
    const address = randomUUID();
    const budget = createRateBudget(client, {
      ...{ environment: 'binance', address, now: () => now, random: () => 0, awayMs: 20, localShare: 10 },
      ...{ patienceMs: 2000, firstPatienceMs: 2000 },
      onEvent: (event) => {
        events.push(event);
      },
    });
    try {
      await budget.learn(limits(100, 1000));
      const before = await granted(budget, query(3));
      await cable.cut();
      expect(await budget.ask(query(1))).toMatchObject({ granted: false, code: 'budget_unavailable' });
      expect(await budget.ask(place('entry'))).toMatchObject({ granted: false, code: 'budget_unavailable' });
      for (let i = 0; i < 10; i++) await granted(budget, place('exit'));
      expect(await budget.ask(place('exit'))).toMatchObject({
        code: 'weight_exhausted',
        retryAfterMs: 59_000,
      });
      expect(events).toContain('budget_local_grants');
      expect(events).toContain('budget_cache_errors');
      expect(await budget.figures()).toBeNull();
      await budget.correct(facts({ grantId: before, at: now, ...weightIs(3) }));
      await budget.block({ account: null, until: now + 7000, reason: '429' });
      expect(await budget.ask(place('exit'))).toEqual({
        granted: false,
        code: 'blocked',
        retryAfterMs: 7000,
      });
      await cable.mend();
      // The others learn of it as soon as this one speaks with the cache again.
      now += 1000;
      const other = budgetAt(address);
      await expect
        .poll(
          async () => {
            await budget.block({ account: 'binance:9', until: now + 1, reason: 'orders' });
            return other.ask(place('exit'));
          },
          { timeout: 20_000, interval: 50 },
        )
        .toMatchObject({ code: 'blocked', retryAfterMs: 6000 });
    } finally {
      await client.close();
      await cable.cut();
    }
  });

  test('takes an answer that came while this process stood still', async () => {
    now = T0 + 1000;
    const budget = budgetAt(randomUUID(), { patienceMs: 100, firstPatienceMs: 5000 });
    await granted(budget, query(1));
    for (let i = 0; i < 3; i++) {
      const asked = budget.ask(query(1));
      // The command leaves, and then nothing of this process moves until long after the patience.
      await new Promise((resolve) => setImmediate(resolve));
      // It sleeps and does not spin: on a busy machine the server would have no processor to answer with.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      // The in-process server stands still as well: there the answer is late, and nothing else is promised.
      if (name === 'redis-server') expect(await asked).toMatchObject({ granted: true });
      else await asked;
    }
  });

  test('refuses what nobody may ask', async () => {
    const budget = await fresh(limits(100, 10));
    await expect(budget.ask({ account: null, rank: 'exit', weight: 1, orders: 1 })).rejects.toThrow();
    await expect(budget.ask(query(1.5))).rejects.toThrow('not counts');
  });
});

function rankOf() {
  return fc.constantFrom<BudgetRank>('exit', 'entry', 'query');
}

interface Count {
  readonly intervalMs: number;
  readonly count: number;
}

interface VenueCall {
  readonly ask: BudgetAsk;
  readonly grantId: string;
  readonly startedAt: number;
  /** What the venue's answer says; null until it has the call. */
  seen: { readonly at: number; readonly weight: readonly Count[]; readonly orders: readonly Count[] } | null;
}

/** Counts as the exchange does: fixed windows; a placement costs no weight; a fill gives one order back. */
class CountingVenue {
  readonly broken: string[] = [];
  readonly #windows: { kind: string; intervalMs: number; limit: number; start: number; count: number }[];

  constructor(limiters: readonly { kind: string; intervalMs: number; limit: number }[]) {
    this.#windows = limiters.map((one) => ({ ...one, start: 0, count: 0 }));
  }

  #roll(now: number): void {
    for (const window of this.#windows) {
      const start = now - (now % window.intervalMs);
      if (start > window.start) Object.assign(window, { start, count: 0 });
    }
  }

  take(call: VenueCall, now: number): void {
    // Later than this a request is too old for the venue, and the client has given up.
    if (call.seen !== null || now - call.startedAt >= 30_000) return;
    this.#roll(now);
    const { weight, orders } = call.ask;
    for (const window of this.#windows) {
      window.count += window.kind === 'orders' ? orders : orders > 0 ? 0 : weight;
      if (window.count > window.limit)
        this.broken.push(`${window.kind} ${window.intervalMs}: ${window.count}`);
    }
    const counts = (kind: string) => this.#windows.filter((window) => window.kind === kind);
    const copy = ({ intervalMs, count }: Count): Count => ({ intervalMs, count });
    call.seen = { at: now, weight: counts('weight').map(copy), orders: counts('orders').map(copy) };
  }

  fill(now: number): void {
    this.#roll(now);
    for (const window of this.#windows) {
      if (window.kind === 'orders') window.count = Math.max(0, window.count - 1);
    }
  }
}
