/** The symbols that are traded, and prices and amounts on their grids. */
import { type Decimal, decimal } from '../../../shared/domain/money/decimal.ts';

export interface Market {
  readonly symbol: string;
  /** Decimals of a quantity. */
  readonly places: number;
}

/** The symbols of the made-up feed that the simulator lists too. All have prices of two decimals. */
export const MARKETS: readonly Market[] = [
  { symbol: 'BTC/USDT', places: 5 },
  { symbol: 'ETH/USDT', places: 4 },
  { symbol: 'SOL/USDT', places: 3 },
  { symbol: 'BNB/USDT', places: 3 },
];
const PRICE_PLACES = 2;

export const venueSymbol = (symbol: string): string => symbol.replace('/', '');

/** A price so many basis points away, as text. */
export const away = (price: Decimal, basisPoints: number): string =>
  price.times(decimal('10000').plus(basisPoints)).div('10000').toFixed(PRICE_PLACES);

/** So much base asset as this amount of quote buys, as text. */
export const worth = (quote: number, price: Decimal, { places }: Market): string =>
  decimal(String(quote)).div(price).toFixed(places);
