/**
 * Fills a symbol's trigger index again from the ledger and the tape (design section 10, "The index is a cache").
 *
 * Levels come back with their original arming ids and times; every whole bar since arming is tested and raises
 * peaks; what was reached meanwhile is a hit, cause `rebuilt`. The epoch is set last: until then the index answers
 * `rebuild` to everyone, so a level that changes during the rebuild stays due and is armed right after it.
 */
import { levelsOf } from '../domain/levels.ts';
import { orderLevels } from '../domain/order-levels.ts';
import { CLOCKS_APART_MS, replayBars } from '../domain/triggers/rebuild.ts';
import { checkLevel } from '../domain/triggers/rules.ts';
import type { Bar, Hit, Level } from '../domain/triggers/types.ts';
import type { TapeMinute } from '../ports/tape.ts';
import { specOf } from './change-order.ts';
import type { Ports } from './ports.ts';

type Needs = Pick<
  Ports,
  | 'ledger'
  | 'index'
  | 'prices'
  | 'tape'
  | 'leases'
  | 'outbox'
  | 'symbols'
  | 'clock'
  | 'ids'
  | 'log'
  | 'repeat'
>;

/** Short, and renewed while the rebuild lasts: one whose process was killed keeps the next one away for no longer. */
const LEASE_MS = 2_000;
const RENEW_MS = 500;

/** In one invocation; its message comes again. */
const MOST_REBUILDS = 3;

export type Rebuilt = 'rebuilt' | 'already_built' | 'somebody_else';
export type RebuildSymbol = ReturnType<typeof makeRebuildSymbol>;

/** A minute as one bar, by its first second. */
export const barOfMinute = (row: TapeMinute): Bar => ({
  second: row.minute * 60,
  ...(row.open !== undefined && { open: row.open }),
  low: row.low,
  high: row.high,
  close: row.close,
  firstTick: row.firstTick,
  lastTick: row.lastTick,
  count: row.count,
});

export interface Tape {
  /** 1 s bars at hand, oldest first. */
  readonly seconds: readonly Bar[];
  /** Durable minutes before and around them. */
  readonly minutes: readonly Bar[];
}

/**
 * Replays each level over the finest bars that cover it. The first minute that is only partly in 1 s bars is taken
 * as its minute row by levels that were armed before it, and as 1 s bars by later ones: mixing the two would put a
 * minute's high before its own first seconds.
 */
export function replayTape(
  levels: readonly Level[],
  tape: Tape,
): { levels: readonly Level[]; hits: readonly Hit[] } {
  const first = tape.seconds[0];
  const seam = first === undefined ? Number.POSITIVE_INFINITY : Math.floor(first.second / 60) * 60;
  const startsOnSeam = first?.second === seam;
  const rows = tape.minutes.filter((row) => (startsOnSeam ? row.second < seam : row.second <= seam));
  const rest = startsOnSeam ? tape.seconds : tape.seconds.filter((bar) => bar.second >= seam + 60);
  const isOlder = (level: Level): boolean => Math.floor(level.armedAt / 1000) < seam;
  const older = replayBars(levels.filter(isOlder), [...rows, ...rest]);
  const younger = replayBars(
    levels.filter((level) => !isOlder(level)),
    tape.seconds,
  );
  return { levels: [...older.levels, ...younger.levels], hits: [...older.hits, ...younger.hits] };
}

/** Seconds and minutes since an arming, and what a clock that was ahead then would have hidden. */
export async function tapeSince(
  { prices, tape }: Pick<Ports, 'prices' | 'tape'>,
  symbol: string,
  armedAt: number,
): Promise<Tape> {
  const fromSecond = Math.floor((armedAt - CLOCKS_APART_MS) / 1000);
  const [seconds, rows] = await Promise.all([
    prices.bars(symbol, fromSecond),
    tape.since(symbol, Math.floor(fromSecond / 60)),
  ]);
  return { seconds, minutes: rows.map(barOfMinute) };
}

