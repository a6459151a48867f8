/** The user-data stream and the market feed on the simulated exchange, with its bad days. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../../infra/local/venues/binance/start.ts';
import { createOpenConnection } from '../../../shared/adapters/ws/connection.ts';
import { Decimal, decimalText } from '../../../shared/domain/money/decimal.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import type { KeyType } from '../../../shared/domain/types.ts';
import { createBinanceFeed } from '../../../shared/feeds/binance/binance-feed.ts';
import type { FeedTick } from '../../../shared/ports/feed.ts';
import { until } from '../../support/until.ts';
import { clientIdOf } from '../../support/user-data-server.ts';
import { Listener, type ListenerOptions } from './listener.ts';

const BALANCES = { BTC: '10', USDT: '1000000', BNB: '10' };
const quiet = (): void => undefined;
let simulator: Simulator;
let listener: Listener;

beforeEach(async () => {
  simulator = await startSimulator({ sockets: { pingMs: 100 } });
  simulator.exchange.feedPrice('BTCUSDT', { last: '50000.00' });
});
afterEach(async () => {
  await listener?.stop();
  await simulator.stop();
});

function listen(more: Partial<ListenerOptions> = {}): Listener {
  const { restUrl, wsApiUrl } = simulator;
  listener = new Listener({ restUrl, wsApiUrl, ...more });
  listener.start();
  return listener;
}

function account(uid: number, type: KeyType = 'hmac'): void {
  simulator.addAccount({ uid, balances: BALANCES });
  const { apiKey, secret } = simulator.createKey({ uid, type });
  if (secret === null) throw new Error('the simulator made no pair');
  listener.add(`w${uid}`, { keyType: type, apiKey, secret });
}

/** So many wallets are heard, and what was live when they were subscribed has been asked for. */
const subscribed = (count: number) =>
  until(
    'subscribed',
    () => [listener.subscribed(), listener.streamer.status().wallets.filter(({ gapOpen }) => gapOpen).length],
    ([now, open]) => now === count && open === 0,
  );

/** A resting limit buy of 1 BTC. */
const rest = (uid: number, order: number, price = '49000.00'): void => {
  simulator.exchange.execute('order.place', uid, {
    symbol: 'BTCUSDT',
    side: 'BUY',
    type: 'LIMIT',
    timeInForce: 'GTC',
    quantity: '1.00000',
    price,
    newClientOrderId: clientIdOf(order),
  });
};

/** The price goes through the resting orders, with so much of it. */
const fill = (size: string): void => simulator.exchange.feedPrice('BTCUSDT', { last: '48999.00', size });

const tradesOf = (uid: number): readonly string[] =>
  simulator.exchange
    .books(uid)
    .trades.map((trade) => String(trade['id']))
    .sort();

const heardOf = (uid: number): readonly string[] =>
  [
    ...new Set(listener.reports(`w${uid}`).flatMap(({ fills }) => fills.map(({ tradeId }) => tradeId))),
  ].sort();

