/** Prices and health (design sections 11, 17, 18). */

import { encodeCursor } from '../../shared/adapters/dynamodb/cursor.ts';
import { isWatchOnly } from '../../shared/domain/watched-symbols.ts';
import { httpError } from '../../shared/http/errors.ts';
import type { ApiRequest, ApiResponse } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import { priceView } from '../../shared/usecases/views/price-view.ts';
import type { AnswerOf } from './answers/agreement.ts';
import type { Bars, Prices } from './answers/market.ts';
import type { ApiDeps } from './deps.ts';
import { apiError } from './errors.ts';
import { specOrRefuse, symbolOrRefuse } from './known-symbols.ts';
import { cursorPlace } from './page.ts';
import { NoQuery } from './schemas/fields.ts';
import { ListBarsQuery, ListPricesQuery } from './schemas/reading.ts';

/** A time within a second belongs to that second. */
const wholeSecond = (at: number | null): number | null => (at === null ? null : Math.floor(at / 1000));

/** Where the next page of bars ends. */
const cursorTime = (scope: string, cursor: string): number => Number.parseInt(cursorPlace(scope, cursor), 10);

export function marketOperations(deps: ApiDeps) {
  const { symbols, prices, clock, reads } = deps;

  /** The built-in symbols that are traded, and whatever else somebody follows. */
  async function followed(): Promise<readonly string[]> {
    const [builtIn, wanted] = await Promise.all([symbols.all('demo'), prices.wanted()]);
    return [
      ...new Set([...builtIn.filter((spec) => !isWatchOnly(spec)).map((spec) => spec.symbol), ...wanted]),
    ];
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
      const body = {
        items,
        without_price: wanted.filter((symbol) => !found.has(symbol)),
      } satisfies AnswerOf<typeof Prices>;
      return { status: 200, body };
    },

    getPrice: async (request: ApiRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const symbol = await symbolOrRefuse(deps, request.params['symbol'] ?? '');
      // Each time: who goes on asking goes on watching.
      const [price] = await Promise.all([prices.price(symbol), prices.want([symbol])]);
      if (price === null) {
        throw apiError('no_price', `There is no current price of ${symbol} yet.`, { field: 'symbol' });
      }
      return { status: 200, body: priceView(price, clock.now()) };
    },

    listBars: async (request: ApiRequest): Promise<ApiResponse> => {
      const query = validate(ListBarsQuery, request.query);
      const spec = await specOrRefuse(deps, request.params['symbol'] ?? '');
      const { symbol, unitExponent } = spec;
      const { interval, price, limit, cursor } = query;
      const [from, to] = [wholeSecond(query.from), wholeSecond(query.to)];
      const now = clock.now();
      if (query.from !== null && query.from > now) {
        throw httpError('invalid_field', 'from must not be in the future.', { field: 'from' });
      }
      const scope = `bars/${symbol}/${interval}/${price}/${from ?? ''}`;
      const asked = { symbol, unitExponent, interval, price, limit, from };
      // A look at its bars is a wish to have some: nobody who is not followed has any, nor history.
      await prices.want([symbol]);
      const page = await reads.bars({ ...asked, to: cursor === null ? to : cursorTime(scope, cursor) });
      const next = page.next === null ? null : encodeCursor(scope, { pk: symbol, sort: String(page.next) });
      return { status: 200, body: { ...page.body, next_cursor: next } satisfies AnswerOf<typeof Bars> };
    },

    healthServices: async (): Promise<ApiResponse> => ({ status: 200, body: await reads.health() }),
  };
}
