/**
 * Random histories of a symbol: levels of all kinds armed, re-armed and removed between ticks that jump and skip
 * ids. Prices are few and close together, so that levels meet, tie and merge all the time.
 */
import fc from 'fast-check';
import type { TriggerModel, Versioned } from '../../shared/domain/triggers/model.ts';
import type { Hit, Level, Nearest, PriceSource, Tick, Units } from '../../shared/domain/triggers/types.ts';

export type Step =
  | { readonly do: 'arm'; readonly levels: readonly Level[]; readonly remove: readonly Versioned[] }
  | { readonly do: 'ticks'; readonly ticks: readonly Tick[]; readonly newest: number }
  | { readonly do: 'settle'; readonly hits: readonly Versioned[] };

export interface History {
  readonly steps: readonly Step[];
}

const units = (n: number): Units => n as Units;

export function aTick(id: number, bid: number, ask = bid, last = bid): Tick {
  const prices = { bid: units(bid), ask: units(ask), last: units(last) };
  return { id, ...prices, at: 1_000_000 + id * 100, bidSize: '1', askSize: '2.5', recordedAt: 0 };
}

const source = fc.constantFrom<PriceSource[]>('bid', 'ask', 'last', 'mid');
const member = fc.constantFrom(
  'a|stop',
  'a|tp:1',
  'a|tp:10',
  'b|trailing',
  'c|trailing',
  'd|stop',
  'e|x',
  'f|y',
);
const version = fc.integer({ min: 0, max: 4 });

/** Levels of all kinds around one price; `armedTick` is to be set. */
export function levelsAt(scale: number): fc.Arbitrary<Level> {
  const grain = Math.max(1, Math.floor(scale / 100));
  const price = fc.integer({ min: -12, max: 12 }).map((n) => units(scale + n * grain));
  const distance = fc.oneof(
    fc.constantFrom(1, 50, 100, 333, 1000).map((bp) => ({ bp })),
    fc.constantFrom(1, 2, 5).map((n) => ({ units: units(n * grain) })),
  );
  /** Two clearly before all ticks by the clocks, and one about their time. */
  const armedAt = fc.constantFrom(1000, 2000, 1_001_000);
  const facts = { member, version, source, armedTick: fc.constant(-1), armedAt };
  const fixed = fc.record({
    ...facts,
    kind: fc.constant('fixed' as const),
    direction: fc.constantFrom('falls' as const, 'rises' as const),
    price,
  });
  const trailing = fc.record({
    ...facts,
    kind: fc.constant('trailing' as const),
    side: fc.constantFrom('long' as const, 'short' as const),
    distance,
    activation: fc.option(price, { freq: 3 }),
    peak: fc.option(price, { freq: 2 }),
  });
  return fc.oneof(fixed, trailing, trailing);
}

/** A history around one price scale: at 100 units rounding of basis points matters, at 8 x 10^11 exactness does. */
function historyAt(scale: number): fc.Arbitrary<History> {
  const offset = fc.integer({ min: -12, max: 12 });
  /** Mostly armed at the standing tick; else before or after it. `at` is put on the running tick id later. */
  const armedTick = fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, fc.integer({ min: -6, max: 6 }));
  const level = fc.tuple(levelsAt(scale), armedTick);
  const versioned = fc.record({ member, version });
  const move = fc.record({
    skip: fc.constantFrom(1, 1, 1, 3, 0, -2),
    to: offset,
    spread: fc.constantFrom(0, 1, 2),
    last: fc.constantFrom(-1, 0, 1),
  });
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        ticks: fc.array(move, { minLength: 1, maxLength: 5 }),
        ahead: fc.constantFrom(0, 0, 1, 4),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        levels: fc.array(level, { maxLength: 4 }),
        remove: fc.array(versioned, { maxLength: 1 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.array(versioned, { minLength: 1, maxLength: 4 }).map((settle) => ({ settle })),
    },
  );
  return fc.array(step, { minLength: 2, maxLength: 14 }).map((drawn) => {
    let id = 20;
    const grain = Math.max(1, Math.floor(scale / 100));
    const steps = drawn.map((s): Step => {
      if ('ticks' in s) {
        const ticks = s.ticks.map((m) => {
          id += m.skip;
          const bid = scale + m.to * grain;
          return aTick(id, bid, bid + m.spread, bid + m.last);
        });
        return { do: 'ticks', ticks, newest: id + s.ahead };
      }
      if ('settle' in s) return { do: 'settle', hits: s.settle };
      const levels = s.levels.map(
        ([l, armed]): Level => ({ ...l, armedTick: armed === null ? -1 : id + armed }),
      );
      return { do: 'arm', levels, remove: s.remove };
    });
    return { steps };
  });
}

export const histories: fc.Arbitrary<History> = fc.oneof(
  { weight: 6, arbitrary: historyAt(100) },
  { weight: 2, arbitrary: historyAt(6_012_345) },
  { weight: 1, arbitrary: historyAt(790_000_000_003) },
);

/** Everything that can be seen of a model after each step. */
export interface Seen {
  readonly armedTick: number | null;
  readonly hits: readonly Hit[];
  readonly nearest: Nearest;
  readonly levels: readonly Level[];
}

export const byMember = (a: { readonly member: string }, b: { readonly member: string }): number =>
  a.member < b.member ? -1 : a.member > b.member ? 1 : 0;

/** Runs a history on a model and notes what it shows after each step. */
export function run(model: TriggerModel, history: History): Seen[] {
  return history.steps.map((step) => {
    let armedTick: number | null = null;
    let hits: readonly Hit[] = [];
    if (step.do === 'arm') ({ armedTick, hits } = model.arm(step.levels, step.remove));
    else if (step.do === 'ticks') hits = model.applyTicks(step.ticks, step.newest);
    else model.settle(step.hits);
    return { armedTick, hits, nearest: model.nearest(), levels: model.levels().sort(byMember) };
  });
}