export function makeRebuildSymbol(ports: Needs) {
  const { ledger, index, leases, outbox, clock, ids, log } = ports;

  /** Levels of everything live. The lists may lag, so each item is read again, consistently. */
  async function liveLevels(symbol: string): Promise<readonly Level[]> {
    const [livePositions, liveOrders] = await Promise.all([
      ledger.livePositions(symbol),
      ledger.liveOrders(symbol),
    ]);
    const [positions, orders] = await Promise.all([
      ledger.positions(livePositions.map((p) => p.positionId)),
      ledger.orders(liveOrders.map((o) => o.orderId)),
    ]);
    const all = await Promise.all([
      ...positions.map((p) => usable(p.positionId, async () => levelsOf(p, await specOf(ports.symbols, p)))),
      ...orders.map((o) => usable(o.orderId, async () => orderLevels(o, await specOf(ports.symbols, o)))),
    ]);
    return all.flat();
  }

  /** Levels that the index can hold; one that it cannot is its owner's trouble, and not the whole symbol's. */
  async function usable(ownerId: string, levels: () => Promise<readonly Level[]>): Promise<readonly Level[]> {
    try {
      const all = await levels();
      all.forEach(checkLevel);
      return all;
    } catch (error) {
      log.error('LEVELS_UNUSABLE', { ownerId, error: String(error) });
      return [];
    }
  }

  /** False: the cache was lost meanwhile, so nothing is built. */
  async function rebuild(symbol: string): Promise<boolean> {
    const startedAt = clock.now();
    const token = ids.token();
    await index.beginRebuild(symbol, token);
    const all = await liveLevels(symbol);
    const oldest = all.reduce((at, level) => Math.min(at, level.armedAt), startedAt);
    const { levels, hits } = replayTape(all, await tapeSince(ports, symbol, oldest));
    await index.loadRebuilt(symbol, levels, hits, clock.now());
    const finished = await index.finishRebuild(symbol, token, clock.now());
    if (finished.outcome === 'lost') {
      log.warn('INDEX_REBUILD_LOST', { symbol, levels: levels.length });
      return false;
    }
    // The first price of a symbol builds an empty index: nothing was lost.
    const say = all.length === 0 ? log.info : log.warn;
    say.call(log, 'INDEX_REBUILT', {
      symbol,
      levels: levels.length,
      hits: hits.length,
      tookMs: clock.now() - startedAt,
    });
    if (finished.wake) await outbox.trigger({ kind: 'wake', symbol, at: clock.now() });
    return true;
  }

  async function renew(name: string, token: string): Promise<void> {
    try {
      await leases.hold(name, token, LEASE_MS);
    } catch (error) {
      log.warn('REBUILD_LEASE_NOT_RENEWED', { name, error: String(error) });
    }
  }

  /** One rebuild at a time; a second message for a built symbol changes nothing. */
  return async (symbol: string): Promise<Rebuilt> => {
    if (await index.isBuilt(symbol)) return 'already_built';
    const name = `rebuild:{${symbol}}`;
    const token = ids.token();
    if (!(await leases.hold(name, token, LEASE_MS)).held) return 'somebody_else';
    // Where it cannot be renewed, another rebuild may begin beside this one: only one of them ends.
    const stop = ports.repeat(RENEW_MS, () => renew(name, token));
    try {
      for (let n = 0; n < MOST_REBUILDS; n += 1) {
        if (await index.isBuilt(symbol)) return 'already_built';
        if (await rebuild(symbol)) return 'rebuilt';
        // Whoever holds it now has begun after us.
        if (!(await leases.hold(name, token, LEASE_MS)).held) return 'somebody_else';
      }
      throw new Error(`the cache was lost in each of ${MOST_REBUILDS} rebuilds of ${symbol}`);
    } finally {
      stop();
      await leases.release(name, token);
    }
  };
}
