/** The trigger index on Valkey (design sections 10, 16): the port's calls, divided into commands of lawful size. */
import * as z from 'zod';
import { checkLevel } from '../../domain/triggers/rules.ts';
import { shardOf } from '../../domain/triggers/shard.ts';
import type { Hit, Level } from '../../domain/triggers/types.ts';
import type {
  ArmResult,
  LoadResult,
  PriceBatch,
  PriceBatchResult,
  TriggerIndex,
} from '../../ports/trigger-index.ts';
import { armScript } from './arm.ts';
import { claimScript } from './claim.ts';
import type { Valkey } from './client.ts';
import { parseHit } from './codec.ts';
import { finishScript, settleScript, takeScript } from './hits.ts';
import { armedKey, epochKey, hitsKey, levelsKey, stateKey } from './keys.ts';
import { peaksScript } from './peaks.ts';
import { partsOf, priceScript } from './price.ts';
import { chunks } from './script.ts';

/** Levels (or hits, or removals) in one call: some ms of work for the server, which serves nobody else meanwhile. */
const LEVELS_PER_CALL = 500;
const NOTHING = { levels: [], remove: [], hits: [] };

/**
 * The best peaks first: each then joins the group of its peak, or begins one (index.lua). Otherwise a price that passes many
 * of them at once would have to rewrite each, in one step.
 */
function byPeak(levels: readonly Level[]): readonly Level[] {
  const worst = Number.POSITIVE_INFINITY;
  const rank = (level: Level): number => {
    if (level.kind === 'fixed' || level.peak === null) return worst;
    return level.side === 'long' ? -level.peak : level.peak;
  };
  return levels.toSorted((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x === y ? 0 : x - y;
  });
}

export interface TriggerIndexOptions {
  /** [1] Number of shards; a symbol's shard follows from its name. */
  readonly shards?: number;
}

export function createTriggerIndex(valkey: Valkey, { shards = 1 }: TriggerIndexOptions = {}): TriggerIndex {
  /** Before the levels: a crash in between leaves a symbol without levels in the set, never the reverse. */
  const announce = (symbol: string): Promise<unknown> =>
    valkey.command(['SADD', armedKey(shardOf(symbol, shards)), symbol]);

  async function applyBatch(batch: PriceBatch): Promise<PriceBatchResult> {
    let hits = 0;
    let wake = false;
    for (const part of partsOf(batch)) {
      const result = await priceScript.run(valkey, part);
      if (result.outcome !== 'applied') return result;
      hits += result.hits;
      wake ||= result.wake;
      if (part.last) return { ...result, hits, wake };
    }
    throw new Error('a batch without parts');
  }

  async function arm(
    symbol: string,
    levels: readonly Level[],
    remove: readonly { member: string; version: number }[],
    nowMs: number,
  ): Promise<ArmResult> {
    levels.forEach(checkLevel);
    if (levels.length > 0) await announce(symbol);
    // The usual call, one position's levels, is a single step.
    const steps =
      remove.length + levels.length <= LEVELS_PER_CALL
        ? [{ ...NOTHING, remove, levels }]
        : [
            ...chunks(remove, LEVELS_PER_CALL).map((part) => ({ ...NOTHING, remove: part })),
            ...chunks(levels, LEVELS_PER_CALL).map((part) => ({ ...NOTHING, levels: part })),
          ];
    const armed: Extract<ArmResult, { outcome: 'armed' }>[] = [];
    for (const step of steps) {
      const result = await armScript.run(valkey, { building: null, symbol, nowMs, ...step });
      if (result.outcome === 'lost') throw new Error('arming is no rebuild');
      if (result.outcome === 'rebuild') return result;
      armed.push(result);
    }
    return {
      outcome: 'armed',
      // Of several steps the first one's: each level keeps the tick that it was really armed at.
      armedTick: armed[0]?.armedTick ?? -1,
      hits: armed.reduce((n, step) => n + step.hits, 0),
      wake: armed.some((step) => step.wake),
    };
  }

  async function takeHits(
    symbol: string,
    limit: number,
    nowMs: number,
    hideMs: number,
  ): Promise<readonly Hit[]> {
    const found = await takeScript.run(valkey, { symbol, limit, nowMs, againMs: nowMs + hideMs });
    return found.map(parseHit);
  }

  async function settleHits(
    symbol: string,
    hits: readonly { member: string; version: number }[],
  ): Promise<void> {
    for (const part of chunks(hits, LEVELS_PER_CALL)) await settleScript.run(valkey, { symbol, hits: part });
  }

  async function symbolsWithHits(shard: number, nowMs: number): Promise<readonly string[]> {
    const symbols = z.array(z.string()).parse(await valkey.command(['SMEMBERS', armedKey(shard)]));
    const counts = await Promise.all(
      symbols.map((symbol) => valkey.command(['ZCOUNT', hitsKey(symbol), '-inf', String(nowMs)])),
    );
    return symbols.filter((_, i) => z.int().parse(counts[i]) > 0).sort();
  }

  async function isBuilt(symbol: string): Promise<boolean> {
    return (await valkey.command(['EXISTS', epochKey(symbol)])) === 1;
  }

  async function loadRebuilt(
    symbol: string,
    token: string,
    levels: readonly Level[],
    hits: readonly Hit[],
    nowMs: number,
  ): Promise<LoadResult> {
    levels.forEach(checkLevel);
    await announce(symbol);
    const steps = [
      ...chunks(hits, LEVELS_PER_CALL).map((part) => ({ ...NOTHING, hits: part })),
      ...chunks(byPeak(levels), LEVELS_PER_CALL).map((part) => ({ ...NOTHING, levels: part })),
    ];
    for (const step of steps) {
      const { outcome } = await armScript.run(valkey, { building: token, symbol, nowMs, ...step });
      if (outcome !== 'armed') return { outcome: 'lost' };
    }
    return { outcome: 'loaded' };
  }

  async function levels(symbol: string): Promise<readonly Level[]> {
    const page = z.tuple([z.string(), z.array(z.string())]);
    const all = new Map<string, Level>();
    let cursor = '0';
    do {
      const scanned = await valkey.command(['HSCAN', levelsKey(symbol), cursor, 'COUNT', '500']);
      const [next, flat] = page.parse(scanned);
      cursor = next;
      const members = flat.filter((_, i) => i % 2 === 0);
      for (const part of chunks(members, LEVELS_PER_CALL)) {
        const found = await peaksScript.run(valkey, { symbol, members: part });
        for (const level of found) all.set(level.member, level);
      }
    } while (cursor !== '0');
    return [...all.values()];
  }

  return {
    applyBatch,
    claim: (claim) => claimScript.run(valkey, claim),
    arm,
    takeHits,
    settleHits,
    symbolsWithHits,
    isBuilt,
    loadRebuilt,
    beginRebuild: async (symbol, token) => {
      await valkey.command(['HSET', stateKey(symbol), 'building', token]);
    },
    finishRebuild: (symbol, token, nowMs) => finishScript.run(valkey, { symbol, token, nowMs }),
    hasLevels: async (symbol) => z.int().parse(await valkey.command(['HLEN', levelsKey(symbol)])) > 0,
    levels,
  };
}
