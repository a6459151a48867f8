/** When a recorded tick is due on the wall: its gap to the first one, divided by the speed. */

export interface Pace {
  /** Null = due now; otherwise resolves when it is due. */
  until(recordedMs: number): Promise<unknown> | null;
  /** The consumer held everything up for so long: what follows is due as much later, not in one burst. */
  shift(heldMs: number): void;
}

/** A replay that fell behind by more (a stopped machine) goes on from where it is. */
const MAX_BEHIND_MS = 1_000;

export function createPace(speed: number | 'max', sleep: (ms: number) => Promise<unknown>): Pace {
  if (speed === 'max') return { until: () => null, shift: () => undefined };
  if (!(speed > 0)) throw new Error(`the replay speed is a positive number or max, not ${speed}`);
  let origin: { wallMs: number; recordedMs: number } | null = null;
  return {
    until: (recordedMs) => {
      const now = performance.now();
      origin ??= { wallMs: now, recordedMs };
      const due = origin.wallMs + (recordedMs - origin.recordedMs) / speed;
      if (now - due > MAX_BEHIND_MS) origin.wallMs += now - due;
      return due - now >= 1 ? sleep(due - now) : null;
    },
    shift: (heldMs) => {
      if (origin !== null) origin.wallMs += heldMs;
    },
  };
}
