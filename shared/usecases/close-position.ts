/**
 * Closing a position by hand, whole or in part (design section 9).
 *
 * Idempotent by the caller's key. A whole close is the position's one claim: a second, under another key, hears
 * `already_closing` with the first's facts. No price is needed to get out.
 */
import { withDue } from '../domain/due.ts';
import { claimPart, newExitOrder } from '../domain/exits.ts';
import type { FieldError } from '../domain/field-error.ts';
import { tradingRefusal } from '../domain/filters.ts';
import { exitLot } from '../domain/lots.ts';
import { type Decimal, floorTo } from '../domain/money/decimal.ts';
import { checkPrecision } from '../domain/normalise.ts';
import { ok, type Result } from '../domain/result.ts';
import type { ExitCause, Order, Position } from '../domain/types.ts';
import type { ArmLevels } from './arm-levels.ts';
import { specOf, stored } from './change-order.ts';
import { claimClose, closingMark, tellClose } from './claim-close.ts';
import { untilWritten } from './conflicts.ts';
import { exitOrderIdFor } from './derive-ids.ts';
import { callRecord, formerCall, type KeyedCall, keyedCall } from './keyed-call.ts';
import { tell } from './owed.ts';
import { refusePart } from './place-exit.ts';
import type { Ports } from './ports.ts';
import { fromField, notFound, type Refusal } from './refusal.ts';
import { askForRules } from './stale-rules.ts';
import { tellRefusal } from './tell-refusal.ts';

type Needs = Pick<
  Ports,
  'ledger' | 'prices' | 'outbox' | 'symbols' | 'symbolRefresh' | 'clock' | 'ids' | 'sleep' | 'log'
>;

export interface ClosePositionCommand {
  readonly userId: string;
  readonly positionId: string;
  /** Null = all of it. */
  readonly quantity: Decimal | null;
  /** The caller's key; null = every call is its own. */
  readonly idempotencyKey: string | null;
  readonly cause?: ExitCause;
}

export interface CloseTaken {
  readonly position: Position;
  /** The exit order that this call made; null when the plan has to wait for others first. */
  readonly order: Order | null;
  readonly repeated: boolean;
  /** What stands in the way of a sale just now, for instance a halted symbol: the close goes on when it ends. */
  readonly warnings: readonly FieldError[];
}

type Answer = Result<CloseTaken, Refusal>;
export type ClosePosition = ReturnType<typeof makeClosePosition>;

export function makeClosePosition(ports: Needs, arm: ArmLevels) {
  const { ledger, outbox, clock, log } = ports;

  async function whole(
    before: Position,
    command: ClosePositionCommand,
    call: KeyedCall,
  ): Promise<Answer | 'conflict'> {
    const now = clock.now();
    const claimed = await claimClose(ports, before, { cause: command.cause ?? 'manual', now });
    if (!claimed.ok) return claimed;
    const { change, orders, action, exit, warnings } = claimed.value;
    const record = callRecord(call, now, exit === null ? [] : [exit.orderId]);
    const keys = record === null ? [] : [record];
    const result = await ledger.commit({ orders, positions: [change], actions: [action], keys });
    if (result.outcome !== 'done') return 'conflict';
    await tellClose(ports, arm, claimed.value);
    return ok({ position: stored(change), order: exit, repeated: false, warnings });
  }

  async function part(
    before: Position,
    command: ClosePositionCommand,
    asked: Decimal,
    call: KeyedCall,
  ): Promise<Answer | 'conflict'> {
    const { positionId } = before;
    const key = call.key ?? ports.ids.token();
    const spec = await specOf(ports.symbols, before);
    const shut = tradingRefusal(spec);
    if (shut !== null) {
      const error = fromField(shut);
      await askForRules(ports, before.environment, error);
      return { ok: false, error } as const;
    }
    const quantity = floorTo(asked, exitLot(spec).step);
    const orderId = exitOrderIdFor({ positionId, key });
    const now = clock.now();
    const cause = command.cause ?? 'manual';
    const mark = await closingMark(ports, before);
    const price = mark === null ? {} : { price: mark };
    const claim = { orderId, quantity, cause, levelName: null, at: now, ...price };
    const claimed = claimPart(before, claim, spec);
    if (!claimed.ok) return refusePart(claimed.error, before);
    const made = newExitOrder(claimed.value, {
      orderId,
      quantity,
      cause,
      flatten: false,
      trigger: null,
      referencePrice: mark,
      now,
    });
    const order = withDue({ ...made, asked: { ...made.asked, quantity: asked } }, now);
    const change = { before, after: withDue(claimed.value, now) };
    const facts = { order_id: orderId, quantity: quantity.toFixed(), exit_cause: cause };
    const record = callRecord(call, now, [orderId]);
    const result = await ledger.commit({
      orders: [{ before: null, after: order }],
      positions: [change],
      actions: [{ positionId, action: { at: now, kind: 'part_claimed', facts } }],
      keys: record === null ? [] : [record],
    });
    if (result.outcome !== 'done') return 'conflict';
    await tell(log, outbox.exits(made.waitsFor === null ? { orderId } : { positionId }), { orderId });
    return ok({ position: stored(change), order: { ...order, version: 1 }, repeated: false, warnings: [] });
  }

  /** What the same call made before; null when it was not made. */
  async function repeated(position: Position, call: KeyedCall): Promise<Answer | null> {
    const former = await formerCall(ledger, call);
    if (!former.ok) return former;
    if (former.value === null) return null;
    const [orderId] = former.value.orderIds;
    const order = orderId === undefined ? null : await ledger.order(orderId);
    return ok({ position, order, repeated: true, warnings: [] });
  }

  async function attempt(command: ClosePositionCommand): Promise<Answer | 'conflict'> {
    const { positionId, idempotencyKey, quantity, cause = 'manual' } = command;
    const position = await ledger.position(positionId);
    if (position === null || position.userId !== command.userId) return notFound('position', 'position_id');
    const call = keyedCall('close', positionId, idempotencyKey, { quantity, cause });
    const repeat = await repeated(position, call);
    if (repeat !== null) return repeat;
    if (quantity === null) return whole(position, command, call);
    const imprecise = checkPrecision(await specOf(ports.symbols, position), quantity);
    if (imprecise !== null) return { ok: false, error: fromField(imprecise) };
    return part(position, command, quantity, call);
  }

  return async (command: ClosePositionCommand): Promise<Answer> => {
    const { positionId } = command;
    const answer = await untilWritten(ports, `close of position ${positionId}`, () => attempt(command));
    if (!answer.ok) await tellRefusal(ports, positionId, 'close_refused', answer.error);
    return answer;
  };
}
