/** Faults of connections strike as they say, on the wire, and are in the log with a number. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../../support/until.ts';
import { ACK, aPolygon, Client, control, live } from './client.ts';
import { entered, kept, logged, on, strike, url, useSimulator } from './fault-bench.ts';

useSimulator();

describe('at the handshake', () => {
  it.each([401, 403, 429, 503, 'reset', 'garbage'])('it is refused: %s', async (how) => {
    await strike({ do: { kind: 'refuse_handshake', how } as never, times: 1 });
    const socket = new WebSocket(url());
    const [error] = await once(socket, 'error');
    expect(String(error)).toMatch(typeof how === 'number' ? String(how) : /hang up|ECONNRESET|Parse Error/);
    kept(await Client.open(url()));
  });

  it('it takes long', async () => {
    await strike({ do: { kind: 'slow_upgrade', ms: 300 } as never });
    const from = Date.now();
    kept(await Client.open(url()));
    expect(Date.now() - from).toBeGreaterThan(250);
  });

  it('nothing is said', async () => {
    await strike({ do: { kind: 'no_connected' }, times: 1 });
    const client = kept(await Client.open(url()));
    client.socket.ping();
    await until(
      'the pong',
      () => client.pongs,
      (n) => n === 1,
    );
    expect(client.frames).toEqual([]);
  });

  it.each([
    ['auth_failed', 'auth_failed: authentication failed'],
    ['auth_timeout', 'auth_timeout: No authentication request received.'],
  ])('%s, although the key is good', async (kind, words) => {
    await strike({ do: { kind }, times: 1 });
    const client = await entered();
    expect(await client.closing()).toBe(1006);
    expect(client.statuses.at(-1)).toBe(words);
    expect(await logged(kind)).toHaveLength(1);
  });
});

describe('at a subscription', () => {
  it('a confirmation is missing, the data come', async () => {
    await strike({ when: { channel: 'XT' }, do: { kind: 'missing_ack' } });
    const client = await on([]);
    client.send('subscribe', 'XT.BTC-USD,XQ.BTC-USD');
    await client.some('XT');
    expect(client.statuses.slice(2)).toEqual([`${ACK}XQ.BTC-USD`]);
  });

  it('one topic is refused, before the others are confirmed', async () => {
    await strike({ when: { symbol: 'ETH-USD' }, do: { kind: 'not_authorized' } });
    const client = await on([]);
    client.send('subscribe', 'XT.BTC-USD,XT.ETH-USD');
    await client.some('XT', 50);
    expect(client.statuses.slice(2)).toEqual(['error: not authorized', `${ACK}XT.BTC-USD`]);
    expect(new Set(client.of('XT').map(({ pair }) => pair))).toEqual(new Set(['BTC-USD']));
  });
});

describe('an end', () => {
  it.each(['upgrade', 'connect', 'auth', 'subscribe', 'frame'])('comes abruptly at %s', async (stage) => {
    await strike({ when: { stage }, times: 1, do: { kind: 'drop' } });
    if (stage === 'upgrade') {
      const [error] = await once(new WebSocket(url()), 'error');
      expect(String(error)).toMatch(/hang up|ECONNRESET/);
      return;
    }
    const client = await entered();
    client.send('subscribe', 'XT.BTC-USD');
    expect(await client.closing()).toBe(1006);
    expect(client.of('XT')).toEqual([]);
    const statuses = { connect: 0, auth: 1, subscribe: 2, frame: 3 }[stage];
    expect(client.statuses).toHaveLength(statuses ?? -1);
  });

  it('comes in the middle of a frame', async () => {
    await strike({ when: { nth: 3 }, do: { kind: 'drop', midFrame: true } as never });
    const client = await on(['XT.BTC-USD']);
    expect(await client.closing()).toBe(1006);
    expect(client.odd).toEqual([]);
    expect(client.of('XT').length).toBeGreaterThan(0);
  });

  it.each([1000, 1001, 1008, 1011, 1012])('is a clean close with %i, at once for all', async (code) => {
    const clients = [await on([]), await on([], 'forex')];
    await strike({ do: { kind: 'close', code } as never });
    expect(await Promise.all(clients.map((client) => client.closing()))).toEqual([code, code]);
  });

  it('is said to be too many connections, with or without the words', async () => {
    const client = await on([]);
    const forex = await on([], 'forex');
    await strike({ when: { cluster: 'crypto' }, do: { kind: 'max_connections' } });
    expect(await client.closing()).toBe(1008);
    expect(client.statuses.at(-1)).toMatch(/^max_connections/);
    expect(forex.closed).toBeNull();
    await strike({ do: { kind: 'max_connections', status: false } as never });
    expect(await forex.closing()).toBe(1008);
    expect(forex.statuses.at(-1)).toMatch(/^auth_success/);
  });

  it('comes to all at once, and nobody is let in for a while', async () => {
    const client = await on(['XT.BTC-USD']);
    await strike({ do: { kind: 'restart', ms: 400 } as never });
    expect(await client.closing()).toBe(1006);
    const [error] = await once(new WebSocket(url()), 'error');
    expect(String(error)).toContain('503');
    const again = await until(
      'it is back',
      () => Client.open(url()).catch(() => null),
      (seen) => seen !== null,
    );
    if (again !== null) kept(again);
    // Nothing is replayed.
    expect(again?.of('XT')).toEqual([]);
  });

  it('comes after a delay to who is said to read too slowly', async () => {
    const client = await on(['XT.BTC-USD']);
    await client.some('XT');
    await strike({ do: { kind: 'slow_consumer', ms: 200 } as never });
    expect(await client.closing()).toBe(1006);
  });

  it('comes to who does read too slowly, and is in the log', async () => {
    const small = await aPolygon({ rate: 40_000, sockets: { bufferBytes: 200_000, slowGraceMs: 100 } });
    try {
      const client = kept(await live(`${small.wsUrl}/crypto`, ['XT.*', 'XQ.*']));
      client.socket.pause();
      const log = () => control(small, 'GET', '/log').then(({ text }) => text);
      await until('the cut', log, (text) => text.includes('slow_consumer_cut'));
      client.socket.resume();
      expect(await client.closing()).toBe(1006);
    } finally {
      await small.stop();
    }
  });
});

describe('a link that seems alive', () => {
  it('is half open: nothing comes, pings stay unanswered', async () => {
    const client = await on(['XT.BTC-USD']);
    await client.some('XT');
    await strike({ do: { kind: 'half_open' } });
    const before = client.frames.length;
    client.socket.ping();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect([client.pongs, client.closed]).toEqual([0, null]);
    expect(client.frames.length - before).toBeLessThanOrEqual(1);
    // Another takes its place, and not even that is told.
    await on([]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(client.closed).toBeNull();
  });

  it.each([
    [{ symbols: ['BTC-USD'] }, ['ETH-USD']],
    [{ cluster: 'crypto' }, []],
    [{}, []],
  ])('is a zombie %j', async (which, still) => {
    const client = await on(['XT.BTC-USD', 'XT.ETH-USD']);
    await client.some('XT', 10);
    await strike({ do: { kind: 'zombie', ms: 600, ...which } as never });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = client.of('XT').length;
    client.socket.ping();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(client.pongs).toBe(1);
    expect([
      ...new Set(
        client
          .of('XT')
          .slice(before)
          .map(({ pair }) => pair),
      ),
    ]).toEqual(still);
    await until(
      'it comes back',
      () => client.of('XT').at(-1)?.['pair'],
      (pair) => pair === 'BTC-USD',
    );
  });
});
