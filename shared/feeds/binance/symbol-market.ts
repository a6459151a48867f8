/**
 * One symbol's best prices and last trade, and the ticks they make (design section 11).
 *
 * Always true:
 * - bid, ask and last are kept apart, and no tick leaves before all three are known;
 * - what two sessions of a renewed connection bring twice, or late, counts once;
 * - prices go from the venue's text to units exactly.
 */
import type { Printed } from '../../domain/prices/price-tick.ts';
import type { SymbolSpec } from '../../domain/symbols.ts';
import { readUnits, type UnitsPrice } from '../../domain/triggers/units.ts';
import type { FeedTick } from '../../ports/feed.ts';
import type { QuoteMessage, TradeMessage } from './usual-frame.ts';

interface Quote {
  readonly bid: UnitsPrice;
  readonly ask: UnitsPrice;
  readonly bidSize: string;
  readonly askSize: string;
}

/**
 * `duplicate`: what was taken last, again. `old`: others have overtaken it. `empty_side`: the book has no bid or no ask.
 * `unusable`: no price of this symbol.
 */
export type Taken = 'tick' | 'waits' | 'duplicate' | 'old' | 'empty_side' | 'not_positive' | 'unusable';

/** Ids that fall after so long a pause belong to a venue that began anew (a testnet is reset each month). */
const RESTART_AFTER_MS = 5_000;

const isBelowZero = (text: string): boolean => /^-\d/.test(text);

export class SymbolMarket {
  readonly spec: SymbolSpec;
  /** Prices with digits finer than the unit. */
  rounded = 0;
  #quote: Quote | null = null;
  #last: UnitsPrice | null = null;
  #updateId = -1;
  #quotedAt = Number.NEGATIVE_INFINITY;
  #tradeId = -1;
  #tradedAt = Number.NEGATIVE_INFINITY;

  constructor(spec: SymbolSpec) {
    this.spec = spec;
  }

  /** No trade has been seen yet. */
  get needsLast(): boolean {
    return this.#last === null;
  }

  /** The last price as it was before the stream; a trade that came meanwhile wins. */
  seed(price: string): Taken {
    if (this.#last !== null) return 'old';
    this.#last = this.#read(price);
    if (this.#last === null) return 'unusable';
    return this.#quote === null ? 'waits' : 'tick';
  }

  /** `now`: receive time. A book ticker has no time of its own. */
  quote(message: QuoteMessage, now: number): Taken {
    if (message.updateId <= this.#updateId && now - this.#quotedAt < RESTART_AFTER_MS)
      return message.updateId === this.#updateId ? 'duplicate' : 'old';
    this.#updateId = message.updateId;
    this.#quotedAt = now;
    const bid = this.#read(message.bid);
    const ask = this.#read(message.ask);
    if (bid === null || ask === null)
      return isBelowZero(message.bid) || isBelowZero(message.ask) ? 'not_positive' : 'unusable';
    if (bid.units === 0 || ask.units === 0) return 'empty_side';
    this.#quote = { bid, ask, bidSize: message.bidSize, askSize: message.askSize };
    return this.#last === null ? 'waits' : 'tick';
  }

  trade(message: TradeMessage, now: number): Taken {
    if (message.tradeId <= this.#tradeId && now - this.#tradedAt < RESTART_AFTER_MS)
      return message.tradeId === this.#tradeId ? 'duplicate' : 'old';
    this.#tradeId = message.tradeId;
    this.#tradedAt = now;
    const last = this.#read(message.price);
    if (last === null) return isBelowZero(message.price) ? 'not_positive' : 'unusable';
    if (last.units === 0) return 'not_positive';
    this.#last = last;
    return this.#quote === null ? 'waits' : 'tick';
  }

  /** The state as a tick, and what of it is new; null before all prices are known. */
  tick(id: number, at: number, printed?: Printed): FeedTick | null {
    const { spec } = this;
    const quote = this.#quote;
    const last = this.#last;
    if (quote === null || last === null) return null;
    const { bid, ask, bidSize, askSize } = quote;
    const mark = [this.#updateId, this.#tradeId] as const;
    const tick = {
      id,
      bid: bid.units,
      ask: ask.units,
      last: last.units,
      at,
      bidSize,
      askSize,
      recordedAt: 0,
      mark,
    };
    return printed === undefined
      ? { spec, tick, bid: bid.text, ask: ask.text, last: last.text, quoted: true }
      : { spec, tick, bid: bid.text, ask: ask.text, last: last.text, quoted: true, printed };
  }

  #read(text: string): UnitsPrice | null {
    const price = readUnits(text, this.spec.unitExponent);
    if (price?.rounded) this.rounded += 1;
    return price;
  }
}
