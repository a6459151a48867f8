import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TriggerEngine } from '../../../../shared/domain/triggers/engine.ts';
import type { TriggerModel } from '../../../../shared/domain/triggers/model.ts';
import { NaiveTriggers } from '../../../../shared/domain/triggers/naive.ts';
import { InvalidLevelError } from '../../../../shared/domain/triggers/rules.ts';
import type { FixedLevel, TrailingLevel, Units } from '../../../../shared/domain/triggers/types.ts';
import { aTick, histories, run } from '../../../support/trigger-histories.ts';

const units = (n: number): Units => n as Units;
const facts = { member: 'p|stop', version: 1, source: 'bid', armedTick: -1, armedAt: 1000 } as const;
const aStop = (price: number, more: Partial<FixedLevel> = {}): FixedLevel => ({
  ...facts,
  kind: 'fixed',
  direction: 'falls',
  price: units(price),
  ...more,
});
const aTrailing = (more: Partial<TrailingLevel> = {}): TrailingLevel => ({
  ...facts,
  member: 'p|trailing',
  kind: 'trailing',
  side: 'long',
  distance: { bp: 200 },
  activation: null,
  peak: null,
  ...more,
});

describe('engine and naive model', () => {
  it('decide the same over 12,000 random histories', () => {
    let hits = 0;
    fc.assert(
      fc.property(histories, (history) => {
        const expected = run(new NaiveTriggers(), history);
        expect(run(new TriggerEngine(), history)).toEqual(expected);
        for (const seen of expected) hits += seen.hits.length;
      }),
      { numRuns: 12_000 },
    );
    expect(hits).toBeGreaterThan(10_000);
  }, 120_000);
});

