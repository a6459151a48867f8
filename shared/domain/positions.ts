/**
 * Positions: what fills make of them (design sections 7, 8).
 *
 * Stored are sums, never averages. A fee in base leaves the position at its price; what it cost is carried with
 * the other entry fees in `openFees` and charged to sales in proportion, like the cost itself; the last sale
 * takes all that is left of both. A short is the mirror image: `quantity` is owed, `cost` is what its sale brought.
 * Always true:
 * - cash + holdings at the mark = start + realized + unrealized P&L, whatever the order of fills;
 * - quantity and free quantity are never negative;
 * - a position with a live entry, a live exit or more than dust is not closed.
 */

import { entryIdsOf, furtherAfter, liveEntryIds } from './entry-ids.ts';
import { exitLot } from './lots.ts';
import { closingSpec } from './margin.ts';
import { type Decimal, floorTo, maxOf, shareOf, sum, ZERO } from './money/decimal.ts';
import { addFee, isSettled } from './orders.ts';
import { NEVER_UNPROTECTED, untold } from './position-facts.ts';
import type { SymbolSpec } from './symbols.ts';
import type { FeeAmount, Fill, LiveExit, Order, Position, Protection } from './types.ts';

export { figures, type PositionFigures } from './figures.ts';

/** The sums of a position of which nothing was traded yet, and that reserves nothing. */
export const NOTHING_TRADED = {
  liveExits: [],
  externals: [],
  entryQuantity: ZERO,
  entryQuote: ZERO,
  entryFees: [],
  exitQuantity: ZERO,
  exitQuote: ZERO,
  exitFees: [],
  quantity: ZERO,
  cost: ZERO,
  openFees: ZERO,
  realizedPnl: ZERO,
  unvaluedFees: [],
  slippage: ZERO,
} as const satisfies Partial<Position>;

/** The position of an entry order, before its first fill (version 0: the store writes 1). */
export function openPosition(args: {
  readonly order: Order;
  readonly base: string;
  readonly quote: string;
  readonly protection: Protection;
  readonly now: number;
}): Position {
  const { order, base, quote, protection, now } = args;
  return {
    positionId: order.positionId,
    version: 0,
    userId: order.userId,
    walletId: order.walletId,
    environment: order.environment,
    flowId: order.flowId,
    symbol: order.symbol,
    base,
    quote,
    side: order.side === 'buy' ? 'long' : 'short',
    margin: order.margin,
    status: 'opening',
    entryOrderId: order.orderId,
    formerEntryIds: [],
    entryLive: true,
    furtherEntryIds: [],
    liveFurtherIds: [],
    exitOrderIds: [],
    exitsMade: 0,
    ...NOTHING_TRADED,
    protection,
    initialProtection: protection,
    breakEvenActivatedAt: null,
    breakEvenStop: null,
    claimedRungs: [],
    levelsVersion: 1,
    armedVersion: 0,
    armings: {},
    confirming: [],
    resident: null,
    unprotected: NEVER_UNPROTECTED,
    flatten: null,
    exitCause: null,
    closedAs: null,
    dust: null,
    entryMinute: null,
    frozen: null,
    signals: null,
    aiReasoning: order.aiReasoning,
    aiConfidence: order.aiConfidence,
    aiAgentId: order.aiAgentId,
    createdAt: now,
    openedAt: null,
    closedAt: null,
    updatedAt: now,
    dueAt: null,
    dueTries: 0,
  };
}

/** Closed for good, unless a late fill of one of its orders comes. */
export const isClosed = (p: Position): boolean => p.status === 'closed' || p.status === 'liquidated';

/** What no live exit has reserved: free to be sold (bought back for a short), in base. Never negative. */
export const freeQuantity = (p: Position): Decimal =>
  maxOf(p.quantity.minus(sum(p.liveExits.map((e) => e.reserved))), ZERO);

/**
 * What a part exit may claim: what is free, and what the resident order holds, which gives way to it; without what others
 * wait for already.
 */
export function claimableQuantity(p: Position): Decimal {
  const resting = p.resident?.resting?.orderId;
  const held = p.liveExits.map((e) => e.waits ?? (e.orderId === resting ? ZERO : e.reserved));
  return maxOf(p.quantity.minus(sum(held)), ZERO);
}

/**
 * Sold beyond what was bought: zero, or a reason for an alarm. A sale's own fee in base (a discount paid in the very
 * asset that is sold) comes on top of what was sold, out of the wallet's other coins: it is no sale.
 */
export function oversold(p: Position): Decimal {
  const baseFees = (fees: readonly FeeAmount[]) =>
    sum(fees.filter((f) => f.asset === p.base).map((f) => f.amount));
  const [gained, given] =
    p.side === 'long'
      ? [p.entryQuantity.minus(baseFees(p.entryFees)), p.exitQuantity]
      : [p.entryQuantity.plus(baseFees(p.entryFees)), p.exitQuantity.minus(baseFees(p.exitFees))];
  return maxOf(given.minus(gained), ZERO);
}

