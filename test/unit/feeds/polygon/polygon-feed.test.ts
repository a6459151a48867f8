/** What ticks the Polygon feed makes of messages. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { PolygonBar } from '../../../../shared/feeds/polygon/messages.ts';
import { recording } from '../../../support/recordings.ts';
import { until } from '../../../support/until.ts';
import { aSymbol, open, polygon, registryWith } from './support.ts';

const T = Date.now();
const xt = (p: number, more: object = {}) => ({
  ...{ ev: 'XT', pair: 'BTC-USD', p, s: 0.5, t: T, i: String(Math.random()), x: 1, r: T },
  ...more,
});
const xq = (bp: number, ap: number, more: object = {}) => ({
  ...{ ev: 'XQ', pair: 'BTC-USD', bp, bs: 0.5, ap, as: 0.75, t: T, x: 1, r: T },
  ...more,
});

/** A feed of `symbols`, subscribed, on the path of their class. */
async function feedOf(symbols: readonly string[], path: string, topics: number, more = {}) {
  const place = await polygon();
  const given = await open(place, { registry: registryWith('AAPL', 'BRK.B', 'EUR/USD', 'XAU/USD'), ...more });
  given.feed.subscribe(symbols);
  await given.subscribed(topics);
  return { ...given, place, send: (items: readonly object[]) => place.send(path, items) };
}

