/** price.lua as a typed step. */
import * as z from 'zod';
import { lazily } from '../../domain/lazily.ts';
import { midAndSpread } from '../../domain/prices/mid-and-spread.ts';
import type { Bar, Nearest, PriceSource, Tick, Units } from '../../domain/triggers/types.ts';
import type { CachedPrice, PriceBatch, PriceBatchResult } from '../../ports/trigger-index.ts';
import barsFragment from './bars.lua';
import { barText, tickText } from './codec.ts';
import index from './index.lua';
import { indexKeys, priceKey, quoteKey, tapeKey } from './keys.ts';
import late from './late.lua';
import price from './price.lua';
import { chunks, defineScript } from './script.ts';

/** Ticks in one call: what is more comes as further parts of the batch. */
export const TICKS_PER_PART = 500;
/** Bars in one call. */
export const BARS_PER_PART = 300;

/** One call's share of a batch. */
export interface PricePart {
  readonly batch: PriceBatch;
  /** Counts within the batch. */
  readonly part: number;
  readonly ticks: readonly Tick[];
  readonly bars: readonly Bar[];
  /** The price and quote travel with the last part. */
  readonly last: boolean;
}

/** Divides a batch: all ticks first, so that no bar is written before its ticks have been applied. */
export function partsOf(batch: PriceBatch): PricePart[] {
  const ticks = chunks(batch.ticks, TICKS_PER_PART);
  const bars = chunks(batch.bars, BARS_PER_PART);
  const first = Math.max(ticks.length, 1) - 1;
  const count = first + Math.max(bars.length, 1);
  return Array.from({ length: count }, (_, part) => ({
    batch,
    part,
    ticks: ticks[part] ?? [],
    bars: bars[part - first] ?? [],
    last: part === count - 1,
  }));
}

/** Redis hash fields of `price:{}`; every value is text. */
const priceFields = (p: CachedPrice): string[] => [
  ...['symbol', p.symbol, 'bid', p.bid, 'ask', p.ask, 'last', p.last, 'bidSize', p.bidSize],
  ...['askSize', p.askSize, 'source', p.source, 'quoted', String(p.quoted), 'tickId', String(p.tickId)],
  ...['at', String(p.at), 'recordedAt', String(p.recordedAt)],
];

/** `quote:{}`: only from a feed that has quotes. */
function quoteFields(p: CachedPrice): string[] {
  if (!p.quoted) return [];
  const { mid, spread } = midAndSpread(p.bid, p.ask);
  return ['bid', p.bid, 'ask', p.ask, 'mid', mid, 'spread', spread, 'timestamp', String(p.at)];
}

const barBeforeText = ({ barBefore }: PriceBatch): string => (barBefore === null ? '' : barText(barBefore));

const counted = (fields: readonly string[]): string[] => [String(fields.length), ...fields];

const near = lazily(() =>
  z.union([
    z.literal('').transform(() => null),
    z.coerce
      .number()
      .int()
      .transform((n) => n as Units),
  ]),
);

/** lo and hi of bid, ask, last, mid, as price.lua answers them. */
const nearestSchema = lazily(() =>
  z.tuple([near(), near(), near(), near(), near(), near(), near(), near()]).transform((n): Nearest => {
    const side = (from: 0 | 1): Record<PriceSource, Units | null> => ({
      bid: n[from],
      ask: n[(from + 2) as 2 | 3],
      last: n[(from + 4) as 4 | 5],
      mid: n[(from + 6) as 6 | 7],
    });
    return { falls: side(0), rises: side(1) };
  }),
);

const refused = lazily(() =>
  z.union([
    z.tuple([z.literal('rebuild')]).transform(() => ({ outcome: 'rebuild' }) as const),
    z.tuple([z.literal('not_leader')]).transform(() => ({ outcome: 'not_leader' }) as const),
  ]),
);

const applied = lazily(() =>
  z
    .tuple([z.literal('applied'), z.int(), z.int()], z.unknown())
    .transform(([outcome, hits, wake, ...rest]) => ({ outcome, hits, wake: wake === 1, rest }))
    .pipe(
      z.object({ outcome: z.literal('applied'), hits: z.int(), wake: z.boolean(), rest: nearestSchema() }),
    )
    .transform(({ rest, ...others }): PriceBatchResult => ({ ...others, nearest: rest })),
);

const WHOLE = /^\d{1,15}$/;

/** What `applied` reads, where every number is a plain one. */
function usualReply(reply: unknown): PriceBatchResult | null {
  if (!Array.isArray(reply) || reply.length !== 11) return null;
  const [outcome, hits, wake, ...texts] = reply as readonly unknown[];
  if (outcome !== 'applied' || !Number.isSafeInteger(hits) || !Number.isSafeInteger(wake)) return null;
  const near: (Units | null)[] = [];
  for (const text of texts) {
    if (text === '') near.push(null);
    else if (typeof text === 'string' && WHOLE.test(text))
      near.push(Number(text) as Units); // not money: units
    else return null;
  }
  const side = (from: 0 | 1): Record<PriceSource, Units | null> => ({
    ...{ bid: near[from] ?? null, ask: near[from + 2] ?? null },
    ...{ last: near[from + 4] ?? null, mid: near[from + 6] ?? null },
  });
  return {
    outcome,
    hits: hits as number,
    wake: wake === 1,
    nearest: { falls: side(0), rises: side(1) },
  };
}

const HELD = { none: '0', others: '1', own: '2' } as const;

export const priceScript = defineScript<PricePart, PriceBatchResult>({
  name: 'price',
  source: [barsFragment, index, late, price],
  keys: ({ batch: { symbol } }) => [
    ...indexKeys(symbol),
    priceKey(symbol),
    quoteKey(symbol),
    tapeKey(symbol),
  ],
  args: ({ batch, part, ticks, bars, last }) => [
    batch.leaseToken,
    String(batch.fence),
    String(batch.batch),
    String(part),
    String(batch.nowMs),
    String(batch.newestTick),
    String(batch.lateTick),
    HELD[batch.heldBars],
    bars[0]?.second === batch.barBefore?.second ? barBeforeText(batch) : '',
    ...counted(last ? priceFields(batch.display) : []),
    ...counted(last ? quoteFields(batch.display) : []),
    ...counted(bars.flatMap((bar) => [String(bar.second), barText(bar)])),
    ...ticks.flatMap((t) => [String(t.id), String(t.bid), String(t.ask), String(t.last), tickText(t)]),
  ],
  reply: () => z.union([applied(), refused()]),
  usual: usualReply,
});
