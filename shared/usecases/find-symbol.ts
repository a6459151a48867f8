/** A symbol as a caller writes it, where no wallet says which environment is meant. */
import { bearsName, type SymbolSpec } from '../domain/symbols.ts';
import type { Environment } from '../domain/types.ts';
import type { SymbolDirectory } from '../ports/symbols.ts';

export interface KnownSymbols {
  readonly symbols: Pick<SymbolDirectory, 'find'>;
  readonly served: readonly Environment[];
}

/**
 * Null: not traded here. One whose own name it is goes before one that only Polygon calls so. Name and price unit are the
 * same in all environments.
 */
export async function findSymbol(
  { symbols, served }: KnownSymbols,
  text: string,
): Promise<SymbolSpec | null> {
  const found: SymbolSpec[] = [];
  for (const environment of served) {
    const spec = await symbols.find(environment, text);
    if (spec !== null && bearsName(spec, text)) return spec;
    if (spec !== null) found.push(spec);
  }
  return found[0] ?? null;
}
