/**
 * 500 symbols at 20,000 messages a second into the streamer, which is a process of its own, with a real Redis
 * (design section 22). The market and whoever reads prices are this process.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundle } from '../../../infra/bundle/bundle.ts';
import { NODE_FLAGS } from '../../../infra/stacks/streamer-memory.ts';
import { createValkey, type Valkey } from '../../../shared/adapters/valkey/client.ts';
import { priceKey } from '../../../shared/adapters/valkey/keys.ts';
import { startRealRedis } from '../../support/redis.ts';
import { coreSeconds } from '../process-core.ts';
import { LoadMarket } from './load-market.ts';
import type { LoadAsked, LoadPlan, LoadSaid, LoadTold } from './plan.ts';

export interface LoadShape {
  readonly symbols: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** Levels of each symbol, each reached once. */
  readonly dips: number;
  /** Code is compiled and memory has found its size before anything counts. */
  readonly warmUpSeconds: number;
  /** See LoadPlan. */
  readonly comparedSeconds: number;
  readonly barsMs: number;
}

export interface LoadFigures {
  readonly sent: number;
  /** Before and while it was measured. */
  readonly sentAtAll: number;
  readonly seconds: number;
  readonly told: LoadTold;
  /** Age of a price when somebody read it, ms. */
  readonly ages: readonly number[];
  /** Reads that found no price. */
  readonly missing: number;
  /** Shares of a core. */
  readonly streamerCore: number;
  readonly redisCore: number;
  readonly benchCore: number;
  /** MB, under the deployed bounds; the slope over the run in MB a minute. */
  readonly memory: {
    readonly from: number;
    readonly to: number;
    readonly most: number;
    readonly slope: number;
    /** Of objects that live, before and after. */
    readonly liveFrom: number;
    readonly liveTo: number;
  };
}

const ENTRY = {
  name: 'stream-load',
  entry: 'test/bench/stream/load-child.ts',
  copy: [],
  runsOn: 'fargate',
} as const;
const READY_TIMEOUT_MS = 120_000;
const DONE_TIMEOUT_MS = 120_000;
const READ_EACH_MS = 50;
const READ_SYMBOLS = 10;
const MEMORY_EACH_MS = 1_000;
/** What had to wait while the process collected is past. */
const AFTER_COLLECTION_MS = 1_000;
const KB_PER_MB = 1_000;

