/**
 * Makes the configured feed or feeds, so that it goes on behind what an earlier run, or this process while it stood by,
 * handed on.
 */
import type { LiveSource, LiveSources } from '../../shared/domain/prices/live-sources.ts';
import type { SourcePolicy, SourceRole } from '../../shared/domain/prices/source-policy.ts';
import type { SymbolRegistry } from '../../shared/domain/symbols.ts';
import { createBinanceFeed } from '../../shared/feeds/binance/binance-feed.ts';
import { createPolygonFeed } from '../../shared/feeds/polygon/polygon-feed.ts';
import { createReplayFeed } from '../../shared/feeds/replay.ts';
import { createSyntheticFeed } from '../../shared/feeds/synthetic.ts';
import type { OpenConnection } from '../../shared/ports/connection.ts';
import type { Feed } from '../../shared/ports/feed.ts';
import type { Clock, Log } from '../../shared/ports/runtime.ts';
import { besideAVenue } from '../../shared/usecases/stream-prices/beside-a-venue.ts';
import { FatalFeedError, type StandbySource } from '../../shared/usecases/stream-prices/ports.ts';
import { createSourceMixer } from '../../shared/usecases/stream-prices/source-mixer.ts';
import type { PolygonConfig } from '../compose/polygon-config.ts';
import type { BinanceFeedConfig, FeedConfig } from './config.ts';

/** No recording has so many lines; live feeds number their ticks far above. */
const MOST_LINES = 1_000_000_000_000;

export interface FeedParts {
  readonly registry: SymbolRegistry;
  readonly clock: Clock;
  readonly log: Log;
  readonly openConnection: OpenConnection;
  /** Every symbol's last price by the venue's name, for the venue's own feed. */
  readonly lastPrices: () => Promise<ReadonlyMap<string, string>>;
}

/**
 * What a standby may follow: a venue's public stream, which takes any number of readers; null where there is none. Polygon
 * puts out the older of two connections, so that one waits for the lease.
 */
export function openStandby(config: FeedConfig, parts: FeedParts): StandbySource | null {
  if (config.kind !== 'binance' && config.kind !== 'two') return null;
  const { registry, clock, openConnection, lastPrices } = parts;
  const { stream: url } = config.kind === 'two' ? config.binance : config;
  const feed = createBinanceFeed({ registry, clock, url, openConnection, lastPrices });
  const sourcesOf = (symbol: string): LiveSources =>
    config.kind === 'two' ? (config.policies.get(symbol) ?? config.order) : ['binance'];
  return { feed, gives: (symbol) => sourcesOf(symbol).includes('binance') };
}

/**
 * `standby`: the venue's feed, open already; null = it is opened here. Throws FatalFeedError when the recording would be
 * behind ticks that are stored already.
 */
export function openFeed(
  config: FeedConfig,
  known: ReadonlyMap<string, number>,
  { registry, clock, log, openConnection, lastPrices }: FeedParts,
  standby: Feed | null = null,
): Feed {
  const highest = Math.max(0, ...known.values());
  const binance = ({ stream: url }: BinanceFeedConfig): Feed =>
    standby ?? createBinanceFeed({ registry, clock, url, openConnection, lastPrices, startAfter: highest });
  const polygon = ({ url, key }: PolygonConfig): Feed =>
    createPolygonFeed({ registry, clock, log, url, key, openConnection, startAfter: highest });
  if (config.kind === 'synthetic') {
    const { seed, ticksPerSecond } = config;
    return createSyntheticFeed({ registry, clock, seed, ticksPerSecond, startAfter: highest });
  }
  if (config.kind === 'binance') return binance(config);
  if (config.kind === 'polygon') return polygon(config);
  if (config.kind === 'two') {
    return createSourceMixer({
      venue: binance(config.binance),
      second: polygon(config.polygon),
      ...{ registry, clock, startAfter: highest },
      ...besideAVenue(registry),
      policy: policyOf(config.order),
      policyOf: (symbol) => {
        const own = config.policies.get(symbol);
        return own === undefined ? null : policyOf(own);
      },
    });
  }
  if (highest >= MOST_LINES) {
    throw new FatalFeedError(
      'the price tape holds ticks of another feed, with higher numbers than the lines of a recording: ' +
        'replay into an empty data folder',
    );
  }
  return createReplayFeed({ ...config, registry, clock, startAfter: known });
}

/** The exchange's own price is the venue's; what Polygon says is converted. */
const ROLES: Readonly<Record<LiveSource, SourceRole>> = { binance: 'venue', polygon: 'second' };

function policyOf([first, then]: LiveSources): SourcePolicy {
  return then === undefined ? [ROLES[first]] : [ROLES[first], ROLES[then]];
}
