/** Why a venue takes an order not: the same words for every venue (venues/<venue> translate). */
export type VenueRefusalCode =
  | 'insufficient_balance'
  | 'unknown_symbol'
  /** Halt, break, cancel only, no trading phase. */
  | 'market_closed'
  /** `filter` says which one. */
  | 'filter'
  | 'would_trigger'
  /** A limit-maker order that would take. */
  | 'would_match'
  | 'duplicate'
  | 'no_price'
  | 'no_liquidity'
  /** The key or its signature is not accepted. */
  | 'auth'
  /** The account or this symbol for it. */
  | 'permission'
  /** The venue finds the request itself wrong: type, parameter, combination. */
  | 'invalid'
  | 'other';
