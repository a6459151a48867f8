/** The short way of reading usual frames says exactly what the long way says, or nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  POLYGON_EVENTS,
  parsePolygonFrame,
  readAnyFrame,
  readUsualFrame,
} from '../../../../shared/feeds/polygon/parse.ts';

const T = '1790000000120';
/** As they come: JSON text. */
const USUAL: Readonly<Record<string, string>> = {
  XT: `{"ev":"XT","pair":"BTC-USD","p":100250.5,"t":${T},"s":0.00004522,"c":[2],"i":"9a-1","x":1,"r":${T}}`,
  XQ: `{"ev":"XQ","pair":"BTC-USD","lp":0,"ls":0,"bp":0.0771,"bs":41650.4,"ap":0.0773,"as":142883.4,"t":${T},"x":1,"r":${T}}`,
  T: `{"ev":"T","sym":"BRK.B","x":4,"i":12345,"z":3,"p":114.125,"s":100,"ds":"100.50","c":[0,12],"t":${T},"q":7}`,
  Q: `{"ev":"Q","sym":"MSFT","bx":4,"bp":114.125,"bs":1,"ax":7,"ap":114.128,"as":2,"c":0,"i":[604],"t":${T},"q":5,"z":3}`,
  C: `{"ev":"C","p":"XAU/USD","x":48,"a":4100.85,"b":4100.3,"i":0,"t":${T}}`,
  A: `{"ev":"A","sym":"SPCE","v":200,"av":8642007,"dav":"8642007.5","op":25.66,"vw":25.3981,"o":25.39,"c":25.39,"h":25.39,"l":25.39,"a":25.3714,"z":50,"s":${T},"e":1790000001120}`,
  XAS: `{"ev":"XAS","pair":"BTC-USD","v":12.3456,"vw":100248.31,"z":0,"o":100240,"c":100250.5,"h":100262.1,"l":100231.4,"s":${T},"e":1790000001120}`,
};

/** Whatever may stand for a value, right or wrong, in many spellings. */
const value = fc.oneof(
  fc.constantFrom(
    ...['0', '1', '44', '0.5', '100250.5', '0.0000452', '1.50', '0.0', '007', '-1', '-0', '1e5', '4.5e-05'],
    ...[
      '123456789012345',
      '1234567890123456',
      '0.1234567890123456',
      '.5',
      '5.',
      '1..5',
      T,
      `${T}000`,
      '1790',
    ],
    ...[
      '"BTC-USD"',
      '""',
      '"1.50"',
      '"48"',
      '"1.5.2"',
      '"x\\u0041"',
      '"x\\n"',
      '"é"',
      '"',
      'null',
      'true',
      'false',
    ],
    ...['[]', '[1]', '[1,2]', '[01]', '[1.5]', '[1,]', '[ 1]', '["a"]', '[[1]]', '{}', '{"p":1}', '', ' 1'],
  ),
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map(String),
  fc.nat().map(String),
);
const name = fc.constantFrom(
  ...'pair sym p t s c i x r z q bp bs ap as bx ax a b o h l v vw e dv av dav op ds trfi T fmv val'.split(
    ' ',
  ),
  ...['ev', 'lp', 'longer', 'é', 'x"', '', 'toString', '__proto__'],
);
const isNot = (own: string) => fc.constantFrom(...POLYGON_EVENTS, 'ZZZ', own).map((ev) => `"ev":"${ev}"`);

const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

/** A usual message, some of it replaced, doubled, left out or moved. */
const message = fc
  .record({
    of: fc.constantFrom(...Object.values(USUAL)),
    changes: fc.array(fc.record({ at: fc.nat(20), name, value, how: fc.nat(3) }), { maxLength: 3 }),
    ev: seldom(isNot('XQ')),
  })
  .map(({ of, changes, ev }) => {
    const fields = of.slice(1, -1).split(/,(?=")/);
    for (const change of changes) {
      const at = change.at % fields.length;
      const [old = ''] = (fields[at] ?? '').split(':');
      if (change.how === 0) fields[at] = `${old}:${change.value}`;
      else if (change.how === 1) fields.splice(at, 1);
      else if (change.how === 2) fields.splice(at, 0, `"${change.name}":${change.value}`);
      else fields.push(...fields.splice(at, 1));
    }
    if (ev !== null) fields.push(ev);
    return `{${fields.join(',')}}`;
  });
const frame = fc
  .record({
    messages: fc.array(message, { maxLength: 4 }),
    broken: seldom(fc.record({ at: fc.nat(), letter: fc.constantFrom(...'",:[]{}0 .\\e-x') })),
  })
  .map(({ messages, broken }) => {
    const text = `[${messages.join(',')}]`;
    if (broken === null) return text;
    const at = broken.at % text.length;
    return text.slice(0, at) + broken.letter + text.slice(at + 1);
  });

const asAny = (messages: unknown) => ({ messages, dropped: [], ignored: [], longNumbers: 0 });

describe('a usual frame', () => {
  it.each(Object.entries(USUAL))('of %s is read the short way', (_, text) => {
    for (const whole of [`[${text}]`, `[${text},${text}]`]) {
      const messages = readUsualFrame(whole);
      expect(messages).not.toBeNull();
      expect(asAny(messages)).toEqual(readAnyFrame(whole));
    }
  });

  it('says what JSON.parse makes of it, whatever is wrong or unusual in it', () => {
    let short = 0;
    fc.assert(
      fc.property(frame, (text) => {
        const messages = readUsualFrame(text);
        if (messages === null) return;
        short += 1;
        expect(asAny(messages)).toEqual(readAnyFrame(text));
      }),
      { numRuns: 5_000 },
    );
    // A check that never looks would pass as well.
    expect(short).toBeGreaterThan(500);
  });

  it('is left to JSON.parse where its letters are not its bytes', () => {
    const odd = `[${USUAL['XT']?.replace('9a-1', '9ä')}]`;
    expect(readUsualFrame(odd)).toBeNull();
    expect(parsePolygonFrame(odd)).toEqual(readAnyFrame(odd));
    expect(readAnyFrame(odd).messages[0]).toMatchObject({ id: '9ä', venue: 1 });
  });

  it('keeps every digit of a price, however it is written', () => {
    const digits = fc.tuple(fc.nat({ max: 999_999_999 }), fc.stringMatching(/^[0-9]{0,5}[1-9]$/));
    fc.assert(
      fc.property(digits, ([whole, fraction]) => {
        const text = `[{"ev":"XQ","pair":"BTC-USD","bp":${whole}.${fraction},"ap":${whole}.${fraction},"t":${T}}]`;
        expect(readUsualFrame(text)?.[0]).toMatchObject({ bid: `${whole}.${fraction}` });
      }),
    );
  });
});
