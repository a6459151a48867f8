/** The demo venue's symbols as a directory: the registry that is built in. Other environments have none here. */
import type { SymbolRegistry } from '../../domain/symbols.ts';
import { BadCursorError } from '../../ports/ledger.ts';
import type { SymbolDirectory } from '../../ports/symbols.ts';

/** Pages by canonical name; the cursor is the last one shown. */
export function builtInDirectory(registry: SymbolRegistry): SymbolDirectory {
  return {
    find: async (environment, text) => (environment === 'demo' ? registry.find(text) : null),
    hasRules: async (environment) => environment === 'demo',
    all: async (environment) => (environment === 'demo' ? registry.all() : []),
    list: async (environment, { limit, cursor }) => {
      const specs = environment === 'demo' ? registry.all() : [];
      const last = cursor === null ? -1 : specs.findIndex((spec) => spec.symbol === cursor);
      if (cursor !== null && last === -1) throw new BadCursorError('no cursor of this list');
      const items = specs.slice(last + 1, last + 1 + limit);
      const shown = items.at(-1);
      const isMore = shown !== undefined && specs.at(-1) !== shown;
      return { items, cursor: isMore ? shown.symbol : null };
    },
  };
}
