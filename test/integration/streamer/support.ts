/** The streamer's bundle as a process of its own, against a real cache, tables and queues. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { inject } from 'vitest';
import { bundle } from '../../../infra/bundle/bundle.ts';
import { BUNDLE_ENTRIES, STREAMER } from '../../../infra/bundle/entries.ts';
import { createTapeStore } from '../../../shared/adapters/dynamodb/tape-store.ts';
import { createValkey } from '../../../shared/adapters/valkey/client.ts';
import { createCounters } from '../../../shared/adapters/valkey/counters.ts';
import { createPriceCache } from '../../../shared/adapters/valkey/price-cache.ts';
import { createTriggerIndex } from '../../../shared/adapters/valkey/trigger-index.ts';
import type { FixedLevel, Hit, Level, Units } from '../../../shared/domain/triggers/types.ts';
import { REPLAY_HEADER } from '../../../shared/feeds/replay-line.ts';
import { openDynamoDb } from '../../support/dynamodb.ts';
import { realRedisMissing, startJsRedis, startRealRedis } from '../../support/redis.ts';
import { startSqs } from '../../support/sqs.ts';

export interface StreamerProcess {
  readonly lines: readonly string[];
  readonly exited: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
  /** Resolves when a line with this text was printed. */
  said(text: string): Promise<void>;
}

export type Outside = Awaited<ReturnType<typeof startOutside>>;

export async function startOutside() {
  const folder = mkdtempSync(join(tmpdir(), 'streamer-'));
  const [redis, dynamo, sqs] = await Promise.all([
    realRedisMissing === null ? startRealRedis() : startJsRedis(),
    openDynamoDb(inject('dynamoDb')),
    startSqs(),
    // How large a bundle may be is asked where bundles are made, not here.
    bundle({
      distDir: folder,
      entries: BUNDLE_ENTRIES.filter(({ name }) => name === STREAMER),
      maxBytes: Number.POSITIVE_INFINITY,
    }),
  ]);
  const valkey = createValkey(redis.url);
  const running = new Set<StreamerProcess>();

  const start = (env: Readonly<Record<string, string>>): StreamerProcess => {
    const lines: string[] = [];
    const child = spawn(process.execPath, [join(folder, STREAMER, 'index.mjs')], {
      env: {
        PATH: process.env['PATH'] ?? '',
        AWS_REGION: 'local',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
        ...env,
      },
    });
    const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    let rest = '';
    const read = (chunk: Buffer): void => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    const started: StreamerProcess = {
      lines,
      exited,
      signal: (name) => void child.kill(name),
      said: (text) =>
        until(
          () => lines.some((line) => line.includes(text)),
          () => `"${text}" was not said, but:\n${lines.slice(-20).join('\n')}`,
        ),
    };
    running.add(started);
    void exited.then(() => running.delete(started));
    return started;
  };

  const evaluators: Evaluator[] = [];

  /** After each test: nothing of it goes on, also when it failed. */
  const clear = async (): Promise<void> => {
    for (const process of running) process.signal('SIGKILL');
    await Promise.all([...running].map(({ exited }) => exited));
    await Promise.all(evaluators.splice(0).map((evaluator) => evaluator.stop()));
  };

  const stop = async (): Promise<void> => {
    await valkey.close();
    await Promise.all([redis.stop(), dynamo.stop(), sqs.stop()]);
    rmSync(folder, { recursive: true });
  };

  /** Fresh tables, an empty cache and an empty queue: a system of its own for one test. */
  const system = async () => {
    await valkey.command(['FLUSHALL']);
    const tables = await dynamo.createTables();
    const index = createTriggerIndex(valkey);
    const tape = createTapeStore({ client: dynamo.client, priceTapeTable: tables.priceTape });
    const env = {
      VALKEY_URL: redis.url,
      TRIGGERS_QUEUE_URL: sqs.queues.triggersQueueUrl,
      PRICE_TAPE_TABLE: tables.priceTape,
      ORDERS_TABLE: tables.orders,
      POSITIONS_TABLE: tables.positions,
      WALLETS_TABLE: tables.wallets,
      SYMBOLS_TABLE: tables.symbols,
      EXECUTIONS_QUEUE_URL: sqs.queues.executionsQueueUrl,
      RECONCILE_QUEUE_URL: sqs.queues.reconcileQueueUrl,
      SUBMIT_QUEUE_URL: sqs.queues.submitQueueUrl,
      EXITS_QUEUE_URL: sqs.queues.exitsQueueUrl,
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
      AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    };
    const evaluator = new Evaluator(index, sqs);
    evaluators.push(evaluator);
    await evaluator.drain();
    return {
      index,
      tape,
      evaluator,
      tables,
      cache: createPriceCache(valkey),
      counters: createCounters(valkey),
      env,
    };
  };
  return { folder, valkey, dynamo, sqs, start, clear, stop, system };
}

