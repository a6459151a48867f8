/** The specification's list of metrics ("Key Metrics to Track"), and that each of them is there with its value. */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { sendTimeMs } from '../../../shared/domain/orders.ts';
import type { SendAttempt } from '../../../shared/domain/types.ts';
import { makeMeasurePositions } from '../../../shared/usecases/measure-positions.ts';
import { Streamer } from '../../../shared/usecases/stream-prices/streamer.ts';
import { BTC, USER, World } from '../../support/fakes/world.ts';
import { feedTick, World as StreamWorld, settings, until } from './stream-prices/support.ts';

const d = (text: string) => new Decimal(text);

/** Of the order monitor, orders and positions. Gauges are measured, everything else is counted. */
const LISTED = [
  'om:checks_total',
  'om:stops_triggered',
  'om:positions_open',
  'om:orders_monitored',
  'om:positions_updated',
  'om:errors_total',
  'orders:placed_total',
  'orders:filled_total',
  'orders:cancelled_total',
  'orders:failed_total',
  'orders:fill_time_ms',
  'positions:pnl_realized',
  'positions:pnl_unrealized',
  'positions:duration_minutes',
] as const;
const OF_PRICES = ['ws:connected', 'ws:messages_total', 'ws:errors_total', 'ws:latency_ms'] as const;

it('every metric of orders, positions and their monitor is counted or measured', async () => {
  const world = new World();
  const stop = { stopLoss: { price: d('49000') } };
  await world.openPosition(stop, { idempotencyKey: 'stopped' });
  await world.openPosition({}, { idempotencyKey: 'kept' });
  const resting = await world.place({ type: 'limit', limitPrice: d('40000'), idempotencyKey: 'cancelled' });
  await world.pump();
  await world.useCases.cancelOrder({ userId: USER, orderId: resting.orderId });
  await world.pump();
  world.venue.faults = ['lost_before'];
  await world.place({ type: 'limit', limitPrice: d('40000'), idempotencyKey: 'failed' });
  await world.pump();
  await world.pass(130);
  world.tick('48900');
  await world.pump();
  // A sweep that cannot do its work, and those after it.
  const symbolsWithHits = world.index.symbolsWithHits.bind(world.index);
  world.index.symbolsWithHits = async () => ['NOPE/USDT'];
  const takeHits = world.index.takeHits.bind(world.index);
  world.index.takeHits = () => Promise.reject(new Error('no such symbol'));
  await world.pass(1);
  Object.assign(world.index, { symbolsWithHits, takeHits });
  world.tick('49100');
  await world.pass(10);
  const measured = await makeMeasurePositions(world.ports)();
  expect(measured).toMatchObject({ open: 1, unvalued: 0 });
  const values = world.counters.values;
  const found = LISTED.map((name) => [name, values.get(name) ?? values.get(`${name}:count`) ?? null]);
  expect(Object.fromEntries(found)).toEqual({
    'om:checks_total': expect.stringMatching(/^1\d\d$/),
    'om:stops_triggered': '1',
    'om:positions_open': '1',
    'om:orders_monitored': '0',
    'om:positions_updated': '2',
    'om:errors_total': '1',
    'orders:placed_total': '4',
    'orders:filled_total': '3',
    'orders:cancelled_total': '1',
    'orders:failed_total': '1',
    'orders:fill_time_ms': '3',
    'positions:pnl_realized': expect.stringMatching(/^-\d/),
    'positions:pnl_unrealized': expect.stringMatching(/^-\d/),
    'positions:duration_minutes': '1',
  });
  expect(values.get(`orders:placed_total:${BTC}:buy`)).toBe('3');
  expect(values.get(`orders:placed_total:${BTC}:sell`)).toBe('1');
  // From the first fill to the close: two minutes and some seconds.
  expect(values.get('positions:duration_minutes:5')).toBe('1');
  expect(values.get('positions:duration_minutes:sum')).toBe('2');
});

it('the gauges are right again after the cache was lost, and say what they leave out', async () => {
  const world = new World();
  const { positionId } = await world.openPosition();
  const measure = makeMeasurePositions(world.ports);
  world.counters.flush();
  await world.place({ type: 'limit', limitPrice: d('40000'), idempotencyKey: 'resting' });
  await world.pump();
  world.tick('51000');
  expect(await measure()).toMatchObject({ open: 1, unvalued: 0 });
  expect(world.counters.values.get('om:orders_monitored')).toBe('1');
  // Bought 0.5 at 50,000 with a fee of 25.
  expect(world.position(positionId).openFees.toFixed()).toBe('25');
  expect(world.counters.values.get('positions:pnl_unrealized')).toBe('475');
  world.prices.shown.clear();
  expect(await measure()).toMatchObject({ open: 1, unvalued: 1 });
  expect(world.counters.values.get('positions:pnl_unrealized')).toBe('0');
  expect(world.counters.values.get('positions:unvalued')).toBe('1');
  world.tick('51000');
  await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'a' });
  await world.pump();
  expect(await measure()).toMatchObject({ open: 0, unvalued: 0 });
});

/** What was told under a name, in order. */
const told = (world: World, name: string): readonly number[] =>
  world.metrics.flatMap((values) => values[name] ?? []);

