/**
 * Follows the wallets of one exchange environment and brings the news of their orders to the executions queue
 * (design sections 3, 7, 13, 15).
 *
 * Always true:
 * - a report goes to the queue before anything else is done with it;
 * - where wallets are divided among several processes each wallet is exactly one's, by its id alone: they need not agree on anything;
 * - wallets that are added, rotated, refused or deleted take effect within seconds; paused ones stay, their exits go on;
 * - whatever may have been missed is asked for.
 */
import { shardOf } from '../../domain/triggers/shard.ts';
import type { Wallet } from '../../domain/types.ts';
import type {
  ForeignOrder,
  UserDataSource,
  UserDataStatus,
  UserDataWallet,
  WalletStreamStatus,
} from '../../ports/user-data.ts';
import { Background } from '../stream-prices/background.ts';
import { Gaps } from './gaps.ts';
import type { UserDataPorts, UserDataStreamSettings } from './ports.ts';
import { ReportQueue } from './report-queue.ts';

/** Foreign orders are told once each, as far back as this many. */
const FOREIGN_REMEMBERED = 10_000;

interface Counts {
  sent: number;
  foreign: number;
}

export class UserDataStreamer {
  readonly #ports: UserDataPorts;
  readonly #settings: UserDataStreamSettings;
  readonly #instance: string;
  readonly #background: Background;
  readonly #gaps: Gaps;
  readonly #queue: ReportQueue;
  readonly #source: UserDataSource;
  readonly #counts = new Map<string, Counts>();
  readonly #foreign = new Set<string>();
  readonly #shown = new Set<string>();
  readonly #over = new AbortController();
  readonly #totals = { reports: 0, lost: 0, foreign: 0, errors: 0 };
  #told = { reports: 0, lost: 0, foreign: 0, errors: 0, gaps: 0 };
  #measuredAt = Number.NEGATIVE_INFINITY;

