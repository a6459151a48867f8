/** Prices and health (design sections 11, 17, 18). */
import type { ApiRequest, ApiResponse } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import { priceView } from '../../shared/usecases/views/price-view.ts';
import type { ApiDeps } from './deps.ts';
import { apiError } from './errors.ts';
import { symbolOrRefuse } from './known-symbols.ts';
import { ListPricesQuery, NoQuery } from './schemas.ts';

export function marketOperations(deps: ApiDeps) {
  const { symbols, prices, clock, reads } = deps;

  /** The built-in symbols, and whatever else somebody follows. */
  async function followed(): Promise<readonly string[]> {
    const [builtIn, wanted] = await Promise.all([symbols.all('demo'), prices.wanted()]);
    return [...new Set([...builtIn.map((spec) => spec.symbol), ...wanted])];
  }

  return {
    listPrices: async (request: ApiRequest): Promise<ApiResponse> => {
      const query = validate(ListPricesQuery, request.query);
      const asked =
        query.symbols &&
        (await Promise.all(query.symbols.map((text) => symbolOrRefuse(deps, text, 'symbols'))));
      const wanted = asked ?? (await followed());
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
      const symbol = await symbolOrRefuse(deps, request.params['symbol'] ?? '');
      const price = await prices.price(symbol);
      if (price === null) {
        await prices.want([symbol]);
        throw apiError('no_price', `There is no current price of ${symbol} yet.`, { field: 'symbol' });
      }
      return { status: 200, body: priceView(price, clock.now()) };
    },

    healthServices: async (): Promise<ApiResponse> => ({ status: 200, body: await reads.health() }),
  };
}
