/**
 * What is owed next, and when: the due index is `nextDue` of each item, recomputed on every write (design
 * section 14). Times are epoch ms on our clock.
 */
import { isAmendingInPlace } from './amendments.ts';
import { windowEndsAt } from './confirmation.ts';
import { owesFeeValue } from './late-fees.ts';
import { wantsLevels, windowsOf } from './levels.ts';
import { isFinal, isSettled } from './orders.ts';
import { isClosed } from './positions.ts';
import { nextDueResident, owesResident } from './resident-state.ts';
import { limitEndsAt } from './stop-limit.ts';
import { isTimeUp, timeStopAt } from './time-stop.ts';
import type { Order, Position, SendAttempt } from './types.ts';
import { countUnknown, countUnprotected } from './unprotected.ts';

/** Levels that could not be armed are tried again. */
export const ARM_RETRY_MS = 2_000;
/** The market is past an order's price and no report has come: query. */
export const REPORT_EXPECTED_MS = 3_000;
/** Default receive window of a signed request. */
export const RECV_WINDOW_MS = 2_000;
/** After this much more than the receive window, absence is proof (design 6.5). */
export const FENCE_MARGIN_MS = 10_000 + 5_000;
/** From the claim until an empty answer proves that the venue never took the attempt. */
export const FENCE_MS = RECV_WINDOW_MS + FENCE_MARGIN_MS;
/** A live order without news is queried. */
export const QUIET_MS = 5 * 60_000;
/** A cancel or an exit plan is taken up again. */
export const FOLLOW_UP_MS = 2_000;
/** An order whose fills do not add up to what the venue says: its trades are asked for. */
export const GAP_MS = 1_000;
/** Fees without a value are looked at again. */
export const FEE_RETRY_MS = 5_000;
const MAX_FEE_WAIT_MS = 3_600_000;
/** The tape's last second is told a little later than it ended. */
export const FREEZE_AFTER_MS = 5_000;
/** Re-drives of one state are spaced out up to this. */
export const MAX_BACKOFF_MS = 60_000;

/** 2 s, doubling to 60 s, by the re-drives since the last change of state. */
export const backoff = (dueTries: number): number =>
  Math.min(FOLLOW_UP_MS * 2 ** Math.min(Math.max(dueTries, 0), 10), MAX_BACKOFF_MS);

export const fenceMs = (send: SendAttempt): number => send.recvWindowMs + FENCE_MARGIN_MS;

/** Is the order's own level to be put into the index? */
export function orderNeedsArming(order: Order): boolean {
  const isWorking = order.status === 'open' || order.status === 'partially_filled';
  if (!isWorking || order.armedAt !== null || order.touchedAt !== null) return false;
  return order.type !== 'market' || order.filledQuantity.greaterThan(0);
}

/** 5 s, doubling to an hour: a price that nobody has yet may take long, and costs nobody money meanwhile. */
const feeWait = (dueTries: number): number =>
  Math.min(FEE_RETRY_MS * 2 ** Math.min(Math.max(dueTries, 0), 20), MAX_FEE_WAIT_MS);

/** When an item that is re-driven now comes up again unless its state changes; what has a time of its own keeps it. */
export const nextDrive = (item: Order | Position, now: number): number => {
  if ('orderId' in item) {
    const isForFees = isFinal(item.status) && isSettled(item) && item.shortSince === null;
    return now + (isForFees ? feeWait(item.dueTries + 1) : backoff(item.dueTries));
  }
  const timed = [timeStopAt(item), confirmAt(item), nextDueResident(item, 0), limitEndsAt(item)];
  return earliest(now + backoff(item.dueTries), ...timed.filter((at) => at !== null && at > now)) ?? now;
};

/** When the order is due: its sending, resolving, cancelling, querying, arming, replacing or valuing; null when nothing is owed. */
export function nextDueOrder(order: Order, now: number): number | null {
  if (isFinal(order.status)) {
    if (!isSettled(order)) return order.updatedAt + Math.max(GAP_MS, spaced(order));
    // Whoever booked the refusal looks for the coins at once.
    if (order.shortSince !== null) return order.updatedAt + backoff(order.dueTries);
    return owesFeeValue(order) ? order.updatedAt + feeWait(order.dueTries) : null;
  }
  switch (order.status) {
    case 'pending': {
      // Until the resident order that it waits for is settled, which the position looks after.
      if (order.waitsFor !== null) return null;
      // After an attempt that was not executed `dueAt` says when to try again; a first one goes at once.
      const retryAt = order.send === null ? null : order.dueAt;
      return retryAt !== null && retryAt > now ? retryAt : now;
    }
    case 'submitted':
      return order.send === null ? now : order.send.claimedAt + fenceMs(order.send);
    case 'cancelling':
      return order.updatedAt + backoff(order.dueTries);
    default: {
      // The venue is to be asked for less of it, and again until it has answered.
      if (isAmendingInPlace(order)) return order.updatedAt + spaced(order);
      // Asked and heard nothing new: again, further and further apart.
      if (order.touchedAt !== null)
        return order.dueTries === 0
          ? order.touchedAt + REPORT_EXPECTED_MS
          : order.updatedAt + backoff(order.dueTries);
      if (orderNeedsArming(order)) return order.updatedAt;
      if (order.venueQuantity.greaterThan(order.filledQuantity))
        return order.updatedAt + Math.max(GAP_MS, spaced(order));
      if (order.fillCount > 0) return order.updatedAt + QUIET_MS;
      // Whatever rests may have crossed at once, and the report of it got lost: one early look.
      const firstLook = (order.timings.acceptedAt ?? order.updatedAt) + REPORT_EXPECTED_MS;
      const isExpected = order.type === 'market' || order.updatedAt < firstLook;
      return isExpected ? firstLook : order.updatedAt + QUIET_MS;
    }
  }
}