/** Does what evaluate does with messages: builds empty indexes with the levels it owns, takes and settles hits. */
export class Evaluator {
  readonly levels = new Map<string, Level[]>();
  readonly hits: Hit[] = [];
  readonly messages: string[] = [];
  readonly #index: ReturnType<typeof createTriggerIndex>;
  readonly #sqs: Awaited<ReturnType<typeof startSqs>>;
  #running = false;
  #done: Promise<void> = Promise.resolve();

  constructor(index: ReturnType<typeof createTriggerIndex>, sqs: Awaited<ReturnType<typeof startSqs>>) {
    this.#index = index;
    this.#sqs = sqs;
  }

  async drain(): Promise<void> {
    while ((await this.#receive(0)).length > 0);
  }

  start(): void {
    this.#running = true;
    this.#done = (async () => {
      while (this.#running) {
        for (const { kind, symbol } of await this.#receive(1)) {
          this.messages.push(`${kind} ${symbol}`);
          if (kind === 'rebuild') await this.#rebuild(symbol);
        }
        for (const symbol of this.levels.keys()) await this.#take(symbol);
      }
    })();
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  async #rebuild(symbol: string): Promise<void> {
    const hit = new Set(this.hits.map(({ member }) => member));
    const left = (this.levels.get(symbol) ?? []).filter(({ member }) => !hit.has(member));
    const token = `rebuild-${Date.now()}`;
    await this.#index.beginRebuild(symbol, token);
    await this.#index.loadRebuilt(symbol, token, left, [], Date.now());
    await this.#index.finishRebuild(symbol, token, Date.now());
  }

  async #take(symbol: string): Promise<void> {
    const taken = await this.#index.takeHits(symbol, 25, Date.now(), 2000);
    this.hits.push(...taken);
    await this.#index.settleHits(symbol, taken);
  }

  async #receive(waitSeconds: number): Promise<{ kind: string; symbol: string }[]> {
    const { client, queues } = this.#sqs;
    const QueueUrl = queues.triggersQueueUrl;
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: waitSeconds }),
    );
    for (const { ReceiptHandle } of Messages) {
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
    return Messages.map(({ Body = '' }) => JSON.parse(Body) as { kind: string; symbol: string });
  }
}

/** A recording of BTC/USDT: one trade per price, `everyMs` apart. Line of price i: i + 2. */
export function recording(folder: string, name: string, prices: readonly string[], everyMs: number): string {
  const file = join(folder, name);
  const rows = prices.map((price, i) => `${1_000_000 + i * everyMs},BTCUSDT,${price},0.5,1,${i}`);
  writeFileSync(file, `${[REPLAY_HEADER, ...rows].join('\n')}\n`);
  return file;
}

export const fixed = (member: string, direction: 'falls' | 'rises', price: number): FixedLevel => ({
  kind: 'fixed',
  member,
  version: 1,
  source: 'last',
  armedTick: -1,
  armedAt: 1,
  direction,
  price: price as Units,
});

/** Throws after [20 s]. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  why: () => string = () => `not within 20 s: ${holds}`,
): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(why());
    await sleep(20);
  }
}
