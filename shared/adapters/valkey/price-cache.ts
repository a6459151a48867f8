/** Prices, bars and wanted symbols on Valkey. */
import * as z from 'zod';
import type { Bar } from '../../domain/triggers/types.ts';
import type { CachedPrice, PriceCache } from '../../ports/trigger-index.ts';
import fragment from './bars.lua';
import type { Valkey } from './client.ts';
import { barText, parseBar } from './codec.ts';
import { priceKey, tapeKey, wantedKey } from './keys.ts';
import { chunks, defineScript } from './script.ts';
import tape from './tape.lua';

const BARS_PER_CALL = 1000;

const whole = z.coerce.number().int();
const priceSchema = z.object({
  symbol: z.string(),
  bid: z.string(),
  ask: z.string(),
  last: z.string(),
  bidSize: z.string(),
  askSize: z.string(),
  source: z.string(),
  quoted: z.enum(['true', 'false']).transform((text) => text === 'true'),
  tickId: whole,
  at: whole,
  recordedAt: whole,
});
const strings = z.array(z.string());

const tapeScript = defineScript<{ symbol: string; bars: readonly Bar[] }, string>({
  name: 'tape',
  source: [fragment, tape],
  keys: ({ symbol }) => [tapeKey(symbol)],
  args: ({ bars }) => bars.flatMap((bar) => [String(bar.second), barText(bar)]),
  reply: z.tuple([z.literal('kept')]).transform(([outcome]) => outcome),
});

export function createPriceCache(valkey: Valkey): PriceCache {
  async function price(symbol: string): Promise<CachedPrice | null> {
    const flat = strings.parse(await valkey.command(['HGETALL', priceKey(symbol)]));
    return flat.length === 0 ? null : priceSchema.parse(Object.fromEntries(chunks(flat, 2)));
  }

  return {
    price,
    prices: async (symbols) => {
      const found = await Promise.all(symbols.map(price));
      return new Map(found.filter((p) => p !== null).map((p) => [p.symbol, p]));
    },
    bars: async (symbol, fromSecond) => {
      const range = ['ZRANGEBYSCORE', tapeKey(symbol), String(fromSecond), '+inf'];
      return strings.parse(await valkey.command(range)).map(parseBar);
    },
    writeBars: async (symbol, bars) => {
      for (const part of chunks(bars, BARS_PER_CALL)) await tapeScript.run(valkey, { symbol, bars: part });
    },
    want: async (symbols) => {
      for (const part of chunks(symbols, BARS_PER_CALL)) await valkey.command(['SADD', wantedKey, ...part]);
    },
    wanted: async () => strings.parse(await valkey.command(['SMEMBERS', wantedKey])).sort(),
  };
}
