/** Matching: a taker walks the book until it is filled, stopped by its own terms, or out of counterparts. */
import type { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import { addTo } from './accounts.ts';
import { consume, type Offer, offers, rest, takes } from './book.ts';
import { endOrder, fillOrder } from './lifecycle.ts';
import { floorAmount, floorStep, min, ZERO } from './numbers.ts';
import { isSelfTrade, prevent } from './self-trade.ts';
import { isLimit, isOpen, type Market, type Order, remaining, type Side, type World } from './state.ts';
import { print } from './tape.ts';

/** Runs the taker phase, then lets the rest stand on the book or expire. */
export function take(world: World, order: Order): void {
  const { market, terms } = order;
  if (terms.tif === 'FOK' && available(order).lessThan(remaining(order))) {
    endOrder(world, order, 'EXPIRED', 'UNFILLED_FOK_ORDER_EXPIRED');
    return;
  }
  const within = priceRange(world, order);
  while (isOpen(order) && remaining(order).greaterThan(ZERO)) {
    const offer = firstOffer(market, terms.side);
    if (offer === null || (terms.price !== null && !takes(terms.side, terms.price, offer.price))) break;
    if (!within(offer.price)) {
      endOrder(world, order, 'EXPIRED', 'EXECUTION_RULE_PRICE_RANGE_EXCEEDED');
      return;
    }
    if ('order' in offer && isSelfTrade(order, offer.order)) prevent(world, order, offer.order);
    else match(world, order, offer, min(remaining(order), offer.quantity));
  }
  if (!isOpen(order)) return;
  if (!isLimit(terms.type)) endOrder(world, order, 'EXPIRED', 'INSUFFICIENT_LIQUIDITY');
  else if (terms.tif === 'IOC') endOrder(world, order, 'EXPIRED', 'UNFILLED_IOC_QUANTITY_EXPIRED');
  else rest(market, order);
}

function firstOffer(market: Market, side: Side): Offer | null {
  const first = offers(market, side).next();
  return first.done === true ? null : first.value;
}

function match(world: World, taker: Order, offer: Offer, quantity: Decimal): void {
  const { market, terms } = taker;
  const quote = floorAmount(offer.price.times(quantity));
  const { id } = print(world, market, offer.price, quantity, terms.side);
  const trade = { id, price: offer.price, quantity, quote };
  if ('order' in offer) {
    fillOrder(world, taker, trade, false);
    fillOrder(world, offer.order, trade, true);
    return;
  }
  consume(market, offer.level, quantity);
  marketMakerTrades(world, market, terms.side === 'BUY' ? 'SELL' : 'BUY', quantity, quote);
  fillOrder(world, taker, trade, false);
}

/** The market maker's side of a trade. */
export function marketMakerTrades(
  world: World,
  market: Market,
  side: Side,
  quantity: Decimal,
  quote: Decimal,
): void {
  const buying = side === 'BUY';
  addTo(world.maker, market.info.base, buying ? quantity : quantity.negated());
  addTo(world.maker, market.info.quote, buying ? quote.negated() : quote);
}

/** What a FOK order could get now. */
function available(order: Order): Decimal {
  let total = ZERO;
  for (const offer of offers(order.market, order.terms.side)) {
    if (order.terms.price !== null && !takes(order.terms.side, order.terms.price, offer.price)) break;
    if ('order' in offer && isSelfTrade(order, offer.order)) continue;
    total = total.plus(offer.quantity);
  }
  return total;
}

/** Bounds of the price range rule, fixed when the taker phase begins; the reference price is the fed price. */
function priceRange(world: World, order: Order): (price: Decimal) => boolean {
  const rule = world.options.priceRanges?.[order.market.info.symbol];
  const reference = order.market.fed?.last;
  if (rule === undefined || reference === undefined) return () => true;
  const buying = order.terms.side === 'BUY';
  const up = buying ? rule.bidLimitMultUp : rule.askLimitMultUp;
  const down = buying ? rule.bidLimitMultDown : rule.askLimitMultDown;
  return (price) =>
    (up === undefined || price.lessThanOrEqualTo(reference.times(up))) &&
    (down === undefined || price.greaterThanOrEqualTo(reference.times(down)));
}

/** What taking `quantity` at any price would cost (BUY) or bring (SELL), and how much of it there is. */
export function estimate(
  order: Order,
  quantity: Decimal,
): { readonly quote: Decimal; readonly filled: Decimal } {
  let filled = ZERO;
  let quote = ZERO;
  for (const offer of offers(order.market, order.terms.side)) {
    if (filled.greaterThanOrEqualTo(quantity)) break;
    if ('order' in offer && isSelfTrade(order, offer.order)) continue;
    const part = min(quantity.minus(filled), offer.quantity);
    filled = filled.plus(part);
    quote = quote.plus(floorAmount(part.times(offer.price)));
  }
  return { quote, filled };
}

/** How much base the quote amount of a market order stands for, in whole steps; `short`: the book has less. */
export function quantityForQuote(
  order: Order,
  quote: Decimal,
  step: Decimal,
): { readonly quantity: Decimal; readonly short: boolean } {
  let left = quote;
  let quantity = ZERO;
  for (const offer of offers(order.market, order.terms.side)) {
    if ('order' in offer && isSelfTrade(order, offer.order)) continue;
    const affordable = left.dividedBy(offer.price);
    if (affordable.lessThanOrEqualTo(offer.quantity)) {
      return { quantity: floorStep(quantity.plus(affordable), step), short: false };
    }
    quantity = quantity.plus(offer.quantity);
    left = left.minus(offer.quantity.times(offer.price));
  }
  return { quantity: floorStep(quantity, step), short: true };
}
