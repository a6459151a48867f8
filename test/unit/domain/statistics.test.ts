import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Decimal } from '../../../shared/domain/money/decimal.ts';
import { applyEntryFill, applyExitFill } from '../../../shared/domain/positions.ts';
import { deriveStatistics, type PriceBar } from '../../../shared/domain/statistics.ts';
import type { Fill, Position, Protection, Side } from '../../../shared/domain/types.ts';
import { d, newFill, newOrder, newPosition, T0 } from './builders.ts';

const SECOND = T0 / 1000;
const text = (value: Decimal | null) => value?.toFixed() ?? null;
const bar = (second: number, low: number, high: number, close: number, seconds?: number): PriceBar => ({
  second: SECOND + second,
  low: d(low),
  high: d(high),
  close: d(close),
  ...(seconds === undefined ? {} : { seconds }),
});
const entry = newFill('50000', '0.5', { at: T0 + 200 });

function held(side: Side = 'buy', protection: Partial<Protection> = {}, fill: Fill = entry): Position {
  return applyEntryFill(newPosition(side, protection), fill, newOrder({ side }), T0 + 200);
}
const at = (
  p: Position,
  bars: readonly PriceBar[],
  mark: number | null,
  minutes = 1440,
  exit: readonly Fill[] = [],
) =>
  deriveStatistics(
    p,
    { entry: p.openedAt === null ? [] : [entry], exit },
    bars,
    mark === null ? null : d(mark),
    T0 + 200 + minutes * 60_000,
  );

describe("the specification's position", () => {
  const bars = [
    bar(1, 49_800, 50_100, 50_000),
    bar(2, 50_000, 51_500, 51_500),
    bar(3, 51_500, 51_500, 51_500),
  ];
  const trailingStop = { distance: { percent: d(2) }, activationPrice: d(51_000) };
  const protection = { stopLoss: { price: d(49_500) }, trailingStop };

  it('has its water marks, excursions, drawdown and trailing stop', () => {
    const s = at(held('buy', protection), bars, 51_000);
    expect([s.highWaterMark, s.lowWaterMark].map(text)).toEqual(['51500', '49800']);
    expect([s.maxFavorableExcursion, s.maxAdverseExcursion].map(text)).toEqual(['1500', '-200']);
    expect(text(s.maxDrawdownPercent)).toBe('0.9709');
    expect([s.trailingTrigger, s.trailingPeak].map(text)).toEqual(['50470', '51500']);
    expect(s).toMatchObject({
      timeHeldMinutes: 1440,
      priceMovesCount: 2,
      stopAdjustments: 1,
      riskLevel: 'low',
    });
    expect(s.lastStopAdjustmentAt).toBe(T0 + 2_000);
  });

  it('mirrors for a short', () => {
    const short = {
      stopLoss: { price: d(50_500) },
      trailingStop: { ...trailingStop, activationPrice: d(49_000) },
    };
    const mirrored = [bar(1, 49_900, 50_200, 50_000), bar(2, 48_500, 50_000, 48_500)];
    const s = at(held('sell', short), mirrored, 49_000);
    expect([s.maxFavorableExcursion, s.maxAdverseExcursion].map(text)).toEqual(['1500', '-200']);
    expect(text(s.maxDrawdownPercent)).toBe('1.0309');
    expect(text(s.trailingTrigger)).toBe('49470');
  });
});

it('a second without a change is no move, whatever was bought later', () => {
  const later = newFill('49000', '0.5', { tradeId: 'later', at: T0 + 5_200 });
  const p = applyEntryFill(held(), later, newOrder({ orderId: 'further' }), T0 + 5_200);
  const bars = [
    bar(1, 50_000, 50_000, 50_000),
    bar(2, 50_000, 50_000, 50_000),
    bar(5, 49_000, 49_000, 49_000),
  ];
  const found = deriveStatistics(p, { entry: [entry, later], exit: [] }, bars, null, T0 + 9_000);
  expect(found.priceMovesCount).toBe(1);
});

