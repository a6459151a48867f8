/**
 * The demo venue's rules: what one order does at one price (design section 13). Pure.
 *
 * Always true:
 * - what leaves one balance arrives in the other or is a fee: nothing appears, nothing is lost;
 * - locked is never negative: it is what the live orders reserve, and the collateral of positions on margin; what is
 *   free is never negative either, but where a loss on margin has taken more than there was (margin.ts);
 * - an order is never filled beyond its quantity, and never twice by one tick.
 *
 * Fees: rate x value, counted over the whole order and rounded half-even to 8 decimals, so that many small
 * trades pay exactly what one large trade would. A buy pays in quote, or in base by setting; a sell in quote.
 * Sizes: a tick that shows a size fills no more than it (whole steps, at least one, so that a print smaller than
 * a step still moves the order); without a size it fills all.
 */
import { collateralOf } from '../../domain/margin.ts';
import { Decimal, floorTo, maxOf, minOf, ZERO } from '../../domain/money/decimal.ts';
import { stopFalls } from '../../domain/normalise.ts';
import { unreachable } from '../../domain/result.ts';
import type { SymbolSpec } from '../../domain/symbol-spec.ts';
import type { Fill } from '../../domain/types.ts';
import type { DemoBalance, DemoMargin, DemoOrder } from '../../ports/demo-store.ts';
import { bookClose, bookEntry, moreCollateral, reserveClose, withoutReservation } from './margin.ts';

/** The price that an order meets. */
export interface Market {
  readonly bid: Decimal;
  readonly ask: Decimal;
  /** Null: the feed has no sizes. */
  readonly bidSize: Decimal | null;
  readonly askSize: Decimal | null;
  readonly tickId: number;
}

export interface Terms {
  readonly spec: SymbolSpec;
  /** Fraction of the value; below 0.5. */
  readonly feeRate: Decimal;
  readonly buyFeeIn: 'quote' | 'base';
  readonly now: number;
}

/** The balances that an order touches, and the position on margin that it belongs to; null = none. */
export interface Account {
  readonly base: DemoBalance;
  readonly quote: DemoBalance;
  readonly margin: DemoMargin | null;
}

/** An order with what it touches, and the trades made so far in this step. */
export interface Holding extends Account {
  readonly order: DemoOrder;
  readonly fills: readonly Fill[];
}

const ONE = new Decimal(1);
const FEE_DECIMALS = 8;
const fee = (value: Decimal, rate: Decimal): Decimal =>
  value.times(rate).toDecimalPlaces(FEE_DECIMALS, Decimal.ROUND_HALF_EVEN);
const feeAtMost = (value: Decimal, rate: Decimal): Decimal =>
  value.times(rate).toDecimalPlaces(FEE_DECIMALS, Decimal.ROUND_CEIL);

export const isLive = (order: DemoOrder): boolean =>
  order.status === 'new' || order.status === 'partially_filled';

/** What is left to trade; of an order by quote amount as much as that amount still buys at this price, in whole steps. */
export function restAt(order: DemoOrder, price: Decimal, spec: SymbolSpec): Decimal {
  if (order.quoteQuantity === null) return order.quantity.minus(order.executedQuantity);
  return floorTo(order.quoteQuantity.minus(order.executedQuote).dividedBy(price), spec.stepSize);
}

/** The price a taker of this side pays or gets. */
export const takerPrice = (order: { readonly side: 'buy' | 'sell' }, market: Market): Decimal =>
  order.side === 'buy' ? market.ask : market.bid;

const paysInBase = (order: DemoOrder, terms: Terms): boolean =>
  order.side === 'buy' && order.margin === null && terms.buyFeeIn === 'base';

/** How much of the rest this price has on offer. */
function offered(order: DemoOrder, market: Market, spec: SymbolSpec): Decimal {
  const size = order.side === 'buy' ? market.askSize : market.bidSize;
  const rest = restAt(order, takerPrice(order, market), spec);
  if (size === null) return rest;
  const steps = floorTo(size, spec.stepSize);
  return minOf(rest, steps.greaterThan(0) ? steps : spec.stepSize);
}

/** What a live order has to hold back for its rest. */
export function reservation(order: DemoOrder, terms: Terms): Decimal {
  if (!isLive(order)) return ZERO;
  const rest = order.quantity.minus(order.executedQuantity);
  if (order.margin === null ? order.side === 'sell' : order.margin.closes) return rest;
  const value = order.quoteQuantity?.minus(order.executedQuote) ?? rest.times(order.lockPrice);
  if (paysInBase(order, terms)) return value;
  const own = order.margin === null ? value : collateralOf(value, order.margin.leverage);
  return own.plus(feeAtMost(order.executedQuote.plus(value), terms.feeRate)).minus(order.feePaid);
}

/**
 * Holds back what the order needs now. A limit order can always afford it (its fills are never dearer than its
 * limit); a market order at a risen price locks what there is, and ends when a fill cannot be paid.
 */
