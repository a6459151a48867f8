/** A symbol as a caller writes it, where no wallet says which environment is meant. */
import type { ApiDeps } from './deps.ts';
import { apiError } from './errors.ts';

export type KnownSymbols = Pick<ApiDeps, 'symbols' | 'served'>;

/** Its canonical name (one for all environments), or the refusal that names it. */
export async function symbolOrRefuse(
  { symbols, served }: KnownSymbols,
  text: string,
  field = 'symbol',
): Promise<string> {
  for (const environment of served) {
    const spec = await symbols.find(environment, text);
    if (spec !== null) return spec.symbol;
  }
  throw apiError('unknown_symbol', `${text.slice(0, 40)} is not a symbol that is traded here.`, { field });
}
