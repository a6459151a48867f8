import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkProtection } from '../../../shared/domain/check-protection.ts';
import type { Decimal } from '../../../shared/domain/money/decimal.ts';
import { applyEntryFill, applyExitFill, figures } from '../../../shared/domain/positions.ts';
import {
  activateBreakEven,
  breakEvenStop,
  breakEvenTrigger,
  changeProtection,
  hasProtection,
  NO_PROTECTION,
  roundProtection,
  stopPrice,
} from '../../../shared/domain/protection.ts';
import type { Position, PositionSide, Protection, Side } from '../../../shared/domain/types.ts';
import { BTC, d, newFill, newOrder, newPosition, T0 } from './builders.ts';

const text = (value: Decimal | null | undefined) => value?.toFixed() ?? null;
const protect = (change: Partial<Protection>): Protection => ({ ...NO_PROTECTION, ...change });
const stop = (price: string) => ({ stopLoss: { price: d(price) } });
const targets = (...rungs: readonly [string, string][]) => ({
  takeProfits: rungs.map(([price, share]) => ({ price: d(price), share: d(share) })),
});
const trailing = (percent: string, activation: string | null = null) => ({
  trailingStop: {
    distance: { percent: d(percent) },
    activationPrice: activation === null ? null : d(activation),
  },
});
const byAmount = (amount: string) => ({
  trailingStop: { distance: { amount: d(amount) }, activationPrice: null },
});
const evenAt = (activation: string, offset = '0') => ({
  breakEven: { activationProfitPercent: d(activation), offsetPercent: d(offset) },
});

function held(
  side: Side,
  protection: Partial<Protection>,
  fee = '25',
  price = '50000',
  quantity = '0.5',
): Position {
  const fill = newFill(price, quantity, { fee: { asset: 'USDT', amount: d(fee) } });
  return applyEntryFill(newPosition(side, protection), fill, newOrder({ side }), T0);
}

describe('checking', () => {
  const check = (
    change: Partial<Protection>,
    side: PositionSide = 'long',
    reference: Decimal | null = d(50_000),
  ) => checkProtection(protect(change), side, BTC, reference).map((e) => `${e.code} ${e.field}`);

  it('lets what makes sense pass', () => {
    const all = {
      ...stop('49000'),
      ...targets(['51000', '0.5'], ['52000', '0.5']),
      ...trailing('2', '51000'),
      ...evenAt('1', '0.1'),
    };
    expect(check(all)).toEqual([]);
    const mirrored = { ...stop('51000'), ...targets(['49000', '0.5']), ...byAmount('500'), ...evenAt('1') };
    expect(check(mirrored, 'short')).toEqual([]);
    expect(check({})).toEqual([]);
    expect([hasProtection(NO_PROTECTION), hasProtection(protect(evenAt('1')))]).toEqual([false, true]);
  });

  it.each<[string, Partial<Protection>, PositionSide, string[]]>([
    ['stop above', stop('50000'), 'long', ['stop_wrong_side protection.stop_loss']],
    ['stop below', stop('50000'), 'short', ['stop_wrong_side protection.stop_loss']],
    ['stop that rounds to the price', stop('49999.991'), 'long', ['stop_wrong_side protection.stop_loss']],
    ['stop of nothing', stop('0'), 'long', ['not_positive protection.stop_loss']],
    ['stop out of range', stop('90000000'), 'short', ['out_of_range protection.stop_loss']],
    ['target below', targets(['50000', '1']), 'long', ['target_wrong_side protection.take_profits.0.price']],
    [
      'target above',
      targets(['49000', '0.5'], ['50001', '0.5']),
      'short',
      ['target_wrong_side protection.take_profits.1.price'],
    ],
    ['target of nothing', targets(['0', '1']), 'short', ['not_positive protection.take_profits.0.price']],
    [
      'share of zero',
      targets(['51000', '0']),
      'long',
      ['share_out_of_range protection.take_profits.0.share'],
    ],
    [
      'shares above one',
      targets(['51000', '0.6'], ['52000', '0.6']),
      'long',
      ['shares_above_whole protection.take_profits'],
    ],
    [
      'a share above one',
      targets(['51000', '1.5']),
      'long',
      ['share_out_of_range protection.take_profits.0.share', 'shares_above_whole protection.take_profits'],
    ],
    [
      'distance of zero',
      trailing('0'),
      'long',
      ['percent_out_of_range protection.trailing_stop.distance_percent'],
    ],
    [
      'distance of all',
      trailing('100'),
      'long',
      ['percent_out_of_range protection.trailing_stop.distance_percent'],
    ],
    [
      'distance too fine',
      trailing('1.001'),
      'long',
      ['not_whole_basis_points protection.trailing_stop.distance_percent'],
    ],
    [
      'amount of zero',
      byAmount('0'),
      'long',
      ['distance_out_of_range protection.trailing_stop.distance_amount'],
    ],
    [
      'amount of the price',
      byAmount('50000'),
      'long',
      ['distance_out_of_range protection.trailing_stop.distance_amount'],
    ],
    [
      'amount off the tick',
      byAmount('0.015'),
      'long',
      ['not_on_tick protection.trailing_stop.distance_amount'],
    ],
    ['activation', trailing('1', '-1'), 'long', ['not_positive protection.trailing_stop.activation_price']],
    [
      'activation at the market',
      trailing('1', '50000'),
      'long',
      ['activation_wrong_side protection.trailing_stop.activation_price'],
    ],
    [
      'activation that rounds to the market',
      trailing('1', '50000.001'),
      'long',
      ['activation_wrong_side protection.trailing_stop.activation_price'],
    ],
    [
      'activation above',
      trailing('1', '50001'),
      'short',
      ['activation_wrong_side protection.trailing_stop.activation_price'],
    ],
    [
      'break-even at zero',
      evenAt('0'),
      'long',
      ['percent_out_of_range protection.break_even.activation_profit_percent'],
    ],
    [
      'offset below zero',
      evenAt('1', '-1'),
      'long',
      ['percent_out_of_range protection.break_even.offset_percent'],
    ],
    [
      'offset beyond',
      evenAt('1', '1'),
      'long',
      ['offset_beyond_activation protection.break_even.offset_percent'],
    ],
  ])('%s', (_name, change, side, expected) => {
    expect(check(change, side)).toEqual(expected);
  });

  it('without a price looks only at what it can know', () => {
    expect(check(stop('60000'), 'long', null)).toEqual([]);
    expect(check(byAmount('60000'), 'long', null)).toEqual([]);
    expect(check(trailing('1', '40000'), 'long', null)).toEqual([]);
    expect(check({ ...stop('52000'), ...targets(['51000', '1']) }, 'long', null)).toEqual([
      'target_wrong_side protection.take_profits.0.price',
    ]);
  });
});

