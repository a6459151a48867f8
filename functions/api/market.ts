/** Prices, symbols, health (design sections 11, 17, 18). */
import type { SymbolRegistry, SymbolSpec } from '../../shared/domain/symbols.ts';
import type { ApiRequest, ApiResponse } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import { priceView, symbolView } from '../../shared/usecases/views/price-view.ts';
import type { ApiDeps } from './deps.ts';
import { apiError } from './errors.ts';
import { ListPricesQuery, NoQuery } from './schemas.ts';

/** The symbol in any format, or the refusal that names it. */
export function symbolOrRefuse(symbols: SymbolRegistry, text: string, field = 'symbol'): SymbolSpec {
  const spec = symbols.find(text);
  if (spec !== null) return spec;
  throw apiError('unknown_symbol', `${text.slice(0, 40)} is not a symbol that is traded here.`, { field });
}

export function marketOperations({ symbols, prices, clock, reads }: ApiDeps) {
  return {
    listPrices: async (request: ApiRequest): Promise<ApiResponse> => {
      const query = validate(ListPricesQuery, request.query);
      const asked = query.symbols?.map((text) => symbolOrRefuse(symbols, text, 'symbols'));
      const wanted = (asked ?? symbols.all()).map((spec) => spec.symbol);
      // Only what was named is subscribed: a look at the whole list is no wish to follow it.
      if (asked !== undefined) await prices.want(wanted);
      const found = await prices.prices(wanted);
      const now = clock.now();
      const items = wanted.flatMap((symbol) => {
        const price = found.get(symbol);
        return price === undefined ? [] : [priceView(price, now)];
      });
      return { status: 200, body: { items, without_price: wanted.filter((symbol) => !found.has(symbol)) } };
    },

    getPrice: async (request: ApiRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const { symbol } = symbolOrRefuse(symbols, request.params['symbol'] ?? '');
      const price = await prices.price(symbol);
      if (price === null) {
        await prices.want([symbol]);
        throw apiError('no_price', `There is no current price of ${symbol} yet.`, { field: 'symbol' });
      }
      return { status: 200, body: priceView(price, clock.now()) };
    },

    listSymbols: async (request: ApiRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      return { status: 200, body: { items: symbols.all().map(symbolView) } };
    },

    healthServices: async (): Promise<ApiResponse> => ({ status: 200, body: await reads.health() }),
  };
}
