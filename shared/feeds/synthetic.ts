/**
 * The made-up feed: a seeded random walk per symbol, the same prices for the same seed (design section 19).
 *
 * Tick ids are the start's epoch ms x 1000 and then +1 each, so they go on growing over restarts. A restarted
 * feed begins its walks anew.
 */
import type { SymbolRegistry, SymbolSpec } from '../domain/symbols.ts';
import { formatUnits } from '../domain/triggers/units.ts';
import type { Feed, FeedHandlers, FeedTick } from '../ports/feed.ts';
import type { Clock } from '../ports/runtime.ts';
import { type SyntheticPath, syntheticPath } from './synthetic-path.ts';

export const SYNTHETIC_DEFAULT_SYMBOLS: readonly string[] = ['BTC/USDT', 'ETH/USDT', 'BNB/USDT', 'SOL/USDT'];

export interface SyntheticOptions {
  readonly registry: SymbolRegistry;
  readonly clock: Clock;
  readonly seed: number;
  /** Per symbol; default 10. */
  readonly ticksPerSecond?: number;
  /** Streamed from the start; more by subscribe. */
  readonly symbols?: readonly string[];
  /** Highest tick id known of an earlier run; ids start above it, also when the clock went back. */
  readonly startAfter?: number;
}

interface Walk {
  readonly spec: SymbolSpec;
  readonly path: SyntheticPath;
  /** Which part of the interval it ticks in, so that not all symbols tick at one instant. */
  readonly slot: number;
}

const SLOTS = 10;
/** After a longer stop (a thawed machine) the missed ticks are not made up for. */
const MAX_CATCH_UP_SLOTS = SLOTS * 2;

export function createSyntheticFeed(options: SyntheticOptions): Feed {
  const { registry, clock, seed, ticksPerSecond = 10, startAfter = 0 } = options;
  const slotMs = 1000 / ticksPerSecond / SLOTS;
  const walks = new Map<string, Walk>();
  let nextId = 0;
  let timer: NodeJS.Timeout | null = null;
  let emitted = 0;
  let lastMessageAt: number | null = null;

  const subscribe = (symbols: readonly string[]): { unknown: readonly string[] } => {
    const unknown: string[] = [];
    for (const symbol of symbols) {
      const spec = registry.get(symbol);
      if (spec === null) unknown.push(symbol);
      else if (!walks.has(symbol)) {
        walks.set(symbol, { spec, path: syntheticPath(spec, seed), slot: walks.size % SLOTS });
      }
    }
    return { unknown };
  };
  const always = new Set(options.symbols ?? SYNTHETIC_DEFAULT_SYMBOLS);
  const initial = subscribe([...always]);
  if (initial.unknown.length > 0) throw new Error(`unknown symbols: ${initial.unknown.join(', ')}`);

  const run = (handlers: FeedHandlers): void => {
    let due = performance.now();
    let slot = 0;
    timer = setInterval(
      () => {
        const now = performance.now();
        if (now - due > MAX_CATCH_UP_SLOTS * slotMs) due = now;
        for (; due <= now; due += slotMs) {
          for (const walk of walks.values()) {
            // A made-up market does not wait for its listeners; the pipeline bounds what it keeps.
            if (walk.slot === slot) void handlers.onTick(tickOf(walk));
          }
          slot = (slot + 1) % SLOTS;
        }
      },
      Math.max(5, slotMs),
    );
  };

  const tickOf = ({ spec, path }: Walk): FeedTick => {
    const quote = path.next();
    lastMessageAt = clock.now();
    emitted += 1;
    const text = (units: typeof quote.bid): string => formatUnits(units, spec.unitExponent);
    return {
      spec,
      tick: { id: nextId++, ...quote, at: lastMessageAt, recordedAt: 0 },
      bid: text(quote.bid),
      ask: text(quote.ask),
      last: text(quote.last),
      quoted: true,
    };
  };

  return {
    name: 'synthetic',
    start: async (handlers) => {
      if (timer !== null) throw new Error('the feed runs already');
      nextId = Math.max(clock.now() * 1000, startAfter + 1);
      run(handlers);
    },
    subscribe,
    /** What is streamed from the start is always streamed; a symbol that comes back begins its walk anew. */
    unsubscribe: (symbols) => {
      for (const symbol of symbols) if (!always.has(symbol)) walks.delete(symbol);
    },
    stats: () => ({
      name: 'synthetic',
      connected: timer !== null,
      authenticated: timer !== null,
      messagesReceived: emitted,
      tradesProcessed: emitted,
      quotesProcessed: emitted,
      errors: 0,
      lastMessageAt,
      subscriptions: [...walks.keys()],
    }),
    stop: async () => {
      if (timer !== null) clearInterval(timer);
      timer = null;
    },
  };
}
