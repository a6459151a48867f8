/** Exits whose coins the account does not have, or not free: the real client and the simulator on one clock. */
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { Decimal, sum } from '../../../shared/domain/money/decimal.ts';
import type { Position } from '../../../shared/domain/types.ts';
import { USER, WALLET, type World } from '../../support/fakes/world.ts';
import type { UseCases } from '../../support/use-cases.ts';
import { type Bench, UID } from './bench.ts';
import { startWorldBench } from './world-bench.ts';

const d = (text: string) => new Decimal(text);

let world: World;
let bench: Bench;
let useCases: UseCases;
let balances: MockInstance<Bench['wallet']['balances']>;

beforeEach(async () => {
  ({ world, bench, useCases } = await startWorldBench());
  balances = vi.spyOn(bench.wallet, 'balances');
});
afterEach(() => bench.stop());

/** Looks at the account for an exit; a comparison's own are not. */
const looks = (): number => balances.mock.calls.filter(([rank]) => rank === 'exit').length;

/** 0.02 less the fee in base: 0.01998 are held. */
async function bought(quantity = '0.02', key = 'buy', protection = {}): Promise<Position> {
  const command = world.command({ quantity: d(quantity), idempotencyKey: key, protection });
  const placed = await useCases.placeOrder(command);
  if (!placed.ok) throw new Error(placed.error.message);
  await world.pump();
  return world.position(placed.value.order.positionId);
}

const inTheApp = (operation: string, params: Readonly<Record<string, string>>) =>
  bench.simulator.exchange.execute(operation as 'order.place', UID, { symbol: 'BTCUSDT', ...params }) as {
    readonly orderId: number;
  };
const soldInTheApp = (quantity: string) =>
  inTheApp('order.place', { side: 'SELL', type: 'MARKET', quantity });
const restingInTheApp = (quantity: string): string =>
  String(
    inTheApp('order.place', {
      ...{ side: 'SELL', type: 'LIMIT', timeInForce: 'GTC' },
      ...{ quantity, price: '60000' },
    }).orderId,
  );

async function close(positionId: string, quantity: string | null = null): Promise<void> {
  const closed = await useCases.closePosition({
    ...{ userId: USER, positionId, idempotencyKey: `close ${positionId}` },
    quantity: quantity === null ? null : d(quantity),
  });
  if (!closed.ok) throw new Error(closed.error.message);
  await world.pump();
}

const exits = (positionId: string): readonly string[] =>
  world
    .exitsOf(positionId)
    .toSorted((a, b) => a.createdAt - b.createdAt || (a.status === 'rejected' ? -1 : 1))
    .map(({ status, quantity, filledQuantity }) => `${status} ${filledQuantity}/${quantity}`);
const alarms = (): readonly string[] => [
  ...new Set(
    world.logs.filter(({ code }) => code === 'EXIT_PLAN_ALARM').map(({ fields }) => String(fields['why'])),
  ),
];
/** What positions have sold was sold by orders of theirs, and is no more than they had. */
function nothingSoldTwice(...positionIds: readonly string[]): void {
  for (const positionId of positionIds) {
    const p = world.position(positionId);
    const bought = p.entryQuantity.minus(sum(p.entryFees.map(({ amount }) => amount)));
    const reserved = sum(p.liveExits.map((exit) => exit.reserved));
    expect(p.exitQuantity.plus(reserved).lessThanOrEqualTo(bought)).toBe(true);
  }
}

describe('a close whose coins were partly sold in the app', () => {
  it('sells what is there after one look at the account; what is gone is booked by the comparison', async () => {
    const { positionId } = await bought();
    soldInTheApp('0.005');
    await close(positionId);
    expect(exits(positionId)).toEqual(['rejected 0/0.01998', 'filled 0.01498/0.01498']);
    expect(looks()).toBe(1);
    expect(world.position(positionId)).toMatchObject({
      status: 'closing',
      flatten: { shortage: { free: d('0'), locked: d('0'), holders: [] } },
    });
    expect(alarms()).toEqual(['0.005 BTC cannot be sold: the account has no more, and no order holds any']);
    // The comparison was asked for, and says so twice before it believes it.
    expect((await world.reconciles.latest(WALLET))?.reason).toBe('funds');
    await world.pass(200);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'manual' });
    const [external] = world.position(positionId).externals;
    expect(external?.quantity.toFixed()).toBe('0.005');
    nothingSoldTwice(positionId);
  });

  it('asks as the ladder waits, and orders nothing between, when all of it is gone', async () => {
    const { positionId } = await bought();
    soldInTheApp('0.01998');
    // No comparison comes to the end of it.
    world.outbox.fate = ({ queue }) => (queue === 'reconcile' ? 'drop' : 'deliver');
    await close(positionId);
    expect(exits(positionId)).toEqual(['rejected 0/0.01998']);
    expect(looks()).toBe(1);
    // After 1, 2 and 4 s, and what a sweep takes.
    await world.pass(12);
    expect(world.exitsOf(positionId)).toHaveLength(4);
    expect(looks()).toBe(4);
    await world.pass(28);
    expect(looks()).toBe(4);
    // Then every 30 s.
    await world.pass(4);
    expect(looks()).toBe(5);
    await world.pass(31);
    expect(world.exitsOf(positionId)).toHaveLength(6);
    expect(looks()).toBe(6);
  });
});

