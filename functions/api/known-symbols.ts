/** A symbol as a caller writes it, where no wallet says which environment is meant. */
import { bearsName, type SymbolSpec } from '../../shared/domain/symbols.ts';
import type { ApiDeps } from './deps.ts';
import { apiError } from './errors.ts';

export type KnownSymbols = Pick<ApiDeps, 'symbols' | 'served'>;

/**
 * Its canonical name (one for all environments), or the refusal that names it. A symbol whose own name it is goes
 * before one that only Polygon calls so.
 */
export async function symbolOrRefuse(
  { symbols, served }: KnownSymbols,
  text: string,
  field = 'symbol',
): Promise<string> {
  const found: SymbolSpec[] = [];
  for (const environment of served) {
    const spec = await symbols.find(environment, text);
    if (spec !== null && bearsName(spec, text)) return spec.symbol;
    if (spec !== null) found.push(spec);
  }
  const [other] = found;
  if (other !== undefined) return other.symbol;
  throw apiError('unknown_symbol', `${text.slice(0, 40)} is not a symbol that is traded here.`, { field });
}
