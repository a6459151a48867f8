/** A Polygon feed against a scripted server, and what it told. */
import { afterEach } from 'vitest';
import { createOpenConnection } from '../../../../shared/adapters/ws/connection.ts';
import type { ConnectionSettings } from '../../../../shared/adapters/ws/settings.ts';
import { type SymbolRegistry, type SymbolSpec, symbolRegistry } from '../../../../shared/domain/symbols.ts';
import { createPolygonFeed, type PolygonFeedOptions } from '../../../../shared/feeds/polygon/polygon-feed.ts';
import type { FeedTick } from '../../../../shared/ports/feed.ts';
import { POLYGON_KEY, type PolygonServer, startPolygonServer } from '../../../support/polygon-server.ts';
import { until } from '../../../support/until.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

export const builtIn = (symbol: string): SymbolSpec => {
  const spec = symbolRegistry().get(symbol);
  if (spec === null) throw new Error(`${symbol} is not built in`);
  return spec;
};

/** Stocks and currencies are not built in. */
export const aSymbol = (symbol: string): SymbolSpec => {
  const [base = '', quote = 'USD'] = symbol.split('/');
  return { ...builtIn('BTC/USD'), symbol, base, quote, venueSymbol: symbol.replace('/', '') };
};

export const registryWith = (...symbols: readonly string[]): SymbolRegistry =>
  symbolRegistry([...symbolRegistry().all(), ...symbols.map(aSymbol)]);

export async function polygon(): Promise<PolygonServer> {
  const place = await startPolygonServer();
  stops.push(() => place.server.stop());
  return place;
}

export async function open(
  place: PolygonServer,
  { onTick, ...more }: Partial<PolygonFeedOptions> & { readonly onTick?: (tick: FeedTick) => void } = {},
  connection: Partial<ConnectionSettings> = {},
) {
  const ticks: FeedTick[] = [];
  const skipped: string[] = [];
  /** Everything that was logged, as text. */
  const logged: string[] = [];
  const write =
    (level: string) =>
    (code: string, fields = {}) =>
      void logged.push(`${level} ${code} ${JSON.stringify(fields)}`);
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const clock = { now: () => Date.now() };
  const feed = createPolygonFeed({
    registry: symbolRegistry(),
    clock,
    log,
    url: place.server.url,
    key: POLYGON_KEY,
    openConnection: createOpenConnection({
      clock,
      log,
      settings: { firstWaitMs: 10, longestWaitMs: 20, closeMs: 50, ...connection },
    }),
    ...more,
  });
  stops.unshift(() => feed.stop());
  await feed.start({
    onTick: (tick) => {
      ticks.push(tick);
      onTick?.(tick);
      return undefined;
    },
    onEnd: () => undefined,
    onError: () => undefined,
    onSkipped: ({ where, reason }) => void skipped.push(`${where}: ${reason}`),
  });
  const subscribed = (topics: number) =>
    until(
      'subscribed',
      () => place.requests.flatMap((request) => request.topics).length,
      (count) => count >= topics,
    );
  const seen = (count: number) =>
    until(
      'ticks',
      () => ticks.length,
      (length) => length >= count,
    );
  return { feed, ticks, skipped, logged, subscribed, seen };
}
