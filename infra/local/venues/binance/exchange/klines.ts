/** Candles of every interval: one-second ones from the trades, all others from the one-minute ones. */

import type { Json } from '../contract.ts';
import { VenueError } from '../contract.ts';
import { amountText, floorAmount, max, min, ZERO } from './numbers.ts';
import type { ParamReader } from './params.ts';
import { cut, readWindow } from './queries.ts';
import type { Candle, Market, World } from './state.ts';
import { MINUTE_MS } from './tape.ts';
import { marketOf } from './world.ts';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Weeks begin on Monday; the epoch was a Thursday. */
const WEEK_OFFSET_MS = 4 * DAY_MS;

const FIXED: Readonly<Record<string, number>> = {
  '1s': 1000,
  '1m': MINUTE_MS,
  '3m': 3 * MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '30m': 30 * MINUTE_MS,
  '1h': HOUR_MS,
  '2h': 2 * HOUR_MS,
  '4h': 4 * HOUR_MS,
  '6h': 6 * HOUR_MS,
  '8h': 8 * HOUR_MS,
  '12h': 12 * HOUR_MS,
  '1d': DAY_MS,
  '3d': 3 * DAY_MS,
  '1w': 7 * DAY_MS,
};

interface Interval {
  /** First instant of the candle that `time` falls into, and of the one after it. */
  readonly bounds: (time: number) => readonly [open: number, next: number];
  readonly fromTrades: boolean;
}

function intervalOf(name: string): Interval {
  if (name === '1M') return { bounds: monthBounds, fromTrades: false };
  const length = FIXED[name];
  if (length === undefined) throw new VenueError(-1120, 'Invalid interval.');
  const offset = name === '1w' ? WEEK_OFFSET_MS : 0;
  const openOf = (time: number): number => Math.floor((time - offset) / length) * length + offset;
  return { bounds: (time) => [openOf(time), openOf(time) + length], fromTrades: length < MINUTE_MS };
}

function monthBounds(time: number): readonly [number, number] {
  const date = new Date(time);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return [Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1)];
}

const secondCandles = (market: Market): Candle[] =>
  market.trades.map((trade) => {
    const quote = floorAmount(trade.price.times(trade.quantity));
    const bought = !trade.isBuyerMaker;
    return {
      openTime: trade.time,
      open: trade.price,
      high: trade.price,
      low: trade.price,
      close: trade.price,
      volume: trade.quantity,
      quoteVolume: quote,
      takerVolume: bought ? trade.quantity : ZERO,
      takerQuoteVolume: bought ? quote : ZERO,
      trades: 1,
      firstTrade: trade.id,
      lastTrade: trade.id,
    };
  });

/** Joins candles of one interval; the first sets the open, the last the close. */
export function merge(candles: readonly Candle[], openTime: number): Candle | null {
  const [first] = candles;
  if (first === undefined) return null;
  const merged: Candle = { ...first, openTime };
  for (const candle of candles.slice(1)) {
    merged.high = max(merged.high, candle.high);
    merged.low = min(merged.low, candle.low);
    merged.close = candle.close;
    merged.volume = merged.volume.plus(candle.volume);
    merged.quoteVolume = merged.quoteVolume.plus(candle.quoteVolume);
    merged.takerVolume = merged.takerVolume.plus(candle.takerVolume);
    merged.takerQuoteVolume = merged.takerQuoteVolume.plus(candle.takerQuoteVolume);
    merged.trades += candle.trades;
    merged.lastTrade = candle.lastTrade;
  }
  return merged;
}

export function klines(world: World, params: ParamReader): Json {
  const market = marketOf(world, params.required('symbol'));
  const interval = intervalOf(params.required('interval'));
  const timeZone = params.text('timeZone') ?? '0';
  const window = readWindow(params);
  params.finish();
  if (timeZone !== '0') throw new VenueError(-1130, "Data sent for parameter 'timeZone' is not valid.");
  const source = interval.fromTrades ? secondCandles(market) : market.candles;
  const groups = new Map<number, Candle[]>();
  for (const candle of source) {
    const [openTime] = interval.bounds(candle.openTime);
    const group = groups.get(openTime);
    if (group === undefined) groups.set(openTime, [candle]);
    else group.push(candle);
  }
  const rows = [...groups].flatMap(([openTime, group]) => merge(group, openTime) ?? []);
  return cut(rows, (row) => row.openTime, window, false).map((row) => [
    row.openTime,
    amountText(row.open),
    amountText(row.high),
    amountText(row.low),
    amountText(row.close),
    amountText(row.volume),
    interval.bounds(row.openTime)[1] - 1,
    amountText(row.quoteVolume),
    row.trades,
    amountText(row.takerVolume),
    amountText(row.takerQuoteVolume),
    '0',
  ]);
}
