/** Every message type of Polygon's sockets. The values are made up, but for the vendor's documented examples. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolygonMessage } from '../../../../shared/feeds/polygon/messages.ts';
import { POLYGON_EVENTS, parsePolygonFrame } from '../../../../shared/feeds/polygon/parse.ts';
import { recordedJson } from '../../../support/recordings.ts';

const T = 1_790_000_000_120;
const bar = { o: 10, h: 12.5, l: 9.75, c: 11, v: 4.5, vw: 10.8, s: 1_790_000_040_000, e: 1_790_000_100_000 };
const barRead = {
  open: '10',
  high: '12.5',
  low: '9.75',
  close: '11',
  volume: '4.5',
  vwap: '10.8',
  averageSize: null,
  at: 1_790_000_040_000,
  atUnit: 'ms',
  end: 1_790_000_100_000,
} as const;
const at = { at: T, atUnit: 'ms' } as const;

/** One of each: what is on the wire, and what it is read as. */
const EXAMPLES: readonly [object, PolygonMessage][] = [
  [
    { ev: 'status', status: 'success', message: 'subscribed to: XT.BTC-USD' },
    { ev: 'status', status: 'success', message: 'subscribed to: XT.BTC-USD' },
  ],
  [
    { ev: 'XT', pair: 'BTC-USD', p: 100250.5, t: T, s: 0.0000452, c: [2], i: '9a-1', x: 1, r: T + 45 },
    {
      ...{ ev: 'XT', name: 'BTC-USD', price: '100250.5', size: '0.0000452', id: '9a-1', venue: 1 },
      ...{ conditions: [2], receivedAt: T + 45, ...at },
    },
  ],
  [
    {
      ev: 'XQ',
      pair: 'BTC-USD',
      bp: 100249.9,
      bs: 0.5,
      ap: 100251,
      as: 0.75,
      t: T,
      x: 1,
      r: T,
      lp: 0,
      ls: 0,
    },
    {
      ...{ ev: 'XQ', name: 'BTC-USD', bid: '100249.9', bidSize: '0.5', ask: '100251', askSize: '0.75' },
      ...{ venue: 1, receivedAt: T, ...at },
    },
  ],
  [
    { ev: 'XA', pair: 'BTC-USD', ...bar, z: 3.39e8 },
    { ev: 'XA', name: 'BTC-USD', ...barRead, averageSize: '339000000' },
  ],
  [
    { ev: 'XAS', pair: 'BTC-USD', ...bar, e: undefined },
    { ev: 'XAS', name: 'BTC-USD', ...barRead, end: 1_790_000_041_000 },
  ],
  [
    { ev: 'T', sym: 'BRK.B', x: 4, i: 12345, z: 3, p: 114.125, s: 100, ds: '100.5', c: [0, 12], t: T, q: 7 },
    {
      ...{ ev: 'T', name: 'BRK.B', price: '114.125', size: '100.5', id: '12345', venue: 4, tape: 3 },
      ...{ conditions: [0, 12], sequence: 7, facility: null, ...at },
    },
  ],
  [
    {
      ev: 'Q',
      sym: 'MSFT',
      bx: 4,
      bp: 114.125,
      bs: 1,
      ax: 7,
      ap: 114.128,
      as: 2,
      c: 0,
      i: [604],
      t: T,
      q: 5,
    },
    {
      ...{ ev: 'Q', name: 'MSFT', bid: '114.125', bidSize: '1', bidVenue: 4, ask: '114.128', askSize: '2' },
      ...{ askVenue: 7, condition: 0, sequence: 5, ...at },
    },
  ],
  [
    { ev: 'A', sym: 'SPCE', ...bar, av: 8642007, dav: '8642007.5', op: 25.66, a: 25.3714 },
    {
      ...{ ev: 'A', name: 'SPCE', ...barRead, dayVolume: '8642007.5', dayOpen: '25.66', dayVwap: '25.3714' },
    },
  ],
  [
    { ev: 'AM', sym: 'GTE', ...bar, dv: '4.25', otc: true },
    { ev: 'AM', name: 'GTE', ...barRead, volume: '4.25', dayVolume: null, dayOpen: null, dayVwap: null },
  ],
  [
    { ev: 'LULD', T: 'AAPL', h: 110.5, l: 99, i: [17], z: 3, t: T * 1000, q: 3 },
    {
      ...{ ev: 'LULD', name: 'AAPL', high: '110.5', low: '99', indicators: [17], sequence: 3 },
      ...{ at: T, atUnit: 'us' },
    },
  ],
  [
    { ev: 'NOI', T: 'NTEST', t: T, at: 930, a: 'M', i: 44, x: 10, o: -480, p: 440, b: 25.03 },
    {
      ...{ ev: 'NOI', name: 'NTEST', imbalance: '-480', paired: '440', clearingPrice: '25.03', auction: 'M' },
      ...at,
    },
  ],
  [
    { ev: 'C', p: 'XAU/USD', x: '48', a: 4100.85, b: 4100.3, i: 0, t: T },
    { ev: 'C', name: 'XAU/USD', bid: '4100.3', ask: '4100.85', venue: 48, ...at },
  ],
  [
    { ev: 'CA', pair: 'EUR/USD', ...bar, e: undefined, vw: undefined },
    { ev: 'CA', name: 'EUR/USD', ...barRead, vwap: null },
  ],
  [
    { ev: 'CAS', pair: 'EUR/USD', ...bar, e: undefined },
    { ev: 'CAS', name: 'EUR/USD', ...barRead, end: 1_790_000_041_000 },
  ],
  [
    { ev: 'FMV', fmv: 1.5, sym: 'X:BTC-USD', t: T },
    { ev: 'FMV', name: 'X:BTC-USD', value: '1.5', ...at },
  ],
  [
    { ev: 'V', val: 3988.5, T: 'I:SPX', t: T },
    { ev: 'V', name: 'I:SPX', value: '3988.5', ...at },
  ],
];

