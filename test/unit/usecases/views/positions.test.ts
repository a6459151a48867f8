import { beforeEach, describe, expect, it } from 'vitest';
import { builtInDirectory } from '../../../../shared/adapters/symbols/built-in.ts';
import { applyEntryFill, applyExitFill, maybeClose } from '../../../../shared/domain/positions.ts';
import { symbolRegistry } from '../../../../shared/domain/symbols.ts';
import type { Bar, Units } from '../../../../shared/domain/triggers/types.ts';
import { decimalToUnits } from '../../../../shared/domain/triggers/units.ts';
import type { Fill, Order, Position } from '../../../../shared/domain/types.ts';
import type { CachedPrice } from '../../../../shared/ports/trigger-index.ts';
import { makeReadPositions, type PositionDetail } from '../../../../shared/usecases/views/read-positions.ts';
import { MemoryPrices, MemoryTape } from '../../../support/fakes/memory-cache.ts';
import { MemoryLedger } from '../../../support/fakes/memory-ledger.ts';
import {
  accepted,
  apply,
  BTC,
  claimed,
  d,
  filled,
  newFill,
  newOrder,
  newPosition,
  newTrigger,
  T0,
} from '../../domain/builders.ts';

const MINUTE = 60_000;
const usdt = (amount: string) => ({ asset: 'USDT', amount: d(amount) });

const units = (price: string): Units => {
  const parsed = decimalToUnits(d(price), BTC.unitExponent, 'half_even');
  if (!parsed.ok) throw new Error(parsed.error.code);
  return parsed.value;
};
const all = (price: string) => ({
  bid: units(price),
  ask: units(price),
  last: units(price),
  mid: units(price),
});
const aBar = (second: number, low: string, high: string, close: string): Bar => ({
  second,
  low: all(low),
  high: all(high),
  close: all(close),
  firstTick: second,
  lastTick: second,
  count: 1,
});

const aPrice = (last: string, change: Partial<CachedPrice> = {}): CachedPrice => ({
  symbol: 'BTC/USDT',
  bid: last,
  ask: last,
  last,
  bidSize: '',
  askSize: '',
  source: 'replay',
  quoted: false,
  tickId: 42,
  at: T0 + MINUTE,
  recordedAt: 0,
  ...change,
});

/** Time is set by the test. */
class World {
  now = T0 + MINUTE;
  readonly ledger = new MemoryLedger();
  readonly prices = new MemoryPrices({ now: () => this.now });
  readonly tape = new MemoryTape();
  readonly read = makeReadPositions({
    ledger: this.ledger,
    prices: this.prices,
    tape: this.tape,
    symbols: builtInDirectory(symbolRegistry()),
    clock: { now: () => this.now },
  });

  put(position: Position, ...orders: readonly { order: Order; fills: readonly Fill[] }[]): void {
    this.ledger.positionItems.set(position.positionId, position);
    for (const { order, fills } of orders) {
      this.ledger.orderItems.set(order.orderId, order);
      this.ledger.fillItems.set(order.orderId, fills);
    }
  }

