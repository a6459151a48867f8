/**
 * The next step of an order or a position, by its state (design sections 6, 9, 15).
 *
 * A message is only a pointer: doubled, late and lost ones are harmless, because what is to be done is read from
 * the ledger. submit and exits run the same code on their own queues.
 */
import {
  isConfirmDue,
  nextDueOrder,
  owesEntryMinute,
  owesFrozenFigures,
  positionNeedsArming,
  REPORT_EXPECTED_MS,
} from '../domain/due.ts';
import { owesFeeValue } from '../domain/late-fees.ts';
import type { Decimal } from '../domain/money/decimal.ts';
import { isClosed } from '../domain/positions.ts';
import { nextDueResident, residentOf } from '../domain/resident-state.ts';
import { unreachable } from '../domain/result.ts';
import { isTimeUp } from '../domain/time-stop.ts';
import type { Order, Position } from '../domain/types.ts';
import type { WorkMessage } from '../ports/messages.ts';
import type { AfterEffects } from './after-effects.ts';
import { makeAmendInPlace } from './amend-in-place.ts';
import type { ApplyExecution } from './apply-execution.ts';
import type { ArmLevels } from './arm-levels.ts';
import { actionsOf, type ChangeOrder, readLiveOrders, specOf, stored } from './change-order.ts';
import { closingMark } from './claim-close.ts';
import { makeCloseInTime } from './close-in-time.ts';
import { makeConfirmStop } from './confirm-stop.ts';
import { untilWritten } from './conflicts.ts';
import { countRealized } from './counts.ts';
import { carryOutPlan, isGapped, isWorkingAmendment, needsPlan, wantsWork } from './exit-plan.ts';
import { makeFreezeFigures } from './freeze-figures.ts';
import { makeKeepResident } from './keep-resident.ts';
import { makeMeetShortage } from './meet-shortage.ts';
import { makeOrderEvents } from './order-events.ts';
import type { Ports } from './ports.ts';
import { makeResolveOrder } from './resolve-order.ts';
import { type MarkKeyProblem, makeSendOrder, type SendSettings } from './send-order.ts';
import type { StopWallet } from './stop-wallet.ts';
import { tellAlarms } from './tell-alarms.ts';
import { makeValueLateFees } from './value-late-fees.ts';
import { venueOf } from './venue-of.ts';
import { sendPointer } from './work-pointers.ts';

type Needs = Pick<
  Ports,
  | 'ledger'
  | 'index'
  | 'wallets'
  | 'venues'
  | 'accounts'
  | 'reconciles'
  | 'outbox'
  | 'prices'
  | 'tape'
  | 'leases'
  | 'counters'
  | 'metrics'
  | 'symbols'
  | 'symbolRefresh'
  | 'served'
  | 'clock'
  | 'ids'
  | 'sleep'
  | 'log'
>;

export type AdvanceSettings = SendSettings;
export const DEFAULT_ADVANCE: AdvanceSettings = { recvWindowMs: 2_000, entryExpiryMs: 60_000 };

interface Parts {
  readonly changeOrder: ChangeOrder;
  readonly applyExecution: ApplyExecution;
  readonly afterEffects: AfterEffects;
  readonly arm: ArmLevels;
  /** Tries a wallet's keys at the venue. */
  readonly checkKeys: (walletId: string) => Promise<void>;
  readonly markKeyProblem: MarkKeyProblem;
  readonly stopWallet: StopWallet;
}

export type Advance = ReturnType<typeof makeAdvance>;

