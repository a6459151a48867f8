/**
 * Margin: what a leveraged long or a short ties up, and where it is liquidated (design sections 8, 9, 10).
 *
 * Each position is on its own (isolated). A long buys with borrowed quote, a short sells borrowed base; what the entry
 * was worth is the position's `cost` in either case, and `cost / leverage` of the account's quote is its collateral.
 * Fees are paid out of the account at each trade and touch no collateral.
 * Always true:
 * - at the liquidation price the collateral has lost all but the maintenance and the fee of closing;
 * - what is rounded liquidates earlier, and ties up more, never less;
 * - a part that closes does not move the liquidation price: it hangs on the average entry alone.
 */

import { type FieldError, fieldError } from './field-error.ts';
import type { MarginTerms } from './margin-facts.ts';
import { ceilTo, Decimal, decimal, floorTo, ZERO } from './money/decimal.ts';
import type { SymbolSpec } from './symbol-spec.ts';
import type { Position, PositionSide, Protection } from './types.ts';

/** Half a percent, as large venues ask of small positions. */
export const MAINTENANCE_RATE = decimal('0.005');
/** The most that a wallet may allow. */
export const MOST_LEVERAGE = 20;

const COLLATERAL_DECIMALS = 8;
/** What a division leaves in further digits must not move a level by a tick. */
const PRICE_DECIMALS = 12;

/** Collateral for this worth, in quote, 8 decimals, rounded up. */
export const collateralOf = (worth: Decimal, leverage: number): Decimal =>
  worth.dividedBy(leverage).toDecimalPlaces(COLLATERAL_DECIMALS, Decimal.ROUND_CEIL);

interface Held {
  readonly cost: Decimal;
  readonly quantity: Decimal;
}

/** Where collateral + gain = (maintenance + fee) x worth, off the tick; null where no price does it. */
function edgeOf(
  side: PositionSide,
  { cost, quantity }: Held,
  { leverage, maintenanceRate, feeRate }: MarginTerms,
): Decimal | null {
  const kept = maintenanceRate.plus(feeRate);
  const isLong = side === 'long';
  const worth = cost.times(isLong ? leverage - 1 : leverage + 1);
  const share = isLong ? kept.negated().plus(1) : kept.plus(1);
  const price = worth
    .dividedBy(quantity.times(share).times(leverage))
    .toDecimalPlaces(PRICE_DECIMALS, Decimal.ROUND_HALF_EVEN);
  return price.greaterThan(0) ? price : null;
}

/**
 * The price at which so much that was bought (sold) for `cost` is liquidated, on the tick that comes earlier. Null for
 * a long that borrowed nothing.
 */
export function liquidationAt(
  side: PositionSide,
  held: Held,
  terms: MarginTerms,
  spec: SymbolSpec,
): Decimal | null {
  const edge = edgeOf(side, held, terms);
  return edge && (side === 'long' ? ceilTo(edge, spec.tickSize) : floorTo(edge, spec.tickSize));
}

/** Where the position is liquidated; null without margin, and while it holds nothing. */
export const liquidationPrice = (p: Position, spec: SymbolSpec): Decimal | null =>
  p.margin === null || !p.quantity.greaterThan(0) ? null : liquidationAt(p.side, p, p.margin, spec);

/** The same off the tick, for measures that know no symbol. */
export const liquidationEdge = (p: Position): Decimal | null =>
  p.margin === null || !p.quantity.greaterThan(0) ? null : edgeOf(p.side, p, p.margin);

/** What of the account a position ties up now, in quote: of one that is not on margin all that it has cost. */
export const marginUsed = (p: Pick<Position, 'margin' | 'cost'>): Decimal =>
  p.margin === null ? p.cost : collateralOf(p.cost, p.margin.leverage);

/**
 * What is owed is given back whatever it is worth: below the venue's least there is no dust that could stay owed. The
 * symbol as the orders that close a position on margin meet it.
 */
export function closingSpec(p: Pick<Position, 'margin'>, spec: SymbolSpec): SymbolSpec {
  return p.margin === null ? spec : withoutLeastWorth(spec);
}

export const withoutLeastWorth = (spec: SymbolSpec): SymbolSpec => ({
  ...spec,
  minNotional: ZERO,
  rules: {
    ...spec.rules,
    filters: spec.rules.filters.filter(({ kind }) => kind !== 'notional' && kind !== 'min_notional'),
  },
});

/** A stop loss that the liquidation comes before would never do anything; null = it does not. */
export function checkStopBefore(
  { stopLoss }: Pick<Protection, 'stopLoss'>,
  side: PositionSide,
  liquidation: Decimal | null,
): FieldError | null {
  if (stopLoss === null || liquidation === null) return null;
  const { price } = stopLoss;
  const isBefore = side === 'long' ? price.greaterThan(liquidation) : price.lessThan(liquidation);
  if (isBefore) return null;
  const at = liquidation.toFixed();
  const message = `the stop loss at ${price.toFixed()} would never act: the position is liquidated at ${at}`;
  const fix = `put it ${side === 'long' ? 'above' : 'below'} ${at}, or take less leverage`;
  return fieldError('stop_beyond_liquidation', 'protection.stop_loss', message, fix);
}

/** Does the collateral of this leverage last for twice what its closing keeps? Else it would be liquidated as it opens. */
export const isLeverageTooHigh = (leverage: number, feeRate: Decimal): boolean =>
  MAINTENANCE_RATE.plus(feeRate).times(2).times(leverage).greaterThan(1);
