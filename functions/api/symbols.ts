/** Symbols: list and get, with names, status and rules by environment (design sections 5, 17). */
import type { SymbolSpec } from '../../shared/domain/symbol-spec.ts';
import { dollarRival } from '../../shared/domain/symbols.ts';
import { ENVIRONMENTS, type Environment } from '../../shared/domain/types.ts';
import { httpError } from '../../shared/http/errors.ts';
import type { ApiResponse, UserRequest } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import type { Page } from '../../shared/ports/ledger.ts';
import { symbolDetail, symbolView } from '../../shared/usecases/views/symbol-view.ts';
import type { ApiDeps } from './deps.ts';
import { apiError } from './errors.ts';
import { pageResponse } from './page.ts';
import { GetSymbolQuery, ListSymbolsQuery } from './schemas/reading.ts';

type Where = { readonly environment?: string | undefined; readonly wallet_id?: string | undefined };

export function symbolOperations({
  symbols,
  served,
  wallets,
}: Pick<ApiDeps, 'symbols' | 'served' | 'wallets'>) {
  /** The environment that was named, or that of the caller's wallet; else the demo wallet's. */
  async function environmentOf(
    userId: string,
    { environment, wallet_id: walletId }: Where,
  ): Promise<Environment> {
    if (walletId !== undefined) {
      const wallet = await wallets.get(walletId);
      if (wallet === null || wallet.userId !== userId) {
        throw httpError('not_found', 'There is no such wallet.', { field: 'wallet_id' });
      }
      return wallet.environment;
    }
    const named = ENVIRONMENTS.find((one) => one === (environment ?? 'demo'));
    if (named !== undefined && served.includes(named)) return named;
    const here = `This deployment serves ${served.join(', ')}.`;
    throw apiError('environment_not_served', here, { field: 'environment' });
  }

  /** Whether the names in dollars are those of another symbol; asked of the same directory that names are found in. */
  async function isRivalListed(spec: SymbolSpec, environment: Environment): Promise<boolean> {
    const rival = dollarRival(spec);
    return rival !== null && (await symbols.find(environment, rival))?.venueSymbol === rival;
  }

  const shown = async (page: Promise<Page<SymbolSpec>>, environment: Environment) => {
    const { items, cursor } = await page;
    const views = items.map(async (spec) =>
      symbolView(spec, environment, await isRivalListed(spec, environment)),
    );
    return { items: await Promise.all(views), cursor };
  };

  return {
    listSymbols: async (request: UserRequest): Promise<ApiResponse> => {
      const query = validate(ListSymbolsQuery, request.query);
      const environment = await environmentOf(request.userId, query);
      const { limit, cursor } = query;
      return pageResponse(shown(symbols.list(environment, { limit, cursor }), environment));
    },

    getSymbol: async (request: UserRequest): Promise<ApiResponse> => {
      const query = validate(GetSymbolQuery, request.query);
      const environment = await environmentOf(request.userId, query);
      const text = request.params['symbol'] ?? '';
      const spec = await symbols.find(environment, text);
      if (spec === null) {
        const what = (await symbols.hasRules(environment))
          ? `${text.slice(0, 40)} is not a symbol of ${environment}.`
          : "The exchange's trading rules have not been read yet, try again in a minute.";
        throw httpError('not_found', what, { field: 'symbol' });
      }
      return { status: 200, body: symbolDetail(spec, environment, await isRivalListed(spec, environment)) };
    },
  };
}
