/** Trades that were seen, in bounded memory: what comes twice, also over a reconnect, counts once. */
import { NumberSet } from '../number-set.ts';
import type { CryptoTrade, StockTrade } from './messages.ts';

/** Of each of two generations; together they hold the last [50,000 .. 100,000] trades. */
const GENERATION = 50_000;

/** Keys of one instrument's trades: numbers where ids are numbers, which most are. */
class Keys {
  readonly #numbers = new NumberSet();
  #texts: Set<string> | null = null;

  has(key: string | number): boolean {
    return typeof key === 'number' ? this.#numbers.has(key) : this.#texts?.has(key) === true;
  }

  add(key: string | number): void {
    if (typeof key === 'number') this.#numbers.add(key);
    else {
      this.#texts ??= new Set();
      this.#texts.add(copyOf(key));
    }
  }
}

interface OfInstrument {
  recent: Keys | null;
  older: Keys | null;
}

/** Digits of an id that is a number here. */
const MOST_DIGITS = 10;
const ZERO = 48;
/** Below this a venue and a facility are parts of one exact number with the id. */
const PARTS = 500;

export class SeenTrades {
  readonly #instruments = new Map<string, OfInstrument>();
  #count = 0;
  readonly #generation: number;

  constructor(generation = GENERATION) {
    this.#generation = generation;
  }

  /** False when it was seen before. An id is its venue's own; where there is none, the trade's facts stand for it. */
  isNew(trade: CryptoTrade | StockTrade): boolean {
    const { name } = trade;
    const key = keyOf(trade);
    let keys = this.#instruments.get(name);
    if (keys === undefined) {
      keys = { recent: null, older: null };
      this.#instruments.set(copyOf(name), keys);
    }
    if (keys.recent?.has(key) || keys.older?.has(key)) return false;
    keys.recent ??= new Keys();
    keys.recent.add(key);
    this.#count += 1;
    if (this.#count >= this.#generation) this.#age();
    return true;
  }

  #age(): void {
    this.#count = 0;
    for (const [name, keys] of this.#instruments) {
      if (keys.recent === null) this.#instruments.delete(name);
      keys.older = keys.recent;
      keys.recent = null;
    }
  }
}

/** A part of a frame's text keeps all of the frame in memory. */
const copyOf = (text: string): string => Buffer.from(text).toString();

function keyOf(trade: CryptoTrade | StockTrade): string | number {
  const { venue, id, at, price, size } = trade;
  const facility = trade.ev === 'T' ? trade.facility : null;
  if (id === null) return `${venue}|=${at}|${price}|${size}`;
  const [of = 0, by = 0] = [venue === null ? 0 : venue + 1, facility === null ? 0 : facility + 1];
  const number = numberOf(id);
  if (number >= 0 && of < PARTS && by < PARTS && of >= 0 && by >= 0)
    return (number * PARTS + of) * PARTS + by;
  return `${venue}|${facility ?? ''}|${id}`;
}

/** Of an id of up to ten digits that says no more than its number; -1 = it is another one. */
function numberOf(id: string): number {
  if (id.length === 0 || id.length > MOST_DIGITS || (id.length > 1 && id.charCodeAt(0) === ZERO)) return -1;
  let number = 0;
  for (let at = 0; at < id.length; at += 1) {
    const digit = id.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}
