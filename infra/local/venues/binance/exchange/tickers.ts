/** `ticker.24hr`, `ticker.price`, `ticker.book`. */
import { type Json, type JsonObject, VenueError } from '../contract.ts';
import { bestPrices } from './book.ts';
import { refuse } from './errors.ts';
import { readSymbols } from './exchange-info.ts';
import { merge } from './klines.ts';
import { amountText, ZERO } from './numbers.ts';
import type { ParamReader } from './params.ts';
import type { Market, World } from './state.ts';
import { MINUTE_MS } from './tape.ts';
import { marketOf } from './world.ts';

const DAY_MS = 24 * 60 * MINUTE_MS;

/** One symbol: an object; several or all: a list. */
function forSymbols(world: World, params: ParamReader, shape: (market: Market) => JsonObject | null): Json {
  const one = params.text('symbol');
  const several = params.text('symbols');
  params.finish();
  if (one !== null && several !== null) throw refuse.badCombination();
  if (one !== null) return shape(marketOf(world, one)) ?? {};
  const markets =
    several === null
      ? [...world.markets.values()].filter(({ info }) => info.status !== 'BREAK')
      : readSymbols(several).map((name) => marketOf(world, name));
  return markets.flatMap((market) => shape(market) ?? []);
}

export function priceTicker(world: World, params: ParamReader): Json {
  return forSymbols(world, params, (market) =>
    market.last === null ? null : { symbol: market.info.symbol, price: amountText(market.last) },
  );
}

export function bookTicker(world: World, params: ParamReader): Json {
  return forSymbols(world, params, (market) => {
    const best = bestPrices(market);
    return {
      symbol: market.info.symbol,
      bidPrice: amountText(best?.bid ?? ZERO),
      bidQty: amountText(best?.bidSize ?? ZERO),
      askPrice: amountText(best?.ask ?? ZERO),
      askQty: amountText(best?.askSize ?? ZERO),
    };
  });
}

export function dayTicker(world: World, params: ParamReader): Json {
  const type = params.oneOf('type', ['FULL', 'MINI'], () => new VenueError(-1139, 'Invalid ticker type.'));
  return forSymbols(world, params, (market) => dayStatistics(world, market, type === 'MINI'));
}

/** The last 24 hours; `price` zeros when nothing traded in them. */
function dayStatistics(world: World, market: Market, mini: boolean): JsonObject {
  const closeTime = world.now();
  const openTime = closeTime - DAY_MS;
  const inDay = market.candles.filter((candle) => candle.openTime + MINUTE_MS > openTime);
  const day = merge(inDay, openTime);
  const last = day?.close ?? market.last ?? ZERO;
  const open = day?.open ?? last;
  const change = last.minus(open);
  const volume = day?.volume ?? ZERO;
  const quoteVolume = day?.quoteVolume ?? ZERO;
  const common = {
    symbol: market.info.symbol,
    openPrice: amountText(open),
    highPrice: amountText(day?.high ?? last),
    lowPrice: amountText(day?.low ?? last),
    lastPrice: amountText(last),
    volume: amountText(volume),
    quoteVolume: amountText(quoteVolume),
    openTime,
    closeTime,
    firstId: day?.firstTrade ?? -1,
    lastId: day?.lastTrade ?? -1,
    count: day?.trades ?? 0,
  };
  if (mini) return common;
  const best = bestPrices(market);
  return {
    ...common,
    priceChange: amountText(change),
    priceChangePercent: open.isZero() ? '0.000' : change.dividedBy(open).times(100).toFixed(3),
    weightedAvgPrice: amountText(volume.isZero() ? last : quoteVolume.dividedBy(volume)),
    prevClosePrice: amountText(open),
    lastQty: amountText(market.trades.at(-1)?.quantity ?? ZERO),
    bidPrice: amountText(best?.bid ?? ZERO),
    bidQty: amountText(best?.bidSize ?? ZERO),
    askPrice: amountText(best?.ask ?? ZERO),
    askQty: amountText(best?.askSize ?? ZERO),
  };
}
