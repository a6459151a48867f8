/** What positions have brought, against a model that counts everything anew (design section 12). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sum, ZERO } from '../../../../shared/domain/money/decimal.ts';
import {
  brokenLimits,
  gateFor,
  isOpen,
  NO_LIMITS,
  type RiskAsked,
  type RiskLimits,
  UNTOUCHED,
  type WalletRisk,
} from '../../../../shared/domain/risk/limits.ts';
import {
  bothResults,
  cooldownUntil,
  dayOf,
  dayText,
  NO_RESULTS,
  type ResultsSeen,
  resultOf,
  resultsOf,
  withResult,
} from '../../../../shared/domain/risk/results.ts';
import type { Position } from '../../../../shared/domain/types.ts';
import { d, newPosition, T0 } from '../builders.ts';

const DAY = dayOf(T0);
const position = (change: Partial<Position>): Position => ({ ...newPosition(), updatedAt: T0, ...change });

describe('what was realized', () => {
  const amount = fc.integer({ min: -1_000, max: 1_000 }).map((n) => d(n).dividedBy(1000));
  const writes = fc.array(
    fc
      .record({
        id: fc.integer({ min: 0, max: 4 }),
        quote: fc.constantFrom('USDT', 'USDT', 'BTC'),
        status: fc.constantFrom<Position['status']>('opening', 'open', 'closing', 'closed'),
        realizedPnl: amount,
        traded: fc.boolean(),
        hour: fc.integer({ min: 0, max: 60 }),
      })
      .map(({ id, traded, hour, quote, ...change }) =>
        position({
          ...{ ...change, positionId: `p-${id}`, quote: id === 4 ? 'BTC' : quote === 'BTC' ? 'USDT' : quote },
          ...{ entryQuantity: traded ? d(1) : ZERO, updatedAt: T0 + hour * 3_600_000 },
        }),
      ),
    { maxLength: 30 },
  );

  it('adds up, in all, by day and in a row, one by one or together', () => {
    fc.assert(
      fc.property(writes, fc.integer({ min: 1, max: 4 }), (all, together) => {
        const stood = new Map<string, Position>();
        const days = new Map<number, ReturnType<typeof d>>();
        let sums = NO_RESULTS;
        let row = 0;
        for (let at = 0; at < all.length; at += together) {
          let change: ReturnType<typeof resultOf> = null;
          for (const after of all.slice(at, at + together)) {
            const before = stood.get(after.positionId) ?? null;
            change = bothResults(change, resultOf(before, after));
            const isEnd =
              after.status === 'closed' && before?.status !== 'closed' && !after.entryQuantity.isZero();
            if (isEnd) row = after.realizedPnl.lessThan(0) ? row + 1 : 0;
            stood.set(after.positionId, after);
          }
          sums = withResult(sums, change);
          if (change !== null) days.set(change.day, (days.get(change.day) ?? ZERO).plus(change.realized));
        }
        const whole = sum([...stood.values()].filter((p) => p.quote === 'USDT').map((p) => p.realizedPnl));
        expect(sums.realized.toFixed()).toBe(whole.toFixed());
        expect(sum([...days.values()]).toFixed()).toBe(whole.toFixed());
        expect(sums.lossRow).toBe(row);
      }),
    );
  });

  it('belongs to the UTC day in which it was booked', () => {
    const midnight = Date.UTC(2026, 0, 6);
    const booked = (at: number) =>
      resultOf(position({}), position({ realizedPnl: d(1), updatedAt: at }))?.day;
    expect(dayText(booked(midnight - 1) ?? 0)).toBe('2026-01-05');
    expect(dayText(booked(midnight) ?? 0)).toBe('2026-01-06');
    expect(resultOf(position({}), position({ updatedAt: midnight }))).toBeNull();
  });
});

describe('the figures of a look', () => {
  const seen = (change: Partial<ResultsSeen> = {}): ResultsSeen => ({
    ...{ day: DAY, realizedToday: d(-30), unrealized: d(-20), unknown: null },
    ...change,
  });
  const start = { day: DAY, unrealized: d(-5), at: T0 };

  it.each([
    ['from the start of the day', { dayStart: start }, '-45'],
    ['from this look where it is the first of the day', { dayStart: { ...start, day: DAY - 1 } }, '-30'],
    ['from this look where there was none', {}, '-30'],
  ])('count the day %s', (_, sums, expected) => {
    expect(resultsOf({ ...NO_RESULTS, ...sums }, seen()).dayPnl?.toFixed()).toBe(expected);
  });

  it('measure the drawdown from the peak, and are at it where there is none', () => {
    const at = (peak: number | null) =>
      resultsOf({ ...NO_RESULTS, realized: d(-70), peak: peak === null ? null : d(peak) }, seen()).drawdown;
    expect(at(10)?.toFixed()).toBe('100');
    expect(at(-95)?.toFixed()).toBe('0');
    expect(at(null)?.toFixed()).toBe('0');
  });

  it('are not known where something open has no price', () => {
    const blind = resultsOf(
      { ...NO_RESULTS, dayStart: start },
      seen({ unrealized: null, unknown: 'no price' }),
    );
    expect(blind).toMatchObject({ dayPnl: null, pnl: null, drawdown: null, unknown: 'no price' });
  });
});

describe('limits of loss', () => {
  const asked = (change: Partial<RiskAsked> = {}): RiskAsked => ({
    ...{ symbol: 'BTC/USDT', quote: 'USDT', more: d(100), position: d(100), kind: 'position', now: T0 },
    ...{ results: null, ...change },
  });
  const wallet = (limits: Partial<RiskLimits>, change: Partial<WalletRisk> = {}): WalletRisk => ({
    ...UNTOUCHED,
    ...{ limits: { ...NO_LIMITS, ...limits }, limitsVersion: 1, counted: true },
    ...change,
  });
  const results = (lost: string | null) =>
    resultsOf(NO_RESULTS, {
      ...{ day: DAY, realizedToday: d(lost ?? 0).negated() },
      ...(lost === null
        ? { unrealized: null, unknown: 'no price of ETH/USDT' }
        : { unrealized: ZERO, unknown: null }),
    });

  it('may be reached exactly, and hold for whatever wants more', () => {
    const own = wallet({ maxDailyLoss: d(50) });
    expect(brokenLimits(own, asked({ results: results('50') }))).toEqual([]);
    for (const kind of ['position', 'order', 'change'] as const) {
      expect(brokenLimits(own, asked({ kind, results: results('50.01') }))).toEqual([
        { name: 'max_daily_loss', limit: '50', used: '50.01', asked: '' },
      ]);
    }
    const less = asked({ kind: 'change', more: ZERO, results: results('99') });
    expect(brokenLimits(own, less)).toEqual([]);
  });

  it('let nothing unknown pass for nothing', () => {
    const own = wallet({ maxDailyLoss: d(50), maxDrawdown: d(60) });
    expect(brokenLimits(own, asked({ results: results(null) })).map(({ used }) => used)).toEqual(
      Array(2).fill('unknown: no price of ETH/USDT'),
    );
    const odd = asked({ quote: 'BTC', more: null, position: null, results: results('0') });
    expect(brokenLimits(own, odd)).toEqual([
      { name: 'max_daily_loss', limit: '50', used: '0', asked: 'unknown: BTC has no value in USD here' },
      { name: 'max_drawdown', limit: '60', used: '0', asked: 'unknown: BTC has no value in USD here' },
    ]);
  });

  it('make entries wait after losses in a row, and anew after each further one', () => {
    const limits = { cooldownAfterLosses: 2, cooldownMinutes: 5 };
    const until = (lossRow: number, now: number) => cooldownUntil({ lossRow, lastLossAt: T0 }, limits, now);
    expect(until(1, T0)).toBeNull();
    expect(until(2, T0)).toBe(T0 + 300_000);
    expect(until(2, T0 + 299_999)).toBe(T0 + 300_000);
    expect(until(2, T0 + 300_000)).toBeNull();
    expect(until(3, T0 + 1)).toBe(T0 + 300_000);
    expect(
      cooldownUntil({ lossRow: 9, lastLossAt: T0 }, { ...limits, cooldownAfterLosses: null }, T0),
    ).toBeNull();
    const own = wallet(limits, { lossRow: 2, lastLossAt: T0 });
    expect(brokenLimits(own, asked()).map(({ name }) => name)).toEqual(['cooldown_after_losses']);
    expect(brokenLimits(own, asked({ now: T0 + 300_000 }))).toEqual([]);
  });

  it('have a gate that one more loss closes, and one fewer does not', () => {
    const limits = { cooldownAfterLosses: 2 };
    const before = wallet(limits, { lossRow: 1 });
    const gate = gateFor('w', before, asked());
    expect(isOpen(gate, before)).toBe(true);
    expect(isOpen(gate, wallet(limits, { lossRow: 0 }))).toBe(true);
    expect(isOpen(gate, wallet(limits, { lossRow: 2 }))).toBe(false);
    const waited = wallet(limits, { lossRow: 4 });
    expect(isOpen(gateFor('w', waited, asked()), waited)).toBe(true);
    expect(isOpen(gateFor('w', waited, asked()), wallet(limits, { lossRow: 5 }))).toBe(false);
    expect(gateFor('w', wallet({}, { lossRow: 9 }), asked()).mostLosses).toBeNull();
  });
});
