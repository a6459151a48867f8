/** Public market data as REST answers it. */
import { type Decimal, parseDecimal } from '../../../domain/money/decimal.ts';
import { Fields, fieldsOfAll, ParseError } from './fields.ts';

/** `GET /time`: epoch ms. */
export const parseServerTime = (value: unknown): number => new Fields(value, 'time').integer('serverTime');

export interface PriceLevel {
  readonly price: Decimal;
  readonly quantity: Decimal;
}

export interface Depth {
  readonly lastUpdateId: string;
  /** Best first. */
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
}

function decimalOf(value: unknown, what: string): Decimal {
  const parsed = typeof value === 'string' ? parseDecimal(value) : null;
  if (parsed === null) throw new ParseError(`${what}: decimal text is needed`);
  return parsed;
}

function integerOf(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new ParseError(`${what}: a whole number is needed`);
}

function tuple(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new ParseError(`${what}: not a list`);
}

const levels = (f: Fields, key: string): readonly PriceLevel[] =>
  f.list(key).map((item, i) => {
    const what = `depth.${key}[${i}]`;
    const [price, quantity] = tuple(item, what);
    return { price: decimalOf(price, what), quantity: decimalOf(quantity, what) };
  });

/** `GET /depth`. */
export function parseDepth(value: unknown): Depth {
  const f = new Fields(value, 'depth');
  return { lastUpdateId: f.id('lastUpdateId'), bids: levels(f, 'bids'), asks: levels(f, 'asks') };
}

export interface Kline {
  readonly openTime: number;
  readonly open: Decimal;
  readonly high: Decimal;
  readonly low: Decimal;
  readonly close: Decimal;
  readonly volume: Decimal;
  readonly closeTime: number;
  readonly quoteVolume: Decimal;
  readonly trades: number;
  readonly takerBuyVolume: Decimal;
  readonly takerBuyQuoteVolume: Decimal;
}

/** `GET /klines`: one list per bar. */
export const parseKlines = (value: unknown): readonly Kline[] =>
  tuple(value, 'klines').map((item, i) => {
    const what = `klines[${i}]`;
    const bar = tuple(item, what);
    const decimalAt = (n: number): Decimal => decimalOf(bar[n], `${what}[${n}]`);
    const integerAt = (n: number): number => integerOf(bar[n], `${what}[${n}]`);
    return {
      openTime: integerAt(0),
      open: decimalAt(1),
      high: decimalAt(2),
      low: decimalAt(3),
      close: decimalAt(4),
      volume: decimalAt(5),
      closeTime: integerAt(6),
      quoteVolume: decimalAt(7),
      trades: integerAt(8),
      takerBuyVolume: decimalAt(9),
      takerBuyQuoteVolume: decimalAt(10),
    };
  });

export interface Ticker24h {
  readonly symbol: string;
  readonly lastPrice: Decimal;
  /** Zero where that side of the book is empty. */
  readonly bidPrice: Decimal;
  readonly bidQuantity: Decimal;
  readonly askPrice: Decimal;
  readonly askQuantity: Decimal;
  readonly openPrice: Decimal;
  readonly highPrice: Decimal;
  readonly lowPrice: Decimal;
  readonly weightedAveragePrice: Decimal;
  readonly priceChangePercent: Decimal;
  /** In base asset. */
  readonly volume: Decimal;
  readonly quoteVolume: Decimal;
  readonly openTime: number;
  readonly closeTime: number;
  readonly trades: number;
}

/** `GET /ticker/24hr` of one symbol. */
export function parseTicker24h(value: unknown): Ticker24h {
  const f = new Fields(value, 'ticker');
  return {
    symbol: f.text('symbol'),
    lastPrice: f.decimal('lastPrice'),
    bidPrice: f.decimal('bidPrice'),
    bidQuantity: f.decimal('bidQty'),
    askPrice: f.decimal('askPrice'),
    askQuantity: f.decimal('askQty'),
    openPrice: f.decimal('openPrice'),
    highPrice: f.decimal('highPrice'),
    lowPrice: f.decimal('lowPrice'),
    weightedAveragePrice: f.decimal('weightedAvgPrice'),
    priceChangePercent: f.decimal('priceChangePercent'),
    volume: f.decimal('volume'),
    quoteVolume: f.decimal('quoteVolume'),
    openTime: f.integer('openTime'),
    closeTime: f.integer('closeTime'),
    trades: f.integer('count'),
  };
}

export interface BookTicker {
  readonly symbol: string;
  readonly bidPrice: Decimal;
  readonly bidQuantity: Decimal;
  readonly askPrice: Decimal;
  readonly askQuantity: Decimal;
}

const bookTicker = (f: Fields): BookTicker => ({
  symbol: f.text('symbol'),
  bidPrice: f.decimal('bidPrice'),
  bidQuantity: f.decimal('bidQty'),
  askPrice: f.decimal('askPrice'),
  askQuantity: f.decimal('askQty'),
});

/** `GET /ticker/bookTicker`, of one symbol or of all. */
export const parseBookTickers = (value: unknown): readonly BookTicker[] =>
  Array.isArray(value)
    ? fieldsOfAll(value, 'book tickers').map(bookTicker)
    : [bookTicker(new Fields(value, 'book ticker'))];

/** `GET /ticker/price` without a symbol: decimal text by symbol. */
export const parseLastPrices = (value: unknown): ReadonlyMap<string, string> =>
  new Map(fieldsOfAll(value, 'price').map((f) => [f.text('symbol'), f.text('price')]));
