/** Where the simulator's prices come from when it stands alone: made up, or those of a running system's cache. */

import { createValkey } from '../../../../../shared/adapters/valkey/client.ts';
import { priceKey } from '../../../../../shared/adapters/valkey/keys.ts';
import { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import { type SymbolSpec, symbolRegistry } from '../../../../../shared/domain/symbols.ts';
import { createSyntheticFeed } from '../../../../../shared/feeds/synthetic.ts';
import type { Exchange, JsonObject } from '../contract.ts';
import type { FollowedPrices } from './followed-prices.ts';

export interface PriceSource {
  stop(): Promise<void>;
}

interface Traded {
  readonly venueSymbol: string;
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly tick: string;
  readonly step: string;
}

/** What is traded, from the exchange's own exchangeInfo. */
function traded(exchange: Exchange): readonly Traded[] {
  const { symbols } = exchange.execute('exchangeInfo', null, {}) as { symbols: readonly JsonObject[] };
  return symbols.map((info) => {
    const filters = info['filters'] as readonly JsonObject[];
    const filter = (type: string): JsonObject => filters.find((f) => f['filterType'] === type) ?? {};
    const [base, quote] = [String(info['baseAsset']), String(info['quoteAsset'])];
    return {
      venueSymbol: String(info['symbol']),
      symbol: `${base}/${quote}`,
      base,
      quote,
      tick: String(filter('PRICE_FILTER')['tickSize']),
      step: String(filter('LOT_SIZE')['stepSize']),
    };
  });
}

const UNIT_DIGITS = 2;

/** A random walk for every symbol, the same for the same seed. */
export async function syntheticPrices(
  exchange: Exchange,
  prices: FollowedPrices,
  { seed, ticksPerSecond, now }: { seed: number; ticksPerSecond: number; now: () => number },
): Promise<PriceSource> {
  const [pattern] = symbolRegistry().all();
  if (pattern === undefined) throw new Error('there are no built-in symbols');
  const specs = traded(exchange).map(
    ({ tick, step, ...names }): SymbolSpec => ({
      ...pattern,
      ...names,
      tickSize: new Decimal(tick),
      stepSize: new Decimal(step),
      unitExponent: new Decimal(tick).decimalPlaces() + UNIT_DIGITS,
    }),
  );
  const byName = new Map(specs.map((spec) => [spec.symbol, spec]));
  const feed = createSyntheticFeed({
    registry: { get: (s) => byName.get(s) ?? null, find: (s) => byName.get(s) ?? null, all: () => specs },
    clock: { now },
    seed,
    ticksPerSecond,
    symbols: specs.map(({ symbol }) => symbol),
  });
  const stays = (what: string) => (): never => {
    throw new Error(`the made-up feed ${what}, which it never does`);
  };
  await feed.start({
    onTick: ({ spec, last, bid, ask }) => {
      prices.feed(spec.venueSymbol, { last, bid, ask });
      return undefined;
    },
    onEnd: stays('ended'),
    onError: (error) => {
      throw error;
    },
    onSkipped: stays('skipped something'),
  });
  return { stop: () => feed.stop() };
}

const COMMAND_TIMEOUT_MS = 2000;

/** Follows the price cache of a running system (`redis://host:port`). */
export function cachedPrices(
  exchange: Exchange,
  prices: FollowedPrices,
  { url, everyMs, note }: { url: string; everyMs: number; note: (line: string) => void },
): PriceSource {
  const symbols = traded(exchange);
  const valkey = createValkey(url, { commandTimeoutMs: COMMAND_TIMEOUT_MS });
  const seen = new Map<string, string>();
  let failing = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const look = async ({ symbol, venueSymbol }: Traded): Promise<void> => {
    const flat = (await valkey.command(['HMGET', priceKey(symbol), 'tickId', 'bid', 'ask', 'last'])) as
      | readonly (string | null)[]
      | null;
    const [tickId, bid, ask, last] = flat ?? [];
    if (!tickId || !bid || !ask || !last || seen.get(symbol) === tickId) return;
    seen.set(symbol, tickId);
    prices.feed(venueSymbol, { last, bid, ask });
  };
  const round = async (): Promise<void> => {
    try {
      await Promise.all(symbols.map(look));
      if (failing) note(`prices: ${url} answers again`);
      failing = false;
    } catch (error) {
      if (!failing && !stopped) note(`prices: ${error instanceof Error ? error.message : String(error)}`);
      failing = true;
    }
  };
  let going: Promise<void> = Promise.resolve();
  const next = (): void => {
    going = round().then(() => {
      if (!stopped) timer = setTimeout(next, everyMs);
    });
  };
  next();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await going;
      await valkey.close();
    },
  };
}
