/** One asset class of Polygon's: what is followed of it, its socket, and what came of that. */
import { type PolygonAssetClass, polygonName } from '../../domain/polygon.ts';
import type { FeedConnectionStats } from '../../ports/feed.ts';
import type { ClusterConnection } from './cluster-connection.ts';
import type { InstrumentStream } from './instrument-stream.ts';

export class ClassStream {
  readonly assetClass: PolygonAssetClass;
  /** By Polygon's name of it. */
  readonly byName = new Map<string, InstrumentStream>();
  /** Opened with the first symbol. */
  connection: ClusterConnection | null = null;
  trades = 0;
  quotes = 0;
  /** Elements, prices and subscriptions that were no good. */
  faults = 0;

  constructor(assetClass: PolygonAssetClass) {
    this.assetClass = assetClass;
  }

  find(name: string): InstrumentStream | undefined {
    return this.byName.get(name) ?? this.byName.get(polygonName(this.assetClass, name));
  }

  /** What failed at its sockets, and what was no good of what they brought. */
  get errors(): number {
    return (this.connection?.totals.errors ?? 0) + this.faults;
  }

  /** Null while nobody needs it: it has no socket then. */
  stats(): FeedConnectionStats | null {
    const { connection } = this;
    const stats = connection?.stats() ?? null;
    if (connection === null || stats === null) return null;
    return {
      name: stats.name,
      connected: stats.connected,
      authenticated: stats.connected && connection.isAuthenticated,
      healthy: stats.healthy,
      messagesReceived: connection.elements,
      tradesProcessed: this.trades,
      quotesProcessed: this.quotes,
      errors: this.errors,
      lastMessageAt: stats.lastMessageAt,
      subscriptions: [...this.byName.values()].reduce((sum, { markets }) => sum + markets.length, 0),
      reconnects: connection.totals.reconnects,
      trouble: connection.trouble,
    };
  }
}
