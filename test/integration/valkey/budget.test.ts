/** The rate budget on both servers: its contract, who races for it, and its failures. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  type BudgetEvent,
  createRateBudget,
  type RateBudgetOptions,
} from '../../../shared/adapters/valkey/budget.ts';
import { createValkey, type Valkey } from '../../../shared/adapters/valkey/client.ts';
import type { RateBudget } from '../../../shared/ports/rate-budget.ts';
import type { VenueRateLimit } from '../../../shared/ports/symbols.ts';
import {
  describeBudget,
  facts,
  granted,
  limits,
  place,
  query,
  T0,
  weightIs,
} from '../../contracts/budget.ts';
import {
  cableTo,
  type RedisServer,
  realRedisMissing,
  startJsRedis,
  startRealRedis,
} from '../../support/redis.ts';

const PATIENCE_MS = 30_000;

describe.each<[string, () => Promise<RedisServer>, boolean, number]>([
  ['redis-server', startRealRedis, realRedisMissing !== null, 120],
  ['js-redis-server', startJsRedis, false, 25],
])('the rate budget on %s', (name, start, missing, runs) => {
  let server: RedisServer | null = null;
  let valkey: Valkey;
  const clock = { now: T0 + 1000 };
  let events: BudgetEvent[] = [];

  beforeAll(async () => {
    if (missing) return;
    server = await start();
    // A busy machine is not a cache that is away: that is what other tests here are about.
    valkey = createValkey(server.url, { commandTimeoutMs: PATIENCE_MS });
  });
  afterAll(async () => {
    await valkey?.close();
    await server?.stop();
  });
  const test = it.runIf(!missing);

  const budgetAt = (address: string, more: Partial<RateBudgetOptions> = {}): RateBudget =>
    createRateBudget(valkey, {
      ...{ environment: 'binance', address, now: () => clock.now, random: () => 0, patienceMs: PATIENCE_MS },
      firstPatienceMs: PATIENCE_MS,
      onEvent: (event) => {
        events.push(event);
      },
      ...more,
    });
  const fresh = async (of: readonly VenueRateLimit[]): Promise<RateBudget> => {
    clock.now = T0 + 1000;
    events = [];
    const budget = budgetAt(randomUUID());
    await budget.learn(of);
    return budget;
  };

  if (!missing) {
    describeBudget('as its contract says', async () => ({ clock, at: (address) => budgetAt(address) }), {
      runs,
    });
  }

  test('tells of each refusal', async () => {
    const budget = await fresh(limits(100, 1000));
    await granted(budget, query(60));
    for (const rank of ['comparison', 'query', 'entry', 'exit'] as const) {
      expect(await budget.ask(query(41, rank))).toMatchObject({ code: 'weight_exhausted' });
    }
    expect(events).toEqual(['budget_comparisons_put_off', ...Array(3).fill('budget_refused_weight')]);
  });

  test('two that race never pass a limit together', async () => {
    clock.now = T0 + 1000;
    const address = randomUUID();
    const second = createValkey(server?.url ?? '', { commandTimeoutMs: PATIENCE_MS });
    onTestFinished(() => second.close());
    const others = [budgetAt(address), budgetAt(address, {})];
    others.push(
      createRateBudget(second, {
        ...{ environment: 'binance', address, now: () => clock.now },
        ...{ patienceMs: PATIENCE_MS, firstPatienceMs: PATIENCE_MS },
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
  });

  test('without the cache exits go on with a fraction, all else waits, and blocks stay known', async () => {
    if (server === null) throw new Error('no server');
    clock.now = T0 + 1000;
    events = [];
    const cable = await cableTo(server);
    const client = createValkey(cable.url, { commandTimeoutMs: 400 });
    const address = randomUUID();
    const budget = createRateBudget(client, {
      ...{
        environment: 'binance',
        address,
        now: () => clock.now,
        random: () => 0,
        awayMs: 20,
        localShare: 10,
      },
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
      await budget.correct(facts({ grantId: before, at: clock.now, ...weightIs(3) }));
      await budget.block({ account: null, until: clock.now + 7000, reason: '429' });
      expect(await budget.ask(place('exit'))).toEqual({
        granted: false,
        code: 'blocked',
        retryAfterMs: 7000,
      });
      await cable.mend();
      // The others learn of it as soon as this one speaks with the cache again.
      clock.now += 1000;
      const other = budgetAt(address);
      await expect
        .poll(
          async () => {
            await budget.block({ account: 'binance:9', until: clock.now + 1, reason: 'orders' });
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
    clock.now = T0 + 1000;
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
});
