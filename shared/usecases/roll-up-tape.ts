/**
 * Puts a symbol's minutes together into quarters of an hour (design section 8, "coarser bars"), by whoever writes its
 * minutes, once these no longer change: a week of a symbol is then read as 672 rows and not as 10,080.
 *
 * Always true: a quarter is made of rows of the tape alone, so whoever makes it makes the same one; what was missed
 * while nobody wrote is made up for by the next one who does, as far back as minutes are kept.
 */
import { mergeBars } from '../domain/triggers/bars.ts';
import type { TapeMinute, TapeQuarter, TapeStore } from '../ports/tape.ts';

export const QUARTER_MINUTES = 15;
/** After its end a quarter's last minute may still be written. */
const GRACE_MS = 60_000;
const KEPT_MINUTES = 7 * 24 * 60;

const quarterOf = (minute: number): number => minute - (minute % QUARTER_MINUTES);

/** First minute of the newest quarter that may be made at `now`. */
export const newestDone = (now: number): number =>
  quarterOf(Math.floor((now - GRACE_MS) / 60_000)) - QUARTER_MINUTES;

/** Minutes, oldest first, each once -> the quarters that have any. */
export function quartersOf(minutes: readonly TapeMinute[]): readonly TapeQuarter[] {
  const quarters = new Map<number, TapeQuarter>();
  for (const { minute, ...prices } of minutes) {
    const from = quarterOf(minute);
    const before = quarters.get(from);
    if (before === undefined) {
      quarters.set(from, { ...prices, from, minutes: 1, firstMinute: minute, lastMinute: minute });
      continue;
    }
    const { second: _, ...merged } = mergeBars({ ...before, second: from }, { ...prices, second: from });
    quarters.set(from, {
      ...merged,
      count: before.count + prices.count,
      from,
      minutes: before.minutes + 1,
      firstMinute: before.firstMinute,
      lastMinute: minute,
    });
  }
  return [...quarters.values()];
}

/** Makes every quarter that is over and not made yet. */
export async function rollUpTape(
  tape: Pick<TapeStore, 'newestQuarter' | 'since' | 'putQuarter'>,
  symbol: string,
  now: number,
): Promise<void> {
  const newest = await tape.newestQuarter(symbol);
  const oldest = quarterOf(Math.floor(now / 60_000) - KEPT_MINUTES) + QUARTER_MINUTES;
  const from = Math.max(oldest, newest === null ? oldest : newest + QUARTER_MINUTES);
  const until = newestDone(now) + QUARTER_MINUTES;
  if (from >= until) return;
  const minutes = (await tape.since(symbol, from)).filter(({ minute }) => minute < until);
  for (const quarter of quartersOf(minutes)) await tape.putQuarter(symbol, quarter);
}
