/** Positions after the run: what was sold was bought, and realized P&L is the cash that came of it. Pure. */
import { type Decimal, decimal, maxOf, minOf, sum, ZERO } from '../../../shared/domain/money/decimal.ts';
import type { OrderView } from '../../../shared/usecases/views/order-view.ts';
import type { PositionView } from '../../../shared/usecases/views/position-view.ts';

type Fill = NonNullable<OrderView['fills']>[number];

interface Sums {
  readonly quantity: Decimal;
  readonly value: Decimal;
  readonly baseFees: Decimal;
  /** Fees in quote and in third assets, at their value in quote: of their fills, or found later for an order. */
  readonly otherFees: Decimal;
  readonly prices: readonly Decimal[];
}

function sumsOf(orders: readonly OrderView[]): Sums {
  const [base = '', quote = ''] = orders[0]?.symbol.split('/') ?? [];
  const fills = orders.flatMap((order) => order.fills ?? []);
  const worthOf = (fill: Fill): Decimal => {
    if (fill.fee_currency === base) return ZERO;
    return decimal(fill.fee_currency === quote ? fill.fee : (fill.fee_quote_value ?? '0'));
  };
  return {
    quantity: sum(fills.map(({ amount }) => decimal(amount))),
    value: sum(fills.map(({ amount, price }) => decimal(amount).times(price))),
    baseFees: sum(fills.filter((fill) => fill.fee_currency === base).map(({ fee }) => decimal(fee))),
    otherFees: sum([
      ...fills.map(worthOf),
      ...orders.flatMap((order) => order.late_fees.map(({ value }) => decimal(value))),
    ]),
    prices: fills.map(({ price }) => decimal(price)),
  };
}

/** What is wrong with a position that was closed, given all of its orders with their fills. */
export function checkClosed(position: PositionView, orders: readonly OrderView[]): readonly string[] {
  const found: string[] = [];
  const say = (text: string) => found.push(`position ${position.position_id} (${position.symbol}): ${text}`);
  if (position.status !== 'closed' || position.exit === null) {
    say(`it is ${position.status}`);
    return found;
  }
  const entry = sumsOf(orders.filter(({ role }) => role === 'entry'));
  const exit = sumsOf(orders.filter(({ role }) => role === 'exit'));
  const dust = { amount: position.exit.dust?.amount ?? '0', cost: position.exit.dust?.cost ?? '0' };
  const equal = (what: string, told: string, summed: Decimal) => {
    if (!summed.equals(told)) say(`${what} ${told}, its fills make ${summed.toFixed()}`);
  };
  equal('bought', position.entry.amount, entry.quantity);
  equal('sold', position.exit.amount, exit.quantity);
  const gained = entry.quantity.minus(entry.baseFees);
  if (exit.quantity.greaterThan(gained)) say(`sold ${exit.quantity.toFixed()} of ${gained.toFixed()}`);
  const reduced = exit.quantity.plus(exit.baseFees);
  equal('dust', dust.amount, maxOf(gained.minus(reduced), ZERO));
  // A sale's own fee in base may exceed what is held: then it came from the wallet's other coins, at a fill's price.
  const excess = maxOf(reduced.minus(gained), ZERO);
  const cash = exit.value.minus(entry.value).plus(dust.cost).minus(entry.otherFees).minus(exit.otherFees);
  const told = decimal(position.exit.realized_pnl);
  const least = cash.minus(excess.times(exit.prices.reduce(maxOf, ZERO)));
  const most = cash.minus(excess.times(exit.prices.reduce(minOf, exit.prices[0] ?? ZERO)));
  if (told.lessThan(least) || told.greaterThan(most)) {
    say(`realized ${told.toFixed()}, its cash is ${cash.toFixed()}`);
  }
  return found;
}
