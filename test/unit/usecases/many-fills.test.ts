/** Orders with thousands of trades: what their reports cost, and what becomes of whoever books them half. */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { Order } from '../../../shared/domain/types.ts';
import type { Ledger } from '../../../shared/ports/ledger.ts';
import { FILLS_AT_ONCE } from '../../../shared/usecases/apply-execution.ts';
import { dying } from '../../support/fakes/crash.ts';
import type { World } from '../../support/fakes/world.ts';
import { aTrade, hasTraded, newsOf, quantityOf, restingOrder, trades } from '../../support/many-fills.ts';
import { makeUseCases } from '../../support/use-cases.ts';

const d = (text: string) => new Decimal(text);

/** Calls of the ledger by name, from now on. */
function counting(world: World): { readonly calls: Map<string, number>; readonly apply: World['workers'] } {
  const calls = new Map<string, number>();
  const ledger = new Proxy<Ledger>(world.ledger, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        calls.set(String(name), (calls.get(String(name)) ?? 0) + 1);
        return Reflect.apply(member, target, args);
      };
    },
  });
  return { calls, apply: makeUseCases({ ...world.ports, ledger }, { monitorEnabled: true }) };
}

const bookedOf = (world: World, { orderId }: Order): number =>
  world.ledger.fillItems.get(orderId)?.length ?? 0;

/** Everything is booked once, in order, position and fills. */
function isWhole(world: World, order: Order, count: number): void {
  const fills = trades(count);
  const now = world.order(order.orderId);
  expect(bookedOf(world, order)).toBe(count);
  expect(now).toMatchObject({ fillCount: count, status: 'filled' });
  expect(now.filledQuantity).toEqual(quantityOf(fills));
  expect(now.venueQuantity).toEqual(quantityOf(fills));
  const position = world.position(order.positionId);
  expect(position).toMatchObject({ status: 'open', entryLive: false });
  expect(position.entryQuantity).toEqual(quantityOf(fills));
  expect(position.quantity).toEqual(quantityOf(fills));
  expect(position.entryQuote).toEqual(d('49').times(count));
}

describe('a report of ten thousand trades', () => {
  const COUNT = 10_000;
  const whole = trades(COUNT);

  it('is booked in parts of fifty, each in one transaction, and costs nothing to hear again', async () => {
    const { world, order } = await restingOrder(quantityOf(whole));
    const report = newsOf(order, whole, { status: 'filled' });
    const first = counting(world);
    await first.apply.applyExecution(report);
    isWhole(world, order, COUNT);
    expect(FILLS_AT_ONCE).toBe(50);
    // One of them lost the race against the noting of its level.
    expect(first.calls.get('commit')).toBeLessThanOrEqual(COUNT / 50 + 5);
    expect(first.calls.get('position')).toBeLessThanOrEqual(COUNT / 50 + 5);
    expect(first.calls.get('fills')).toBeUndefined();
    expect(world.errors()).toEqual([]);

    const again = counting(world);
    await again.apply.applyExecution(report);
    isWhole(world, order, COUNT);
    expect(again.calls.get('commit')).toBeUndefined();
    expect(again.calls.get('booked')).toBe(1);
  });

  it('of which half is booked books the other half', async () => {
    const { world, order } = await restingOrder(quantityOf(whole));
    const known = whole.filter((_, n) => n % 2 === 0);
    await world.useCases.applyExecution(newsOf(order, known));
    const { calls, apply } = counting(world);
    await apply.applyExecution(newsOf(order, whole, { status: 'filled' }));
    isWhole(world, order, COUNT);
    expect(calls.get('commit')).toBeLessThanOrEqual(COUNT / 2 / 50 + 5);
  });
});

it('the ten thousandth trade of an order costs what its second cost', async () => {
  const count = 10_000;
  const { world, order } = await restingOrder(quantityOf(trades(count + 2)));
  const stream = async (n: number) => {
    const { calls, apply } = counting(world);
    const cumulativeQuantity = d('0.001').times(n + 1);
    await apply.applyExecution(newsOf(order, [aTrade(n)], { source: 'stream', cumulativeQuantity }));
    return calls;
  };
  await stream(0);
  const second = await stream(1);
  await world.useCases.applyExecution(newsOf(order, trades(count)));
  const last = await stream(count);
  expect(last).toEqual(second);
  expect(last.get('commit')).toBe(1);
  // So does one that tells of many, of which some are booked: only those that it tells of are looked for.
  const { calls, apply } = counting(world);
  const some = trades(count + 2).slice(-20);
  await apply.applyExecution(
    newsOf(order, some, { source: 'stream', cumulativeQuantity: d('0.001').times(count + 2) }),
  );
  expect(calls.get('fills')).toBeUndefined();
  expect(world.order(order.orderId).fillCount).toBe(count + 2);
});

