/** Binance's public streams as a price source, against a server of 127.0.0.1. */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createOpenConnection } from '../../../../shared/adapters/ws/connection.ts';
import { symbolRegistry } from '../../../../shared/domain/symbols.ts';
import { type BinanceFeedOptions, createBinanceFeed } from '../../../../shared/feeds/binance/binance-feed.ts';
import { parseMarketMessage } from '../../../../shared/feeds/binance/market-message.ts';
import { SymbolMarket } from '../../../../shared/feeds/binance/symbol-market.ts';
import type { Feed, FeedTick } from '../../../../shared/ports/feed.ts';
import { recording } from '../../../support/recordings.ts';
import { until } from '../../../support/until.ts';
import { startWsServer, type TestWsServer } from '../../../support/ws-server.ts';

const quiet = (): void => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const clock = { now: () => Date.now() };
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

interface Frame {
  readonly method: string;
  readonly params: readonly string[];
  readonly id: number;
}

async function venue(): Promise<{
  server: TestWsServer;
  frames: { at: number; frame: Frame }[];
  refuse: string | null;
  /** Longer frames are refused. */
  mostParams: number;
}> {
  const frames: { at: number; frame: Frame }[] = [];
  const self = { refuse: null as string | null, mostParams: 0 };
  const server = await startWsServer({
    onMessage: (socket, text) => {
      const frame = JSON.parse(text) as Frame;
      frames.push({ at: performance.now(), frame });
      socket.send(
        JSON.stringify(
          self.refuse === null || frame.params.length <= self.mostParams
            ? { result: null, id: frame.id }
            : { error: { code: 2, msg: self.refuse }, id: frame.id },
        ),
      );
    },
  });
  stops.push(() => server.stop());
  return Object.assign(self, { server, frames });
}

async function open(
  server: TestWsServer,
  more: Partial<BinanceFeedOptions> = {},
  listen: (tick: FeedTick) => Promise<void> | undefined = () => undefined,
) {
  const ticks: FeedTick[] = [];
  const skipped: string[] = [];
  const feed: Feed = createBinanceFeed({
    registry: symbolRegistry(),
    clock,
    url: server.url,
    openConnection: createOpenConnection({ clock, log, settings: { firstWaitMs: 10, closeMs: 50 } }),
    frameGapMs: 20,
    ...more,
  });
  stops.unshift(() => feed.stop());
  await feed.start({
    onTick: (tick) => {
      ticks.push(tick);
      return listen(tick);
    },
    onEnd: quiet,
    onError: quiet,
    onSkipped: ({ where, reason }) => void skipped.push(`${where}: ${reason}`),
  });
  return { feed, ticks, skipped };
}

const quote = (u: number, b: string, a: string, s = 'BTCUSDT'): string =>
  JSON.stringify({
    stream: `${s.toLowerCase()}@bookTicker`,
    data: { u, s, b, B: '1.50000000', a, A: '2.00000000' },
  });
const trade = (t: number, p: string, s = 'BTCUSDT', T = Date.now()): string =>
  JSON.stringify({
    stream: `${s.toLowerCase()}@trade`,
    data: { e: 'trade', E: T, s, t, p, q: '0.1', T, m: true, M: true },
  });

const connected = (feed: Feed) =>
  until(
    'connected',
    () => feed.stats(),
    (stats) => stats.connected,
  );

