/** What a position's chart draws: bars and their gaps, the way of the stop, fills and levels, a stop that is moved. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pointsOf, untilNow, withPrice } from '../../../console/src/chart/bars.ts';
import { bigStep, nudged, stopSent, targetSent, ticksOfKey } from '../../../console/src/chart/draft.ts';
import { intervalFor, windowFor } from '../../../console/src/chart/intervals.ts';
import { levelLines, markersOf } from '../../../console/src/chart/markers.ts';
import { drawn, snapped } from '../../../console/src/chart/numbers.ts';
import { stopAt, stopLine, stopSteps, withSeen } from '../../../console/src/chart/stop-line.ts';
import { decimal, isMultipleOf } from '../../../shared/domain/money/decimal.ts';
import { aBar, aMove, anAction, aPosition, iso, T0 } from './position-builders.ts';

const at = (seconds: number): number => T0 / 1_000 + seconds;
const candle = (open: string, high: string, low: string, close: string) => ({ open, high, low, close });
const flat = (price: string) => candle(price, price, price, price);

describe('bars', () => {
  it('are turned round, oldest first, and a gap has empty points', () => {
    const bars = [aBar(4, '103'), aBar(1, '101', { open: null, high: '102', low: '100' }), aBar(0, '100')];
    expect(pointsOf(bars, 1)).toEqual([
      { time: at(0), candle: flat('100') },
      { time: at(1), candle: candle('101', '102', '100', '101') },
      { time: at(2), candle: null },
      { time: at(3), candle: null },
      { time: at(4), candle: flat('103') },
    ]);
  });

  it('take the live price into the one that runs', () => {
    const points = pointsOf([aBar(0, '100')], 60);
    const up = withPrice(points, { last: '100.10', timestamp: iso(10) }, 60);
    const down = withPrice(up, { last: '99.9', timestamp: iso(20) }, 60);
    expect(down).toEqual([{ time: at(0), candle: candle('100', '100.10', '99.9', '99.9') }]);
  });

  it('begin a new one with it, and show what was missed in between', () => {
    const points = pointsOf([aBar(0, '100')], 1);
    expect(withPrice(points, { last: '101', timestamp: iso(2) }, 1).slice(1)).toEqual([
      { time: at(1), candle: null },
      { time: at(2), candle: flat('101') },
    ]);
  });

  it('do not go back for a late one', () => {
    const points = pointsOf([aBar(5, '100')], 1);
    expect(withPrice(points, { last: '90', timestamp: iso(4) }, 1)).toBe(points);
  });

  it('go on empty where no price comes, and a price fills them', () => {
    const points = untilNow(pointsOf([aBar(0, '100')], 1), T0 + 5_000, 1);
    expect(points.map((point) => point.candle !== null)).toEqual([true, false, false, false]);
    const filled = withPrice(points, { last: '101', timestamp: iso(3) }, 1);
    expect(filled.at(-1)).toEqual({ time: at(3), candle: flat('101') });
    expect(untilNow([], T0, 1)).toEqual([]);
  });
});

describe('which bars', () => {
  const life = (openFor: number, closed = false) => ({
    ...{ created_at: iso(0), opened_at: iso(0), closed_at: closed ? iso(openFor) : null },
  });
  it.each([
    [30, '1s'],
    [600, '1m'],
    [3 * 3_600, '1m'],
    [12 * 3_600, '5m'],
    [3 * 86_400, '15m'],
    [10 * 86_400, '1h'],
    [3_000 * 86_400, '1d'],
  ])('of %i s of life: %s', (seconds, interval) => {
    expect(intervalFor(life(seconds), T0 + seconds * 1_000)).toBe(interval);
  });

  it('of one that closed long ago no seconds: they are gone', () => {
    expect(intervalFor(life(30, true), T0 + 86_400_000)).toBe('1m');
  });

  it('reach to now, or a while beyond the close', () => {
    expect(windowFor(life(30), '1m', T0)).toEqual({ from: iso(-600 * 60), to: null });
    expect(windowFor(life(60, true), '1s', T0 + 3_600_000)).toEqual({ from: iso(-40), to: iso(100) });
  });
});

describe('the way of the stop', () => {
  it('begins where it was set, and has a step where it was changed', () => {
    const timeline = [
      anAction(10, 'protection_changed', { details: { stop_loss: '49500', trailing_stop: 'none' } }),
      anAction(20, 'protection_changed', { details: { stop_loss: 'none' } }),
      anAction(25, 'protection_refused', { refused: true, details: { stop_loss: '51000' } }),
    ];
    expect(stopSteps({ position: aPosition(), timeline, updates: [] })).toEqual([
      { at: T0, price: '49000' },
      { at: T0 + 10_000, price: '49500' },
      { at: T0 + 20_000, price: null },
    ]);
  });

  it('is the tightest of what stands: a trailing stop takes over when it has passed the stop loss', () => {
    const trailing = { enabled: true, distance_percent: '2', current_trigger: '49980' };
    const updates = [aMove(9, '49490', '49980'), aMove(5, '48900', '49490')];
    expect(stopSteps({ position: aPosition({ trailing }), timeline: [], updates })).toEqual([
      { at: T0, price: '49000' },
      { at: T0 + 5_000, price: '49490' },
      { at: T0 + 9_000, price: '49980' },
    ]);
  });

  it('of a short is the lowest', () => {
    const trailing = { enabled: true, distance_percent: '2', current_trigger: '50900' };
    const risk = { initial_stop_loss: '51000', current_stop_loss: '51000' };
    const position = aPosition({ side: 'short', trailing, risk });
    expect(stopSteps({ position, timeline: [], updates: [] })).toEqual([{ at: T0, price: '50900' }]);
  });

  it('has the break-even stop from its activation on', () => {
    const even = { enabled: true, activation_profit_percent: '1', offset_percent: '0' };
    const risk = { break_even: { ...even, activated: true, activated_at: iso(7), stop_price: '50050' } };
    expect(stopSteps({ position: aPosition({ risk }), timeline: [], updates: [] })).toEqual([
      { at: T0, price: '49000' },
      { at: T0 + 7_000, price: '50050' },
    ]);
  });

  it('of a trailing stop that waits for a price begins with its first move', () => {
    const trailing = { enabled: true, activation_price: '51000', current_trigger: '50490' };
    const position = aPosition({ trailing, risk: { initial_stop_loss: null } });
    const steps = stopSteps({ position, timeline: [], updates: [aMove(8, '50490', '50500')] });
    expect(stopAt(steps, T0 + 7_999)).toBeNull();
    expect(stopAt(steps, T0 + 8_000)).toBe('50500');
  });

  it('ends with the close, and goes on with what the page has seen until then', () => {
    const closed = stopSteps({ position: aPosition({ closedAt: iso(30) }), timeline: [], updates: [] });
    expect(closed).toEqual([
      { at: T0, price: '49000' },
      { at: T0 + 30_000, price: null },
    ]);
    const open = stopSteps({ position: aPosition(), timeline: [], updates: [] });
    const seen = [
      { at: T0 - 1, price: '48000' },
      { at: T0 + 3_000, price: '49000' },
      { at: T0 + 4_000, price: '49100' },
    ];
    expect(withSeen(open, seen)).toEqual([...open, { at: T0 + 4_000, price: '49100' }]);
  });

  it('is drawn where it stood at the end of each interval; that of the close still shows it', () => {
    const steps = [
      { at: T0 + 1_500, price: '49000' },
      { at: T0 + 2_200, price: '49500' },
      { at: T0 + 3_400, price: null },
    ];
    const points = [0, 1, 2, 3, 4].map((second) => ({ time: at(second), candle: null }));
    const line = stopLine(steps, points, 1);
    expect(line.map(({ price }) => price)).toEqual([null, '49000', '49500', '49500', null]);
  });
});

describe('fills and levels', () => {
  const points = [0, 60, 120].map((second) => ({ time: at(second), candle: flat('50000') }));
  const entry = { order_id: 'entry', side: 'buy', role: 'entry', amount: '0.2', price: '50000' } as const;
  const exit = { ...entry, order_id: 'exit', side: 'sell', role: 'exit' } as const;

  it('those of one interval, side and cause are one arrow at their average price', () => {
    const fills = [
      { ...entry, timestamp: iso(5) },
      { ...entry, amount: '0.3', price: '50010', timestamp: iso(6) },
      { ...exit, amount: '0.5', price: '49000', timestamp: iso(70) },
      { ...entry, timestamp: iso(-500) },
      { ...exit, amount: '0.1', timestamp: iso(500) },
    ];
    const position = aPosition({ fills, orders: [{ order_id: 'exit', cause: 'stop_loss' }] });
    const { shown, before } = markersOf(position, points, 60);
    expect(shown.map(({ time, price, text }) => [time - at(0), price, text])).toEqual([
      [0, '50006', 'Buy 0.5'],
      [60, '49000', 'Sell 0.5 · stop loss'],
      [120, '50000', 'Sell 0.1 · stop loss'],
    ]);
    expect(before).toBe(1);
  });

  it('shows entry, targets that have not sold, and the liquidation', () => {
    const risk = {
      take_profits: [
        { price: '51000', share: '0.25', claimed: true },
        { price: '52000', share: '0.75', claimed: false },
      ],
      liquidation_price: '30000',
    };
    expect(levelLines(aPosition({ risk })).map(({ title, price }) => `${title} ${price}`)).toEqual([
      'entry 50000',
      'target 75 % 52000',
      'liquidation 30000',
    ]);
  });
});

describe('a stop that is moved', () => {
  it.each([
    ['49500.017', 'long', '49500.02'],
    ['49500.017', 'short', '49500.01'],
    [' 49500 ', 'long', '49500'],
  ] as const)('%s of a %s is sent as %s', (text, side, sent) => {
    expect(stopSent(text, side, '0.01')).toBe(sent);
  });

  it('a target goes the other way', () => {
    expect(targetSent('52000.017', 'long', '0.01')).toBe('52000.01');
    expect(targetSent('52000.017', 'short', '0.01')).toBe('52000.02');
  });

  it.each(['', 'abc', '1e5', '-5', '0', '1,5'])('"%s" is no price', (text) => {
    expect(stopSent(text, 'long', '0.01')).toBeNull();
  });

  it('dragged, it is on the tick that is nearest to the pointer', () => {
    expect(snapped(49_500.014_999, '0.01')).toBe('49500.01');
    expect(snapped(0.000_012_344, '0.00000001')).toBe('0.00001234');
    expect(snapped(-3, '0.5')).toBe('0.5');
  });

  it('is never off the tick, and what is on it comes back as it was', () => {
    const tick = fc.constantFrom('0.01', '0.5', '0.00000001', '1', '0.25');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 90_000_000 }), tick, (steps, size) => {
        const price = decimal(size).times(steps).toFixed();
        expect(snapped(drawn(price), size)).toBe(price);
        expect(isMultipleOf(decimal(snapped(drawn(price) * 1.000_37, size)), decimal(size))).toBe(true);
      }),
    );
  });

  it('goes by ticks with the keys', () => {
    const keys = ['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'a'];
    expect(keys.map((key) => ticksOfKey(key, 500))).toEqual([1, -1, 500, -500, 0]);
    expect(bigStep('50000', '0.01')).toBe(5_000);
    expect(bigStep('0.5', '0.1')).toBe(10);
    expect(nudged('49500.01', '0.01', -1)).toBe('49500');
    expect(nudged('0.02', '0.01', -10)).toBe('0.01');
  });
});
