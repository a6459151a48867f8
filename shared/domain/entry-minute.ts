/**
 * The minute in which a position opened (design section 8): its extremes are kept with the position, because the tape's
 * own minute has the prices before the entry, too, and its seconds are gone after two hours.
 *
 * Always true: a bar never joins seconds from before and after an arming of one of its levels.
 */
import { entryMinuteEnd } from './due.ts';
import { mergeBars } from './triggers/bars.ts';
import type { Bar, Level } from './triggers/types.ts';
import type { Position } from './types.ts';

/** Epoch seconds: from the second after the first fill to the end of its minute. Throws for one that has not opened. */
export function restOfEntryMinute(p: Position): { readonly from: number; readonly to: number } {
  const end = entryMinuteEnd(p);
  if (end === null || p.openedAt === null) throw new Error(`${p.positionId} has not opened`);
  return { from: Math.floor(p.openedAt / 1000) + 1, to: end / 1000 };
}

/** What is kept of the tape's seconds (oldest first; those outside of the minute are left out). */
export function entryMinuteBars(p: Position, seconds: readonly Bar[]): readonly Bar[] {
  const { from, to } = restOfEntryMinute(p);
  const kept: { bar: Bar; side: string }[] = [];
  for (const { open: _, ...bar } of seconds) {
    if (bar.second < from || bar.second >= to) continue;
    const side = sideOf(p, bar);
    const last = kept.at(-1);
    if (last?.side !== side) kept.push({ bar, side });
    else last.bar = { ...mergeBars(last.bar, bar), count: last.bar.count + bar.count };
  }
  return kept.map(({ bar }) => bar);
}

/** Which armings lie before a second, by their times and by their ticks. */
const sideOf = (p: Position, bar: Bar): string =>
  Object.values(p.armings)
    .map(({ at, tick }) => `${bar.second > Math.floor(at / 1000)} ${bar.firstTick > tick}`)
    .join();

/** A part of the tape, as a position's figures read it. */
interface Part {
  readonly at: number;
  readonly seconds: number;
  readonly bar: Pick<Bar, 'low' | 'high' | 'close'>;
}

/**
 * The tape since the entry (spans of 1 or 60 s, oldest first), with what was kept of its minute in the place of seconds
 * that are gone.
 */
export function withEntryMinute(p: Position, spans: readonly Part[]): readonly Part[] {
  const [first, ...others] = p.entryMinute?.bars ?? [];
  if (first === undefined) return spans;
  // Seconds leave the cache from the oldest on: with the first one all are there.
  if (spans.some(({ at, seconds }) => seconds === 1 && at === first.second)) return spans;
  const { from, to } = restOfEntryMinute(p);
  const kept = [first, ...others].map((bar, i) => {
    const end = others[i]?.second ?? to;
    return { at: bar.second, seconds: end - bar.second, bar };
  });
  return [...kept, ...spans.filter(({ at }) => at >= to || at < from)].toSorted((a, b) => a.at - b.at);
}

/** Does this bar of the tape, a minute's, lie wholly after the level's arming? Then it has all that was kept of it. */
export const isWhollyAfter = (bar: Bar, { armedAt, armedTick }: Level): boolean =>
  armedTick >= 0 ? bar.firstTick > armedTick : bar.second > Math.floor(armedAt / 1000);
