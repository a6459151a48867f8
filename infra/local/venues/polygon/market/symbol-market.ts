/** One symbol's market: its price now, its next trade or quote, its bars and what it remembers of them. */
import { type Random, seededRandom, seedFrom } from '../../../../../shared/feeds/prng.ts';
import { type Bar, BarBuilder, MINUTE_MS, SECOND_MS } from './bars.ts';
import { DayTotals, type Quote, type Trade } from './messages.ts';
import { pricePath } from './path.ts';
import { type SimSymbol, VENUES, type Venue } from './symbols.ts';

export interface Kept {
  readonly trades: number;
  readonly seconds: number;
  readonly minutes: number;
}

const MILLION = 1_000_000;
/** Half of the spread, in millionths of the price. */
const HALF_SPREAD = 50;
const FRACTION = 2 ** 32;
const TRADE_SHARE = 0.4;
const FOREX_GRAIN_MS = 1_000;
const KRAKEN = 23;

/** Keeps the newest `most`, dropping in chunks so that each addition stays cheap. */
function keep<T>(list: T[], most: number): void {
  if (list.length >= most * 2) list.splice(0, list.length - most);
}

export class SymbolMarket {
  readonly symbol: SimSymbol;
  readonly venues: readonly Venue[];
  readonly day = new DayTotals();
  readonly lastTrades: Trade[] = [];
  readonly lastQuotes: Quote[] = [];
  readonly seconds: Bar[] = [];
  readonly minutes: Bar[] = [];
  readonly second = new BarBuilder(SECOND_MS);
  readonly minute = new BarBuilder(MINUTE_MS);
  private readonly path: (time: number) => number;
  private readonly random: Random;
  private readonly kept: Kept;
  private held: number | null = null;
  private scale = 1;
  private sequence = 0;
  private readonly idBase: number;

  constructor(symbol: SimSymbol, seed: number, startedAt: number, kept: Kept) {
    this.symbol = symbol;
    this.venues = VENUES[symbol.cluster];
    this.path = pricePath(symbol, seed);
    this.random = seededRandom(seedFrom(`${seed}:${symbol.name}:ticks`));
    this.kept = kept;
    // Seconds since 2026 as millions: ids of a later run are higher, and stay whole numbers below 2^53.
    this.idBase = Math.max(0, Math.trunc(startedAt / SECOND_MS) - 1_767_225_600) * MILLION;
  }

  /** The path alone, without what was set by hand: the past before the simulator began. */
  readonly historic = (time: number): number => this.path(time);

  priceAt(time: number): number {
    return this.held ?? Math.max(1, Math.round(this.path(time) * this.scale));
  }

  /** `hold`: it stays exactly there, at all venues, until `follow`; else the path goes on from there. */
  set(price: number, hold: boolean, now: number): void {
    this.held = hold ? price : null;
    this.scale = price / this.path(now);
  }

  /** Goes on from the path: where it was held, or (`home`) as if nothing had been set. */
  follow(home: boolean): void {
    this.held = null;
    if (home) this.scale = 1;
  }

  private chance(): number {
    return this.random() / FRACTION;
  }

  private pick(): Venue {
    const at = Math.floor(this.chance() * this.venues.length);
    return this.venues[at] ?? { id: 0, name: '', delayMs: 0, offset: 0 };
  }

  /** Whether the next message is a trade. Forex has none. */
  nextIsTrade(): boolean {
    return this.symbol.cluster !== 'forex' && this.chance() < TRADE_SHARE;
  }

  private sides(venue: Venue, now: number): { bid: number; ask: number } {
    const price = this.priceAt(now);
    const middle = this.held === null ? price + Math.round((price * venue.offset) / MILLION) : price;
    const half = Math.max(1, Math.round((price * HALF_SPREAD) / MILLION));
    return { bid: Math.max(1, middle - half), ask: Math.max(2, middle + half) };
  }

  trade(now: number, venue: Venue = this.pick()): Trade {
    const isBuy = this.chance() < 0.5;
    const { bid, ask } = this.sides(venue, now);
    const side = isBuy ? ask : bid;
    this.sequence += 1;
    const trade: Trade = {
      id: this.idOf(venue),
      venue: venue.id,
      price: this.held ?? side,
      size: this.size(),
      condition: isBuy ? 2 : 1,
      t: now - venue.delayMs,
      r: now,
      sequence: this.sequence,
    };
    this.lastTrades.push(trade);
    keep(this.lastTrades, this.kept.trades);
    return trade;
  }

  quote(now: number, venue: Venue = this.pick()): Quote {
    const { bid, ask } = this.sides(venue, now);
    this.sequence += 1;
    const isForex = this.symbol.cluster === 'forex';
    const quote: Quote = {
      venue: venue.id,
      bid,
      ask,
      bidSize: this.size(),
      askSize: this.size(),
      t: isForex ? Math.floor(now / FOREX_GRAIN_MS) * FOREX_GRAIN_MS : now - venue.delayMs,
      r: now,
      sequence: this.sequence,
    };
    this.lastQuotes.push(quote);
    keep(this.lastQuotes, this.kept.trades);
    return quote;
  }

  /** Into the bars. @returns the bars that are closed by it */
  count(time: number, price: number, size: number): readonly Bar[] {
    this.day.add(time, price, size);
    const second = this.second.add(time, price, size);
    const minute = this.minute.add(time, price, size);
    return second === null && minute === null ? [] : this.remember(second, minute);
  }

  /** @returns the bars whose interval is over */
  closeBars(time: number): readonly Bar[] {
    return this.remember(this.second.closeAt(time), this.minute.closeAt(time));
  }

  private remember(second: Bar | null, minute: Bar | null): readonly Bar[] {
    if (second !== null) this.seconds.push(second);
    if (minute !== null) this.minutes.push(minute);
    keep(this.seconds, this.kept.seconds);
    keep(this.minutes, this.kept.minutes);
    return [second, minute].filter((bar) => bar !== null);
  }

  /** A bar that is told anew, in what REST answers too. */
  replace(bar: Bar): void {
    const list = bar.width === SECOND_MS ? this.seconds : this.minutes;
    const at = list.findLastIndex(({ s }) => s === bar.s);
    if (at >= 0) list[at] = bar;
  }

  /** A late trade for a bar that is told anew: one unit beyond its end, so that its values change. */
  lateTrade(): { readonly beyond: number; readonly size: number } {
    return { beyond: this.chance() < 0.5 ? 1 : -1, size: this.size() };
  }

  chanceOf(probability: number): boolean {
    return this.chance() < probability;
  }

  between(least: number, most: number): number {
    return least + Math.floor(this.chance() * (most - least));
  }

  private size(): number {
    const share = this.chance();
    // Mostly small, sometimes large: the square of a uniform value.
    if (this.symbol.cluster === 'crypto') return 1 + Math.floor(share * share * 200_000_000);
    return this.symbol.cluster === 'stocks' ? 1 + Math.floor(share * share * 500) : 0;
  }

  /** Unique for the venue: digits, or for Kraken a UUID. */
  private idOf({ id }: Venue): string {
    const number = this.idBase + this.sequence;
    if (id !== KRAKEN || this.symbol.cluster !== 'crypto') return String(number);
    const hex = number.toString(16).padStart(16, '0');
    const name = seedFrom(this.symbol.name).toString(16).padStart(8, '0');
    return `${name}-${hex.slice(0, 4)}-4${hex.slice(4, 7)}-8${hex.slice(7, 10)}-000000${hex.slice(10)}`;
  }
}
