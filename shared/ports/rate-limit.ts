/** How many requests somebody may still send (docs/authorization.md); not the budget towards an exchange (rate-budget.ts). */

export interface RateBucket {
  /** Whose, and of which kind of request. */
  readonly name: string;
  readonly perMinute: number;
  /** So many at once, when nothing was sent for a while. */
  readonly burst: number;
}

export interface RateStand {
  readonly remaining: number;
  readonly fullInMs: number;
  /** 0: the next one is let in now. */
  readonly nextInMs: number;
}

export interface RateLimits {
  /**
   * Takes one request from all of `owner`'s buckets, or from none. Stands are in their order. Throws when it cannot be
   * told.
   */
  take(
    owner: string,
    buckets: readonly RateBucket[],
    now: number,
  ): Promise<{ readonly taken: boolean; readonly stands: readonly RateStand[] }>;
}