describe('rounding', () => {
  it('goes to the tick that triggers earlier', () => {
    const given = protect({
      ...stop('49000.001'),
      ...targets(['51000.009', '1']),
      ...trailing('2', '51000.009'),
    });
    const long = roundProtection(given, 'long', BTC);
    expect(
      [long.stopLoss?.price, long.takeProfits[0]?.price, long.trailingStop?.activationPrice].map(text),
    ).toEqual(['49000.01', '51000', '51000']);
    const short = roundProtection(given, 'short', BTC);
    expect(
      [short.stopLoss?.price, short.takeProfits[0]?.price, short.trailingStop?.activationPrice].map(text),
    ).toEqual(['49000', '51000.01', '51000.01']);
    expect(roundProtection(NO_PROTECTION, 'long', BTC)).toEqual(NO_PROTECTION);
    expect(roundProtection(protect(trailing('2')), 'long', BTC).trailingStop?.activationPrice).toBeNull();
  });
});

describe('break-even', () => {
  it('activates at the profit and moves the stop to entry + fees + offset', () => {
    const p = held('buy', { ...stop('49000'), ...evenAt('1', '0.1') });
    expect(text(breakEvenTrigger(p, BTC))).toBe('50500');
    expect(text(stopPrice(p)?.price)).toBe('49000');
    const active = activateBreakEven(p, T0 + 5, BTC);
    // 25,025 spent; at 0.1 % a sale at 50,100.1001 brings it back; the offset is 0.1 % of 50,000.
    expect(text(active.breakEvenStop)).toBe('50150.11');
    expect(stopPrice(active)).toMatchObject({ levelName: 'break_even' });
    expect(active).toMatchObject({ breakEvenActivatedAt: T0 + 5, levelsVersion: p.levelsVersion + 1 });
    expect(breakEvenTrigger(active, BTC)).toBeNull();
    expect(activateBreakEven(active, T0 + 9, BTC)).toBe(active);
  });

  it('mirrors for a short', () => {
    const p = held('sell', { ...stop('51000'), ...evenAt('1', '0.1') });
    expect(text(breakEvenTrigger(p, BTC))).toBe('49500');
    expect(text(activateBreakEven(p, T0, BTC).breakEvenStop)).toBe('49850.09');
  });

  it('does nothing without a rule or a holding', () => {
    const bare = held('buy', stop('49000'));
    expect(activateBreakEven(bare, T0, BTC)).toBe(bare);
    expect(breakEvenTrigger(bare, BTC)).toBeNull();
    const empty = newPosition('buy', evenAt('1'));
    expect(activateBreakEven(empty, T0, BTC)).toBe(empty);
    expect(breakEvenTrigger(empty, BTC)).toBeNull();
    expect(() => breakEvenStop(empty, BTC)).toThrow(/holds nothing/);
  });

  it('the tightest stop wins, and a tie is the stop loss', () => {
    const p = held('buy', stop('50200'));
    expect(stopPrice({ ...p, breakEvenStop: d(50_100) })).toMatchObject({ levelName: 'stop_loss' });
    expect(stopPrice({ ...p, breakEvenStop: d(50_200) })).toMatchObject({ levelName: 'stop_loss' });
    expect(stopPrice({ ...p, breakEvenStop: d(50_300) })).toMatchObject({ levelName: 'break_even' });
    const short = held('sell', stop('49800'));
    expect(stopPrice({ ...short, breakEvenStop: d(49_700) })).toMatchObject({ levelName: 'break_even' });
    expect(stopPrice(held('buy', {}))).toBeNull();
  });

  it('only tightens, and closing at it loses nothing after fees', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Side>('buy', 'sell'),
        fc.integer({ min: 100_000, max: 20_000_000 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 500 }),
        fc.integer({ min: 100_000, max: 20_000_000 }),
        (side, cents, steps, feeBp, offsetBp, before) => {
          const [price, quantity] = [d(cents).dividedBy(100), d(steps).dividedBy(100_000)];
          const rate = d(feeBp).dividedBy(10_000);
          const fee = price.times(quantity).times(rate);
          const offset = d(offsetBp).dividedBy(100).toFixed();
          const p = held(side, evenAt('50', offset), fee.toFixed(), price.toFixed(), quantity.toFixed());
          const at = breakEvenStop(p, BTC);
          const order = newOrder({ side: side === 'buy' ? 'sell' : 'buy', role: 'exit' });
          const exitFee = { asset: 'USDT', amount: at.times(quantity).times(rate) };
          const closed = applyExitFill(
            p,
            newFill(at.toFixed(), quantity.toFixed(), { fee: exitFee }),
            order,
            T0,
          );
          expect(figures(closed, null).realizedPnl.greaterThanOrEqualTo('-0.000000000001')).toBe(true);
          const old = d(before).dividedBy(100);
          const next = breakEvenStop({ ...p, breakEvenStop: old }, BTC);
          expect(side === 'buy' ? next.greaterThanOrEqualTo(old) : next.lessThanOrEqualTo(old)).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('changing', () => {
  const before = {
    ...stop('49000'),
    ...targets(['51000', '0.5'], ['52000', '0.5']),
    ...trailing('2'),
    ...evenAt('1'),
  };
  const arming = (tick: number) => ({ tick, at: T0, peak: null });
  const armed: Position = {
    ...held('buy', before),
    armedVersion: 1,
    claimedRungs: [0, 1],
    armings: {
      stop_loss: arming(1),
      'take_profit:0': arming(2),
      'take_profit:1': arming(3),
      trailing_stop: arming(4),
      break_even_trigger: arming(5),
      break_even: arming(6),
    },
  };
  const change = (next: Partial<Protection>) =>
    changeProtection(armed, protect({ ...before, ...next }), T0 + 9);

  it('of nothing is nothing', () => {
    expect(change({})).toBe(armed);
  });

  it('drops the armings of what changed and keeps the others', () => {
    const next = change({ ...stop('49500'), ...targets(['51000', '0.5'], ['53000', '0.5']) });
    expect(Object.keys(next.armings).sort()).toEqual([
      'break_even',
      'break_even_trigger',
      'take_profit:0',
      'trailing_stop',
    ]);
    expect(next).toMatchObject({ levelsVersion: 2, claimedRungs: [0], updatedAt: T0 + 9 });
    expect(Object.keys(change(trailing('1')).armings)).not.toContain('trailing_stop');
    expect(Object.keys(change(byAmount('100')).armings)).not.toContain('trailing_stop');
    expect(change({ takeProfits: [] })).toMatchObject({ claimedRungs: [] });
    expect(Object.keys(change({ stopLoss: null, trailingStop: null }).armings)).not.toContain('stop_loss');
    expect(change(targets(['51000', '0.4'], ['52000', '0.5'])).armings).toEqual(armed.armings);
  });

  it('of the price that triggers arms everything anew', () => {
    expect(change({ triggerPrice: 'last' })).toMatchObject({ armings: {}, levelsVersion: 2 });
  });

  it('without break-even takes its stop away; another rule keeps it', () => {
    const active = activateBreakEven(armed, T0 + 1, BTC);
    const gone = changeProtection(active, protect({ ...before, breakEven: null }), T0 + 2);
    expect([gone.breakEvenStop, gone.breakEvenActivatedAt, gone.armings['break_even']]).toEqual([
      null,
      null,
      undefined,
    ]);
    const other = changeProtection(active, protect({ ...before, ...evenAt('2') }), T0 + 2);
    expect(text(other.breakEvenStop)).toBe(text(active.breakEvenStop));
    expect(other.armings['break_even_trigger']).toBeUndefined();
    const offset = changeProtection(active, protect({ ...before, ...evenAt('1', '0.5') }), T0 + 2);
    expect(offset.levelsVersion).toBe(active.levelsVersion + 1);
  });
});