export function reserve(h: Holding, terms: Terms): Holding {
  const rest = reservation(h.order, terms);
  if (h.margin !== null && h.order.margin?.closes === true) {
    const held = reserveClose(h.margin, h.order, rest);
    return { ...h, order: { ...h.order, locked: held.locked }, margin: held.margin };
  }
  const paysQuote = h.order.side === 'buy' || h.order.margin !== null;
  const asset = paysQuote ? h.quote : h.base;
  const available = asset.free.plus(h.order.locked);
  // A loss on margin may have taken more than was free: nothing is held back of what is not there.
  const locked = maxOf(minOf(rest, available), ZERO);
  const next: DemoBalance = {
    ...asset,
    free: available.minus(locked),
    locked: asset.locked.minus(h.order.locked).plus(locked),
  };
  const order = { ...h.order, locked };
  return paysQuote ? { ...h, order, quote: next } : { ...h, order, base: next };
}

/** Ends the rest of the order and lets go of its reservation. */
export const end = (h: Holding, status: 'cancelled' | 'expired', reason: string, terms: Terms): Holding =>
  reserve({ ...h, order: { ...h.order, status, reason, updatedAt: terms.now } }, terms);

/** The order after a trade, with the fee that this trade pays. */
function execute(
  order: DemoOrder,
  price: Decimal,
  quantity: Decimal,
  terms: Terms,
): { readonly order: DemoOrder; readonly paid: Decimal } {
  const executedQuantity = order.executedQuantity.plus(quantity);
  const executedQuote = order.executedQuote.plus(price.times(quantity));
  const inBase = paysInBase(order, terms);
  const feeDue = fee(inBase ? executedQuantity : executedQuote, terms.feeRate).minus(order.feePaid);
  // A tiny trade never pays more than it brings; what rounding asked beyond that falls to the next one.
  const paid = minOf(feeDue, inBase ? quantity : price.times(quantity));
  const next: DemoOrder = {
    ...order,
    executedQuantity,
    executedQuote,
    feePaid: order.feePaid.plus(paid),
    lockPrice: order.limitPrice !== null ? order.lockPrice : price,
    tradeCount: order.tradeCount + 1,
    updatedAt: terms.now,
  };
  const status = restAt(next, price, terms.spec).isZero() ? 'filled' : 'partially_filled';
  return { order: { ...next, status }, paid };
}

/** Books one trade. The caller has made sure that it can be paid. */
function trade(
  h: Holding,
  price: Decimal,
  quantity: Decimal,
  maker: boolean,
  tickId: number,
  terms: Terms,
): Holding {
  const { order, paid } = execute(h.order, price, quantity, terms);
  const value = price.times(quantity);
  const isBuy = order.side === 'buy';
  const inBase = paysInBase(order, terms);
  const fill: Fill = {
    tradeId: `${order.venueOrderId}-${order.tradeCount}`,
    price,
    quantity,
    fee: { asset: inBase ? terms.spec.base : terms.spec.quote, amount: paid },
    feeQuoteValue: null,
    at: terms.now,
    tickId,
    maker,
  };
  // First everything is freed, then paid and received, then the rest is reserved anew.
  const freed = (asset: DemoBalance): DemoBalance => ({
    ...asset,
    free: asset.free.plus(h.order.locked),
    locked: asset.locked.minus(h.order.locked),
  });
  const credit = (asset: DemoBalance, amount: Decimal): DemoBalance => ({
    ...asset,
    free: asset.free.plus(amount),
  });
  const unlocked = { ...order, locked: ZERO };
  const fills = [...h.fills, fill];
  if (h.margin !== null && order.margin !== null) {
    const traded = { worth: value, quantity, fee: paid };
    const { closes, leverage } = order.margin;
    const booked = closes
      ? bookClose({ margin: withoutReservation(h.margin, h.order), quote: h.quote }, traded, leverage)
      : bookEntry({ margin: h.margin, quote: freed(h.quote) }, traded, leverage);
    return reserve({ ...h, ...booked, order: unlocked, fills }, terms);
  }
  const next: Holding = isBuy
    ? {
        ...{ order: unlocked, margin: null },
        base: credit(h.base, inBase ? quantity.minus(paid) : quantity),
        quote: credit(freed(h.quote), (inBase ? value : value.plus(paid)).negated()),
        fills,
      }
    : {
        ...{ order: unlocked, margin: null },
        base: credit(freed(h.base), quantity.negated()),
        quote: credit(h.quote, value.minus(paid)),
        fills,
      };
  return reserve(next, terms);
}

/** What an order of this much would take from the quote balance. */
function cost({ order, margin }: Holding, price: Decimal, quantity: Decimal, terms: Terms): Decimal {
  const value = price.times(quantity);
  if (order.margin !== null && margin !== null) {
    const more = moreCollateral(margin, value, order.margin.leverage);
    return more.plus(execute(order, price, quantity, terms).paid);
  }
  return paysInBase(order, terms) ? value : value.plus(execute(order, price, quantity, terms).paid);
}

