/** What every rate budget does: held to a naive model, and to a venue that counts. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { BudgetAsk, BudgetFacts, BudgetRank, RateBudget } from '../../shared/ports/rate-budget.ts';
import type { VenueRateLimit } from '../../shared/ports/symbols.ts';
import { BudgetModel } from '../support/budget-model.ts';
import { CountingVenue, type VenueCall } from './counting-venue.ts';

export const MINUTE = 60_000;
/** A whole minute and day. */
export const T0 = Date.UTC(2026, 10, 20);
export const ACCOUNT = 'binance:1';

export const limits = (weight: number, orders10s: number, ordersDay = 1000): readonly VenueRateLimit[] => [
  { type: 'REQUEST_WEIGHT', intervalMs: MINUTE, limit: weight },
  { type: 'ORDERS', intervalMs: 10_000, limit: orders10s },
  { type: 'ORDERS', intervalMs: 24 * 60 * MINUTE, limit: ordersDay },
];

export const query = (weight: number, rank: BudgetRank = 'query'): BudgetAsk => ({
  account: ACCOUNT,
  rank,
  weight,
  orders: 0,
});
export const place = (rank: BudgetRank, account = ACCOUNT): BudgetAsk => ({
  account,
  rank,
  weight: 1,
  orders: 1,
});

export const facts = (more: Partial<BudgetFacts>): BudgetFacts => ({
  ...{ account: ACCOUNT, grantId: null, at: T0, freed: false, usedWeight: [], orderCounts: [] },
  ...more,
});
export const weightIs = (count: number) => ({ usedWeight: [{ intervalMs: MINUTE, count }] });

export const granted = async (budget: RateBudget, ask: BudgetAsk): Promise<string> => {
  const answer = await budget.ask(ask);
  if (!answer.granted) throw new Error(`refused: ${answer.code}`);
  return answer.grantId;
};

export interface OpenBudget {
  /** Venue time, set by the test. */
  readonly clock: { now: number };
  /** A process behind an address; waits have no random part. */
  at(address: string): RateBudget;
}

