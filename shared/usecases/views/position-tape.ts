/**
 * The tape as a position's figures need it: by the second as far as the cache reaches (2 h), before that by the minute
 * (7 days). Where there is neither, there is nothing.
 */
import type { Bar } from '../../domain/triggers/types.ts';
import type { TapeStore } from '../../ports/tape.ts';
import type { PriceCache } from '../../ports/trigger-index.ts';

const MINUTE = 60;

export interface TapeSpan {
  /** Epoch second of its begin. */
  readonly at: number;
  /** 1 or 60. */
  readonly seconds: number;
  readonly bar: Pick<Bar, 'low' | 'high' | 'close'>;
}

/** What lies, wholly or in part, within [from, to) in epoch seconds; oldest first, none over another. */
export async function tapeSpans(
  { prices, tape }: { readonly prices: Pick<PriceCache, 'bars'>; readonly tape: Pick<TapeStore, 'between'> },
  symbol: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly TapeSpan[]> {
  const first = Math.floor(from / MINUTE) * MINUTE;
  const cached = (await prices.bars(symbol, first - MINUTE)).filter(({ second }) => second < to);
  const begin = wholeFrom(cached, first);
  // A minute of which the cache has lost all is known by its row too.
  const told = new Set(cached.map(({ second }) => Math.floor(second / MINUTE)));
  // Of a minute that is only partly asked for, single seconds say more, even where some are lost.
  const isWhole = (minute: number): boolean => minute * MINUTE >= from && (minute + 1) * MINUTE <= to;
  const isTaken = (minute: number): boolean =>
    !told.has(minute) || (minute * MINUTE < begin && isWhole(minute));
  const span = { from: first / MINUTE, to: Math.ceil(to / MINUTE) };
  // Mostly the cache has it all, and no row would be taken.
  const rows = isAnyTaken(span, isTaken)
    ? (await tape.between(symbol, span.from, span.to)).filter(({ minute }) => isTaken(minute))
    : [];
  const known = new Set(rows.map(({ minute }) => minute));
  const seconds = cached.filter(
    ({ second }) => second >= begin || (second >= first && !known.has(Math.floor(second / MINUTE))),
  );
  return [
    ...rows.map((bar) => ({ at: bar.minute * MINUTE, seconds: MINUTE, bar })),
    ...seconds.map((bar) => ({ at: bar.second, seconds: 1, bar })),
  ]
    .filter((span) => span.at + span.seconds > from && span.at < to)
    .sort((a, b) => a.at - b.at);
}

function isAnyTaken(
  { from, to }: { readonly from: number; readonly to: number },
  isTaken: (minute: number) => boolean,
): boolean {
  for (let minute = from; minute < to; minute++) if (isTaken(minute)) return true;
  return false;
}

/** From which second on the cache has every second that had a tick; the minute it begins in may miss some. */
function wholeFrom(cached: readonly Bar[], first: number): number {
  const oldest = cached[0]?.second;
  if (oldest === undefined) return Number.POSITIVE_INFINITY;
  return oldest < first ? first : Math.ceil(oldest / MINUTE) * MINUTE;
}