describe('what counts', () => {
  it('whole bars after the second of the fill, and before that of the last exit', () => {
    const exit = newFill('50400', '0.5', { at: T0 + 4_500 });
    const bars = [
      bar(0, 40_000, 60_000, 50_000),
      bar(2, 50_000, 50_500, 50_200),
      bar(4, 1, 90_000, 2),
      bar(60, 1, 2, 1),
    ];
    const closed = {
      ...applyExitFill(held(), exit, newOrder({ side: 'sell', role: 'exit' }), T0),
      closedAt: T0 + 4_600,
    };
    const s = at(closed, bars, 70_000, 99, [exit]);
    expect([s.highWaterMark, s.lowWaterMark].map(text)).toEqual(['50500', '50000']);
    expect(s).toMatchObject({ timeHeldMinutes: 0, riskLevel: 'low', priceMovesCount: 1 });
    expect(text(s.maxDrawdownPercent)).toBe('0.5941');
  });

  it('nothing before the first fill', () => {
    const s = at(
      newPosition('buy', { trailingStop: { distance: { amount: d(1) }, activationPrice: null } }),
      [bar(1, 1, 2, 1)],
      5,
    );
    expect(s).toEqual({
      highWaterMark: null,
      lowWaterMark: null,
      maxDrawdownPercent: d(0),
      priceMovesCount: 0,
      stopAdjustments: 0,
      lastStopAdjustmentAt: null,
      trailingAdjustments: 0,
      lastTrailingAdjustmentAt: null,
      maxFavorableExcursion: null,
      maxAdverseExcursion: null,
      timeHeldMinutes: 0,
      riskLevel: 'low',
      trailingTrigger: null,
      trailingPeak: null,
    });
  });

  it('a fall within a bar counts only from what came before it, or to its close', () => {
    // High and low of one bar: which came first is unknown.
    expect(text(at(held(), [bar(1, 49_000, 52_000, 52_000)], null).maxDrawdownPercent)).toBe('2');
    expect(text(at(held(), [bar(1, 50_000, 52_000, 50_960)], null).maxDrawdownPercent)).toBe('2');
  });

  it('a fall from or to a part exit within a bar only where it came in that order', () => {
    const part = (price: string, ms: number) => newFill(price, '0.1', { at: T0 + ms });
    const drawdown = (bars: readonly PriceBar[], ...exit: readonly Fill[]) =>
      text(at(held(), bars, null, 1440, exit).maxDrawdownPercent);
    // Sold at the high of a minute whose low may have come before.
    expect(drawdown([bar(60, 49_500, 51_000, 50_000, 60)], part('51000', 90_000))).toBe('1.9608');
    expect(drawdown([bar(60, 50_000, 50_000, 50_000, 60)], part('51000', 90_000))).toBe('0');
    // From the bar before it, between two of them, and to the bar after it.
    const quiet = bar(2, 50_000, 50_000, 50_000);
    expect(drawdown([bar(1, 50_000, 51_000, 51_000), quiet], part('49980', 2_500))).toBe('2');
    expect(drawdown([quiet], part('51000', 2_100), part('49980', 2_200))).toBe('2');
    expect(drawdown([quiet, bar(3, 49_980, 49_980, 49_980)], part('51000', 2_500))).toBe('2');
  });

  it('the present price after all bars', () => {
    const running = bar(1, 49_500, 50_500, 50_500);
    const seen = (price: number) =>
      text(
        deriveStatistics(held(), { entry: [entry], exit: [] }, [running], d(price), T0 + 1_800)
          .maxDrawdownPercent,
      );
    expect(seen(50_500)).toBe('1');
    expect(seen(49_490)).toBe('2');
  });

  it('moves from the fill that was there before the first bar', () => {
    const later = newFill('51000', '0.5', { at: T0 + 9_000 });
    const fills = { entry: [entry, later], exit: [] };
    const bars = [bar(1, 50_000, 50_000, 50_000), bar(10, 51_000, 51_000, 51_000)];
    expect(deriveStatistics(held(), fills, bars, null, T0 + 20_000).priceMovesCount).toBe(1);
  });

  it('coarser bars as well', () => {
    const s = at(held(), [bar(60, 49_500, 50_500, 50_000, 60)], null);
    expect([text(s.highWaterMark), s.priceMovesCount]).toEqual(['50500', 1]);
  });
});

describe('stop moves', () => {
  it('count where the tightest stop moved: trailing above the stop loss, and break-even', () => {
    const p = {
      ...held('buy', {
        stopLoss: { price: d(49_000) },
        trailingStop: { distance: { amount: d(500) }, activationPrice: null },
      }),
      breakEvenActivatedAt: T0 + 3_000,
      breakEvenStop: d(50_050),
      armings: { trailing_stop: { tick: 3, at: T0 + 1_000, peak: d(50_000) } },
    };
    const bars = [
      // Before it was armed.
      bar(1, 50_000, 50_900, 50_000),
      bar(2, 50_000, 50_400, 50_400),
      bar(3, 50_400, 50_400, 50_400),
      bar(4, 50_400, 50_500, 50_500),
      bar(5, 50_500, 51_000, 51_000),
    ];
    const s = at(p, bars, 51_000);
    expect([s.stopAdjustments, text(s.trailingTrigger)]).toEqual([3, '50500']);
    expect(s.lastStopAdjustmentAt).toBe(T0 + 5_000);
    // At the second and fifth second; in between break-even moved it.
    expect([s.trailingAdjustments, s.lastTrailingAdjustmentAt]).toEqual([2, T0 + 5_000]);
    // The last one is break-even's.
    const earlier = at(p, bars.slice(0, -1), 50_500);
    expect([earlier.stopAdjustments, earlier.trailingAdjustments]).toEqual([2, 1]);
    expect([earlier.lastStopAdjustmentAt, earlier.lastTrailingAdjustmentAt]).toEqual([
      T0 + 3_000,
      T0 + 2_000,
    ]);
  });

  it('of a trailing stop whose first peak is not known begin at the first fill, whatever is bought later', () => {
    const trailingStop = { distance: { amount: d(500) }, activationPrice: null };
    const later = newFill('51000', '0.5', { at: T0 + 9_000 });
    const grown = applyEntryFill(held('buy', { trailingStop }), later, newOrder(), later.at);
    const fills = { entry: [entry, later], exit: [] };
    const s = deriveStatistics(grown, fills, [bar(1, 49_900, 50_100, 50_000)], null, T0 + 20_000);
    expect([s.trailingPeak, s.trailingTrigger].map(text)).toEqual(['50100', '49600']);
    expect(s.stopAdjustments).toBe(1);
  });

  it('without any stop there are none', () => {
    expect(at(held(), [bar(1, 49_000, 51_000, 50_000)], 50_000).stopAdjustments).toBe(0);
  });
});

