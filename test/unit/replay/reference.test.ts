/** Each exit's tick, level and cause against an independent walk, tick by tick (support/replay-reference.ts). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkDesk } from '../../../infra/replay/checks.ts';
import { Desk } from '../../../infra/replay/desk.ts';
import { recordedTicks, syntheticTicks, type TickSource } from '../../../infra/replay/ticks.ts';
import { formatUnits } from '../../../shared/domain/triggers/units.ts';
import { seededRandom } from '../../../shared/feeds/prng.ts';
import { syntheticPath } from '../../../shared/feeds/synthetic-path.ts';
import {
  compare,
  marketOf,
  planOf,
  randomPlans,
  readMarkets,
  specOf,
  whole,
} from '../../support/replay-comparison.ts';
import type { ReferenceMarket, ReferenceTick } from '../../support/replay-reference.ts';

const folder = mkdtempSync(join(tmpdir(), 'moniqo-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function compared(
  source: TickSource,
  markets: readonly ReferenceMarket[],
  options: {
    readonly count: number;
    readonly seed: number;
    readonly widest: number;
    readonly shorts: boolean;
  },
) {
  const planned = markets.map((market, at) => ({
    market,
    plans: randomPlans(market, options.count, { ...options, seed: options.seed + at }),
  }));
  const desk = new Desk(planOf(planned));
  await source.play((spec, tick) => desk.onTick(spec, tick));
  expect(checkDesk(desk).filter(({ ok }) => !ok)).toEqual([]);
  return compare(desk, planned);
}

/** A recording of two symbols with sizes from a tenth of a step on, so that orders fill in parts. */
function writeRecording(file: string, seed: number): void {
  const symbols = ['BTC/USDT', 'ETH/USDT'].map(specOf);
  const paths = symbols.map((spec) => ({ spec, path: syntheticPath(spec, seed) }));
  const lines = ['time_ms,symbol,price,qty,is_buyer_maker,trade_id'];
  for (let step = 0; step < 6_000; step += 1) {
    const { spec, path } = paths[step % 2] ?? { spec: symbols[0], path: undefined };
    if (spec === undefined || path === undefined) continue;
    const { last } = path.next();
    const quantity = spec.stepSize.times(((step * 7919) % 400) + 1).dividedBy(10);
    const time = 1_770_000_000_000 + step * 250;
    lines.push(
      `${time},${spec.venueSymbol},${formatUnits(last, spec.unitExponent)},${quantity.toFixed()},1,${step}`,
    );
  }
  writeFileSync(file, `${lines.join('\n')}\n`);
}

describe('a replay decides what an independent walk finds', () => {
  it('over a recording of trades, with fills in parts', async () => {
    const file = join(folder, 'trades.csv');
    writeRecording(file, 7);
    const source = recordedTicks([file], { strict: true, note: () => undefined });
    const result = await compared(source, readMarkets(file), {
      count: 100,
      seed: 1,
      widest: 300,
      shorts: false,
    });
    expect(result.wrong.slice(0, 5)).toEqual([]);
    expect(result.positions).toBe(200);
    expect(Object.keys(result.byName)).toEqual(
      expect.arrayContaining(['stop_loss', 'trailing_stop', 'take_profit:0', 'take_profit:1', 'break_even']),
    );
    expect(Object.keys(result.byName)).toEqual(
      expect.arrayContaining(['wait', 'back', 'confirmed', 'time_stop']),
    );
  });

  it('in a market that runs so far that what is lent is called in', async () => {
    const file = join(folder, 'wild.csv');
    const random = seededRandom(5);
    const lines = ['time_ms,symbol,price,qty,is_buyer_maker,trade_id'];
    for (let step = 0, cents = 6_000_000; step < 6_000; step += 1) {
      cents += Math.round((cents * ((random() % 2_001) - 1_000)) / 100_000);
      const quantity = ((random() % 900) + 1) / 100_000;
      const at = 1_770_000_000_000 + step * 250;
      lines.push(`${at},BTCUSDT,${(cents / 100).toFixed(2)},${quantity.toFixed(5)},1,${step}`);
    }
    writeFileSync(file, `${lines.join('\n')}\n`);
    const source = recordedTicks([file], { strict: true, note: () => undefined });
    const result = await compared(source, readMarkets(file), {
      ...{ count: 300, seed: 21, widest: 1_500, shorts: true },
    });
    expect(result.wrong.slice(0, 5)).toEqual([]);
    expect(result.byName['liquidation']).toBeGreaterThan(10);
  });

  it('over quotes, longs and shorts, by bid and ask, last and mid', async () => {
    const seconds = 3_000;
    const symbols = ['BTC/USDT', 'SOL/USDT'];
    const day = { seed: 3, ticksPerSecond: 2, symbols, seconds };
    const ticks = new Map<string, ReferenceTick[]>(symbols.map((symbol) => [symbol, []]));
    await syntheticTicks(day).play(({ symbol, stepSize }, { id, at, bid, ask, last, bidSize, askSize }) => {
      const steps = (size: string) => whole(size, stepSize.decimalPlaces());
      ticks.get(symbol)?.push({ id, at, bid, ask, last, bidSteps: steps(bidSize), askSteps: steps(askSize) });
    });
    const markets = [...ticks].map(([symbol, own]) => marketOf(specOf(symbol), own));
    const result = await compared(syntheticTicks(day), markets, {
      ...{ count: 150, seed: 11, widest: 150, shorts: true },
    });
    expect(result.wrong.slice(0, 5)).toEqual([]);
    expect(result.events).toBeGreaterThan(200);
    expect(Object.keys(result.byName)).toEqual(
      expect.arrayContaining(['wait', 'back', 'confirmed', 'time_stop']),
    );
  });
});
