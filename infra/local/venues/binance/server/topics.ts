/** Names of market streams: `btcusdt@trade`, `btcusdt@depth5@100ms`, `!miniTicker@arr`, ... */

export const KLINE_INTERVALS = [
  '1s',
  '1m',
  '3m',
  '5m',
  '15m',
  '30m',
  '1h',
  '2h',
  '4h',
  '6h',
  '8h',
  '12h',
  '1d',
  '3d',
  '1w',
  '1M',
] as const;

export type Topic =
  | { readonly kind: 'trade' | 'aggTrade' | 'bookTicker'; readonly symbol: string }
  | { readonly kind: 'depth'; readonly symbol: string; readonly everyMs: number }
  | { readonly kind: 'levels'; readonly symbol: string; readonly levels: number; readonly everyMs: number }
  | { readonly kind: 'kline'; readonly symbol: string; readonly interval: string; readonly everyMs: number }
  | { readonly kind: 'miniTicker' | 'ticker' | 'avgPrice'; readonly symbol: string; readonly everyMs: number }
  | { readonly kind: 'allMiniTickers'; readonly everyMs: number };

const SECOND = 1000;
const DEPTH = /^depth(5|10|20)?(@100ms|@1000ms)?$/;
const KLINE = new RegExp(`^kline_(${KLINE_INTERVALS.join('|')})$`);

/**
 * null: no stream of that name; as on the real server, one may subscribe to it and hears nothing.
 * `symbolOf` finds a symbol by its name in lower case.
 */
export function readTopic(name: string, symbolOf: (lower: string) => string | null): Topic | null {
  if (name === '!miniTicker@arr') return { kind: 'allMiniTickers', everyMs: SECOND };
  const at = name.indexOf('@');
  const symbol = at < 0 ? null : symbolOf(name.slice(0, at));
  if (symbol === null) return null;
  const rest = name.slice(at + 1);
  switch (rest) {
    case 'trade':
    case 'aggTrade':
    case 'bookTicker':
      return { kind: rest, symbol };
    case 'miniTicker':
    case 'ticker':
    case 'avgPrice':
      return { kind: rest, symbol, everyMs: SECOND };
    default:
      return readDepth(rest, symbol) ?? readKline(rest, symbol);
  }
}

function readDepth(rest: string, symbol: string): Topic | null {
  const found = DEPTH.exec(rest);
  if (found === null) return null;
  const everyMs = found[2] === '@100ms' ? SECOND / 10 : SECOND;
  const levels = found[1];
  return levels === undefined
    ? { kind: 'depth', symbol, everyMs }
    : { kind: 'levels', symbol, levels: Number(levels), everyMs };
}

function readKline(rest: string, symbol: string): Topic | null {
  const interval = KLINE.exec(rest)?.[1];
  if (interval === undefined) return null;
  return { kind: 'kline', symbol, interval, everyMs: interval === '1s' ? SECOND : 2 * SECOND };
}
