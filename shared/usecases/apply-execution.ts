/**
 * The venue's news of an order becomes fills, sums and positions (design section 7).
 *
 * Order answers, the user stream and queries all come through here. Fills go in parts; each part is one transaction
 * with its order, its position and what the exit plan then sends.
 * Always true:
 * - a fill counts once, whatever the number, order and source of its reports;
 * - a fill of one of our orders always counts, also above its amount or on an attempt thought void (alarmed);
 * - what a report has in all is stored with its first part, so that the rest is owed from then on: whoever dies between
 *   two parts, or runs out of time, has lost nothing;
 * - booking a fill costs the same however many its order has;
 * - a leg of an order list that its sibling has ended changes nothing;
 * - a report of no known order is never dropped: it throws, and goes to the dead-letter queue with an alarm.
 */
import { heard } from '../domain/order-notes.ts';
import { isOverfilled, transition } from '../domain/orders.ts';
import { oversold } from '../domain/positions.ts';
import type { ExecutionReport, Fill, Order } from '../domain/types.ts';
import type { DeadLetterReason } from '../ports/dead-letters.ts';
import type { AfterEffects } from './after-effects.ts';
import { type Changed, type ChangeOrder, readStored } from './change-order.ts';
import { parseVenueClientId } from './derive-ids.ts';
import { isGapped } from './exit-plan.ts';
import type { Ports } from './ports.ts';
import { makeValueFees } from './value-fees.ts';
import { sendPointer } from './work-pointers.ts';

type Needs = Pick<Ports, 'ledger' | 'prices' | 'symbols' | 'outbox' | 'clock' | 'log'>;

type Quarantine = Extract<DeadLetterReason, 'not_ours' | 'unknown_order' | 'foreign_order'>;

/** A report that belongs to no order of ours: kept on the dead-letter queue for a person to look at. */
export class QuarantinedError extends Error {
  override readonly name = 'QuarantinedError';
  readonly reason: Quarantine;

  constructor(reason: Quarantine, message: string) {
    super(message);
    this.reason = reason;
  }
}

export type ApplyExecution = ReturnType<typeof makeApplyExecution>;

/** Why the venue ends a leg when its sibling begins to work. */
const SIBLING_WORKS = 'OCO_TRIGGER';

/** A leg that expired with nothing filled says nothing about the list. */
const saysNothing = (report: ExecutionReport): boolean =>
  report.status === 'expired' && report.cumulativeQuantity.isZero() && report.fills.length === 0;

/** One transaction's share of a report. */
interface Told {
  readonly report: ExecutionReport;
  readonly attempt: number;
  readonly fills: readonly Fill[];
  /** More of the report's fills follow. */
  readonly isPart: boolean;
}

/** Fills of one transaction: with its order, its position and a plan's orders below the store's 100 items. */
export const FILLS_AT_ONCE = 50;

/** Up to so many fills the transaction itself says which are booked; of more it is asked first. */
const FEW = 3;

/** Booking ends in good time before a function's own end; the rest is owed as trades that are missing. */
const BOOKING_MS = 4_000;

/** Each trade once, oldest first. */
const inOrder = (fills: readonly Fill[]): readonly Fill[] =>
  [...new Map(fills.map((fill) => [fill.tradeId, fill])).values()].sort((a, b) => a.at - b.at);

/** What a part before the last says: the venue's total, not yet its status. */
const ahead = (report: ExecutionReport): ExecutionReport => ({
  ...report,
  status: 'partially_filled',
  reason: null,
});

