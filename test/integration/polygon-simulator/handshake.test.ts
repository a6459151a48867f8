import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { PolygonOptions, PolygonSimulator } from '../../../infra/local/venues/polygon/start.ts';
import { until } from '../../support/until.ts';
import { ACK, aPolygon, BUSINESS, Client, control, FAILED_AUTH, KEY, live } from './client.ts';

let simulator: PolygonSimulator;
const start = async (options: PolygonOptions = {}): Promise<string> => {
  simulator = await aPolygon({ rate: 50, ...options });
  return `${simulator.wsUrl}/crypto`;
};
afterEach(() => simulator.stop());

describe('the handshake', () => {
  it('is word for word as the vendor has it', async () => {
    const client = await Client.open(await start());
    await client.status('connected');
    client.send('auth', KEY);
    await client.status('auth_success');
    client.send('subscribe', 'XA.BTC-USD,XAS.BTC-USD');
    await client.status(`${ACK}XAS`);
    client.send('unsubscribe', 'XA.BTC-USD');
    await client.status('success: unsubscribed');
    expect(client.frames.filter((frame) => frame.includes('status'))).toEqual([
      '[{"ev":"status","status":"connected","message":"Connected Successfully"}]',
      '[{"ev":"status","status":"auth_success","message":"authenticated"}]',
      '[{"ev":"status","status":"success","message":"subscribed to: XA.BTC-USD"},' +
        '{"ev":"status","status":"success","message":"subscribed to: XAS.BTC-USD"}]',
      '[{"ev":"status","status":"success","message":"unsubscribed to: XA.BTC-USD"}]',
    ]);
    client.end();
  });

  it('takes what is sent in one go', async () => {
    const client = await Client.open(await start({ sockets: { pingFirst: true } }));
    client.send('auth', KEY);
    client.send('subscribe', 'XT.BTC-USD');
    await client.status(`${ACK}XT.BTC-USD`);
    expect(client.statuses.map((text) => text.split(':')[0])).toEqual([
      'connected',
      'auth_success',
      'success',
    ]);
    expect(client.pings).toBe(1);
    client.end();
  });

  it.each([
    ['a key that nobody has', 'no-such-key', FAILED_AUTH],
    ['a plan without WebSocket', 'free-key', "auth_failed: Your plan doesn't include websocket access."],
  ])('refuses %s and ends without a close frame', async (_what, key, words) => {
    const client = await Client.open(await start());
    client.send('auth', key);
    expect(await client.closing()).toBe(1006);
    expect(client.statuses.at(-1)).toContain(words);
  });

  it('waits for the key only so long', async () => {
    const client = await Client.open(await start({ sockets: { authTimeoutMs: 80 } }));
    expect(await client.closing()).toBe(1006);
    expect(client.statuses).toEqual([
      'connected: Connected Successfully',
      'auth_timeout: No authentication request received.',
    ]);
  });

  it.each(['/crypto/more', '/crypto?apiKey=x', '/options', '/'])('knows no path %s', async (path) => {
    await start();
    const socket = new WebSocket(`${simulator.wsUrl}${path}`);
    const [error] = await once(socket, 'error');
    expect(String(error)).toContain('404');
  });

  it('answers pings, and sends some of its own', async () => {
    const client = await live(await start({ sockets: { pingMs: 50 } }), []);
    client.socket.ping();
    await until(
      'both',
      () => [client.pongs, client.pings],
      ([pongs, pings]) => pongs === 1 && (pings ?? 0) > 1,
    );
    client.end();
  });

  it('before it nothing is subscribed; nonsense is passed over', async () => {
    const client = await Client.open(await start());
    client.send('subscribe', 'XT.BTC-USD');
    await client.status('error: not authenticated');
    client.socket.send('{"action":');
    client.socket.send('{"action":"dance","params":"x"}');
    client.socket.send(Buffer.from([1, 2]));
    client.send('auth', KEY);
    await client.status('auth_success');
    expect(client.statuses).toHaveLength(3);
    expect(client.of('XT')).toEqual([]);
    client.end();
  });
});

describe('one connection too many', () => {
  it('ends the oldest of the account, with the words and 1008, and lets the newcomer stay', async () => {
    const url = await start();
    const old = await live(url, ['XT.BTC-USD']);
    // Another key of the same account counts too.
    const newcomer = await live(url, ['XT.BTC-USD'], 'second-key');
    expect(await old.closing()).toBe(1008);
    expect(old.statuses.at(-1)).toBe('max_connections: Maximum number of websocket connections exceeded. ');
    const before = newcomer.of('XT').length;
    await newcomer.some('XT', before + 1);
    expect(newcomer.closed).toBeNull();
    const { body } = await control(simulator, 'GET', '/log');
    expect((body['entries'] as { kind: string }[]).map(({ kind }) => kind)).toEqual(['evicted', 'room_made']);
    newcomer.end();
  });

  it('is counted per cluster, per listener and per account', async () => {
    const url = await start({ delayedMs: 0 });
    const clients = [
      await live(url, []),
      await live(`${simulator.wsUrl}/stocks`, []),
      await live(`${simulator.wsUrl}/forex`, []),
      await live(`${simulator.delayedUrl}/stocks`, []),
      ...(await Promise.all([1, 2, 3].map(() => live(url, [], BUSINESS)))),
    ];
    expect(clients.map(({ closed }) => closed)).toEqual(clients.map(() => null));
    const fourth = await live(url, [], BUSINESS);
    await until(
      'one is gone',
      () => clients.filter(({ closed }) => closed === 1008).length,
      (n) => n === 1,
    );
    for (const client of [...clients, fourth]) client.end();
  });

  it('may come without the words', async () => {
    const url = await start({ sockets: { evictStatus: false } });
    const old = await live(url, []);
    const newcomer = await live(url, []);
    expect(await old.closing()).toBe(1008);
    expect(old.statuses.at(-1)).toBe('auth_success: authenticated');
    newcomer.end();
  });

  it('may be refused itself, also while the slot of one that died is still taken', async () => {
    const url = await start({ sockets: { overflow: 'refuse_newest', lingerMs: 300 } });
    (await live(url, [])).end();
    const refused = async (): Promise<boolean> => {
      const client = await Client.open(url);
      client.send('auth', KEY);
      await until(
        'an answer',
        () => client.statuses.length + Number(client.closed !== null),
        (n) => n > 1,
      );
      const isRefused = client.statuses.some((text) => text.startsWith('max_connections'));
      client.socket.close(1000);
      await client.closing();
      return isRefused;
    };
    await until(
      'the slot is taken',
      () => control(simulator, 'GET', '/connections').then(({ text }) => text),
      (text) => text === '[]\n',
    );
    expect(await refused()).toBe(true);
    await until('the slot is free', refused, (isRefused) => !isRefused);
  });
});
