/** What the process under load saw with its own eyes, against what the cache has at the end. */
import type { Bar, Hit, Tick, Units } from '../../../shared/domain/triggers/types.ts';
import { dipUnits, type LoadPlan, type LoadTold, levelOf } from './plan.ts';

type Extremes = Record<'bid' | 'ask' | 'last', { low: number; high: number }>;
const SIDES = ['bid', 'ask', 'last'] as const;
/** Of mistakes of one kind so many are told; all are counted. */
const TOLD = 3;

export class LoadCheck {
  readonly #nthOf: ReadonlyMap<string, number>;
  readonly #dips: number;
  readonly #comparedSeconds: number;
  readonly #seen = new Set<string>();
  /** By symbol and second of receipt: computed from each tick by itself, not by the code under test. */
  readonly #extremes = new Map<string, Map<number, Extremes>>();
  /** How many of a symbol's levels have been reached. */
  readonly #reached: number[];
  readonly #readable: number[] = [];
  readonly #hits: number[] = [];
  readonly #wrong: string[] = [];
  #measures = false;
  #ticks = 0;
  #mistakes = 0;
  #fromSecond = Number.POSITIVE_INFINITY;
  #toSecond = 0;
  #compared = 0;

  constructor(
    symbols: readonly string[],
    { dips, comparedSeconds }: Pick<LoadPlan, 'dips' | 'comparedSeconds'>,
  ) {
    this.#nthOf = new Map(symbols.map((symbol, nth) => [symbol, nth]));
    this.#dips = dips;
    this.#comparedSeconds = comparedSeconds;
    this.#reached = symbols.map(() => 0);
  }

  /** Symbols that have had a price. */
  get seen(): number {
    return this.#seen.size;
  }

  get measures(): boolean {
    return this.#measures;
  }

  begin(): void {
    this.#measures = true;
    this.#fromSecond = Math.floor(Date.now() / 1000) + 1;
  }

  end(): void {
    this.#measures = false;
    this.#toSecond = Math.floor(Date.now() / 1000) - 1;
    // Those before may be gone, of some symbols the last of them too.
    this.#fromSecond = Math.max(this.#fromSecond, this.#toSecond - this.#comparedSeconds + 2);
  }

  took(symbol: string, { at, bid, ask, last }: Tick): void {
    this.#seen.add(symbol);
    if (!this.#measures) return;
    this.#ticks += 1;
    const second = Math.floor(at / 1000);
    let bySecond = this.#extremes.get(symbol);
    if (bySecond === undefined) {
      bySecond = new Map();
      this.#extremes.set(symbol, bySecond);
    }
    const known = bySecond.get(second);
    if (known === undefined) {
      const one = (price: Units) => ({ low: price, high: price });
      bySecond.set(second, { bid: one(bid), ask: one(ask), last: one(last) });
      for (const old of bySecond.keys()) {
        if (old > second - this.#comparedSeconds) break;
        bySecond.delete(old);
      }
      return;
    }
    widen(known.bid, bid);
    widen(known.ask, ask);
    widen(known.last, last);
  }

  /** A batch is in the cache. `hits`: what it made; null = it may have been there already, its first answer was lost. */
  applied(symbol: string, ticks: readonly Tick[], hits: number | null, now: number): void {
    const nth = this.#nthOf.get(symbol) ?? 0;
    const before = this.#reached[nth] ?? 0;
    let reached = before;
    for (const { at, bid } of ticks) {
      if (this.#measures) this.#readable[now - at] = (this.#readable[now - at] ?? 0) + 1;
      for (; reached < this.#dips && bid <= levelOf(nth, reached); reached += 1) this.#hits.push(now - at);
    }
    this.#reached[nth] = reached;
    if (hits !== null && reached - before !== hits) {
      this.#mistake(`${symbol}: a batch that reaches ${reached - before} levels made ${hits} hits`);
    }
  }

  compareBars(symbol: string, bars: readonly Bar[]): void {
    const kept = new Map(bars.map((bar) => [bar.second, bar]));
    for (const [second, seen] of this.#extremes.get(symbol) ?? []) {
      if (second < this.#fromSecond || second > this.#toSecond) continue;
      this.#compared += 1;
      const bar = kept.get(second);
      const isSame = SIDES.every(
        (side) => bar?.low[side] === seen[side].low && bar.high[side] === seen[side].high,
      );
      if (!isSame) this.#mistake(`${symbol}: the bar of second ${second} is not that of its ticks`);
    }
  }

  compareHits(symbol: string, hits: readonly Hit[]): void {
    const nth = this.#nthOf.get(symbol) ?? 0;
    const found = new Map(hits.map(({ member, price }) => [member, price]));
    for (let dip = 0; dip < this.#dips; dip += 1) {
      const price = found.get(`${dip}|stop_loss`);
      if (price !== dipUnits(nth, dip))
        this.#mistake(`${symbol}: level ${dip} was hit at ${price ?? 'no price'}`);
    }
    if (hits.length !== this.#dips) this.#mistake(`${symbol}: ${hits.length} hits for ${this.#dips} levels`);
  }

  result(): Pick<LoadTold, 'ticks' | 'readable' | 'hits' | 'wrong' | 'secondsCompared'> {
    const more = this.#mistakes - this.#wrong.length;
    return {
      ticks: this.#ticks,
      readable: Array.from(this.#readable, (count) => count ?? 0),
      hits: this.#hits,
      wrong: more > 0 ? [...this.#wrong, `and ${more} more`] : this.#wrong,
      secondsCompared: this.#compared,
    };
  }

  #mistake(what: string): void {
    this.#mistakes += 1;
    if (this.#wrong.length < TOLD) this.#wrong.push(what);
  }
}

function widen(extremes: { low: number; high: number }, price: number): void {
  if (price < extremes.low) extremes.low = price;
  if (price > extremes.high) extremes.high = price;
}
