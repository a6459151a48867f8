/**
 * The best bid and ask of several venues as one (design section 11). Pure.
 *
 * It is the median of the venues' bids and the median of their asks, of two in the middle the mean (a bid rounded
 * down, an ask up) with the size of the one whose price is worse. Why not the highest bid and the lowest ask: venues differ by some basis points, so these cross all
 * day, and one venue's wrong price would be everybody's. The median of bids is never above that of asks, because no
 * venue's own bid is above its ask; with one venue it is that venue's quote as it stands.
 */
import type { Units } from '../../domain/triggers/types.ts';

export interface Side {
  readonly units: Units;
  /** The venue's own, where it has digits finer than the units; null: the units say it all. */
  readonly text: string | null;
  /** Decimal text; '' where the source has none. */
  readonly size: string;
}

export interface VenueQuote {
  readonly bid: Side;
  readonly ask: Side;
  /** Receive time. */
  readonly takenAt: number;
}

/**
 * A venue that has said nothing for so long, while another one has, is left out: a venue that stands still must not
 * hold the median. Alone, an old quote of a stream that tells only changes is valid.
 */
const FRESH_MS = 10_000;

export class VenueQuotes {
  readonly #byVenue = new Map<number, VenueQuote>();

  set(venue: number, quote: VenueQuote): void {
    this.#byVenue.set(venue, quote);
  }

  delete(venue: number): void {
    this.#byVenue.delete(venue);
  }

  /** Null where no venue has a quote. */
  combined(): { readonly bid: Side; readonly ask: Side } | null {
    let newest = Number.NEGATIVE_INFINITY;
    for (const { takenAt } of this.#byVenue.values()) if (takenAt > newest) newest = takenAt;
    const bids: Side[] = [];
    const asks: Side[] = [];
    for (const { bid, ask, takenAt } of this.#byVenue.values()) {
      if (newest - takenAt > FRESH_MS) continue;
      insert(bids, bid);
      insert(asks, ask);
    }
    const [lowBid, highBid] = middle(bids);
    const [lowAsk, highAsk] = middle(asks);
    if (!lowBid || !highBid || !lowAsk || !highAsk) return null;
    return {
      bid: lowBid === highBid ? lowBid : mean(lowBid, highBid, lowBid.size, Math.floor),
      ask: lowAsk === highAsk ? lowAsk : mean(lowAsk, highAsk, highAsk.size, Math.ceil),
    };
  }
}

/** Keeps the list sorted; it has a few members, thousands of times a second. */
function insert(sorted: Side[], side: Side): void {
  let at = sorted.length;
  sorted.push(side);
  for (; at > 0; at -= 1) {
    const before = sorted[at - 1];
    if (before === undefined || before.units <= side.units) break;
    sorted[at] = before;
  }
  sorted[at] = side;
}

/** The two in the middle, which are one where their number is odd. */
const middle = (sorted: readonly Side[]): readonly [Side | undefined, Side | undefined] => [
  sorted[(sorted.length - 1) >> 1],
  sorted[sorted.length >> 1],
];

const mean = (low: Side, high: Side, size: string, round: (units: number) => number): Side => ({
  units: round((low.units + high.units) / 2) as Units,
  text: null,
  size,
});
