import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createHttpTransport,
  DEFAULT_HTTP,
  type HttpTransport,
} from '../../../../shared/venues/binance/http.ts';
import { freePort } from '../../../support/free-port.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

const FAST = { ...DEFAULT_HTTP, connectTimeoutMs: 300, timeoutMs: 300 };
const get = (path: string) => ({ method: 'GET', path, headers: {}, body: '' }) as const;

let server: ScriptedServer;
let transport: HttpTransport;
let now = 1_000_000;

beforeEach(async () => {
  server = await startScriptedServer();
  now = 1_000_000;
  transport = createHttpTransport(server.url, FAST, () => now);
});
afterEach(async () => {
  transport.close();
  await server.stop();
});

describe('an answer', () => {
  it('is kept with status, headers and body, also where it is an error', async () => {
    server.on('GET /x', { status: 429, text: '{"code":-1003}', headers: { 'Retry-After': '7' } });
    expect(await transport.send(get('/x?a=1'))).toMatchObject({
      kind: 'answer',
      status: 429,
      body: '{"code":-1003}',
      headers: { 'retry-after': '7' },
    });
    expect(server.asked[0]?.rawQuery).toBe('a=1');
  });

  it('a form body arrives as it was signed', async () => {
    server.on('POST /x', { json: {} });
    await transport.send({
      method: 'POST',
      path: '/x',
      headers: { 'X-MBX-APIKEY': 'k' },
      body: 'a=%2B&b=%EF%BC%91',
    });
    expect(server.asked[0]).toMatchObject({ rawBody: 'a=%2B&b=%EF%BC%91', apiKey: 'k' });
  });
});

describe('not sent', () => {
  it('where no connection was made: refused, unknown name, no TLS', async () => {
    const port = await freePort();
    const elsewhere = [
      `http://127.0.0.1:${port}`,
      'http://nowhere.invalid',
      server.url.replace('http:', 'https:'),
    ];
    for (const url of elsewhere) {
      const other = createHttpTransport(url, { ...FAST, connectTimeoutMs: 3_000, timeoutMs: 3_000 });
      expect((await other.send(get('/x'))).kind).toBe('not_sent');
      other.close();
    }
    expect(server.asked).toEqual([]);
  });

  it('where the handshake never ends', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    const { port } = silent.address() as AddressInfo;
    const other = createHttpTransport(`https://127.0.0.1:${port}`, FAST);
    expect(await other.send(get('/x'))).toEqual({ kind: 'not_sent', reason: 'connect_timeout' });
    other.close();
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      silent.close(() => resolve());
    });
  });
});

it('a request that cannot be written is not sent', async () => {
  const headers = { 'X-MBX-APIKEY': 'line\nbreak' };
  expect((await transport.send({ ...get('/x'), headers })).kind).toBe('not_sent');
  expect((await transport.send(get('/x y'))).kind).toBe('not_sent');
});

describe('lost', () => {
  it.each([['reset'], ['cut'], ['hang']] as const)('once connected: %s', async (fault) => {
    server.on('GET /x', fault);
    const result = await transport.send(get('/x'));
    expect(result.kind).toBe('lost');
    expect(server.asked).toHaveLength(1);
  });

  it('an answer that is too large', async () => {
    server.on('GET /x', { text: 'x'.repeat(2_000) });
    expect(await transport.send({ ...get('/x'), maxBodyBytes: 1_000 })).toEqual({
      kind: 'lost',
      reason: 'answer_too_large',
    });
  });

  it('a connection that fails when it is used again', async () => {
    server.on('GET /x', { json: {} }, 'reset');
    expect((await transport.send(get('/x'))).kind).toBe('answer');
    expect((await transport.send(get('/x'))).kind).toBe('lost');
  });
});

describe('a request that waits for a connection of another', () => {
  const oneConnection = () => createHttpTransport(server.url, { ...FAST, maxSockets: 1, timeoutMs: 600 });

  it('is lost once it has it, not unsent', async () => {
    server.on('GET /slow', { json: {}, delayMs: 100 });
    server.on('GET /x', 'hang');
    const other = oneConnection();
    const [first, second] = await Promise.all([other.send(get('/slow')), other.send(get('/x'))]);
    expect([first.kind, second.kind]).toEqual(['answer', 'lost']);
    expect(server.asked.map((a) => a.connection)).toEqual([1, 1]);
    other.close();
  });

  it('is not sent when it never gets it', async () => {
    server.on('GET /slow', 'hang');
    const other = oneConnection();
    const [first, second] = await Promise.all([other.send(get('/slow')), other.send(get('/x'))]);
    expect([first.kind, second]).toEqual(['lost', { kind: 'not_sent', reason: 'connect_timeout' }]);
    expect(server.asked.map((a) => a.route)).toEqual(['GET /slow']);
    other.close();
  });
});

describe('connections', () => {
  it('are used again while they are fresh, and never after a silence, however it came about', async () => {
    server.on('GET /x', { json: {} });
    const used = async () => {
      await transport.send(get('/x'));
      return server.asked.at(-1)?.connection;
    };
    expect(await used()).toBe(1);
    now += DEFAULT_HTTP.maxIdleMs;
    expect(await used()).toBe(1);
    // The process was frozen: no timer ran, the wall clock has gone on.
    now += DEFAULT_HTTP.maxIdleMs + 1;
    expect(await used()).toBe(2);
    // The wall clock was set back: its age cannot be told.
    now -= 60_000;
    expect(await used()).toBe(3);
    expect(await used()).toBe(3);
  });
});
