/** What of a request's time the store takes: calls of DynamoDB Local, as the API function's own process saw them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { figuresOf, type KindFigures } from './statistics.ts';

export type StoreTimes = readonly {
  /** Of its first call, epoch ms. */
  readonly at: number;
  readonly calls: number;
  /** With at least one call under way. */
  readonly busyMs: number;
}[];

/** Environment of the function whose calls are timed. */
export const timingEnvironment = (file: string): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--import=${fileURLToPath(new URL('./store-times.ts', import.meta.url))}`,
  MONIQO_STORE_TIMES: file,
});

export interface StoreShare {
  /** Calls of one request, on average. */
  readonly calls: number;
  readonly busyMs: Omit<KindFigures, 'kind'>;
}

export const readStoreTimes = (file: string): StoreTimes =>
  JSON.parse(readFileSync(file, 'utf8')) as StoreTimes;

/**
 * Of the invocations that called the store between two times (epoch ms). Null where none is known: a function that was
 * ended for want of time takes what it had noted with it.
 */
export function storeShare(times: StoreTimes, from: number, to: number): StoreShare | null {
  const own = times.filter(({ at }) => at >= from && at < to);
  if (own.length === 0) return null;
  const { kind: _, ...busyMs } = figuresOf(
    'all',
    own.map((one) => one.busyMs),
  );
  const calls = own.reduce((sum, one) => sum + one.calls, 0) / own.length;
  return { calls: Math.round(calls * 10) / 10, busyMs };
}
