/** What the mixer knows of one symbol: each source's last prices, and how one becomes the other. */

import { Decimal, decimal } from '../../domain/money/decimal.ts';
import { BASIS_DEFAULTS, type Basis, VenuePrices } from '../../domain/prices/basis.ts';
import type { Session } from '../../domain/prices/freshness.ts';
import type { SourcePolicy, SourceRole } from '../../domain/prices/source-policy.ts';
import type { SymbolSpec } from '../../domain/symbols.ts';
import { midOf } from '../../domain/triggers/rules.ts';
import type { Units } from '../../domain/triggers/types.ts';
import { decimalToUnits, formatUnits, unitsToDecimal } from '../../domain/triggers/units.ts';
import type { FeedTick } from '../../ports/feed.ts';

/** A symbol at the second source. */
export interface SecondName {
  /** Its name there, for instance `BTC/USD`. */
  readonly symbol: string;
  /** The pair there that prices our quote currency in its own, for instance `USDT/USD`; null = the same currency. */
  readonly rate: string | null;
}

const SIDES = ['bid', 'ask', 'last'] as const;
const ONE = new Decimal(1);

const middleOf = ({ bid, ask, last, quoted }: FeedTick): Decimal =>
  quoted ? decimal(bid).plus(decimal(ask)).dividedBy(2) : decimal(last);

/** Whose price it is. What several venues are put together to already is one, whoever spoke last. */
const marketOf = ({ venue = '', combined = false }: FeedTick): string => (combined ? '' : venue);

/** What does not change while it is followed. */
export interface MixedFacts {
  readonly spec: SymbolSpec;
  readonly second: SecondName | null;
  readonly policy: SourcePolicy;
  readonly session: Session;
  readonly basis: Basis;
  /** Since when both sources are asked for it, epoch ms. */
  readonly since: number;
}

export class MixedSymbol {
  readonly spec: SymbolSpec;
  readonly second: SecondName | null;
  readonly policy: SourcePolicy;
  readonly session: Session;
  readonly basis: Basis;
  readonly since: number;
  venueAt: number | null = null;
  secondAt: number | null = null;
  secondKind: 'quotes' | 'trades' = 'trades';
  /** Who was last chosen to give ticks. */
  triggeredBy: SourceRole | null = null;
  /** False: the venue does not trade it. */
  isAtVenue = true;
  /** The pipeline has been given a price to check with. */
  hasCheck = false;
  #venue: FeedTick | null = null;
  readonly #prices = Object.fromEntries(
    SIDES.map((side) => [side, new VenuePrices(BASIS_DEFAULTS.priceMs)]),
  ) as Readonly<Record<(typeof SIDES)[number], VenuePrices>>;

  constructor({ spec, second, policy, session, basis, since }: MixedFacts) {
    this.spec = spec;
    this.second = second;
    this.policy = policy;
    this.session = session;
    this.basis = basis;
    this.since = since;
  }

  /** Whether the source that is preferred has the symbol at all. */
  get hasFirst(): boolean {
    return this.policy[0] === 'venue' ? this.isAtVenue : this.second !== null;
  }

  static putRate(basis: Basis, tick: FeedTick): void {
    basis.rate(marketOf(tick), middleOf(tick), tick.tick.at);
  }

  /** The venue's price in the middle of its book, or its last one. */
  get venuePrice(): Units | null {
    return this.#venue === null ? null : this.middle(this.#venue);
  }

  middle({ tick, quoted }: FeedTick): Units {
    return quoted ? midOf(tick.bid, tick.ask) : tick.last;
  }

  /** False: the source repeats itself. */
  takeVenue(tick: FeedTick): boolean {
    if (this.#venue !== null && tick.tick.id <= this.#venue.tick.id) return false;
    this.#venue = tick;
    this.venueAt = tick.tick.at;
    return true;
  }

  takeSecond(tick: FeedTick): void {
    for (const side of SIDES) this.#prices[side].put(marketOf(tick), decimal(tick[side]), tick.tick.at);
    this.secondAt = tick.tick.at;
    this.secondKind = tick.quoted ? 'quotes' : 'trades';
  }

  /** The source has no connection: on the next one its price counts again with the first that it tells. */
  gone(role: SourceRole): void {
    if (role === 'venue') this.venueAt = null;
    else this.secondAt = null;
  }

  /** By what the second source's price is multiplied; null = it cannot be converted now. */
  factor(now: number): Decimal | null {
    if (this.second === null) return null;
    if (this.second.rate === null) return ONE;
    const factor = this.basis.factor(now);
    return factor.ok ? factor.value : null;
  }

  /** Both prices of this moment, for the basis; only while the venue lives. */
  sample(now: number): void {
    const venue = this.#venue;
    const foreign = this.#prices.last.median(now);
    if (this.second === null || this.second.rate === null || venue === null || foreign === null) return;
    this.basis.sample(
      unitsToDecimal(this.middle(venue), this.spec.unitExponent),
      this.#middle(now) ?? foreign,
      now,
    );
  }

  /** The second source's price over its venues, as one of this symbol; null = it cannot be. */
  converted(tick: FeedTick, now: number, feed: string): FeedTick | null {
    const factor = this.factor(now);
    if (factor === null) return null;
    const { unitExponent } = this.spec;
    const units: Record<string, Units> = {};
    for (const side of SIDES) {
      const median = this.#prices[side].median(now);
      const price = median === null ? null : decimalToUnits(median.times(factor), unitExponent, 'half_even');
      if (price === null || !price.ok) return null;
      units[side] = price.value;
    }
    const { bid, ask, last } = units as Record<(typeof SIDES)[number], Units>;
    return {
      ...tick,
      spec: this.spec,
      // Sizes of one venue say nothing about the middle of several.
      tick: { ...tick.tick, bid, ask, last, bidSize: '', askSize: '' },
      ...{ bid: formatUnits(bid, unitExponent), ask: formatUnits(ask, unitExponent) },
      last: formatUnits(last, unitExponent),
      feed,
      converted: this.second?.rate !== null,
    };
  }

  #middle(now: number): Decimal | null {
    const bid = this.#prices.bid.median(now);
    const ask = this.#prices.ask.median(now);
    return bid === null || ask === null ? null : bid.plus(ask).dividedBy(2);
  }
}
