/**
 * The venue's news of an order becomes fills, sums and positions (design section 7).
 *
 * Order answers, the user stream and queries all come through here. Each fill is one transaction with its order,
 * its position and what the exit plan then sends.
 * Always true:
 * - a fill counts once, whatever the number, order and source of its reports;
 * - a fill of one of our orders always counts, also above its amount or on an attempt thought void (alarmed);
 * - a leg of an order list that its sibling has ended changes nothing;
 * - a report of no known order is never dropped: it throws, and goes to the dead-letter queue with an alarm.
 */
import { decimal } from '../domain/money/decimal.ts';
import { isOverfilled, transition } from '../domain/orders.ts';
import { oversold } from '../domain/positions.ts';
import type { ExecutionReport, Fill, Order } from '../domain/types.ts';
import type { DeadLetterReason } from '../ports/dead-letters.ts';
import type { AfterEffects } from './after-effects.ts';
import type { Changed, ChangeOrder } from './change-order.ts';
import { specOf } from './change-order.ts';
import { parseVenueClientId } from './derive-ids.ts';
import { tell } from './owed.ts';
import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'prices' | 'symbols' | 'outbox' | 'clock' | 'log'>;

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

const bySeniority = (a: Fill, b: Fill): number => a.at - b.at;

export function makeApplyExecution(ports: Needs, changeOrder: ChangeOrder, afterEffects: AfterEffects) {
  const { prices, outbox, clock, log } = ports;

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

  /** A fee in a third asset is valued at that asset's price now; without one it is booked and flagged. */
  async function valued(fill: Fill, report: ExecutionReport): Promise<Fill> {
    const { base, quote } = await specOf(ports.symbols, report);
    const { asset, amount } = fill.fee;
    if (fill.feeQuoteValue !== null || asset === base || asset === quote || amount.isZero()) return fill;
    const pair = `${asset}/${quote}`;
    const price = await prices.price(pair);
    if (price === null) {
      // The next such fee is to find one.
      const isTraded = (await ports.symbols.find(report.environment, pair)) !== null;
      if (isTraded) await tell(log, prices.want([pair]), { symbol: pair });
      return fill;
    }
    return { ...fill, feeQuoteValue: amount.times(decimal(price.last)).toDecimalPlaces(18) };
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
    if (isNews && position !== null && oversold(position).greaterThan(0)) {
      const { positionId } = position;
      log.error('POSITION_OVERSOLD', { orderId, positionId, by: oversold(position).toFixed() });
    }
  }

  async function perform(changed: Changed): Promise<void> {
    if (changed.outcome === 'done') alarm(changed);
    await afterEffects(changed);
  }

  /** A leg of an order list ended because its sibling works, or without a trade: the sibling's reports tell of the order. */
  async function siblingWorks(report: ExecutionReport, orderId: string): Promise<void> {
    const { clientId, status, reason } = report;
    log.info('LEG_ENDED', { orderId, clientId, status, reason });
    // Not by the venue's own rule of lists: then nobody may be working any more, so the list is asked for.
    if (reason !== SIBLING_WORKS) await outbox.exits({ orderId, look: true });
  }

  /** Applies one report. `known`: the order as last stored, to save a read. */
  return async (told: ExecutionReport, known: Order | null = null): Promise<void> => {
    // What is owed next is counted from here by our clock: a venue's that is ahead must not put it off.
    const report = { ...told, at: Math.min(told.at, clock.now()) };
    const parsed = parseVenueClientId(report.clientId);
    if (parsed === null) return quarantine(report, 'not_ours', 'not an id of ours');
    const { orderId, attempt } = parsed;
    if (parsed.leg !== null && saysNothing(report)) return siblingWorks(report, orderId);
    const fills = [...report.fills].sort(bySeniority);
    let order = known;
    let isReported = false;
    const apply = async (fill: Fill | null, report_: ExecutionReport | null): Promise<Changed> => {
      const changed = await changeOrder(
        orderId,
        (current) => {
          checkOwner(current, report);
          let next = taken(current, report, attempt);
          if (fill !== null) next = withFill(next, fill, report);
          if (report_ !== null) next = withReport(next, report_);
          if (fill !== null) return { order: next, fill };
          return next === current ? null : { order: next };
        },
        order,
      );
      if (changed === null) return quarantine(report, 'unknown_order', 'no such order');
      order = changed.order;
      return changed;
    };
    for (const [i, fill] of fills.entries()) {
      // The venue's own status and total go with the last fill, in one transaction.
      const last = i === fills.length - 1;
      const changed = await apply(await valued(fill, report), last ? report : null);
      isReported ||= last && changed.outcome === 'done';
      await perform(changed);
    }
    if (!isReported) await perform(await apply(null, report));
  };
}
