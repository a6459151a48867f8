/**
 * Prices for the trigger benches, known before they are played: so levels can be put where none of them is reached.
 */
import { recordedTicks } from '../../../infra/replay/ticks.ts';
import { type Random, seededRandom } from '../../../shared/feeds/prng.ts';
import { recording } from '../../support/recordings.ts';

/** Ticks of one symbol, in units of a price; last = bid. */
export interface Path {
  readonly name: string;
  readonly bids: Float64Array;
  /** Ask - bid. */
  readonly spread: number;
  /** Of each tick, epoch ms; never goes back. */
  readonly times: Float64Array;
}

/** How far a path goes, its asks included. */
export interface Reach {
  readonly low: number;
  readonly high: number;
  /** The most that it falls from a high, or rises from a low, basis points of that, rounded up. */
  readonly swingBp: number;
}

export const RECORDED_FILE = 'binance-spot-btcusdt-ethusdt-20240808.csv.gz';
const RECORDED_SYMBOL = 'BTC/USDT';
const BEGIN = Date.UTC(2026, 0, 5);
const START = 5_000_000_000;
const SPREAD = 10_000;

export function reachOf({ bids, spread }: Path): Reach {
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  let [fall, rise] = [0, 0];
  for (const bid of bids) {
    low = Math.min(low, bid);
    high = Math.max(high, bid);
    fall = Math.max(fall, (high - bid) / high);
    rise = Math.max(rise, (bid - low) / low);
  }
  return { low, high: high + spread, swingBp: Math.ceil(Math.max(fall, rise) * 10_000) };
}

function made(name: string, ticks: number, next: (price: number, random: Random) => number): Path {
  const random = seededRandom(1);
  const bids = new Float64Array(ticks);
  const times = new Float64Array(ticks);
  let price = START;
  for (const at of bids.keys()) {
    price = next(price, random);
    bids[at] = price;
    times[at] = BEGIN + at * 10;
  }
  return { name, bids, spread: SPREAD, times };
}

/** Within half a percent. */
export const walk = (ticks: number): Path =>
  made('a walk between levels', ticks, (price, random) =>
    Math.min(START * 1.005, Math.max(START * 0.995, price + (random() % 200_001) - 100_000)),
  );

/** The dearest ticks without a hit: each one moves every trailing stop of a long. */
export const trend = (ticks: number): Path => made('each tick a new high', ticks, (price) => price + 1);

/** One after the other, each within its own times; the second begins a unit above the first one's highest price. */
export function upwards(first: Path, second: Path): Path {
  const above = first.bids.reduce((best, bid) => Math.max(best, bid), 0) + 1 - (second.bids[0] ?? 0);
  const later = (first.times.at(-1) ?? 0) + 10 - (second.times[0] ?? 0);
  return {
    name: `${first.name}, then ${second.name}`,
    bids: Float64Array.from([...first.bids, ...second.bids.map((bid) => bid + above)]),
    spread: first.spread,
    times: Float64Array.from([...first.times, ...second.times.map((at) => at + later)]),
  };
}

/** The trades of a recording; null where it is not there. `ticks`: put end to end, each begins where the last one ended. */
export async function recorded(ticks: number | null = null): Promise<Path | null> {
  const { file, missing } = recording(RECORDED_FILE);
  if (missing) return null;
  const own: { readonly price: number; readonly at: number }[] = [];
  await recordedTicks([file], { strict: true, note: () => undefined }).play((spec, { bid, at }) => {
    if (spec.symbol === RECORDED_SYMBOL) own.push({ price: bid, at });
  });
  const [first, last] = [own[0], own.at(-1)];
  if (first === undefined || last === undefined) throw new Error(`${file} has no ${RECORDED_SYMBOL}`);
  const count = ticks ?? own.length;
  const bids = new Float64Array(count);
  const times = new Float64Array(count);
  for (const at of bids.keys()) {
    const round = Math.floor(at / own.length);
    const tick = own[at % own.length] ?? first;
    bids[at] = tick.price + round * (last.price - first.price);
    times[at] = tick.at + round * (last.at - first.at);
  }
  return { name: 'recorded', bids, spread: 0, times };
}