describe('whoever books a long report', () => {
  const COUNT = 220;
  const whole = trades(COUNT);

  it('may die at any of its calls: what is left is owed within seconds', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; ; at += 1) {
        const { world, order } = await restingOrder(quantityOf(whole));
        hasTraded(world, order, whole, 'filled');
        world.now += 60_000;
        const doomed = dying(world.ports, { at, when });
        const lived = await makeUseCases(doomed.ports, { monitorEnabled: true })
          .applyExecution(newsOf(order, whole, { status: 'filled' }))
          .then(
            () => true,
            () => false,
          );
        const halfway = world.order(order.orderId);
        if (halfway.fillCount > 0 && halfway.fillCount < COUNT) {
          expect(halfway.venueQuantity).toEqual(quantityOf(whole));
          expect(halfway.dueAt).toBeLessThanOrEqual(world.now + 1_000);
          // Not before its worker has had the time for the next part: counted from now, not from the venue's news.
          expect(halfway.dueAt).toBeGreaterThanOrEqual(world.now);
        }
        // A process that died before its first write left no trace; then the order is asked for when it is due.
        if (halfway.fillCount === 0) world.now += 6 * 60_000;
        await world.pass(10);
        isWhole(world, order, COUNT);
        if (lived) break;
        expect(at).toBeLessThan(60);
      }
    }
  });

  it('ends in time and hands the rest on', async () => {
    const { world, order } = await restingOrder(quantityOf(whole));
    hasTraded(world, order, whole, 'filled');
    // Each transaction takes 3 s.
    const ledger = new Proxy<Ledger>(world.ledger, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          if (name === 'commit') world.now += 3_000;
          return Reflect.apply(member, target, args);
        };
      },
    });
    const slow = makeUseCases({ ...world.ports, ledger }, { monitorEnabled: true });
    await slow.applyExecution(newsOf(order, whole, { status: 'filled' }));
    const { fillCount, status } = world.order(order.orderId);
    expect(fillCount).toBeGreaterThan(0);
    expect(fillCount).toBeLessThan(COUNT);
    expect(status).toBe('partially_filled');
    expect(world.outbox.queue).toContainEqual({
      queue: 'submit',
      message: { orderId: order.orderId },
      delaySeconds: 0,
    });
    world.workers = slow;
    await world.pump();
    isWhole(world, order, COUNT);
  });

  it('asks nobody for the rest while it is at it', async () => {
    const { world, order } = await restingOrder(quantityOf(whole));
    world.outbox.sent.length = 0;
    await world.useCases.applyExecution(newsOf(order, whole, { status: 'filled' }));
    expect(world.outbox.sent).toEqual([]);
  });

  it('may have rivals', async () => {
    const { world, order } = await restingOrder(quantityOf(whole));
    const report = newsOf(order, whole, { status: 'filled' });
    const single = whole.map((fill, n) =>
      newsOf(order, [fill], { source: 'stream', cumulativeQuantity: quantityOf(whole.slice(0, n + 1)) }),
    );
    const stream = async () => {
      for (const one of single) await world.useCases.applyExecution(one);
    };
    const worked = await Promise.allSettled([
      world.useCases.applyExecution(report),
      world.useCases.applyExecution(report),
      stream(),
    ]);
    expect(worked.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    isWhole(world, order, COUNT);
    expect(world.errors()).toEqual([]);
  });
});

describe('a long report', () => {
  it('that tells of a trade twice counts it once', async () => {
    const { world, order } = await restingOrder(d('0.1'));
    const fills = trades(100);
    const report = newsOf(order, [...fills, ...fills.slice(0, 60)], { status: 'filled' });
    await world.useCases.applyExecution({ ...report, cumulativeQuantity: quantityOf(fills) });
    isWhole(world, order, 100);
  });

  it('of more than was sent is booked whole, and alarmed', async () => {
    const { world, order } = await restingOrder(d('0.05'));
    await world.useCases.applyExecution(newsOf(order, trades(100), { status: 'filled' }));
    isWhole(world, order, 100);
    expect(world.errors()).toContain('ORDER_OVERFILLED');
  });

  it('keeps the position protected from its first part on', async () => {
    const world = (await restingOrder(d('0.1'))).world;
    const protection = { stopLoss: { price: d('45000') } };
    const placed = await world.place({
      type: 'limit',
      limitPrice: d('49000'),
      quantity: d('0.2'),
      protection,
      idempotencyKey: 'protected',
    });
    await world.pump();
    const order = world.order(placed.orderId);
    const commit = world.ledger.commit.bind(world.ledger);
    const unarmed: number[] = [];
    world.ledger.commit = async (written) => {
      const before = world.position(order.positionId);
      // A part after the first finds the levels in the index.
      if ((written.fills?.length ?? 0) > 0 && before.openedAt !== null) {
        unarmed.push(before.levelsVersion - before.armedVersion);
      }
      return commit(written);
    };
    await world.useCases.applyExecution(newsOf(order, trades(200), { status: 'filled' }));
    expect(unarmed.length).toBeGreaterThanOrEqual(3);
    expect(unarmed.every((missing) => missing === 0)).toBe(true);
  });

  it('asks for the price of a third asset once a part', async () => {
    const { world, order } = await restingOrder(d('0.1'));
    const asked: string[] = [];
    const price = world.prices.price.bind(world.prices);
    world.prices.price = async (symbol) => {
      asked.push(symbol);
      return price(symbol);
    };
    const fills = trades(100).map((fill) => ({ ...fill, fee: { asset: 'BNB', amount: d('0.0001') } }));
    await world.useCases.applyExecution(newsOf(order, fills, { status: 'filled' }));
    expect(asked.filter((symbol) => symbol === 'BNB/USDT')).toHaveLength(2);
    expect(world.position(order.positionId).unvaluedFees).toEqual([{ asset: 'BNB', amount: d('0.01') }]);
  });
});