const one = (item: object) => parsePolygonFrame(JSON.stringify([item]));

describe('messages', () => {
  it.each(EXAMPLES.map(([wire, read]) => [read.ev, wire, read] as const))('%s', (_, wire, read) => {
    expect(one(wire)).toEqual({ messages: [read], dropped: [], ignored: [], longNumbers: 0 });
  });

  it('has an example of every event that is read', () => {
    expect(new Set(EXAMPLES.map(([, { ev }]) => ev))).toEqual(new Set(POLYGON_EVENTS));
  });

  it('reads a frame of all of them, and a bare one', () => {
    const all = parsePolygonFrame(JSON.stringify(EXAMPLES.map(([wire]) => wire)));
    expect(all.messages).toEqual(EXAMPLES.map(([, read]) => read));
    expect(parsePolygonFrame('{"ev":"status","status":"connected"}').messages).toHaveLength(1);
  });

  it.each([
    ['1790000000120', 1_790_000_000_120, 'ms'],
    ['1790000000120123', 1_790_000_000_120, 'us'],
    ['1790000000120123456', 1_790_000_000_120, 'ns'],
    ['"1790000000120"', 1_790_000_000_120, 'ms'],
  ])('tells the unit of the time %s by its digits', (text, ms, unit) => {
    const { messages } = parsePolygonFrame(`[{"ev":"LULD","T":"A","h":2,"l":1,"t":${text}}]`);
    expect(messages[0]).toMatchObject({ at: ms, atUnit: unit });
  });

  it.each(['179000000012', '17900000001201', '1.5', '-1790000000120', 'null', '"soon"', '1790000000120.5'])(
    'takes no %s as a time',
    (text) => {
      const { messages, dropped } = parsePolygonFrame(`[{"ev":"V","T":"A","val":1,"t":${text}}]`);
      expect(messages).toEqual([]);
      expect(dropped).toEqual([text === 'null' ? 'V.t missing' : 'V.t wrong']);
    },
  );

  it('keeps every digit of a long price, and counts it', () => {
    const text = '[{"ev":"XT","pair":"A-USD","p":0.123456789012345678901,"t":1790000000120}]';
    const { messages, longNumbers } = parsePolygonFrame(text);
    expect(messages[0]).toMatchObject({ price: '0.123456789012345678901' });
    expect(longNumbers).toBe(1);
  });
});

