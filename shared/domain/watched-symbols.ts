/**
 * Symbols whose prices can be followed and that nobody here trades: stocks, currencies, metals, and what tells a stable
 * coin from a dollar (design section 11). Their prices come from Polygon; an order of one is refused with
 * `symbol_watch_only`.
 */
import { Decimal } from './money/decimal.ts';
import type { SymbolRules } from './symbol-rules.ts';
import type { SymbolSpec } from './symbol-spec.ts';

/** No order is taken, so no rule says anything. */
const RULES: SymbolRules = {
  status: 'watch_only',
  venueStatus: 'WATCH_ONLY',
  orderTypes: [],
  quoteOrderQtyMarketAllowed: false,
  icebergAllowed: false,
  ocoAllowed: false,
  otoAllowed: false,
  opoAllowed: false,
  allowTrailingStop: false,
  amendAllowed: false,
  cancelReplaceAllowed: false,
  isSpotTradingAllowed: false,
  permissionSets: [],
  defaultSelfTradePreventionMode: null,
  allowedSelfTradePreventionModes: [],
  basePrecision: 8,
  quotePrecision: 8,
  baseCommissionPrecision: 8,
  quoteCommissionPrecision: 8,
  filters: [],
};

const ONE = new Decimal(1);
const MANY = new Decimal('9000000000');

function spec(symbol: string, base: string, quote: string, tickText: string): SymbolSpec {
  const tickSize = new Decimal(tickText);
  return {
    symbol,
    base,
    quote,
    venueSymbol: symbol.replace('/', ''),
    rules: RULES,
    tickSize,
    stepSize: ONE,
    minQuantity: ONE,
    maxQuantity: MANY,
    minNotional: ONE,
    maxNotional: MANY,
    unitExponent: tickSize.decimalPlaces() + 2,
  };
}

const pair = (symbol: string, tick: string): SymbolSpec => {
  const [base = '', quote = ''] = symbol.split('/');
  return spec(symbol, base, quote, tick);
};

/** Large US companies and funds; quoted in cents, below a dollar in hundredths of one. */
const STOCKS = (
  'AAPL ABBV ADBE AMD AMZN AVGO BA BAC BRK.A BRK.B CAT COIN COST CRM CVX DIS GE GOOG GOOGL GS HD IBM INTC JNJ JPM KO ' +
  'LLY MA MCD META MRK MSFT MSTR MU NFLX NKE NVDA ORCL PEP PFE PG PLTR PYPL QCOM T TSLA UBER UNH V WMT XOM ' +
  'DIA GLD IWM QQQ SLV SPY TLT VOO VTI'
).split(' ');

const IN_PIPS = (
  'EUR/USD GBP/USD AUD/USD NZD/USD USD/CAD USD/CHF EUR/GBP EUR/CHF EUR/AUD EUR/CAD GBP/CHF AUD/CAD AUD/NZD ' +
  'USD/SEK USD/NOK USD/DKK USD/PLN USD/MXN USD/ZAR USD/TRY USD/SGD USD/HKD USD/CNH'
).split(' ');
const IN_YEN = 'USD/JPY EUR/JPY GBP/JPY AUD/JPY CHF/JPY CAD/JPY'.split(' ');

/** What turns dollars into USDT and USDC (basis.ts). */
const STABLE = ['USDT', 'USDC'];

export const WATCHED: readonly SymbolSpec[] = [
  ...STOCKS.map((ticker) => spec(ticker, ticker, 'USD', '0.01')),
  ...IN_PIPS.map((symbol) => pair(symbol, '0.00001')),
  ...IN_YEN.map((symbol) => pair(symbol, '0.001')),
  pair('XAU/USD', '0.01'),
  pair('XAG/USD', '0.001'),
  ...STABLE.map((coin) => pair(`${coin}/USD`, '0.000001')),
];

/** As domain/polygon has it, without all that it has beside: this is a part of every function. */
export function watchedTicker({ symbol, base, venueSymbol }: SymbolSpec): string {
  if (symbol === base) return symbol;
  return `${STABLE.includes(base) ? 'X' : 'C'}:${venueSymbol}`;
}

export const isWatchOnly = ({ rules }: Pick<SymbolSpec, 'rules'>): boolean => rules.status === 'watch_only';
