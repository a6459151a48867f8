/**
 * One symbol's prices from Polygon, and the ticks they make (design section 11).
 *
 * Always true:
 * - bid and ask are those of all its venues as one (venue-quotes), and never crossed;
 * - last is the last trade; until there is one, and where there are none at all (forex), it is the middle of the quote;
 * - where Polygon gives no quotes (the plan does not have them), bid = ask = last, and the tick says so; what was quoted
 *   or traded before it refused them is no price any more;
 * - prices are in the currency that Polygon quotes: of a pair in USDT they are dollars (domain/polygon: `rate`).
 */
import type { Printed } from '../../domain/prices/price-tick.ts';
import type { SymbolSpec } from '../../domain/symbols.ts';
import { midOf } from '../../domain/triggers/rules.ts';
import type { Units } from '../../domain/triggers/types.ts';
import { formatUnits, readUnits } from '../../domain/triggers/units.ts';
import type { FeedTick } from '../../ports/feed.ts';
import { ownText } from '../frame-text.ts';
import { type Side, VenueQuotes } from './venue-quotes.ts';

/** Decimal text as the message has it; currencies have no sizes. */
export interface QuoteSides {
  readonly bid: string | null;
  readonly bidSize?: string | null;
  readonly ask: string | null;
  readonly askSize?: string | null;
}

/** What a message says of itself. */
export interface Said {
  readonly printed: Printed;
  /** Polygon's number of the exchange; null where it names none. */
  readonly venue: number | null;
  /** The exchange's own time, epoch ms. */
  readonly at: number;
}

/** `empty_side`: nobody bids or nobody asks at this venue. `unusable`: a price that has no place in the units. */
export type Taken = 'tick' | 'waits' | 'crossed' | 'empty_side' | 'unusable';

export class PolygonMarket {
  readonly spec: SymbolSpec;
  /** Prices with digits finer than the unit. */
  rounded = 0;
  /** No quotes will come. */
  #isTradesOnly = false;
  #venues = new VenueQuotes();
  #quote: { readonly bid: Side; readonly ask: Side } | null = null;
  #last: Side | null = null;
  /** The prices of the last tick as text: most ticks change one or two of the three. */
  readonly #texts = { bid: new UnitsText(), ask: new UnitsText(), last: new UnitsText() };

  constructor(spec: SymbolSpec) {
    this.spec = spec;
  }

  /** Which of both Polygon refuses to send: an old one of these would stand for ever. */
  withholds(quotes: boolean, trades: boolean): void {
    this.#isTradesOnly = quotes;
    if (quotes) {
      this.#venues = new VenueQuotes();
      this.#quote = null;
    }
    if (trades) this.#last = null;
  }

  /** `now`: receive time. A venue with one side only is left out until it has two again. */
  quote(venue: number, { bid, bidSize, ask, askSize }: QuoteSides, now: number): Taken {
    const bids = bid === null ? null : this.#read(bid, bidSize ?? '');
    const asks = ask === null ? null : this.#read(ask, askSize ?? '');
    if (bid === null || ask === null) {
      this.#venues.delete(venue);
      this.#quote = this.#venues.combined();
      return 'empty_side';
    }
    if (bids === null || asks === null) return 'unusable';
    if (bids.units > asks.units) return 'crossed';
    this.#venues.set(venue, bids, asks, now);
    this.#quote = this.#venues.combined();
    return 'tick';
  }

  trade(price: string): Taken {
    const last = this.#read(price, '');
    if (last === null) return 'unusable';
    this.#last = last;
    return this.#quote === null && !this.#isTradesOnly ? 'waits' : 'tick';
  }

  /**
   * The state as a tick, and what of it is new; null while it is not known whole. Where last is the middle of the quote all
   * of it is new with each quote.
   */
  tick(id: number, at: number, said?: Said): FeedTick | null {
    const { spec } = this;
    const bid = this.#quote === null ? this.#lastAsSide() : this.#quote.bid;
    const ask = this.#quote === null ? this.#lastAsSide() : this.#quote.ask;
    if (bid === null || ask === null) return null;
    const last = this.#last === null ? midOf(bid.units, ask.units) : this.#last.units;
    const { bid: bidText, ask: askText, last: lastText } = this.#texts;
    const quoted = this.#quote !== null;
    const tick = {
      id,
      bid: bid.units,
      ask: ask.units,
      last,
      at,
      bidSize: bid.size,
      askSize: ask.size,
      recordedAt: 0,
    };
    const bidSays = bid.text ?? bidText.of(bid.units, spec.unitExponent);
    const askSays = ask.text ?? askText.of(ask.units, spec.unitExponent);
    const lastSays = this.#last?.text ?? lastText.of(last, spec.unitExponent);
    if (said !== undefined && said.venue !== null && this.#last !== null) {
      // What nearly all are, made in one piece.
      return {
        spec,
        tick,
        bid: bidSays,
        ask: askSays,
        last: lastSays,
        quoted,
        // A trade alone is its own venue's price.
        combined: quoted,
        printed: said.printed,
        venueAt: said.at,
        venue: String(said.venue),
      };
    }
    const prices = { spec, tick, bid: bidSays, ask: askSays, last: lastSays, quoted, combined: quoted };
    if (said === undefined) return prices;
    const news = this.#last === null ? {} : { printed: said.printed };
    const whose = said.venue === null ? {} : { venue: String(said.venue) };
    return { ...prices, ...news, venueAt: said.at, ...whose };
  }

  #lastAsSide(): Side | null {
    return this.#isTradesOnly ? this.#last : null;
  }

  /** Null where it is no price in this symbol's units. */
  #read(text: string, size: string): Side | null {
    const price = readUnits(text, this.spec.unitExponent);
    if (price === null || price.units === 0) return null;
    if (price.rounded) this.rounded += 1;
    // Kept for as long as the quote stands, which must not keep its frame.
    return { units: price.units, text: ownText(price.text), size: ownText(size) };
  }
}

/** Text of units, kept until others are asked for. */
class UnitsText {
  #units = -1;
  #text = '';

  of(units: Units, exponent: number): string {
    if (units !== this.#units) {
      this.#units = units;
      this.#text = formatUnits(units, exponent);
    }
    return this.#text;
  }
}
