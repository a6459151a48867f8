import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Units } from '../../../../shared/domain/triggers/types.ts';
import { formatUnits } from '../../../../shared/domain/triggers/units.ts';
import type { FeedTick } from '../../../../shared/ports/feed.ts';
import { KeptTicks } from '../../../../shared/usecases/stream-prices/kept-ticks.ts';
import { feedTick } from './support.ts';

const { spec } = feedTick(1, 100);
const SPECS = [spec, { ...spec, unitExponent: 0 }, { ...spec, unitExponent: 9 }];

const size = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '0.00000000',
    '3.02920000',
    '007',
    '1.',
    '.5',
    '1e3',
    '999999999999999',
    '1234567890123456',
  ),
  fc.tuple(fc.nat(), fc.nat()).map(([whole, fraction]) => `${whole}.${fraction}`),
);
const units = fc.integer({ min: 1, max: 899_999_999_999 }).map((n) => n as Units);
const time = fc.integer({ min: 0, max: 8e15 });
const optional = { requiredKeys: [] };

/** As feeds make them, and with anything that the types allow. */
const ticks: fc.Arbitrary<FeedTick> = fc
  .record({
    spec: fc.constantFrom(...SPECS),
    inner: fc.record({
      ...{ id: time, bid: units, ask: units, last: units, at: time, bidSize: size, askSize: size },
      recordedAt: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: time }),
    }),
    quoted: fc.boolean(),
    usual: fc.record({ mark: fc.tuple(time, time), printed: fc.constantFrom('quote', 'trade') }, optional),
    rare: fc.oneof(
      { weight: 9, arbitrary: fc.constant({}) },
      {
        weight: 1,
        arbitrary: fc.record(
          {
            ...{ venueAt: time, venue: fc.string(), combined: fc.boolean(), feed: fc.string() },
            converted: fc.boolean(),
          },
          optional,
        ),
      },
    ),
    rareOfTick: fc.constantFrom(...[{}, {}, {}, { unproven: true } as const], {
      origin: { feed: 'x', converted: false, checked: true },
    }),
    finer: fc.constantFrom('', '', '', '5'),
  })
  .map(({ spec: of, inner, quoted, usual: { mark, printed }, rare, rareOfTick, finer }) => ({
    spec: of,
    tick: { ...inner, ...(mark !== undefined && { mark }), ...rareOfTick },
    bid: `${formatUnits(inner.bid, of.unitExponent)}${finer}`,
    ask: formatUnits(inner.ask, of.unitExponent),
    last: formatUnits(inner.last, of.unitExponent),
    quoted,
    ...(printed !== undefined && { printed }),
    ...rare,
  }));

describe('ticks that are kept', () => {
  it('come out as they were put in, oldest first, whichever have been let go', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 3, arbitrary: ticks }, { weight: 1, arbitrary: fc.constant(null) }), {
          maxLength: 300,
          size: 'max',
        }),
        (steps) => {
          const kept = new KeptTicks();
          const model: FeedTick[] = [];
          for (const step of steps) {
            if (step === null) {
              kept.shift();
              model.shift();
            } else {
              kept.push(step);
              model.push(step);
            }
            expect(kept.length).toBe(model.length);
            expect(kept.oldestAt).toBe(model[0]?.tick.at);
          }
          expect([...kept]).toStrictEqual(model);
          expect([...kept.times()]).toEqual(model.map(({ tick }) => tick.at));
        },
      ),
      { numRuns: 300 },
    );
  });
});
