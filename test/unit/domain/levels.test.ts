import { describe, expect, it } from 'vitest';
import {
  confirmArmed,
  hitCause,
  hitStands,
  levelsOf,
  parseMember,
  rungOf,
  wantsLevels,
} from '../../../shared/domain/levels.ts';
import { orderLevels } from '../../../shared/domain/order-levels.ts';
import { applyEntryFill } from '../../../shared/domain/positions.ts';
import { checkLevel } from '../../../shared/domain/triggers/rules.ts';
import type { Hit, Level, Tick, Units } from '../../../shared/domain/triggers/types.ts';
import type { Order, OrderType, Position, Protection, Side } from '../../../shared/domain/types.ts';
import { accepted, apply, BTC, claimed, d, filled, newFill, newOrder, newPosition, T0 } from './builders.ts';

const orderLevel = (order: Order, spec: typeof BTC): Level | null => orderLevels(order, spec)[0] ?? null;

const FULL: Partial<Protection> = {
  stopLoss: { price: d('49000') },
  takeProfits: [
    { price: d('51000'), share: d('0.5') },
    { price: d('52000'), share: d('0.5') },
  ],
  trailingStop: { distance: { percent: d('1.25') }, activationPrice: d('50500') },
  breakEven: { activationProfitPercent: d(1), offsetPercent: d(0) },
};
const held = (protection: Partial<Protection> = FULL, side: Side = 'buy'): Position => ({
  ...applyEntryFill(newPosition(side, protection), newFill('50000', '0.5'), newOrder({ side }), T0),
  updatedAt: T0 + 3,
});
const show = (l: Level) =>
  l.kind === 'fixed'
    ? `${parseMember(l.member).levelName} ${l.source} ${l.direction} ${l.price}`
    : `${parseMember(l.member).levelName} ${l.source} ${l.side} ${JSON.stringify(l.distance)} from ${l.activation} peak ${l.peak}`;

describe('the levels of a position', () => {
  it('are its stop, its targets, its trailing stop and the break-even trigger, in units', () => {
    expect(levelsOf(held(), BTC).map(show)).toEqual([
      'stop_loss bid falls 490000000',
      'take_profit:0 bid rises 510000000',
      'take_profit:1 bid rises 520000000',
      'trailing_stop bid long {"bp":125} from 505000000 peak null',
      'break_even_trigger bid rises 505000000',
    ]);
    for (const level of levelsOf(held(), BTC)) {
      expect(level).toMatchObject({ version: 1, armedTick: -1, armedAt: T0 + 3 });
      expect(level.member.startsWith('position-1|')).toBe(true);
      expect(() => checkLevel(level)).not.toThrow();
    }
  });

  it('mirror for a short, and follow the chosen price', () => {
    const short: Partial<Protection> = {
      stopLoss: { price: d('51000') },
      takeProfits: [{ price: d('49000'), share: d(1) }],
      trailingStop: { distance: { amount: d('500') }, activationPrice: null },
      breakEven: { activationProfitPercent: d(1), offsetPercent: d(0) },
    };
    expect(levelsOf(held(short, 'sell'), BTC).map(show)).toEqual([
      'stop_loss ask rises 510000000',
      'take_profit:0 ask falls 490000000',
      'trailing_stop ask short {"units":5000000} from null peak null',
      'break_even_trigger ask falls 495000000',
    ]);
    expect(levelsOf(held({ ...FULL, triggerPrice: 'mid' }), BTC)[0]?.source).toBe('mid');
    expect(levelsOf(held({ ...FULL, triggerPrice: 'last' }, 'sell'), BTC)[0]?.source).toBe('last');
  });

  it('go on from what the armings know', () => {
    const p = {
      ...held(),
      armings: {
        stop_loss: { tick: 17, at: T0 + 1, peak: null },
        trailing_stop: { tick: 18, at: T0 + 2, peak: d('50600.5') },
      },
    };
    const [stop, , , trailing] = levelsOf(p, BTC);
    expect(stop).toMatchObject({ armedTick: 17, armedAt: T0 + 1 });
    expect(trailing).toMatchObject({ armedTick: 18, armedAt: T0 + 2, peak: 506_005_000 });
  });

  it('leave out claimed rungs and what break-even has done', () => {
    const p = { ...held(), claimedRungs: [0], breakEvenActivatedAt: T0, breakEvenStop: d('50100') };
    expect(levelsOf(p, BTC).map((l) => parseMember(l.member).levelName)).toEqual([
      'break_even',
      'take_profit:1',
      'trailing_stop',
    ]);
  });

  it('are none without a holding, a goal or a protection', () => {
    const flatten = {
      cause: 'manual',
      price: null,
      trigger: null,
      at: T0,
      step: 0,
      retryAt: null,
      shortage: null,
      limit: null,
    } as const;
    expect(levelsOf(newPosition('buy', FULL), BTC)).toEqual([]);
    expect(levelsOf({ ...held(), status: 'closing', flatten }, BTC)).toEqual([]);
    expect(levelsOf({ ...held(), status: 'closed' }, BTC)).toEqual([]);
    expect(levelsOf(held({}), BTC)).toEqual([]);
    const done = { ...held({ breakEven: FULL.breakEven ?? null }), breakEvenActivatedAt: T0 };
    expect(wantsLevels(done)).toBe(false);
    expect(wantsLevels(held({ trailingStop: FULL.trailingStop ?? null }))).toBe(true);
  });

  it('a price that no level can have is a bug, and says so', () => {
    expect(() => levelsOf(held({ stopLoss: { price: d('90000000') } }), BTC)).toThrow(/too_large/);
  });
});