/** A fill's fee by where it goes: out of the base quantity, or a value in quote; null = no price known yet. */
function feeParts(p: Position, fill: Fill): { readonly base: Decimal; readonly quote: Decimal | null } {
  if (fill.fee.asset === p.base) return { base: fill.fee.amount, quote: ZERO };
  if (fill.fee.asset === p.quote || fill.fee.amount.isZero()) return { base: ZERO, quote: fill.fee.amount };
  return { base: ZERO, quote: fill.feeQuoteValue };
}

/** Against us positive: paid more, or received less, than the price at the decision. */
function slippageOf(fill: Fill, order: Order): Decimal {
  if (order.referencePrice === null) return ZERO;
  const worse = fill.price.minus(order.referencePrice).times(fill.quantity);
  return order.side === 'buy' ? worse : worse.negated();
}

const without = <T>(named: Readonly<Record<string, T>>, names: readonly string[]) =>
  Object.fromEntries(Object.entries(named).filter(([name]) => !names.includes(name)));

/**
 * It held something, was emptied by part exits, and is about to hold something again: what its stops had come to belongs
 * to what was sold. They begin anew; a peak or a break-even of that time may lie far above the present market.
 */
const begunAnew = (p: Position): Position =>
  p.openedAt === null || !p.quantity.isZero()
    ? p
    : { ...p, armings: {}, confirming: [], breakEvenActivatedAt: null, breakEvenStop: null };

/** Of levels that hang on the average entry: a price from before a fill has not reached where they lie after it. */
const MOVING_LEVELS: readonly string[] = ['break_even_trigger', 'liquidation'];

/** Books a fill of the entry order (given as it stands after the fill). Opens the position on the first. */
export function applyEntryFill(position: Position, fill: Fill, order: Order, now: number): Position {
  const p = begunAnew(reopened(position));
  const fee = feeParts(p, fill);
  // A long has less by a base fee; a short owes more.
  const quantity = p.side === 'long' ? fill.quantity.minus(fee.base) : fill.quantity.plus(fee.base);
  // The average entry price carries the break-even trigger and the liquidation price. While nothing was held, levels may have left the index, or
  // whoever changed the protection may still be on the way to take this version's out. A reopened one is new already.
  const mayBeTakenOut = p.armedVersion > 0 || (!isClosed(position) && p.levelsVersion > 1);
  const hangsOnAverage = p.protection.breakEven !== null || p.margin !== null;
  const movesLevels = p.quantity.isZero() ? mayBeTakenOut : hangsOnAverage;
  return {
    ...p,
    status: p.status === 'opening' ? 'open' : p.status,
    // A late fill of one that was not listed.
    formerEntryIds: entryIdsOf(p).includes(order.orderId)
      ? p.formerEntryIds
      : [...p.formerEntryIds, order.orderId],
    entryQuantity: p.entryQuantity.plus(fill.quantity),
    entryQuote: p.entryQuote.plus(fill.price.times(fill.quantity)),
    entryFees: addFee(p.entryFees, fill.fee),
    quantity: p.quantity.plus(quantity),
    cost: p.cost.plus(fill.price.times(quantity)),
    openFees: p.openFees.plus(fill.price.times(fee.base)).plus(fee.quote ?? ZERO),
    unvaluedFees: fee.quote === null ? addFee(p.unvaluedFees, fill.fee) : p.unvaluedFees,
    slippage: p.slippage.plus(slippageOf(fill, order)),
    levelsVersion: movesLevels ? p.levelsVersion + 1 : p.levelsVersion,
    armings: hangsOnAverage ? without(p.armings, MOVING_LEVELS) : p.armings,
    unprotected: p.quantity.isZero() ? untold(p) : p.unprotected,
    openedAt: p.openedAt ?? fill.at,
    updatedAt: Math.max(p.updatedAt, now),
    dueTries: 0,
  };
}

/**
 * Books a fill of an exit order (given as it stands after the fill). Also above its reservation: what was sold
 * beyond the holding came from the wallet's other coins, and passes through at the fill's price without P&L.
 */
