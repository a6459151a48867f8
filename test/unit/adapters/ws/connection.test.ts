/** The one connection class, against a real server on the loopback. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { WatchedConnection } from '../../../../shared/adapters/ws/connection.ts';
import type { ConnectionSettings } from '../../../../shared/adapters/ws/settings.ts';
import type { ConnectionRequest, Session } from '../../../../shared/ports/connection.ts';
import { until } from '../../../support/until.ts';
import { startWsServer, type TestWsOptions, type TestWsServer } from '../../../support/ws-server.ts';

const quiet = (): void => undefined;
const servers: TestWsServer[] = [];
const connections: WatchedConnection[] = [];
afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.stop()));
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(options?: TestWsOptions): Promise<TestWsServer> {
  const server = await startWsServer(options);
  servers.push(server);
  return server;
}

function connect(
  url: string,
  settings: Partial<ConnectionSettings> = {},
  random = () => 0.5,
  {
    onBinary,
    ...more
  }: Pick<ConnectionRequest, 'exclusive' | 'maxFrameBytes'> & {
    readonly onBinary?: () => void;
  } = {},
) {
  const seen = {
    messages: [] as string[],
    closed: [] as string[],
    sessions: [] as Session[],
    logged: [] as string[],
    onOpen: async (_: Session): Promise<void> => undefined,
  };
  const tell = (code: string): void => void seen.logged.push(code);
  const connection = new WatchedConnection(
    {
      name: 'test',
      url,
      handlers: {
        onOpen: (session) => {
          seen.sessions.push(session);
          return seen.onOpen(session);
        },
        onMessage: (session, text, bytes) => {
          if (text === 'break the handler') throw new Error('broken');
          if (Buffer.from(bytes).toString() !== text) throw new Error('its bytes say something else');
          seen.messages.push(`${session.id}:${text}`);
        },
        onClose: (session, reason) => void seen.closed.push(`${session.id}:${reason}`),
        ...(onBinary !== undefined && { onBinary }),
      },
      ...more,
    },
    {
      clock: { now: () => Date.now() },
      log: { debug: tell, info: tell, warn: tell, error: tell },
      random,
      settings: { firstWaitMs: 10, longestWaitMs: 40, closeMs: 50, ...settings },
    },
  );
  connections.push(connection);
  const connected = () =>
    until(
      'connected',
      () => connection.stats(),
      (stats) => stats.connected,
    );
  return { connection, seen, connected };
}

describe('a connection', () => {
  it('hands on messages and counts them; a handler that throws is counted and stops nothing', async () => {
    const server = await serve();
    const { connection, seen, connected } = connect(server.url);
    connection.start();
    await connected();
    for (const text of ['one', 'break the handler', 'two']) server.broadcast(text);
    await until(
      'messages',
      () => seen.messages.length,
      (count) => count === 2,
    );
    expect(seen.messages).toEqual(['1:one', '1:two']);
    const stats = connection.stats();
    expect(stats).toMatchObject({ messagesReceived: 3, errors: 1, reconnects: 0, healthy: true });
    expect(stats.lastMessageAt).toBeGreaterThan(0);
  });

  it('tells a handler that goes on failing once a minute, and counts each time', async () => {
    const server = await serve();
    const { connection, seen, connected } = connect(server.url);
    connection.start();
    await connected();
    for (let n = 0; n < 1_000; n++) server.broadcast('break the handler');
    await until(
      'all of them',
      () => connection.stats().errors,
      (errors) => errors === 1_000,
    );
    expect(seen.logged.filter((code) => code === 'message_not_handled')).toHaveLength(1);
  });

  it('ends a session for a binary frame, unless its owner leaves these out', async () => {
    const server = await serve();
    const strict = connect(server.url);
    strict.connection.start();
    await strict.connected();
    server.broadcastBytes(Buffer.from([1, 2]));
    await until(
      'the end',
      () => strict.seen.closed,
      (closed) => closed.length === 1,
    );
    expect(strict.seen.closed[0]).toContain('binary');
    await strict.connection.stop();
    let left = 0;
    const lenient = connect(server.url, {}, undefined, { onBinary: () => void left++ });
    lenient.connection.start();
    await lenient.connected();
    for (let n = 0; n < 100; n++) server.broadcastBytes(Buffer.from([1, 2]));
    server.broadcast('text');
    await until(
      'the text',
      () => lenient.seen.messages,
      (messages) => messages.length === 1,
    );
    expect(left).toBe(100);
    expect(lenient.connection.stats()).toMatchObject({ messagesReceived: 101, errors: 0, reconnects: 0 });
  });

  it('serves only when onOpen has resolved, and tries again when it fails', async () => {
    const server = await serve();
    const { connection, seen, connected } = connect(server.url);
    let tries = 0;
    seen.onOpen = async () => {
      tries += 1;
      expect(connection.stats().connected).toBe(false);
      if (tries < 3) throw new Error('subscription refused');
    };
    connection.start();
    await connected();
    expect(tries).toBe(3);
    expect(connection.stats()).toMatchObject({ errors: 2, failures: 2, lastError: 'subscription refused' });
  });

  it('comes back when it is cut, each time', async () => {
    const server = await serve();
    const { connection, seen, connected } = connect(server.url);
    connection.start();
    for (let cut = 1; cut <= 3; cut++) {
      await connected();
      server.cut();
      await until(
        'lost',
        () => connection.stats().errors,
        (errors) => errors >= cut,
      );
    }
    await connected();
    expect(seen.closed).toHaveLength(3);
    expect(connection.stats().reconnects).toBe(3);
  });

  it('asks a quiet server for a sign of life again and again, and says when it was heard last', async () => {
    let pings = 0;
    const server = await serve({
      onConnection: (socket) => {
        socket.on('ping', () => {
          pings += 1;
        });
      },
    });
    const { connection, seen } = connect(server.url, { silenceMs: 600, pingMs: 30 });
    connection.start();
    await until(
      'it is pinged',
      () => pings,
      (count) => count >= 3,
    );
    expect(Date.now() - (connection.stats().lastHeardAt ?? 0)).toBeLessThan(500);
    await sleep(800);
    expect(seen.closed).toEqual([]);
    await connection.stop();
    expect(connection.stats().lastHeardAt).toBeNull();
  });

  it('cuts a server that answers nothing, and keeps one that only answers pings', async () => {
    const server = await serve({ onConnection: (socket, _, nth) => void (nth === 1 && socket.pause()) });
    const { connection, seen } = connect(server.url, { silenceMs: 240 });
    connection.start();
    await until(
      'the silent one is cut',
      () => seen.closed,
      (closed) => closed.length === 1,
    );
    // When the silence is over, not at the next look.
    expect(Number(/silent for (\d+) ms/.exec(seen.closed[0] ?? '')?.[1])).toBeLessThan(280);
    await sleep(800);
    expect(connection.stats()).toMatchObject({ connected: true, reconnects: 1 });
  });

  it('cuts a server that says nothing, and keeps one that only pings', async () => {
    const server = await serve({
      onConnection: (socket, _, nth) => {
        if (nth === 1) {
          socket.pause();
          return;
        }
        const timer = setInterval(() => socket.ping(), 40);
        socket.on('close', () => clearInterval(timer));
      },
    });
    const { connection, seen } = connect(server.url, { silenceMs: 240 });
    connection.start();
    await until(
      'the silent one is cut',
      () => seen.closed,
      (closed) => closed.length === 1,
    );
    expect(seen.closed[0]).toMatch(/^1:silent for \d+ ms/);
    await sleep(800);
    expect(connection.stats()).toMatchObject({ connected: true, reconnects: 1 });
  });

  it('says once that it is unhealthy, and goes on', async () => {
    const server = await serve();
    server.accepts = false;
    const waits: number[] = [];
    const { connection, seen, connected } = connect(server.url, { unhealthyAfter: 4 }, () => {
      waits.push(performance.now());
      return 0.99;
    });
    connection.start();
    await until(
      'many failures',
      () => connection.stats().failures,
      (failures) => failures >= 6,
    );
    expect(connection.stats().healthy).toBe(false);
    expect(seen.logged.filter((code) => code === 'connection_unhealthy')).toHaveLength(1);
    server.accepts = true;
    await connected();
  });

  it('backs off with full jitter: random below the first wait, doubled with each failure up to the longest', async () => {
    const waits: number[] = [];
    const connection = new WatchedConnection(
      {
        name: 'test',
        url: 'ws://127.0.0.1:1',
        handlers: { onOpen: async () => quiet(), onMessage: quiet, onClose: quiet },
      },
      {
        clock: { now: () => 0 },
        log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
        random: () => 0.5,
        settings: { firstWaitMs: 1_000, longestWaitMs: 10_000, silenceMs: 600_000 },
        createSocket: () => {
          throw new Error('no socket');
        },
        setTimer: (ms, then) => {
          waits.push(ms);
          if (waits.length < 7) queueMicrotask(then);
          return () => undefined;
        },
      },
    );
    connection.start();
    await until(
      'seven waits',
      () => waits.length,
      (count) => count === 7,
    );
    await connection.stop();
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
  });

  it('forgets its failures once a session has been stable', async () => {
    const server = await serve();
    server.accepts = false;
    const { connection, connected } = connect(server.url, { stableMs: 100 });
    connection.start();
    await until(
      'failures',
      () => connection.stats().failures,
      (failures) => failures >= 2,
    );
    server.accepts = true;
    await connected();
    await until(
      'forgotten',
      () => connection.stats().failures,
      (failures) => failures === 0,
    );
  });

  it('renews before its time: the new one serves before the old one is closed', async () => {
    const server = await serve({
      onConnection: (socket) => {
        const timer = setInterval(() => socket.send('x'), 5);
        socket.on('close', () => clearInterval(timer));
      },
    });
    const { connection, seen, connected } = connect(server.url, { lifeMs: 400 });
    const open: number[] = [];
    seen.onOpen = async () => {
      open.push(server.sockets.size);
      await sleep(60);
    };
    connection.start();
    await connected();
    await until(
      'renewed',
      () => connection.stats(),
      ({ reconnects }) => reconnects >= 2,
    );
    expect(open.slice(0, 3)).toEqual([1, 2, 2]);
    expect(seen.closed.slice(0, 2)).toEqual(['1:renewed', '2:renewed']);
    expect(connection.stats()).toMatchObject({ errors: 0, failures: 0 });
  });

  it('closes the old session first where only one is allowed, and ends none for its age', async () => {
    const server = await serve();
    const { connection, seen, connected } = connect(server.url, { lifeMs: 100 }, () => 0.5, {
      exclusive: true,
    });
    const open: number[] = [];
    seen.onOpen = async () => void open.push(server.sockets.size);
    connection.start();
    await connected();
    await sleep(250);
    expect(connection.stats().reconnects).toBe(0);
    connection.renew('asked');
    expect(connection.stats().connected).toBe(true);
    await until(
      'renewed',
      () => connection.stats(),
      ({ reconnects }) => reconnects === 1,
    );
    expect(open).toEqual([1, 1]);
    expect(seen.closed).toEqual(['1:renewed']);
    expect(connection.stats()).toMatchObject({ connected: true, errors: 0, failures: 0 });
  });

  it('can be stopped while it closes the old session', async () => {
    const server = await serve({
      onConnection: (socket) => {
        socket.close = () => undefined;
      },
    });
    const { connection, connected } = connect(server.url, {}, () => 0.5, { exclusive: true });
    connection.start();
    await connected();
    connection.renew('asked');
    await sleep(5);
    await connection.stop();
    expect(connection.stats().connected).toBe(false);
  });

  it('takes larger frames where they are agreed', async () => {
    const server = await serve();
    const { connection, seen, connected } = connect(server.url, { maxFrameBytes: 1000 }, () => 0.5, {
      maxFrameBytes: 4000,
    });
    connection.start();
    await connected();
    server.broadcast('x'.repeat(2000));
    await until(
      'the frame',
      () => seen.messages,
      (messages) => messages.length === 1,
    );
  });

  it('obeys a server that refuses the handshake for now, and tells it', async () => {
    const server = await serve();
    server.accepts = false;
    server.refusal = { status: 429, headers: { 'Retry-After': '1' } };
    const refused: string[] = [];
    const asked: number[] = [];
    const connection = new WatchedConnection(
      {
        name: 'test',
        url: server.url,
        handlers: {
          onOpen: async () => quiet(),
          onMessage: quiet,
          onClose: quiet,
          beforeOpen: async () => {
            asked.push(performance.now());
            return asked.length === 1 ? 60 : 0;
          },
          onRefused: (status, ms) => void refused.push(`${status} ${ms}`),
        },
      },
      {
        clock: { now: () => Date.now() },
        log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
        settings: { firstWaitMs: 1, longestWaitMs: 2 },
      },
    );
    connections.push(connection);
    connection.start();
    await until(
      'refused',
      () => refused,
      (told) => told.length === 1,
    );
    const at = performance.now();
    expect(refused).toEqual(['429 1000']);
    expect(at - (asked[0] ?? 0)).toBeGreaterThanOrEqual(55);
    server.accepts = true;
    await until(
      'connected',
      () => connection.stats().connected,
      (connected) => connected,
    );
    expect(performance.now() - at).toBeGreaterThanOrEqual(900);
  });

  it('renews a session that was told of the end before it served', async () => {
    const server = await serve();
    const { connection, seen } = connect(server.url);
    seen.onOpen = async (session) => {
      if (session.id === 1) connection.renew('the server shuts down', session);
    };
    connection.start();
    await until(
      'renewed',
      () => connection.stats().reconnects,
      (reconnects) => reconnects === 1,
    );
    await until(
      'the first one closed',
      () => seen.closed,
      (closed) => closed.length === 1,
    );
    expect(seen.closed).toEqual(['1:renewed']);
    const [first] = seen.sessions;
    if (first === undefined) throw new Error('no session');
    connection.renew('the server shuts down', first);
    await sleep(50);
    expect(connection.stats().reconnects).toBe(1);
  });

  it('keeps the old session when a renewal fails, and takes the next try', async () => {
    const server = await serve();
    const { connection, seen, connected } = connect(server.url);
    connection.start();
    await connected();
    server.accepts = false;
    connection.renew('the server shuts down');
    await until(
      'a failed renewal',
      () => connection.stats().errors,
      (errors) => errors >= 2,
    );
    expect(connection.stats().connected).toBe(true);
    server.broadcast('still here');
    await until(
      'the message',
      () => seen.messages,
      (messages) => messages.length === 1,
    );
    server.accepts = true;
    await until(
      'renewed',
      () => connection.stats().reconnects,
      (reconnects) => reconnects === 1,
    );
    expect(seen.messages).toEqual(['1:still here']);
  });

  it('reads a flood a little at a time, all of it and in order: other work of the process has its turns', async () => {
    const server = await serve();
    const { connection, seen, connected } = connect(server.url, { readMs: 0 });
    connection.start();
    await connected();
    const count = 60_000;
    let left = count;
    const stretches: number[] = [];
    let before = 0;
    const turn = (): void => {
      stretches.push(seen.messages.length - before);
      before = seen.messages.length;
      if (before < count) setImmediate(turn);
    };
    setImmediate(turn);
    for (const socket of server.sockets) {
      for (; left > 0; left -= 1) socket.send(`${left}`.padEnd(100));
    }
    await until(
      'all of them',
      () => seen.messages.length,
      (length) => length === count,
    );
    expect(seen.messages.map((text) => Number(text.slice(2)))).toEqual(
      Array.from({ length: count }, (_, i) => count - i),
    );
    // A piece of 64 kB, or two. Without giving way it is megabytes.
    expect(Math.max(...stretches)).toBeLessThan(3_000);
  });

  it('refuses a frame above the limit by ending the session', async () => {
    const server = await serve();
    const { connection, seen, connected } = connect(server.url, { maxFrameBytes: 1000 });
    connection.start();
    await connected();
    server.broadcast('x'.repeat(2000));
    await until(
      'ended',
      () => seen.closed,
      (closed) => closed.length === 1,
    );
    expect(seen.closed[0]).toMatch(/Max payload size exceeded/);
    expect(seen.messages).toEqual([]);
  });

  it('gives up on a server that answers no handshake', async () => {
    const { createServer } = await import('node:net');
    const mute = createServer((socket) => void socket.resume());
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const address = mute.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { connection } = connect(`ws://127.0.0.1:${port}`, { connectTimeoutMs: 60 });
    connection.start();
    await until(
      'failures',
      () => connection.stats().failures,
      (failures) => failures >= 2,
    );
    await connection.stop();
    await new Promise((resolve) => mute.close(resolve));
  });

  it('ends at once, wherever it is, and calls nobody after that', async () => {
    const server = await serve({
      onConnection: (socket) => {
        const timer = setInterval(() => socket.send('x'), 1);
        socket.on('close', () => clearInterval(timer));
        // A server that never answers the closing handshake.
        socket.close = () => undefined;
      },
    });
    const { connection, seen, connected } = connect(server.url);
    connection.start();
    await connected();
    await until(
      'messages',
      () => seen.messages.length,
      (count) => count > 5,
    );
    await connection.stop();
    const { messages, closed } = { messages: seen.messages.length, closed: seen.closed.length };
    await sleep(100);
    expect(seen.messages).toHaveLength(messages);
    expect(seen.closed).toHaveLength(closed);
    expect(closed).toBe(0);
    expect(connection.stats().connected).toBe(false);
  });

  it('can be stopped while it subscribes', async () => {
    const server = await serve();
    const { connection, seen } = connect(server.url);
    seen.onOpen = () => new Promise(() => undefined);
    connection.start();
    await until(
      'opened',
      () => seen.sessions.length,
      (count) => count === 1,
    );
    await connection.stop();
    expect(connection.stats().connected).toBe(false);
    expect(() => seen.sessions[0]?.send('x')).toThrow('not open');
  });
});
