/** A symbol as a caller writes it, or the refusal that names it. */
import type { SymbolSpec } from '../../shared/domain/symbols.ts';
import { findSymbol, type KnownSymbols } from '../../shared/usecases/find-symbol.ts';
import { apiError } from './errors.ts';

export type { KnownSymbols };

export async function specOrRefuse(known: KnownSymbols, text: string, field = 'symbol'): Promise<SymbolSpec> {
  const spec = await findSymbol(known, text);
  if (spec !== null) return spec;
  throw apiError('unknown_symbol', `${text.slice(0, 40)} is not a symbol that is traded here.`, { field });
}

/** Its canonical name, or the refusal that names it. */
export const symbolOrRefuse = async (known: KnownSymbols, text: string, field = 'symbol'): Promise<string> =>
  (await specOrRefuse(known, text, field)).symbol;
