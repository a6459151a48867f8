/** How the Polygon feed is let in, subscribed and put out. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { symbolRegistry } from '../../../../shared/domain/symbols.ts';
import { CoolDown } from '../../../../shared/feeds/polygon/cool-down.ts';
import { POLYGON_KEY } from '../../../support/polygon-server.ts';
import { until } from '../../../support/until.ts';
import { builtIn, open, polygon } from './support.ts';

const T = Date.now();
const trade = (p: number, i: string, pair = 'BTC-USD') => ({ ev: 'XT', pair, p, s: 1, t: T, i, x: 1 });
const many = symbolRegistry(
  Array.from({ length: 600 }, (_, i) => ({
    ...builtIn('BTC/USD'),
    symbol: `C${i}/USD`,
    base: `C${i}`,
    venueSymbol: `C${i}USD`,
  })),
);

describe('the handshake', () => {
  it('is connected, auth, auth_success, subscribe; on the path of the asset class', async () => {
    const place = await polygon();
    const { feed, subscribed } = await open(place);
    expect(place.server.accepted()).toBe(0);
    expect(feed.subscribe(['BTC/USDT', 'ETH/BTC', 'NOPE/USD'])).toEqual({ unknown: ['ETH/BTC', 'NOPE/USD'] });
    await subscribed(2);
    expect(place.server.received.map((text) => JSON.parse(text))).toEqual([
      { action: 'auth', params: POLYGON_KEY },
      { action: 'subscribe', params: 'XT.BTC-USD,XQ.BTC-USD' },
    ]);
    await until(
      'let in',
      () => feed.stats(),
      ({ authenticated }) => authenticated,
    );
    expect(feed.stats()).toMatchObject({
      name: 'polygon',
      connected: true,
      errors: 0,
      trouble: null,
      failed: [],
      subscriptions: ['BTC/USDT'],
    });
  });

  it('gives up on a server that does not greet, and tries again', async () => {
    const place = await polygon();
    place.script.greets = false;
    const { feed, logged, subscribed } = await open(place, { settings: { handshakeMs: 60 } });
    feed.subscribe(['BTC/USD']);
    await until(
      'a second try',
      () => place.server.accepted(),
      (count) => count >= 2,
    );
    expect(logged.join()).toContain('no \\"connected\\" within 60 ms');
    expect(feed.stats()).toMatchObject({ connected: false, authenticated: false });
    place.script.greets = true;
    await subscribed(2);
    expect(place.mostOpen()).toBe(1);
  });

  it('tries again soon when the server says it was not asked in time', async () => {
    const place = await polygon();
    place.script.auth = 'auth_timeout';
    const { feed, subscribed, logged } = await open(place);
    feed.subscribe(['BTC/USD']);
    await until(
      'several tries',
      () => place.auths.length,
      (count) => count >= 3,
    );
    expect(feed.stats().trouble).toBeNull();
    expect(logged.filter((line) => line.startsWith('error polygon_'))).toEqual([]);
    place.script.auth = 'auth_success';
    await subscribed(2);
  });
});

describe('a key that is refused', () => {
  it('is told in the stats and alarmed, and tried again after long waits only', async () => {
    const place = await polygon();
    const { feed, logged } = await open(place, {
      key: 'wrong',
      settings: { coolDownMs: 300, longestCoolDownMs: 600 },
    });
    feed.subscribe(['BTC/USD']);
    await until(
      'told',
      () => feed.stats().trouble,
      (trouble) => trouble === 'auth_failed',
    );
    await until(
      'three tries',
      () => place.auths.length,
      (count) => count === 3,
    );
    const gaps = place.auths.slice(1).map(({ at }, i) => at - (place.auths[i]?.at ?? 0));
    expect(gaps[0]).toBeGreaterThanOrEqual(290);
    expect(gaps[1]).toBeGreaterThanOrEqual(590);
    expect(logged.filter((line) => line.startsWith('error polygon_auth_failed'))).toHaveLength(3);
    expect(feed.stats()).toMatchObject({ connected: false, authenticated: false });
  });

  it('goes on when it is taken later, and is nowhere to be read', async () => {
    const place = await polygon();
    place.script.auth = 'auth_failed';
    const { feed, logged, skipped, subscribed } = await open(place, { settings: { coolDownMs: 50 } });
    feed.subscribe(['BTC/USD']);
    await until(
      'told',
      () => feed.stats().trouble,
      (trouble) => trouble === 'auth_failed',
    );
    place.script.auth = 'auth_success';
    await subscribed(2);
    await until(
      'no trouble',
      () => feed.stats().trouble,
      (trouble) => trouble === null,
    );
    await feed.stop();
    const told = [...logged, ...skipped, JSON.stringify(feed.stats()), JSON.stringify(feed.summary?.())];
    expect(told.join('\n')).not.toContain(POLYGON_KEY);
  });
});

describe('subscriptions', () => {
  it('go in chunks, one outstanding, and all of them again after a reconnect', async () => {
    const place = await polygon();
    const { feed, subscribed } = await open(place, { registry: many });
    feed.subscribe(many.all().map(({ symbol }) => symbol));
    await subscribed(1200);
    expect(place.requests.map(({ topics }) => topics.length)).toEqual([500, 500, 200]);
    place.server.cut();
    await subscribed(2400);
    expect(new Set(place.requests.slice(3).flatMap(({ topics }) => topics)).size).toBe(1200);
    expect(place.mostOpen()).toBe(1);
    expect(feed.stats().trouble).toBeNull();
  });

  it('can be added while it runs', async () => {
    const place = await polygon();
    const { feed, subscribed } = await open(place);
    feed.subscribe(['BTC/USD']);
    await subscribed(2);
    feed.subscribe(['BTC/USDT', 'ETH/USD']);
    await subscribed(4);
    expect(place.requests.map(({ topics }) => topics)).toEqual([
      ['XT.BTC-USD', 'XQ.BTC-USD'],
      ['XT.ETH-USD', 'XQ.ETH-USD'],
    ]);
  });

  it('that the plan refuses are marked with the reason, and the others live on', async () => {
    const place = await polygon();
    place.script.refused.add('XQ');
    const { feed, ticks, skipped, seen } = await open(place);
    feed.subscribe(['BTC/USD', 'ETH/USD']);
    await until(
      'marked',
      () => feed.stats().failed?.length,
      (count) => count === 2,
    );
    expect(feed.stats().failed?.[0]).toEqual({
      symbol: 'BTC/USD',
      reason: 'XQ.BTC-USD: not authorized: the plan has no such channel',
    });
    // All was told in one answer: nothing is asked for a second time.
    expect(place.requests).toHaveLength(1);
    expect(skipped).toHaveLength(2);
    place.send('/crypto', [trade(10.5, 'a')]);
    await seen(1);
    expect(ticks[0]).toMatchObject({ bid: '10.5', ask: '10.5', last: '10.5', quoted: false });
  });

  it('that are not answered are asked for alone, so that they keep none waiting; what they bring tells', async () => {
    const place = await polygon();
    place.script.unanswered.add('XT.ETH-USD').add('XQ.ETH-USD');
    const { feed, subscribed, seen } = await open(place, { settings: { ackMs: 60 } });
    feed.subscribe(['BTC/USD', 'ETH/USD']);
    await subscribed(6);
    await until(
      'marked',
      () => feed.stats().failed,
      (failed) => failed?.[0]?.reason.split('; ').length === 2,
    );
    expect(place.requests.map(({ topics }) => topics.join())).toEqual([
      'XT.BTC-USD,XQ.BTC-USD,XT.ETH-USD,XQ.ETH-USD',
      'XT.ETH-USD',
      'XQ.ETH-USD',
    ]);
    expect(feed.stats().failed).toMatchObject([
      { symbol: 'ETH/USD', reason: expect.stringContaining('XT.ETH-USD: not answered') },
    ]);
    // The server held them all the time: only its answer was lost.
    place.send('/crypto', [
      { ev: 'XQ', pair: 'ETH-USD', bp: 1, ap: 2, t: T, x: 1 },
      trade(1.5, 'a', 'ETH-USD'),
    ]);
    await seen(2);
    expect(feed.stats().failed).toEqual([]);
  });

  it('of channels that nobody knows end marked, each by itself', async () => {
    const place = await polygon();
    place.script.unanswered.add('XQ');
    const { feed } = await open(place, { settings: { ackMs: 50 } });
    feed.subscribe(['BTC/USD', 'ETH/USD']);
    await until(
      'marked',
      () => feed.stats().failed?.length,
      (count) => count === 2,
    );
    expect(feed.stats().failed?.map(({ reason }) => reason.slice(0, 24))).toEqual([
      'XQ.BTC-USD: not answered',
      'XQ.ETH-USD: not answered',
    ]);
  });

  it('that are confirmed and never bring anything are marked silent, until they do', async () => {
    const place = await polygon();
    const { feed, skipped, seen } = await open(place, { firstDataMs: 80, lookMs: 20 });
    feed.subscribe(['BTC/USDT']);
    await until(
      'silent',
      () => feed.stats().failed,
      (failed) => failed?.length === 1,
    );
    await sleep(80);
    expect(skipped).toEqual([expect.stringContaining('subscription of BTC/USDT: silent: no data within')]);
    place.send('/crypto', [{ ev: 'XQ', pair: 'BTC-USD', bp: 1, ap: 2, t: T, x: 1 }]);
    await seen(1);
    expect(feed.stats().failed).toEqual([]);
  });
});

describe('symbols that leave', () => {
  it('are given up in chunks on the same socket, and do not come back with a reconnect', async () => {
    const place = await polygon();
    const { feed, subscribed } = await open(place, { registry: many });
    const all = many.all().map(({ symbol }) => symbol);
    feed.subscribe(all);
    await subscribed(1200);
    feed.unsubscribe(all.slice(1));
    await until(
      'given up',
      () => place.holds().toSorted(),
      (topics) => topics.length === 2,
    );
    expect(place.holds().toSorted()).toEqual(['XQ.C0-USD', 'XT.C0-USD']);
    expect(place.givenUp.map((topics) => topics.length)).toEqual([500, 500, 198]);
    expect(place.server.accepted()).toBe(1);
    expect(feed.stats().subscriptions).toEqual(['C0/USD']);
    place.server.cut();
    await subscribed(1202);
    expect(place.holds().toSorted()).toEqual(['XQ.C0-USD', 'XT.C0-USD']);
  });

  it('take nothing from another symbol of the same price', async () => {
    const place = await polygon();
    const { feed, subscribed, ticks, seen } = await open(place);
    feed.subscribe(['BTC/USD', 'BTC/USDT', 'ETH/USD']);
    await subscribed(4);
    feed.unsubscribe(['BTC/USDT', 'ETH/USD', 'NOPE/USD']);
    await until(
      'given up',
      () => place.givenUp,
      ([topics]) => topics?.length === 2,
    );
    place.send('/crypto', [
      { ev: 'XQ', pair: 'ETH-USD', bp: 1, ap: 2, t: T, x: 1 },
      { ev: 'XQ', pair: 'BTC-USD', bp: 1, ap: 2, t: T, x: 1 },
    ]);
    await seen(1);
    expect(ticks.map(({ spec }) => spec.symbol)).toEqual(['BTC/USD']);
    expect(feed.summary?.()).toMatchObject({ unasked: 1 });
  });

  it('and come back while they are given up are asked for anew', async () => {
    const place = await polygon();
    const { feed, subscribed, seen } = await open(place);
    feed.subscribe(['BTC/USD', 'ETH/USD']);
    await subscribed(4);
    await until(
      'let in',
      () => place.holds().length,
      (count) => count === 4,
    );
    feed.unsubscribe(['ETH/USD']);
    feed.subscribe(['ETH/USD']);
    feed.unsubscribe(['ETH/USD']);
    feed.subscribe(['ETH/USD']);
    await until(
      'held again',
      () => [place.givenUp.length, place.holds().length],
      ([given = 0, held]) => given > 0 && held === 4,
    );
    place.send('/crypto', [{ ev: 'XQ', pair: 'ETH-USD', bp: 1, ap: 2, t: T, x: 1 }]);
    await seen(1);
    expect(feed.stats().failed).toEqual([]);
    // Once: what came back is not given up anew for having left twice.
    expect(place.givenUp).toHaveLength(1);
  });

  it('as the last of their class close its socket; the next one opens another when that is gone', async () => {
    const place = await polygon();
    const { feed, subscribed, seen, logged } = await open(place);
    expect(feed.stats()).toMatchObject({ connected: true, authenticated: false });
    feed.subscribe(['BTC/USD']);
    await subscribed(2);
    feed.unsubscribe(['BTC/USD']);
    expect(feed.stats()).toMatchObject({ connected: true, authenticated: false, subscriptions: [] });
    feed.subscribe(['ETH/USD']);
    await subscribed(4);
    expect(place.mostOpen()).toBe(1);
    expect(place.holds().toSorted()).toEqual(['XQ.ETH-USD', 'XT.ETH-USD']);
    place.send('/crypto', [{ ev: 'XQ', pair: 'ETH-USD', bp: 1, ap: 2, t: T, x: 1 }]);
    await seen(1);
    feed.unsubscribe(['ETH/USD']);
    await until(
      'closed',
      () => place.server.sockets.size,
      (count) => count === 0,
    );
    await sleep(100);
    expect(place.server.accepted()).toBe(2);
    expect(logged.filter((line) => /^(warn|error)/.test(line))).toEqual([]);
    expect(feed.stats().errors).toBe(0);
  });

  it('do not shorten the wait of a key that was refused', async () => {
    const place = await polygon();
    const { feed } = await open(place, { key: 'wrong', settings: { coolDownMs: 400 } });
    feed.subscribe(['BTC/USD']);
    await until(
      'told',
      () => feed.stats().trouble,
      (trouble) => trouble === 'auth_failed',
    );
    feed.unsubscribe(['BTC/USD']);
    feed.subscribe(['BTC/USD']);
    await until(
      'a second try',
      () => place.auths.length,
      (count) => count === 2,
    );
    const [first, second] = place.auths;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(390);
  });
});

describe('a session that ends', () => {
  it.each([
    ['with the status', true],
    ['with the bare code', false],
  ])(
    'because a stranger uses the key (%s) is alarmed, and followed by a long wait',
    async (_, withStatus) => {
      const place = await polygon();
      const { feed, logged, subscribed } = await open(place, {
        settings: { coolDownMs: 250, longestCoolDownMs: 500 },
      });
      feed.subscribe(['BTC/USD']);
      for (const [nth, least] of [240, 490].entries()) {
        await subscribed(2 * (nth + 1));
        const at = performance.now();
        place.putOut(withStatus);
        await until(
          'told',
          () => feed.stats().trouble,
          (trouble) => trouble === 'max_connections',
        );
        await subscribed(2 * (nth + 2));
        expect((place.auths.at(-1)?.at ?? 0) - at).toBeGreaterThanOrEqual(least);
      }
      expect(logged.filter((line) => line.startsWith('error polygon_max_connections'))).toHaveLength(2);
    },
  );

  it('in any other way comes back at once: cut, or closed with a code', async () => {
    const place = await polygon();
    const { feed, subscribed } = await open(place);
    feed.subscribe(['BTC/USD']);
    await subscribed(2);
    place.server.cut();
    await subscribed(4);
    for (const socket of place.server.sockets) socket.close(1011);
    await subscribed(6);
    expect(feed.stats().trouble).toBeNull();
    expect(place.mostOpen()).toBe(1);
  });

  it('by silence is noticed, though data stopped without a word; pongs keep a quiet one', async () => {
    const place = await polygon();
    const { feed, subscribed } = await open(place, {}, { silenceMs: 1_000 });
    feed.subscribe(['BTC/USD']);
    await subscribed(2);
    await sleep(2_500);
    expect(place.server.accepted()).toBe(1);
    for (const socket of place.server.sockets) socket.pause();
    await subscribed(4);
    expect(feed.stats().errors).toBeGreaterThan(0);
  });

  it('by the stop is closed with 1000, and tells nothing after it', async () => {
    const place = await polygon();
    const { feed, ticks, subscribed } = await open(place);
    feed.subscribe(['BTC/USD']);
    await subscribed(2);
    const codes: number[] = [];
    for (const socket of place.server.sockets) socket.on('close', (code: number) => void codes.push(code));
    await feed.stop();
    await until(
      'closed',
      () => codes,
      (list) => list.length === 1,
    );
    expect(codes).toEqual([1000]);
    expect(ticks).toEqual([]);
  });
});

describe('long waits', () => {
  it('double from 60 s to 15 min, and start anew for who lived longer than that', () => {
    const coolDown = new CoolDown();
    let now = 0;
    const waits = Array.from({ length: 6 }, () => {
      const wait = coolDown.begin(now);
      expect(coolDown.left(now)).toBe(wait);
      expect(coolDown.begin(now + 1)).toBe(wait - 1);
      now += wait + 600_000;
      return wait / 1000;
    });
    expect(waits).toEqual([60, 120, 240, 480, 900, 900]);
    now += 31 * 60_000;
    expect(coolDown.begin(now)).toBe(60_000);
    coolDown.forget();
    expect(coolDown.left(now)).toBe(0);
    expect(coolDown.begin(now)).toBe(60_000);
  });
});