export function applyExitFill(position: Position, fill: Fill, order: Order, now: number): Position {
  const p = reopened(position);
  const fee = feeParts(p, fill);
  const quote = fill.price.times(fill.quantity);
  const reduced = p.side === 'long' ? fill.quantity.plus(fee.base) : fill.quantity.minus(fee.base);
  const excess = maxOf(reduced.minus(p.quantity), ZERO);
  const cost = shareOf(p.cost, reduced, p.quantity).plus(fill.price.times(excess));
  const openFees = shareOf(p.openFees, reduced, p.quantity);
  const gross = p.side === 'long' ? quote.minus(cost) : cost.minus(quote);
  const quantity = p.quantity.minus(reduced).plus(excess);
  return {
    ...(quantity.isZero() && isClosed(position) ? position : p),
    dust: p.dust,
    // Its price belongs to them.
    frozen: null,
    exitQuantity: p.exitQuantity.plus(fill.quantity),
    exitQuote: p.exitQuote.plus(quote),
    exitFees: addFee(p.exitFees, fill.fee),
    quantity,
    cost: p.cost.minus(cost).plus(fill.price.times(excess)),
    openFees: p.openFees.minus(openFees),
    realizedPnl: p.realizedPnl
      .plus(gross)
      .minus(openFees)
      .minus(fee.quote ?? ZERO),
    unvaluedFees: fee.quote === null ? addFee(p.unvaluedFees, fill.fee) : p.unvaluedFees,
    slippage: p.slippage.plus(slippageOf(fill, order)),
    // A late fill of one that was taken for unsold.
    exitOrderIds: p.exitOrderIds.includes(order.orderId)
      ? p.exitOrderIds
      : [...p.exitOrderIds, order.orderId],
    liveExits: p.liveExits.map((e) => (e.orderId === order.orderId ? lessReserved(e, fill.quantity) : e)),
    updatedAt: Math.max(p.updatedAt, now),
    dueTries: 0,
  };
}

const lessReserved = (exit: LiveExit, quantity: Decimal): LiveExit => ({
  ...exit,
  reserved: maxOf(exit.reserved.minus(quantity), ZERO),
});

/** A late fill of a closed position counts too: what is held then has to be protected, or sold again. */
export function reopened(p: Position): Position {
  if (!isClosed(p)) return p;
  return {
    ...p,
    status: p.flatten === null ? 'open' : 'closing',
    quantity: p.quantity.plus(p.dust?.quantity ?? ZERO),
    cost: p.cost.plus(p.dust?.cost ?? ZERO),
    dust: null,
    closedAt: null,
    frozen: null,
    levelsVersion: p.levelsVersion + 1,
    unprotected: untold(p),
  };
}

/** An entry is settled: nothing more of it can come. Closes what was never filled. Else the position as it was. */
export function entryEnded(p: Position, order: Order, now: number, spec: SymbolSpec): Position {
  if (!liveEntryIds(p).includes(order.orderId) || !isSettled(order)) return p;
  const changed = { ...p, updatedAt: Math.max(p.updatedAt, now), dueTries: 0 };
  const ended =
    order.orderId === p.entryOrderId
      ? { ...changed, entryLive: false }
      : {
          ...changed,
          furtherEntryIds: furtherAfter(p, order),
          liveFurtherIds: p.liveFurtherIds.filter((id) => id !== order.orderId),
        };
  return maybeClose(ended, spec, null, now);
}

/**
 * Below what the venue takes by market: rounded down to the step it is under the least quantity or, where a price is
 * known, under the least notional.
 */
export function isDust(quantity: Decimal, spec: SymbolSpec, mark: Decimal | null): boolean {
  const lot = exitLot(spec);
  const whole = floorTo(quantity, lot.step);
  if (!whole.greaterThan(0) || whole.lessThan(lot.min)) return true;
  return mark !== null && whole.times(mark).lessThan(lot.minNotional);
}

/**
 * Closes a position whose orders are all settled when zero or dust is left. Dust keeps its cost in `dust`; the
 * fees paid for it are realized. A whole position worth less than the least notional is not dust while nobody
 * wants out and nothing was sold: its price may rise.
 */
export function maybeClose(p: Position, spec: SymbolSpec, mark: Decimal | null, now: number): Position {
  if (isClosed(p) || liveEntryIds(p).length > 0 || p.liveExits.length > 0) return p;
  const isLeaving = p.flatten !== null || p.exitQuantity.greaterThan(0);
  // The plan decides by the price of the claim when it has no mark; what it calls dust has to close here.
  const marks = isLeaving ? [mark, p.flatten?.price ?? null] : [null];
  if (!marks.some((price) => isDust(p.quantity, closingSpec(p, spec), price))) return p;
  const realizedPnl = p.realizedPnl.minus(p.openFees);
  return {
    ...p,
    status: p.flatten?.cause === 'liquidation' ? 'liquidated' : 'closed',
    dust: p.quantity.isZero() ? null : { quantity: p.quantity, cost: p.cost },
    quantity: ZERO,
    cost: ZERO,
    openFees: ZERO,
    confirming: [],
    realizedPnl,
    closedAs: realizedPnl.lessThan(0) ? 'lost' : 'not_lost',
    exitCause: p.flatten?.cause ?? p.exitCause,
    levelsVersion: p.levelsVersion + 1,
    closedAt: now,
    updatedAt: Math.max(p.updatedAt, now),
    dueTries: 0,
  };
}
