/** Fees in a third asset that had no price at their fills: booked, flagged, valued when a price comes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { Fill } from '../../../shared/domain/types.ts';
import { orderView } from '../../../shared/usecases/views/order-view.ts';
import { USER, World } from '../../support/fakes/world.ts';
import { aTrade, hasTraded, newsOf, quantityOf, restingOrder } from '../../support/many-fills.ts';

const d = (text: string | number) => new Decimal(text);
const BNB = 'BNB/USDT';
const inBnb = (n: number, amount: string, change: Partial<Fill> = {}): Fill =>
  aTrade(n, { fee: { asset: 'BNB', amount: d(amount) }, ...change });

/** What a source shows from now on. */
function show(world: World, last: string): void {
  const btc = world.prices.shown.get('BTC/USDT');
  if (btc === undefined) throw new Error('no price');
  world.prices.shown.set(BNB, { ...btc, symbol: BNB, bid: last, ask: last, last, at: world.now });
}
const hide = (world: World): void => void world.prices.shown.delete(BNB);

/** A buy of 0.01 whose fills paid 0.003 BNB in all, without a price. */
async function unvalued() {
  const fills = [inBnb(1, '0.001', { quantity: d('0.004') }), inBnb(2, '0.002', { quantity: d('0.006') })];
  const { world, order } = await restingOrder(d('0.01'));
  hasTraded(world, order, fills, 'filled');
  await world.useCases.applyExecution(newsOf(order, fills, { status: 'filled' }));
  await world.pump();
  return { world, orderId: order.orderId, positionId: order.positionId };
}

async function closeAt(world: World, positionId: string, price: string): Promise<void> {
  world.tick(price);
  const command = { userId: USER, positionId, quantity: null, idempotencyKey: 'out' };
  expect((await world.useCases.closePosition(command)).ok).toBe(true);
  await world.pump();
  expect(world.position(positionId).status).toBe('closed');
}

