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

/**
 * A venue that has said nothing for so long, while another one has, is left out: a venue that stands still must not
 * hold the median. Alone, an old quote of a stream that tells only changes is valid.
 */
const FRESH_MS = 10_000;

/** One venue's. */
interface Entry {
  readonly venue: number;
  bid: Side;
  ask: Side;
  /** Receive time. */
  takenAt: number;
}

export class VenueQuotes {
  /**
   * The same few entries twice, each list in order of its side. They stay in place: only one of them changes at a time,
   * thousands of times a second.
   */
  readonly #byBid: Entry[] = [];
  readonly #byAsk: Entry[] = [];

  /** `takenAt`: receive time. */
  set(venue: number, bid: Side, ask: Side, takenAt: number): void {
    const known = this.#byBid.find((entry) => entry.venue === venue);
    if (known === undefined) {
      const entry = { venue, bid, ask, takenAt };
      this.#byBid.push(entry);
      this.#byAsk.push(entry);
    } else {
      known.bid = bid;
      known.ask = ask;
      known.takenAt = takenAt;
    }
    sort(this.#byBid, 'bid');
    sort(this.#byAsk, 'ask');
  }

  delete(venue: number): void {
    for (const list of [this.#byBid, this.#byAsk]) {
      const nth = list.findIndex((entry) => entry.venue === venue);
      if (nth >= 0) list.splice(nth, 1);
    }
  }

  /** Null where no venue has a quote. */
  combined(): { readonly bid: Side; readonly ask: Side } | null {
    let newest = Number.NEGATIVE_INFINITY;
    let oldest = Number.POSITIVE_INFINITY;
    for (const { takenAt } of this.#byBid) {
      if (takenAt > newest) newest = takenAt;
      if (takenAt < oldest) oldest = takenAt;
    }
    const areAllFresh = newest - oldest <= FRESH_MS;
    const isFresh = ({ takenAt }: Entry): boolean => newest - takenAt <= FRESH_MS;
    const byBid = areAllFresh ? this.#byBid : this.#byBid.filter(isFresh);
    const byAsk = areAllFresh ? this.#byAsk : this.#byAsk.filter(isFresh);
    // The two in the middle, which are one where their number is odd.
    const low = (byBid.length - 1) >> 1;
    const high = byBid.length >> 1;
    const lowBid = byBid[low]?.bid;
    const highBid = byBid[high]?.bid;
    const lowAsk = byAsk[low]?.ask;
    const highAsk = byAsk[high]?.ask;
    if (!lowBid || !highBid || !lowAsk || !highAsk) return null;
    return {
      bid: low === high ? lowBid : mean(lowBid, highBid, lowBid.size, Math.floor),
      ask: low === high ? lowAsk : mean(lowAsk, highAsk, highAsk.size, Math.ceil),
    };
  }
}

/** By insertion: all but one are in order already. Equal ones keep theirs. */
function sort(entries: Entry[], side: 'bid' | 'ask'): void {
  for (let nth = 1; nth < entries.length; nth += 1) {
    const entry = entries[nth];
    let at = nth;
    for (; entry !== undefined && at > 0; at -= 1) {
      const before = entries[at - 1];
      if (before === undefined || before[side].units <= entry[side].units) break;
      entries[at] = before;
    }
    if (entry !== undefined) entries[at] = entry;
  }
}

const mean = (low: Side, high: Side, size: string, round: (units: number) => number): Side => ({
  units: round((low.units + high.units) / 2) as Units,
  text: null,
  size,
});