describe('a close whose coins an order made in the app holds', () => {
  it('sells what is free; the rest stays owed, its alarm names the order, and it goes when the order does', async () => {
    const { positionId } = await bought();
    const orderId = restingInTheApp('0.012');
    await close(positionId);
    expect(exits(positionId)).toEqual(['rejected 0/0.01998', 'filled 0.00798/0.00798']);
    expect(looks()).toBe(1);
    expect(alarms()).toEqual([
      `0.012 BTC cannot be sold: the account has 0.012 locked by order ${orderId} of the app (0.012)`,
    ]);
    expect(world.position(positionId).status).toBe('closing');
    await world.pass(40);
    expect(world.position(positionId).quantity.toFixed()).toBe('0.012');
    inTheApp('order.cancel', { orderId });
    await world.pass(40);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', externals: [] });
    expect(world.position(positionId).exitQuantity.toFixed()).toBe('0.01998');
    nothingSoldTwice(positionId);
  });

  it('a stop that finds them held sells what is free', async () => {
    const { positionId } = await bought('0.02', 'buy', { stopLoss: { price: d('49000') } });
    restingInTheApp('0.012');
    bench.simulator.exchange.feedPrice('BTCUSDT', { last: '48900' });
    world.tick('48900');
    await world.pump();
    expect(exits(positionId)).toEqual(['rejected 0/0.01998', 'filled 0.00798/0.00798']);
  });

  it('two positions share what is free, and neither sells what the other had', async () => {
    const first = await bought('0.02', 'a');
    const second = await bought('0.02', 'b');
    const orderId = restingInTheApp('0.03');
    await close(first.positionId);
    await close(second.positionId);
    const sold = () => sum([first, second].map(({ positionId }) => world.position(positionId).exitQuantity));
    expect(sold().toFixed()).toBe('0.00996');
    inTheApp('order.cancel', { orderId });
    await world.pass(70);
    expect(sold().toFixed()).toBe('0.03996');
    nothingSoldTwice(first.positionId, second.positionId);
    expect(world.position(second.positionId).status).toBe('closed');
  });

  it('what is free is left alone where it is below the minimum', async () => {
    const { positionId } = await bought();
    restingInTheApp('0.01995');
    await close(positionId);
    expect(exits(positionId)).toEqual(['rejected 0/0.01998']);
    expect(world.position(positionId).status).toBe('closing');
  });
});

describe('a part exit', () => {
  it('by hand sells what is free, in the place of the order that was refused', async () => {
    const { positionId } = await bought();
    restingInTheApp('0.015');
    await close(positionId, '0.01');
    expect(exits(positionId)).toEqual(['rejected 0/0.01', 'filled 0.00498/0.00498']);
    const [refused, instead] = world.exitsOf(positionId).toSorted((a) => (a.status === 'rejected' ? -1 : 1));
    expect(refused?.replacedBy).toBe(instead?.orderId);
    expect(instead?.replaces).toBe(refused?.orderId);
    expect(world.position(positionId)).toMatchObject({ status: 'open', liveExits: [] });
    expect(looks()).toBe(1);
  });

  it('of a take profit too, and no more than once', async () => {
    const { positionId } = await bought('0.02', 'buy', {
      takeProfits: [{ price: d('51000'), share: d('0.5') }],
    });
    restingInTheApp('0.015');
    bench.simulator.exchange.feedPrice('BTCUSDT', { last: '51100' });
    world.tick('51100');
    await world.pump();
    expect(exits(positionId)).toEqual(['rejected 0/0.00999', 'filled 0.00498/0.00498']);
  });

  it('that a client placed as an order of its own is refused, and only that', async () => {
    const { positionId } = await bought();
    restingInTheApp('0.015');
    const placed = await useCases.placeOrder(
      world.command({ side: 'sell', quantity: d('0.01'), positionId, idempotencyKey: 'sell' }),
    );
    expect(placed.ok).toBe(true);
    await world.pump();
    expect(exits(positionId)).toEqual(['rejected 0/0.01']);
    expect(looks()).toBe(0);
    expect((await world.reconciles.latest(WALLET))?.reason).toBe('funds');
  });
});
