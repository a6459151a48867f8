/** Market data without an account: depth, trades, average price, execution rules. */
import { type Json, type JsonObject, type PublicTrade, VenueError } from '../contract.ts';
import { depthOf } from './book.ts';
import { refuse } from './errors.ts';
import { readSymbols } from './exchange-info.ts';
import { amountText, floorAmount } from './numbers.ts';
import type { ParamReader } from './params.ts';
import { cut, LIMIT_DEFAULT, LIMIT_MAX, readWindow } from './queries.ts';
import type { Level, World } from './state.ts';
import { averagePrice } from './tape.ts';
import { marketOf } from './world.ts';

const DEPTH_DEFAULT = 100;
const DEPTH_MAX = 5000;
const AVERAGE_MINUTES = 5;

const pair = (level: Level): Json => [amountText(level.price), amountText(level.quantity)];

export function depth(world: World, params: ParamReader): JsonObject {
  const market = marketOf(world, params.required('symbol'));
  const limit = Math.min(params.integer('limit') ?? DEPTH_DEFAULT, DEPTH_MAX);
  params.finish();
  if (limit === 0) throw refuse.invalid('limit');
  return {
    lastUpdateId: market.updateId,
    bids: depthOf(market, 'BUY', limit).map(pair),
    asks: depthOf(market, 'SELL', limit).map(pair),
  };
}

const tradeShape = (trade: PublicTrade): JsonObject => ({
  id: trade.id,
  price: amountText(trade.price),
  qty: amountText(trade.quantity),
  quoteQty: amountText(floorAmount(trade.price.times(trade.quantity))),
  time: trade.time,
  isBuyerMaker: trade.isBuyerMaker,
  isBestMatch: true,
});

export function recentTrades(world: World, params: ParamReader): Json {
  const market = marketOf(world, params.required('symbol'));
  const limit = Math.min(params.integer('limit') ?? LIMIT_DEFAULT, LIMIT_MAX);
  params.finish();
  return market.trades.slice(-limit).map(tradeShape);
}

export function historicalTrades(world: World, params: ParamReader): Json {
  const market = marketOf(world, params.required('symbol'));
  const from = params.integer('fromId');
  const limit = Math.min(params.integer('limit') ?? LIMIT_DEFAULT, LIMIT_MAX);
  params.finish();
  if (from === null) return market.trades.slice(-limit).map(tradeShape);
  return market.trades
    .filter((trade) => trade.id >= from)
    .slice(0, limit)
    .map(tradeShape);
}

export function aggregateTrades(world: World, params: ParamReader): Json {
  const market = marketOf(world, params.required('symbol'));
  const from = params.integer('fromId');
  const window = readWindow(params);
  params.finish();
  if (from !== null && (window.start !== null || window.end !== null)) throw refuse.badCombination();
  const rows = market.aggregates.filter((one) => from === null || one.id >= from);
  return cut(rows, (one) => one.time, window, from !== null).map((one) => ({
    a: one.id,
    p: amountText(one.price),
    q: amountText(one.quantity),
    f: one.firstTrade,
    l: one.lastTrade,
    T: one.time,
    m: one.isBuyerMaker,
    M: true,
  }));
}

export function average(world: World, params: ParamReader): JsonObject {
  const market = marketOf(world, params.required('symbol'));
  params.finish();
  const price = averagePrice(world, market, AVERAGE_MINUTES);
  return {
    mins: AVERAGE_MINUTES,
    price: price === null ? '0.00000000' : amountText(price),
    closeTime: market.trades.at(-1)?.time ?? 0,
  };
}

/** Price range rules as the options set them; symbols without one are left out. */
export function executionRules(world: World, params: ParamReader): JsonObject {
  const one = params.text('symbol');
  const several = params.text('symbols');
  const status = params.text('symbolStatus');
  params.finish();
  if (one !== null && several !== null) throw refuse.badCombination();
  const named = one !== null ? [one] : several === null ? [...world.markets.keys()] : readSymbols(several);
  const symbolRules = named.flatMap((name): JsonObject[] => {
    const { info } = marketOf(world, name);
    const range = world.options.priceRanges?.[name];
    if (range === undefined || (status !== null && info.status !== status)) return [];
    return [{ symbol: name, rules: [{ ruleType: 'PRICE_RANGE', ...range }] }];
  });
  return { symbolRules };
}

/** The fed price, for symbols with a price range rule; others never had a reference price (-2043). */
export function referencePrice(world: World, params: ParamReader): JsonObject {
  const market = marketOf(world, params.required('symbol'));
  params.finish();
  if (world.options.priceRanges?.[market.info.symbol] === undefined) {
    throw new VenueError(-2043, "This symbol doesn't have a reference price.");
  }
  return {
    symbol: market.info.symbol,
    referencePrice: market.fed === null ? null : amountText(market.fed.last),
    timestamp: world.now(),
  };
}
