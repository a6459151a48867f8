/** The parts of the process side by side: a failure of the one does not stop the other (design section 20). */
import type { Log } from '../../shared/ports/runtime.ts';
import { pause } from '../../shared/usecases/stream-prices/background.ts';

export interface Part {
  /** Until it is stopped; throws when it cannot go on. */
  run(): Promise<void>;
  stop(): void;
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
