/**
 * Background work with a name and an owner: nothing that runs beside the main path can fail unseen.
 *
 * A failure is logged with its task's name and counted; a loop goes on with its next turn.
 */
import type { Log } from '../../ports/runtime.ts';

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export class Background {
  readonly #log: Log;
  readonly #onFailure: () => void;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(log: Log, onFailure: () => void) {
    this.#log = log;
    this.#onFailure = onFailure;
  }

  /** Runs once, beside the caller. */
  run(name: string, task: () => Promise<unknown>): void {
    const running: Promise<void> = this.#attempt(name, task).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Runs again and again, each turn `everyMs` after the last one began, or when that one has ended. */
  loop(name: string, everyMs: number, turn: () => Promise<unknown>): void {
    this.run(name, async () => {
      while (!this.#stopping.signal.aborted) {
        const began = performance.now();
        await this.#attempt(name, turn);
        await pause(Math.max(0, everyMs - (performance.now() - began)), this.#stopping.signal);
      }
    });
  }

  /** Ends the loops; resolves when everything that was running has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #attempt(name: string, task: () => Promise<unknown>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#onFailure();
      this.#log.error('streamer_task_failed', { task: name, error: messageOf(error) });
    }
  }
}

/** Waits, or ends early when aborted; never throws. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}
