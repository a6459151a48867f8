/** The user-data streamer on the simulated exchange: real sockets, signatures and events; queues and tables in memory. */

import { createOpenConnection } from '../../../shared/adapters/ws/connection.ts';
import type { ConnectionSettings } from '../../../shared/adapters/ws/settings.ts';
import { NEVER_PAUSED } from '../../../shared/domain/pauses.ts';
import { DEFAULT_SIGNAL_POLICY } from '../../../shared/domain/signals.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import type { ExecutionReport, Wallet } from '../../../shared/domain/types.ts';
import type { Credentials } from '../../../shared/ports/keys.ts';
import type { RateBudget } from '../../../shared/ports/rate-budget.ts';
import {
  USER_DATA_STREAM_DEFAULTS,
  type UserDataStreamSettings,
} from '../../../shared/usecases/stream-user-data/ports.ts';
import { UserDataStreamer } from '../../../shared/usecases/stream-user-data/user-data-streamer.ts';
import { createUserDataSource } from '../../../shared/venues/binance/user-data/user-data-source.ts';
import { createBinanceVenue } from '../../../shared/venues/binance/venue.ts';
import { MemoryLedger } from '../../support/fakes/memory-ledger.ts';
import { MemoryOutbox } from '../../support/fakes/memory-outbox.ts';

const budget: RateBudget = {
  ask: async () => ({ granted: true, grantId: 'g' }),
  correct: async () => undefined,
  block: async () => undefined,
  learn: async () => undefined,
  figures: async () => null,
};

export interface ListenerOptions {
  readonly restUrl: string;
  readonly wsApiUrl: string;
  readonly connection?: Partial<ConnectionSettings>;
  readonly stream?: Partial<UserDataStreamSettings>;
}

export class Listener {
  readonly ledger = new MemoryLedger();
  readonly outbox = new MemoryOutbox();
  readonly credentials = new Map<string, Credentials>();
  readonly logged: { readonly code: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  wallets: Wallet[] = [];
  readonly streamer: UserDataStreamer;
  readonly #close: () => void;
  #running: Promise<void> | null = null;

  constructor(options: ListenerOptions) {
    const tell = (code: string, fields = {}): void => void this.logged.push({ code, fields });
    const log = { debug: tell, info: tell, warn: tell, error: tell };
    const clock = { now: () => Date.now() };
    const registry = symbolRegistry();
    const venue = createBinanceVenue({
      environment: 'binance_simulator',
      endpoints: { rest: options.restUrl },
      budget,
      clock,
      log,
    });
    this.#close = () => venue.close();
    const connection = { firstWaitMs: 20, longestWaitMs: 100, closeMs: 50, ...options.connection };
    this.streamer = new UserDataStreamer(
      {
        environment: 'binance_simulator',
        wallets: { exchangeWallets: async () => this.wallets },
        ledger: this.ledger,
        outbox: this.outbox,
        board: { write: async () => undefined },
        openSource: (handlers) =>
          createUserDataSource({
            environment: 'binance_simulator',
            url: options.wsApiUrl,
            openConnection: createOpenConnection({ clock, log, settings: connection }),
            keys: {
              open: async (sealed) => {
                const found = this.credentials.get(sealed);
                if (found === undefined) throw new Error('unknown keys');
                return found;
              },
            },
            venueClock: venue.clock,
            symbols: { find: async (_, text) => registry.find(text) },
            budget,
            clock,
            log,
            handlers,
            settings: { syncMs: 50, retryMs: 100, refusedRetryMs: 100 },
          }),
        clock,
        ids: { token: () => 'listener' },
        log,
        metrics: () => undefined,
      },
      {
        ...USER_DATA_STREAM_DEFAULTS,
        walletsMs: 50,
        gapsMs: 20,
        askAfterMs: 50,
        boardMs: 1_000,
        ...options.stream,
      },
    );
  }

  start(): void {
    this.#running = this.streamer.run();
  }

  async stop(): Promise<void> {
    this.streamer.stop();
    await this.#running;
    this.#close();
  }

  /** A wallet of these keys; the same id again with other keys is a rotation. */
  add(walletId: string, credentials: Credentials): void {
    const keyVersion = (this.wallets.find((w) => w.walletId === walletId)?.exchange?.keyVersion ?? 0) + 1;
    const sealedKeys = `${walletId}:${keyVersion}`;
    this.credentials.set(sealedKeys, credentials);
    const exchange: NonNullable<Wallet['exchange']> = {
      keyType: credentials.keyType,
      keyHint: credentials.apiKey.slice(-4),
      sealedKeys,
      keyVersion,
      status: 'active',
      problem: null,
      warnings: [],
      accountUid: walletId,
      checkedAt: 1,
      pendingKeys: null,
      ...NEVER_PAUSED,
      bodyHash: '',
      keyFingerprint: '',
      checkWantedAt: null,
    };
    const wallet: Wallet = {
      ...{ walletId, version: 1, userId: 'u1', environment: 'binance_simulator', name: walletId },
      ...{
        demo: null,
        exchange,
        signalPolicy: DEFAULT_SIGNAL_POLICY,
        resident: 'none',
        createdAt: 1,
        updatedAt: 1,
      },
    };
    this.wallets = [...this.wallets.filter((w) => w.walletId !== walletId), wallet];
  }

  reports(walletId?: string): readonly ExecutionReport[] {
    return this.outbox.sent.flatMap((sent) =>
      sent.queue === 'executions' && (walletId === undefined || sent.report.walletId === walletId)
        ? [sent.report]
        : [],
    );
  }

  /** Wallets whose live orders were asked for, one entry for each time. */
  askedAfter(walletId: string): number {
    return this.logged.filter(
      ({ code, fields }) => code === 'user_data_gap_asked_after' && fields['walletId'] === walletId,
    ).length;
  }

  subscribed(): number {
    return this.streamer.status().wallets.filter(({ subscribedSince }) => subscribedSince !== null).length;
  }
}
