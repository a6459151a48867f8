/**
 * Amendments over any history: fills, cancels, closes, doubled and lost messages, lost replies, refusals, crashes at any
 * call. Then sweeps alone put things right, and every number has to agree with the venue's own.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal, maxOf, minOf, sum } from '../../../shared/domain/money/decimal.ts';
import { isFinal } from '../../../shared/domain/orders.ts';
import type { Order } from '../../../shared/domain/types.ts';
import { Crashed, dying } from '../../support/fakes/crash.ts';
import { USER, World } from '../../support/fakes/world.ts';
import { makeUseCases } from '../../support/use-cases.ts';

const d = (value: number | string) => new Decimal(value);
const tenths = (n: number) => d(n).dividedBy(10);

type Step =
  | { readonly kind: 'amend'; readonly of: number; readonly tenths: number; readonly price: number | null }
  | { readonly kind: 'fill'; readonly of: number; readonly tenths: number }
  | { readonly kind: 'cancel'; readonly of: number }
  | { readonly kind: 'app'; readonly of: number; readonly tenths: number | null }
  | { readonly kind: 'sell'; readonly tenths: number }
  | { readonly kind: 'close' }
  | {
      readonly kind: 'deliver';
      readonly count: number;
      readonly fate: 'once' | 'twice' | 'lost' | 'dies';
      readonly at: number;
    }
  | { readonly kind: 'trouble'; readonly what: 'lost_before' | 'lost_after' | 'refuse' | 'cancel_reply' }
  | { readonly kind: 'pass'; readonly seconds: number };

const of = fc.nat(7);
const stepOf: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('amend' as const),
      of,
      tenths: fc.integer({ min: 1, max: 20 }),
      price: fc.option(fc.integer({ min: 39_000, max: 45_000 })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('fill' as const), of, tenths: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), of }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('app' as const),
      of,
      tenths: fc.option(fc.integer({ min: 1, max: 9 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('sell' as const), tenths: fc.integer({ min: 1, max: 8 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'close' as const }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('deliver' as const),
      count: fc.integer({ min: 1, max: 4 }),
      fate: fc.constantFrom(
        'once' as const,
        'once' as const,
        'twice' as const,
        'lost' as const,
        'dies' as const,
      ),
      at: fc.integer({ min: 1, max: 14 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('trouble' as const),
      what: fc.constantFrom(
        'lost_before' as const,
        'lost_after' as const,
        'refuse' as const,
        'cancel_reply' as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 4 }) }),
  },
);

const all = (world: World): readonly Order[] => [...world.ledger.orderItems.values()];
const picked = (world: World, n: number): Order | undefined => {
  const placed = all(world).filter((order) => order.type === 'limit');
  return placed[n % placed.length];
};
const clientIds = (world: World, { orderId }: Order): string[] =>
  [...world.venue.orders.keys()].filter((id) => id.startsWith(`mq${orderId}-`));

/** One trade at the venue, of no more than its order still has there. */
async function trade(world: World, order: Order, quantity: Decimal): Promise<void> {
  for (const id of clientIds(world, order)) {
    const there = world.venue.orders.get(id);
    if (there === undefined || (there.status !== 'new' && there.status !== 'partially_filled')) continue;
    const left = there.quantity.minus(sum(there.fills.map((fill) => fill.quantity)));
    const size = minOf(quantity, left);
    if (size.greaterThan(0)) await world.venue.trade(id, size, there.request.limitPrice ?? d(50_000));
  }
}

async function deliver(world: World, step: Step & { kind: 'deliver' }): Promise<void> {
  for (let n = 0; n < step.count; n++) {
    const sent = world.outbox.queue.shift();
    if (sent === undefined) return;
    if (step.fate === 'lost') continue;
    if (step.fate === 'dies') {
      const doomed = dying(world.ports, { at: step.at, when: step.at % 2 === 0 ? 'before' : 'after' });
      world.workers = makeUseCases(doomed.ports, { monitorEnabled: true });
      await world.deliver(sent);
      world.workers = world.useCases;
      continue;
    }
    await world.deliver(sent);
    if (step.fate === 'twice') await world.deliver(sent);
  }
}

let keys = 0;
const nextKey = (): string => `k${++keys}`;

async function perform(world: World, positionId: string, step: Step): Promise<void> {
  switch (step.kind) {
    case 'amend': {
      const order = picked(world, step.of);
      if (order === undefined) return;
      const limitPrice =
        step.price === null ? null : d(order.side === 'buy' ? step.price : step.price + 15_000);
      const change = { quantity: tenths(step.tenths), ...(limitPrice !== null && { limitPrice }) };
      const command = { userId: USER, orderId: order.orderId, change, idempotencyKey: nextKey() };
      await world.useCases.amendOrder(command);
      return;
    }
    case 'fill': {
      const order = picked(world, step.of);
      if (order !== undefined) await trade(world, order, tenths(step.tenths));
      return;
    }
    case 'cancel': {
      const order = picked(world, step.of);
      if (order !== undefined) await world.useCases.cancelOrder({ userId: USER, orderId: order.orderId });
      return;
    }
    case 'app': {
      const order = picked(world, step.of);
      for (const id of order === undefined ? [] : clientIds(world, order)) {
        const there = world.venue.orders.get(id);
        if (there === undefined || (there.status !== 'new' && there.status !== 'partially_filled')) continue;
        const filled = sum(there.fills.map((fill) => fill.quantity));
        const wanted = step.tenths === null ? null : tenths(step.tenths);
        if (wanted === null || (wanted.lessThan(there.quantity) && wanted.greaterThan(filled))) {
          await world.venue.inTheApp(id, wanted);
        }
      }
      return;
    }
    case 'sell': {
      const amounts = { quantity: tenths(step.tenths), limitPrice: d(60_000) };
      const sell = { side: 'sell', type: 'limit', positionId, idempotencyKey: nextKey() } as const;
      await world.useCases.placeOrder(world.command({ ...sell, ...amounts }));
      return;
    }
    case 'close':
      await world.useCases.closePosition({
        userId: USER,
        positionId,
        quantity: null,
        idempotencyKey: nextKey(),
      });
      return;
    case 'deliver':
      return deliver(world, step);
    case 'trouble':
      if (step.what === 'cancel_reply') world.venue.cancelReplyLost = true;
      else world.venue.amendFaults.push(step.what);
      return;
    case 'pass':
      return world.pass(step.seconds);
  }
}