export function describeBudget(
  name: string,
  open: () => Promise<OpenBudget>,
  size: { readonly runs: number },
): void {
  describe(name, () => {
    let clock: OpenBudget['clock'];
    let at: OpenBudget['at'];
    beforeEach(async () => {
      ({ clock, at } = await open());
      clock.now = T0 + 1000;
    });

    const fresh = async (of: readonly VenueRateLimit[]): Promise<RateBudget> => {
      clock.now = T0 + 1000;
      const budget = at(randomUUID());
      await budget.learn(of);
      return budget;
    };
    const used = async (budget: RateBudget) => (await budget.figures())?.weight[0]?.used;

    it('lets queries use 60 %, entries 90 %, exits all; the next window is empty', async () => {
      const budget = await fresh(limits(100, 1000));
      clock.now = T0 + 45_000;
      await granted(budget, query(60));
      const until = { granted: false, retryAfterMs: 15_100 };
      expect(await budget.ask(query(1))).toEqual({ ...until, code: 'weight_exhausted' });
      await granted(budget, { ...place('entry'), weight: 30 });
      expect(await budget.ask(place('entry'))).toEqual({ ...until, code: 'weight_exhausted' });
      await granted(budget, { ...place('exit'), weight: 10 });
      expect(await budget.ask(place('exit'))).toEqual({ ...until, code: 'weight_exhausted' });
      // All three are still under way and may arrive in the next minute; then they are given up for lost, and counted.
      clock.now = T0 + MINUTE + 99;
      expect((await budget.figures())?.weight).toEqual([
        { intervalMs: MINUTE, limit: 100, used: 100, resetsAt: T0 + MINUTE },
      ]);
      for (const later of [MINUTE + 100, MINUTE + 30_100]) {
        clock.now = T0 + later;
        expect(await used(budget)).toBe(100);
        expect(await budget.ask(query(1))).toMatchObject({ code: 'weight_exhausted' });
      }
      clock.now = T0 + 2 * MINUTE + 100;
      await granted(budget, query(60));
      expect(await budget.figures()).toMatchObject({
        assumed: false,
        blockedUntil: null,
        weight: [{ intervalMs: MINUTE, limit: 100, used: 60, resetsAt: T0 + 3 * MINUTE }],
      });
    });

    it('leaves a part of the queries’ share free, however many compare', async () => {
      const budget = await fresh(limits(6000, 1000));
      const wallets = 300;
      let compared = 0;
      for (let n = 0; n < wallets; n++) {
        for (const weight of [6, 6, 20, 20, 20, 20]) {
          const answer = await budget.ask(query(weight, 'comparison'));
          if (!answer.granted)
            expect(answer).toMatchObject({ code: 'weight_exhausted', retryAfterMs: 59_100 });
          else compared += weight;
        }
      }
      expect(compared).toBeGreaterThan(2_380);
      expect(compared).toBeLessThanOrEqual(2_400);
      // Connects and looks go on, 20 % of all there is.
      for (let n = 0; n < 29; n++) await granted(budget, query(41));
      expect(await budget.ask(query(41))).toMatchObject({ code: 'weight_exhausted' });
      // What they have used is no longer there for comparisons.
      clock.now = T0 + 2 * MINUTE + 100;
      await granted(budget, query(2_400));
      expect(await budget.ask(query(1, 'comparison'))).toMatchObject({ code: 'weight_exhausted' });
      await granted(budget, query(1));
    });

    it('takes the documented limits until it has learnt them', async () => {
      const budget = at(randomUUID());
      expect(await budget.figures()).toMatchObject({ assumed: true, weight: [{ limit: 6000, used: 0 }] });
      await granted(budget, query(3600));
      expect(await budget.ask(query(1))).toMatchObject({ code: 'weight_exhausted' });
      await budget.learn([{ type: 'ORDERS', intervalMs: 10_000, limit: 1 }]);
      expect(await budget.figures()).toMatchObject({ assumed: true });
      await budget.learn(limits(1200, 1));
      expect(await budget.figures()).toMatchObject({ assumed: false, weight: [{ limit: 1200, used: 3600 }] });
    });

    it('believes the headers, upwards and downwards, and adds what is under way', async () => {
      const budget = await fresh(limits(100, 1000));
      const first = await granted(budget, query(20));
      await granted(budget, query(7));
      await budget.correct(facts({ grantId: first, at: clock.now, ...weightIs(50) }));
      expect(await used(budget)).toBe(57);
      // Overtaken by another: the higher one stands. Later by more than that: the lower one does.
      await budget.correct(facts({ at: clock.now + 1500, ...weightIs(40) }));
      expect(await used(budget)).toBe(57);
      await budget.correct(facts({ at: clock.now + 2001, ...weightIs(40) }));
      expect(await used(budget)).toBe(47);
      await budget.correct(facts({ at: T0 - 1, ...weightIs(90) }));
      expect(await used(budget)).toBe(47);
      clock.now = T0 + MINUTE + 5000;
      await budget.correct(facts({ at: T0 + MINUTE - 1, ...weightIs(90) }));
      // What was under way was lost before this minute began.
      expect(await used(budget)).toBe(0);
    });

    it('is not blinded by a process whose clock was minutes ahead at its first call', async () => {
      const budget = await fresh(limits(100, 10));
      clock.now = T0 + 5 * MINUTE;
      const grantId = await granted(budget, query(1));
      await budget.correct(facts({ grantId, at: T0 + 1000, ...weightIs(1) }));
      clock.now = T0 + 2000;
      const next = await granted(budget, query(2));
      await budget.correct(facts({ grantId: next, at: clock.now, ...weightIs(99) }));
      expect(await budget.ask(query(2, 'exit'))).toMatchObject({ granted: false, code: 'weight_exhausted' });
      clock.now = T0 + MINUTE + 1000;
      expect(await budget.ask(query(2, 'exit'))).toMatchObject({ granted: true });
    });

    it('gives the weight of a free call back, and keeps that of one without headers', async () => {
      const budget = await fresh(limits(100, 1000));
      const free = await granted(budget, { ...place('entry'), weight: 4 });
      const charged = await granted(budget, query(5));
      await budget.correct(facts({ grantId: free, at: clock.now, freed: true }));
      expect(await used(budget)).toBe(5);
      for (let i = 0; i < 2; i++) await budget.correct(facts({ grantId: charged, at: clock.now }));
      expect(await used(budget)).toBe(5);
      // A later header knows of it.
      await budget.correct(facts({ at: clock.now + 2001, ...weightIs(3) }));
      expect(await used(budget)).toBe(3);
    });

    it('gives everything back of what never left', async () => {
      const budget = await fresh(limits(100, 1));
      for (let i = 0; i < 3; i++) {
        const grantId = await granted(budget, place('exit'));
        expect(await budget.ask(place('exit'))).toMatchObject({ code: 'orders_exhausted' });
        await budget.correct(facts({ grantId, at: clock.now, freed: true, unsent: true }));
      }
      const sent = await granted(budget, place('exit'));
      await budget.correct(facts({ grantId: sent, at: clock.now, freed: true }));
      expect(await used(budget)).toBe(0);
      expect(await budget.ask(place('exit'))).toMatchObject({ code: 'orders_exhausted' });
    });

    it('counts unfilled orders by account, in each window, with a reserve for exits', async () => {
      const budget = await fresh(limits(10_000, 10, 12));
      for (let i = 0; i < 9; i++) {
        const grantId = await granted(budget, place('entry'));
        const orderCounts = [
          { intervalMs: 10_000, count: i + 1 },
          { intervalMs: 24 * 60 * MINUTE, count: i + 2 },
        ];
        await budget.correct(facts({ grantId, at: clock.now, freed: true, orderCounts }));
      }
      expect(await used(budget)).toBe(0);
      const full = { granted: false, code: 'orders_exhausted' };
      expect(await budget.ask(place('entry'))).toMatchObject(full);
      await granted(budget, place('entry', 'binance:2'));
      await granted(budget, query(1));
      await granted(budget, place('exit'));
      expect(await budget.ask(place('exit'))).toMatchObject({ ...full, retryAfterMs: 9100 });
      const today = (count: number) => ({ orderCounts: [{ intervalMs: 24 * 60 * MINUTE, count }] });
      clock.now += 10_000;
      await budget.correct(facts({ at: clock.now, ...today(12) }));
      expect(await budget.ask(place('exit'))).toMatchObject({
        ...full,
        retryAfterMs: T0 + 86_400_100 - clock.now,
      });
      // Fills give credit: a header says so.
      clock.now += 10_000;
      await budget.correct(facts({ at: clock.now, ...today(2) }));
      await granted(budget, place('exit'));
    });

    it('obeys a block in every process until it ends; one of an account stops its orders alone', async () => {
      const address = randomUUID();
      const [one, other] = [at(address), at(address)];
      await one.block({ account: null, until: clock.now + 5000, reason: '429' });
      await one.block({ account: null, until: clock.now + 4000, reason: '418' });
      const blocked = { granted: false, code: 'blocked', retryAfterMs: 5000 };
      for (const budget of [one, other]) expect(await budget.ask(place('exit'))).toEqual(blocked);
      expect(await other.figures()).toMatchObject({ blockedUntil: clock.now + 5000, blockedFor: '429' });
      clock.now += 5000;
      await granted(other, place('exit'));
      expect(await other.figures()).toMatchObject({ blockedUntil: null, blockedFor: null });
      await other.block({ account: ACCOUNT, until: clock.now + 9000, reason: 'orders' });
      for (const budget of [one, other]) {
        expect(await budget.ask(place('exit'))).toEqual({ ...blocked, retryAfterMs: 9000 });
        await granted(budget, query(1));
        await granted(budget, place('entry', 'binance:2'));
      }
    });

    const amount = fc.integer({ min: 1, max: 9 });
    const pause = fc.oneof(
      fc.constantFrom(0, 1, 99, 100, 101, 2000, 30_000),
      fc.integer({ min: 0, max: 50 }),
      fc.integer({ min: 0, max: 3000 }),
      fc.integer({ min: 0, max: 45_000 }),
    );

    it('answers as the naive model does', async () => {
      const step = fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({ do: fc.constant('ask' as const), amount, rank: rankOf(), pause }),
        },
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
      const share = { exit: 100, entry: 90, query: 60, comparison: 40 };
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const budget = await fresh(limits(40, 1000));
          const model = new BudgetModel(40, MINUTE);
          const grants: string[] = [];
          for (const one of steps) {
            clock.now += one.pause;
            if (one.do === 'ask') {
              const answer = await budget.ask(query(one.amount, one.rank));
              const id = answer.granted ? answer.grantId : 'none';
              expect(answer.granted).toBe(model.ask(id, one.amount, share[one.rank], clock.now));
              if (answer.granted) grants.push(id);
            } else {
              const grantId = grants[one.which] ?? null;
              const at = clock.now - one.age;
              model.correct(grantId, one.free, one.count, at, clock.now);
              const header = one.count === null ? {} : weightIs(one.count);
              await budget.correct(facts({ grantId, at, freed: one.free, ...header }));
            }
          }
          // More than there ever is: refused, and both have given up what is lost by now.
          expect((await budget.ask(query(1000, 'exit'))).granted).toBe(
            model.ask('last', 1000, 100, clock.now),
          );
          expect(await used(budget)).toBe(model.used());
        }),
        { numRuns: size.runs },
      );
    });

    it('never lets the venue count more than its limits, whatever is slow, lost or overtaken', async () => {
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
          clock.now = T0 + 1000;
          const address = randomUUID();
          const both = [at(address), at(address)];
          await both[0]?.learn(limits(25, 3, 12));
          const venue = new CountingVenue([
            { kind: 'weight', intervalMs: MINUTE, limit: 25 },
            { kind: 'orders', intervalMs: 10_000, limit: 3 },
            { kind: 'orders', intervalMs: 24 * 60 * MINUTE, limit: 12 },
          ]);
          const calls: VenueCall[] = [];
          for (const one of steps) {
            if (one.do === 'pause') clock.now += one.pause;
            if (one.do === 'fill') venue.fill(clock.now);
            if (one.do === 'ask') {
              const ask = one.places ? place('exit') : query(one.amount, 'exit');
              const answer = await both[one.by]?.ask(ask);
              if (answer?.granted)
                calls.push({ ask, grantId: answer.grantId, startedAt: clock.now, seen: null });
            }
            // Any that could arrive, or be answered: a slow one, an early one, some never.
            const pick = (those: readonly VenueCall[]) =>
              'which' in one ? those[one.which % those.length] : undefined;
            if (one.do === 'arrive') {
              const call = pick(calls.filter(({ seen }) => seen === null));
              if (call !== undefined) venue.take(call, clock.now);
            }
            const answered =
              one.do === 'answer' ? pick(calls.filter(({ seen }) => seen !== null)) : undefined;
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
        { numRuns: size.runs },
      );
    });

    it('refuses what nobody may ask', async () => {
      const budget = await fresh(limits(100, 10));
      await expect(budget.ask({ account: null, rank: 'exit', weight: 1, orders: 1 })).rejects.toThrow();
      await expect(budget.ask(query(1.5))).rejects.toThrow('not counts');
    });
  });
}

function rankOf() {
  return fc.constantFrom<BudgetRank>('exit', 'entry', 'query', 'comparison');
}