  constructor(ports: UserDataPorts, settings: UserDataStreamSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#instance = ports.ids.token();
    this.#background = new Background(ports.log, () => {
      this.#totals.errors += 1;
    });
    this.#gaps = new Gaps(ports, settings);
    this.#queue = new ReportQueue({
      outbox: ports.outbox,
      log: ports.log,
      settings,
      onSent: ({ walletId }) => {
        this.#totals.reports += 1;
        this.#countOf(walletId).sent += 1;
      },
      onLost: ({ walletId, clientId }, reason) => {
        this.#totals.lost += 1;
        if (!this.#gaps.isOpen(walletId)) ports.log.error('report_not_kept', { walletId, clientId, reason });
        this.#gaps.open(walletId, reason);
      },
    });
    this.#source = ports.openSource({
      onReport: (report) => this.#queue.accept(report),
      onLook: (walletId, clientId, reason) => this.#gaps.look(walletId, clientId, reason),
      onListDone: (walletId, clientId) => this.#gaps.lookLater(walletId, clientId),
      onForeign: (order) => this.#onForeign(order),
      onGap: (walletId, reason) => this.#gaps.open(walletId, reason),
    });
  }

  /** Runs until `stop`; then what is buffered is sent, as far as time allows. */
  async run(): Promise<void> {
    const { walletsMs, gapsMs, boardMs, metricsMs, flushMs } = this.#settings;
    const { log } = this.#ports;
    this.#background.loop('user-data wallets', walletsMs, () => this.#followWallets());
    this.#background.loop('user-data gaps', gapsMs, () => this.#gaps.turn());
    this.#background.loop('user-data board', boardMs, () => this.#writeBoard());
    this.#background.loop('user-data metrics', Math.min(metricsMs, boardMs), async () => this.#measure());
    await new Promise<void>((resolve) => {
      if (this.#over.signal.aborted) resolve();
      else this.#over.signal.addEventListener('abort', () => resolve());
    });
    // Nothing new comes in; what has come goes out.
    await this.#source.stop();
    const left = await this.#queue.flush(flushMs);
    this.#queue.close();
    // The next start asks after every live order, so these are late, not lost.
    if (left > 0) log.error('reports_not_sent_at_stop', { reports: left });
    await this.#background.stop();
    this.#ports.metrics(this.#figures());
  }

  stop(): void {
    this.#over.abort();
  }

  /** What is known of it now; the cache shows the same, a little later. */
  status(): UserDataStatus {
    const at = this.#ports.clock.now();
    const { connections, wallets } = this.#source.health();
    const { shard, shards } = this.#settings;
    return {
      shards: [{ shard, of: shards, at }],
      connections: connections.map((connection) => ({ ...connection, at })),
      wallets: wallets.map((wallet): WalletStreamStatus => {
        const { sent, foreign } = this.#countOf(wallet.walletId);
        return {
          ...wallet,
          at,
          reportsSent: sent,
          buffered: this.#queue.size === 0 ? 0 : this.#queue.bufferedOf(wallet.walletId),
          foreignOrders: foreign,
          gapOpen: this.#gaps.isOpen(wallet.walletId),
        };
      }),
    };
  }

  async #followWallets(): Promise<void> {
    const { environment, wallets } = this.#ports;
    const found = await wallets.exchangeWallets(environment);
    if (this.#over.signal.aborted) return;
    const { shard, shards } = this.#settings;
    const own = found.filter(({ walletId }) => shardOf(walletId, shards) === shard);
    this.#source.watch(own.flatMap((wallet) => toStream(wallet)));
  }

  #onForeign({ walletId, venueSymbol, venueOrderId, clientId }: ForeignOrder): void {
    const id = `${walletId} ${venueSymbol} ${venueOrderId}`;
    if (this.#foreign.has(id)) return;
    if (this.#foreign.size >= FOREIGN_REMEMBERED) {
      const [oldest] = this.#foreign;
      if (oldest !== undefined) this.#foreign.delete(oldest);
    }
    this.#foreign.add(id);
    this.#totals.foreign += 1;
    this.#countOf(walletId).foreign += 1;
    this.#ports.log.warn('foreign_order_seen', { walletId, venueSymbol, venueOrderId, clientId });
  }

  #countOf(walletId: string): Counts {
    const known = this.#counts.get(walletId);
    if (known !== undefined) return known;
    const counts = { sent: 0, foreign: 0 };
    this.#counts.set(walletId, counts);
    return counts;
  }

  async #writeBoard(): Promise<void> {
    const status = this.status();
    const present = new Set(status.wallets.map(({ walletId }) => walletId));
    const gone = [...this.#shown].filter((walletId) => !present.has(walletId));
    await this.#ports.board.write(this.#ports.environment, this.#instance, status, gone);
    for (const walletId of gone) {
      this.#shown.delete(walletId);
      this.#counts.delete(walletId);
    }
    for (const walletId of present) this.#shown.add(walletId);
  }

  #measure(): void {
    if (performance.now() - this.#measuredAt < this.#settings.metricsMs) return;
    this.#measuredAt = performance.now();
    this.#ports.metrics(this.#figures());
  }

  /** Counts since the last time, and how things stand. */
  #figures(): Readonly<Record<string, number>> {
    const { wallets, connections } = this.#source.health();
    const now = { ...this.#totals, gaps: this.#gaps.count };
    const before = this.#told;
    this.#told = now;
    const subscribed = wallets.filter(({ subscribedSince }) => subscribedSince !== null).length;
    return {
      user_data_connected: connections.filter(({ connected }) => connected).length,
      user_data_unhealthy: connections.filter(({ healthy }) => !healthy).length,
      user_data_wallets: wallets.length,
      user_data_subscribed: subscribed,
      user_data_buffered: this.#queue.size,
      user_data_reports_total: now.reports - before.reports,
      user_data_reports_lost_total: now.lost - before.lost,
      user_data_foreign_orders_total: now.foreign - before.foreign,
      user_data_gaps_total: now.gaps - before.gaps,
      user_data_errors_total: now.errors - before.errors,
    };
  }
}

/** Wallets whose keys may be used; paused ones too. */
function toStream({ walletId, userId, exchange }: Wallet): UserDataWallet[] {
  if (exchange === null || exchange.status !== 'active' || exchange.sealedKeys === '') return [];
  const { keyVersion, sealedKeys } = exchange;
  return [{ walletId, userId, keyVersion, sealedKeys }];
}
