/**
 * Ticks of one symbol from before this writer had the lease: which of them the writer before it has applied already.
 *
 * Pure. Always true of a tick that is left, in their order:
 * - by the venue's own numbers (`Tick.mark`) it brings something that was not applied yet, and what it carries of older
 *   messages is what stands; nothing that has such numbers and was not applied is lost;
 * - where there are none (another source, an index that knows no tick) only times of receipt speak, of two machines: the
 *   tick is kept when it seems later, and says `unproven`.
 */
import type { Bar, Tick, VenueMark } from '../../domain/triggers/types.ts';
import { formatUnits } from '../../domain/triggers/units.ts';
import type { FeedTick } from '../../ports/feed.ts';

/** What the cache knows of the writer before. */
export interface Known {
  /** The last tick that was applied; null = the index knows none. */
  readonly standing: Tick | null;
  /** The newest 1 s bar; null = there is none. */
  readonly newestBar: Bar | null;
}

export type Judged = 'new' | 'applied' | 'unproven';

export function judge(late: Tick, { standing, newestBar }: Known): Judged {
  if (standing === null) {
    // Bars are of applied ticks; what was refused while the index was away is in none.
    return newestBar !== null && late.at < newestBar.second * 1000 ? 'applied' : 'unproven';
  }
  if (standing.mark !== undefined && late.mark !== undefined) {
    return isBehind(late.mark, standing.mark) ? 'applied' : 'new';
  }
  return late.at <= standing.at ? 'applied' : 'unproven';
}

/** The tick as it counts now; null: it has been applied. */
export function settleLate(late: FeedTick, known: Known): FeedTick | null {
  const judged = judge(late.tick, known);
  if (judged === 'applied') return null;
  if (judged === 'new') return withStanding(late, known.standing);
  return { ...late, tick: { ...late.tick, unproven: true } };
}

/** A connection lags behind another one's by less; longer than that, lower numbers are a venue that began anew. */
const LAG_MS = 5_000;

/**
 * One symbol's late ticks on their way through its pipeline, and the live ones right behind them: the writer before gave its
 * lease back a moment ago, and its connection may have been ahead of ours.
 */
export class LateStretch {
  /** Id of the last of them. */
  readonly until: number;
  /** Live ones are compared as well that were received until then, epoch ms. */
  readonly #comparedUntil: number;
  /** Null until the cache was asked. */
  known: Known | null = null;

  /** `now`: the beginning of the writer's term. */
  constructor(until: number, now: number) {
    this.until = until;
    this.#comparedUntil = now + LAG_MS;
  }

  /** What of a queue is still to be applied. */
  settle(queue: readonly FeedTick[]): FeedTick[] {
    const { known } = this;
    if (known === null) return [...queue];
    return queue.flatMap((tick) => {
      if (this.isLate(tick)) return settleLate(tick, known) ?? [];
      return this.mayBeKnown(tick) ? (settleLive(tick, known) ?? []) : tick;
    });
  }

  isLate({ tick }: FeedTick): boolean {
    return tick.id <= this.until;
  }

  /** Neither this one nor any that follows is to be looked at. */
  isOver(first: FeedTick): boolean {
    return !this.isLate(first) && first.tick.at > this.#comparedUntil;
  }

  /** May the writer before have applied it? Then it is not to be reduced with others before that is told. */
  mayBeKnown(of: FeedTick): boolean {
    return this.isLate(of) || (of.tick.mark !== undefined && of.tick.at <= this.#comparedUntil);
  }
}

/** A live tick by the venue's numbers alone: without them it is taken as what it is, the present price. */
function settleLive(live: FeedTick, { standing }: Known): FeedTick | null {
  if (standing?.mark === undefined || live.tick.mark === undefined) return live;
  return isBehind(live.tick.mark, standing.mark) ? null : withStanding(live, standing);
}

const isBehind = (a: VenueMark, b: VenueMark): boolean => a[0] <= b[0] && a[1] <= b[1];

/** Quotes and trades come on two streams: one may be new while the other still shows what was passed already. */
function withStanding(late: FeedTick, standing: Tick | null): FeedTick {
  const mark = late.tick.mark;
  const stood = standing?.mark;
  if (standing === null || mark === undefined || stood === undefined) return late;
  if (mark[0] >= stood[0] && mark[1] >= stood[1]) return late;
  const text = (units: Tick['bid']): string => formatUnits(units, late.spec.unitExponent);
  const seen: VenueMark = [Math.max(mark[0], stood[0]), Math.max(mark[1], stood[1])];
  if (mark[1] < stood[1]) {
    const { last } = standing;
    return { ...late, last: text(last), tick: { ...late.tick, last, mark: seen } };
  }
  const { bid, ask, bidSize, askSize } = standing;
  return {
    ...late,
    ...{ bid: text(bid), ask: text(ask) },
    tick: { ...late.tick, bid, ask, bidSize, askSize, mark: seen },
  };
}
