/**
 * Follows the price cache of a running system (`redis://host:port`): its pairs in USDT as these in dollars, while an
 * exchange tells them. What the system has from here is not followed, or it would follow itself.
 */
import { createValkey } from '../../../../shared/adapters/valkey/client.ts';
import { priceKey } from '../../../../shared/adapters/valkey/keys.ts';
import { decimal } from '../../../../shared/domain/money/decimal.ts';
import { pause } from '../../../../shared/usecases/stream-prices/background.ts';
import type { Market } from './market/market.ts';

export interface FollowedPrices {
  stop(): Promise<void>;
}

export interface FollowOptions {
  readonly url: string;
  readonly everyMs?: number;
  readonly note: (line: string) => void;
}

const COMMAND_TIMEOUT_MS = 2_000;
const EVERY_MS = 250;
/** Whose prices are an exchange's own. */
const SOURCE = 'binance';
const PAIR = /^([A-Z0-9]+)-USD$/;
/** These say what a dollar is. */
const STABLE = new Set(['USDT', 'USDC']);

export function followPrices(
  market: Market,
  { url, everyMs = EVERY_MS, note }: FollowOptions,
): FollowedPrices {
  const pairs = [...market.symbols.values()].flatMap(({ symbol }) => {
    const base = symbol.cluster === 'crypto' ? PAIR.exec(symbol.name)?.[1] : undefined;
    return base === undefined || STABLE.has(base) ? [] : [{ symbol, followed: `${base}/USDT` }];
  });
  const valkey = createValkey(url, { commandTimeoutMs: COMMAND_TIMEOUT_MS });
  const seen = new Map<string, string>();
  const stopping = new AbortController();
  let isFailing = false;

  const look = async ({ symbol, followed }: (typeof pairs)[number]): Promise<void> => {
    const [tickId, last, source] = (await valkey.command([
      'HMGET',
      priceKey(followed),
      ...['tickId', 'last', 'source'],
    ])) as readonly (string | null)[];
    if (!tickId || !last || source !== SOURCE || seen.get(followed) === tickId) return;
    seen.set(followed, tickId);
    const price = decimal(last).toDecimalPlaces(symbol.decimals);
    if (price.greaterThan(0)) market.setPrice(symbol.name, price.toFixed(), true);
  };

  const follow = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await Promise.all(pairs.map(look));
        if (isFailing) note(`prices: ${url} answers again`);
        isFailing = false;
      } catch (error) {
        if (!isFailing && !stopping.signal.aborted) {
          note(`prices: ${error instanceof Error ? error.message : String(error)}`);
        }
        isFailing = true;
      }
      await pause(everyMs, stopping.signal);
    }
  };
  const following = follow();

  return {
    stop: async () => {
      stopping.abort();
      await following;
      await valkey.close();
    },
  };
}
