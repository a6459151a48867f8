/**
 * Losing a race is normal: somebody wrote an item since it was read, so read again and decide again. Bounded, with
 * growing pauses; then it throws, so that a queue delivers again and nothing is lost.
 */
import type { Ports } from './ports.ts';

const FIRST_PAUSE_MS = 5;

interface Patience {
  readonly tries: number;
  readonly longestPauseMs: number;
}
const PATIENCE: Patience = { tries: 8, longestPauseMs: 200 };

export class ContendedError extends Error {
  override readonly name = 'ContendedError';
}

/** What a random token says of chance: 0 <= x < 1. */
export function fractionOf(token: string): number {
  let hash = 0;
  for (const char of token) hash = (hash * 31 + char.charCodeAt(0)) % 1000;
  return hash / 1000;
}

/** Spreads rivals by their random tokens: 50 to 100 % of the pause. */
const jittered = (pauseMs: number, token: string): number =>
  Math.ceil(pauseMs * (0.5 + fractionOf(token) / 2));

/** Runs `attempt` until it answers something else than `conflict`. `n` counts from 0. */
export async function untilWritten<T>(
  { ids, sleep }: Pick<Ports, 'ids' | 'sleep'>,
  what: string,
  attempt: (n: number) => Promise<T | 'conflict'>,
  { tries, longestPauseMs }: Patience = PATIENCE,
): Promise<T> {
  for (let n = 0; n < tries; n++) {
    const result = await attempt(n);
    if (result !== 'conflict') return result;
    await sleep(jittered(Math.min(FIRST_PAUSE_MS * 2 ** n, longestPauseMs), ids.token()));
  }
  throw new ContendedError(`${what}: still contended after ${tries} tries`);
}
