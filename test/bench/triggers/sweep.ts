/**
 * A sweep of 500 symbols with 100,000 open positions, none of whose levels is reached (design section 22): the use case
 * on a real Redis. What the ledger answers a sweep does not grow with positions: its due index has none of these, and
 * is in memory here.
 */
import type { Valkey } from '../../../shared/adapters/valkey/client.ts';
import { createCounters } from '../../../shared/adapters/valkey/counters.ts';
import { createLeases } from '../../../shared/adapters/valkey/leases.ts';
import type { Level } from '../../../shared/domain/triggers/types.ts';
import type { TriggerIndex } from '../../../shared/ports/trigger-index.ts';
import { World } from '../../support/fakes/world.ts';
import { makeUseCases } from '../../support/use-cases.ts';
import { type Distribution, distribution } from '../report.ts';
import { units } from './levels.ts';

const SYMBOLS = 500;
const POSITIONS = 100_000;
const SWEEPS = 200;
/** Code is compiled by then. */
const WARM_UP = 20;
const PRICE = 5_000_000_000;

export interface SweepFigures {
  readonly symbols: number;
  readonly positions: number;
  readonly levels: number;
  /** Of one sweep, ms. */
  readonly sweep: Distribution;
  readonly wrong: readonly string[];
}

/** Each has a stop and a target; a third also a trailing stop. */
function levelsOf(symbol: number, count: number): readonly Level[] {
  const facts = { version: 1, source: 'bid', armedTick: -1, armedAt: 1 } as const;
  return Array.from({ length: count }, (_, at): readonly Level[] => {
    const id = `s${symbol}p${at}`;
    const away = PRICE * (0.02 + at / 10_000);
    return [
      { ...facts, member: `${id}|stop_loss`, kind: 'fixed', direction: 'falls', price: units(PRICE - away) },
      {
        ...facts,
        member: `${id}|take_profit:0`,
        kind: 'fixed',
        direction: 'rises',
        price: units(PRICE + away),
      },
      ...(at % 3 === 0
        ? [
            {
              ...facts,
              member: `${id}|trailing_stop`,
              kind: 'trailing',
              side: 'long',
              distance: { bp: 200 + (at % 100) },
              activation: null,
              peak: null,
            } as const,
          ]
        : []),
    ];
  }).flat();
}

export async function measureSweep({
  index,
  valkey,
}: {
  readonly index: TriggerIndex;
  readonly valkey: Valkey;
}): Promise<SweepFigures> {
  await valkey.command(['FLUSHALL']);
  const world = new World();
  const own = { index, leases: createLeases(valkey), counters: createCounters(valkey) };
  const { sweep } = makeUseCases({ ...world.ports, ...own }, { monitorEnabled: true });
  const symbols = Array.from({ length: SYMBOLS }, (_, at) => `SYM${at}/USDT`);
  let [tick, levels] = [0, 0];
  const play = async (symbol: string, price: number): Promise<number> => {
    tick += 1;
    const at = world.now;
    const bid = units(price);
    const one = { id: tick, bid, ask: bid, last: bid, at, bidSize: '', askSize: '', recordedAt: 0 };
    const shown = { symbol, bid: '1', ask: '1', last: '1', bidSize: '', askSize: '', source: 'bench' };
    const result = await index.applyBatch({
      ...{ symbol, shard: 0, leaseToken: 'bench', fence: 1, batch: tick, ticks: [one], newestTick: tick },
      ...{ lateTick: -1, heldBars: 'none', bars: [], barBefore: null, nowMs: at },
      display: { ...shown, quoted: true, tickId: tick, at, recordedAt: 0 },
    });
    if (result.outcome !== 'applied') throw new Error(`the script answered ${result.outcome}`);
    return result.hits;
  };
  for (const [nth, symbol] of symbols.entries()) {
    await index.beginRebuild(symbol, 'bench');
    await index.finishRebuild(symbol, 'bench', world.now);
    await play(symbol, PRICE);
    const all = levelsOf(nth, POSITIONS / SYMBOLS);
    levels += all.length;
    await index.arm(symbol, all, [], world.now);
  }
  let hits = 0;
  for (const symbol of symbols) hits += await play(symbol, PRICE + 1);
  const took: number[] = [];
  const wrong: string[] = [];
  for (let nth = 0; nth < WARM_UP + SWEEPS; nth++) {
    world.now += 1_000;
    const since = performance.now();
    const outcome = await sweep({ shard: 0, second: Math.floor(world.now / 1_000) });
    if (nth >= WARM_UP) took.push(performance.now() - since);
    if (outcome !== 'done') wrong.push(`a sweep was ${outcome}`);
  }
  if (hits > 0) wrong.push(`${hits} hits that must not be`);
  return {
    ...{ symbols: SYMBOLS, positions: POSITIONS, levels, sweep: distribution(took) },
    wrong: [...wrong, ...(await wrongHit())].map((text) => `sweep: ${text}`),
  };

  /** One level is reached at last: its symbol, and no other, is seen by the next sweep. */
  async function wrongHit(): Promise<readonly string[]> {
    const last = symbols.at(-1) ?? '';
    const reached = await play(last, PRICE * 0.98);
    const seen = await index.symbolsWithHits(0, world.now);
    return reached === 2 && seen.join() === last
      ? []
      : [`${reached} hits on ${seen.join()}, not 2 on ${last}`];
  }
}
