/** What each kind of Polygon's messages is made of, whichever way its fields are read. */
import type { FieldReader } from './fields.ts';
import type { PolygonMessage } from './messages.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

export type Read = (f: FieldReader) => PolygonMessage;

/** What all bars have. `width` gives the end where the message has none. */
const bar = (f: FieldReader, name: string, width: number) => {
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

const stockBar = (f: FieldReader, width: number) => {
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

export const READERS: ReadonlyMap<string, Read> = new Map<string, Read>([
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
