/**
 * How long a create waits for its order (design section 17): until it is settled enough, at most 2 s or what
 * `Prefer: wait=N` says (RFC 7240); then it answers the order as it stands.
 */
import { isSettled } from '../../shared/domain/orders.ts';
import type { Order } from '../../shared/domain/types.ts';
import type { Ledger } from '../../shared/ports/ledger.ts';
import type { Clock } from '../../shared/ports/runtime.ts';

export const DEFAULT_WAIT_MS = 2_000;
export const LONGEST_WAIT_S = 10;
const LOOK_AGAIN_MS = 40;

export interface Preference {
  readonly waitMs: number;
  /** What was applied, to be said in the answer; null without a preference of the caller. */
  readonly applied: string | null;
}

/** Reads `Prefer: wait=N`. A preference that cannot be read is ignored, a longer one than 10 s is shortened and said. */
export function waitPreference(header: string | undefined): Preference {
  const match = /(?:^|[,;\s])wait=(\d{1,6})(?=$|[,;\s])/i.exec(header ?? '');
  if (match?.[1] === undefined) return { waitMs: DEFAULT_WAIT_MS, applied: null };
  const seconds = Math.min(Number.parseInt(match[1], 10), LONGEST_WAIT_S);
  return { waitMs: seconds * 1_000, applied: `wait=${seconds}` };
}

/** A market order is done when it is settled; one that may rest also when it rests. */
export function isSettledEnough(order: Order): boolean {
  if (isSettled(order)) return true;
  const rests = order.type !== 'market';
  return rests && (order.status === 'open' || order.status === 'partially_filled');
}

interface Ports {
  readonly ledger: Pick<Ledger, 'order'>;
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Reads the order again until it is settled enough or the time is over; the last state read is the answer. */
export async function awaitOrder(ports: Ports, order: Order, waitMs: number): Promise<Order> {
  const deadline = ports.clock.now() + waitMs;
  let current = order;
  while (!isSettledEnough(current) && ports.clock.now() + LOOK_AGAIN_MS <= deadline) {
    await ports.sleep(LOOK_AGAIN_MS);
    current = (await ports.ledger.order(order.orderId)) ?? current;
  }
  return current;
}
