/**
 * Polygon's messages as one union (facts: channels and messages), told apart by `ev`.
 *
 * Units: prices, sizes and volumes are plain decimal text, exact; prices in the quote currency, sizes in the base
 * (stocks: shares; of stock quotes round lots by the documentation, shares by others: nothing is sized on them).
 * Times are epoch ms whatever the message had, and `atUnit` says what it had. Null: not there, or not readable.
 */

/** What a time was written in, by its number of digits: 13, 16, 19. */
export type TimeUnit = 'ms' | 'us' | 'ns';

interface Timed {
  /** The source's own time, epoch ms. */
  readonly at: number;
  readonly atUnit: TimeUnit;
}

/** Aggregates of a second or a minute. */
interface BarFields extends Timed {
  readonly name: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string | null;
  readonly vwap: string | null;
  readonly averageSize: string | null;
  /** First ms and the ms after the last; `at` is the first. The last one of the same start wins. */
  readonly end: number;
}

export interface StatusMessage {
  readonly ev: 'status';
  readonly status: string;
  /** May name a topic; the rest is for people. */
  readonly message: string;
}

export interface CryptoTrade extends Timed {
  readonly ev: 'XT';
  readonly name: string;
  readonly price: string;
  readonly size: string | null;
  /** As the venue gave it; alone in its venue only. */
  readonly id: string | null;
  readonly venue: number | null;
  /** 1 = sell side, 2 = buy side. */
  readonly conditions: readonly number[];
  readonly receivedAt: number | null;
}

/** Top of the book of one venue. A side that is zero or missing has nobody. */
export interface CryptoQuote extends Timed {
  readonly ev: 'XQ';
  readonly name: string;
  readonly bid: string | null;
  readonly bidSize: string | null;
  readonly ask: string | null;
  readonly askSize: string | null;
  readonly venue: number | null;
  readonly receivedAt: number | null;
}

export interface CryptoBar extends BarFields {
  readonly ev: 'XA' | 'XAS';
}

export interface StockTrade extends Timed {
  readonly ev: 'T';
  readonly name: string;
  readonly price: string;
  /** Shares; the decimal form where there is one. */
  readonly size: string | null;
  readonly id: string | null;
  readonly venue: number | null;
  readonly tape: number | null;
  readonly conditions: readonly number[];
  readonly sequence: number | null;
  /** Trade reporting facility. */
  readonly facility: number | null;
}

/** National best bid and offer. */
export interface StockQuote extends Timed {
  readonly ev: 'Q';
  readonly name: string;
  readonly bid: string | null;
  readonly bidSize: string | null;
  readonly bidVenue: number | null;
  readonly ask: string | null;
  readonly askSize: string | null;
  readonly askVenue: number | null;
  readonly condition: number | null;
  readonly sequence: number | null;
}

export interface StockBar extends BarFields {
  readonly ev: 'A' | 'AM';
  readonly dayVolume: string | null;
  readonly dayOpen: string | null;
  readonly dayVwap: string | null;
}

/** Limit up, limit down: the band in which the stock may trade. */
export interface PriceBand extends Timed {
  readonly ev: 'LULD';
  readonly name: string;
  readonly high: string;
  readonly low: string;
  readonly indicators: readonly number[];
  readonly sequence: number | null;
}

/** Net order imbalance before an auction. */
export interface Imbalance extends Timed {
  readonly ev: 'NOI';
  readonly name: string;
  readonly imbalance: string | null;
  readonly paired: string | null;
  readonly clearingPrice: string | null;
  readonly auction: string | null;
}

/** Currencies and metals: no sizes, no trades, no receive time. */
export interface ForexQuote extends Timed {
  readonly ev: 'C';
  readonly name: string;
  readonly bid: string;
  readonly ask: string;
  readonly venue: number | null;
}

/** `volume` counts quotes. */
export interface ForexBar extends BarFields {
  readonly ev: 'CA' | 'CAS';
}

/** Fair market value, by Polygon's own reckoning. */
export interface FairValue extends Timed {
  readonly ev: 'FMV';
  readonly name: string;
  readonly value: string;
}

/** The value of an index. */
export interface IndexValue extends Timed {
  readonly ev: 'V';
  readonly name: string;
  readonly value: string;
}

export type PolygonBar = CryptoBar | StockBar | ForexBar;

export type PolygonMessage =
  | StatusMessage
  | CryptoTrade
  | CryptoQuote
  | StockTrade
  | StockQuote
  | ForexQuote
  | PolygonBar
  | PriceBand
  | Imbalance
  | FairValue
  | IndexValue;

/** A frame, each of its elements read by itself. */
export interface ParsedFrame {
  readonly messages: readonly PolygonMessage[];
  /** Why elements (or the whole frame) were left out; a small fixed set of texts, so that they can be counted by. */
  readonly dropped: readonly string[];
  /** Fields that are not needed and were not readable: their elements were taken without them. */
  readonly ignored: readonly string[];
  /** Numbers of more than 15 digits, read the slow exact way. */
  readonly longNumbers: number;
}
