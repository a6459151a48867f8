/**
 * The value of fees that had no price when their fills were booked (design section 7): due work of their order, tried
 * further and further apart until there is a price, also once order and position are closed.
 */
import { withDue } from '../domain/due.ts';
import { applyLateFees, owesFeeValue, unvaluedOf, withLateFees } from '../domain/late-fees.ts';
import type { LateFee, Order, Position, PositionAction } from '../domain/types.ts';
import { untilWritten } from './conflicts.ts';
import { countRealized } from './counts.ts';
import type { Ports } from './ports.ts';
import { makePriceOfFee } from './value-fees.ts';

type Needs = Pick<Ports, 'ledger' | 'prices' | 'symbols' | 'counters' | 'clock' | 'ids' | 'sleep' | 'log'>;

export type ValueLateFees = ReturnType<typeof makeValueLateFees>;

export function makeValueLateFees(ports: Needs) {
  const { ledger, clock, log } = ports;
  const priceOfFee = makePriceOfFee(ports);

  /** At the prices that are known now; those without one are left. */
  async function valued(order: Order, p: Position, wanted: LateFeeAmounts): Promise<readonly LateFee[]> {
    const late: LateFee[] = [];
    for (const { asset, amount } of wanted) {
      const price = await priceOfFee(asset, p.quote, order.environment);
      if (price === null) continue;
      const value = amount.times(price).toDecimalPlaces(18);
      late.push({ asset, amount, price, value, at: clock.now() });
    }
    return late;
  }

  async function attempt(orderId: string): Promise<Position | null | 'conflict'> {
    const order = await ledger.order(orderId);
    if (order === null || !owesFeeValue(order)) return null;
    const [position, fills] = await Promise.all([ledger.position(order.positionId), ledger.fills(orderId)]);
    if (position === null) throw new Error(`order ${orderId} has no position ${order.positionId}`);
    const wanted = unvaluedOf(order, fills);
    const late = await valued(order, position, wanted);
    if (late.length === 0 && wanted.length > 0) {
      const assets = wanted.map(({ asset }) => asset).join(', ');
      log.warn('FEES_WITHOUT_VALUE', { orderId, assets, tries: order.dueTries });
      return null;
    }
    const now = clock.now();
    const after = applyLateFees(position, order, late, now);
    const result = await ledger.commit({
      orders: [{ before: order, after: withDue(withLateFees(order, fills, late, now), now) }],
      positions: late.length === 0 ? [] : [{ before: position, after: withDue(after, now) }],
      actions: late.map((fee) => ({ positionId: position.positionId, action: valuedAction(orderId, fee) })),
    });
    if (result.outcome !== 'done') return 'conflict';
    await countRealized(ports, position, after);
    return after;
  }

  /** Values what can be valued now; nothing to value, or no price yet, is no error. */
  return async (orderId: string): Promise<void> => {
    await untilWritten(ports, `fees of order ${orderId}`, () => attempt(orderId));
  };
}

type LateFeeAmounts = ReturnType<typeof unvaluedOf>;

const valuedAction = (orderId: string, { asset, amount, price, value, at }: LateFee): PositionAction => ({
  at,
  kind: 'fee_valued',
  facts: {
    order_id: orderId,
    asset,
    amount: amount.toFixed(),
    price: price.toFixed(),
    value: value.toFixed(),
  },
});
