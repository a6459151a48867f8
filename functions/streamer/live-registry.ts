/** The symbols of the served exchange over those that are built in, read again each minute. */
import { type SymbolRegistry, type SymbolSpec, symbolRegistry } from '../../shared/domain/symbols.ts';
import type { Log } from '../../shared/ports/runtime.ts';

export interface LiveRegistry extends SymbolRegistry {
  /** Ends the reading. */
  stop(): void;
}

const REFRESH_MS = 60_000;
/** While the exchange's symbols were never read. */
const FIRST_MS = 2_000;

/**
 * Begins with what is built in and learns the rest as soon as it can be read; what was read stays while it cannot.
 * `read`: all symbols of the exchange.
 */
export function createLiveRegistry(read: () => Promise<readonly SymbolSpec[]>, log: Log): LiveRegistry {
  const builtIn = symbolRegistry().all();
  let current = symbolRegistry();
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  const refresh = async (): Promise<void> => {
    let waitMs = REFRESH_MS;
    try {
      const specs = await read();
      if (specs.length === 0) waitMs = FIRST_MS;
      const known = new Set(specs.map(({ symbol }) => symbol));
      current = symbolRegistry([...specs, ...builtIn.filter(({ symbol }) => !known.has(symbol))]);
    } catch (error) {
      waitMs = FIRST_MS;
      log.warn('symbols_not_read', { error: error instanceof Error ? error.message : String(error) });
    }
    if (!stopped) timer = setTimeout(() => void refresh(), waitMs);
  };
  void refresh();

  return {
    get: (symbol) => current.get(symbol),
    find: (text) => current.find(text),
    all: () => current.all(),
    stop: () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
