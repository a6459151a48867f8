/** The symbol's filters on one order's numbers (facts that do not depend on other orders). */
import { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import { refuse } from './errors.ts';
import { ZERO } from './numbers.ts';
import type { Market, OrderTerms, World } from './state.ts';
import type { Filter } from './symbol-info.ts';
import { averagePrice } from './tape.ts';

/** Precision of the assets (-1111) and amounts that are no amounts. */
export function checkPrecision(market: Market, terms: OrderTerms): void {
  const { info } = market;
  const amounts: readonly [string, Decimal | null, number][] = [
    ['quantity', terms.quantity, info.basePrecision],
    ['icebergQty', terms.icebergQty, info.basePrecision],
    ['price', terms.price, info.quotePrecision],
    ['stopPrice', terms.stopPrice, info.quotePrecision],
    ['quoteOrderQty', terms.quoteQuantity, info.quotePrecision],
  ];
  for (const [name, value, precision] of amounts) {
    if (value !== null && value.decimalPlaces() > precision) throw refuse.precision(name);
  }
  for (const value of [terms.quantity, terms.price, terms.quoteQuantity, terms.stopPrice]) {
    if (value?.isZero()) throw refuse.api('Price * QTY is zero or less.');
  }
}

/** All filters that look at the order alone. Throws -1013 "Filter failure: …". */
export function checkFilters(world: World, market: Market, terms: OrderTerms): void {
  checkPrice(world, market, terms);
  if (terms.quantity !== null) checkLot(market, terms, terms.quantity);
  checkIceberg(market, terms);
  checkTrailing(market, terms);
  checkNotional(world, market, terms);
}

const off = (limit: Decimal): boolean => limit.isZero();

const fits = (value: Decimal, low: Decimal, high: Decimal, step: Decimal): boolean =>
  (off(low) || value.greaterThanOrEqualTo(low)) &&
  (off(high) || value.lessThanOrEqualTo(high)) &&
  (off(step) || value.modulo(step).isZero());

function checkPrice(world: World, market: Market, terms: OrderTerms): void {
  const filter = market.info.filter('PRICE_FILTER');
  for (const price of [terms.price, terms.stopPrice]) {
    if (price === null || filter === null) continue;
    if (!fits(price, filter.decimal('minPrice'), filter.decimal('maxPrice'), filter.decimal('tickSize'))) {
      throw refuse.filter('PRICE_FILTER');
    }
  }
  if (terms.price === null) return;
  const buying = terms.side === 'BUY';
  checkPercent(world, market, terms.price, 'PERCENT_PRICE', 'multiplierUp', 'multiplierDown');
  checkPercent(
    world,
    market,
    terms.price,
    'PERCENT_PRICE_BY_SIDE',
    buying ? 'bidMultiplierUp' : 'askMultiplierUp',
    buying ? 'bidMultiplierDown' : 'askMultiplierDown',
  );
}

function checkPercent(
  world: World,
  market: Market,
  price: Decimal,
  type: string,
  up: string,
  down: string,
): void {
  const filter = market.info.filter(type);
  const reference = filter === null ? null : referenceFor(world, market, filter);
  if (filter === null || reference === null) return;
  const above = price.greaterThan(reference.times(filter.decimal(up)));
  const below = price.lessThan(reference.times(filter.decimal(down)));
  if (above || below) throw refuse.filter(type);
}

/** The reference price where the symbol has one, else the average over the filter's minutes. */
function referenceFor(world: World, market: Market, filter: Filter): Decimal | null {
  if (world.options.priceRanges?.[market.info.symbol] !== undefined && market.fed !== null)
    return market.fed.last;
  return averagePrice(world, market, filter.decimal('avgPriceMins').toNumber());
}

/** LOT_SIZE, and MARKET_LOT_SIZE for orders that take at any price. */
function checkLot(market: Market, terms: OrderTerms, quantity: Decimal): void {
  const lot = market.info.filter('LOT_SIZE');
  for (const value of [quantity, terms.icebergQty]) {
    if (value === null || value.isZero() || lot === null) continue;
    if (!fits(value, lot.decimal('minQty'), lot.decimal('maxQty'), lot.decimal('stepSize'))) {
      throw refuse.filter('LOT_SIZE');
    }
  }
  const marketLot = market.info.filter('MARKET_LOT_SIZE');
  if (terms.type !== 'MARKET' || marketLot === null) return;
  const [low, high, step] = [
    marketLot.decimal('minQty'),
    marketLot.decimal('maxQty'),
    marketLot.decimal('stepSize'),
  ];
  if (!fits(quantity, low, high, step)) {
    throw refuse.filter('MARKET_LOT_SIZE');
  }
}

function checkIceberg(market: Market, terms: OrderTerms): void {
  const iceberg = terms.icebergQty;
  if (iceberg === null || iceberg.isZero() || terms.quantity === null) return;
  if (iceberg.greaterThan(terms.quantity)) throw refuse.api('IcebergQty exceeds QTY.');
  const limit = market.info.filter('ICEBERG_PARTS')?.decimal('limit') ?? ZERO;
  const parts = terms.quantity.dividedBy(iceberg).toDecimalPlaces(0, Decimal.ROUND_CEIL);
  if (!off(limit) && parts.greaterThan(limit)) throw refuse.filter('ICEBERG_PARTS');
}

function checkTrailing(market: Market, terms: OrderTerms): void {
  if (terms.trailingDelta === null) return;
  const filter = market.info.filter('TRAILING_DELTA');
  if (filter === null) return;
  const loss = terms.type === 'STOP_LOSS' || terms.type === 'STOP_LOSS_LIMIT';
  const where = loss === (terms.side === 'BUY') ? 'Above' : 'Below';
  const low = filter.decimal(`minTrailing${where}Delta`);
  const high = filter.decimal(`maxTrailing${where}Delta`);
  if (low.greaterThan(terms.trailingDelta) || high.lessThan(terms.trailingDelta)) {
    throw refuse.filter('TRAILING_DELTA');
  }
}

function checkNotional(world: World, market: Market, terms: OrderTerms): void {
  // A quantity still to come (pending legs of OPO) is checked when it is known.
  if (terms.quantity === null && terms.quoteQuantity === null) return;
  const newer = market.info.filter('NOTIONAL');
  if (newer !== null) {
    const worth = notionalOf(world, market, terms, newer);
    const atMarket = terms.price === null;
    if (!atMarket || newer.flag('applyMinToMarket')) atLeast(worth, newer.decimal('minNotional'), 'NOTIONAL');
    const most = newer.decimal('maxNotional');
    const capped = (!atMarket || newer.flag('applyMaxToMarket')) && newer.has('maxNotional');
    if (capped && (worth === null || worth.greaterThan(most))) throw refuse.filter('NOTIONAL');
  }
  const older = market.info.filter('MIN_NOTIONAL');
  if (older !== null && (terms.price !== null || older.flag('applyToMarket'))) {
    atLeast(notionalOf(world, market, terms, older), older.decimal('minNotional'), 'MIN_NOTIONAL');
  }
}

/** Without any trade there is no worth to a market order, and it is refused. */
function atLeast(worth: Decimal | null, least: Decimal, name: string): void {
  if (worth === null || worth.lessThan(least)) throw refuse.filter(name);
}

function notionalOf(world: World, market: Market, terms: OrderTerms, filter: Filter): Decimal | null {
  if (terms.quoteQuantity !== null) return terms.quoteQuantity;
  if (terms.quantity === null) return null;
  const price = terms.price ?? referenceFor(world, market, filter);
  return price === null ? null : price.times(terms.quantity);
}
