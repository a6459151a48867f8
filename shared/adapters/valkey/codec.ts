/** Levels, hits, ticks and bars as text in the cache, and back: parsed, never trusted. */
import * as z from 'zod';
import { lazily } from '../../domain/lazily.ts';
import type { Bar, Hit, Level, Tick, TickOrigin, Units } from '../../domain/triggers/types.ts';

const units = z
  .int()
  .min(0)
  .transform((n) => n as Units);
const optionalUnits = units.nullish().transform((n) => n ?? null);
const source = z.enum(['bid', 'ask', 'last', 'mid']);

const facts = lazily(() => ({
  member: z.string().min(1),
  version: z.int(),
  source,
  armedTick: z.int(),
  armedAt: z.int(),
}));

const levelSchema = lazily(() =>
  z.discriminatedUnion('kind', [
    z.object({ ...facts(), kind: z.literal('fixed'), direction: z.enum(['falls', 'rises']), price: units }),
    z.object({
      ...facts(),
      kind: z.literal('trailing'),
      side: z.enum(['long', 'short']),
      distance: z.union([z.object({ bp: z.int() }), z.object({ units })]),
      activation: optionalUnits,
      peak: optionalUnits,
    }),
  ]),
);

const tickSchema = lazily(() =>
  z.object({
    id: z.int(),
    bid: units,
    ask: units,
    last: units,
    at: z.int(),
    bidSize: z.string(),
    askSize: z.string(),
    recordedAt: z.int(),
    origin: z.object({ feed: z.string(), converted: z.boolean(), checked: z.boolean() }).exactOptional(),
    mark: z.tuple([z.int(), z.int()]).exactOptional(),
    unproven: z.literal(true).exactOptional(),
  }),
);

export const parseTick = (json: string): Tick => tickSchema().parse(JSON.parse(json));

const hitSchema = lazily(() =>
  z.object({
    cause: z.enum(['tick', 'armed', 'rebuilt']),
    level: units,
    price: units,
    peak: units.nullable(),
    armedTick: z.int(),
    tick: tickSchema(),
    of: z.object({ member: z.string(), version: z.int(), source }),
  }),
);

/** JSON without nulls, as index.lua reads it. */
export const levelText = (level: Level): string =>
  JSON.stringify(level, (_key, value: unknown) => (value === null ? undefined : value));

/** A level as stored, with the tick id of its arming and the peak it has reached. */
export function parseLevel(json: string, armedTick: number, peak: number | null): Level {
  const level = levelSchema().parse(JSON.parse(json));
  return level.kind === 'fixed'
    ? { ...level, armedTick }
    : { ...level, armedTick, peak: peak === null ? null : units.parse(peak) };
}

/** What `JSON.stringify` makes of it, in a fraction of the time: there is one for each tick of each symbol. */
export function tickText(tick: Tick): string {
  const { id, bid, ask, last, at, bidSize, askSize, recordedAt, origin, mark } = tick;
  const sizes = `"bidSize":${quoted(bidSize)},"askSize":${quoted(askSize)}`;
  const from = origin === undefined ? '' : `,"origin":${originText(origin)}`;
  const marked = mark === undefined ? from : `${from},"mark":[${mark[0]},${mark[1]}]`;
  const of = tick.unproven === undefined ? marked : `${marked},"unproven":true`;
  return `{"id":${id},"bid":${bid},"ask":${ask},"last":${last},"at":${at},${sizes},"recordedAt":${recordedAt}${of}}`;
}

const PLAIN = /^[\d.]*$/;
const quoted = (size: string): string => (PLAIN.test(size) ? `"${size}"` : JSON.stringify(size));

/** A stream hands on one object for as long as nothing about it changes. */
const originTexts = new WeakMap<TickOrigin, string>();
function originText(origin: TickOrigin): string {
  let text = originTexts.get(origin);
  if (text === undefined) {
    text = JSON.stringify(origin);
    originTexts.set(origin, text);
  }
  return text;
}

/** The form in which index.lua writes a hit. */
export function hitText(hit: Hit): string {
  const { cause, level, price, peak, armedTick, tick, member, version, source: by } = hit;
  return JSON.stringify({ cause, level, price, peak, armedTick, tick, of: { member, version, source: by } });
}

export function parseHit(json: string): Hit {
  const { of, ...rest } = hitSchema().parse(JSON.parse(json));
  return { ...rest, ...of };
}

const fourOf = (p: Bar['low']): readonly Units[] => [p.bid, p.ask, p.last, p.mid];

/**
 * bars.lua's array: second, low x4, high x4, close x4 (bid, ask, last, mid), first tick, last tick, count, and open x4
 * where it is known.
 */
export const barText = ({ second, open, low, high, close, firstTick, lastTick, count }: Bar): string =>
  JSON.stringify([
    second,
    ...[low, high, close].flatMap(fourOf),
    firstTick,
    lastTick,
    count,
    ...(open === undefined ? [] : fourOf(open)),
  ]);

/** A price, which is never negative: 12 of them behind the second, and 4 more where the open is known. */
const isUnits = (i: number): boolean => (i >= 1 && i <= 12) || i >= 16;

/** Without a schema: a position's figures go over two hours of seconds. @throws TypeError for what is no bar */
export function parseBar(json: string): Bar {
  const bar: unknown = JSON.parse(json);
  if (!Array.isArray(bar) || (bar.length !== 16 && bar.length !== 20)) throw new TypeError(`no bar: ${json}`);
  const at = (i: number): number => {
    const value: unknown = bar[i];
    if (!Number.isSafeInteger(value) || (isUnits(i) && (value as number) < 0))
      throw new TypeError(`no bar, by its number ${i}: ${json}`);
    return value as number;
  };
  const units = (i: number): Units => at(i) as Units;
  const prices = (from: number): Bar['low'] => ({
    bid: units(from),
    ask: units(from + 1),
    last: units(from + 2),
    mid: units(from + 3),
  });
  return {
    second: at(0),
    ...(bar.length === 20 && { open: prices(16) }),
    low: prices(1),
    high: prices(5),
    close: prices(9),
    firstTick: at(13),
    lastTick: at(14),
    count: at(15),
  };
}
