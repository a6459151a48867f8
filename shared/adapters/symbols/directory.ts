/**
 * Symbols of every environment that this deployment serves: the demo venue's are built in, a real venue's are read
 * from the table and remembered for a while (design sections 5, 14).
 */
import type { SymbolSpec } from '../../domain/symbols.ts';
import type { BinanceEnvironment, Environment } from '../../domain/types.ts';
import type { SymbolDirectory } from '../../ports/symbols.ts';

export interface SymbolDirectoryOptions {
  /** The demo venue's (built-in.ts). */
  readonly builtIn: SymbolDirectory;
  readonly store: SymbolDirectory;
  /** The one that is served; null = none. Others have no symbols here. */
  readonly environment: BinanceEnvironment | null;
  readonly now: () => number;
  /** [60,000] */
  readonly rememberMs?: number;
  /** [10,000] For so long a name that was not found is not looked up again. */
  readonly rememberMissingMs?: number;
  /** [5000] Names remembered; the longest unused go first. */
  readonly maxNames?: number;
}

/** No name is longer; longer text is not remembered. */
const MAX_TEXT = 128;

interface Remembered {
  readonly spec: Promise<SymbolSpec | null>;
  until: number;
}

export function createSymbolDirectory(options: SymbolDirectoryOptions): SymbolDirectory {
  const { builtIn, store, now } = options;
  const rememberMs = options.rememberMs ?? 60_000;
  const rememberMissingMs = options.rememberMissingMs ?? 10_000;
  const maxNames = options.maxNames ?? 5000;
  /** In the order of their last use. */
  const names = new Map<string, Remembered>();
  let everything: { readonly specs: Promise<readonly SymbolSpec[]>; readonly until: number } | null = null;

  let wereRead = false;

  const isServed = (environment: Environment): boolean => environment === options.environment;

  function remember(name: string, entry: Remembered): void {
    names.delete(name);
    names.set(name, entry);
    for (const oldest of names.keys()) {
      if (names.size <= maxNames) break;
      names.delete(oldest);
    }
  }

  /** Callers at the same time share one read; a failed read is not remembered. */
  function lookUp(environment: Environment, text: string): Promise<SymbolSpec | null> {
    const known = names.get(text);
    if (known !== undefined && known.until > now()) {
      remember(text, known);
      return known.spec;
    }
    const spec = store.find(environment, text);
    const entry = { spec, until: now() + rememberMs };
    remember(text, entry);
    spec.then(
      (found) => {
        if (found === null) entry.until = now() + rememberMissingMs;
      },
      () => {
        if (names.get(text) === entry) names.delete(text);
      },
    );
    return spec;
  }

  return {
    async find(environment, anyFormat) {
      if (environment === 'demo') return builtIn.find(environment, anyFormat);
      if (!isServed(environment) || anyFormat.length > MAX_TEXT) return null;
      return lookUp(environment, anyFormat);
    },
    async hasRules(environment) {
      if (environment === 'demo') return builtIn.hasRules(environment);
      if (!isServed(environment)) return false;
      // Once read they stay.
      wereRead ||= await store.hasRules(environment);
      return wereRead;
    },
    async list(environment, page) {
      if (environment === 'demo') return builtIn.list(environment, page);
      return isServed(environment) ? store.list(environment, page) : { items: [], cursor: null };
    },
    async all(environment) {
      if (environment === 'demo') return builtIn.all(environment);
      if (!isServed(environment)) return [];
      if (everything !== null && everything.until > now()) return everything.specs;
      const entry = { specs: store.all(environment), until: now() + rememberMs };
      everything = entry;
      entry.specs.catch(() => {
        if (everything === entry) everything = null;
      });
      return entry.specs;
    },
  };
}