describe('user data on the simulated exchange', () => {
  it('brings every report of every account, with keys of each kind', async () => {
    listen();
    account(1, 'hmac');
    account(2, 'ed25519');
    account(3, 'rsa');
    await subscribed(3);
    for (const uid of [1, 2, 3]) rest(uid, uid);
    for (let part = 0; part < 4; part++) fill('1.00000');
    await until(
      'filled',
      () => listener.reports().filter(({ status }) => status === 'filled').length,
      (count) => count === 3,
    );
    for (const uid of [1, 2, 3]) {
      expect(heardOf(uid)).toEqual(tradesOf(uid));
      const reports = listener.reports(`w${uid}`);
      expect(reports[0]).toMatchObject({ status: 'new', clientId: clientIdOf(uid), symbol: 'BTC/USDT' });
      const bought = reports
        .flatMap(({ fills }) => fills)
        .reduce((sum, { quantity }) => sum.plus(quantity), new Decimal(0));
      expect(decimalText(bought)).toBe('1');
      const sums = reports.map(({ cumulativeQuantity }) => cumulativeQuantity);
      expect(sums.every((sum, i) => i === 0 || sum.greaterThanOrEqualTo(sums[i - 1] ?? 0))).toBe(true);
    }
    const [status] = listener.streamer.status().wallets;
    expect(status?.lastBalancesAt).not.toBeNull();
  });

  it('adds, rotates and removes wallets at run time', async () => {
    listen();
    account(1);
    await subscribed(1);
    account(2);
    await subscribed(2);
    const { apiKey, secret } = simulator.createKey({ uid: 2 });
    listener.add('w2', { keyType: 'hmac', apiKey, secret: secret ?? '' });
    await until(
      'asked again',
      () => listener.askedAfter('w2'),
      (count) => count === 2,
    );
    rest(2, 5);
    await until(
      'a report',
      () => listener.reports('w2').length,
      (count) => count === 1,
    );
    listener.wallets = listener.wallets.filter(({ walletId }) => walletId !== 'w2');
    await subscribed(1);
    rest(2, 6);
    rest(1, 7);
    await until(
      'a report',
      () => listener.reports('w1').length,
      (count) => count === 1,
    );
    expect(listener.reports('w2')).toHaveLength(1);
  });

  it('marks a revoked key alone, and is back with new keys', async () => {
    listen();
    simulator.addAccount({ uid: 9, balances: BALANCES });
    const revoked = simulator.createKey({ uid: 9 });
    simulator.revokeKey(revoked.apiKey);
    listener.add('w9', { keyType: 'hmac', apiKey: revoked.apiKey, secret: revoked.secret ?? '' });
    account(1);
    await subscribed(1);
    const problem = () =>
      listener.streamer.status().wallets.find(({ walletId }) => walletId === 'w9')?.problem ?? null;
    await until('a problem', problem, (found) => found !== null);
    expect(problem()?.code).toBe('venue_-2015');
    const fresh = simulator.createKey({ uid: 9 });
    listener.add('w9', { keyType: 'hmac', apiKey: fresh.apiKey, secret: fresh.secret ?? '' });
    await subscribed(2);
    const text = JSON.stringify(listener.logged);
    for (const secret of [revoked.secret, fresh.secret, fresh.apiKey]) expect(text).not.toContain(secret);
  });

  it('tells the gap when it is cut in the middle of a fill, and hears the rest', async () => {
    listen();
    account(1);
    await subscribed(1);
    await until(
      'asked',
      () => listener.askedAfter('w1'),
      (count) => count === 1,
    );
    rest(1, 1);
    simulator.addFaults([
      { when: { execution: 'TRADE', nth: 2 }, do: { kind: 'disconnect', event: 'before' } },
    ]);
    fill('0.30000');
    fill('0.30000');
    await until(
      'asked again',
      () => listener.askedAfter('w1'),
      (count) => count === 2,
    );
    fill('0.40000');
    await until(
      'the last fill',
      () => listener.reports('w1').at(-1)?.status,
      (status) => status === 'filled',
    );
    // What fell into the gap is what the question asks for; all else was heard.
    expect(heardOf(1).length).toBe(tradesOf(1).length - 1);
    expect(decimalText(listener.reports('w1').at(-1)?.cumulativeQuantity ?? new Decimal(0))).toBe('1');
  });

  it('hands on doubled and reordered reports as they are, none missing', async () => {
    listen();
    account(1);
    await subscribed(1);
    simulator.addFaults([
      { when: { event: 'executionReport', probability: 0.5, seed: 7 }, do: { kind: 'duplicate_event' } },
      { when: { execution: 'TRADE' }, times: 1, do: { kind: 'reorder_events', count: 3, ms: 300 } },
    ]);
    rest(1, 1);
    for (let part = 0; part < 5; part++) fill('0.20000');
    await until(
      'every trade',
      () => heardOf(1).length,
      (count) => count === tradesOf(1).length,
    );
    expect(heardOf(1)).toEqual(tradesOf(1));
  });

  it('takes a silent socket for dead, and is told again of the shutdown before it comes', async () => {
    listen({ connection: { silenceMs: 600 } });
    account(1);
    await subscribed(1);
    simulator.addFaults([{ do: { kind: 'silent_sockets', sockets: 'ws_api' } }]);
    await until(
      'asked again',
      () => listener.askedAfter('w1'),
      (count) => count === 2,
    );
    simulator.addFaults([{ do: { kind: 'server_shutdown', sockets: 'ws_api', ms: 1_500 } }]);
    await until(
      'renewed',
      () => listener.logged.filter(({ code }) => code === 'connection_renews').length,
      (count) => count === 1,
    );
    rest(1, 3);
    await until(
      'a report',
      () => listener.reports('w1').length,
      (count) => count >= 1,
    );
    await until(
      'one connection',
      () => simulator.connections().wsApi,
      (count) => count === 1,
    );
    expect(listener.askedAfter('w1')).toBe(2);
  });

  it('signs with the clock of an exchange that is ahead', async () => {
    simulator.addFaults([{ do: { kind: 'clock_skew', ms: 30_000 } }]);
    listen();
    account(1);
    await subscribed(1);
    simulator.addFaults([
      { do: { kind: 'clock_skew', ms: -30_000 } },
      { do: { kind: 'cut_sockets', sockets: 'ws_api' } },
    ]);
    await until(
      'asked again',
      () => listener.askedAfter('w1'),
      (count) => count === 2,
    );
  });

  it('tells orders that were made in the app', async () => {
    listen();
    account(1);
    await subscribed(1);
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01000' };
    simulator.exchange.execute('order.place', 1, { ...order, newClientOrderId: 'web_123' });
    await until(
      'told',
      () => listener.logged.filter(({ code }) => code === 'foreign_order_seen').length,
      (count) => count === 1,
    );
    expect(listener.reports()).toEqual([]);
  });
});