/** The most of `wanted` that the account can pay at this price, in whole steps. */
function affordable(h: Holding, price: Decimal, wanted: Decimal, terms: Terms): Decimal {
  const { margin } = h.order;
  if (margin === null ? h.order.side === 'sell' : margin.closes) return wanted;
  const funds = h.quote.free.plus(h.order.locked);
  if (cost(h, price, wanted, terms).lessThanOrEqualTo(funds)) return wanted;
  if (!funds.greaterThan(0)) return ZERO;
  const part = margin === null ? ONE : ONE.dividedBy(margin.leverage);
  const each = paysInBase(h.order, terms) ? price : price.times(terms.feeRate.plus(part));
  let quantity = floorTo(funds.dividedBy(each), terms.spec.stepSize);
  // Rounding of the fee may make the last step dearer by half a unit.
  while (quantity.greaterThan(0) && cost(h, price, quantity, terms).greaterThan(funds)) {
    quantity = quantity.minus(terms.spec.stepSize);
  }
  return minOf(quantity, wanted);
}

/** What is left of a quote amount buys no whole step at this price: the order has what it can have. */
function spent(h: Holding, terms: Terms): Holding {
  if (h.order.executedQuantity.isZero()) return end(h, 'expired', 'amount_below_a_step', terms);
  return reserve({ ...h, order: { ...h.order, status: 'filled', updatedAt: terms.now } }, terms);
}

/** Takes what is offered at a taker's price, as far as it can be paid; then time in force rules the rest. */
function take(h: Holding, market: Market, terms: Terms): Holding {
  const wanted = offered(h.order, market, terms.spec);
  const price = takerPrice(h.order, market);
  const rest = restAt(h.order, price, terms.spec);
  if (rest.isZero()) return spent(h, terms);
  if (h.order.timeInForce === 'FOK' && wanted.lessThan(rest)) return end(h, 'expired', 'FOK', terms);
  const quantity = affordable(h, price, wanted, terms);
  const after = quantity.greaterThan(0) ? trade(h, price, quantity, false, market.tickId, terms) : h;
  if (quantity.lessThan(wanted)) return end(after, 'expired', 'insufficient_balance', terms);
  if (h.order.timeInForce === 'IOC' && isLive(after.order)) return end(after, 'expired', 'IOC', terms);
  return after;
}

/** Has `price` reached the order's limit price? */
export const reachesLimit = (order: DemoOrder, price: Decimal): boolean =>
  order.limitPrice !== null &&
  (order.side === 'buy'
    ? price.lessThanOrEqualTo(order.limitPrice)
    : price.greaterThanOrEqualTo(order.limitPrice));

/** Has `price` reached the stop price that the order waits for? */
export function reachesStop(order: DemoOrder, price: Decimal): boolean {
  if (order.stopPrice === null) return false;
  return stopFalls(order.side, order.type)
    ? price.lessThanOrEqualTo(order.stopPrice)
    : price.greaterThanOrEqualTo(order.stopPrice);
}

/** A limit order meets the market: takes what is offered at its limit or better; time in force rules the rest. */
function meet(h: Holding, market: Market, terms: Terms): Holding {
  if (reachesLimit(h.order, takerPrice(h.order, market))) return take(h, market, terms);
  return h.order.timeInForce === 'GTC' ? h : end(h, 'expired', h.order.timeInForce, terms);
}

/** The first moment of an order that was just taken: it crosses at once or rests. */
export function enter(h: Holding, market: Market, terms: Terms): Holding {
  const seen: Holding = { ...h, order: { ...h.order, lastTickId: market.tickId } };
  switch (seen.order.type) {
    case 'market':
      return take(seen, market, terms);
    case 'limit':
      return meet(seen, market, terms);
    case 'limit_maker':
    case 'stop_loss':
    case 'stop_limit':
    case 'take_profit':
    case 'take_profit_limit':
      return seen;
    case 'trailing_stop':
    case 'oco':
      throw new Error(`the demo venue takes no ${seen.order.type} orders`);
    default:
      return unreachable(seen.order.type);
  }
}

/** Does the order rest at its limit price now? */
const restsAtLimit = (order: DemoOrder): boolean =>
  order.limitPrice !== null && (order.stopPrice === null || order.triggered);

/** A tick later than all that were worked; `reached` is the price that the order's level was compared with. */
export function work(h: Holding, market: Market, reached: Decimal, terms: Terms): Holding {
  if (!isLive(h.order) || market.tickId <= h.order.lastTickId) return h;
  const seen: Holding = { ...h, order: { ...h.order, lastTickId: market.tickId } };
  const { limitPrice } = seen.order;
  if (limitPrice !== null && restsAtLimit(seen.order)) {
    if (!reachesLimit(seen.order, reached)) return h;
    const wanted = offered(seen.order, market, terms.spec);
    const quantity = affordable(seen, limitPrice, wanted, terms);
    const after = quantity.isZero() ? seen : trade(seen, limitPrice, quantity, true, market.tickId, terms);
    return quantity.lessThan(wanted) ? end(after, 'expired', 'insufficient_balance', terms) : after;
  }
  if (seen.order.type === 'market' || seen.order.triggered) return take(seen, market, terms);
  if (!reachesStop(seen.order, reached)) return h;
  const triggered: Holding = { ...seen, order: { ...seen.order, triggered: true } };
  return limitPrice === null ? take(triggered, market, terms) : meet(triggered, market, terms);
}
