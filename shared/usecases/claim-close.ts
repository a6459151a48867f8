/**
 * The claim of a whole position, ready to be committed with whatever asked for it (design section 9). No price is
 * needed to get out.
 */
import { claimFlatten } from '../domain/exits.ts';
import type { FieldError } from '../domain/field-error.ts';
import { tradingRefusal } from '../domain/filters.ts';
import { type Decimal, decimal } from '../domain/money/decimal.ts';
import { ok, type Result } from '../domain/result.ts';
import { hurried } from '../domain/stop-limit.ts';
import type { ExitCause, Order, Position } from '../domain/types.ts';
import type { Change } from '../ports/ledger.ts';
import type { ArmLevels } from './arm-levels.ts';
import { type ActionOf, readLiveOrders, specOf, stored } from './change-order.ts';
import { carryOutPlan, wantsWork } from './exit-plan.ts';
import { tell } from './owed.ts';
import type { Ports } from './ports.ts';
import { alreadyClosing, type Refusal, refuse } from './refusal.ts';

export interface ClaimedClose {
  readonly change: Change<Position>;
  readonly orders: readonly Change<Order>[];
  readonly action: ActionOf;
  /** The exit order of the claim, as it will be stored; null when the plan has to wait for others first. */
  readonly exit: Order | null;
  /** What stands in the way of a sale just now, for instance a halted symbol: the close goes on when it ends. */
  readonly warnings: readonly FieldError[];
}

/** What closes this side now; null without a price, or where the cache is away: no exit waits for it. */
export async function closingMark(
  { prices, log }: Pick<Ports, 'prices' | 'log'>,
  { symbol, side }: Pick<Position, 'symbol' | 'side'>,
): Promise<Decimal | null> {
  try {
    const price = await prices.price(symbol);
    return price && decimal(side === 'long' ? price.bid : price.ask);
  } catch (error) {
    log.warn('PRICE_NOT_READ', { symbol, error: String(error) });
    return null;
  }
}

/** `facts`: what the timeline says beside the cause and the price. */
export async function claimClose(
  ports: Pick<Ports, 'ledger' | 'prices' | 'symbols' | 'log'>,
  before: Position,
  of: {
    readonly cause: ExitCause;
    readonly now: number;
    readonly facts?: Readonly<Record<string, string>>;
  },
): Promise<Result<ClaimedClose, Refusal>> {
  const { cause, now } = of;
  const { positionId } = before;
  const mark = await closingMark(ports, before);
  // A stop's exit that rests at its limit keeps nobody in who wants out.
  const faster = hurried(before, now);
  const claimed =
    faster === null ? claimFlatten(before, { cause, price: mark, trigger: null, at: now }) : ok(faster);
  if (!claimed.ok) {
    if (claimed.error.code === 'already_closing') return alreadyClosing(claimed.error.facts);
    return refuse('not_open', 'position_id', `the position is ${before.status}`, 'nothing is left to close');
  }
  const spec = await specOf(ports.symbols, before);
  const live = await readLiveOrders(ports.ledger, claimed.value, null);
  const planned = carryOutPlan(claimed.value, live, { spec, now, claiming: faster === null, mark });
  const facts = {
    exit_cause: cause,
    ...(faster !== null && { ends_stop_limit: 'true' }),
    ...(mark !== null && { price: mark.toFixed() }),
    ...of.facts,
  };
  const shut = tradingRefusal(spec);
  return ok({
    change: { before, after: planned.position },
    orders: planned.orders,
    action: { positionId, action: { at: now, kind: 'close_requested', facts } },
    exit: planned.orders.map(stored).find((o) => o.role === 'exit' && o.status === 'pending') ?? null,
    warnings: shut === null ? [] : [shut],
  });
}

/** After the commit: who has work hears of it. The due index owes all of it as well. */
export async function tellClose(
  { outbox, log }: Pick<Ports, 'outbox' | 'log'>,
  arm: ArmLevels,
  { change, orders }: ClaimedClose,
): Promise<void> {
  for (const order of orders.map(stored)) {
    if (wantsWork(order))
      await tell(log, outbox.exits({ orderId: order.orderId }), { orderId: order.orderId });
  }
  const position = stored(change);
  await tell(log, takeLevelsOut(arm, position), { positionId: position.positionId });
}

/** A closing position's levels are dead anyway; out of the index they cost nothing. */
async function takeLevelsOut(arm: ArmLevels, position: Position): Promise<void> {
  await arm.armPosition(position);
}
