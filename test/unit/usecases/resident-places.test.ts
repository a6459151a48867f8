/** Places for resident orders that others hold: orders in the exchange's app, and one whose end does not come. */
import { describe, expect, it } from 'vitest';
import { hasLimits } from '../../../shared/domain/resident-slots.ts';
import { wantedResident } from '../../../shared/domain/residents.ts';
import type { Order } from '../../../shared/domain/types.ts';
import type { Ledger } from '../../../shared/ports/ledger.ts';
import { findSlot } from '../../../shared/usecases/find-slot.ts';
import { World } from '../../support/fakes/world.ts';
import { d } from '../domain/builders.ts';

/** The account has so many places for stops. */
async function worldWith(limit: number): Promise<World> {
  const world = new World({ exchange: {} });
  const { rules } = (await world.symbols.find('binance_simulator', 'BTC/USDT')) ?? { rules: null };
  world.rules = { filters: [...(rules?.filters ?? []), { kind: 'max_num_algo_orders', limit }] };
  return world;
}
const openAt = (world: World, stop: number, key: string) =>
  world.openPosition({ stopLoss: { price: d(stop) }, resident: 'stop' }, { idempotencyKey: key });
const residentOf = (world: World, positionId: string): Order | null => {
  const id = world.position(positionId).resident?.resting?.orderId;
  return id === undefined ? null : world.order(id);
};
const stops = (world: World): readonly Order[] =>
  [...world.ledger.orderItems.values()].filter(
    ({ type, status }) => type === 'stop_loss' && status === 'open',
  );

describe('places that the ledger knows nothing of', () => {
  /** By the rules there are two; one of them has an order that somebody placed in the app. */
  async function withOneInTheApp(): Promise<World> {
    const world = await worldWith(2);
    const { placeOrder } = world.venue;
    world.venue.placeOrder = async (request) =>
      request.type === 'stop_loss' && stops(world).length >= 1
        ? { kind: 'refused', code: 'filter', filter: 'max_num_algo_orders', message: 'MAX_NUM_ALGO_ORDERS' }
        : placeOrder.call(world.venue, request);
    return world;
  }

  it('go to the nearest, too: the venue has said that there is none left', async () => {
    const world = await withOneInTheApp();
    const far = await openAt(world, 40_000, 'far');
    expect(residentOf(world, far.positionId)?.status).toBe('open');
    const near = await openAt(world, 49_500, 'near');
    expect(world.position(near.positionId).resident).toMatchObject({ resting: null, why: 'no_slot' });
    await world.pass(40);
    expect(residentOf(world, near.positionId)?.status).toBe('open');
    expect(world.position(far.positionId).resident).toMatchObject({ resting: null, why: 'no_slot' });
  });

  it('are asked for again, further and further apart, where nobody is farther away', async () => {
    const world = await withOneInTheApp();
    const near = await openAt(world, 49_500, 'near');
    const far = await openAt(world, 40_000, 'far');
    await world.pass(600);
    expect(residentOf(world, near.positionId)?.status).toBe('open');
    const sent = [...world.ledger.orderItems.values()].filter(
      (order) => order.positionId === far.positionId && order.status === 'rejected',
    );
    // At once, after 30 s, 1, 2 and 4 min.
    expect(sent).toHaveLength(5);
  });
});

describe('a place whose holder does not come to its end', () => {
  it('is looked at less and less often', async () => {
    const world = await worldWith(1);
    const far = await openAt(world, 40_000, 'far');
    world.venue.cancelOrder = async () => ({ kind: 'unknown', message: 'timed out' });
    world.venue.orderStatus = async () => ({ kind: 'unknown', message: 'timed out' });
    const near = await openAt(world, 49_500, 'near');
    await world.pass(2);
    expect(residentOf(world, far.positionId)?.status).toBe('cancelling');
    const before = world.position(near.positionId).version;
    await world.pass(120);
    const looks = world.position(near.positionId).version - before;
    expect(looks).toBeGreaterThan(2);
    expect(looks).toBeLessThan(12);
  });
});

/** The ledger, and how many items it was read. */
function counted({ ledger }: World) {
  const counts = { items: 0 };
  const counting =
    <A extends readonly unknown[], T>(read: (...args: A) => Promise<readonly T[]>) =>
    async (...args: A): Promise<readonly T[]> => {
      const found = await read.apply(ledger, args as never);
      counts.items += found.length;
      return found;
    };
  const reads: Pick<Ledger, 'orders' | 'positions' | 'liveOrdersOfWallet'> = {
    orders: counting(ledger.orders),
    positions: counting(ledger.positions),
    liveOrdersOfWallet: counting(ledger.liveOrdersOfWallet),
  };
  return { reads, counts };
}

describe('positions that wait for a place', () => {
  const WAITING = 40;

  it.each([2, 5])('read what rests in the %i places, not each other', async (limit) => {
    const world = await worldWith(limit);
    const opened = [];
    // Too near to each other for any to give way.
    for (let n = 0; n < WAITING; n++) opened.push(await openAt(world, 45_000 - n, `${n}`));
    expect(stops(world)).toHaveLength(limit);
    const spec = await world.symbols.find('binance_simulator', 'BTC/USDT');
    if (spec === null) throw new Error('no symbol');
    const quote = { bid: d(50_000), ask: d(50_000), last: d(50_000) };
    const context = { spec, quote, now: world.now, peak: null };
    for (const { positionId } of opened.slice(limit)) {
      const p = world.position(positionId);
      const wanted = wantedResident(p, context);
      if (wanted === null || typeof wanted === 'string') throw new Error('wants none');
      const { reads, counts } = counted(world);
      expect((await findSlot(reads, p, wanted, context)).kind).toBe('none');
      // The live orders twice, their positions, and the orders of these.
      expect(counts.items).toBe(4 * limit);
    }
  });

  it('are not there where the symbol has no limit, and nothing is read', async () => {
    const world = new World({ exchange: {} });
    world.rules = { filters: [] };
    const { positionId } = await openAt(world, 45_000, 'one');
    const spec = await world.symbols.find('binance_simulator', 'BTC/USDT');
    if (spec === null) throw new Error('no symbol');
    expect(hasLimits(spec)).toBe(false);
    const context = { spec, quote: null, now: world.now, peak: null };
    const wanted = wantedResident(world.position(positionId), context);
    if (wanted === null || typeof wanted === 'string') throw new Error('wants none');
    const { reads, counts } = counted(world);
    expect(await findSlot(reads, world.position(positionId), wanted, context)).toEqual({ kind: 'free' });
    expect(counts.items).toBe(0);
  });
});
