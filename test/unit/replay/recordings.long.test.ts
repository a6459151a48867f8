/**
 * 10,000 random positions over each recording of trades, and over ticks bridged through each day of recorded crash candles:
 * each exit's tick, level and cause against an independent walk (support/replay-reference.ts). Skipped where no recordings
 * are.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { checkDesk } from '../../../infra/replay/checks.ts';
import { Desk } from '../../../infra/replay/desk.ts';
import { recordedTicks } from '../../../infra/replay/ticks.ts';
import { type Random, seededRandom } from '../../../shared/feeds/prng.ts';
import { recordedFile, recording } from '../../support/recordings.ts';
import { compare, planOf, randomPlans, readMarkets } from '../../support/replay-comparison.ts';

const SEED = 20_260_101;
const POSITIONS = 10_000;
/** Ten times what the longest one has needed of a core. */
const TIMEOUT_MS = 400_000;

const folder = mkdtempSync(join(tmpdir(), 'moniqo-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Name and the longest distance of a level, in basis points: what prices in it move by. */
const RECORDINGS = [
  ['binance-spot-btcusdt-ethusdt-20240808.csv.gz', 60],
  ['binance-usdm-btcusdt-ethusdt-20240808.csv.gz', 60],
  ['binance-spot-btcusdt-20210519-flash-crash-100ms.csv.gz', 800],
  ['binance-spot-xrpeth-20191011.csv.gz', 400],
  ['gemini-ethusd-20210701.csv.gz', 500],
] as const;

async function run(file: string, widest: number) {
  const markets = readMarkets(file);
  const planned = markets.map((market, at) => ({
    market,
    plans: randomPlans(market, Math.ceil(POSITIONS / markets.length), {
      seed: SEED + at,
      widest,
      shorts: true,
    }),
  }));
  const desk = new Desk(planOf(planned));
  const source = recordedTicks([file], { strict: true, note: () => undefined });
  await source.play((spec, tick) => desk.onTick(spec, tick));
  expect(checkDesk(desk).filter(({ ok }) => !ok)).toEqual([]);
  return compare(desk, planned);
}

describe('10,000 random positions over a recording of trades', () => {
  for (const [name, widest] of RECORDINGS) {
    const { file, missing } = recording(name);
    it.skipIf(missing)(
      `get out where an independent walk says: ${name}`,
      async () => {
        const { wrong, positions, events } = await run(file, widest);
        expect(wrong.slice(0, 5)).toEqual([]);
        expect(positions).toBeGreaterThan(POSITIONS * 0.95);
        expect(events).toBeGreaterThan(POSITIONS);
      },
      TIMEOUT_MS,
    );
  }
});

/** Candles of symbols that the demo venue trades; the recordings hold others as well. */
const BRIDGED = ['AVAXUSDT', 'NEARUSDT', 'LINKUSDT', 'LTCUSDT', 'DOTUSDT'];
const TICKS_PER_LEG = 3;

/** Ticks through open, low and high (in a drawn order) and close of each candle, the way between them in drawn steps. */
function bridge(candles: string, file: string): void {
  const random = seededRandom(SEED);
  const lines = ['time_ms,symbol,price,qty,is_buyer_maker,trade_id'];
  const rows = gunzipSync(readFileSync(candles)).toString().trimEnd().split('\n').slice(1);
  for (const row of rows) {
    const [time = '', symbol = '', ...prices] = row.split(',');
    if (!BRIDGED.includes(symbol)) continue;
    const decimals = Math.max(...prices.slice(0, 4).map((price) => (price.split('.')[1] ?? '').length));
    const [open = 0, high = 0, low = 0, close = 0] = prices
      .slice(0, 4)
      .map((price) => Math.round(Number(price) * 10 ** decimals));
    const corners = random() % 2 === 0 ? [open, low, high, close] : [open, high, low, close];
    for (const [at, price] of path(corners, random).entries()) {
      const text = (price / 10 ** decimals).toFixed(decimals);
      lines.push(`${Number(time) + at * 5_000},${symbol},${text},,1,${lines.length}`);
    }
  }
  writeFileSync(file, `${lines.toSorted(byTime).join('\n')}\n`);
}

function path(corners: readonly number[], random: Random): readonly number[] {
  const points: number[] = [];
  for (const [at, corner] of corners.entries()) {
    points.push(corner);
    const next = corners[at + 1];
    if (next === undefined) continue;
    for (let leg = 1; leg < TICKS_PER_LEG; leg += 1) {
      const from = points.at(-1) ?? corner;
      points.push(from + Math.round(((next - from) * (random() % 1_000)) / 1_000));
    }
  }
  return points;
}

const byTime = (a: string, b: string): number => {
  const [x, y] = [a, b].map((line) => Number.parseInt(line, 10));
  return Number.isNaN(x) ? -1 : Number.isNaN(y) ? 1 : (x ?? 0) - (y ?? 0);
};

describe('10,000 random positions over ticks bridged through crash candles', () => {
  const candles = ['binance-usdm-1m-4alts-20250202.csv.gz', 'binance-usdm-1m-7alts-20260205.csv.gz'];
  for (const name of candles) {
    const { file, missing } = recordedFile(`klines/${name}`);
    it.skipIf(missing)(
      `get out where an independent walk says: ${name}`,
      async () => {
        const bridged = join(folder, name.replace('.gz', ''));
        bridge(file, bridged);
        const { wrong, positions, events } = await run(bridged, 900);
        expect(wrong.slice(0, 5)).toEqual([]);
        expect(positions).toBeGreaterThan(POSITIONS * 0.95);
        expect(events).toBeGreaterThan(POSITIONS);
      },
      TIMEOUT_MS,
    );
  }
});
