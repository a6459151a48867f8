/** Public trades: what the tape shows, and the candles made of it. */
import type { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import type { PublicTrade } from '../contract.ts';
import { floorAmount, max, min, ZERO } from './numbers.ts';
import type { Candle, Market, Side, World } from './state.ts';

export const MINUTE_MS = 60_000;
/** What recent trades and candles go back to; older ones are gone, as on an exchange with an archive elsewhere. */
const TRADES_KEPT = 20_000;
const CANDLES_KEPT = 3 * 24 * 60;

/** Puts one trade on the tape. Stops see its price when the present operation is through. */
export function print(
  world: World,
  market: Market,
  price: Decimal,
  quantity: Decimal,
  takerSide: Side,
): PublicTrade {
  const trade: PublicTrade = {
    symbol: market.info.symbol,
    id: market.nextTradeId,
    price,
    quantity,
    time: world.now(),
    isBuyerMaker: takerSide === 'SELL',
  };
  market.nextTradeId += 1;
  market.last = price;
  market.changed = true;
  market.tape.push(price);
  market.trades.push(trade);
  if (market.trades.length > 2 * TRADES_KEPT) market.trades.splice(0, market.trades.length - TRADES_KEPT);
  aggregate(market, trade);
  addToCandle(market, trade);
  world.outbox.push(() => {
    for (const listener of world.listeners.trade) listener(trade);
  });
  return trade;
}

function aggregate(market: Market, trade: PublicTrade): void {
  const last = market.aggregates.at(-1);
  const same =
    last?.time === trade.time && last.isBuyerMaker === trade.isBuyerMaker && last.price.equals(trade.price);
  if (last !== undefined && same) {
    last.quantity = last.quantity.plus(trade.quantity);
    last.lastTrade = trade.id;
    return;
  }
  const { price, quantity, time, isBuyerMaker, id } = trade;
  const fresh = { price, quantity, time, isBuyerMaker, firstTrade: id, lastTrade: id };
  market.aggregates.push({ id: (last?.id ?? 0) + 1, ...fresh });
  if (market.aggregates.length > 2 * TRADES_KEPT) {
    market.aggregates.splice(0, market.aggregates.length - TRADES_KEPT);
  }
}

function addToCandle(market: Market, trade: PublicTrade): void {
  const openTime = Math.floor(trade.time / MINUTE_MS) * MINUTE_MS;
  const quote = floorAmount(trade.price.times(trade.quantity));
  const candle = candleAt(market, openTime, trade);
  candle.high = max(candle.high, trade.price);
  candle.low = min(candle.low, trade.price);
  candle.close = trade.price;
  candle.volume = candle.volume.plus(trade.quantity);
  candle.quoteVolume = candle.quoteVolume.plus(quote);
  candle.trades += 1;
  candle.lastTrade = trade.id;
  if (!trade.isBuyerMaker) {
    candle.takerVolume = candle.takerVolume.plus(trade.quantity);
    candle.takerQuoteVolume = candle.takerQuoteVolume.plus(quote);
  }
}

function candleAt(market: Market, openTime: number, trade: PublicTrade): Candle {
  const current = market.candles.at(-1);
  // A clock that was set back goes on with the newest candle.
  if (current !== undefined && current.openTime >= openTime) return current;
  const fresh: Candle = {
    openTime,
    open: trade.price,
    high: trade.price,
    low: trade.price,
    close: trade.price,
    volume: ZERO,
    quoteVolume: ZERO,
    takerVolume: ZERO,
    takerQuoteVolume: ZERO,
    trades: 0,
    firstTrade: trade.id,
    lastTrade: trade.id,
  };
  market.candles.push(fresh);
  if (market.candles.length > CANDLES_KEPT) market.candles.shift();
  return fresh;
}

/** Volume-weighted price of the last `minutes` (whole candles); the last price when nothing traded; null: never. */
export function averagePrice(world: World, market: Market, minutes: number): Decimal | null {
  if (minutes === 0) return market.last;
  const from = world.now() - minutes * MINUTE_MS;
  let volume = ZERO;
  let quote = ZERO;
  for (let index = market.candles.length - 1; index >= 0; index -= 1) {
    const candle = market.candles[index];
    if (candle === undefined || candle.openTime + MINUTE_MS <= from) break;
    volume = volume.plus(candle.volume);
    quote = quote.plus(candle.quoteVolume);
  }
  return volume.isZero() ? market.last : quote.dividedBy(volume).toDecimalPlaces(8);
}