describe('the Binance feed', () => {
  it('hands on ticks once bid, ask and last are known, exact in text and units, with growing ids', async () => {
    const { server } = await venue();
    const { feed, ticks } = await open(server);
    expect(feed.subscribe(['BTC/USDT', 'NOPE/USDT'])).toEqual({ unknown: ['NOPE/USDT'] });
    await connected(feed);
    const before = Date.now();
    server.broadcast(quote(1, '50000.10000000', '50000.20000000'));
    server.broadcast(trade(1, '50000.15000000'));
    server.broadcast(quote(2, '50000.11000000', '50000.20000000'));
    await until(
      'ticks',
      () => ticks,
      (seen) => seen.length === 2,
    );
    expect(ticks[0]).toMatchObject({ bid: '50000.1', ask: '50000.2', last: '50000.15', quoted: true });
    expect(ticks[0]?.tick).toMatchObject({
      bid: 500001000,
      ask: 500002000,
      last: 500001500,
      bidSize: '1.50000000',
      askSize: '2.00000000',
      recordedAt: 0,
    });
    expect(ticks[1]?.tick.bid).toBe(500001100);
    const [first, second] = ticks.map(({ tick }) => tick);
    expect(second?.id).toBe((first?.id ?? 0) + 1);
    expect(first?.id).toBeGreaterThan(before * 1000 - 10_000_000);
    expect(first?.at).toBeGreaterThanOrEqual(before);
    expect(feed.stats()).toMatchObject({
      name: 'binance',
      tradesProcessed: 1,
      quotesProcessed: 2,
      errors: 0,
    });
  });

  it('numbers its ticks above those of an earlier run, whatever the clock says', async () => {
    const { server } = await venue();
    const startAfter = (Date.now() + 3_600_000) * 1000;
    const { feed, ticks } = await open(server, { startAfter });
    feed.subscribe(['BTC/USDT']);
    await connected(feed);
    server.broadcast(trade(1, '1.00'));
    server.broadcast(quote(1, '1.00', '2.00'));
    await until(
      'a tick',
      () => ticks.length,
      (length) => length === 1,
    );
    expect(ticks[0]?.tick.id).toBe(startAfter + 1);
  });

  it('drops repeated and overtaken trades and quotes, and counts them', async () => {
    const { server } = await venue();
    const { feed, ticks } = await open(server);
    feed.subscribe(['BTC/USDT']);
    await connected(feed);
    const sent = [
      quote(5, '1', '2'),
      trade(10, '1.5'),
      trade(10, '1.6'),
      trade(9, '1.7'),
      quote(5, '1', '2'),
      quote(4, '1', '3'),
      trade(11, '1.8'),
    ];
    for (const text of sent) server.broadcast(text);
    await until(
      'ticks',
      () => ticks.at(-1)?.last,
      (last) => last === '1.8',
    );
    expect(ticks.map(({ last }) => last)).toEqual(['1.5', '1.8']);
    expect(feed.summary?.()).toMatchObject({ old: 2, duplicate: 2, ticks: 2 });
    expect(feed.stats().leftOut).toEqual({ duplicates: 2, out_of_order: 2, not_positive: 0 });
  });

  it('waits with an empty side of the book, and refuses prices that are none', async () => {
    const { server } = await venue();
    const { feed, ticks, skipped } = await open(server);
    feed.subscribe(['BTC/USDT']);
    await connected(feed);
    const sent = [
      trade(1, '1.5'),
      quote(1, '0.00000000', '2'),
      quote(2, 'NaN', '2'),
      quote(3, '1.4', '1.6'),
      '{"x":',
      '[]',
      trade(2, '-1'),
      trade(3, '0.00000000'),
      quote(4, '-1', '2'),
      quote(5, '1', '2', 'ETHUSDT'),
      ...Array.from({ length: 3_000 }, () => '{"e":"trade","s":7}'),
    ];
    for (const text of sent) server.broadcast(text);
    await until(
      'messages',
      () => feed.stats().messagesReceived,
      (count) => count === sent.length + 1,
    );
    expect(ticks).toHaveLength(1);
    expect(feed.summary?.()).toMatchObject({
      ...{ empty_side: 1, unusable: 1, not_positive: 3, unasked: 1, reconnects: 0 },
      ...{ 'dropped: not JSON': 1, 'dropped: an unknown message': 1 },
      'dropped: a trade without its fields': 3_000,
    });
    expect(feed.stats()).toMatchObject({ errors: 3_006, leftOut: { not_positive: 3 } });
    // By rate: each reason once.
    expect(skipped).toEqual([
      'message of Binance: not JSON',
      'message of Binance: an unknown message',
      'message of Binance: a trade without its fields',
    ]);
  });

  it('asks in frames of the allowed size and pace, and again on each new session', async () => {
    const many = symbolRegistry(
      Array.from({ length: 230 }, (_, i) => {
        const spec = symbolRegistry().get('BTC/USDT');
        if (spec === null) throw new Error('BTC/USDT is not built in');
        return { ...spec, symbol: `C${i}/USDT`, base: `C${i}`, venueSymbol: `C${i}USDT` };
      }),
    );
    const { server, frames } = await venue();
    const { feed } = await open(server, { registry: many, frameGapMs: 50 });
    feed.subscribe(many.all().map(({ symbol }) => symbol));
    await connected(feed);
    expect(frames.map(({ frame }) => frame.params.length)).toEqual([200, 200, 60]);
    expect(frames[0]?.frame).toMatchObject({ method: 'SUBSCRIBE' });
    expect(frames[0]?.frame.params.slice(0, 2)).toEqual(['c0usdt@bookTicker', 'c0usdt@trade']);
    const gaps = frames.slice(1).map(({ at }, i) => at - (frames[i]?.at ?? 0));
    for (const gap of gaps) expect(gap).toBeGreaterThan(40);
    server.cut();
    await until(
      'asked again',
      () => frames.length,
      (length) => length === 6,
    );
    expect(new Set(frames.slice(3).flatMap(({ frame }) => frame.params)).size).toBe(460);
  });

  it('adds symbols while it runs', async () => {
    const { server, frames } = await venue();
    const { feed } = await open(server);
    feed.subscribe(['BTC/USDT']);
    await connected(feed);
    feed.subscribe(['BTC/USDT', 'ETH/USDT']);
    await until(
      'asked',
      () => frames.length,
      (length) => length === 2,
    );
    expect(frames[1]?.frame.params).toEqual(['ethusdt@bookTicker', 'ethusdt@trade']);
    expect(feed.stats().subscriptions).toEqual(['BTC/USDT', 'ETH/USDT']);
  });

  it('gives back what nobody needs, closes a connection without symbols, and takes a symbol again', async () => {
    const { server, frames } = await venue();
    const { feed, ticks } = await open(server);
    feed.subscribe(['BTC/USDT', 'ETH/USDT']);
    await connected(feed);
    const told = (count: number) =>
      until(
        `${count} frames`,
        () => frames.map(({ frame }) => [frame.method, ...frame.params]),
        (seen) => seen.length >= count,
      );
    await told(1);
    feed.unsubscribe(['ETH/USDT', 'NOPE/USDT']);
    expect((await told(2))[1]).toEqual(['UNSUBSCRIBE', 'ethusdt@bookTicker', 'ethusdt@trade']);
    server.broadcast(quote(1, '3000', '3001', 'ETHUSDT'));
    server.broadcast(trade(1, '3000', 'ETHUSDT'));
    server.broadcast(quote(1, '50000', '50001'));
    server.broadcast(trade(1, '50000'));
    await until(
      'a tick',
      () => ticks,
      (seen) => seen.length === 1,
    );
    expect(ticks[0]?.spec.symbol).toBe('BTC/USDT');
    expect(feed.stats().subscriptions).toEqual(['BTC/USDT']);
    const received = feed.stats().messagesReceived;
    feed.unsubscribe(['BTC/USDT']);
    await until(
      'closed',
      () => server.sockets.size,
      (open) => open === 0,
    );
    // Nobody was heard, and nobody had to be.
    expect(feed.stats()).toMatchObject({ connected: true, subscriptions: [], lastHeardAt: null });
    expect(feed.stats().messagesReceived).toBeGreaterThanOrEqual(received);
    const before = frames.length;
    feed.subscribe(['BTC/USDT']);
    expect((await told(before + 1)).at(-1)).toEqual(['SUBSCRIBE', 'btcusdt@bookTicker', 'btcusdt@trade']);
    server.broadcast(quote(2, '50000', '50001'));
    server.broadcast(trade(2, '50000'));
    await until(
      'a tick of the new connection',
      () => ticks,
      (seen) => seen.length === 2,
    );
  });

  it('has figures of each connection beside those of the whole source', async () => {
    const { server } = await venue();
    const { feed } = await open(server);
    feed.subscribe(['BTC/USDT', 'ETH/USDT']);
    await connected(feed);
    for (const text of [quote(1, '1', '2'), trade(1, '1.5'), trade(2, '0'), '{']) server.broadcast(text);
    await until(
      'all of them',
      () => feed.stats().errors,
      (errors) => errors === 2,
    );
    const figures = { messagesReceived: 5, tradesProcessed: 2, quotesProcessed: 1, errors: 2 };
    expect(feed.stats()).toMatchObject({
      ...figures,
      connections: [
        {
          ...{ name: 'binance market 1', connected: true, authenticated: true, healthy: true },
          ...{ ...figures, subscriptions: 2, reconnects: 0, trouble: null },
        },
      ],
    });
    feed.unsubscribe(['BTC/USDT', 'ETH/USDT']);
    expect(feed.stats()).toMatchObject({ ...figures, connections: [] });
  });

  it('tells a refused subscription and goes on', async () => {
    const place = await venue();
    place.refuse = 'Invalid request';
    const { feed, skipped } = await open(place.server);
    feed.subscribe(['BTC/USDT']);
    await until(
      'told',
      () => skipped,
      (told) => told.length === 1,
    );
    expect(skipped[0]).toContain('2 Invalid request');
    expect(feed.stats()).toMatchObject({
      errors: 1,
      failed: [{ symbol: 'BTC/USDT', reason: 'refused: 2 Invalid request' }],
    });
  });

  it('asks again for what was refused, symbol by symbol: one bad name takes no other away', async () => {
    const place = await venue();
    place.refuse = 'Invalid request';
    place.mostParams = 2;
    const { feed, skipped } = await open(place.server, { refusedRetryMs: 30 });
    feed.subscribe(['BTC/USDT', 'ETH/USDT']);
    await until(
      'asked again',
      () => place.frames.length,
      (count) => count === 3,
    );
    expect(place.frames.map(({ frame }) => frame.params.length)).toEqual([4, 2, 2]);
    await sleep(80);
    expect(place.frames).toHaveLength(3);
    expect(skipped).toHaveLength(1);
    // Taken meanwhile.
    expect(feed.stats().failed).toEqual([]);
  });

  it('renews when the server shuts down, without a tick lost or doubled', async () => {
    const { server } = await venue();
    const { feed, ticks } = await open(server);
    feed.subscribe(['BTC/USDT']);
    await connected(feed);
    server.broadcast(quote(1, '1', '2'));
    let nth = 0;
    const timer = setInterval(() => server.broadcast(trade(++nth, `${nth}`)), 2);
    await sleep(40);
    server.broadcast(JSON.stringify({ stream: '!serverShutdown', data: { e: 'serverShutdown', E: 1 } }));
    await until(
      'renewed',
      () => feed.summary?.()['reconnects'],
      (reconnects) => reconnects === 1,
    );
    await sleep(40);
    clearInterval(timer);
    await until(
      'one socket',
      () => server.sockets.size,
      (size) => size === 1,
    );
    await until(
      'the last one',
      () => ticks.at(-1)?.last,
      (last) => last === `${nth}`,
    );
    expect(ticks.map(({ last }) => last)).toEqual(Array.from({ length: nth }, (_, i) => `${i + 1}`));
  });

  it('takes the last price of a quiet symbol from elsewhere, unless it has traded', async () => {
    const { server } = await venue();
    let asked = 0;
    const { feed, ticks, skipped } = await open(server, {
      seedMs: 30,
      lastPrices: async (venueSymbols) => {
        asked += 1;
        if (asked === 1) throw new Error('away');
        return new Map(venueSymbols.map((symbol) => [symbol, '49999.50000000']));
      },
    });
    feed.subscribe(['BTC/USDT']);
    await connected(feed);
    server.broadcast(quote(1, '50000', '50001'));
    await until(
      'a tick',
      () => ticks.length,
      (length) => length === 1,
    );
    expect(ticks[0]?.last).toBe('49999.5');
    expect(skipped).toEqual(['last prices of 1 symbols: away']);
    server.broadcast(trade(1, '50000.5'));
    await until(
      'a trade',
      () => ticks.at(-1)?.last,
      (last) => last === '50000.5',
    );
  });

  it('routes by kind, and lets a listener that fails or never ends delay no other message', async () => {
    const { server } = await venue();
    const told: string[] = [];
    const { feed } = await open(server, {}, (tick) => {
      told.push(`${tick.spec.symbol} ${tick.printed ?? 'seed'} ${tick.bid} ${tick.last}`);
      if (tick.spec.symbol === 'ETH/USDT') throw new Error('broken listener');
      return new Promise(() => undefined);
    });
    feed.subscribe(['BTC/USDT', 'ETH/USDT']);
    await connected(feed);
    for (const text of [
      ...[quote(1, '1', '2'), trade(1, '1.5'), quote(1, '10', '20', 'ETHUSDT'), trade(1, '15', 'ETHUSDT')],
      ...['{"stream":"x","data":{"e":"kline"}}', 'no JSON', trade(2, '16', 'ETHUSDT'), quote(2, '1.1', '2')],
    ]) {
      server.broadcast(text);
    }
    await until(
      'all ticks',
      () => told,
      (list) => list.length === 4,
    );
    expect(told).toEqual([
      ...['BTC/USDT trade 1 1.5', 'ETH/USDT trade 10 15', 'ETH/USDT trade 10 16', 'BTC/USDT quote 1.1 1.5'],
    ]);
    expect(feed.stats()).toMatchObject({
      tradesProcessed: 3,
      quotesProcessed: 3,
      // Two of the listener, and two frames that nobody asked for or can read.
      errors: 4,
      connected: true,
    });
    expect(feed.summary?.()).toMatchObject({
      ...{ unasked: 0, 'dropped: not JSON': 1, 'dropped: an event that was not asked for': 1 },
    });
  });

  it('tells nothing after it was stopped', async () => {
    const { server } = await venue();
    const { feed, ticks } = await open(server);
    feed.subscribe(['BTC/USDT']);
    await connected(feed);
    server.broadcast(trade(1, '1'));
    const timer = setInterval(() => server.broadcast(quote(Date.now(), '1', '2')), 1);
    await until(
      'ticks',
      () => ticks.length,
      (length) => length > 2,
    );
    await feed.stop();
    const count = ticks.length;
    await sleep(40);
    clearInterval(timer);
    expect(ticks).toHaveLength(count);
  });
});

