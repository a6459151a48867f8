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
import { exitOrderIdFor, keyFingerprint } from './derive-ids.ts';
import { carryOutPlan, wantsWork } from './exit-plan.ts';
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
    key: string,
  ): Promise<Answer | 'conflict'> {
    const { positionId } = before;
    if (command.idempotencyKey !== null && (await ledger.order(exitOrderIdFor({ positionId, key }))) !== null)
      return otherUnderKey();
    const now = clock.now();
    const cause = command.cause ?? 'manual';
    const mark = await markOf(before.symbol, before.side);
    const claimed = claimFlatten(before, { cause, price: mark, trigger: null, at: now });
    if (!claimed.ok) {
      if (await isRepeat(positionId, key))
        return ok({ position: before, order: null, repeated: true, warnings: [] });
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
    const facts = {
      key: keyFingerprint(key),
      exit_cause: cause,
      ...(mark !== null && { price: mark.toFixed() }),
    };
    const result = await ledger.commit({
      orders: planned.orders,
      positions: [change],
      actions: [{ positionId, action: { at: now, kind: 'close_requested', facts } }],
    });
    if (result.outcome !== 'done') return 'conflict';
    const orders = planned.orders.map(stored);
    for (const order of orders) {
      if (wantsWork(order))
        await tell(log, outbox.exits({ orderId: order.orderId }), { orderId: order.orderId });
    }
    const position = stored(change);
    await tell(log, takeLevelsOut(position), { positionId });
    const made = orders.find((o) => o.role === 'exit' && o.status === 'pending') ?? null;
    const shut = tradingRefusal(spec);
    return ok({ position, order: made, repeated: false, warnings: shut === null ? [] : [shut] });
  }

  /** A closing position's levels are dead anyway; out of the index they cost nothing. */
  async function takeLevelsOut(position: Position): Promise<void> {
    await arm.armPosition(position);
  }

  /** Was the whole close asked for under this very key? */
  async function isRepeat(positionId: string, key: string): Promise<boolean> {
    const fingerprint = keyFingerprint(key);
    const actions = await ledger.actions(positionId);
    return actions.some((a) => a.kind === 'close_requested' && a.facts['key'] === fingerprint);
  }

  async function part(before: Position, command: ClosePositionCommand, asked: Decimal, key: string) {
    const { positionId } = before;
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
    const result = await ledger.commit({
      orders: [{ before: null, after: order }],
      positions: [change],
      actions: [{ positionId, action: { at: now, kind: 'part_claimed', facts } }],
    });
    if (result.outcome !== 'done') return 'conflict' as const;
    await tell(log, outbox.exits({ orderId }), { orderId });
    return ok({ position: stored(change), order: { ...order, version: 1 }, repeated: false, warnings: [] });
  }

  /** The part that a former call with this key made. */
  async function repeatedPart(position: Position, asked: Decimal, key: string): Promise<Answer | null> {
    const { positionId } = position;
    const order = await ledger.order(exitOrderIdFor({ positionId, key }));
    if (order === null) return null;
    if (order.asked.quantity.equals(asked)) return ok({ position, order, repeated: true, warnings: [] });
    return otherUnderKey();
  }

  function otherUnderKey() {
    const fix = 'repeat the same quantity, or use a new key';
    return refuse('idempotency_mismatch', 'quantity', 'another close was asked for under this key', fix);
  }

  return (command: ClosePositionCommand): Promise<Answer> => {
    const key = command.idempotencyKey ?? ports.ids.token();
    return untilWritten(
      ports,
      `close of position ${command.positionId}`,
      async (): Promise<Answer | 'conflict'> => {
        const position = await ledger.position(command.positionId);
        if (position === null || position.userId !== command.userId)
          return notFound('position', 'position_id');
        if (command.quantity === null) return whole(position, command, key);
        const imprecise = checkPrecision(await specOf(ports.symbols, position), command.quantity);
        if (imprecise !== null) return { ok: false, error: fromField(imprecise) };
        const repeat = await repeatedPart(position, command.quantity, key);
        return repeat ?? part(position, command, command.quantity, key);
      },
    );
  };
}