describe('crypto', () => {
  it('makes ticks of quotes and trades, exact in text and units, with growing ids', async () => {
    const { send, ticks, seen, feed } = await feedOf(['BTC/USD'], '/crypto', 2);
    const before = Date.now();
    send([xq(100249.9, 100251.2), xt(100250.5), xq(100250, 100251.2, { t: T + 1 })]);
    await seen(3);
    expect(ticks[0]).toMatchObject({ bid: '100249.9', ask: '100251.2', last: '100250.55', quoted: true });
    expect(ticks[0]?.tick).toMatchObject({
      ...{ bid: 1_002_499_000, ask: 1_002_512_000, last: 1_002_505_500 },
      ...{ bidSize: '0.5', askSize: '0.75', recordedAt: 0 },
    });
    expect(ticks.slice(1)).toMatchObject([
      { bid: '100249.9', last: '100250.5' },
      { bid: '100250', last: '100250.5' },
    ]);
    const ids = ticks.map(({ tick }) => tick.id);
    expect(ids).toEqual([ids[0], (ids[0] ?? 0) + 1, (ids[0] ?? 0) + 2]);
    expect(ids[0]).toBeGreaterThan(before * 1000 - 10_000_000);
    expect(ticks[0]?.tick.at).toBeGreaterThanOrEqual(before);
    expect(feed.stats()).toMatchObject({ tradesProcessed: 1, quotesProcessed: 2, errors: 0 });
    // Two statuses of the handshake, two confirmations, three prices.
    expect(feed.stats().messagesReceived).toBe(7);
  });

  it('numbers its ticks above those of an earlier run, whatever the clock says', async () => {
    const startAfter = (Date.now() + 3_600_000) * 1000;
    const { send, ticks, seen } = await feedOf(['BTC/USD'], '/crypto', 2, { startAfter });
    send([xq(1, 2)]);
    await seen(1);
    expect(ticks[0]?.tick.id).toBe(startAfter + 1);
  });

  it('is one price for BTC/USD and BTC/USDT, asked for once', async () => {
    const { send, ticks, seen, place, feed } = await feedOf(['BTC/USD', 'BTC/USDT'], '/crypto', 2);
    send([xq(10, 11)]);
    await seen(2);
    expect(ticks.map(({ spec }) => spec.symbol)).toEqual(['BTC/USD', 'BTC/USDT']);
    expect(place.requests).toHaveLength(1);
    expect(feed.subscribe(['BTC/USD'])).toEqual({ unknown: [] });
  });

  it('combines venues to one quote that is never crossed', async () => {
    const { send, ticks, seen } = await feedOf(['BTC/USD'], '/crypto', 2);
    send([xq(100, 101), xq(102, 103, { x: 2, bs: 0.25, as: 0.25 }), xq(90, 91, { x: 6 })]);
    await seen(3);
    // The second venue bids above what the first asks; the third is far off, and changes the middle only.
    expect(ticks.map(({ bid, ask }) => [bid, ask])).toEqual([
      ['100', '101'],
      ['101', '102'],
      ['100', '101'],
    ]);
    expect(ticks[1]?.tick).toMatchObject({ bidSize: '0.5', askSize: '0.25' });
  });

  it('counts a trade once, by venue and id, also over a reconnect', async () => {
    const { send, ticks, seen, feed, place, subscribed } = await feedOf(['BTC/USD'], '/crypto', 2);
    const uuid = { i: '9a41c1c2-13f5-4c0f-9f6e-0d2b8d1f4a77', x: 23 };
    send([xq(1, 2), xt(1.5, uuid), xt(1.5, uuid), xt(1.6, { ...uuid, x: 1 })]);
    await seen(3);
    place.server.cut();
    await subscribed(4);
    send([xt(1.5, uuid), xt(1.7, { i: undefined }), xt(1.7, { i: undefined }), xt(1.8)]);
    await seen(5);
    expect(ticks.map(({ last }) => last)).toEqual(['1.5', '1.5', '1.6', '1.7', '1.8']);
    expect(feed.summary?.()).toMatchObject({ duplicate: 3, trades: 7 });
    expect(feed.stats().leftOut).toMatchObject({ duplicates: 3 });
  });

  it('never moves a venue, nor the last price, far back in time', async () => {
    const { send, ticks, seen, feed } = await feedOf(['BTC/USD'], '/crypto', 2);
    send([
      xq(10, 11),
      xq(1, 2, { t: T - 1 }),
      xt(10.5),
      xt(1.5, { t: T - 1 }),
      // Another venue's way is a little longer.
      xt(10.6, { t: T - 900, x: 2 }),
      xt(2.5, { t: T - 1_100, x: 3 }),
      xq(10, 12),
    ]);
    await seen(4);
    expect(ticks.map(({ ask, last }) => [ask, last])).toEqual([
      ['11', '10.5'],
      ['11', '10.5'],
      ['11', '10.6'],
      ['12', '10.6'],
    ]);
    expect(feed.summary?.()).toMatchObject({ old: 3 });
    expect(feed.stats().leftOut).toMatchObject({ out_of_order: 3 });
  });

  it('says whose message it is and when that was there, and puts none together that is far off in time', async () => {
    const { send, ticks, seen, feed } = await feedOf(['BTC/USD'], '/crypto', 2);
    send([
      xq(100, 101, { x: 23 }),
      xt(100.5, { x: 1, t: T + 5 }),
      xq(80, 81, { x: 1, t: T + 3_600_000 }),
      xt(80, { x: 2, t: T - 61_000_000 }),
      xq(100, 102, { x: 23, t: T + 6 }),
    ]);
    await seen(4);
    expect(
      ticks.map(({ venue, venueAt, printed, bid, last }) => [venue, venueAt, printed, bid, last]),
    ).toEqual([
      ['23', T, undefined, '100', '100.5'],
      ['1', T + 5, 'trade', '100', '100.5'],
      ['1', T + 3_600_000, 'quote', '100', '100.5'],
      ['23', T + 6, 'quote', '100', '100.5'],
    ]);
    expect(feed.summary?.()).toMatchObject({ untimely: 1, old: 1 });
  });

  it('leaves out crossed quotes, empty sides and broken elements one by one, and counts each', async () => {
    const { send, ticks, seen, feed, skipped } = await feedOf(['BTC/USD'], '/crypto', 2);
    send([
      xq(12, 11),
      xq(0, 11),
      xt(Number.NaN),
      { ev: 'ZZZ' },
      xt(1, { pair: 'ETH-USD' }),
      xt(0),
      xt(-7),
      xt(5),
      xq(10, 11),
    ]);
    await seen(1);
    expect(ticks).toHaveLength(1);
    expect(ticks[0]).toMatchObject({ bid: '10', ask: '11', last: '5' });
    expect(feed.summary?.()).toMatchObject({
      ...{ crossed: 1, empty_side: 1, unasked: 1 },
      ...{ 'dropped: XT.p missing': 1, 'dropped: unknown event': 1 },
    });
    expect(feed.stats()).toMatchObject({
      errors: 5,
      leftOut: { crossed: 1, not_positive: 2, duplicates: 0, out_of_order: 0 },
    });
    expect(skipped.sort()).toEqual([
      'message of Polygon: XT.p missing',
      'message of Polygon: XT.p not positive',
      'message of Polygon: unknown event',
    ]);
  });

  it('survives frames that are none, and tells them by rate', async () => {
    const { place, send, seen, skipped, feed } = await feedOf(['BTC/USD'], '/crypto', 2);
    for (const text of ['', '[{"ev":', 'null', '[]', 'x', '[{"ev":"XT"']) place.sendText('/crypto', text);
    for (let n = 0; n < 2_000; n++) place.server.broadcastBytes(Buffer.from([1]));
    send([xq(1, 2)]);
    await seen(1);
    expect(skipped).toEqual([
      'message of Polygon: not JSON',
      'message of Polygon: not an event',
      'message of Polygon: a binary frame',
    ]);
    expect(feed.stats()).toMatchObject({ errors: 2_005, connected: true });
    expect(feed.summary?.()).toMatchObject({
      'dropped: a binary frame': 2_000,
      'dropped: not JSON': 4,
      'dropped: not an event': 1,
      reconnects: 0,
    });
  });

  it('goes on with the other elements when a listener fails', async () => {
    const place = await polygon();
    const { feed, subscribed, logged } = await open(place, {
      bars: {
        widths: ['minute'],
        onBar: () => {
          throw new Error('broken listener');
        },
      },
    });
    feed.subscribe(['BTC/USD']);
    await subscribed(3);
    expect(place.requests[0]?.topics).toEqual(['XT.BTC-USD', 'XQ.BTC-USD', 'XA.BTC-USD']);
    const bar = { ev: 'XA', pair: 'BTC-USD', o: 1, h: 2, l: 1, c: 2, v: 1, s: T, e: T + 60_000 };
    place.send('/crypto', [bar, xq(1, 2)]);
    await until(
      'the quote',
      () => feed.summary?.()['ticks'],
      (ticks) => ticks === 1,
    );
    expect(feed.summary?.()).toMatchObject({ handler_failed: 1 });
    expect(logged.join()).toContain('broken listener');
  });

  it('tells the second symbol at a price what the listener of the first one fails on', async () => {
    const place = await polygon();
    const told: string[] = [];
    const { feed, subscribed } = await open(place, {
      registry: registryWith(),
      onTick: ({ spec }) => {
        told.push(spec.symbol);
        if (spec.symbol === 'BTC/USD') throw new Error('broken listener');
      },
    });
    feed.subscribe(['BTC/USD', 'BTC/USDT']);
    await subscribed(2);
    place.send('/crypto', [xq(1, 2), xq(1, 3)]);
    await until(
      'both quotes',
      () => feed.stats().quotesProcessed,
      (quotes) => quotes === 2,
    );
    expect(told).toEqual(['BTC/USD', 'BTC/USDT', 'BTC/USD', 'BTC/USDT']);
    expect(feed.stats().errors).toBe(2);
  });

  it('keeps digits that are finer than the unit in the text, and counts long ones', async () => {
    const { place, ticks, seen, feed } = await feedOf(['BTC/USD'], '/crypto', 2);
    const text = `[{"ev":"XQ","pair":"BTC-USD","bp":0.12345678901234567890,"ap":4.522e-01,"t":${T},"x":1}]`;
    place.sendText('/crypto', text);
    await seen(1);
    expect(ticks[0]).toMatchObject({ bid: '0.12345678901234567890', ask: '0.4522', tick: { bid: 1235 } });
    expect(feed.summary?.()).toMatchObject({ long_numbers: 1, rounded: 1 });
  });
});

