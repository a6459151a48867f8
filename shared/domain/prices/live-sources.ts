/**
 * How two live sources are named together in settings (FEED, FEED_POLICIES; docs/prices.md): the one that triggers,
 * then the one that checks and takes over when the first one is stale. Pure.
 *
 *   binance            only Binance
 *   binance+polygon    Binance triggers, Polygon checks
 *   polygon+binance    the other way round
 */
export const LIVE_SOURCES = ['binance', 'polygon'] as const;
export type LiveSource = (typeof LIVE_SOURCES)[number];

/** In the order in which they may trigger; never twice the same. */
export type LiveSources = readonly [LiveSource] | readonly [LiveSource, LiveSource];

/** By symbol, what is not as FEED says. */
export type LivePolicies = ReadonlyMap<string, LiveSources>;

const isLiveSource = (text: string | undefined): text is LiveSource =>
  LIVE_SOURCES.some((name) => name === text);

/** Null: not the name of a live source, or of two different ones. */
export function parseLiveSources(text: string): LiveSources | null {
  const [first, second, ...more] = text.split('+');
  if (!isLiveSource(first) || more.length > 0) return null;
  if (second === undefined) return [first];
  return isLiveSource(second) && second !== first ? [first, second] : null;
}

/** Reads `BTC/USDT=polygon+binance,AAPL=polygon`; null where it says anything else, or a symbol twice. */
export function parseLivePolicies(text: string): LivePolicies | null {
  const policies = new Map<string, LiveSources>();
  for (const part of text.split(',').flatMap((one) => one.trim() || [])) {
    const [symbol = '', sources = '', ...more] = part.split('=').map((word) => word.trim());
    const order = parseLiveSources(sources);
    if (symbol === '' || order === null || more.length > 0 || policies.has(symbol)) return null;
    policies.set(symbol, order);
  }
  return policies;
}
