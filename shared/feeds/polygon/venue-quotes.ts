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
  /** As the units say it, or the venue's own where that has digits finer than these; null: to be made of the units. */
  readonly text: string | null;
  /** Decimal text; '' where the source has none. */
  readonly size: string;
}

/**
 * A venue that has said nothing for so long, while another one has, is left out: a venue that stands still must not
 * hold the median. Alone, an old quote of a stream that tells only changes is valid.
 */
const FRESH_MS = 10_000;

/** One venue's. */
interface Place {
  readonly venue: number;
  side: Side;
  /** Receive time. */
  takenAt: number;
}

export class VenueQuotes {
  readonly #bids = new SideOrder();
  readonly #asks = new SideOrder();

  /** `takenAt`: receive time. */
  set(venue: number, bid: Side, ask: Side, takenAt: number): void {
    this.#bids.set(venue, bid, takenAt);
    this.#asks.set(venue, ask, takenAt);
  }

  delete(venue: number): void {
    this.#bids.delete(venue);
    this.#asks.delete(venue);
  }

  /** Null where no venue has a quote. */
  combined(): { readonly bid: Side; readonly ask: Side } | null {
    const bids = this.#bids.fresh();
    const asks = this.#asks.fresh();
    // The two in the middle, which are one where their number is odd.
    const low = (bids.length - 1) >> 1;
    const high = bids.length >> 1;
    const lowBid = bids[low]?.side;
    const lowAsk = asks[low]?.side;
    if (lowBid === undefined || lowAsk === undefined) return null;
    if (low === high) return { bid: lowBid, ask: lowAsk };
    const highBid = bids[high]?.side ?? lowBid;
    const highAsk = asks[high]?.side ?? lowAsk;
    return {
      bid: mean(Math.floor(sum(lowBid, highBid) / 2), lowBid.size),
      ask: mean(Math.ceil(sum(lowAsk, highAsk) / 2), highAsk.size),
    };
  }
}

/** All venues' bids, or all their asks, in order. They stay in place: only one of them changes at a time, thousands of times a second. */
class SideOrder {
  readonly #places: Place[] = [];

  set(venue: number, side: Side, takenAt: number): void {
    const places = this.#places;
    let nth = 0;
    while (nth < places.length && places[nth]?.venue !== venue) nth += 1;
    const place = places[nth] ?? { venue, side, takenAt };
    place.side = side;
    place.takenAt = takenAt;
    places[nth] = place;
    const { units } = side;
    // It alone can be out of order. Equal ones keep theirs.
    for (; nth > 0; nth -= 1) {
      const before = places[nth - 1];
      if (before === undefined || before.side.units <= units) break;
      places[nth] = before;
      places[nth - 1] = place;
    }
    for (; nth + 1 < places.length; nth += 1) {
      const after = places[nth + 1];
      if (after === undefined || after.side.units >= units) break;
      places[nth] = after;
      places[nth + 1] = place;
    }
  }

  delete(venue: number): void {
    const nth = this.#places.findIndex((place) => place.venue === venue);
    if (nth >= 0) this.#places.splice(nth, 1);
  }

  /** Without those that have said nothing for long while another one has. */
  fresh(): readonly Place[] {
    let newest = Number.NEGATIVE_INFINITY;
    let oldest = Number.POSITIVE_INFINITY;
    for (const { takenAt } of this.#places) {
      if (takenAt > newest) newest = takenAt;
      if (takenAt < oldest) oldest = takenAt;
    }
    if (newest - oldest <= FRESH_MS) return this.#places;
    return this.#places.filter(({ takenAt }) => newest - takenAt <= FRESH_MS);
  }
}

const sum = (low: Side, high: Side): number => low.units + high.units;
const mean = (units: number, size: string): Side => ({ units: units as Units, text: null, size });
