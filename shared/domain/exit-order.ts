/** The order that closes a position or a part of it (design section 9). */

import type { Decimal } from './money/decimal.ts';
import { newOrderState } from './new-order.ts';
import type { ExitCause, Order, OrderAmounts, OrderType, Position, TriggerFacts } from './types.ts';

const waitsFor = (p: Position, orderId: string): string | null =>
  p.liveExits.some((exit) => exit.orderId === orderId && exit.waits !== null)
    ? (p.resident?.resting?.orderId ?? null)
    : null;

/**
 * A pending exit order of the closing side (version 0: the store writes 1). `p`: with its claim, which says whether the
 * order has to wait until the resident one has given way.
 */
export function newExitOrder(
  p: Position,
  args: {
    readonly orderId: string;
    readonly quantity: Decimal;
    readonly cause: ExitCause;
    readonly flatten: boolean;
    readonly trigger: TriggerFacts | null;
    readonly now: number;
    readonly clientOrderId?: string | null;
    readonly bodyHash?: string | null;
    readonly type?: OrderType;
    readonly limitPrice?: Decimal | null;
    readonly stopPrice?: Decimal | null;
    readonly stopLimitPrice?: Decimal | null;
    readonly trailingDelta?: number | null;
    /** Price at the decision when no tick decided: the mark. */
    readonly referencePrice?: Decimal | null;
    readonly resident?: boolean;
  },
): Order {
  const { quantity, now, trigger } = args;
  const amounts: OrderAmounts = {
    quantity,
    quoteQuantity: null,
    limitPrice: args.limitPrice ?? null,
    stopPrice: args.stopPrice ?? null,
    stopLimitPrice: args.stopLimitPrice ?? null,
    trailingDelta: args.trailingDelta ?? null,
  };
  return {
    orderId: args.orderId,
    version: 0,
    userId: p.userId,
    walletId: p.walletId,
    environment: p.environment,
    symbol: p.symbol,
    side: p.side === 'long' ? 'sell' : 'buy',
    type: args.type ?? 'market',
    timeInForce: 'GTC',
    role: 'exit',
    positionId: p.positionId,
    exit: { cause: args.cause, flatten: args.flatten, trigger, resident: args.resident ?? false },
    clientOrderId: args.clientOrderId ?? null,
    bodyHash: args.bodyHash ?? null,
    flowId: p.flowId,
    executionId: null,
    marketConditions: null,
    aiReasoning: null,
    aiConfidence: null,
    aiAgentId: null,
    metadata: {},
    tags: [],
    notes: null,
    asked: amounts,
    ...amounts,
    ...newOrderState({
      at: now,
      reason: args.cause,
      cause: 'exit',
      referencePrice: trigger?.price ?? args.referencePrice ?? null,
      tickAt: trigger?.tickAt ?? null,
    }),
    margin: p.margin,
    waitsFor: waitsFor(p, args.orderId),
  };
}