export function makeApplyExecution(ports: Needs, changeOrder: ChangeOrder, afterEffects: AfterEffects) {
  const { ledger, outbox, clock, log } = ports;
  const valueFees = makeValueFees(ports);

  function quarantine(report: ExecutionReport, reason: Quarantine, why: string): never {
    const fields = { clientId: report.clientId, walletId: report.walletId, symbol: report.symbol };
    log.error('FILL_QUARANTINED', {
      ...fields,
      status: report.status,
      fills: report.fills.length,
      reason,
      error: why,
    });
    throw new QuarantinedError(reason, `${report.clientId}: ${why}`);
  }

  function checkOwner(order: Order, report: ExecutionReport): void {
    const same =
      order.walletId === report.walletId &&
      order.environment === report.environment &&
      order.symbol === report.symbol;
    if (!same)
      quarantine(report, 'foreign_order', 'the order belongs to another wallet, environment or symbol');
  }

  /** The order as the venue has it: taken, even where our own note of the attempt is still missing. */
  function taken(order: Order, report: ExecutionReport, attempt: number): Order {
    if (order.send !== null && order.send.attempt !== attempt) {
      log.error('REPORT_OF_OTHER_ATTEMPT', { orderId: order.orderId, attempt, current: order.send.attempt });
    }
    const { at, venueOrderId, source } = report;
    if (order.status === 'failed' && report.status !== 'rejected') {
      // Its absence was proven, and believed: whatever rests there now, nobody here will cancel it.
      const facts = {
        orderId: order.orderId,
        clientId: report.clientId,
        venueOrderId,
        status: report.status,
      };
      log.error('FAILED_ORDER_AT_VENUE', facts);
    }
    const accepted = transition(order, { kind: 'accepted', at, venueOrderId, cause: source });
    return accepted.ok ? accepted.value : order;
  }

  function withFill(order: Order, fill: Fill, report: ExecutionReport): Order {
    const event = { kind: 'filled', at: report.at, fill, cause: report.source } as const;
    const filled = transition(order, event);
    if (!filled.ok) throw new Error(`fill ${fill.tradeId} of ${order.orderId}: ${filled.error.message}`);
    return filled.value;
  }

  const withReport = (order: Order, report: ExecutionReport): Order => {
    const reported = transition(order, { kind: 'reported', report, cause: report.source });
    return reported.ok ? reported.value : order;
  };

  /** What a fill that was just booked has to alarm; a duplicate has been alarmed before. */
  function alarm({ before, order, position }: Changed): void {
    const { orderId } = order;
    const isNews = order.filledQuantity.greaterThan(before.filledQuantity);
    if (isNews && isOverfilled(order)) {
      log.error('ORDER_OVERFILLED', { orderId, filled: order.filledQuantity.toFixed() });
    }
    if (isNews && before.replacedBy !== null) {
      // What is under way in its place was reckoned without it.
      const facts = { orderId, replacedBy: before.replacedBy, filled: order.filledQuantity.toFixed() };
      log.error('FILL_AFTER_REPLACEMENT', facts);
    }
    if (isNews && position !== null && oversold(position).greaterThan(0)) {
      const { positionId } = position;
      log.error('POSITION_OVERSOLD', { orderId, positionId, by: oversold(position).toFixed() });
    }
  }

  async function perform(changed: Changed, goesOn = false): Promise<void> {
    if (changed.outcome === 'done') alarm(changed);
    await afterEffects(changed, goesOn);
  }

  /** A leg of an order list ended because its sibling works, or without a trade: the sibling's reports tell of the order. */
  async function siblingWorks(report: ExecutionReport, orderId: string): Promise<void> {
    const { clientId, status, reason } = report;
    log.info('LEG_ENDED', { orderId, clientId, status, reason });
    // Not by the venue's own rule of lists: then nobody may be working any more, so the list is asked for.
    if (reason !== SIBLING_WORKS) await outbox.exits({ orderId, look: true });
  }

  /** The order with these fills, and with what the report then says; `null`: no news. */
  function decided(current: Order, told: Told) {
    const { report, attempt, fills, isPart } = told;
    checkOwner(current, report);
    let next = taken(current, report, attempt);
    for (const fill of fills) next = withFill(next, fill, report);
    next = withReport(next, isPart ? ahead(report) : report);
    // The rest follows at once: nobody else needs to look for it before this worker has had its time.
    if (isPart) next = { ...next, updatedAt: Math.max(next.updatedAt, clock.now()) };
    // Where its acceptance and its fills were all the news, the report's own words are still to be kept.
    return next === current ? null : { order: heard(next, report.response, report.at, report.source), fills };
  }

  async function unbooked(orderId: string, fills: readonly Fill[]): Promise<readonly Fill[]> {
    const booked = await ledger.booked(
      orderId,
      fills.map((fill) => fill.tradeId),
    );
    return booked.size === 0 ? fills : fills.filter((fill) => !booked.has(fill.tradeId));
  }

  /** Applies one report. `known`: the order as last stored, to save a read. */
  return async (told: ExecutionReport, known: Order | null = null): Promise<void> => {
    // What is owed next is counted from here by our clock: a venue's that is ahead must not put it off.
    const report = { ...told, at: Math.min(told.at, clock.now()) };
    const parsed = parseVenueClientId(report.clientId);
    if (parsed === null) return quarantine(report, 'not_ours', 'not an id of ours');
    const { orderId, attempt } = parsed;
    if (parsed.leg !== null && saysNothing(report)) return siblingWorks(report, orderId);
    let order = known;
    const apply = async (fills: readonly Fill[], isPart: boolean): Promise<Changed> => {
      const changed = await changeOrder(
        orderId,
        (current) => decided(current, { report, attempt, fills, isPart }),
        order,
      );
      if (changed === null) return quarantine(report, 'unknown_order', 'no such order');
      order = changed.order;
      return changed;
    };

    /** Whoever booked them may have died before it had done what follows: it is done again, once. */
    let isRepeated = false;
    const repeat = async (stored: Changed, goesOn: boolean): Promise<void> => {
      if (!isRepeated) await perform(stored, goesOn);
      isRepeated = true;
    };

    let left = inOrder(report.fills);
    if (left.length > FEW) {
      order ??= await ledger.order(orderId);
      if (order === null) return quarantine(report, 'unknown_order', 'no such order');
      const all = left.length;
      if (order.fillCount > 0) left = await unbooked(orderId, left);
      if (left.length < all) {
        const stored = await readStored(ledger, order);
        order = stored.order;
        await repeat(stored, left.length > 0);
      }
    }
    let isReported = false;
    let hasRival = false;
    const end = clock.now() + BOOKING_MS;
    while (left.length > 0) {
      const next = left.slice(0, FILLS_AT_ONCE);
      const fills = hasRival ? await unbooked(orderId, next) : next;
      // The venue's own status goes with the last part, in one transaction.
      const isPart = left.length > next.length;
      if (fills.length > 0) {
        const changed = await apply(await valueFees(fills, report), isPart);
        if (changed.outcome === 'duplicate_fill') {
          // Another worker books the same trades: from here on each part is looked at before it is written.
          const found = new Set(changed.duplicates);
          left = left.filter((fill) => !found.has(fill.tradeId));
          hasRival = true;
          await repeat(changed, left.length > 0);
          continue;
        }
        isReported = !isPart;
        await perform(changed, isPart);
      }
      left = left.slice(next.length);
      if (left.length > 0 && clock.now() >= end && order !== null && isGapped(order)) {
        log.info('BOOKING_GOES_ON_LATER', { orderId, booked: order.fillCount, left: left.length });
        return sendPointer(outbox, order);
      }
    }
    if (!isReported) await perform(await apply([], false));
  };
}
