/** Drives the trigger index through the histories of the models, and notes what it shows after each step. */
import { hitKey } from '../../shared/domain/triggers/rules.ts';
import type { Hit, Nearest, Tick } from '../../shared/domain/triggers/types.ts';
import type { CachedPrice, PriceBatch, TriggerIndex } from '../../shared/ports/trigger-index.ts';
import { byMember, type History, type Seen } from './trigger-histories.ts';

/** A symbol without levels, to be trusted from now on. */
export async function build(index: TriggerIndex, symbol: string, nowMs = 0): Promise<void> {
  await index.beginRebuild(symbol, 'test');
  await index.finishRebuild(symbol, 'test', nowMs);
}

export const displayOf = (symbol: string, tick: Tick): CachedPrice => ({
  symbol,
  bid: String(tick.bid),
  ask: String(tick.ask),
  last: String(tick.last),
  bidSize: tick.bidSize,
  askSize: tick.askSize,
  source: 'test',
  quoted: true,
  tickId: tick.id,
  at: tick.at,
  recordedAt: tick.recordedAt,
});

export function aBatch(
  symbol: string,
  batch: number,
  ticks: readonly Tick[],
  nowMs: number,
  newestTick = ticks.at(-1)?.id ?? -1,
): PriceBatch {
  const last = ticks.at(-1);
  if (last === undefined) throw new Error('a batch has ticks');
  const display = displayOf(symbol, last);
  const writer = { shard: 0, leaseToken: 'writer', fence: 1 };
  const known = { newestTick, lateTick: -1, heldBars: 'none' as const };
  return { symbol, ...writer, batch, ticks, ...known, display, bars: [], barBefore: null, nowMs };
}

const NONE = { bid: null, ask: null, last: null, mid: null };
const byKey = (a: Hit, b: Hit): number =>
  hitKey(a.member, a.version) < hitKey(b.member, b.version) ? -1 : 1;

/** As `run` for a model; hits of one step in the order of their keys, nearest only where the index answers it. */
export async function runOnIndex(index: TriggerIndex, symbol: string, { steps }: History): Promise<Seen[]> {
  await build(index, symbol);
  const seen: Seen[] = [];
  let nearest: Nearest = { falls: NONE, rises: NONE };
  let now = 1;
  for (const [i, step] of steps.entries()) {
    now += 1;
    let armedTick: number | null = null;
    if (step.do === 'arm') {
      const armed = await index.arm(symbol, step.levels, step.remove, now);
      if (armed.outcome !== 'armed') throw new Error(armed.outcome);
      armedTick = armed.armedTick;
    } else if (step.do === 'ticks') {
      const applied = await index.applyBatch(aBatch(symbol, i, step.ticks, now, step.newest));
      if (applied.outcome !== 'applied') throw new Error(applied.outcome);
      nearest = applied.nearest;
    } else {
      await index.settleHits(symbol, step.hits);
    }
    const hits = await index.takeHits(symbol, 100, now, 1e9);
    const levels = [...(await index.levels(symbol))].sort(byMember);
    seen.push({ armedTick, hits: [...hits].sort(byKey), nearest, levels });
  }
  return seen;
}

/** A model's story as the index tells it: hits sorted by key, nearest as of the last ticks. */
export function asIndexTells(seen: readonly Seen[], { steps }: History): Seen[] {
  let nearest: Nearest = { falls: NONE, rises: NONE };
  return seen.map((s, i) => {
    if (steps[i]?.do === 'ticks') nearest = s.nearest;
    return { ...s, nearest, hits: [...s.hits].sort(byKey) };
  });
}
