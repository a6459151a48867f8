/** Looks again and again: the waits of the smoke test. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SmokeFailure } from './report.ts';

export interface Waiting {
  readonly pollMs: number;
  /** Ends the wait: Ctrl-C. Null: nothing does, as when what was opened is put away. */
  readonly stop: AbortSignal | null;
}

/** @throws SmokeFailure when somebody stops the smoke test */
export function goOn(stop: AbortSignal | null): void {
  if (stop?.aborted === true) throw new SmokeFailure('interrupted');
}

/** @throws SmokeFailure that says what was waited for (in words of what was seen last), or that it was interrupted */
export async function until<T>(
  what: string | ((last: T) => string),
  withinMs: number,
  read: () => Promise<T> | T,
  isSo: (value: T) => boolean,
  { pollMs, stop }: Waiting,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await read();
    if (isSo(value)) return value;
    goOn(stop);
    if (performance.now() >= deadline) {
      const said = typeof what === 'string' ? what : what(value);
      throw new SmokeFailure(`waited ${withinMs / 1_000} s for ${said}`);
    }
    // A sleep that is cut short is no failure of its own: the next line says why.
    await sleep(pollMs, undefined, stop === null ? {} : { signal: stop }).catch(() => goOn(stop));
  }
}
