/**
 * Positions on margin at the demo venue: an account of their own each, inside the wallet's (design section 13). Pure.
 *
 * A long holds what it has bought with borrowed quote, a short owes what it has sold; neither touches the wallet's base
 * coins. `cost` is what was borrowed, or what the sale brought and is kept for buying back. Out of the wallet's free
 * quote goes the collateral, into `locked`; fees are paid from what is free.
 * Always true:
 * - what closes a part brings its gain or loss, and its share of the collateral, back to what is free;
 * - bought back (sold) and what live closing orders hold for it are never more than is owed (held);
 * - collateral is `cost / leverage`, rounded up; zero once nothing is left.
 *
 * What a jump of the price costs beyond the collateral is the wallet's own loss: what is free may then lie below zero.
 */
import { collateralOf } from '../../domain/margin.ts';
import { type Decimal, maxOf, minOf, shareOf, ZERO } from '../../domain/money/decimal.ts';
import type { DemoBalance, DemoMargin, DemoOrder } from '../../ports/demo-store.ts';
import type { MarginRequest } from '../../ports/venue.ts';

/** A position of which nothing has traded yet. */
export const newMargin = ({ positionId, side }: MarginRequest): DemoMargin => ({
  positionId,
  version: 0,
  side,
  quantity: ZERO,
  cost: ZERO,
  collateral: ZERO,
  reserved: ZERO,
});

/** What an order may still close. */
export const closable = (margin: DemoMargin): Decimal => margin.quantity.minus(margin.reserved);

/** What more of collateral a trade of this worth asks for, in quote. */
export const moreCollateral = (margin: DemoMargin, worth: Decimal, leverage: number): Decimal =>
  collateralOf(margin.cost.plus(worth), leverage).minus(margin.collateral);

interface Booked {
  readonly margin: DemoMargin;
  readonly quote: DemoBalance;
}

/** A trade that opens or adds. The caller has made sure that it can be paid. */
export function bookEntry(
  { margin, quote }: Booked,
  { worth, quantity, fee }: { readonly worth: Decimal; readonly quantity: Decimal; readonly fee: Decimal },
  leverage: number,
): Booked {
  const more = moreCollateral(margin, worth, leverage);
  return {
    margin: {
      ...margin,
      quantity: margin.quantity.plus(quantity),
      cost: margin.cost.plus(worth),
      collateral: margin.collateral.plus(more),
    },
    quote: { ...quote, free: quote.free.minus(more).minus(fee), locked: quote.locked.plus(more) },
  };
}

/** A trade that closes as much or less than there is. */
export function bookClose(
  { margin, quote }: Booked,
  { worth, quantity, fee }: { readonly worth: Decimal; readonly quantity: Decimal; readonly fee: Decimal },
  leverage: number,
): Booked {
  const cost = shareOf(margin.cost, quantity, margin.quantity);
  const left = margin.cost.minus(cost);
  const collateral = collateralOf(left, leverage);
  const released = margin.collateral.minus(collateral);
  const gain = margin.side === 'long' ? worth.minus(cost) : cost.minus(worth);
  return {
    margin: { ...margin, quantity: margin.quantity.minus(quantity), cost: left, collateral },
    quote: {
      ...quote,
      free: quote.free.plus(released).plus(gain).minus(fee),
      locked: quote.locked.minus(released),
    },
  };
}

/** What a closing order holds of the position is free again. */
export const withoutReservation = (margin: DemoMargin, order: Pick<DemoOrder, 'locked'>): DemoMargin => ({
  ...margin,
  reserved: margin.reserved.minus(order.locked),
});

/** Holds back of the position what a closing order has still to close. */
export function reserveClose(
  margin: DemoMargin,
  order: DemoOrder,
  rest: Decimal,
): { readonly margin: DemoMargin; readonly locked: Decimal } {
  const others = margin.reserved.minus(order.locked);
  const locked = maxOf(minOf(rest, margin.quantity.minus(others)), ZERO);
  return { margin: { ...margin, reserved: others.plus(locked) }, locked };
}
