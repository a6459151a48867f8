/** The market order that opens a replayed position: the checks that the product makes of one, then the order. Pure. */
import { checkProtection } from '../../shared/domain/check-protection.ts';
import type { FieldError } from '../../shared/domain/field-error.ts';
import { checkStopBefore } from '../../shared/domain/margin.ts';
import type { Decimal } from '../../shared/domain/money/decimal.ts';
import { newOrderState } from '../../shared/domain/new-order.ts';
import { normaliseOrder } from '../../shared/domain/normalise.ts';
import { roundProtection } from '../../shared/domain/protection.ts';
import { err, ok, type Result } from '../../shared/domain/result.ts';
import type { Order, OrderAmounts, Protection } from '../../shared/domain/types.ts';
import { liquidationOf } from '../../shared/usecases/check-margin.ts';
import { orderIdFor, positionIdFor } from '../../shared/usecases/derive-ids.ts';
import type { PlannedPosition } from './plan.ts';
import { protectionAt } from './protection-request.ts';

export const REPLAY_WALLET = 'replay';

export interface Opening {
  readonly order: Order;
  readonly protection: Protection;
}

/** `price`: what a taker pays or gets now; `closing`: the price that the protection is compared with. */
export function entryOrder(
  { name, spec, side, margin, amount, request }: PlannedPosition,
  price: Decimal,
  closing: Decimal,
  now: number,
): Result<Opening, Pick<FieldError, 'code' | 'field' | 'message'>> {
  const orderSide = side === 'long' ? 'buy' : 'sell';
  const asked: OrderAmounts = {
    quantity: 'quantity' in amount ? amount.quantity : amount.quote.dividedBy(price),
    quoteQuantity: null,
    limitPrice: null,
    stopPrice: null,
    stopLimitPrice: null,
    trailingDelta: null,
  };
  const sent = normaliseOrder(spec, orderSide, 'market', asked, price);
  if (!sent.ok) return sent;
  const wanted = protectionAt(request, side, price);
  const liquidation = liquidationOf(side, closing, margin, spec);
  if (!liquidation.ok) {
    const { code, field, message } = liquidation.error;
    return err({ code, field: field ?? 'leverage', message });
  }
  const wrong =
    checkProtection(wanted, side, spec, closing)[0] ?? checkStopBefore(wanted, side, liquidation.value);
  if (wrong !== null) return err(wrong);
  const orderId = orderIdFor({ walletId: REPLAY_WALLET, clientOrderId: name, idempotencyKey: name });
  const order: Order = {
    orderId,
    version: 1,
    userId: REPLAY_WALLET,
    walletId: REPLAY_WALLET,
    environment: 'demo',
    symbol: spec.symbol,
    side: orderSide,
    type: 'market',
    timeInForce: 'GTC',
    role: 'entry',
    positionId: positionIdFor(orderId),
    exit: null,
    clientOrderId: name,
    bodyHash: null,
    flowId: null,
    executionId: null,
    marketConditions: null,
    aiReasoning: null,
    aiConfidence: null,
    aiAgentId: null,
    margin,
    metadata: {},
    tags: [],
    notes: null,
    asked,
    ...sent.value,
    ...newOrderState({ at: now, reason: 'placed', cause: 'replay', referencePrice: price, tickAt: null }),
  };
  return ok({ order, protection: roundProtection(wanted, side, spec) });
}
