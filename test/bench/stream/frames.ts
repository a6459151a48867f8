/**
 * Frames of the two price sources, made up in the shapes that both document: for measuring, never recorded.
 *
 * Four of five messages are best prices, as seen on a busy pair. Binance sends one a frame; Polygon sends arrays, here
 * of 1, and of 1 to 20 (how many its servers put into one is not documented). Ids and times only grow, so that nothing
 * is left out as a repeat.
 */
import type { SymbolSpec } from '../../../shared/domain/symbols.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import { type Random, seededRandom } from '../../../shared/feeds/prng.ts';

export const STREAMS = ['binance', 'polygon, 1 a frame', 'polygon, 1 to 20 a frame'] as const;
export type Stream = (typeof STREAMS)[number];

const QUOTES_PER_TRADE = 4;
const MOST_PER_FRAME: Readonly<Record<Stream, number>> = {
  binance: 1,
  'polygon, 1 a frame': 1,
  'polygon, 1 to 20 a frame': 20,
};
const POLYGON_VENUES = [1, 2, 6, 23];
const START_MS = 1_790_000_000_000;

/** So many made-up pairs, with the rules of a pair that is built in. */
export function madeSpecs(count: number, quote: 'USDT' | 'USD'): readonly SymbolSpec[] {
  const template = symbolRegistry().get('BTC/USDT');
  if (template === null) throw new Error('BTC/USDT is not built in');
  return Array.from({ length: count }, (_, i) => {
    const base = `SYM${i}`;
    return { ...template, symbol: `${base}/${quote}`, base, quote, venueSymbol: `${base}${quote}` };
  });
}

/** Prices of all symbols: each walks by cents around its own level. */
class Prices {
  readonly random: Random;
  readonly #cents: number[];

  constructor(symbols: number, seed: number) {
    this.random = seededRandom(seed);
    this.#cents = Array.from({ length: symbols }, (_, i) => 100_000 + i * 13_777);
  }

  below(limit: number): number {
    return this.random() % limit;
  }

  /** The next price of a symbol in cents. */
  next(symbol: number): number {
    const cents = (this.#cents[symbol] ?? 0) + this.below(21) - 10;
    this.#cents[symbol] = cents;
    return cents;
  }
}

const withCents = (cents: number): string =>
  `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

/** A number as JSON has it: without zeros at its end. */
const bare = (text: string): string => text.replace(/\.?0+$/, '');

export interface Frame {
  readonly text: string;
  readonly messages: number;
}

/** At least so many messages. */
export function* makeFrames(stream: Stream, messages: number, symbols: number): Generator<Frame> {
  const prices = new Prices(symbols, 7);
  const message = stream === 'binance' ? binanceMessage : polygonMessage;
  for (let made = 0; made < messages; ) {
    const count = 1 + prices.below(MOST_PER_FRAME[stream]);
    const parts = Array.from({ length: count }, (_, i) => message(prices, symbols, made + i));
    made += count;
    yield { text: stream === 'binance' ? parts.join() : `[${parts.join(',')}]`, messages: count };
  }
}

function binanceMessage(prices: Prices, symbols: number, nth: number): string {
  const at = prices.below(symbols);
  const cents = prices.next(at);
  const size = `${prices.below(40)}.${String(10_000 + prices.below(90_000))}000`;
  const name = `SYM${at}USDT`;
  if (nth % (QUOTES_PER_TRADE + 1) !== 0) {
    const data = `{"u":${35_346_513_501 + nth},"s":"${name}","b":"${withCents(cents)}000000","B":"${size}","a":"${withCents(cents + 1)}000000","A":"${size}"}`;
    return `{"stream":"${name.toLowerCase()}@bookTicker","data":${data}}`;
  }
  const now = START_MS + nth;
  const data = `{"e":"trade","E":${now + 1},"s":"${name}","t":${3_735_683_259 + nth},"p":"${withCents(cents)}000000","q":"${size}","T":${now},"m":${nth % 2 === 0},"M":true}`;
  return `{"stream":"${name.toLowerCase()}@trade","data":${data}}`;
}

function polygonMessage(prices: Prices, symbols: number, nth: number): string {
  const at = prices.below(symbols);
  const cents = prices.next(at);
  const size = `0.${String(1_000 + prices.below(9_000))}`;
  const venue = POLYGON_VENUES[prices.below(POLYGON_VENUES.length)] ?? 1;
  const [t, r] = [START_MS + nth, START_MS + nth + 7];
  const name = `SYM${at}-USD`;
  const price = bare(withCents(cents));
  if (nth % (QUOTES_PER_TRADE + 1) !== 0) {
    return `{"ev":"XQ","pair":"${name}","bp":${price},"bs":${bare(size)},"ap":${bare(withCents(cents + 1))},"as":${bare(size)},"t":${t},"x":${venue},"r":${r}}`;
  }
  return `{"ev":"XT","pair":"${name}","p":${price},"t":${t},"s":${bare(size)},"c":[${1 + (nth % 2)}],"i":"${900_000_000 + nth}","x":${venue},"r":${r}}`;
}

const HEADER_BYTES = { short: 2, long: 4, huge: 10 };
const CHUNK_BYTES = 65_536;

/** The frames as a server puts them on the wire, in pieces of about [64 kB]: sending them costs next to nothing. */
export function onTheWire(frames: Iterable<Frame>): readonly Buffer[] {
  const chunks: Buffer[] = [];
  let parts: Buffer[] = [];
  let bytes = 0;
  const close = (): void => {
    if (parts.length > 0) chunks.push(Buffer.concat(parts));
    parts = [];
    bytes = 0;
  };
  for (const { text } of frames) {
    const payload = Buffer.from(text);
    const header = headerOf(payload.length);
    parts.push(header, payload);
    bytes += header.length + payload.length;
    if (bytes >= CHUNK_BYTES) close();
  }
  close();
  return chunks;
}

/** Of one whole text frame from a server (RFC 6455, section 5.2). */
export function headerOf(length: number): Buffer {
  const kind = length < 126 ? 'short' : length < 65_536 ? 'long' : 'huge';
  const header = Buffer.alloc(HEADER_BYTES[kind]);
  header[0] = 0x81;
  if (kind === 'short') header[1] = length;
  else if (kind === 'long') {
    header[1] = 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return header;
}