describe('prices of the simulated exchange', () => {
  it('come from its public streams', async () => {
    const clock = { now: () => Date.now() };
    const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
    const ticks: FeedTick[] = [];
    const feed = createBinanceFeed({
      registry: symbolRegistry(),
      clock,
      url: simulator.streamUrl,
      openConnection: createOpenConnection({ clock, log, settings: { firstWaitMs: 20, closeMs: 50 } }),
    });
    await feed.start({
      onTick: (tick) => {
        ticks.push(tick);
        return undefined;
      },
      onEnd: quiet,
      onError: quiet,
      onSkipped: quiet,
    });
    feed.subscribe(['BTC/USDT', 'ETH/USDT']);
    await until(
      'connected',
      () => feed.stats().connected,
      (connected) => connected,
    );
    const steps = ['50010.00', '50020.00', '50030.00'];
    for (const last of steps) simulator.exchange.feedPrice('BTCUSDT', { last });
    await until(
      'ticks',
      () => ticks.at(-1)?.last,
      (last) => last === '50030',
    );
    const { bid, ask } = simulator.exchange.best('BTCUSDT') ?? {};
    expect(ticks.at(-1)).toMatchObject({
      bid: decimalText(bid ?? new Decimal(0)),
      ask: decimalText(ask ?? new Decimal(0)),
    });
    simulator.addFaults([{ do: { kind: 'cut_sockets', sockets: 'streams' } }]);
    await until(
      'back',
      () => feed.summary?.()['reconnects'],
      (count) => count === 1,
    );
    simulator.exchange.feedPrice('BTCUSDT', { last: '50040.00' });
    await until(
      'a tick',
      () => ticks.at(-1)?.last,
      (last) => last === '50040',
    );
    await feed.stop();
  });
});
