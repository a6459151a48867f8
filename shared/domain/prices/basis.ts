/**
 * A price in dollars as one in USDT (design section 11): Polygon has no USDT pairs. Pure.
 *
 *   price in USDT = price in USD / R x basis        R = USDT in USD; basis = venue's price / (price in USD / R)
 *
 * R is the median of the venues that were heard of within [60 s], the price in USD that of the last [10 s], so one
 * venue's wrong print moves neither where there are three. The basis is the median of the last [60] samples, at most one a second,
 * taken while both sources live: it is the premium that is left between the exchanges. A median of an odd number is one
 * of its members and of an even number half of two: nothing is rounded in between. A quotient has 34 digits.
 *
 * The guard: no conversion without a fresh R, when R is further than [1 %] from 1 (the peg is lost), or when the basis
 * is further than [1 %] from 1 (the two markets are not one).
 */
import { Decimal } from '../money/decimal.ts';
import { err, ok, type Result } from '../result.ts';

export interface BasisSettings {
  /** [60 s] */
  readonly freshMs: number;
  /** [10 s] A venue's price in USD counts among the others for so long. */
  readonly priceMs: number;
  /** [60] */
  readonly samples: number;
  /** [1 s] */
  readonly everyMs: number;
  /** [100 bp] */
  readonly guardBp: number;
}

export const BASIS_DEFAULTS: BasisSettings = {
  freshMs: 60_000,
  priceMs: 10_000,
  samples: 60,
  everyMs: 1_000,
  guardBp: 100,
};

/** Why a price cannot be converted now. */
export type BasisProblem = 'no_rate' | 'rate_off_peg' | 'basis_too_wide';

/** The middle one, or half of the two in the middle. Throws on none. */
export function medianOf(values: readonly Decimal[]): Decimal {
  const sorted = values.toSorted((a, b) => a.comparedTo(b));
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new Error('no values');
  return upper === lower ? upper : upper.plus(lower).dividedBy(2);
}

/** The newest price of each venue; what is old does not count. */
export class VenuePrices {
  readonly #freshMs: number;
  readonly #prices = new Map<string, { readonly price: Decimal; readonly at: number }>();

  constructor(freshMs: number) {
    this.#freshMs = freshMs;
  }

  put(venue: string, price: Decimal, at: number): void {
    this.#prices.set(venue, { price, at });
  }

  /** The median over the venues; null = none is fresh. */
  median(now: number): Decimal | null {
    const fresh = [...this.#prices.values()].filter(({ at }) => now - at <= this.#freshMs);
    return fresh.length === 0 ? null : medianOf(fresh.map(({ price }) => price));
  }
}

export class Basis {
  readonly #settings: BasisSettings;
  readonly #rates: VenuePrices;
  readonly #samples: Decimal[] = [];
  #sampledAt = Number.NEGATIVE_INFINITY;
  #basis = new Decimal(1);

  constructor(settings: BasisSettings = BASIS_DEFAULTS) {
    this.#settings = settings;
    this.#rates = new VenuePrices(settings.freshMs);
  }

  /** 1 until both sources were seen together. */
  get basis(): Decimal {
    return this.#basis;
  }

  /** A price of USDT in USD. */
  rate(venue: string, price: Decimal, at: number): void {
    this.#rates.put(venue, price, at);
  }

  /** Both sources' prices of one moment. */
  sample(venuePrice: Decimal, foreignPrice: Decimal, now: number): void {
    const rate = this.#rates.median(now);
    if (rate === null || now - this.#sampledAt < this.#settings.everyMs) return;
    this.#sampledAt = now;
    this.#samples.push(venuePrice.times(rate).dividedBy(foreignPrice));
    if (this.#samples.length > this.#settings.samples) this.#samples.shift();
    this.#basis = medianOf(this.#samples);
  }

  /** By what a price in USD is multiplied to be one in USDT. */
  factor(now: number): Result<Decimal, BasisProblem> {
    const rate = this.#rates.median(now);
    if (rate === null) return err('no_rate');
    if (this.#isOff(rate)) return err('rate_off_peg');
    return this.#isOff(this.#basis) ? err('basis_too_wide') : ok(this.#basis.dividedBy(rate));
  }

  #isOff(ratio: Decimal): boolean {
    return ratio.minus(1).abs().times(10_000).greaterThan(this.#settings.guardBp);
  }
}
