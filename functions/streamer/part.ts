/** The parts of the process side by side: a failure of the one does not stop the other (design section 20). */
import type { Log } from '../../shared/ports/runtime.ts';
import { pause } from '../../shared/usecases/stream-prices/background.ts';
import type { Watched } from './health.ts';

export interface Part {
  /** Until it is stopped; throws when it cannot go on. */
  run(): Promise<void>;
  stop(): void;
}

/** Its parts one after the other, and whether the one that runs now is well; while none runs it is not. */
export function watched<P extends Part>(
  name: string,
  make: () => P,
  isWell: (part: P) => boolean,
): { readonly make: () => Part; readonly watched: Watched } {
  let running: P | null = null;
  return {
    make: () => {
      const part = make();
      return {
        stop: () => part.stop(),
        run: async () => {
          running = part;
          try {
            await part.run();
          } finally {
            running = null;
          }
        },
      };
    },
    watched: { name, isWell: () => running !== null && isWell(running) },
  };
}

const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 60_000;

/** Runs the part until `signal`, and again after it has failed: others may need this process meanwhile. */
export async function keepRunning(
  name: string,
  make: () => Part,
  log: Log,
  signal: AbortSignal,
  firstRetryMs = FIRST_RETRY_MS,
): Promise<void> {
  for (let wait = firstRetryMs; !signal.aborted; wait = Math.min(LONGEST_RETRY_MS, wait * 2)) {
    const part = make();
    const stop = (): void => part.stop();
    signal.addEventListener('abort', stop);
    try {
      await part.run();
      if (!signal.aborted) log.error('streamer_part_ended', { part: name, retry_in_ms: wait });
    } catch (error) {
      const { name: kind, message } = error instanceof Error ? error : new Error(String(error));
      log.error('streamer_part_failed', { part: name, retry_in_ms: wait, error: `${kind}: ${message}` });
    } finally {
      signal.removeEventListener('abort', stop);
    }
    await pause(wait, signal);
  }
}
