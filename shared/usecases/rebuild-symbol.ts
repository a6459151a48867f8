/**
 * Fills a symbol's trigger index again from the ledger and the tape (design section 10, "The index is a cache").
 *
 * Levels come back with their original arming ids and times; every whole bar since arming is tested and raises
 * peaks; what was reached meanwhile is a hit, cause `rebuilt`. The epoch is set last: until then the index answers
 * `rebuild` to everyone, so a level that changes during the rebuild stays due and is armed right after it.
 * Nothing is loaded but by the holder of the lease, who has had it all the while: no step holds the process for so long
 * that the lease could not be renewed. Whoever stands still between that look and the load is refused by the index, once
 * another rebuild has begun: the token is compared in the step that loads.
 */
import { levelsOf } from '../domain/levels.ts';
import { orderLevels } from '../domain/order-levels.ts';
import type { Replayed } from '../domain/triggers/rebuild.ts';
import { checkLevel } from '../domain/triggers/rules.ts';
import type { Level } from '../domain/triggers/types.ts';
import type { Position } from '../domain/types.ts';
import { specOf } from './change-order.ts';
import { dateLevels } from './date-levels.ts';
import type { Ports } from './ports.ts';
import { readApart } from './read-apart.ts';
import { replayTapeInSlices, type Tape, tapeSince } from './replay-tape.ts';

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
  | 'sleep'
  | 'repeat'
>;

/** Short, and renewed while the rebuild lasts: one whose process was killed keeps the next one away for no longer. */
const LEASE_MS = 2_000;
const RENEW_MS = 500;

/** Items whose levels are made at a time: some 20 ms. */
const AT_ONCE = 250;

/** In one invocation; its message comes again. */
const MOST_REBUILDS = 3;

/** All that is to be watched, and what its positions keep of the tape. */
interface Live extends Required<Pick<Tape, 'entryMinutes'>> {
  readonly levels: readonly Level[];
  readonly positions: readonly Position[];
}

export type Rebuilt = 'rebuilt' | 'already_built' | 'somebody_else';
export type RebuildSymbol = ReturnType<typeof makeRebuildSymbol>;

export function makeRebuildSymbol(ports: Needs) {
  const { ledger, index, leases, outbox, clock, ids, sleep, log } = ports;

  /** Levels of everything live. The lists may lag, so each item is read again, consistently. */
  async function liveLevels(symbol: string): Promise<Live> {
    const [positionIds, orderIds] = await Promise.all([
      ledger.livePositionIds(symbol),
      ledger.liveOrderIds(symbol),
    ]);
    const [positions, orders] = await Promise.all([
      readApart(positionIds, ledger.positions.bind(ledger), unusable),
      readApart(orderIds, ledger.orders.bind(ledger), unusable),
    ]);
    const owners = [
      ...positions.map(
        (p) => () => usable(p.positionId, async () => levelsOf(p, await specOf(ports.symbols, p))),
      ),
      ...orders.map(
        (o) => () => usable(o.orderId, async () => orderLevels(o, await specOf(ports.symbols, o))),
      ),
    ];
    const all: Level[][] = [];
    for (let from = 0; from < owners.length; from += AT_ONCE) {
      if (from > 0) await sleep(0);
      const some = await Promise.all(owners.slice(from, from + AT_ONCE).map((levels) => levels()));
      all.push(some.flat());
    }
    const kept = positions.map((p) => [p.positionId, p.entryMinute?.bars ?? []] as const);
    const entryMinutes = new Map(kept.filter(([, bars]) => bars.length > 0));
    return { levels: all.flat(), positions, entryMinutes };
  }

  async function replay(levels: readonly Level[], tape: Tape): Promise<Replayed> {
    const slices = replayTapeInSlices(levels, tape);
    for (;;) {
      const slice = slices.next();
      if (slice.done === true) return slice.value;
      await sleep(0);
    }
  }

  const unusable = (ownerId: string, error: unknown): void =>
    log.error('LEVELS_UNUSABLE', { ownerId, error: String(error) });

  /** Levels that the index can hold; one that it cannot is its owner's trouble, and not the whole symbol's. */
  async function usable(ownerId: string, levels: () => Promise<readonly Level[]>): Promise<readonly Level[]> {
    try {
      const all = await levels();
      all.forEach(checkLevel);
      return all;
    } catch (error) {
      unusable(ownerId, error);
      return [];
    }
  }

  /** False: the cache, or the right to it, was lost meanwhile, so nothing is built. */
  async function rebuild(symbol: string, isStillOurs: () => Promise<boolean>): Promise<boolean> {
    const startedAt = clock.now();
    const token = ids.token();
    await index.beginRebuild(symbol, token);
    const { levels: all, positions, entryMinutes } = await liveLevels(symbol);
    const oldest = all.reduce((at, level) => Math.min(at, level.armedAt), startedAt);
    const tape = await tapeSince(ports, symbol, oldest);
    const { levels, hits } = await replay(all, { ...tape, entryMinutes });
    const newestTick = tape.seconds.at(-1)?.lastTick;
    if (newestTick !== undefined) await dateLevels(ports, positions, levels, newestTick);
    if (!(await isStillOurs())) {
      log.warn('REBUILD_LEASE_RAN_OUT', { symbol, levels: levels.length, tookMs: clock.now() - startedAt });
      return false;
    }
    const loaded = await index.loadRebuilt(symbol, token, levels, hits, clock.now());
    const finished =
      loaded.outcome === 'lost' ? loaded : await index.finishRebuild(symbol, token, clock.now());
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
    let lease = await leases.hold(name, token, LEASE_MS);
    if (!lease.held) return 'somebody_else';
    // Where it cannot be renewed, another rebuild may begin beside this one: only one of them ends.
    const stop = ports.repeat(RENEW_MS, () => renew(name, token));
    try {
      for (let n = 0; n < MOST_REBUILDS; n += 1) {
        if (await index.isBuilt(symbol)) return 'already_built';
        const { fence } = lease;
        const isStillOurs = async (): Promise<boolean> => {
          const now = await leases.hold(name, token, LEASE_MS);
          // Another fence: it had run out, and somebody may have come and gone.
          return now.held && now.fence === fence;
        };
        if (await rebuild(symbol, isStillOurs)) return 'rebuilt';
        lease = await leases.hold(name, token, LEASE_MS);
        // Whoever holds it now has begun after us.
        if (!lease.held) return 'somebody_else';
      }
      throw new Error(`the cache or the lease was lost in each of ${MOST_REBUILDS} rebuilds of ${symbol}`);
    } finally {
      stop();
      await leases.release(name, token);
    }
  };
}
