/** Wallets followed, gaps asked after, foreign orders told: the user-data streamer over fakes. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decimal } from '../../../../shared/domain/money/decimal.ts';
import { NEVER_PAUSED } from '../../../../shared/domain/pauses.ts';
import { DEFAULT_SIGNAL_POLICY } from '../../../../shared/domain/signals.ts';
import type { Order, Wallet } from '../../../../shared/domain/types.ts';
import type { WorkMessage } from '../../../../shared/ports/messages.ts';
import type { UserDataHandlers, UserDataStatus, UserDataWallet } from '../../../../shared/ports/user-data.ts';
import { USER_DATA_STREAM_DEFAULTS } from '../../../../shared/usecases/stream-user-data/ports.ts';
import { UserDataStreamer } from '../../../../shared/usecases/stream-user-data/user-data-streamer.ts';
import { anOrder, aPosition } from '../../../integration/dynamodb/samples.ts';
import { MemoryLedger } from '../../../support/fakes/memory-ledger.ts';
import { until } from '../../../support/until.ts';
import { aReport } from './samples.ts';

const exchangeWallet = (walletId: string, more: Partial<NonNullable<Wallet['exchange']>> = {}): Wallet => ({
  walletId,
  version: 1,
  userId: 'u1',
  environment: 'binance_testnet',
  name: walletId,
  demo: null,
  exchange: {
    keyType: 'hmac',
    keyHint: 'abcd',
    sealedKeys: `sealed-${walletId}`,
    keyVersion: 1,
    status: 'active',
    problem: null,
    warnings: [],
    accountUid: '1',
    checkedAt: 1,
    pendingKeys: null,
    ...NEVER_PAUSED,
    bodyHash: '',
    keyFingerprint: '',
    checkWantedAt: null,
    ...more,
  },
  signalPolicy: DEFAULT_SIGNAL_POLICY,
  resident: 'none',
  createdAt: 1,
  updatedAt: 1,
});

class Outside {
  readonly ledger = new MemoryLedger();
  readonly watched: UserDataWallet[][] = [];
  readonly compared: string[] = [];
  readonly work: { queue: string; message: WorkMessage }[] = [];
  readonly reports: string[] = [];
  readonly boards: { status: UserDataStatus; gone: readonly string[] }[] = [];
  readonly metrics: Readonly<Record<string, number>>[] = [];
  readonly logged: { code: string; fields: Readonly<Record<string, unknown>> }[] = [];
  wallets: Wallet[] = [];
  walletsAway = false;
  queuesAway = false;
  sourceStopped = false;
  handlers: UserDataHandlers | null = null;
  readonly streamer: UserDataStreamer;
  readonly #running: Promise<void>;

  constructor(of: { readonly shard?: number; readonly shards?: number } = {}) {
    const tell = (code: string, fields = {}): void => void this.logged.push({ code, fields });
    const send = (queue: string) => async (message: WorkMessage) => {
      if (this.queuesAway) throw new Error('the queue is away');
      this.work.push({ queue, message });
    };
    this.streamer = new UserDataStreamer(
      {
        environment: 'binance_testnet',
        wallets: {
          exchangeWallets: async () => {
            if (this.walletsAway) throw new Error('the table is away');
            return this.wallets;
          },
        },
        ledger: this.ledger,
        outbox: {
          exits: send('exits'),
          submit: send('submit'),
          reconcile: async ({ walletId, reason }, delaySeconds) => {
            if (this.queuesAway) throw new Error('the queue is away');
            this.compared.push(`${walletId} ${reason} ${delaySeconds ?? 0}`);
          },
          executionsBatch: async (reports) => {
            if (this.queuesAway) throw new Error('the queue is away');
            this.reports.push(...reports.map(({ clientId, at }) => `${clientId} ${at}`));
            return reports.map(() => null);
          },
        },
        board: { write: async (_, __, status, gone) => void this.boards.push({ status, gone }) },
        openSource: (handlers) => {
          this.handlers = handlers;
          return {
            watch: (wallets) => void this.watched.push([...wallets]),
            health: () => ({
              connections: [],
              wallets: (this.watched.at(-1) ?? []).map(({ walletId }) => ({
                walletId,
                subscribedSince: 5,
                lastEventAt: null,
                lastBalancesAt: null,
                problem: null,
                events: {},
              })),
            }),
            stop: async () => {
              this.sourceStopped = true;
            },
          };
        },
        clock: { now: () => Date.now() },
        ids: { token: () => 'instance' },
        log: { debug: tell, info: tell, warn: tell, error: tell },
        metrics: (values) => void this.metrics.push(values),
      },
      {
        ...USER_DATA_STREAM_DEFAULTS,
        walletsMs: 20,
        gapsMs: 10,
        askAfterMs: 30,
        askRetryMs: 30,
        sendRetryMs: 5,
        longestSendRetryMs: 20,
        listDoneMs: 100,
        mostLooks: 2,
        mostReports: 4,
        boardMs: 20,
        metricsMs: 20,
        flushMs: 300,
        ...of,
      },
    );
    this.#running = this.streamer.run();
  }

  get hear(): UserDataHandlers {
    if (this.handlers === null) throw new Error('no source');
    return this.handlers;
  }

  live(orderId: string, more: Partial<Order> = {}): void {
    this.ledger.orderItems.set(orderId, anOrder({ orderId, walletId: 'w1', status: 'open', ...more }));
  }

  async stop(): Promise<void> {
    this.streamer.stop();
    await this.#running;
  }
}

let outside: Outside;
beforeEach(() => {
  outside = new Outside();
});
afterEach(() => outside.stop());

const watchedIds = () =>
  (outside.watched.at(-1) ?? []).map(({ walletId, keyVersion }) => `${walletId} ${keyVersion}`);

describe('user data', () => {
  it('follows wallets as they come, are rotated, refused and deleted; paused ones stay', async () => {
    outside.wallets = [
      exchangeWallet('a'),
      exchangeWallet('paused', { pausedAt: 7 }),
      exchangeWallet('checking', { status: 'checking' }),
      exchangeWallet('refused', { status: 'refused' }),
      exchangeWallet('deleted', { status: 'deleted', sealedKeys: '' }),
    ];
    await until('two', watchedIds, (ids) => ids.join() === 'a 1,paused 1');
    outside.wallets = [exchangeWallet('a', { keyVersion: 2 })];
    await until('rotated', watchedIds, (ids) => ids.join() === 'a 2');
    outside.walletsAway = true;
    const looks = outside.watched.length;
    await sleep(60);
    // Not knowing is no reason to stop listening.
    expect(outside.watched.length - looks).toBeLessThanOrEqual(1);
    expect(watchedIds()).toEqual(['a 2']);
  });

  it('has the wallets of its own shard alone: together the shards have each wallet exactly once', async () => {
    const wallets = Array.from({ length: 60 }, (_, n) => exchangeWallet(`wallet-${n}`));
    const shards = [0, 1, 2].map((shard) => new Outside({ shard, shards: 3 }));
    for (const one of shards) one.wallets = wallets;
    const had = () => shards.map((one) => (one.watched.at(-1) ?? []).map(({ walletId }) => walletId));
    await until('all', had, (ids) => ids.flat().length === wallets.length);
    expect(new Set(had().flat()).size).toBe(wallets.length);
    for (const ids of had()) expect(ids.length).toBeGreaterThan(5);
    await until(
      'a board of each',
      () => shards.map((one) => one.boards.at(-1)?.status.shards[0]),
      (said) => said.every((one) => one !== undefined),
    );
    expect(shards.map((one) => one.boards.at(-1)?.status.shards)).toEqual(
      [0, 1, 2].map((shard) => [{ shard, of: 3, at: expect.any(Number) }]),
    );
    await Promise.all(shards.map((one) => one.stop()));
  });

  it('asks for every live order after a gap: exits and cancels on their queue, entries on theirs', async () => {
    outside.live('entry', { role: 'entry' });
    outside.live('exit', { role: 'exit' });
    outside.live('cancel', { role: 'entry', status: 'cancelling' });
    outside.live('done', { status: 'filled' });
    outside.live('other', { walletId: 'w2' });
    outside.hear.onGap('w1', 'subscribed');
    await until(
      'asked',
      () => outside.work,
      (work) => work.length === 3,
    );
    const asked = outside.work.map(({ queue, message }) => `${queue} ${JSON.stringify(message)}`).sort();
    expect(asked).toEqual([
      'exits {"orderId":"cancel","look":true}',
      'exits {"orderId":"exit","look":true}',
      'submit {"orderId":"entry","look":true}',
    ]);
    await sleep(80);
    expect(outside.work).toHaveLength(3);
  });

  it('compares behind the looks, wallets with most at stake first, so many a second', async () => {
    for (let n = 0; n < 9; n++) {
      const walletId = `w${n}`;
      outside.live(`order-${n}`, { walletId });
      const position = aPosition({ positionId: `p${n}`, walletId, cost: decimal(String(n)) });
      outside.ledger.positionItems.set(position.positionId, position);
    }
    // One turn sees them all: they are of one millisecond.
    const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now());
    for (let n = 0; n < 9; n++) outside.hear.onGap(`w${n}`, 'subscribed');
    clock.mockRestore();
    await until(
      'asked for comparisons',
      () => outside.compared,
      (compared) => compared.length === 9,
    );
    const seconds = new Map(outside.compared.map((text) => text.split(' gap ') as [string, string]));
    const at = (second: string) => [...seconds].flatMap(([id, text]) => (text === second ? [id] : [])).sort();
    expect([at('5'), at('6'), at('7')]).toEqual([['w5', 'w6', 'w7', 'w8'], ['w1', 'w2', 'w3', 'w4'], ['w0']]);
  });

  it('keeps a gap open until it could be asked after', async () => {
    outside.live('one');
    outside.queuesAway = true;
    outside.hear.onGap('w1', 'subscribed');
    await until(
      'told',
      () => outside.logged.filter(({ code }) => code === 'user_data_gap_not_asked_after').length,
      (count) => count >= 2,
    );
    expect(outside.work).toEqual([]);
    outside.queuesAway = false;
    await until(
      'asked',
      () => outside.work,
      (work) => work.length === 1,
    );
  });

  it('asks after a gap also while reasons for it go on coming, and once more when they have ended', async () => {
    outside.live('one');
    const reasons = setInterval(() => outside.hear.onGap('w1', 'an event could not be read'), 5);
    try {
      await until(
        'asked meanwhile',
        () => outside.work.length,
        (count) => count >= 1,
      );
    } finally {
      clearInterval(reasons);
    }
    const meanwhile = outside.work.length;
    await until(
      'asked at the end',
      () => outside.work.length,
      (count) => count > meanwhile,
    );
    await until(
      'closed',
      () => outside.streamer.status().wallets.some(({ gapOpen }) => gapOpen),
      (isOpen) => !isOpen,
    );
  });

  it('sends reports; those for which there is no room open the gap of their wallet', async () => {
    outside.live('one', { walletId: 'w0' });
    outside.queuesAway = true;
    for (let nth = 1; nth <= 6; nth++) outside.hear.onReport(aReport(0, nth));
    outside.queuesAway = false;
    await until(
      'sent',
      () => outside.reports,
      (reports) => reports.length === 4,
    );
    expect(outside.reports.map((text) => text.split(' ')[1])).toEqual(['1', '2', '3', '4']);
    await until(
      'asked',
      () => outside.work,
      (work) => work.length === 1,
    );
    expect(outside.logged.filter(({ code }) => code === 'report_not_kept')).toHaveLength(1);
  });

  it('has an order looked at by its id', async () => {
    const orderId = 'A'.repeat(22);
    outside.hear.onLook('w1', `mq${orderId}-1`, 'PRICE_RANGE');
    await until(
      'asked',
      () => outside.work,
      (work) => work.length === 1,
    );
    expect(outside.work).toEqual([{ queue: 'exits', message: { orderId, look: true } }]);
  });

  it('looks at the order of a list that is done, once, a little later, and again while the queue is away', async () => {
    const orderId = 'A'.repeat(22);
    const began = Date.now();
    for (let i = 0; i < 3; i++) outside.hear.onListDone('w1', `mq${orderId}-1`);
    await sleep(40);
    outside.queuesAway = true;
    await until(
      'tried',
      () => outside.logged.some(({ code }) => code === 'order_look_not_sent'),
      (isTried) => isTried,
    );
    expect(Date.now() - began).toBeGreaterThanOrEqual(99);
    outside.queuesAway = false;
    await until(
      'asked',
      () => outside.work,
      (work) => work.length > 0,
    );
    await sleep(150);
    expect(outside.work).toEqual([{ queue: 'exits', message: { orderId, look: true } }]);
  });

  it('asks for all orders of a wallet where there are too many to look at one by one', async () => {
    outside.live('one');
    for (const letter of ['A', 'B', 'C']) outside.hear.onListDone('w1', `mq${letter.repeat(22)}-1`);
    await until(
      'asked',
      () => outside.work.map(({ message }) => ('orderId' in message ? message.orderId : '')).sort(),
      (ids) => ids.join() === ['A'.repeat(22), 'B'.repeat(22), 'one'].join(),
    );
  });

  it('tells each foreign order once, and counts them', async () => {
    outside.wallets = [exchangeWallet('a')];
    await until('watched', watchedIds, (ids) => ids.length === 1);
    const order = { walletId: 'a', venueSymbol: 'BTCUSDT', venueOrderId: '7', clientId: 'web_1' };
    for (let i = 0; i < 3; i++) outside.hear.onForeign(order);
    outside.hear.onForeign({ ...order, venueOrderId: '8' });
    expect(outside.logged.filter(({ code }) => code === 'foreign_order_seen')).toHaveLength(2);
    await until(
      'on the board',
      () => outside.boards.at(-1)?.status.wallets[0]?.foreignOrders,
      (count) => count === 2,
    );
  });

  it('shows what it knows, takes off who is gone, and measures', async () => {
    outside.wallets = [exchangeWallet('a'), exchangeWallet('b')];
    await until(
      'shown',
      () => outside.boards.at(-1)?.status.wallets.length,
      (length) => length === 2,
    );
    outside.wallets = [exchangeWallet('b')];
    await until(
      'gone',
      () => outside.boards.flatMap(({ gone }) => gone),
      (gone) => gone.includes('a'),
    );
    outside.hear.onReport(aReport(1, 1));
    await until(
      'sent',
      () => outside.reports,
      (reports) => reports.length === 1,
    );
    await outside.stop();
    const total = outside.metrics.reduce((sum, values) => sum + (values['user_data_reports_total'] ?? 0), 0);
    expect(total).toBe(1);
    expect(outside.metrics.at(-1)).toMatchObject({ user_data_wallets: 1, user_data_subscribed: 1 });
  });

  it('stops listening first, then sends what it has, and says what it could not', async () => {
    outside.queuesAway = true;
    outside.hear.onReport(aReport(1, 1));
    outside.hear.onReport(aReport(2, 1));
    outside.streamer.stop();
    await until(
      'stopped listening',
      () => outside.sourceStopped,
      (stopped) => stopped,
    );
    outside.queuesAway = false;
    await outside.stop();
    expect(outside.reports).toHaveLength(2);
    expect(outside.logged.some(({ code }) => code === 'reports_not_sent_at_stop')).toBe(false);
  });
});