/** @throws where /proc is missing, or the streamer's process fails */
export async function measureLoad(shape: LoadShape, note: (line: string) => void): Promise<LoadFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'moniqo-bench-stream-'));
  const redis = await startRealRedis();
  const valkey = createValkey(redis.url);
  const market = new LoadMarket(shape.symbols, shape.perSecond);
  let child: ChildProcess | null = null;
  try {
    await market.start();
    const [bundled] = await bundle({ distDir: folder, entries: [ENTRY], maxBytes: Number.POSITIVE_INFINITY });
    if (bundled === undefined) throw new Error('nothing was bundled');
    const plan: LoadPlan = {
      redisUrl: redis.url,
      streamUrl: market.url,
      symbols: shape.symbols,
      dips: shape.dips,
      comparedSeconds: shape.comparedSeconds,
      barsMs: shape.barsMs,
    };
    child = fork(bundled.file, [JSON.stringify(plan)], {
      execArgv: NODE_FLAGS,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await said(child, 'ready', READY_TIMEOUT_MS);
    note(`all ${shape.symbols} symbols have a price; warming up ...`);
    await sleep(shape.warmUpSeconds * 1_000);
    note(`measuring for ${shape.seconds} s ...`);
    return await measure(shape, market, child, valkey);
  } finally {
    child?.disconnect();
    await market.stop();
    await valkey.close();
    await redis.stop();
    rmSync(folder, { recursive: true });
  }
}

async function measure(
  shape: LoadShape,
  market: LoadMarket,
  child: ChildProcess,
  valkey: Valkey,
): Promise<LoadFigures> {
  const pid = child.pid ?? 0;
  const redisPid = await pidOf(valkey);
  ask(child, { ask: 'live' });
  const { mb: liveFrom } = await said(child, 'live', DONE_TIMEOUT_MS);
  await sleep(AFTER_COLLECTION_MS);
  ask(child, { ask: 'begin' });
  const before = {
    sent: market.sent,
    core: coreSeconds(pid),
    redis: coreSeconds(redisPid),
    own: process.cpuUsage(),
  };
  const from = performance.now();
  const elapsed = (): number => (performance.now() - from) / 1_000;
  const over = new AbortController();
  const memory: { at: number; mb: number }[] = [];
  const ages: (number | null)[] = [];
  const loops = Promise.all([
    each(MEMORY_EACH_MS, over.signal, async () => void memory.push({ at: elapsed(), mb: residentMb(pid) })),
    each(READ_EACH_MS, over.signal, async () => void ages.push(...(await readAges(valkey, shape.symbols)))),
    dips(shape, market, elapsed),
  ]);
  await sleep(shape.seconds * 1_000);
  const seconds = elapsed();
  const sent = market.sent - before.sent;
  const [core, redisCore] = [coreSeconds(pid) - before.core, coreSeconds(redisPid) - before.redis];
  const own = process.cpuUsage(before.own);
  over.abort();
  await loops;
  market.pause();
  ask(child, { ask: 'end' });
  const { told } = await said(child, 'done', DONE_TIMEOUT_MS);
  const mbs = memory.map(({ mb }) => mb);
  return {
    sent,
    sentAtAll: market.sent,
    seconds,
    told,
    ages: ages.filter((age) => age !== null),
    missing: ages.filter((age) => age === null).length,
    streamerCore: core / seconds,
    redisCore: redisCore / seconds,
    benchCore: (own.user + own.system) / 1e6 / seconds,
    memory: {
      from: mbs[0] ?? 0,
      to: mbs.at(-1) ?? 0,
      most: Math.max(...mbs),
      slope: slopeOf(memory) * 60,
      liveFrom,
      liveTo: told.liveMb,
    },
  };
}

const ask = (child: ChildProcess, asked: LoadAsked): void => void child.send(asked);

/** Waits for what it says; its own failure is thrown here. */
function said<K extends LoadSaid['say']>(
  child: ChildProcess,
  what: K,
  withinMs: number,
): Promise<Extract<LoadSaid, { say: K }>> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    const fail = (error: string): void => {
      done();
      reject(new Error(`the streamer's process: ${error}`));
    };
    const onMessage = (message: LoadSaid): void => {
      if (message.say === 'failed') fail(message.error);
      if (message.say !== what) return;
      done();
      resolve(message as Extract<LoadSaid, { say: K }>);
    };
    const onExit = (code: number | null): void => fail(`ended with ${code}`);
    const timer = setTimeout(() => fail(`not "${what}" within ${withinMs} ms`), withinMs);
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

/** Every symbol's dips, spread over the run; the last one is made well before its end. */
async function dips(
  { symbols, dips: each, seconds }: LoadShape,
  market: LoadMarket,
  elapsed: () => number,
): Promise<void> {
  const all = symbols * each;
  const last = seconds - 2;
  for (let made = 0; made < all; ) {
    for (; made < all && elapsed() >= (made * last) / all; made += 1) market.dip(made % symbols);
    await sleep(5);
  }
}

async function each(ms: number, over: AbortSignal, task: () => Promise<void>): Promise<void> {
  while (!over.aborted) {
    const began = performance.now();
    await task();
    await sleep(Math.max(0, ms - (performance.now() - began)));
  }
}

let turn = 0;
async function readAges(valkey: Valkey, symbols: number): Promise<readonly (number | null)[]> {
  const chosen = Array.from({ length: READ_SYMBOLS }, () => `SYM${(turn++ * 7) % symbols}/USDT`);
  const times = await Promise.all(chosen.map((symbol) => valkey.command(['HGET', priceKey(symbol), 'at'])));
  const now = Date.now();
  return times.map((at) => (typeof at === 'string' ? now - Number(at) : null)); // not money: a time
}

async function pidOf(valkey: Valkey): Promise<number> {
  const info = String(await valkey.command(['INFO', 'server']));
  const pid = /process_id:(\d+)/.exec(info)?.[1];
  if (pid === undefined) throw new Error('the cache does not tell its process');
  return Number(pid); // not money
}

function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb) / KB_PER_MB; // not money
}

/** Least squares, MB a second. */
function slopeOf(points: readonly { readonly at: number; readonly mb: number }[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, one) => sum + one, 0) / values.length;
  const [at, mb] = [mean(points.map((point) => point.at)), mean(points.map((point) => point.mb))];
  const over = points.reduce((sum, point) => sum + (point.at - at) * (point.mb - mb), 0);
  const under = points.reduce((sum, point) => sum + (point.at - at) ** 2, 0);
  return under === 0 ? 0 : over / under;
}
