/** What the simulator's markets trade: made-up coverage, with the forms of names that the API uses (facts 4.1). */
export const CLUSTERS = ['crypto', 'stocks', 'forex'] as const;
export type Cluster = (typeof CLUSTERS)[number];

export interface SimSymbol {
  readonly cluster: Cluster;
  /** As topics and payloads name it: `BTC-USD`, `XAU/USD`, `AAPL`. */
  readonly name: string;
  /** As REST names it: `X:BTCUSD`, `C:XAUUSD`, `AAPL`. */
  readonly ticker: string;
  readonly title: string;
  /** Digits after the point; prices are whole counts of the last digit. */
  readonly decimals: number;
  readonly start: number;
  /** 1 = as a coin moves, 0.01 = as a stable coin does. */
  readonly volatility: number;
  readonly venues: readonly number[];
  readonly isMetal: boolean;
}

export interface Venue {
  readonly id: number;
  readonly name: string;
  /** How late its messages reach the vendor, in ms. */
  readonly delayMs: number;
  /** How far its prices lie from the path, in millionths. */
  readonly offset: number;
}

export const CRYPTO_VENUES: readonly Venue[] = [
  { id: 1, name: 'Coinbase', delayMs: 45, offset: 0 },
  { id: 2, name: 'Bitfinex', delayMs: 80, offset: 80 },
  { id: 6, name: 'Bitstamp', delayMs: 60, offset: -60 },
  { id: 10, name: 'Binance', delayMs: 35, offset: 150 },
  { id: 23, name: 'Kraken', delayMs: 110, offset: -110 },
];
const FOREX_VENUES: readonly Venue[] = [{ id: 48, name: 'Currency Banks 1', delayMs: 0, offset: 0 }];
const STOCK_VENUES: readonly Venue[] = [
  { id: 4, name: 'FINRA Trade Reporting Facility', delayMs: 20, offset: 0 },
  { id: 10, name: 'New York Stock Exchange', delayMs: 12, offset: 0 },
  { id: 12, name: 'Nasdaq', delayMs: 12, offset: 0 },
];

export const VENUES: Readonly<Record<Cluster, readonly Venue[]>> = {
  crypto: CRYPTO_VENUES,
  forex: FOREX_VENUES,
  stocks: STOCK_VENUES,
};

type Row = readonly [name: string, title: string, start: number, decimals: number, volatility: number];

/** Starts are in units of the last digit. */
const CRYPTO: readonly Row[] = [
  ['BTC-USD', 'Bitcoin - United States dollar', 6_000_000, 2, 1],
  ['ETH-USD', 'Ethereum - United States dollar', 250_000, 2, 1.2],
  ['SOL-USD', 'Solana - United States dollar', 15_000, 2, 1.5],
  ['BNB-USD', 'Binance Coin - United States dollar', 60_000, 2, 1],
  ['XRP-USD', 'Ripple - United States dollar', 52_000, 5, 1.3],
  ['DOGE-USD', 'Dogecoin - United States dollar', 12_000, 5, 1.6],
  ['USDT-USD', 'Tether - United States dollar', 1_000_000, 6, 0.01],
  ['USDC-USD', 'USD Coin - United States dollar', 1_000_000, 6, 0.005],
  ['BTC-EUR', 'Bitcoin - Euro', 5_500_000, 2, 1],
];
const FOREX: readonly Row[] = [
  ['EUR/USD', 'Euro - United States dollar', 109_000, 5, 0.1],
  ['GBP/USD', 'British pound - United States dollar', 127_000, 5, 0.1],
  ['USD/JPY', 'United States dollar - Japanese yen', 150_000, 3, 0.12],
  ['AUD/USD', 'Australian dollar - United States dollar', 66_000, 5, 0.12],
  ['XAU/USD', 'Gold ounce - United States dollar', 410_000, 2, 0.2],
  ['XAG/USD', 'Silver ounce - United States dollar', 50_000, 3, 0.3],
];
const STOCKS: readonly Row[] = [
  ['AAPL', 'Apple Inc.', 22_000, 2, 0.3],
  ['MSFT', 'Microsoft Corp', 42_000, 2, 0.3],
  ['TSLA', 'Tesla, Inc.', 30_000, 2, 0.6],
  ['NVDA', 'Nvidia Corp', 14_000, 2, 0.5],
  ['SPY', 'SPDR S&P 500 ETF Trust', 58_000, 2, 0.15],
  ['BRK.B', 'Berkshire Hathaway Inc. Class B', 45_000, 2, 0.15],
];

export const tickerOf = (cluster: Cluster, name: string): string => {
  if (cluster === 'stocks') return name;
  return cluster === 'crypto' ? `X:${name.replace('-', '')}` : `C:${name.replace('/', '')}`;
};

const symbolOf =
  (cluster: Cluster) =>
  ([name, title, start, decimals, volatility]: Row): SimSymbol => ({
    cluster,
    name,
    ticker: tickerOf(cluster, name),
    title,
    start,
    decimals,
    volatility,
    venues: VENUES[cluster].map(({ id }) => id),
    isMetal: /^(XAU|XAG)\//.test(name),
  });

const LETTERS = 26;
const FIRST_LETTER = 65;

/** `SIMAAA-USD`, `SIMAAB-USD`, ...: more pairs, for load. */
function madeUp(nth: number): Row {
  const letter = (at: number): string => String.fromCharCode(FIRST_LETTER + (Math.trunc(nth / at) % LETTERS));
  const name = `SIM${letter(LETTERS * LETTERS)}${letter(LETTERS)}${letter(1)}-USD`;
  return [name, `Made-up coin ${nth + 1}`, 10_000 + nth * 7, 3, 1];
}

/** @param more how many made-up crypto pairs are added */
export function catalogue(more = 0): readonly SimSymbol[] {
  return [
    ...CRYPTO.map(symbolOf('crypto')),
    ...Array.from({ length: more }, (_, nth) => madeUp(nth)).map(symbolOf('crypto')),
    ...FOREX.map(symbolOf('forex')),
    ...STOCKS.map(symbolOf('stocks')),
  ];
}