  async get(): Promise<PositionDetail> {
    const found = await this.read.get('user-1', 'position-1');
    if (found === null) throw new Error('no position');
    return found;
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

const entryFill = newFill('50000', '0.5', { tradeId: 't1', fee: usdt('25'), tickId: 5 });
const entryOrder = apply(
  newOrder({ quantity: d('0.5'), referencePrice: d('50000') }),
  claimed(),
  accepted(),
  filled(entryFill),
);
const entry = { order: entryOrder, fills: [entryFill] };
const held = (protection = {}) => applyEntryFill(newPosition('buy', protection), entryFill, entryOrder, T0);

describe("the specification's example", () => {
  it('shows 475 (1.9 %) at 51,000', async () => {
    world.put({ ...held(), entryLive: false }, entry);
    world.prices.shown.set('BTC/USDT', aPrice('51000'));
    const view = await world.get();
    expect(view.entry).toMatchObject({
      price: '50000',
      amount: '0.5',
      value: '25000',
      fees: '25',
      fee_currency: 'USDT',
      market_conditions: { price: '50000', volume_24h: null },
    });
    expect(view.current).toMatchObject({
      price: '51000',
      value: '25500',
      unrealized_pnl: '475',
      unrealized_pnl_percent: '1.9',
      time_held_minutes: 1,
      risk_level: 'medium',
    });
    expect(view.exit).toBeNull();
    expect(view.exit_trigger).toBeNull();
  });

  it('shows 699.25 (2.797 %) sold at 51,500', async () => {
    const exitFill = newFill('51500', '0.5', { tradeId: 't2', fee: usdt('25.75'), at: T0 + 2 * MINUTE });
    const trigger = newTrigger({ levelName: 'take_profit:0', level: d('51500'), price: d('51500') });
    const exitOrder = apply(
      newOrder({
        orderId: 'exit-1',
        side: 'sell',
        role: 'exit',
        quantity: d('0.5'),
        exit: { cause: 'take_profit', flatten: false, trigger, resident: false },
        createdAt: T0 + MINUTE,
      }),
      claimed(),
      accepted(),
      filled(exitFill),
    );
    const open = { ...held(), entryLive: false, exitOrderIds: ['exit-1'], exitCause: 'take_profit' as const };
    const closed = maybeClose(applyExitFill(open, exitFill, exitOrder, exitFill.at), BTC, null, exitFill.at);
    world.put(closed, entry, { order: exitOrder, fills: [exitFill] });
    world.now = T0 + 5 * MINUTE;
    const view = await world.get();
    expect(view.status).toBe('closed');
    expect(view.exit).toMatchObject({
      order_id: 'exit-1',
      price: '51500',
      amount: '0.5',
      value: '25750',
      fees: '25.75',
      reason: 'take_profit',
      realized_pnl: '699.25',
      realized_pnl_percent: '2.797',
      time_held_minutes: 2,
    });
    expect(view.statistics).toMatchObject({
      total_fees: '50.75',
      fee_currency: 'USDT',
      max_favorable_excursion: '1500',
      max_favorable_excursion_quote: '750',
    });
    expect(view.exit_trigger).toMatchObject({
      level_name: 'take_profit:0',
      price: '51500',
      tick_id: 7,
      armed_tick_id: 3,
    });
    expect(view.orders.map((order) => [order.order_id, order.role])).toEqual([
      ['order-1', 'entry'],
      ['exit-1', 'exit'],
    ]);
    expect(view.fills.map((fill) => [fill.order_id, fill.trade_id, fill.tick_id])).toEqual([
      ['order-1', 't1', 5],
      ['exit-1', 't2', null],
    ]);
  });
});

describe('a position between fills and price', () => {
  it('has no figures without a price, and says so with null', async () => {
    world.put(held(), entry);
    expect((await world.get()).current).toMatchObject({
      price: null,
      value: null,
      unrealized_pnl: null,
      tick_id: null,
    });
  });

  it('is marked at the middle where there is a quote, else at the last price', async () => {
    world.put(held(), entry);
    const quoted = { bid: '50999', ask: '51001', last: '50000' };
    world.prices.shown.set('BTC/USDT', aPrice('50000', { ...quoted, quoted: true }));
    expect((await world.get()).current.price).toBe('51000');
    world.prices.shown.set('BTC/USDT', aPrice('50000', { ...quoted, quoted: false }));
    expect((await world.get()).current.price).toBe('50000');
  });

  it('is not there for anyone else', async () => {
    world.put(held(), entry);
    expect(await world.read.get('user-2', 'position-1')).toBeNull();
    expect(await world.read.get('user-1', 'position-2')).toBeNull();
    const query = { limit: 10, cursor: null };
    expect((await world.read.list('user-2', query)).items).toEqual([]);
    expect((await world.read.list('user-1', query)).items).toHaveLength(1);
  });

  it('shows what closes it while it is closing', async () => {
    const trigger = newTrigger();
    world.put(
      {
        ...held(),
        status: 'closing',
        flatten: {
          cause: 'stop_loss',
          price: d('48999.5'),
          trigger,
          at: T0,
          step: 0,
          retryAt: null,
          shortage: null,
          limit: null,
        },
      },
      entry,
    );
    const view = await world.get();
    expect(view.closing).toMatchObject({ cause: 'stop_loss', price: '48999.5' });
    expect(view.exit_trigger).toMatchObject({ level: '49000', price: '48999.5', tick_id: 7 });
    expect(view.exit).toBeNull();
  });

  it('lists without the tape, with the same figures', async () => {
    world.put(held(), entry);
    world.prices.shown.set('BTC/USDT', aPrice('51000'));
    const [item] = (await world.read.list('user-1', { limit: 10, cursor: null })).items;
    const { current } = await world.get();
    expect(item?.current).toMatchObject({ unrealized_pnl: '475', unrealized_pnl_percent: '1.9' });
    expect(current).toMatchObject(item?.current ?? {});
    expect(item).not.toHaveProperty('statistics');
  });
});

describe('the tape', () => {
  const second = Math.floor(T0 / 1000);

  it('gives water marks, drawdown and the trailing stop from whole bars after the fill', async () => {
    world.put(held({ trailingStop: { distance: { percent: d('2') }, activationPrice: null } }), entry);
    world.prices.shown.set('BTC/USDT', aPrice('51000'));
    world.prices.tape.set('BTC/USDT', [
      aBar(second, '1', '99999', '50000'),
      aBar(second + 1, '49800', '50100', '50000'),
      aBar(second + 2, '50000', '51500', '51500'),
    ]);
    const view = await world.get();
    expect(view.current).toMatchObject({
      high_water_mark: '51500',
      low_water_mark: '49800',
      max_drawdown_percent: '0.9709',
    });
    expect(view.risk_management.trailing_stop).toMatchObject({
      enabled: true,
      distance_percent: '2',
      current_trigger: '50470',
      peak: '51500',
    });
    expect(view.statistics).toMatchObject({
      max_favorable_excursion: '1500',
      max_adverse_excursion: '-200',
      max_adverse_excursion_quote: '-100',
    });
  });

  it('has water marks of one price: they never come back from where the mark was', async () => {
    world.put(held(), entry);
    world.prices.tape.set('BTC/USDT', [aBar(second + 1, '50100', '50200', '50200')]);
    const quote = { bid: '50200', ask: '50600', quoted: true };
    world.prices.shown.set('BTC/USDT', aPrice('50600', quote));
    const { current, statistics } = await world.get();
    expect(current).toMatchObject({ price: '50400', high_water_mark: '50200', low_water_mark: '50000' });
    expect(statistics).toMatchObject({ max_favorable_excursion: '200', max_adverse_excursion: '0' });
  });

  it('continues with whole minutes where the seconds are gone', async () => {
    world.put(held(), entry);
    const minute = Math.ceil((second + 1) / 60);
    const row = (at: number, low: string, high: string) => ({
      minute: at,
      low: all(low),
      high: all(high),
      close: all(high),
      firstTick: 1,
      lastTick: 2,
      count: 2,
    });
    await world.tape.merge('BTC/USDT', row(minute - 1, '1', '99999'));
    await world.tape.merge('BTC/USDT', row(minute, '49000', '52000'));
    await world.tape.merge('BTC/USDT', row(minute + 1, '2', '99998'));
    world.prices.tape.set('BTC/USDT', [aBar((minute + 1) * 60 + 30, '49500', '49600', '49600')]);
    expect((await world.get()).current).toMatchObject({ high_water_mark: '52000', low_water_mark: '49000' });
  });

  it('loses no extreme of the minute in which the seconds begin', async () => {
    world.put(held(), entry);
    const minute = Math.ceil((second + 1) / 60);
    const of = (price: string) => ({ low: all(price), high: all(price), close: all(price) });
    const ticks = { firstTick: 1, lastTick: 2, count: 2 };
    await world.tape.merge('BTC/USDT', { minute, ...of('50000'), ...ticks, high: all('53000') });
    // The first half of the minute has left the cache, and the high was in it.
    world.prices.tape.set('BTC/USDT', [
      aBar(minute * 60 + 30, '49500', '49600', '49600'),
      aBar(minute * 60 + 61, '49400', '49700', '49600'),
    ]);
    world.now = (minute * 60 + 62) * 1000;
    expect((await world.get()).current).toMatchObject({ high_water_mark: '53000', low_water_mark: '49400' });
  });
});