describe.each<[string, () => TriggerModel]>([
  ['engine', () => new TriggerEngine()],
  ['naive model', () => new NaiveTriggers()],
])('the %s', (_name, make) => {
  it('fires a stop that the price jumps over', () => {
    const model = make();
    model.applyTicks([aTick(1, 100)]);
    model.arm([aStop(95)]);
    expect(model.applyTicks([aTick(2, 96), aTick(3, 80)])).toMatchObject([
      { member: 'p|stop', cause: 'tick', level: 95, price: 80, peak: null, armedTick: 1, tick: { id: 3 } },
    ]);
    expect(model.levels()).toEqual([]);
  });

  it('tests a level at once against the standing price', () => {
    const model = make();
    model.applyTicks([aTick(7, 90)]);
    expect(model.arm([aStop(95)])).toMatchObject({
      armedTick: 7,
      hits: [{ cause: 'armed', price: 90, armedTick: 7, tick: { id: 7 } }],
    });
  });

  it('does not test a level against a price from before its arming', () => {
    const model = make();
    model.applyTicks([aTick(7, 90)]);
    expect(model.arm([aStop(95, { armedTick: 9 })]).hits).toEqual([]);
    expect(model.nearest().falls.bid).toBeNull();
    expect(model.applyTicks([aTick(8, 90)])).toEqual([]);
    expect(model.applyTicks([aTick(10, 90)])).toMatchObject([{ cause: 'tick', tick: { id: 10 } }]);
  });

  it('makes the test at arming up for a level that is known before the tick it was armed at', () => {
    const model = make();
    model.arm([aStop(95, { armedTick: 9 })]);
    expect(model.applyTicks([aTick(8, 90), aTick(9, 90)])).toMatchObject([
      { cause: 'armed', tick: { id: 9 } },
    ]);
  });

  it('does not count, for a level armed while no tick was known, those that had waited to be written', () => {
    const model = make();
    const armedAt = 1_000_000;
    model.arm([aStop(95, { armedAt }), aTrailing({ armedAt })]);
    // 90 and 120 may be from before the arming; 96 is the newest that was known, and from then on all came later.
    expect(model.applyTicks([aTick(3, 90), aTick(4, 120), aTick(5, 96)], 5)).toEqual([]);
    expect(model.levels()).toMatchObject([{ armedTick: 5 }, { armedTick: 5, peak: 96 }]);
    expect(model.applyTicks([aTick(6, 95)])).toMatchObject([
      { cause: 'tick', armedTick: 5, tick: { id: 6 } },
    ]);
  });

  it('tests it against the newest of them, which stands', () => {
    const model = make();
    model.arm([aStop(95, { armedAt: 1_000_000 })]);
    expect(model.applyTicks([aTick(3, 90)], 5)).toEqual([]);
    expect(model.applyTicks([aTick(4, 90), aTick(5, 94)])).toMatchObject([
      { cause: 'armed', price: 94, armedTick: 5, tick: { id: 5 } },
    ]);
  });

  it('counts each of them where they are clearly later by the clocks', () => {
    const model = make();
    const tick = aTick(3, 90);
    model.arm([
      aStop(95, { armedAt: tick.at - 60_001 }),
      aStop(95, { member: 'q|stop', armedAt: tick.at - 60_000 }),
    ]);
    expect(model.applyTicks([tick], 5)).toMatchObject([{ member: 'p|stop', armedTick: 3 }]);
  });

  it('trails a long: 2 % below a high of 51,500 is 50,470', () => {
    const model = make();
    model.applyTicks([aTick(1, 50_000)]);
    model.arm([aTrailing()]);
    expect(model.applyTicks([aTick(2, 51_500), aTick(3, 50_471)])).toEqual([]);
    expect(model.nearest().falls.bid).toBe(50_470);
    expect(model.nearest().rises.bid).toBe(51_501);
    expect(model.applyTicks([aTick(4, 50_470)])).toMatchObject([{ level: 50_470, peak: 51_500 }]);
  });

  it('trails a short, the stop rounded up', () => {
    const model = make();
    model.applyTicks([aTick(1, 1000)]);
    model.arm([aTrailing({ side: 'short', distance: { bp: 33 }, source: 'ask' })]);
    expect(model.applyTicks([aTick(2, 901), aTick(3, 903)])).toEqual([]);
    expect(model.applyTicks([aTick(4, 904)])).toMatchObject([{ level: 904, peak: 901, price: 904 }]);
  });

  it('starts to trail at the activation, from the price that reached it', () => {
    const model = make();
    model.applyTicks([aTick(1, 100)]);
    model.arm([aTrailing({ activation: units(110), distance: { units: units(5) } })]);
    expect(model.applyTicks([aTick(2, 90), aTick(3, 112), aTick(4, 108)])).toEqual([]);
    expect(model.applyTicks([aTick(5, 107)])).toMatchObject([{ level: 107, peak: 112 }]);
  });

  it('keeps the peak when a newer version changes the distance', () => {
    const model = make();
    model.applyTicks([aTick(1, 100)]);
    model.arm([aTrailing({ distance: { units: units(30) } })]);
    model.applyTicks([aTick(2, 120), aTick(3, 115)]);
    expect(model.arm([aTrailing({ version: 2, distance: { units: units(5) } })]).hits).toMatchObject([
      { version: 2, cause: 'armed', level: 115, peak: 120 },
    ]);
  });

  it('keeps an unsettled hit and a newer level of the same name apart', () => {
    const model = make();
    model.applyTicks([aTick(1, 100)]);
    model.arm([aStop(95)]);
    model.applyTicks([aTick(2, 94)]);
    model.arm([aStop(95)]);
    expect(model.levels()).toEqual([]);
    model.arm([aStop(90, { version: 2 })]);
    expect(model.levels()).toMatchObject([{ version: 2 }]);
    expect(model.applyTicks([aTick(3, 89)])).toMatchObject([{ version: 2, level: 90 }]);
    model.settle([{ member: 'p|stop', version: 2 }]);
    model.arm([aStop(80, { version: 0 }), aStop(80)]);
    expect(model.levels()).toEqual([]);
    model.settle([{ member: 'p|stop', version: 1 }]);
    model.arm([aStop(80)]);
    expect(model.levels()).toMatchObject([{ version: 1, price: 80 }]);
  });

  it.each([
    ['a distance of zero', aTrailing({ distance: { bp: 0 } })],
    ['a distance of zero units', aTrailing({ distance: { units: units(0) } })],
    ['a distance of all', aTrailing({ distance: { bp: 10_000 } })],
    ['a price of zero', aStop(0)],
    ['a price with a fraction', aStop(95.5)],
    ['a price beyond exactness', aStop(900_000_000_000)],
    ['no name', aStop(95, { member: '' })],
  ])('refuses %s and changes nothing', (_what, level) => {
    const model = make();
    expect(() => model.arm([aStop(95, { member: 'other' }), level])).toThrow(InvalidLevelError);
    expect(model.levels()).toEqual([]);
  });
});

describe('the engine', () => {
  it('lets a new high pass a hundred thousand stops of a thousand distances', () => {
    const engine = new TriggerEngine();
    engine.applyTicks([aTick(1, 5_000_000)]);
    for (let i = 0; i < 100; i++) {
      engine.applyTicks([aTick(2 + i, 5_000_000 - i)]);
      engine.arm(
        Array.from({ length: 1000 }, (_, n) =>
          aTrailing({ member: `p${i}-${n}|trailing`, distance: { bp: n + 1 } }),
        ),
      );
    }
    expect(engine.levels()).toHaveLength(100_000);
    engine.applyTicks([aTick(200, 6_000_000)]);
    expect(new Set(engine.levels().map((l) => (l.kind === 'trailing' ? l.peak : null)))).toEqual(
      new Set([6_000_000]),
    );
    expect(engine.applyTicks([aTick(201, 5_400_000)])).toHaveLength(100_000);
  });
});