describe('a fee without a price', () => {
  it('is booked and flagged, and valued by due work once there is one', async () => {
    const { world, orderId, positionId } = await unvalued();
    expect(world.position(positionId).unvaluedFees).toEqual([{ asset: 'BNB', amount: d('0.003') }]);
    expect(orderView(world.order(orderId), []).total_fees_usd).toBeNull();
    expect(world.prices.wantedSymbols.has(BNB)).toBe(true);
    await world.pass(20);
    expect(world.position(positionId).unvaluedFees).toHaveLength(1);
    expect(world.logs.some(({ code }) => code === 'FEES_WITHOUT_VALUE')).toBe(true);
    const before = world.position(positionId);
    show(world, '600');
    await world.pass(45);
    const after = world.position(positionId);
    expect(after.unvaluedFees).toEqual([]);
    expect(after.openFees.minus(before.openFees).toFixed()).toBe('1.8');
    expect(after.realizedPnl.toFixed()).toBe(before.realizedPnl.toFixed());
    expect(world.order(orderId)).toMatchObject({ dueAt: null, feesQuoteValue: d('1.8') });
    const view = orderView(world.order(orderId), []);
    expect(view.total_fees_usd).toBe('1.8');
    expect(view.late_fees).toMatchObject([{ asset: 'BNB', amount: '0.003', price: '600', value: '1.8' }]);
    const told = await world.ledger.actions(positionId);
    expect(told.filter(({ kind }) => kind === 'fee_valued')).toHaveLength(1);
  });

  it('is valued once, whoever looks at it and however often', async () => {
    const { world, orderId, positionId } = await unvalued();
    show(world, '600');
    await Promise.all([1, 2, 3].map(() => world.useCases.advance({ orderId })));
    const { openFees } = world.position(positionId);
    show(world, '900');
    await world.useCases.advance({ orderId });
    await world.pass(120);
    expect(world.position(positionId).openFees.toFixed()).toBe(openFees.toFixed());
    expect(world.order(orderId).lateFees).toHaveLength(1);
  });

  it('is realized at once when the position is closed by then', async () => {
    const { world, orderId, positionId } = await unvalued();
    await closeAt(world, positionId, '51000');
    const before = world.position(positionId);
    await world.pass(30);
    show(world, '600');
    await world.pass(60);
    const after = world.position(positionId);
    expect(after).toMatchObject({ status: 'closed', unvaluedFees: [], dueAt: null });
    expect(after.openFees.toFixed()).toBe('0');
    expect(before.realizedPnl.minus(after.realizedPnl).toFixed()).toBe('1.8');
    expect(world.order(orderId).dueAt).toBeNull();
  });

  it('of an exit lowers what it realized', async () => {
    const world = new World({ exchange: {} });
    const { positionId } = await world.openPosition();
    world.venue.slices = [];
    await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'out' });
    await world.pump();
    const [exit] = world.exitsOf(positionId);
    if (exit === undefined) throw new Error('no exit');
    const fills = [inBnb(7, '0.01', { quantity: d('0.5'), price: d('50000') })];
    hasTraded(world, exit, fills, 'filled');
    await world.useCases.applyExecution(newsOf(exit, fills, { status: 'filled', source: 'stream' }));
    const before = world.position(positionId);
    expect(before.status).toBe('closed');
    show(world, '500');
    await world.pass(60);
    expect(before.realizedPnl.minus(world.position(positionId).realizedPnl).toFixed()).toBe('5');
  });

  it('that comes after another was valued is valued by itself', async () => {
    const { world, order } = await restingOrder(d('0.01'));
    const [first, second] = [
      inBnb(1, '0.001', { quantity: d('0.004') }),
      inBnb(2, '0.002', { quantity: d('0.006') }),
    ];
    hasTraded(world, order, [first], 'partially_filled');
    await world.useCases.applyExecution(newsOf(order, [first]));
    show(world, '600');
    await world.useCases.advance({ orderId: order.orderId });
    expect(world.order(order.orderId).feesQuoteValue?.toFixed()).toBe('0.6');
    hide(world);
    hasTraded(world, order, [first, second], 'filled');
    await world.useCases.applyExecution(
      newsOf(order, [second], { status: 'filled', cumulativeQuantity: d('0.01') }),
    );
    expect(world.order(order.orderId).feesQuoteValue).toBeNull();
    show(world, '700');
    await world.pass(60);
    expect(world.order(order.orderId)).toMatchObject({ feesQuoteValue: d('2'), dueAt: null });
    expect(world.position(order.positionId).openFees.toFixed()).toBe('2');
  });

  it('is asked for further and further apart, up to an hour', async () => {
    const { world, orderId } = await unvalued();
    const due: number[] = [];
    for (let n = 0; n < 14; n += 1) {
      const { dueAt } = world.order(orderId);
      if (dueAt === null) throw new Error('nothing is owed');
      due.push(dueAt - world.now);
      world.now = dueAt + 1_000;
      await world.pass(1);
    }
    expect(due[0]).toBeLessThanOrEqual(5_000);
    expect(due.at(-1)).toBeGreaterThan(3_500_000);
    expect(due.at(-1)).toBeLessThanOrEqual(3_600_000);
  });
});

it('late or at the fill: the same P&L, where all was bought before anything was sold', async () => {
  const amounts = fc.array(fc.integer({ min: 1, max: 9_999 }), { minLength: 1, maxLength: 5 });
  const parts = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 2 });
  const result = async (fees: readonly number[], sold: readonly number[], isLate: boolean) => {
    const fills = fees.map((fee, n) =>
      inBnb(n, d(fee).dividedBy(100_000).toFixed(), { quantity: d('0.01') }),
    );
    const { world, order } = await restingOrder(quantityOf(fills));
    if (!isLate) show(world, '613.37');
    hasTraded(world, order, fills, 'filled');
    await world.useCases.applyExecution(newsOf(order, fills, { status: 'filled' }));
    for (const [n, percent] of sold.entries()) {
      const quantity = quantityOf(fills).times(percent).dividedBy(100).toDecimalPlaces(5);
      const { positionId } = order;
      await world.useCases.closePosition({ userId: USER, positionId, quantity, idempotencyKey: `${n}` });
      await world.pump();
    }
    show(world, '613.37');
    await world.useCases.advance({ orderId: order.orderId });
    return world.position(order.positionId);
  };
  await fc.assert(
    fc.asyncProperty(amounts, parts, async (fees, sold) => {
      const [late, atFill] = [await result(fees, sold, true), await result(fees, sold, false)];
      expect(late.unvaluedFees).toEqual([]);
      const tiny = d('0.00000000000001');
      expect(late.realizedPnl.minus(atFill.realizedPnl).abs().lessThan(tiny)).toBe(true);
      expect(late.openFees.minus(atFill.openFees).abs().lessThan(tiny)).toBe(true);
      const total = (p: typeof late) => p.realizedPnl.minus(p.openFees);
      expect(total(late).toFixed(12)).toBe(total(atFill).toFixed(12));
    }),
    { numRuns: 60 },
  );
});