describe('stocks', () => {
  it('has the national best quote and trades, names with dots, bars by the right channels', async () => {
    const bars: [string, PolygonBar][] = [];
    const { send, ticks, seen, place } = await feedOf(['BRK.B'], '/stocks', 4, {
      bars: {
        widths: ['second', 'minute'],
        onBar: (spec: { symbol: string }, bar: PolygonBar) => bars.push([spec.symbol, bar]),
      },
    });
    expect(place.requests[0]?.topics).toEqual(['T.BRK.B', 'Q.BRK.B', 'A.BRK.B', 'AM.BRK.B']);
    const bar = { sym: 'BRK.B', o: 1, h: 2, l: 1, c: 2, v: 10, s: T, e: T + 1000 };
    send([
      { ev: 'Q', sym: 'BRK.B', bx: 4, bp: 400.1, bs: 1, ax: 7, ap: 400.3, as: 2, t: T },
      { ev: 'Q', sym: 'BRK.B', bx: 11, bp: 400.2, bs: 1, ax: 12, ap: 400.4, as: 2, t: T },
      { ev: 'T', sym: 'BRK.B', x: 4, i: '1', z: 3, p: 400.25, s: 100, t: T },
      { ev: 'A', ...bar },
      { ev: 'AM', ...bar },
    ]);
    await seen(3);
    expect(ticks.at(-1)).toMatchObject({ bid: '400.2', ask: '400.4', last: '400.25', quoted: true });
    await until(
      'bars',
      () => bars.length,
      (count) => count === 2,
    );
    expect(bars.map(([symbol, { ev }]) => [symbol, ev])).toEqual([
      ['BRK.B', 'A'],
      ['BRK.B', 'AM'],
    ]);
  });
});