describe('confirming', () => {
  it('keeps the first arming of a level, and hears only of its own version', () => {
    const first = { tick: 5, at: T0 + 5, peak: null };
    const p = confirmArmed(held(), 1, { stop_loss: first }, T0 + 6);
    expect(p).toMatchObject({ armedVersion: 1, armings: { stop_loss: first }, updatedAt: T0 + 6 });
    expect(confirmArmed(p, 1, { stop_loss: { ...first, tick: 9 } }, T0 + 7)).toBe(p);
    const changed = { ...p, levelsVersion: 2 };
    expect(confirmArmed(changed, 1, {}, T0 + 8)).toBe(changed);
    const again = confirmArmed(changed, 2, { stop_loss: { ...first, tick: 9 } }, T0 + 8);
    expect(again).toMatchObject({ armedVersion: 2, armings: { stop_loss: first } });
  });
});

describe('the level of an order', () => {
  const resting = (side: Side, type: OrderType, price: string | null): Order => {
    const at = price === null ? null : d(price);
    const [limitPrice, stopPrice] = type === 'limit' ? [at, null] : [null, at];
    return apply(newOrder({ side, type, limitPrice, stopPrice }), claimed(), accepted(T0 + 4));
  };

  it.each<[Side, OrderType, string]>([
    ['buy', 'limit', 'order ask falls 490000000'],
    ['sell', 'limit', 'order bid rises 490000000'],
    ['sell', 'stop_loss', 'order bid falls 490000000'],
    ['buy', 'stop_loss', 'order ask rises 490000000'],
    ['sell', 'take_profit', 'order bid rises 490000000'],
    ['buy', 'take_profit', 'order ask falls 490000000'],
  ])('%s %s: %s', (side, type, expected) => {
    const level = orderLevel(resting(side, type, '49000'), BTC);
    expect(level && show(level)).toBe(expected);
    expect(level).toMatchObject({ member: 'order-1|order', version: 1, armedTick: -1, armedAt: T0 + 4 });
  });

  it('goes on from its arming; a cancelling order still has one', () => {
    const armed = apply(resting('buy', 'limit', '49000'), { kind: 'armed', at: T0 + 6, tick: 11 });
    const cancelling = apply({ ...armed, version: 7 }, { kind: 'cancel_wanted', at: T0 + 7, cause: 'api' });
    expect(orderLevel(cancelling, BTC)).toMatchObject({ version: 7, armedTick: 11, armedAt: T0 + 6 });
  });

  it('a market order that filled in part waits for any tick', () => {
    const market = resting('sell', 'market', null);
    expect(orderLevel(market, BTC)).toBeNull();
    const partly = apply(market, filled(newFill('50000', '0.4')));
    const level = orderLevel(partly, BTC);
    expect(level && show(level)).toBe('order bid rises 1');
    expect(() => level && checkLevel(level)).not.toThrow();
  });

  it('a stop that was reached and filled in part waits for any tick, also back above its price', () => {
    const partly = apply(resting('sell', 'stop_loss', '49000'), filled(newFill('48900', '0.4')));
    const level = orderLevel(partly, BTC);
    expect(level && show(level)).toBe('order bid rises 1');
  });

  it('is none before the venue has it, after its end, or without a price', () => {
    expect(orderLevel(newOrder({ type: 'limit', limitPrice: d(1) }), BTC)).toBeNull();
    expect(orderLevel(apply(newOrder({ type: 'limit', limitPrice: d(1) }), claimed()), BTC)).toBeNull();
    expect(orderLevel(apply(resting('buy', 'limit', '1'), filled(newFill('1', '1'))), BTC)).toBeNull();
    expect(orderLevel(resting('buy', 'limit', null), BTC)).toBeNull();
  });
});

