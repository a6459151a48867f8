/** Redis on the laptop: an installed valkey-server or redis-server, else js-redis-server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { forkScript, type Program, startProgram, stopChild } from '../processes/child.ts';
import type { Logs } from '../processes/logs.ts';
import { freePort } from '../processes/ports.ts';
import { findRedisServer } from '../setup.ts';
import { portOf } from './sqs.ts';

export interface LocalRedis {
  readonly host: string;
  readonly port: number;
  /** Of the process that runs now. */
  readonly pid: number;
  readonly kind: 'server' | 'in-process';
  /** SIGKILL, and up again on the same port with nothing in it, as a node that was replaced. Null in process. */
  readonly crash: (() => Promise<void>) | null;
  stop(graceMs?: number): Promise<void>;
}

const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 10_000;
const PROBE_TIMEOUT_MS = 500;
const PROBE_PAUSE_MS = 20;
const ATTEMPTS = 3;

/** Starts the best one there is. `force` chooses the stand-in for tests. */
export async function startRedis(logs: Logs, force?: 'in-process'): Promise<LocalRedis> {
  const command = force === 'in-process' ? undefined : await findRedisServer();
  return command === undefined ? startInProcess(logs) : startServer(command, logs);
}

async function startServer(command: string, logs: Logs): Promise<LocalRedis> {
  // No persistence, but the server wants a working folder of its own.
  const directory = mkdtempSync(join(tmpdir(), 'moniqo-redis-'));
  const launch = (port: number): Promise<Program> =>
    startProgram({
      name: 'redis',
      command,
      args: ['--port', String(port), '--bind', HOST, '--save', '', '--appendonly', 'no', '--dir', directory],
      cwd: directory,
      logs,
      quiet: true,
    });
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const program = await launch(port);
    if (await pongs(port)) return new RedisServer(port, program, launch, directory);
    await program.stop();
    if (attempt === ATTEMPTS) {
      rmSync(directory, { recursive: true, force: true });
      throw new Error(`${command} did not answer; see its log`);
    }
  }
}

class RedisServer implements LocalRedis {
  readonly host = HOST;
  readonly kind = 'server';
  readonly port: number;
  readonly #launch: (port: number) => Promise<Program>;
  readonly #directory: string;
  #program: Program;
  #crashing: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(port: number, program: Program, launch: (port: number) => Promise<Program>, directory: string) {
    this.port = port;
    this.#program = program;
    this.#launch = launch;
    this.#directory = directory;
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** One after the other: two at once would start two servers. @throws when it does not come up again */
  readonly crash = (): Promise<void> => {
    const crashed = this.#crashing.then(() => this.#crash());
    // A stop waits for it, whatever became of it; the caller hears of the failure.
    this.#crashing = crashed.catch(() => undefined);
    return crashed;
  };

  async #crash(): Promise<void> {
    if (this.#isStopping) return;
    this.#program.kill();
    await this.#program.exited;
    this.#program = await this.#launch(this.port);
    if (!(await pongs(this.port))) throw new Error(`redis did not come up again on port ${this.port}`);
  }

  async stop(graceMs?: number): Promise<void> {
    this.#isStopping = true;
    await this.#crashing;
    await this.#program.stop(graceMs);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function startInProcess(logs: Logs): Promise<LocalRedis> {
  logs.write(
    'redis',
    'warn',
    'no redis-server or valkey-server here: js-redis-server is used (slow with many levels)',
  );
  const child = forkScript({
    name: 'redis',
    script: new URL('./redis-host.ts', import.meta.url),
    env: { PATH: process.env['PATH'] },
    logs,
    quiet: true,
  });
  const port = await portOf(child, 'js-redis-server');
  return {
    host: HOST,
    port,
    pid: child.pid ?? 0,
    kind: 'in-process',
    crash: null,
    stop: (graceMs) => stopChild(child, graceMs),
  };
}

async function pongs(port: number): Promise<boolean> {
  for (const deadline = Date.now() + READY_TIMEOUT_MS; Date.now() < deadline; ) {
    if (await ping(port)) return true;
    await sleep(PROBE_PAUSE_MS);
  }
  return false;
}

const ping = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, HOST);
    const finish = (good: boolean): void => {
      socket.destroy();
      resolve(good);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => finish(data.toString().startsWith('+PONG')));
  });
