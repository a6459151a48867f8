/** Health of the served exchange: figures and counts, and nothing that names anybody. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionStats } from '../../../../shared/ports/connection.ts';
import type { BudgetFigures } from '../../../../shared/ports/rate-budget.ts';
import type { SymbolSummary } from '../../../../shared/ports/symbols.ts';
import type { UserDataShard, WalletStreamStatus } from '../../../../shared/ports/user-data.ts';
import { makeReadBinanceHealth } from '../../../../shared/usecases/views/health-binance.ts';
import { makeReadHealth } from '../../../../shared/usecases/views/health-view.ts';

const T0 = Date.UTC(2026, 10, 22, 12);
let now = T0;
let reads = 0;
let counts = 0;
let figures: BudgetFigures | null = null;
let summary: SymbolSummary | null = null;
let failing = false;
let waiting: Readonly<Record<string, string | null>> = {};

const wallet = (name: string, more: Partial<WalletStreamStatus>): WalletStreamStatus => ({
  ...{ walletId: name, at: T0, subscribedSince: T0, lastEventAt: null, lastBalancesAt: null, problem: null },
  ...{ events: {}, reportsSent: 3, buffered: 0, foreignOrders: 0, gapOpen: false },
  ...more,
});
const connection = (more: Partial<ConnectionStats>): ConnectionStats & { readonly at: number } => ({
  ...{ name: 'user-data-secret', at: T0, connected: true, healthy: true, messagesReceived: 1, errors: 0 },
  ...{ failures: 0, reconnects: 1, lastMessageAt: T0, connectedSince: T0, lastError: 'secret' },
  ...more,
});

const BROKEN = {
  ...{ connected: false, healthy: false, messagesReceived: 3, errors: 2, lastMessageAt: T0 + 1000 },
};

let shards: UserDataShard[] = [];

const make = () =>
  makeReadBinanceHealth({
    environment: 'binance_testnet',
    budget: { figures: async () => figures },
    symbolStore: {
      summary: async () => {
        reads += 1;
        if (failing) throw new Error('the table is away');
        return summary;
      },
    },
    userData: {
      read: async () => ({
        shards,
        connections: [connection({}), connection(BROKEN)],
        wallets: [
          wallet('w-secret-1', {}),
          wallet('w-secret-2', {
            ...{ subscribedSince: null, gapOpen: true, buffered: 4 },
            problem: { code: 'auth', message: 'secret', at: T0 },
          }),
        ],
      }),
    },
    wallets: {
      refusedWallets: async (environment) => {
        counts += 1;
        return environment === 'binance_testnet' ? 3 : 0;
      },
    },
    counters: { read: async () => waiting },
    clock: { now: () => now },
  });

beforeEach(() => {
  now = T0;
  reads = 0;
  counts = 0;
  failing = false;
  shards = [
    { shard: 0, of: 3, at: T0 },
    { shard: 2, of: 3, at: T0 },
  ];
  waiting = { 'reconcile:waiting': '7', 'reconcile:waiting_since': String(T0 - 90_500) };
  summary = { savedAt: T0 - 60_000, listed: 3000, trading: 2900 };
  figures = {
    ...{ address: 'address-secret', assumed: false, blockedUntil: T0 + 5000, blockedFor: '429' },
    weight: [{ intervalMs: 60_000, limit: 6000, used: 1234, resetsAt: T0 + 60_000 }],
  };
});

describe('health of the exchange', () => {
  it('shows figures and counts, no wallet, account or address', async () => {
    const view = await make()();
    expect(view).toEqual({
      environment: 'binance_testnet',
      budget: {
        assumed: false,
        blocked: true,
        blocked_until: '2026-11-22T12:00:05.000Z',
        blocked_for: '429',
        weight: [{ interval_ms: 60_000, limit: 6000, used: 1234, resets_at: '2026-11-22T12:01:00.000Z' }],
      },
      symbols: { listed: 3000, trading: 2900, saved_at: '2026-11-22T11:59:00.000Z' },
      user_data: {
        ...{ shards: 3, shards_silent: [1] },
        ...{ connections: 2, connected: 1, healthy: 1, reconnects: 2 },
        ...{ messages_received: 4, errors: 2, last_message_time: '2026-11-22T12:00:01.000Z' },
        ...{
          wallets: 2,
          subscribed: 1,
          refused: 3,
          with_problem: 4,
          gaps_open: 1,
          reports_sent: 6,
          buffered: 4,
        },
      },
      comparisons: { waiting: 7, oldest_wait_seconds: 90 },
    });
    expect(JSON.stringify(view)).not.toContain('secret');
  });

  it('knows each of the processes that listen, also of a deployment that has just been divided otherwise', async () => {
    shards = [
      { shard: 0, of: 1, at: T0 },
      { shard: 0, of: 2, at: T0 + 1 },
      { shard: 1, of: 2, at: T0 },
    ];
    expect((await make()()).user_data).toMatchObject({ shards: 2, shards_silent: [] });
    shards = [];
    expect((await make()()).user_data).toMatchObject({ shards: 0, shards_silent: [] });
  });

  it('says what it does not know', async () => {
    figures = null;
    summary = null;
    waiting = { 'reconcile:waiting': null, 'reconcile:waiting_since': null };
    expect(await make()()).toMatchObject({ budget: null, symbols: null, comparisons: null });
  });

  it('says that no comparison waits', async () => {
    waiting = { 'reconcile:waiting': '0', 'reconcile:waiting_since': '0' };
    expect(await make()()).toMatchObject({ comparisons: { waiting: 0, oldest_wait_seconds: 0 } });
  });

  it('reads at most every two seconds, and anew after a failure', async () => {
    const read = make();
    await Promise.all([read(), read()]);
    now += 1999;
    await read();
    expect(reads).toBe(1);
    now += 1;
    failing = true;
    await expect(read()).rejects.toThrow('away');
    failing = false;
    await read();
    expect(reads).toBe(3);
  });

  it('counts the wallets with refused keys every fifteen seconds', async () => {
    const read = make();
    for (const [wait, expected] of [
      [0, 1],
      [12_999, 1],
      [2_001, 2],
    ] as const) {
      now += wait;
      await read();
      expect(counts).toBe(expected);
    }
  });

  it('shows how many prices were held or left out, also before the streamer has said so', async () => {
    const stats = {
      ...{
        messages_received: 9,
        trades_processed: 4,
        quotes_processed: 5,
        errors: 0,
        last_message_time: null,
      },
      ...{ is_running: true, connected: true, authenticated: true, subscriptions: 1, source: 'binance' },
    };
    const of = (told: object | null) =>
      makeReadHealth({
        counters: { read: async () => (told === null ? {} : { 'ws:stats': JSON.stringify(told) }) },
        clock: { now: () => now },
      })();
    const trust = { outliers_held: 2, outliers_dropped: 1, fallbacks: 3 };
    const nothing = { outliers_held: 0, crossed: 0, future: 0, late: 0, not_positive: 0, fallbacks: 0 };
    expect((await of(null)).websocket_manager.trust).toMatchObject(nothing);
    expect((await of(stats)).websocket_manager.trust).toMatchObject(nothing);
    expect((await of({ ...stats, trust })).websocket_manager.trust).toMatchObject({ ...trust, crossed: 0 });
  });

  it('is a part of the services only where an exchange is served, and changes nothing of their status', async () => {
    const ports = { counters: { read: async () => ({}) }, clock: { now: () => now } };
    expect(Object.keys(await makeReadHealth({ ...ports, readBinance: null })())).toEqual([
      ...['websocket_manager', 'order_monitor', 'dead_letters', 'overall_status'],
    ]);
    expect(await makeReadHealth({ ...ports, readBinance: make() })()).toMatchObject({
      binance: { environment: 'binance_testnet' },
      overall_status: 'degraded',
    });
  });
});
