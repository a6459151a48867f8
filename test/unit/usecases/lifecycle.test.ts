/** Whole lives of orders: each way to end, from each state, with its history and what is counted. */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { Order } from '../../../shared/domain/types.ts';
import { USER, World } from '../../support/fakes/world.ts';

const d = (text: string) => new Decimal(text);
const bid = { type: 'limit', limitPrice: d('40000'), quantity: d('1') } as const;

function started(): World {
  const world = new World({ exchange: {} });
  world.tick('50000');
  return world;
}
const clientId = (order: Order): string => `mq${order.orderId}-1`;
const cancel = (world: World, { orderId }: Order) => world.useCases.cancelOrder({ userId: USER, orderId });
const life = (world: World, { orderId }: Order): string =>
  world
    .order(orderId)
    .statusHistory.map((entry) => `${entry.status} (${entry.cause})`)
    .join(', ');

describe('a cancel', () => {
  it('of a pending order ends it where it is', async () => {
    const world = started();
    const order = await world.place(bid);
    await cancel(world, order);
    await world.pump();
    expect(life(world, order)).toBe('pending (api), cancelled (api)');
    expect(world.position(order.positionId).status).toBe('closed');
  });

  it('of one whose answer is lost waits for the venue, and then cancels what is there', async () => {
    const world = started();
    world.venue.faults = ['lost_after'];
    const order = await world.place(bid);
    await world.pump();
    await cancel(world, order);
    await world.pass(10);
    // Before the fence nothing is settled by any answer.
    expect(world.order(order.orderId).status).toBe('cancelling');
    await world.pass(30);
    expect(life(world, order)).toBe(
      'pending (api), submitted (sender), cancelling (api), cancelled (answer)',
    );
  });

  it('of one that the venue never took proves it first', async () => {
    const world = started();
    world.venue.faults = ['lost_before'];
    const order = await world.place(bid);
    await world.pump();
    await cancel(world, order);
    await world.pass(60);
    expect(life(world, order)).toBe(
      'pending (api), submitted (sender), cancelling (api), cancelled (resolver)',
    );
    expect(world.venue.placed).toEqual([]);
  });

  it('of one that has filled in part keeps what it has', async () => {
    const world = started();
    const order = await world.place(bid);
    await world.pump();
    await world.venue.trade(clientId(order), d('0.4'), d('40000'));
    await world.pump();
    await cancel(world, order);
    await world.pump();
    expect(life(world, order)).toBe(
      'pending (api), submitted (sender), open (answer), partially_filled (stream), cancelling (api), cancelled (answer)',
    );
    expect(world.position(order.positionId)).toMatchObject({ status: 'open', entryLive: false });
    expect(world.position(order.positionId).quantity.toFixed()).toBe('0.4');
  });

  it('loses against a fill that was first', async () => {
    const world = started();
    const order = await world.place(bid);
    await world.pump();
    await cancel(world, order);
    await world.venue.trade(clientId(order), d('1'), d('40000'));
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({ status: 'filled', cancelWanted: { cause: 'api' } });
    expect(world.position(order.positionId).quantity.toFixed()).toBe('1');
  });
});

describe('an end by the venue', () => {
  it('expiry keeps what had filled, and names who ended it', async () => {
    const world = started();
    const order = await world.place({ ...bid, timeInForce: 'IOC' });
    await world.pump();
    await world.venue.trade(clientId(order), d('0.3'), d('40000'));
    await world.venue.expire(clientId(order));
    await world.pump();
    const now = world.order(order.orderId);
    expect([now.status, now.filledQuantity.toFixed()]).toEqual(['expired', '0.3']);
    expect(now.statusHistory.at(-1)).toMatchObject({ status: 'expired', cause: 'stream' });
    expect(world.position(order.positionId)).toMatchObject({ status: 'open', entryLive: false });
  });
});

describe('what is counted', () => {
  it('placed by symbol and side, filled with how long it took, cancelled, failed, rejected', async () => {
    const world = started();
    const filled = await world.place({ ...bid, idempotencyKey: 'a' });
    await world.pump();
    world.now += 300;
    await world.venue.trade(clientId(filled), d('1'), d('40000'));
    await world.pump();
    const cancelled = await world.place({ ...bid, idempotencyKey: 'b' });
    await world.pump();
    await cancel(world, cancelled);
    await world.pump();
    world.venue.faults = [{ refuse: 'insufficient_balance' }];
    await world.place({ ...bid, idempotencyKey: 'c' });
    await world.pump();
    world.venue.faults = ['lost_before'];
    await world.place({ ...bid, idempotencyKey: 'd' });
    await world.pump();
    await world.pass(60);
    const counted = [...world.counters.values].filter(([name]) => name.startsWith('orders:'));
    expect(Object.fromEntries(counted)).toEqual({
      'orders:placed_total': '2',
      'orders:placed_total:BTC/USDT:buy': '2',
      'orders:filled_total': '1',
      'orders:cancelled_total': '1',
      'orders:rejected_total': '1',
      'orders:failed_total': '1',
      'orders:fill_time_ms:count': '1',
      'orders:fill_time_ms:sum': '300',
      'orders:fill_time_ms:500': '1',
    });
    const { timings } = world.order(filled.orderId);
    expect((timings.lastFillAt ?? 0) - (timings.sentAt ?? 0)).toBe(300);
  });
});
