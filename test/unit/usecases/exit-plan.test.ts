/** What one transaction of an exit plan may do at most. */
import { expect, it } from 'vitest';
import { withExit } from '../../../shared/domain/exits.ts';
import type { Order, Position } from '../../../shared/domain/types.ts';
import { carryOutPlan } from '../../../shared/usecases/exit-plan.ts';
import { apply, BTC, claimed, d, newOrder, newPosition, reported, T0 } from '../domain/builders.ts';

const resting = (n: number): Order =>
  apply(
    newOrder({ orderId: `exit-${n}`, role: 'exit', side: 'sell', type: 'limit', quantity: d('0.01') }),
    claimed(),
    reported({ status: 'new' }),
  );

it('a plan that has a hundred orders to cancel does so in transactions that the store takes', () => {
  let live: readonly Order[] = Array.from({ length: 100 }, (_, n) => resting(n));
  let position: Position = {
    ...newPosition(),
    status: 'closing',
    entryLive: false,
    quantity: d(2),
    entryQuantity: d(2),
    flatten: {
      cause: 'manual',
      price: d(50_000),
      trigger: null,
      at: T0,
      step: 0,
      retryAt: null,
      shortage: null,
      limit: null,
    },
  };
  for (const order of live) position = withExit(position, order, null, T0);
  const sizes: number[] = [];
  let sent = 0;
  for (let step = 0; step < 5; step += 1) {
    const now = T0 + step * 2_000;
    const plan = carryOutPlan(position, live, { spec: BTC, now, claiming: false, mark: d(50_000) });
    position = plan.position;
    const changed = new Map(plan.orders.map(({ after }) => [after.orderId, after]));
    sent += plan.orders.filter(({ before }) => before === null).length;
    live = live.map((order) => changed.get(order.orderId) ?? order);
    sizes.push(plan.orders.length);
    // What is left is owed.
    expect(position.dueAt).toBeLessThanOrEqual(now + 2_000);
    live = [
      ...live,
      ...[...changed.values()].filter((order) => !live.some((o) => o.orderId === order.orderId)),
    ];
  }
  // The free half is sold at once, beside the first cancels.
  expect(sent).toBe(1);
  expect(sizes).toEqual([41, 40, 20, 0, 0]);
  expect(live.filter((order) => order.type === 'limit' && order.cancelWanted === null)).toEqual([]);
});