describe('risk', () => {
  const stopLoss = { price: d(49_000) };
  it.each<[string, Partial<Protection>, Side, number | null, string]>([
    ['near the entry', { stopLoss }, 'buy', 49_900, 'low'],
    ['a third of the way', { stopLoss }, 'buy', 49_650, 'medium'],
    ['two thirds of the way', { stopLoss }, 'buy', 49_350, 'high'],
    ['just above the stop', { stopLoss }, 'buy', 49_050, 'critical'],
    ['past the stop', { stopLoss }, 'buy', 48_000, 'critical'],
    ['a short past its stop', { stopLoss: { price: d(51_000) } }, 'sell', 51_500, 'critical'],
    ['a short half way', { stopLoss: { price: d(51_000) } }, 'sell', 50_500, 'medium'],
    ['a stop in profit', { stopLoss: { price: d(50_500) } }, 'buy', 51_000, 'low'],
    ['no stop, in profit', {}, 'buy', 55_000, 'medium'],
    ['no stop, 5 % lost', {}, 'buy', 47_500, 'high'],
    ['a wide stop, 10 % lost', { stopLoss: { price: d(10_000) } }, 'buy', 45_000, 'critical'],
    ['no price', { stopLoss }, 'buy', null, 'low'],
  ])('%s', (_name, protection, side, mark, expected) => {
    expect(at(held(side, protection), [], mark).riskLevel).toBe(expected);
  });

  it('looks at the liquidation of a position on margin, at last', () => {
    const terms = { leverage: 10, maintenanceRate: d('0.005'), feeRate: d('0.001') };
    const onMargin = (side: Side, protection: Partial<Protection> = {}): Position => ({
      ...held(side, protection),
      margin: terms,
    });
    // Liquidated at 45,271.63 and 54,671.96; the losses alone are medium and high.
    expect(at(onMargin('buy'), [], 47_000).riskLevel).toBe('high');
    expect(at(onMargin('buy'), [], 45_271).riskLevel).toBe('critical');
    expect(at(onMargin('sell'), [], 54_300).riskLevel).toBe('critical');
    expect(at(onMargin('buy', { stopLoss }), [], 49_950).riskLevel).toBe(
      at(held('buy', { stopLoss }), [], 49_950).riskLevel,
    );
  });

  it('looks at the tighter of the stops', () => {
    const trailingStop = { distance: { amount: d(100) }, activationPrice: null };
    expect(at(held('buy', { stopLoss, trailingStop }), [], 49_950).riskLevel).toBe('medium');
    expect(at(held('sell', { stopLoss: { price: d(51_000) }, trailingStop }), [], 50_050).riskLevel).toBe(
      'medium',
    );
    expect(at(held('buy', { trailingStop }), [], 49_950).riskLevel).toBe('medium');
  });
});

describe('over any tape', () => {
  it('the marks bracket everything, and a trailing stop never loosens', () => {
    const price = fc.integer({ min: 45_000, max: 55_000 });
    fc.assert(
      fc.property(
        fc.constantFrom<Side>('buy', 'sell'),
        fc.array(fc.tuple(price, price, price), { minLength: 1, maxLength: 30 }),
        (side, rows) => {
          const bars = rows.map((row, i) => {
            const [low = 0, close = 0, high = 0] = [...row].sort((a, b) => a - b);
            return bar(i + 1, low, high, close);
          });
          const p = held(side, { trailingStop: { distance: { percent: d(1) }, activationPrice: null } });
          let before: Decimal | null = null;
          for (let n = 1; n <= bars.length; n++) {
            const s = at(p, bars.slice(0, n), null);
            const trigger = s.trailingTrigger;
            if (trigger === null) throw new Error('a trailing stop without activation has no price');
            if (before !== null) {
              expect(
                side === 'buy' ? trigger.greaterThanOrEqualTo(before) : trigger.lessThanOrEqualTo(before),
              ).toBe(true);
            }
            before = trigger;
            expect(s.maxFavorableExcursion?.isNegative() && !s.maxFavorableExcursion.isZero()).toBe(false);
            expect(s.maxAdverseExcursion?.greaterThan(0)).toBe(false);
            expect(s.maxDrawdownPercent.isNegative()).toBe(false);
            for (const b of bars.slice(0, n)) {
              expect(s.highWaterMark?.greaterThanOrEqualTo(b.high)).toBe(true);
              expect(s.lowWaterMark?.lessThanOrEqualTo(b.low)).toBe(true);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