it('the way of a tick to its order is measured from step to step', async () => {
  const world = new World();
  await world.openPosition({ stopLoss: { price: d('49000') } });
  await world.pump();
  expect(told(world, 'orders_decision_to_sent_ms')).toHaveLength(1);
  expect(told(world, 'exits_tick_to_decision_ms')).toEqual([]);
  world.tick('48900');
  world.now += 40;
  await world.useCases.evaluateHits(BTC);
  world.now += 25;
  await world.pump();
  expect(told(world, 'exits_tick_to_decision_ms')).toEqual([40]);
  expect(told(world, 'orders_decision_to_sent_ms').at(-1)).toBe(25);
});

it('an order that is sent again tells no time from its decision: what it waited for was no work of ours', async () => {
  const world = new World();
  world.tick('50000');
  const order = await world.place();
  const sent = { ...order, timings: { ...order.timings, sentAt: order.createdAt + 7 } };
  const send = (attempt: number) => ({ attempt }) as SendAttempt;
  expect(sendTimeMs({ ...sent, send: send(1) })).toBe(7);
  expect(sendTimeMs({ ...sent, send: send(2) })).toBeNull();
  expect(sendTimeMs({ ...order, send: send(1) })).toBeNull();
  expect(sendTimeMs({ ...sent, send: null })).toBeNull();
});

it('symbols with a position or an order are looked at for the age of their price', async () => {
  const world = new World();
  const measure = makeMeasurePositions(world.ports);
  world.prices.shown.clear();
  expect(await measure()).toMatchObject({ staleSymbols: 0 });
  await world.openPosition();
  world.tick('50000');
  world.now += 59_999;
  expect(await measure()).toMatchObject({ staleSymbols: 0 });
  world.now += 1;
  expect(await measure()).toMatchObject({ staleSymbols: 1 });
  // A stock has no price while its market sleeps: that is Saturday's.
  const spec = await world.symbols.find('demo', BTC);
  if (spec === null) throw new Error('no such symbol');
  Object.assign(world.symbols, { find: async () => ({ ...spec, symbol: 'AAPL' }) });
  expect(await measure()).toMatchObject({ staleSymbols: 1 });
  world.now = Date.UTC(2026, 0, 10, 12);
  expect(await measure()).toMatchObject({ staleSymbols: 0 });
  Object.assign(world.symbols, { find: async () => null });
  expect(await measure()).toMatchObject({ staleSymbols: 1 });
  // Who is without protection is told although the rules of the symbol cannot be read.
  Object.assign(world.symbols, { find: () => Promise.reject(new Error('not readable')) });
  expect(await measure()).toMatchObject({ open: 1, staleSymbols: 1 });
});

describe('a sweep', () => {
  const swept = (world: World) =>
    world.useCases.sweep({ shard: 0, second: Math.floor(world.now / 1000) }).then(() => world.metrics.at(-1));

  it('says once a minute that nothing is overdue or unknown', async () => {
    const world = new World();
    expect(await swept(world)).toEqual({ work_overdue_seconds: 0, orders_unknown_seconds: 0 });
    for (let second = 1; second < 60; second += 1) {
      world.now += 1_000;
      await swept(world);
    }
    expect(world.metrics).toHaveLength(1);
    world.now += 1_000;
    await swept(world);
    expect(world.metrics).toHaveLength(2);
  });

  it('says at once how long work has been overdue', async () => {
    const world = new World();
    world.tick('50000');
    await world.place();
    world.outbox.take();
    world.now += 65_000;
    expect(await swept(world)).toMatchObject({ work_overdue_seconds: 65 });
    // It was sent again, and is due later.
    world.now += 1_000;
    const before = world.metrics.length;
    await swept(world);
    expect(world.metrics).toHaveLength(before);
  });

  it('says for how long it has not been known what became of an order', async () => {
    const world = new World();
    world.tick('50000');
    const order = await world.place();
    world.venue.faults = ['lost_before'];
    await world.pump();
    const claimedAt = world.order(order.orderId).send?.claimedAt ?? 0;
    expect(world.order(order.orderId).unknown.since).toBe(claimedAt);
    world.now = claimedAt + 62_500;
    expect(await swept(world)).toMatchObject({ orders_unknown_seconds: 62 });
  });

  it('says it too where the cache is away', async () => {
    const world = new World();
    world.tick('50000');
    await world.place();
    world.outbox.take();
    world.now += 61_000;
    world.leases.once = () => Promise.reject(new Error('connection lost'));
    await expect(swept(world)).rejects.toThrow('connection lost');
    expect(told(world, 'work_overdue_seconds')).toEqual([61]);
  });
});

it('every metric of the price stream is shown', async () => {
  const world = new StreamWorld();
  const streamer = new Streamer(world.ports, settings());
  const running = streamer.run();
  await until(() => world.feeds[0]?.handlers !== undefined);
  void world.feeds[0]?.handlers?.onTick(feedTick(1, 600_000_000));
  await until(() => world.values.has('ws:latency_ms') && world.metrics.length > 1);
  for (const name of OF_PRICES)
    expect([name, world.values.has(name) || world.added.has(name)]).toEqual([name, true]);
  streamer.stop();
  await running;
});
