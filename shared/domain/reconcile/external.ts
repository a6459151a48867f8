/**
 * Coins that left the account without an order of ours (design section 5): they reduce positions, with cause
 * `external`; a trade found later puts back what was taken.
 *
 * Always true:
 * - a reduction has one id and is booked at most once;
 * - putting it back restores quantity, cost, fees and P&L to the last digit, whatever was booked between.
 */
import { type Decimal, maxOf, minOf, shareOf, ZERO } from '../money/decimal.ts';
import { addFee } from '../orders.ts';
import { freeQuantity, maybeClose, reopened } from '../positions.ts';
import type { SymbolSpec } from '../symbol-spec.ts';
import type { ExternalReduction, Position } from '../types.ts';

export interface Reduction {
  readonly id: string;
  /** Base. */
  readonly quantity: Decimal;
  /** Null: it leaves at its cost, a transfer is neither gain nor loss. */
  readonly price: Decimal | null;
  /** In quote; zero without a price. */
  readonly fee: Decimal;
}

/** How much of this position may be said to be gone: what no live exit has reserved. */
export const reducible = (p: Position): Decimal => minOf(freeQuantity(p), p.quantity);

/** The position without the coins that are gone; as it was when this reduction is booked already, or nothing is held. */
export function applyExternal(p: Position, reduction: Reduction, spec: SymbolSpec, now: number): Position {
  if (p.externals.some(({ id }) => id === reduction.id)) return p;
  const quantity = minOf(reduction.quantity, reducible(p));
  if (!quantity.greaterThan(0) || p.side !== 'long') return p;
  const cost = shareOf(p.cost, quantity, p.quantity);
  const openFees = shareOf(p.openFees, quantity, p.quantity);
  // Without a price it brings what it cost, its fees included: no gain, no loss.
  const quote = reduction.price === null ? cost.plus(openFees) : reduction.price.times(quantity);
  const fee = reduction.price === null ? ZERO : reduction.fee;
  const pnl = quote.minus(cost).minus(openFees).minus(fee);
  const external: ExternalReduction = {
    id: reduction.id,
    quantity,
    price: reduction.price,
    quote,
    fee,
    cost,
    openFees,
    pnl,
    at: now,
    reversedAt: null,
  };
  const next: Position = {
    ...p,
    externals: [...p.externals, external],
    exitQuantity: p.exitQuantity.plus(quantity),
    exitQuote: p.exitQuote.plus(quote),
    exitFees: addFee(p.exitFees, { asset: p.quote, amount: fee }),
    quantity: p.quantity.minus(quantity),
    cost: p.cost.minus(cost),
    openFees: p.openFees.minus(openFees),
    realizedPnl: p.realizedPnl.plus(pnl),
    exitCause: p.flatten?.cause ?? 'external',
    levelsVersion: p.levelsVersion + 1,
    updatedAt: maxTime(p.updatedAt, now),
    dueTries: 0,
  };
  return maybeClose(next, spec, reduction.price, now);
}

/** The position with these coins again; as it was when the reduction is unknown or put back already. */
export function reverseExternal(position: Position, id: string, now: number): Position {
  const external = position.externals.find((candidate) => candidate.id === id);
  if (external === undefined || external.reversedAt !== null) return position;
  const p = reopened(position);
  return {
    ...p,
    externals: p.externals.map((candidate) =>
      candidate.id === id ? { ...candidate, reversedAt: now } : candidate,
    ),
    exitQuantity: maxOf(p.exitQuantity.minus(external.quantity), ZERO),
    exitQuote: p.exitQuote.minus(external.quote),
    exitFees: addFee(p.exitFees, { asset: p.quote, amount: external.fee.negated() }).filter(
      ({ amount }) => !amount.isZero(),
    ),
    quantity: p.quantity.plus(external.quantity),
    cost: p.cost.plus(external.cost),
    openFees: p.openFees.plus(external.openFees),
    realizedPnl: p.realizedPnl.minus(external.pnl),
    levelsVersion: p.levelsVersion + 1,
    updatedAt: maxTime(p.updatedAt, now),
    dueTries: 0,
  };
}

const maxTime = (a: number, b: number): number => Math.max(a, b);
