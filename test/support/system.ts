/**
 * The laptop system for one test file: real processes, real queues and tables, and a market that the test makes
 * (price-tape.ts). Stopped by its handle.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { createClient } from '@redis/client';
import { inject } from 'vitest';
import { sqsClient } from '../../infra/local/services/sqs.ts';
import type { Intercept, Interception } from '../../infra/local/sources/sqs-poller.ts';
import { type RunningSystem, type SystemOptions, startSystem } from '../../infra/local/system.ts';
import { PriceTape } from './price-tape.ts';
import { Trader } from './trader.ts';
import { until } from './until.ts';

export type { Interception };

export interface TestSystem {
  readonly running: RunningSystem;
  readonly tape: PriceTape;
  /** The user `demo-user`. */
  readonly trader: Trader;
  /** A user with this name. */
  userNamed(name: string): Promise<Trader>;
  /** Pushes a trade and waits until everybody can see it; answers its tick id. */
  trade(symbol: string, price: string, quantity?: string): Promise<number>;
  /** What becomes of each message from now on; null = delivered. */
  intercept(decide: Intercept | null): void;
  /** SIGKILL; it comes back by itself, as ECS would bring it back, and reads the tape anew. */
  crashStreamer(whileAway?: () => void | Promise<void>): Promise<void>;
  /** SIGTERM, as a deployment sends it; the next one reads the tape anew. */
  replaceStreamer(): Promise<void>;
  /** All keys of the cache are gone. */
  flushCache(): Promise<void>;
  /** The bodies of what was given up. */
  deadLetters(): Promise<readonly string[]>;
  /** What a process has logged so far. */
  log(name: string): string;
  /** What all of them have logged so far. */
  logs(): string;
  stop(): Promise<void>;
}

export interface TestSystemOptions extends SystemOptions {
  /** A tape that goes on; it is then kept. */
  readonly tape?: PriceTape;
  /** With the Binance simulator, which follows the market of this system. */
  readonly simulator?: boolean;
}

/** `feed`: a recording that is there already; without it the market is the tape. */
export async function startTestSystem({
  tape: given,
  simulator = false,
  ...options
}: TestSystemOptions = {}): Promise<TestSystem> {
  const tape = given ?? new PriceTape();
  const logDirectory = mkdtempSync(join(tmpdir(), 'moniqo-logs-'));
  let decide: Intercept | null = null;
  const clean = (): void => {
    if (given === undefined) tape.remove();
    rmSync(logDirectory, { recursive: true, force: true });
  };
  let running: RunningSystem;
  try {
    running = await startSystem({
      assembly: inject('assembly'),
      feed: `replay:${tape.file}`,
      speed: 'max',
      intercept: (queue, message) => decide?.(queue, message) ?? 'deliver',
      show: () => undefined,
      logDirectory,
      ...(simulator ? { exchange: 'simulator' } : {}),
      ...options,
    });
  } catch (error) {
    clean();
    throw error;
  }
  if (options.feed === undefined) await tape.open();
  const trader = new Trader(running.api, running.token);

  const shown = async (symbol: string): Promise<number> => {
    const { status, body } = await trader.price(symbol);
    return status === 200 ? body.tick_id : -1;
  };

  const streamerPid = (): number => {
    const pid = running.pids().find(({ name }) => name === 'streamer')?.pid;
    if (pid === undefined) throw new Error('the streamer does not run');
    return pid;
  };

  return {
    running,
    tape,
    trader,
    userNamed: async (name) => new Trader(running.api, await running.issueToken({ sub: name })),
    trade: async (symbol, price, quantity) => {
      const tick = tape.push(symbol, price, quantity);
      await until(
        `tick ${tick} of ${symbol}`,
        () => shown(symbol),
        (seen) => seen >= tick,
      );
      return tick;
    },
    intercept: (next) => {
      decide = next;
    },
    crashStreamer: async (whileAway) => {
      const pid = streamerPid();
      running.killStreamer();
      tape.close();
      while (isThere(pid)) await sleep(5);
      await whileAway?.();
      await tape.open();
    },
    replaceStreamer: async () => {
      const pid = streamerPid();
      process.kill(pid, 'SIGTERM');
      // The end of the recording lets the reader go.
      tape.close();
      while (isThere(pid)) await sleep(5);
      await tape.open();
    },
    flushCache: async () => {
      const client = createClient({ url: running.valkeyUrl });
      await client.connect();
      await client.sendCommand(['FLUSHALL']);
      await client.close();
    },
    deadLetters: async () => {
      const client = sqsClient(running.sqsEndpoint);
      const bodies: string[] = [];
      const arns = new Set(running.declared.queues.map(({ deadLetterArn }) => deadLetterArn));
      const deadLetters = running.declared.queues.filter(({ arn }) => arns.has(arn));
      if (deadLetters.length === 0) throw new Error('no dead-letter queue is declared');
      for (const queue of deadLetters) {
        const { Messages } = await client.send(
          new ReceiveMessageCommand({ QueueUrl: queue.url, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
        );
        bodies.push(...(Messages ?? []).map(({ Body = '' }) => `${queue.shortName}: ${Body}`));
      }
      client.destroy();
      return bodies;
    },
    log: (name) => {
      const file = join(logDirectory, `${name}.log`);
      return existsSync(file) ? readFileSync(file, 'utf8') : '';
    },
    logs: () =>
      readdirSync(logDirectory)
        .map((file) => readFileSync(join(logDirectory, file), 'utf8'))
        .join('\n'),
    stop: async () => {
      // The end of the recording lets the reader go.
      tape.close();
      await running.stop();
      clean();
    },
  };
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
