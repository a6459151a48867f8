/** The specification's list of metrics ("Key Metrics to Track"), and that each of them is there with its value. */
import { expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
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