describe('currencies and metals', () => {
  it('has quotes alone: last is their middle; a slash or a hyphen is the same pair', async () => {
    const { send, ticks, seen, place } = await feedOf(['XAU/USD', 'EUR/USD'], '/forex', 2);
    expect(place.requests[0]?.topics).toEqual(['C.XAU/USD', 'C.EUR/USD']);
    send([
      { ev: 'C', p: 'XAU/USD', x: 48, a: 4100.85, b: 4100.3, i: 0, t: T },
      { ev: 'C', p: 'EUR-USD', x: '44', a: 1.1, b: 1.09, t: T },
    ]);
    await seen(2);
    expect(ticks).toMatchObject([
      { bid: '4100.3', ask: '4100.85', last: '4100.575', quoted: true, tick: { bidSize: '', askSize: '' } },
      { spec: { symbol: 'EUR/USD' }, bid: '1.09', ask: '1.1', last: '1.095' },
    ]);
  });

  it('has its own figures beside those of the whole source', async () => {
    const { send, place, feed, subscribed } = await feedOf(['BTC/USD', 'BTC/USDT'], '/crypto', 2);
    feed.subscribe(['EUR/USD']);
    await subscribed(3);
    send([xq(10, 11), xt(10.5), xt(0)]);
    place.send('/forex', [{ ev: 'C', p: 'EUR/USD', x: 48, a: 1.2, b: 1.1, t: T }]);
    const stats = await until(
      'both classes',
      () => feed.stats(),
      ({ quotesProcessed, tradesProcessed }) => quotesProcessed === 2 && tradesProcessed === 1,
    );
    const { connections = [] } = stats;
    expect(connections).toMatchObject([
      {
        ...{ name: 'polygon crypto', connected: true, authenticated: true, healthy: true, trouble: null },
        ...{ messagesReceived: 7, tradesProcessed: 1, quotesProcessed: 1, errors: 1, reconnects: 0 },
        subscriptions: 2,
      },
      {
        ...{ name: 'polygon forex', connected: true, messagesReceived: 4, tradesProcessed: 0 },
        ...{ quotesProcessed: 1, errors: 0, subscriptions: 1 },
      },
    ]);
    expect(connections.every(({ lastMessageAt }) => lastMessageAt !== null)).toBe(true);
    expect(stats.messagesReceived).toBe(11);
    feed.unsubscribe(['EUR/USD']);
    expect(feed.stats().connections?.map(({ name }) => name)).toEqual(['polygon crypto']);
  });

  it('has a socket of its own beside that of crypto', async () => {
    const { place, feed } = await feedOf(['XAU/USD', 'BTC/USD'], '/forex', 3);
    expect(place.server.sockets.size).toBe(2);
    expect(feed.stats()).toMatchObject({ connected: true, subscriptions: ['XAU/USD', 'BTC/USD'] });
  });
});

const quotes = recording('../polygon/xq-recorded-20230726.ndjson.gz');

describe.skipIf(quotes.missing)('recorded quotes of four venues', () => {
  it('are all read, in any order of their times, and make ticks that are never crossed', async () => {
    const lines: string[] = [];
    const pairs = new Set<string>();
    const input = createReadStream(quotes.file).pipe(createGunzip());
    for await (const line of createInterface({ input })) {
      lines.push(line);
      pairs.add((JSON.parse(line) as { pair: string }).pair.replace('-', '/'));
    }
    const registry = registryWith();
    const specs = [...pairs].map((symbol) => ({ ...aSymbol(symbol), unitExponent: 8 }));
    const place = await polygon();
    const { feed, ticks, subscribed } = await open(place, {
      timely: { futureMs: Number.POSITIVE_INFINITY, ageMs: Number.POSITIVE_INFINITY },
      registry: { ...registry, get: (symbol) => specs.find((spec) => spec.symbol === symbol) ?? null },
    });
    expect(feed.subscribe([...pairs])).toEqual({ unknown: [] });
    await subscribed(2 * pairs.size);
    for (let at = 0; at < lines.length; at += 100) {
      place.sendText('/crypto', `[${lines.slice(at, at + 100).join(',')}]`);
    }
    await until(
      'all of them',
      () => feed.stats().quotesProcessed,
      (count) => count === 5_397,
    );
    expect(feed.summary?.()).toMatchObject({ old: 0, crossed: 0, unusable: 0, long_numbers: 0 });
    expect(feed.stats().errors).toBe(0);
    expect(pairs.size).toBe(21);
    expect(ticks.length + (feed.summary?.()['empty_side'] ?? 0)).toBe(5_397);
    expect(ticks.filter(({ tick }) => tick.bid > tick.ask)).toEqual([]);
  });
});
