/**
 * The best bid and ask of several venues as one (design section 11). Pure.
 *
 * It is the median of the venues' bids and the median of their asks, of two in the middle the mean (a bid rounded
 * down, an ask up). Why not the highest bid and the lowest ask: venues differ by some basis points, so these cross all
 * day, and one venue's wrong price would be everybody's. The median of bids is never above that of asks, because no
 * venue's own bid is above its ask; with one venue it is that venue's quote as it stands.
 */
import { Decimal } from '../../domain/money/decimal.ts';
import type { Units } from '../../domain/triggers/types.ts';

export interface Side {
  readonly units: Units;
  /** Exact; null where it is no venue's own: then the units say it. */
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
    for (const { takenAt } of this.#byVenue.values()) newest = Math.max(newest, takenAt);
    const fresh: VenueQuote[] = [];
    for (const quote of this.#byVenue.values()) {
      if (newest - quote.takenAt <= FRESH_MS) fresh.push(quote);
    }
    const [first] = fresh;
    if (first === undefined) return null;
    if (fresh.length === 1) return first;
    return {
      bid: median(
        fresh.map(({ bid }) => bid),
        Math.floor,
      ),
      ask: median(
        fresh.map(({ ask }) => ask),
        Math.ceil,
      ),
    };
  }
}

function median(sides: readonly Side[], round: (units: number) => number): Side {
  const sorted = sides.toSorted((a, b) => a.units - b.units);
  const high = sorted[sorted.length >> 1];
  const low = sorted[(sorted.length - 1) >> 1];
  if (high === undefined || low === undefined) throw new Error('a median of nothing');
  if (high === low) return high;
  return {
    units: round((low.units + high.units) / 2) as Units,
    text: null,
    size: smaller(low.size, high.size),
  };
}

function smaller(a: string, b: string): string {
  if (a === '' || b === '') return '';
  return new Decimal(a).lessThan(b) ? a : b;
}
