/** What the document says of prices, bars and symbols. */
import { GetSymbolQuery, ListBarsQuery, ListPricesQuery, ListSymbolsQuery } from '../../schemas/reading.ts';
import { type DescribedOperation, ok, page } from './described.ts';

export const MARKET_OPERATIONS = {
  listPrices: {
    tag: 'Market data',
    summary: 'List prices',
    description:
      'Of the symbols that are named (they are followed from then on), else of all that are followed. `without_price`: those that have none yet.',
    query: ListPricesQuery(),
    answers: [ok('Prices', 'Prices of now.')],
    errors: ['unknown_symbol'],
  },
  getPrice: {
    tag: 'Market data',
    summary: 'Get a price',
    description: 'A symbol without a price is followed from then on; try again in a few seconds.',
    answers: [ok('Price', 'The price of now.')],
    errors: ['unknown_symbol', 'no_price'],
  },
  listBars: {
    tag: 'Market data',
    summary: 'List bars',
    description:
      'Whole intervals that touch [from, to), newest first, from our own tape. 1 s for 2 hours, up to 5 min for 7 days, above for 90 days.',
    query: ListBarsQuery(),
    answers: [ok('Bars', 'A page of bars, and the gaps in between.')],
    errors: ['unknown_symbol', 'invalid_cursor'],
  },
  listSymbols: {
    tag: 'Market data',
    summary: 'List symbols',
    description: "Of an environment, or of a wallet's; of demo wallets where neither is named.",
    query: ListSymbolsQuery(),
    answers: [page('SymbolSummary', 'A page of symbols.')],
    errors: ['environment_not_served', 'not_found', 'invalid_cursor'],
  },
  getSymbol: {
    tag: 'Market data',
    summary: 'Get a symbol',
    description: 'With all trading rules of its venue.',
    query: GetSymbolQuery(),
    answers: [ok('SymbolDetail', 'The symbol.')],
    errors: ['environment_not_served', 'not_found'],
  },
} as const satisfies Record<string, DescribedOperation>;
