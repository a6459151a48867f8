/**
 * Ticks of one symbol, oldest first, in a fraction of the memory that they take as objects: numbers side by side, and text
 * made from them again.
 *
 * Always true: what comes out is what was put in. A tick that these numbers do not say whole (digits finer than the unit,
 * fields that few sources have) is kept as it is.
 */
import type { Printed } from '../../domain/prices/price-tick.ts';
import type { SymbolSpec } from '../../domain/symbols.ts';
import type { Tick, Units } from '../../domain/triggers/types.ts';
import { formatUnits } from '../../domain/triggers/units.ts';
import type { FeedTick } from '../../ports/feed.ts';

type Kept = 'as a number' | 'with the whole tick';
/** A new field does not compile until it is said how it is kept. */
const FIELDS: Readonly<Record<Exclude<keyof FeedTick, 'tick' | 'spec'>, Kept>> = {
  ...{ bid: 'as a number', ask: 'as a number', last: 'as a number' },
  ...{ quoted: 'as a number', printed: 'as a number' },
  ...{ venueAt: 'with the whole tick', venue: 'with the whole tick', combined: 'with the whole tick' },
  ...{ feed: 'with the whole tick', converted: 'with the whole tick' },
};
const TICK_FIELDS: Readonly<Record<Exclude<keyof Tick, 'recordedAt'>, Kept>> = {
  ...{ id: 'as a number', bid: 'as a number', ask: 'as a number', last: 'as a number', at: 'as a number' },
  ...{ bidSize: 'as a number', askSize: 'as a number', mark: 'as a number' },
  ...{ origin: 'with the whole tick', unproven: 'with the whole tick' },
};
const rareOf = <K extends string>(fields: Readonly<Record<K, Kept>>): readonly K[] =>
  (Object.keys(fields) as K[]).filter((field) => fields[field] === 'with the whole tick');
const RARE = rareOf(FIELDS);
const RARE_OF_TICK = rareOf(TICK_FIELDS);

/** Ticks in one piece of memory. */
const PER_CHUNK = 64;
/** Of one tick. */
const NUMBERS = 10;
const PRINTED: readonly (Printed | undefined)[] = [undefined, 'quote', 'trade'];
/** Digits that a double keeps; of those behind the point there are no more. */
const SAFE_DIGITS = 15;
/** In place of a count of decimals. */
const NO_TEXT = 16;

class Chunk {
  readonly spec: SymbolSpec;
  readonly numbers = new Float64Array(PER_CHUNK * NUMBERS);
  /** By place, those that are kept as they are. */
  whole: Map<number, FeedTick> | null = null;
  length = 0;

  constructor(spec: SymbolSpec) {
    this.spec = spec;
  }

  push(tick: FeedTick): void {
    const nth = this.length;
    this.length += 1;
    this.numbers[nth * NUMBERS + 4] = tick.tick.at;
    if (pack(tick, this.numbers, nth * NUMBERS)) return;
    this.whole ??= new Map();
    this.whole.set(nth, tick);
  }

  at(nth: number): FeedTick {
    return this.whole?.get(nth) ?? unpack(this.spec, this.numbers, nth * NUMBERS);
  }

  timeOf(nth: number): number {
    return this.numbers[nth * NUMBERS + 4] ?? 0;
  }
}

export class KeptTicks implements Iterable<FeedTick> {
  #chunks: Chunk[] = [];
  /** How many of the first piece are gone. */
  #gone = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** When the oldest one was received; undefined = there is none. */
  get oldestAt(): number | undefined {
    return this.#length === 0 ? undefined : this.#chunks[0]?.timeOf(this.#gone);
  }

