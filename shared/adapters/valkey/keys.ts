/** Cache keys (design section 16). Braces are hash tags: all keys of a symbol lie in one slot. */
export const priceKey = (symbol: string): string => `price:{${symbol}}`;
export const quoteKey = (symbol: string): string => `quote:{${symbol}}`;
export const tapeKey = (symbol: string): string => `tape:{${symbol}}`;
export const epochKey = (symbol: string): string => `epoch:{${symbol}}`;
export const stateKey = (symbol: string): string => `state:{${symbol}}`;
export const hitsKey = (symbol: string): string => `hits:{${symbol}}`;
export const hitKey = (symbol: string): string => `hit:{${symbol}}`;
export const struckKey = (symbol: string): string => `struck:{${symbol}}`;
export const levelsKey = (symbol: string): string => `levels:{${symbol}}`;

/** KEYS[1..10] of index.lua, in its order. */
export const indexKeys = (symbol: string): readonly string[] => [
  epochKey(symbol),
  stateKey(symbol),
  levelsKey(symbol),
  hitsKey(symbol),
  hitKey(symbol),
  struckKey(symbol),
  `wait:{${symbol}}`,
  `falls:{${symbol}}`,
  `rises:{${symbol}}`,
  `trail:{${symbol}}`,
];

/** Symbols of a shard that ever had levels since the cache was filled. */
export const armedKey = (shard: number): string => `armed:${shard}`;
/** A sorted set by when a symbol was last wanted. */
export const wantedKey = 'feed:wanted_at';
export const leaseKey = (name: string): string => `lease:{${name}}`;
export const fenceKey = (name: string): string => `fence:{${name}}`;
export const holderKey = (name: string): string => `holder:{${name}}`;