/** The quantity that each order is first written with. */
function quantitiesMade(world: World): ReadonlyMap<string, Decimal> {
  const made = new Map<string, Decimal>();
  const commit = world.ledger.commit.bind(world.ledger);
  world.ledger.commit = async (change) => {
    const result = await commit(change);
    if (result.outcome === 'done') {
      for (const { before, after } of change.orders ?? []) {
        if (before === null) made.set(after.orderId, after.quantity);
      }
    }
    return result;
  };
  return made;
}

/** Holds after every step. */
function checkReserved(world: World): void {
  for (const position of world.ledger.positionItems.values()) {
    const reserved = sum(position.liveExits.map((exit) => exit.reserved));
    expect(reserved.lessThanOrEqualTo(position.quantity), 'reserved above what is held').toBe(true);
    expect(position.quantity.isNegative()).toBe(false);
  }
}

const isBusy = (world: World): boolean =>
  all(world).some(
    (o) =>
      o.status === 'cancelling' ||
      o.status === 'pending' ||
      o.status === 'submitted' ||
      o.amendment?.outcome === 'under_way',
  );

function checkEnd(world: World, positionId: string, made: ReadonlyMap<string, Decimal>): void {
  const orders = all(world);
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  for (const order of orders) {
    const there = clientIds(world, order).map((id) => world.venue.orders.get(id));
    const traded = sum(there.flatMap((one) => one?.fills ?? []).map((fill) => fill.quantity));
    // Nothing lost, nothing twice.
    expect(order.filledQuantity.toFixed()).toBe(traded.toFixed());
    // One of them at the venue, at most, and live only where the ledger says so.
    const live = there.filter((one) => one?.status === 'new' || one?.status === 'partially_filled');
    expect(live).toHaveLength(isFinal(order.status) ? 0 : 1);
    expect(order.amendment?.outcome).not.toBe('under_way');
    const { replacedBy, amendment } = order;
    expect(replacedBy !== null).toBe(amendment?.outcome === 'replaced');
    if (replacedBy === null || amendment === null) continue;
    const heir = byId.get(replacedBy);
    if (heir === undefined) throw new Error(`${order.orderId} has lost its heir`);
    expect([heir.replaces, heir.positionId, isFinal(order.status)]).toEqual([
      order.orderId,
      order.positionId,
      true,
    ]);
    // Whatever the heir was amended to later: as it was made, both together make the wanted whole.
    const quantity = made.get(replacedBy) ?? d('Infinity');
    const most = maxOf(order.filledQuantity, amendment.wanted.quantity);
    expect(order.filledQuantity.plus(quantity).lessThanOrEqualTo(most)).toBe(true);
  }
  const position = world.position(positionId);
  const filled = (role: Order['role']) =>
    sum(
      orders.filter((o) => o.positionId === positionId && o.role === role).map((o) => o.filledQuantity),
    ).toFixed();
  expect([position.entryQuantity.toFixed(), position.exitQuantity.toFixed()]).toEqual([
    filled('entry'),
    filled('exit'),
  ]);
  expect(position.exitQuantity.lessThanOrEqualTo(position.entryQuantity)).toBe(true);
  const entries = orders.filter((o) => o.role === 'entry' && o.positionId === positionId);
  expect([...position.formerEntryIds, position.entryOrderId].sort()).toEqual(
    entries.map((o) => o.orderId).sort(),
  );
  expect(position.entryLive).toBe(entries.some((o) => !isFinal(o.status)));
  expect(position.liveExits.map((exit) => exit.orderId).sort()).toEqual(
    orders
      .filter((o) => o.role === 'exit' && !isFinal(o.status))
      .map((o) => o.orderId)
      .sort(),
  );
}

describe('over any history', () => {
  it('old and new together never fill more than was wanted, nothing is lost, and what is reserved is held', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(stepOf, { minLength: 6, maxLength: 30 }),
        fc.boolean(),
        async (steps, amends) => {
          const world = new World({ exchange: {} });
          world.rules = { amendAllowed: amends };
          world.tick('50000');
          const made = quantitiesMade(world);
          const order = await world.place({ type: 'limit', limitPrice: d(40_000), quantity: d(1) });
          for (const step of steps) {
            try {
              await perform(world, order.positionId, step);
            } catch (error) {
              if (!(error instanceof Crashed)) throw error;
            }
            checkReserved(world);
          }
          world.venue.cancelReplyLost = false;
          world.venue.amendFaults = [];
          for (let n = 0; n < 120 && (n < 12 || isBusy(world)); n++) {
            await world.pass(1);
            checkReserved(world);
          }
          // What nobody has told is found by the quiet look.
          world.now += 301_000;
          await world.pass(10);
          checkEnd(world, order.positionId, made);
        },
      ),
      { numRuns: Number(process.env['AMEND_RUNS'] ?? 150) },
    );
  }, 120_000);
});