describe('what is wrong drops its own element only', () => {
  const good = { ev: 'XT', pair: 'BTC-USD', p: 1, t: T };

  it.each<[object | number | string | null, string]>([
    [{ ...good, p: undefined }, 'XT.p missing'],
    [{ ...good, p: null }, 'XT.p missing'],
    [{ ...good, p: 0 }, 'XT.p not positive'],
    [{ ...good, p: '0.00' }, 'XT.p not positive'],
    [{ ...good, p: -1 }, 'XT.p not positive'],
    [{ ...good, p: 'much' }, 'XT.p wrong'],
    [{ ...good, p: true }, 'XT.p wrong'],
    [{ ...good, p: [1] }, 'XT.p wrong'],
    [{ ...good, pair: undefined }, 'XT.pair missing'],
    [{ ...good, pair: 7 }, 'XT.pair wrong'],
    [{ ...good, t: undefined }, 'XT.t missing'],
    [{ ev: 'XQ', pair: 'BTC-USD', bp: 'x', ap: 1, t: T }, 'XQ.bp wrong'],
    [{ ev: 'XQ', pair: 'BTC-USD', bp: 1, ap: -1, t: T }, 'XQ.ap not positive'],
    [{ ev: 'C', p: 'EUR/USD', a: 1.1, t: T }, 'C.b missing'],
    [{ ev: 'ZZZ' }, 'unknown event'],
    [{ ev: 'XL2', pair: 'BTC-USD' }, 'unknown event'],
    [{ ev: 'constructor' }, 'unknown event'],
    [{ ev: 7 }, 'not an event'],
    [{}, 'not an event'],
    [null, 'not an event'],
    [[good], 'not an event'],
    [7, 'not an event'],
    ['XT', 'not an event'],
  ])('%j: %s', (item, reason) => {
    const { messages, dropped } = parsePolygonFrame(JSON.stringify([good, item, good]));
    expect(messages).toHaveLength(2);
    expect(dropped).toEqual([reason]);
  });

  it.each(['', '[{"ev":"XT"', 'null', '7', '"text"', '\u0000', '[[[['])('a frame %j is counted', (text) => {
    const { messages, dropped } = parsePolygonFrame(text);
    expect(messages).toEqual([]);
    expect(dropped).toHaveLength(1);
  });

  it('takes what it can do without, and names it', () => {
    const { messages, dropped, ignored } = one({ ...good, s: 'x', c: 'y', i: {}, x: 1.5, r: 'later' });
    expect(dropped).toEqual([]);
    expect(messages[0]).toMatchObject({
      ...{ price: '1', size: null, conditions: [], id: null, venue: null, receivedAt: null },
    });
    expect(new Set(ignored)).toEqual(new Set(['XT.s', 'XT.c', 'XT.i', 'XT.x', 'XT.r']));
  });

  it('has nobody on a side that is zero or missing', () => {
    const quote = { ev: 'XQ', pair: 'BTC-USD', t: T };
    expect(one({ ...quote, bp: 0, ap: 5 }).messages[0]).toMatchObject({ bid: null, ask: '5' });
    expect(one(quote).messages[0]).toMatchObject({ bid: null, ask: null });
  });

  it('takes no object for a time, whatever it calls its text', () => {
    const odd = { ev: 'XT', pair: 'BTC-USD', p: 1, t: { toString: '1790000000120' } };
    expect(parsePolygonFrame(JSON.stringify([odd, { ...odd, t: [1790000000120] }]))).toMatchObject({
      messages: [],
      dropped: ['XT.t wrong', 'XT.t wrong'],
    });
  });

  it('never throws, and repeats nothing of the frame', () => {
    const key = 'sesame-open';
    const item = fc.oneof(
      fc.jsonValue(),
      fc.record({ ev: fc.constantFrom(...POLYGON_EVENTS), pair: fc.jsonValue(), p: fc.jsonValue() }),
      fc.record({ ev: fc.constantFrom(...POLYGON_EVENTS), T: fc.jsonValue(), t: fc.jsonValue() }),
      fc.constant({ ev: key, status: key }),
    );
    fc.assert(
      fc.property(fc.array(item), (items) => {
        const { messages, dropped, ignored } = parsePolygonFrame(JSON.stringify(items));
        expect(messages.length + dropped.length).toBe(items.length);
        expect([...dropped, ...ignored].join()).not.toContain(key);
      }),
    );
  });
});

interface Documented {
  readonly messages: Readonly<Record<string, object>>;
  readonly handshake: { readonly frames: readonly { readonly from: string; readonly frame: object }[] };
}
const documented = recordedJson('polygon/documented-messages.json') as Documented | null;

describe.skipIf(documented === null)('the documented examples', () => {
  it('are all read, with nothing left out', () => {
    const items = Object.values(documented?.messages ?? {});
    const frame = parsePolygonFrame(JSON.stringify(items));
    expect(frame.messages.map(({ ev }) => ev)).toEqual(items.map((item) => (item as { ev: string }).ev));
    expect(frame).toMatchObject({ dropped: [], ignored: [], longNumbers: 0 });
    for (const { from, frame: wire } of documented?.handshake.frames ?? []) {
      if (from === 'server') expect(parsePolygonFrame(JSON.stringify(wire)).dropped).toEqual([]);
    }
  });
});
