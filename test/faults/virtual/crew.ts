/** Worker threads over one bundle. */
import { Worker } from 'node:worker_threads';
import type { SeedResult } from './run-seed.ts';
import type { News, Order } from './worker.ts';

export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface CrewOptions {
  readonly bundle: string;
  readonly workers: number;
  /** Answers whether this thread is to go on; each has its seeds in rising order. */
  readonly onResult: (result: SeedResult) => boolean;
}

/** Room for what a few runs leave behind: collected that often, nearly nothing of it is still in use. */
const YOUNG_MB = 96;

/** One thread's work: resolves when it is done or was told to stop. */
function work(bundle: string, order: Order, onResult: (result: SeedResult) => boolean): Promise<void> {
  const worker = new Worker(bundle, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
  return new Promise<void>((resolve, reject) => {
    worker.on('message', (news: News) => {
      if (news.kind === 'done') return resolve();
      for (const result of news.results) if (!onResult(result)) return resolve();
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve());
    worker.postMessage(order);
  }).finally(() => worker.terminate());
}

/** Runs all seeds of a range, dealt out to the threads in turn. */
export async function runRange({ from, to }: Range, options: CrewOptions): Promise<void> {
  const { bundle, workers, onResult } = options;
  const step = Math.max(1, Math.min(workers, to - from));
  await Promise.all(
    Array.from({ length: step }, (_, i) => work(bundle, { kind: 'run', from: from + i, to, step }, onResult)),
  );
}

/** One seed with all its notes. */
export async function traceSeed(bundle: string, seed: number): Promise<SeedResult> {
  let found: SeedResult | null = null;
  await work(bundle, { kind: 'trace', seed }, (result) => {
    found = result;
    return true;
  });
  if (found === null) throw new Error(`seed ${seed}: the worker ended without an answer`);
  return found;
}
