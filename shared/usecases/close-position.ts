/**
 * Closing a position by hand, whole or in part (design section 9).
 *
 * Idempotent by the caller's key. A whole close is the position's one claim: a second, under another key, hears
 * `already_closing` with the first's facts. No price is needed to get out.
 */
import { withDue } from '../domain/due.ts';
import { claimFlatten, claimPart, newExitOrder } from '../domain/exits.ts';
import type { FieldError } from '../domain/field-error.ts';
import { tradingRefusal } from '../domain/filters.ts';
import { exitLot } from '../domain/lots.ts';
import { type Decimal, decimal, floorTo } from '../domain/money/decimal.ts';
import { checkPrecision } from '../domain/normalise.ts';
import { ok, type Result } from '../domain/result.ts';
import type { ExitCause, Order, Position } from '../domain/types.ts';
import type { ArmLevels } from './arm-levels.ts';
import { readLiveOrders, specOf, stored } from './change-order.ts';
import { untilWritten } from './conflicts.ts';
import { exitOrderIdFor } from './derive-ids.ts';
import { carryOutPlan, wantsWork } from './exit-plan.ts';
import { callRecord, formerCall, type KeyedCall, keyedCall } from './keyed-call.ts';
import { tell } from './owed.ts';
import { refusePart } from './place-exit.ts';
import type { Ports } from './ports.ts';
import { alreadyClosing, fromField, notFound, type Refusal, refuse } from './refusal.ts';
import { askForRules } from './stale-rules.ts';

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
  const { ledger, prices, outbox, clock, log } = ports;

  async function markOf(symbol: string, side: Position['side']): Promise<Decimal | null> {
    const price = await prices.price(symbol);
    return price && decimal(side === 'long' ? price.bid : price.ask);
  }

  async function whole(
    before: Position,
    command: ClosePositionCommand,
    call: KeyedCall,
  ): Promise<Answer | 'conflict'> {
    const { positionId } = before;
    const now = clock.now();
    const cause = command.cause ?? 'manual';
    const mark = await markOf(before.symbol, before.side);
    const claimed = claimFlatten(before, { cause, price: mark, trigger: null, at: now });
    if (!claimed.ok) {
      if (claimed.error.code === 'already_closing') return alreadyClosing(claimed.error.facts);
      return refuse(
        'not_open',
        'position_id',
        `the position is ${before.status}`,
        'nothing is left to close',
      );
    }
    const spec = await specOf(ports.symbols, before);
    const live = await readLiveOrders(ledger, claimed.value, null);
    const planned = carryOutPlan(claimed.value, live, { spec, now, claiming: true, mark });
    const change = { before, after: planned.position };
    const facts = { exit_cause: cause, ...(mark !== null && { price: mark.toFixed() }) };
    const made = planned.orders.map(stored).find((o) => o.role === 'exit' && o.status === 'pending') ?? null;
    const record = callRecord(call, now, made === null ? [] : [made.orderId]);
    const result = await ledger.commit({
      orders: planned.orders,
      positions: [change],
      actions: [{ positionId, action: { at: now, kind: 'close_requested', facts } }],
      keys: record === null ? [] : [record],
    });
    if (result.outcome !== 'done') return 'conflict';
    const orders = planned.orders.map(stored);
    for (const order of orders) {
      if (wantsWork(order))
        await tell(log, outbox.exits({ orderId: order.orderId }), { orderId: order.orderId });
    }
    const position = stored(change);
    await tell(log, takeLevelsOut(position), { positionId });
    const shut = tradingRefusal(spec);
    return ok({ position, order: made, repeated: false, warnings: shut === null ? [] : [shut] });
  }

  /** A closing position's levels are dead anyway; out of the index they cost nothing. */
  async function takeLevelsOut(position: Position): Promise<void> {
    await arm.armPosition(position);
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
    const mark = await markOf(before.symbol, before.side);
    const price = mark === null ? {} : { price: mark };
    const claim = { orderId, quantity, cause, levelName: null, at: now, ...price };
    const claimed = claimPart(before, claim, spec);
    if (!claimed.ok) return refusePart(claimed.error, before);
    const made = newExitOrder(before, {
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
    await tell(log, outbox.exits({ orderId }), { orderId });
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

  return (command: ClosePositionCommand): Promise<Answer> =>
    untilWritten(ports, `close of position ${command.positionId}`, () => attempt(command));
}
