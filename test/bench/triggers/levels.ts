/**
 * Levels that a path does not reach: 30 % trailing, the rest stops below and targets above. And a few witnesses, all of
 * which one tick after the path reaches, and nothing else: an engine that has lost its peaks would be found out.
 */
import type { Level, Tick, Units } from '../../../shared/domain/triggers/types.ts';
import { type Random, seededRandom } from '../../../shared/feeds/prng.ts';
import { type Path, type Reach, reachOf } from './paths.ts';

export const COUNTS = [1_000, 100_000, 1_000_000] as const;
/** Trailing distances in use. */
export const DISTANCES = [100, 1_000] as const;
/** Levels are armed in so many portions, with prices between them: so their peaks are not all one. */
export const PORTIONS = 50;

const WHOLE_BP = 10_000;
/** Between the farthest that prices swing and the nearest trailing distance. */
const BEYOND_BP = 100;
/** Stops and targets lie within so much of each other. */
const SPREAD_BP = 100;
const WITNESSES = 10;
const TRAILING_IN_TEN = 3;
const STOPS_IN_TEN = 7;

export const units = (n: number): Units => Math.floor(n) as Units;

export interface LevelPlan {
  readonly count: number;
  readonly distances: number;
  readonly reach: Reach;
}

export const planOf = (path: Path, count: number, distances: number): LevelPlan => ({
  count,
  distances,
  reach: reachOf(path),
});

const ARMED = { version: 1, armedTick: -1, armedAt: 1 } as const;

const nearestBp = ({ reach }: LevelPlan): number => reach.swingBp + BEYOND_BP;
/** The witness tick, below all of the path and above all other stops. */
const witnessBp = (plan: LevelPlan): number => nearestBp(plan) - BEYOND_BP / 2;

function levelAt(plan: LevelPlan, at: number, random: Random): Level {
  const { low, high } = plan.reach;
  const [ten, kind] = [Math.floor(at / 10), at % 10];
  const member = `p${at}|level`;
  if (kind < TRAILING_IN_TEN) {
    const nth = ten * TRAILING_IN_TEN + kind;
    const distance = { bp: nearestBp(plan) + (nth % plan.distances) };
    const facts = { ...ARMED, member, kind: 'trailing', distance, activation: null, peak: null } as const;
    return ten % 3 === 0
      ? { ...facts, side: 'short', source: 'ask' }
      : { ...facts, side: 'long', source: 'bid' };
  }
  const far = (nearestBp(plan) + plan.distances + (random() % (SPREAD_BP * 100)) / 100) / WHOLE_BP;
  const facts = { ...ARMED, member, kind: 'fixed', source: 'bid' } as const;
  return kind < STOPS_IN_TEN
    ? { ...facts, direction: 'falls', price: units(low * (1 - far)) }
    : { ...facts, direction: 'rises', price: units(high * (1 + far)) };
}

function witnesses(plan: LevelPlan, path: Path): readonly Level[] {
  const price = witnessPrice(plan, path);
  return Array.from({ length: WITNESSES }, (_, at): readonly Level[] => {
    const facts = { ...ARMED, source: 'bid' } as const;
    const distance = { bp: witnessBp(plan) };
    return [
      { ...facts, member: `w${at}|stop`, kind: 'fixed', direction: 'falls', price },
      {
        ...facts,
        member: `w${at}|trailing`,
        kind: 'trailing',
        side: 'long',
        distance,
        activation: null,
        peak: null,
      },
    ];
  }).flat();
}

/** Where a stop of the witnesses' distance ends that has followed the whole path. */
function witnessPrice(plan: LevelPlan, path: Path): Units {
  return units((highestBid(path) * (WHOLE_BP - witnessBp(plan))) / WHOLE_BP);
}

const highestBid = ({ bids }: Path): number => bids.reduce((best, bid) => Math.max(best, bid), 0);

/** The levels in portions, witnesses first. */
export function* portions(plan: LevelPlan, path: Path): Generator<readonly Level[]> {
  const random = seededRandom(plan.count);
  const size = Math.ceil(plan.count / PORTIONS);
  for (let from = 0; from < plan.count; from += size) {
    const own = Array.from({ length: Math.min(size, plan.count - from) }, (_, n) =>
      levelAt(plan, from + n, random),
    );
    yield from === 0 ? [...witnesses(plan, path), ...own] : own;
  }
}

export const tickAt = ({ bids, spread, times }: Path, at: number): Tick => {
  const bid = units(bids[at] ?? 0);
  const facts = { bidSize: '', askSize: '', recordedAt: 0 };
  return { id: at + 1, bid, ask: units(bid + spread), last: bid, at: times[at] ?? 0, ...facts };
};

/** The tick after the path, which reaches the witnesses alone. */
export function witnessTick(plan: LevelPlan, path: Path): Tick {
  const price = witnessPrice(plan, path);
  const after = path.bids.length;
  const at = (path.times[after - 1] ?? 0) + 1;
  return { ...tickAt(path, after), at, bid: price, ask: price, last: price };
}

/** What is wrong with what that tick has reached. */
export function wrongWitnesses(
  plan: LevelPlan,
  path: Path,
  hits: readonly { readonly member: string; readonly level: number }[],
): readonly string[] {
  const expected = witnesses(plan, path)
    .map(({ member }) => member)
    .sort();
  const found = hits.map(({ member }) => member).sort();
  if (found.join() !== expected.join()) {
    return [
      `the witness tick reached ${found.length} levels (${found.slice(0, 3).join(', ')}), not ${expected.length}`,
    ];
  }
  const price = witnessPrice(plan, path);
  return hits
    .filter(({ level }) => level !== price)
    .map(({ member, level }) => `${member} stood at ${level}, not at ${price}`);
}
