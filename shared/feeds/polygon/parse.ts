/**
 * Frames of Polygon's sockets -> messages. Pure, and never throws.
 *
 * Always true:
 * - every element of a frame is read by itself: a broken one takes no other with it;
 * - prices and sizes go from the literal to decimal text exactly (domain/money/json-number);
 * - what is left out is told by a reason out of a small fixed set, which never repeats what the frame said.
 */
import { parseExactJson } from '../../domain/money/json-number.ts';
import { Fields, type Json } from './fields.ts';
import type { ParsedFrame, PolygonMessage } from './messages.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

type Read = (f: Fields) => PolygonMessage;

/** What all bars have. `width` gives the end where the message has none. */
const bar = (f: Fields, name: string, width: number) => {
  const at = f.time('s');
  return {
    name: f.text(name),
    open: f.price('o'),
    high: f.price('h'),
    low: f.price('l'),
    close: f.price('c'),
    volume: f.amount('v'),
    vwap: f.amount('vw'),
    averageSize: f.amount('z'),
    at,
    atUnit: f.unit,
    end: f.timeOrNull('e') ?? at + width,
  };
};

const stockBar = (f: Fields, width: number) => {
  const fields = bar(f, 'sym', width);
  return {
    ...fields,
    // The decimal forms go first: they have what a fractional volume lost.
    volume: f.amount('dv') ?? fields.volume,
    dayVolume: f.amount('dav') ?? f.amount('av'),
    dayOpen: f.amount('op'),
    dayVwap: f.amount('a'),
  };
};

const READERS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['status', (f) => ({ ev: 'status', status: f.text('status'), message: f.textOrNull('message') ?? '' })],
  [
    'XT',
    (f) => ({
      ev: 'XT',
      name: f.text('pair'),
      price: f.price('p'),
      size: f.amount('s'),
      id: f.id('i'),
      venue: f.whole('x'),
      conditions: f.wholes('c'),
      receivedAt: f.timeOrNull('r'),
      at: f.time('t'),
      atUnit: f.unit,
    }),
  ],
  [
    'XQ',
    (f) => ({
      ev: 'XQ',
      name: f.text('pair'),
      bid: f.side('bp'),
      bidSize: f.amount('bs'),
      ask: f.side('ap'),
      askSize: f.amount('as'),
      venue: f.whole('x'),
      receivedAt: f.timeOrNull('r'),
      at: f.time('t'),
      atUnit: f.unit,
    }),
  ],
  ['XA', (f) => ({ ev: 'XA', ...bar(f, 'pair', MINUTE_MS) })],
  ['XAS', (f) => ({ ev: 'XAS', ...bar(f, 'pair', SECOND_MS) })],
  [
    'T',
    (f) => ({
      ev: 'T',
      name: f.text('sym'),
      price: f.price('p'),
      size: f.amount('ds') ?? f.amount('s'),
      id: f.id('i'),
      venue: f.whole('x'),
      tape: f.whole('z'),
      conditions: f.wholes('c'),
      sequence: f.whole('q'),
      facility: f.whole('trfi'),
      at: f.time('t'),
      atUnit: f.unit,
    }),
  ],
  [
    'Q',
    (f) => ({
      ev: 'Q',
      name: f.text('sym'),
      bid: f.side('bp'),
      bidSize: f.amount('bs'),
      bidVenue: f.whole('bx'),
      ask: f.side('ap'),
      askSize: f.amount('as'),
      askVenue: f.whole('ax'),
      condition: f.whole('c'),
      sequence: f.whole('q'),
      at: f.time('t'),
      atUnit: f.unit,
    }),
  ],
  ['A', (f) => ({ ev: 'A', ...stockBar(f, SECOND_MS) })],
  ['AM', (f) => ({ ev: 'AM', ...stockBar(f, MINUTE_MS) })],
  [
    'LULD',
    (f) => ({
      ev: 'LULD',
      name: f.text('T'),
      high: f.price('h'),
      low: f.price('l'),
      indicators: f.wholes('i'),
      sequence: f.whole('q'),
      at: f.time('t'),
      atUnit: f.unit,
    }),
  ],
  [
    'NOI',
    (f) => ({
      ev: 'NOI',
      name: f.text('T'),
      imbalance: f.signed('o'),
      paired: f.amount('p'),
      clearingPrice: f.amount('b'),
      auction: f.textOrNull('a'),
      at: f.time('t'),
      atUnit: f.unit,
    }),
  ],
  // `p` is the pair here, not a price.
  [
    'C',
    (f) => ({
      ev: 'C',
      name: f.text('p'),
      bid: f.price('b'),
      ask: f.price('a'),
      venue: f.whole('x'),
      at: f.time('t'),
      atUnit: f.unit,
    }),
  ],
  ['CA', (f) => ({ ev: 'CA', ...bar(f, 'pair', MINUTE_MS) })],
  ['CAS', (f) => ({ ev: 'CAS', ...bar(f, 'pair', SECOND_MS) })],
  [
    'FMV',
    (f) => ({ ev: 'FMV', name: f.text('sym'), value: f.price('fmv'), at: f.time('t'), atUnit: f.unit }),
  ],
  ['V', (f) => ({ ev: 'V', name: f.text('T'), value: f.price('val'), at: f.time('t'), atUnit: f.unit })],
]);

/** The names of all events that are read. */
export const POLYGON_EVENTS: readonly string[] = [...READERS.keys()];

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Takes an array of elements or a bare one. */
export function parsePolygonFrame(text: string): ParsedFrame {
  let exact: ReturnType<typeof parseExactJson>;
  try {
    exact = parseExactJson(text);
  } catch {
    return { messages: [], dropped: ['not JSON'], ignored: [], longNumbers: 0 };
  }
  const messages: PolygonMessage[] = [];
  const dropped: string[] = [];
  const ignored: string[] = [];
  const fields = new Fields();
  for (const item of Array.isArray(exact.value) ? (exact.value as unknown[]) : [exact.value]) {
    const ev = isObject(item) ? item['ev'] : undefined;
    const read = typeof ev === 'string' ? READERS.get(ev) : undefined;
    if (typeof ev !== 'string' || !isObject(item)) dropped.push('not an event');
    else if (read === undefined) dropped.push('unknown event');
    else {
      fields.begin(ev, item);
      const message = read(fields);
      if (fields.fault === null) messages.push(message);
      else dropped.push(fields.fault);
      if (fields.ignored !== null) ignored.push(...fields.ignored);
    }
  }
  return { messages, dropped, ignored, longNumbers: exact.longNumbers };
}
