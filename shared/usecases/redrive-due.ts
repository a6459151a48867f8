/**
 * Certainty without messages: what is overdue is sent again (design section 14).
 *
 * Its due time is moved on first, by condition, so that two sweeps do not send the same twice and a step that keeps
 * failing is spaced out (2 s, doubling to 60 s).
 */
import { MAX_BACKOFF_MS, nextDrive } from '../domain/due.ts';
import type { Position } from '../domain/types.ts';
import { countUnprotected, unprotectedBy } from '../domain/unprotected.ts';
import type { DueItem } from '../ports/ledger.ts';
import type { Ports } from './ports.ts';
import { readApart } from './read-apart.ts';
import type { RedriveWallets } from './redrive-wallets.ts';
import { sendPointer, sendPosition } from './work-pointers.ts';

type Needs = Pick<Ports, 'ledger' | 'outbox' | 'clock' | 'log'>;

export interface RedriveSettings {
  readonly page: number;
  readonly budgetMs: number;
  /** Work younger than this is still on its way by its own message. */
  readonly graceMs: number;
}
export const DEFAULT_REDRIVE: RedriveSettings = { page: 100, budgetMs: 3_000, graceMs: 500 };

export interface Redriven {
  /** How much was sent. */
  readonly driven: number;
  /** By how much the longest overdue of what was found was so, ms; 0 = nothing was. */
  readonly overdueMs: number;
  /** For how long it has not been known what became of an order, of those found the longest, ms; 0 = of none. */
  readonly unknownMs: number;
  /** What it could not go on for: what was seen until then is told all the same. */
  readonly failure: { readonly error: unknown } | null;
}

type Seen = { -readonly [Figure in 'driven' | 'overdueMs' | 'unknownMs']: Redriven[Figure] };

export type RedriveDue = ReturnType<typeof makeRedriveDue>;

/** Wallets owe little: the sweep of this shard sends it again. */
const CHECKS_IN_SHARD = 0;

export function makeRedriveDue(
  ports: Needs,
  redriveWallets: RedriveWallets,
  settings: RedriveSettings = DEFAULT_REDRIVE,
) {
  const { ledger, outbox, clock, log } = ports;

  /** One that cannot be read is told, and looked at again later: it is nobody else's trouble. */
  const readAll = <T>(
    byId: ReadonlyMap<string, DueItem>,
    read: (ids: readonly string[]) => Promise<readonly T[]>,
  ): Promise<readonly T[]> =>
    readApart([...byId.keys()], read, async (id, error) => {
      const item = byId.get(id);
      log.error('WORK_UNREADABLE', { kind: item?.kind, id, error: error.message });
      if (item !== undefined) await ledger.moveDue(item, clock.now() + MAX_BACKOFF_MS);
    });

  async function driveOrders(items: readonly DueItem[], seen: Seen): Promise<number> {
    // Most sweeps find nothing.
    if (items.length === 0) return 0;
    const byId = new Map(items.map((item) => [item.id, item]));
    let driven = 0;
    for (const order of await readAll(byId, ledger.orders.bind(ledger))) {
      const item = byId.get(order.orderId);
      const { since } = order.unknown;
      if (since !== null) seen.unknownMs = Math.max(seen.unknownMs, clock.now() - since);
      if (item === undefined || !(await ledger.moveDue(item, nextDrive(order, clock.now())))) continue;
      log.info('WORK_REDRIVEN', { orderId: order.orderId, status: order.status, tries: order.dueTries });
      await sendPointer(outbox, order);
      driven += 1;
    }
    return driven;
  }

  /**
   * Moves the due time on. A step of a close that is overdue by more than it may be is counted with that: the new time
   * says no more that it was. Whoever writes the position meanwhile counts it as well, and stands.
   */
  async function putOff(before: Position, item: DueItem): Promise<boolean> {
    const now = clock.now();
    const to = nextDrive(before, now);
    const isLate = before.flatten !== null && unprotectedBy(before, now).since !== null;
    if (!isLate || before.dueAt !== item.dueAt) return ledger.moveDue(item, to);
    const moved = { ...before, dueAt: to, dueTries: before.dueTries + 1 };
    const after = { ...moved, unprotected: countUnprotected(moved, before.dueAt, now) };
    return (await ledger.commit({ positions: [{ before, after }] })).outcome === 'done';
  }

  async function drivePositions(items: readonly DueItem[]): Promise<number> {
    if (items.length === 0) return 0;
    const byId = new Map(items.map((item) => [item.id, item]));
    let driven = 0;
    for (const position of await readAll(byId, ledger.positions.bind(ledger))) {
      const { positionId, status, dueTries } = position;
      const item = byId.get(positionId);
      if (item === undefined || !(await putOff(position, item))) continue;
      log.info('WORK_REDRIVEN', { positionId, status, tries: dueTries });
      await sendPosition(outbox, position, clock.now());
      driven += 1;
    }
    return driven;
  }

  async function drive(shard: number, seen: Seen): Promise<void> {
    const deadline = clock.now() + settings.budgetMs;
    while (clock.now() < deadline) {
      const items = await ledger.due(shard, clock.now() - settings.graceMs, settings.page);
      // Oldest first: what is overdue longest is seen before anything is moved on.
      if (items[0] !== undefined) seen.overdueMs = Math.max(seen.overdueMs, clock.now() - items[0].dueAt);
      const orders = await driveOrders(
        items.filter((item) => item.kind === 'order'),
        seen,
      );
      const moved = orders + (await drivePositions(items.filter((item) => item.kind === 'position')));
      seen.driven += moved;
      // A page of which nothing could be moved is somebody else's work, or an index that lags.
      if (items.length < settings.page || moved === 0) break;
    }
  }

  /** Sends what is overdue in this shard. Stops when its time is over: the next sweep goes on. Throws nothing: see `failure`. */
  return async (shard: number): Promise<Redriven> => {
    const seen = { driven: 0, overdueMs: 0, unknownMs: 0 };
    try {
      await drive(shard, seen);
      // Last: money comes first.
      if (shard === CHECKS_IN_SHARD) seen.driven += await redriveWallets();
      return { ...seen, failure: null };
    } catch (error) {
      return { ...seen, failure: { error } };
    }
  };
}