/** Zero for the first try of a state, then the backoff. */
const spaced = (item: { readonly dueTries: number }): number =>
  item.dueTries === 0 ? 0 : backoff(item.dueTries);

/** Does the index hold another level set than the position wants? */
export const positionNeedsArming = (p: Position): boolean =>
  p.armedVersion !== p.levelsVersion && (wantsLevels(p) || p.armedVersion > 0);

const MINUTE_MS = 60_000;

/** When the minute in which it opened is over; null while it has not opened. */
export const entryMinuteEnd = ({ openedAt }: Pick<Position, 'openedAt'>): number | null =>
  openedAt === null ? null : Math.floor(openedAt / MINUTE_MS) * MINUTE_MS + MINUTE_MS;

/** Are the extremes of the entry's minute still to be kept? Of a closing one the whole figures are, soon. */
export const owesEntryMinute = (p: Position): boolean =>
  !isClosed(p) && p.flatten === null && p.openedAt !== null && p.entryMinute === null;

/** Are the final figures still to be kept? One that never held anything has none. */
export const owesFrozenFigures = (p: Position): boolean =>
  isClosed(p) && p.openedAt !== null && p.closedAt !== null && p.frozen === null;

/** When the first of its stops that wait is to be confirmed; null while none waits. */
export const confirmAt = (p: Position): number | null =>
  earliest(...windowsOf(p).map((window) => windowEndsAt(window, p.protection)));

export const isConfirmDue = (p: Position, now: number): boolean => {
  const at = confirmAt(p);
  return at !== null && at <= now;
};

/** Nothing but figures is owed: work that nobody's money waits for. */
export const owesOnlyFigures = (p: Position, now: number): boolean =>
  isClosed(p) ||
  (p.flatten === null &&
    !positionNeedsArming(p) &&
    !isTimeUp(p, now) &&
    !isConfirmDue(p, now) &&
    !owesResident(p) &&
    owesEntryMinute(p));

const earliest = (...times: readonly (number | null)[]): number | null => {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
};

/**
 * When the position is due: its levels, its time stop, a stop that waits, its resident order, its exit plan or its figures;
 * null when nothing is owed.
 */
export function nextDuePosition(p: Position, _now: number): number | null {
  if (isClosed(p)) return owesFrozenFigures(p) ? (p.closedAt ?? p.updatedAt) + FREEZE_AFTER_MS : null;
  const arming = positionNeedsArming(p) ? p.updatedAt + spaced(p) : null;
  if (p.flatten === null) {
    const minuteEnd = owesEntryMinute(p) ? entryMinuteEnd(p) : null;
    const resident = nextDueResident(p, spaced(p));
    const figures = minuteEnd && minuteEnd + FREEZE_AFTER_MS;
    return earliest(arming, timeStopAt(p), confirmAt(p), resident, figures);
  }
  // A look at levels that decide nothing any more would only put the next try of the exit off.
  if (p.flatten.retryAt !== null) return p.flatten.retryAt;
  const limitEnd = limitEndsAt(p);
  const ends = limitEnd !== null && limitEnd > p.updatedAt ? limitEnd : null;
  return earliest(p.updatedAt + backoff(p.dueTries), arming, ends);
}

/**
 * The same item with its due time, and with how long it has been without protection, or its outcome unknown; every use case
 * calls it on what it commits.
 */
export function withDue<T extends Order | Position>(item: T, now: number): T {
  const dueAt = 'orderId' in item ? nextDueOrder(item, now) : nextDuePosition(item, now);
  const due: Order | Position = { ...item, dueAt };
  return 'orderId' in due
    ? { ...item, ...due, unknown: countUnknown(due, now) }
    : { ...item, ...due, unprotected: countUnprotected(due, item.dueAt, now) };
}