export function makeAdvance(ports: Needs, parts: Parts, settings: AdvanceSettings = DEFAULT_ADVANCE) {
  const { ledger, outbox, clock, log } = ports;
  const { changeOrder, applyExecution, afterEffects, arm, checkKeys, markKeyProblem, stopWallet } = parts;
  const happen = makeOrderEvents(ports, changeOrder, afterEffects);
  const meetShortage = makeMeetShortage(ports);
  const send = makeSendOrder(ports, { happen, applyExecution, markKeyProblem, meetShortage }, settings);
  const { resolve, cancel, query, ask } = makeResolveOrder(ports, { happen, applyExecution });
  const valueLateFees = makeValueLateFees(ports);
  const closeInTime = makeCloseInTime(ports, arm);
  const confirmStop = makeConfirmStop(ports, arm);
  const freezeFigures = makeFreezeFigures(ports);
  const keepResident = makeKeepResident(ports, { changeOrder, afterEffects, arm });
  const amendInPlace = makeAmendInPlace(ports, { happen, applyExecution, ask });

  /** Is news of a live order owed by now? */
  function isOverdue(order: Order, before: Order, now: number): boolean {
    if (isGapped(order)) return true;
    if (order.touchedAt !== null) return order.touchedAt + REPORT_EXPECTED_MS <= now;
    const dueAt = nextDueOrder(order, now);
    return dueAt !== null && dueAt <= now && order.version === before.version;
  }

  /** Whoever was refused for want of coins was interrupted before something took its place. */
  async function sellInstead(order: Order): Promise<void> {
    await meetShortage(order, async () => (await venueOf(ports, order)).venue);
  }

  /** `look`: the venue is asked now, whether anything is due or not. */
  async function advanceOrder(orderId: string, look: boolean): Promise<void> {
    const order = await ledger.order(orderId);
    if (order === null) {
      log.error('WORK_FOR_UNKNOWN_ORDER', { orderId });
      return;
    }
    switch (order.status) {
      case 'pending':
        // Its position sends it, once the resident order has given way.
        return order.waitsFor === null ? send(order) : undefined;
      case 'submitted':
        return resolve(order, look);
      case 'cancelling':
        return cancel(order);
      case 'open':
      case 'partially_filled': {
        const armed = order.armedAt === null && order.touchedAt === null ? await arm.armOrder(order) : order;
        if (isWorkingAmendment(armed)) return amendInPlace(armed);
        if (look || isOverdue(armed, order, clock.now())) await query(armed, look);
        if (owesFeeValue(order)) await valueLateFees(orderId);
        return;
      }
      case 'filled':
      case 'cancelled':
      case 'rejected':
      case 'expired':
      case 'failed':
        if (isGapped(order)) await query(order, false);
        if (order.shortSince !== null) await sellInstead(order);
        if (owesFeeValue(order)) await valueLateFees(orderId);
        return;
      default:
        return unreachable(order.status);
    }
  }

  /**
   * What is worth selling is told by the claim's price. Once an exit has ended without selling, by the present one: what
   * the market has made too little since then is dust, and would be refused for ever.
   */
  async function planMark({ flatten, symbol, side }: Position): Promise<Decimal | null> {
    if (flatten === null) return null;
    const present = flatten.step > 0 ? await closingMark(ports, { symbol, side }) : null;
    return present ?? flatten.price;
  }

  /** Takes the exit plan up again: what is free is sent, what rests is cancelled. */
  async function plan(positionId: string): Promise<void> {
    const written = await untilWritten(ports, `plan of position ${positionId}`, async () => {
      const before = await ledger.position(positionId);
      if (before === null || !needsPlan(before)) return { orders: [], alarms: [] };
      const now = clock.now();
      const spec = await specOf(ports.symbols, before);
      const live = await readLiveOrders(ledger, before, null);
      const mark = await planMark(before);
      const planned = carryOutPlan(before, live, { spec, now, claiming: false, mark });
      const { alarms } = planned;
      if (planned.orders.length === 0 && planned.position.status === before.status)
        return { orders: live.filter(wantsWork), alarms };
      const change = { before, after: planned.position };
      const actions = actionsOf(before, planned.position, now);
      const result = await ledger.commit({ orders: planned.orders, positions: [change], actions });
      if (result.outcome !== 'done') return 'conflict';
      await countRealized(ports, before, planned.position);
      return { orders: planned.orders.map(stored), alarms };
    });
    for (const order of written.orders) if (wantsWork(order)) await sendPointer(outbox, order);
    await tellAlarms(ports, positionId, written.alarms);
  }

  async function advancePosition(positionId: string): Promise<void> {
    const position = await ledger.position(positionId);
    if (position === null) {
      log.error('WORK_FOR_UNKNOWN_POSITION', { positionId });
      return;
    }
    // What it claims is planned in the same transaction; everything else can wait.
    if (isTimeUp(position, clock.now())) return closeInTime(positionId);
    if (isConfirmDue(position, clock.now())) return confirmStop(positionId);
    if (needsPlan(position)) await plan(positionId);
    const residentAt = nextDueResident(position, 0);
    const isResidentDue = residentAt !== null && residentAt <= clock.now();
    // Its level was reached, and the hit is settled: nobody else makes the claim that follows the first right.
    if (isResidentDue && residentOf(position).owed !== null) return keepResident(positionId);
    try {
      if (wantsArming(position)) await arm.armPosition(position);
    } finally {
      // Where the index is away what rests at the venue is the only protection: it waits for no arming.
      if (isResidentDue) await keepResident(positionId);
    }
    if (owesFrozenFigures(position) || owesEntryMinute(position)) await freezeFigures(positionId);
  }

  const wantsArming = (p: Position): boolean => !isClosed(p) && positionNeedsArming(p);

  async function carryOutStop(walletId: string): Promise<void> {
    await stopWallet(walletId);
  }

  /** Does what the order, position or wallet calls for now; nothing to do is no error. */
  return (pointer: WorkMessage): Promise<void> => {
    if ('orderId' in pointer) return advanceOrder(pointer.orderId, 'look' in pointer);
    if ('positionId' in pointer) return advancePosition(pointer.positionId);
    return 'stop' in pointer ? carryOutStop(pointer.walletId) : checkKeys(pointer.walletId);
  };
}