  push(tick: FeedTick): void {
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || chunk.length === PER_CHUNK || chunk.spec !== tick.spec) {
      chunk = new Chunk(tick.spec);
      this.#chunks.push(chunk);
    }
    chunk.push(tick);
    this.#length += 1;
  }

  /** Lets the oldest one go. */
  shift(): void {
    if (this.#length === 0) return;
    this.#length -= 1;
    this.#gone += 1;
    if (this.#gone < (this.#chunks[0]?.length ?? 0)) return;
    this.#chunks.shift();
    this.#gone = 0;
  }

  /** When each was received. */
  *times(): Generator<number> {
    for (const [chunk, nth] of this.#places()) yield chunk.timeOf(nth);
  }

  *[Symbol.iterator](): Generator<FeedTick> {
    for (const [chunk, nth] of this.#places()) yield chunk.at(nth);
  }

  *#places(): Generator<readonly [Chunk, number]> {
    let from = this.#gone;
    for (const chunk of this.#chunks) {
      for (let nth = from; nth < chunk.length; nth += 1) yield [chunk, nth];
      from = 0;
    }
  }
}

/** False: the numbers would not say all of it. */
function pack(tick: FeedTick, to: Float64Array, from: number): boolean {
  const { spec, tick: inner, quoted, printed } = tick;
  const { id, bid, ask, last, at, bidSize, askSize, recordedAt, mark } = inner;
  if (recordedAt !== 0) return false;
  if (RARE.some((field) => tick[field] !== undefined)) return false;
  if (RARE_OF_TICK.some((field) => inner[field] !== undefined)) return false;
  const isText = (text: string, units: Units): boolean => text === formatUnits(units, spec.unitExponent);
  if (!isText(tick.bid, bid) || !isText(tick.ask, ask) || !isText(tick.last, last)) return false;
  const bidDecimals = decimalsOf(bidSize);
  const askDecimals = decimalsOf(askSize);
  if (bidDecimals < 0 || askDecimals < 0) return false;
  const flags = (quoted ? 1 : 0) + (mark === undefined ? 0 : 2) + 4 * PRINTED.indexOf(printed);
  const [quote, trade] = mark ?? [0, 0];
  const sizes = [digitsOf(bidSize), digitsOf(askSize)];
  to.set(
    [id, bid, ask, last, at, ...sizes, quote, trade, flags + 16 * (bidDecimals + 32 * askDecimals)],
    from,
  );
  return true;
}

function unpack(spec: SymbolSpec, numbers: Float64Array, from: number): FeedTick {
  const number = (nth: number): number => numbers[from + nth] ?? 0;
  const [bid, ask, last] = [number(1) as Units, number(2) as Units, number(3) as Units];
  const bits = number(9);
  const printed = PRINTED[(bits >> 2) & 3];
  const text = (units: Units): string => formatUnits(units, spec.unitExponent);
  return {
    spec,
    tick: {
      ...{ id: number(0), bid, ask, last, at: number(4) },
      bidSize: sizeText(number(5), (bits >> 4) & 31),
      askSize: sizeText(number(6), bits >> 9),
      recordedAt: 0,
      ...((bits & 2) !== 0 && { mark: [number(7), number(8)] as const }),
    },
    ...{ bid: text(bid), ask: text(ask), last: text(last) },
    quoted: (bits & 1) !== 0,
    ...(printed !== undefined && { printed }),
  };
}

const PLAIN = /^(?:0|[1-9]\d*)(?:\.(\d+))?$/;

/** How many digits stand behind the point; -1: not a text that `sizeText` makes. */
function decimalsOf(size: string): number {
  if (size === '') return NO_TEXT;
  // The point counts as one more.
  if (size.length > SAFE_DIGITS + 1) return -1;
  const match = PLAIN.exec(size);
  if (match === null) return -1;
  const decimals = match[1]?.length ?? 0;
  return size.length - (decimals > 0 ? 1 : 0) > SAFE_DIGITS ? -1 : decimals;
}

/** As one whole number. */
const digitsOf = (size: string): number => Number(size.replace('.', '')); // not money: put back as the same text

function sizeText(digits: number, decimals: number): string {
  if (decimals === NO_TEXT) return '';
  const text = String(digits).padStart(decimals + 1, '0');
  return decimals === 0 ? text : `${text.slice(0, -decimals)}.${text.slice(-decimals)}`;
}