describe('members', () => {
  it('come apart, or are refused', () => {
    expect(parseMember('0Ab|take_profit:0')).toEqual({ ownerId: '0Ab', levelName: 'take_profit:0' });
    for (const bad of ['', 'x', '|order', 'x|']) expect(() => parseMember(bad)).toThrow(/not a level/);
  });

  it('say why a position exits', () => {
    expect(
      ['stop_loss', 'break_even', 'trailing_stop', 'take_profit:3', 'break_even_trigger', 'order'].map(
        hitCause,
      ),
    ).toEqual(['stop_loss', 'break_even', 'trailing_stop', 'take_profit', null, null]);
    expect([rungOf('take_profit:3'), rungOf('take_profit:'), rungOf('take_profit:x')]).toEqual([
      3,
      null,
      null,
    ]);
  });
});

describe('a hit that comes late', () => {
  const u = (n: number) => n as Units;
  const tick: Tick = {
    id: 50,
    bid: u(489_990_000),
    ask: u(490_000_000),
    last: u(490_000_000),
    at: T0,
    bidSize: '',
    askSize: '',
    recordedAt: 0,
  };
  const hit = (change: Partial<Hit> = {}): Hit => ({
    member: 'position-1|stop_loss',
    version: 1,
    cause: 'tick',
    source: 'bid',
    level: u(490_000_000),
    price: u(489_990_000),
    peak: null,
    armedTick: 5,
    tick,
    ...change,
  });
  const p = { ...held(), levelsVersion: 3 };

  it('stands while its level is the same, whatever else has changed', () => {
    expect(hitStands(p, hit({ version: 3 }), BTC)).toBe(true);
    expect(hitStands(p, hit(), BTC)).toBe(true);
    expect(hitStands(p, hit({ level: u(480_000_000) }), BTC)).toBe(false);
    expect(hitStands(p, hit({ source: 'ask' }), BTC)).toBe(false);
    expect(hitStands(p, hit({ version: 4 }), BTC)).toBe(false);
    expect(hitStands(p, hit({ member: 'position-2|stop_loss' }), BTC)).toBe(false);
    expect(hitStands(p, hit({ member: 'position-1|break_even' }), BTC)).toBe(false);
  });

  it('of a trailing stop stands while its distance is the same', () => {
    const member = 'position-1|trailing_stop';
    // 1.25 % below 52,000.
    expect(hitStands(p, hit({ member, peak: u(520_000_000), level: u(513_500_000) }), BTC)).toBe(true);
    expect(hitStands(p, hit({ member, peak: u(520_000_000), level: u(514_800_000) }), BTC)).toBe(false);
    expect(hitStands(p, hit({ member, level: u(513_500_000) }), BTC)).toBe(false);
  });
});
