/**
 * The words of the trigger engine (design section 10).
 *
 * On the tick path a price is an integer count of the symbol's unit (`Units`): 10^-(decimals of the tick
 * size + 2), below 9 x 10^11, so doubles are exact in TypeScript, in Lua and as sorted-set scores.
 */

/** An integer count of a symbol's price unit. One door in: `shared/domain/triggers/units.ts`. */
export type Units = number & { readonly __brand: 'Units' };

/** Which price of a tick a level is compared with. */
export type PriceSource = 'bid' | 'ask' | 'last' | 'mid';

/** Where a tick's price comes from, and whether anything stood beside it to check it with (design section 11). */
export interface TickOrigin {
  /** The feed's name. */
  readonly feed: string;
  /** Made of a price in another currency. */
  readonly converted: boolean;
  /** False: neither a book nor a second source, so the rule on outliers was off. */
  readonly checked: boolean;
}

/** How far a venue's own numbers of its quotes and of its trades have come; -1 = none yet. */
export type VenueMark = readonly [quote: number, trade: number];

/** One price message, ordered, de-duplicated and filtered. A feed without quotes has bid = ask = last. */
export interface Tick {
  /** The feed's running number; never goes back for one symbol, also over restarts. Replay: the file's line. */
  readonly id: number;
  readonly bid: Units;
  readonly ask: Units;
  readonly last: Units;
  /** Receive time, epoch ms (the system's one clock). */
  readonly at: number;
  /** Sizes offered at bid and ask as decimal text; '' when the feed has none. */
  readonly bidSize: string;
  readonly askSize: string;
  /** The recording's own time, epoch ms; 0 when live. A label, never used to decide. */
  readonly recordedAt: number;
  /** Absent until the tick is let through, and of a tick that stands for a bar. */
  readonly origin?: TickOrigin;
  /** What of the venue's stream is in this tick or before it; absent where the source has no such numbers. */
  readonly mark?: VenueMark;
  /** From before the writer's lease, and nothing proves that the writer before had not applied it already. */
  readonly unproven?: true;
}

interface LevelFacts {
  /** `${ownerId}|${name}`, for instance `0Ab...|stop_loss`. */
  readonly member: string;
  /** The owner's level revision; an older one never overwrites a newer one. */
  readonly version: number;
  readonly source: PriceSource;
  /** Only ticks with a greater id count (the standing price is tested once, at arming). */
  readonly armedTick: number;
  /** When it was first armed, epoch ms; a rebuild looks at whole bars after this. */
  readonly armedAt: number;
}

/** Due when price <= level (falls) or price >= level (rises), wherever the last price was. */
export interface FixedLevel extends LevelFacts {
  readonly kind: 'fixed';
  readonly direction: 'falls' | 'rises';
  readonly price: Units;
}

/** Trailing distance: whole basis points of the peak, or whole units. */
export type Distance = { readonly bp: number } | { readonly units: Units };

/**
 * A trailing stop, held by its peak. `long`: the peak is the highest price since arming (or activation) and
 * the stop lies below it; `short`: mirrored, the peak is the lowest price.
 */
export interface TrailingLevel extends LevelFacts {
  readonly kind: 'trailing';
  readonly side: 'long' | 'short';
  readonly distance: Distance;
  /** Price at which trailing begins; null = at once. */
  readonly activation: Units | null;
  /** Best price known so far; null = start from the standing price (or, not yet activated, none). */
  readonly peak: Units | null;
}

export type Level = FixedLevel | TrailingLevel;

/** Why a level became a hit: a tick reached it, the standing price at arming did, or a rebuild found it. */
export type HitCause = 'tick' | 'armed' | 'rebuilt';

/** A level that a tick has reached. Everything a later decision has to record is in it. */
export interface Hit {
  readonly member: string;
  readonly version: number;
  readonly cause: HitCause;
  readonly source: PriceSource;
  /** The level as it stood when reached (for a trailing stop: the stop derived from the peak). */
  readonly level: Units;
  /** The price that reached it, by `source`. */
  readonly price: Units;
  /** Peak of a trailing stop when it was reached; null for fixed levels. */
  readonly peak: Units | null;
  readonly armedTick: number;
  /** The tick that reached it, whole. For a rebuilt hit: synthesised from the bar (id = its last tick). */
  readonly tick: Tick;
}

/** One second of prices of one symbol, per source, in units. `mid` is derived from bid and ask of each tick. */
export interface Bar {
  /** Epoch second. */
  readonly second: number;
  /** Prices of its first tick; left out where that is not known (written before opens were kept). */
  readonly open?: Readonly<Record<PriceSource, Units>>;
  readonly low: Readonly<Record<PriceSource, Units>>;
  readonly high: Readonly<Record<PriceSource, Units>>;
  readonly close: Readonly<Record<PriceSource, Units>>;
  readonly firstTick: number;
  readonly lastTick: number;
  /** Ticks in this second. */
  readonly count: number;
}

/**
 * The nearest level on each side per source: the streamer calls the script at once when a tick reaches one.
 * A price strictly between the two changes nothing at all. Levels that do not count yet (armed later than the
 * last tick) are not in it.
 */
export interface Nearest {
  /** Highest price at or below which something is due or, for a short trailing stop, moves; null = nothing. */
  readonly falls: Readonly<Record<PriceSource, Units | null>>;
  /**
   * Lowest price at or above which something is due or, for a long trailing stop, moves: its activation, or
   * one unit above the lowest armed peak.
   */
  readonly rises: Readonly<Record<PriceSource, Units | null>>;
}
