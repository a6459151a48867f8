/** A symbol as a caller writes it, where no wallet says which environment is meant. */
import { bearsName, type SymbolSpec } from '../../shared/domain/symbols.ts';
import type { ApiDeps } from './deps.ts';
import { apiError } from './errors.ts';

export type KnownSymbols = Pick<ApiDeps, 'symbols' | 'served'>;

/**
 * The symbol, or the refusal that names it. One whose own name it is goes before one that only Polygon calls so. Name
 * and price unit are the same in all environments.
 */
export async function specOrRefuse(
  { symbols, served }: KnownSymbols,
  text: string,
  field = 'symbol',
): Promise<SymbolSpec> {
  const found: SymbolSpec[] = [];
  for (const environment of served) {
    const spec = await symbols.find(environment, text);
    if (spec !== null && bearsName(spec, text)) return spec;
    if (spec !== null) found.push(spec);
  }
  const [other] = found;
  if (other !== undefined) return other;
  throw apiError('unknown_symbol', `${text.slice(0, 40)} is not a symbol that is traded here.`, { field });
}

/** Its canonical name, or the refusal that names it. */
export const symbolOrRefuse = async (known: KnownSymbols, text: string, field = 'symbol'): Promise<string> =>
  (await specOrRefuse(known, text, field)).symbol;
