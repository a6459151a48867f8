/** Trades that were seen, in bounded memory: what comes twice, also over a reconnect, counts once. */
import type { CryptoTrade, StockTrade } from './messages.ts';

/** Of each of two generations; together they hold the last [50,000 .. 100,000] trades. */
const GENERATION = 50_000;

export class SeenTrades {
  #recent = new Set<string>();
  #older = new Set<string>();
  readonly #generation: number;

  constructor(generation = GENERATION) {
    this.#generation = generation;
  }

  /** False when it was seen before. An id is its venue's own; where there is none, the trade's facts stand for it. */
  isNew(trade: CryptoTrade | StockTrade): boolean {
    const { name, venue, id, at, price, size } = trade;
    const facility = trade.ev === 'T' ? trade.facility : null;
    const key =
      id === null ? `${name}|${venue}|=${at}|${price}|${size}` : `${name}|${venue}|${facility ?? ''}|${id}`;
    if (this.#recent.has(key) || this.#older.has(key)) return false;
    // A copy: a part of a frame's text keeps all of the frame in memory.
    this.#recent.add(Buffer.from(key).toString());
    if (this.#recent.size >= this.#generation) {
      this.#older = this.#recent;
      this.#recent = new Set();
    }
    return true;
  }
}