describe('a market of one symbol', () => {
  const spec = symbolRegistry().get('BTC/USDT');
  if (spec === null) throw new Error('BTC/USDT is not built in');

  it('takes lower ids after a pause: the venue began anew', () => {
    const market = new SymbolMarket(spec);
    const at = (tradeId: number) => ({
      kind: 'trade' as const,
      venueSymbol: 'BTCUSDT',
      tradeId,
      price: '1',
      at: 1,
    });
    expect(market.trade(at(1_000), 0)).toBe('waits');
    expect(market.trade(at(5), 4_999)).toBe('old');
    expect(market.trade(at(5), 5_000)).toBe('waits');
    expect(market.trade(at(5), 5_001)).toBe('duplicate');
  });

  it('counts digits finer than its unit, and keeps them in the text', () => {
    const market = new SymbolMarket(spec);
    market.seed('1');
    const sizes = { bidSize: '1', askSize: '1' };
    const message = {
      kind: 'quote' as const,
      venueSymbol: 'BTCUSDT',
      updateId: 1,
      bid: '1.00005',
      ask: '2',
      ...sizes,
    };
    expect(market.quote(message, 0)).toBe('tick');
    expect(market.tick(1, 1)).toMatchObject({ bid: '1.00005', tick: { bid: 10_000 } });
    expect(market.rounded).toBe(1);
  });
});

