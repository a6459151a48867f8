/** Whether each second has had its sweep: the evaluator marks what it has done in the cache, for five minutes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';

const LOOK_EACH_MS = 10_000;
/** A sweep may be five seconds late and still be of its own second (shared/usecases/sweep.ts); then it is noted at once. */
const SETTLED_SECONDS = 10;

export interface Sweeps {
  readonly seconds: number;
  /** Seconds without a sweep of their own. */
  readonly holes: number;
  /** The most of them one after the other. */
  readonly longest: number;
}

/** Of shard 0, from now on until it is told to stop. @throws what the cache cannot be asked with */
export async function watchSweeps(valkeyUrl: string, stop: AbortSignal): Promise<Sweeps> {
  const client = createClient({ url: valkeyUrl });
  await client.connect();
  const gaps = new Gaps();
  try {
    let next = Math.floor(Date.now() / 1_000);
    while (!stop.aborted) {
      // An end of the wait is its end, not a failure.
      await sleep(LOOK_EACH_MS, undefined, { signal: stop }).catch(() => undefined);
      for (const last = Math.floor(Date.now() / 1_000) - SETTLED_SECONDS; next <= last; next += 1) {
        gaps.note((await client.exists(`sweep:{0}:${next}`)) === 1);
      }
    }
  } finally {
    await client.close();
  }
  return gaps.found;
}

/** Counts seconds as they are looked at. */
export class Gaps {
  #seconds = 0;
  #holes = 0;
  #longest = 0;
  #running = 0;

  note(isSwept: boolean): void {
    this.#seconds += 1;
    this.#running = isSwept ? 0 : this.#running + 1;
    if (!isSwept) this.#holes += 1;
    this.#longest = Math.max(this.#longest, this.#running);
  }

  get found(): Sweeps {
    return { seconds: this.#seconds, holes: this.#holes, longest: this.#longest };
  }
}
