/**
 * A Redis for one test file, on a port of 127.0.0.1 that was free, stopped by its handle: the real server where its
 * binary is installed, and the in-process one that the laptop system falls back on.
 */
import { spawn, spawnSync } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRedisMock } from 'js-redis-server';
import { createValkey } from '../../shared/adapters/valkey/client.ts';
import { freePort } from './free-port.ts';

export interface RedisServer {
  readonly url: string;
  stop(): Promise<void>;
}

const binary =
  ['valkey-server', 'redis-server'].find(
    (name) => spawnSync(name, ['--version'], { timeout: 20_000 }).status === 0,
  ) ?? null;

/** Why the real server cannot run here; null when it can. */
export const realRedisMissing: string | null =
  binary === null ? 'neither valkey-server nor redis-server is on the PATH: these tests did not run' : null;

if (realRedisMissing !== null) console.warn(realRedisMissing);

const START_TIMEOUT_MS = 10_000;

export async function startRealRedis(): Promise<RedisServer> {
  if (binary === null) throw new Error(realRedisMissing ?? '');
  const port = await freePort();
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn(binary, options, { stdio: 'ignore' });
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.signalCode === null) {
      kill();
      await gone;
    }
    process.removeListener('exit', kill);
  };

  const url = `redis://127.0.0.1:${port}`;
  try {
    await untilItAnswers(url, binary, () => child.exitCode);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilItAnswers(url: string, name: string, exitCode: () => number | null): Promise<void> {
  const probe = createValkey(url, { commandTimeoutMs: 500 });
  const deadline = Date.now() + START_TIMEOUT_MS;
  try {
    for (;;) {
      const answer = await probe.command(['PING']).catch((error: unknown) => error);
      if (answer === 'PONG') return;
      if (exitCode() !== null) throw new Error(`${name} ended with ${exitCode()}`);
      if (Date.now() > deadline) throw new Error(`${name} does not answer`, { cause: answer });
      await sleep(20);
    }
  } finally {
    await probe.close();
  }
}

/** Its `stop` waits until all clients are gone: close them first. */
export async function startJsRedis(): Promise<RedisServer> {
  const server = await createRedisMock();
  return { url: server.url, stop: () => server.close() };
}

/** A way to a server that can be cut off and opened again, for tests of what a lost connection does. */
export interface Cable {
  readonly url: string;
  /** Drops all connections and refuses new ones. */
  cut(): Promise<void>;
  /** Lets connections through again, at the same address. */
  mend(): Promise<void>;
}

export async function cableTo(server: RedisServer): Promise<Cable> {
  const target = Number(new URL(server.url).port);
  const port = await freePort();
  const sockets = new Set<Socket>();
  let listener: Server | null = null;
  const mend = async (): Promise<void> => {
    const next = createServer((socket) => {
      const onwards = connect(target, '127.0.0.1');
      for (const end of [socket, onwards]) {
        sockets.add(end);
        end.on('error', () => end.destroy());
        end.on('close', () => sockets.delete(end));
      }
      socket.on('close', () => onwards.destroy());
      onwards.on('close', () => socket.destroy());
      socket.pipe(onwards).pipe(socket);
    });
    listener = next;
    await new Promise<void>((resolve, reject) => {
      next.once('error', reject);
      next.listen(port, '127.0.0.1', resolve);
    });
  };
  const cut = async (): Promise<void> => {
    const closing = new Promise((resolve) => listener?.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closing;
  };
  await mend();
  return { url: `redis://127.0.0.1:${port}`, cut, mend };
}
