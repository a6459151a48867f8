/** At most so many requests in any minute: the plan's limit, kept before the vendor has to. */

const MINUTE_MS = 60_000;

export interface Pace {
  /** Resolves when one more request may leave; at once when `signal` is aborted. */
  turn(signal: AbortSignal): Promise<void>;
}

export interface PaceParts {
  readonly perMinute: number;
  /** Never goes back, in ms. */
  readonly now: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

export function createPace({ perMinute, now, pause }: PaceParts): Pace {
  const left: number[] = [];
  let queue: Promise<void> = Promise.resolve();

  const next = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      const at = now();
      while (left[0] !== undefined && left[0] <= at - MINUTE_MS) left.shift();
      if (signal.aborted) return;
      if (left.length < perMinute) {
        left.push(at);
        return;
      }
      await pause((left[0] ?? at) + MINUTE_MS - at, signal);
    }
  };

  return {
    turn: (signal) => {
      queue = queue.then(() => next(signal));
      return queue;
    },
  };
}
