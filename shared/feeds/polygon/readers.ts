/** What each kind of Polygon's messages is made of, whichever way its fields are read. */
import { FIELD as F, type Field } from './field.ts';
import type { FieldReader } from './fields.ts';
import type { PolygonMessage } from './messages.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

export type Read = (f: FieldReader) => PolygonMessage;

/** What all bars have. `width` gives the end where the message has none. */
const bar = (f: FieldReader, name: Field, width: number) => {
  const at = f.time(F.s);
  return {
    name: f.text(name),
    open: f.price(F.o),
    high: f.price(F.h),
    low: f.price(F.l),
    close: f.price(F.c),
    volume: f.amount(F.v),
    vwap: f.amount(F.vw),
    averageSize: f.amount(F.z),
    at,
    atUnit: f.unit,
    end: f.timeOrNull(F.e) ?? at + width,
  };
};

const stockBar = (f: FieldReader, width: number) => {
  const fields = bar(f, F.sym, width);
  return {
    ...fields,
    // The decimal forms go first: they have what a fractional volume lost.
    volume: f.amount(F.dv) ?? fields.volume,
    dayVolume: f.amount(F.dav) ?? f.amount(F.av),
    dayOpen: f.amount(F.op),
    dayVwap: f.amount(F.a),
  };
};

export const READERS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['status', (f) => ({ ev: 'status', status: f.text(F.status), message: f.textOrNull(F.message) ?? '' })],
  [
    'XT',
    (f) => ({
      ev: 'XT',
      name: f.text(F.pair),
      price: f.price(F.p),
      size: f.amount(F.s),
      id: f.id(F.i),
      venue: f.whole(F.x),
      conditions: f.wholes(F.c),
      receivedAt: f.timeOrNull(F.r),
      at: f.time(F.t),
      atUnit: f.unit,
    }),
  ],
  [
    'XQ',
    (f) => ({
      ev: 'XQ',
      name: f.text(F.pair),
      bid: f.side(F.bp),
      bidSize: f.amount(F.bs),
      ask: f.side(F.ap),
      askSize: f.amount(F.as),
      venue: f.whole(F.x),
      receivedAt: f.timeOrNull(F.r),
      at: f.time(F.t),
      atUnit: f.unit,
    }),
  ],
  ['XA', (f) => ({ ev: 'XA', ...bar(f, F.pair, MINUTE_MS) })],
  ['XAS', (f) => ({ ev: 'XAS', ...bar(f, F.pair, SECOND_MS) })],
  [
    'T',
    (f) => ({
      ev: 'T',
      name: f.text(F.sym),
      price: f.price(F.p),
      size: f.amount(F.ds) ?? f.amount(F.s),
      id: f.id(F.i),
      venue: f.whole(F.x),
      tape: f.whole(F.z),
      conditions: f.wholes(F.c),
      sequence: f.whole(F.q),
      facility: f.whole(F.trfi),
      at: f.time(F.t),
      atUnit: f.unit,
    }),
  ],
  [
    'Q',
    (f) => ({
      ev: 'Q',
      name: f.text(F.sym),
      bid: f.side(F.bp),
      bidSize: f.amount(F.bs),
      bidVenue: f.whole(F.bx),
      ask: f.side(F.ap),
      askSize: f.amount(F.as),
      askVenue: f.whole(F.ax),
      condition: f.whole(F.c),
      sequence: f.whole(F.q),
      at: f.time(F.t),
      atUnit: f.unit,
    }),
  ],
  ['A', (f) => ({ ev: 'A', ...stockBar(f, SECOND_MS) })],
  ['AM', (f) => ({ ev: 'AM', ...stockBar(f, MINUTE_MS) })],
  [
    'LULD',
    (f) => ({
      ev: 'LULD',
      name: f.text(F.T),
      high: f.price(F.h),
      low: f.price(F.l),
      indicators: f.wholes(F.i),
      sequence: f.whole(F.q),
      at: f.time(F.t),
      atUnit: f.unit,
    }),
  ],
  [
    'NOI',
    (f) => ({
      ev: 'NOI',
      name: f.text(F.T),
      imbalance: f.signed(F.o),
      paired: f.amount(F.p),
      clearingPrice: f.amount(F.b),
      auction: f.textOrNull(F.a),
      at: f.time(F.t),
      atUnit: f.unit,
    }),
  ],
  // `p` is the pair here, not a price.
  [
    'C',
    (f) => ({
      ev: 'C',
      name: f.text(F.p),
      bid: f.price(F.b),
      ask: f.price(F.a),
      venue: f.whole(F.x),
      at: f.time(F.t),
      atUnit: f.unit,
    }),
  ],
  ['CA', (f) => ({ ev: 'CA', ...bar(f, F.pair, MINUTE_MS) })],
  ['CAS', (f) => ({ ev: 'CAS', ...bar(f, F.pair, SECOND_MS) })],
  [
    'FMV',
    (f) => ({ ev: 'FMV', name: f.text(F.sym), value: f.price(F.fmv), at: f.time(F.t), atUnit: f.unit }),
  ],
  ['V', (f) => ({ ev: 'V', name: f.text(F.T), value: f.price(F.val), at: f.time(F.t), atUnit: f.unit })],
]);
