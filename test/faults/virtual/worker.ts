/** Runs seeds in a thread of its own: takes orders from its parent, answers after each seed. */
import { parentPort } from 'node:worker_threads';
import { runSeed, type SeedResult } from './run-seed.ts';

/** For who runs without threads. */
export { runSeed };

export type Order =
  /** Every `step`-th seed from `from` on, below `to`. */
  | { readonly kind: 'run'; readonly from: number; readonly to: number; readonly step: number }
  | { readonly kind: 'trace'; readonly seed: number };

export type News =
  | { readonly kind: 'seeds'; readonly results: readonly SeedResult[] }
  | { readonly kind: 'done' };

/** Answers together, so that telling does not cost more than running. */
const TOGETHER = 20;

async function obey(order: Order, tell: (news: News) => void): Promise<void> {
  if (order.kind === 'trace') {
    tell({ kind: 'seeds', results: [await runSeed(order.seed, true)] });
  } else {
    let results: SeedResult[] = [];
    const flush = (): void => {
      tell({ kind: 'seeds', results });
      results = [];
    };
    for (let seed = order.from; seed < order.to; seed += order.step) {
      const result = await runSeed(seed);
      results.push(result);
      if (results.length >= TOGETHER || result.violations.length > 0) flush();
    }
    flush();
  }
  tell({ kind: 'done' });
}

const port = parentPort;
port?.on('message', (order: Order) => {
  obey(order, (news) => port.postMessage(news)).catch((error: unknown) => {
    // Only a mistake of the harness itself gets here: a run reports its own.
    throw error;
  });
});
