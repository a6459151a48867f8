/**
 * How long a change waits for its outcome (design section 17): until it is settled enough, at most 2 s or what
 * `Prefer: wait=N` says (RFC 7240); then it answers what it changed as it stands.
 */
import { isSettled } from '../../shared/domain/orders.ts';
import type { Order } from '../../shared/domain/types.ts';
import type { Clock } from '../../shared/ports/runtime.ts';

export const DEFAULT_WAIT_MS = 2_000;
export const LONGEST_WAIT_S = 10;
/** What goes well takes well under this: until then it is looked for twice as often. */
const EARLY_MS = 250;
const LOOK_EARLY_MS = 20;
const LOOK_LATER_MS = 40;

export interface Preference {
  readonly waitMs: number;
  /** What was applied, to be said in the answer; null without a preference of the caller. */
  readonly applied: string | null;
}

/**
 * Reads `Prefer: wait=N`. One that cannot be read is ignored, as the RFC says; a longer one is shortened and said.
 * `unaskedMs`: how long one waits that asks for nothing.
 */
export function waitPreference(header: string | undefined, unaskedMs = DEFAULT_WAIT_MS): Preference {
  const match = /(?:^|[,;\s])wait=(\d{1,6})(?=$|[,;\s])/i.exec(header ?? '');
  if (match?.[1] === undefined) return { waitMs: unaskedMs, applied: null };
  const seconds = Math.min(Number.parseInt(match[1], 10), LONGEST_WAIT_S);
  return { waitMs: seconds * 1_000, applied: `wait=${seconds}` };
}

/** Final, with all fills that the venue speaks of. */
export const isEnded = (order: Order): boolean => isSettled(order);

/** A market order is done when it has ended; one that may rest also when it rests. */
export function isSettledEnough(order: Order): boolean {
  if (isEnded(order)) return true;
  return order.type !== 'market' && (order.status === 'open' || order.status === 'partially_filled');
}

/** Reads again until it is done or the time is over; what was read last is the answer. */
export async function waitUntil<T>(
  ports: { readonly clock: Clock; readonly sleep: (ms: number) => Promise<void> },
  read: () => Promise<T | null>,
  first: T,
  isDone: (item: T) => boolean,
  waitMs: number,
): Promise<T> {
  const since = ports.clock.now();
  let current = first;
  while (!isDone(current)) {
    const waited = ports.clock.now() - since;
    if (waited >= waitMs) break;
    const gapMs = waited < EARLY_MS ? LOOK_EARLY_MS : LOOK_LATER_MS;
    await ports.sleep(Math.min(gapMs, waitMs - waited));
    current = (await read()) ?? current;
  }
  return current;
}

/** The answer, if it comes within the time; else it throws, and whatever comes later is nobody's. */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