const frames = recording('../ws-raw/binance-spot-trade-bookticker-20240808.ndjson.gz');

describe.skipIf(frames.missing)('recorded frames of the combined stream', () => {
  it('are all read, and every trade is newer than the one before', async () => {
    const kinds: Record<string, number> = {};
    const registry = symbolRegistry();
    const markets = new Map<string, SymbolMarket>();
    const taken: Record<string, number> = {};
    const lines = createInterface({ input: createReadStream(frames.file).pipe(createGunzip()) });
    for await (const line of lines) {
      const text = JSON.stringify((JSON.parse(line) as { msg: unknown }).msg);
      const message = parseMarketMessage(text);
      kinds[message.kind] = (kinds[message.kind] ?? 0) + 1;
      if (message.kind !== 'quote' && message.kind !== 'trade') continue;
      const found = registry.find(message.venueSymbol);
      if (found === null) throw new Error(`unknown ${message.venueSymbol}`);
      const market = markets.get(message.venueSymbol) ?? new SymbolMarket(found);
      markets.set(message.venueSymbol, market);
      const answer = message.kind === 'quote' ? market.quote(message, 0) : market.trade(message, 0);
      taken[answer] = (taken[answer] ?? 0) + 1;
    }
    expect(kinds).toEqual({ trade: 34_419, quote: 131_932 });
    expect(taken['old'] ?? 0).toBe(0);
    expect(taken['unusable'] ?? 0).toBe(0);
    expect([...markets.values()].map(({ rounded }) => rounded)).toEqual([0, 0]);
  });
});
