/** Prices, bars and wanted symbols on Valkey. */
import * as z from 'zod';
import { lazily } from '../../domain/lazily.ts';
import type { Bar } from '../../domain/triggers/types.ts';
import type { CachedPrice, PriceCache } from '../../ports/trigger-index.ts';
import fragment from './bars.lua';
import type { Valkey } from './client.ts';
import { barText, parseBar } from './codec.ts';
import { epochKey, priceKey, stateKey, tapeKey, wantedKey } from './keys.ts';
import { chunks, defineScript } from './script.ts';
import tape from './tape.lua';

const BARS_PER_CALL = 1000;

const whole = z.coerce.number().int();
const priceSchema = lazily(() =>
  z.object({
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
  }),
);
const strings = z.array(z.string());

const tapeScript = defineScript<
  {
    symbol: string;
    bars: readonly Bar[];
    writer: string;
    isLast: boolean;
  },
  string
>({
  name: 'tape',
  source: [fragment, tape],
  keys: ({ symbol }) => [tapeKey(symbol), stateKey(symbol), epochKey(symbol)],
  args: ({ bars, writer, isLast }) => [
    writer,
    isLast ? '1' : '0',
    ...bars.flatMap((bar) => [String(bar.second), barText(bar)]),
  ],
  reply: () => z.tuple([z.literal('kept')]).transform(([outcome]) => outcome),
});

/** For how long a wish counts. */
const WANTED_MS = 600_000;

/** `now`: the wall clock in epoch ms. */
export function createPriceCache(valkey: Valkey, now: () => number = Date.now): PriceCache {
  async function price(symbol: string): Promise<CachedPrice | null> {
    const flat = strings.parse(await valkey.command(['HGETALL', priceKey(symbol)]));
    return flat.length === 0 ? null : priceSchema().parse(Object.fromEntries(chunks(flat, 2)));
  }

  async function wantedSince(): Promise<ReadonlyMap<string, number>> {
    const range = ['ZRANGEBYSCORE', wantedKey, String(now() - WANTED_MS), '+inf', 'WITHSCORES'];
    const flat = strings.parse(await valkey.command(range));
    return new Map(chunks(flat, 2).map(([symbol = '', at = '0']) => [symbol, whole.parse(at)]));
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
    writeBars: async (symbol, bars, writer) => {
      const parts = chunks(bars, BARS_PER_CALL);
      for (const [i, part] of parts.entries()) {
        await tapeScript.run(valkey, { symbol, bars: part, writer, isLast: i === parts.length - 1 });
      }
    },
    areBarsLeft: async (symbol, writer) => {
      const left = z
        .string()
        .nullable()
        .parse(await valkey.command(['HGET', stateKey(symbol), 'bars']));
      return writer === null ? left !== null : left?.split(' ').includes(writer) === true;
    },
    want: async (symbols) => {
      if (symbols.length === 0) return;
      const at = String(now());
      for (const part of chunks(symbols, BARS_PER_CALL)) {
        await valkey.command(['ZADD', wantedKey, ...part.flatMap((symbol) => [at, symbol])]);
      }
      await valkey.command(['ZREMRANGEBYSCORE', wantedKey, '-inf', `(${now() - WANTED_MS}`]);
    },
    wanted: async () => [...(await wantedSince()).keys()].sort(),
    wantedSince,
  };
}
