/** Orders: create, preview, list, get, amend, cancel one or all (design sections 5, 17). */
import type * as z from 'zod';
import { isAmending } from '../../shared/domain/amendments.ts';
import { ZERO } from '../../shared/domain/money/decimal.ts';
import type { Order } from '../../shared/domain/types.ts';
import { httpError } from '../../shared/http/errors.ts';
import { needScope } from '../../shared/http/need-scope.ts';
import type { ApiResponse, UserRequest } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import type { PlaceOrderCommand } from '../../shared/usecases/place-command.ts';
import { cancelAllView } from '../../shared/usecases/views/cancel-all-view.ts';
import { previewView } from '../../shared/usecases/views/preview-view.ts';
import type { AnswerOf } from './answers/agreement.ts';
import type { AmendedOrder } from './answers/orders.ts';
import type { ApiDeps } from './deps.ts';
import { apiError, refused } from './errors.ts';
import { idempotencyKey } from './keys.ts';
import { listQuery, pageResponse } from './page.ts';
import { EmptyBody, NoQuery } from './schemas/fields.ts';
import { AmendOrderBody, CancelAllBody, CreateOrderBody, ListOrdersQuery } from './schemas/orders.ts';
import { ownFieldName } from './schemas/protection.ts';
import { isEnded, isSettledEnough, type Preference, waitPreference, waitUntil } from './wait.ts';

const noSuchOrder = () => httpError('not_found', 'There is no such order.', { field: 'order_id' });

const protectionOf = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && 'protection' in body ? body.protection : null;

const commandOf = (
  { userId, clientId }: UserRequest,
  body: z.output<ReturnType<typeof CreateOrderBody>>,
  idempotencyKey: string | null,
): PlaceOrderCommand => ({
  userId,
  clientId,
  walletId: body.wallet_id,
  symbol: body.symbol,
  side: body.side,
  type: body.type,
  timeInForce: body.time_in_force,
  quantity: body.quantity ?? ZERO,
  quoteQuantity: body.quote_quantity ?? null,
  limitPrice: body.limit_price ?? null,
  stopPrice: body.stop_price ?? null,
  stopLimitPrice: body.stop_limit_price ?? null,
  trailingDelta: body.trailing_delta ?? null,
  clientOrderId: body.client_order_id ?? null,
  idempotencyKey,
  protection: body.protection ?? null,
  positionId: body.position_id ?? null,
  positionEffect: body.position_effect ?? null,
  positionSide: body.position_side ?? null,
  leverage: body.leverage ?? null,
  flowId: body.flow_id ?? null,
  executionId: body.execution_id ?? null,
  marketConditions: body.market_conditions ?? null,
  aiReasoning: body.ai_reasoning ?? null,
  aiConfidence: body.ai_confidence ?? null,
  aiAgentId: body.ai_agent ?? null,
  metadata: body.metadata,
  tags: body.tags,
  notes: body.notes ?? null,
});

export function orderOperations(deps: ApiDeps) {
  const { commands, reads } = deps;

  const awaited = (order: Order, preference: Preference, done: (order: Order) => boolean): Promise<Order> =>
    waitUntil(deps, () => deps.ledger.order(order.orderId), order, done, preference.waitMs);

  const orderResponse = async (
    status: number,
    order: Order,
    { applied }: Preference,
  ): Promise<ApiResponse> => ({
    status,
    headers: {
      location: `/api/v1/orders/${order.orderId}`,
      ...(applied !== null && { 'preference-applied': applied }),
    },
    body: await reads.orders.view(order),
  });

  return {
    createOrder: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const key = idempotencyKey(request);
      const body = validate(CreateOrderBody, request.body);
      // With a position, and no word of adding to it, it is an exit and can be nothing else.
      if (body.position_id == null || body.position_effect === 'open') needScope(request, ['trade']);
      if (key === null && body.client_order_id == null) {
        throw apiError('idempotency_key_required', 'The order has no key that makes a repeat harmless.', {
          field: 'client_order_id',
        });
      }
      const placed = await commands.placeOrder(commandOf(request, body, key));
      if (!placed.ok) throw refused(placed.error, ownFieldName(protectionOf(request.body)));
      const preference = waitPreference(request.headers['prefer']);
      const order = await awaited(placed.value.order, preference, isSettledEnough);
      return orderResponse(placed.value.repeated ? 200 : 201, order, preference);
    },

    previewOrder: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const body = validate(CreateOrderBody, request.body);
      const preview = await commands.previewOrder(commandOf(request, body, null));
      const ownName = ownFieldName(protectionOf(request.body));
      if (!preview.ok) throw refused(preview.error, ownName);
      const view = previewView(preview.value);
      const field = view.refusal?.field ?? null;
      const refusal = view.refusal && { ...view.refusal, field: field && ownName(field) };
      return { status: 200, body: { ...view, refusal } };
    },

    listOrders: async (request: UserRequest): Promise<ApiResponse> => {
      const query = validate(ListOrdersQuery, request.query);
      const { wallet_id: walletId, client_order_id: clientOrderId } = query;
      if (walletId !== undefined && clientOrderId !== undefined) {
        const order = await reads.orders.byClientId(request.userId, { walletId, clientOrderId });
        return { status: 200, body: { items: order === null ? [] : [order], next_cursor: null } };
      }
      return pageResponse(reads.orders.list(request.userId, await listQuery(deps, query)));
    },

    getOrder: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const view = await reads.orders.get(request.userId, request.params['order_id'] ?? '');
      if (view === null) throw noSuchOrder();
      return { status: 200, body: view };
    },

    amendOrder: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const idempotency = idempotencyKey(request);
      const body = validate(AmendOrderBody, request.body);
      const amended = await commands.amendOrder({
        userId: request.userId,
        clientId: request.clientId,
        orderId: request.params['order_id'] ?? '',
        idempotencyKey: idempotency,
        change: {
          ...(body.quantity !== undefined && { quantity: body.quantity }),
          ...(body.limit_price !== undefined && { limitPrice: body.limit_price }),
          ...(body.stop_price !== undefined && { stopPrice: body.stop_price }),
          ...(body.stop_limit_price !== undefined && { stopLimitPrice: body.stop_limit_price }),
          ...(body.trailing_delta !== undefined && { trailingDelta: body.trailing_delta }),
        },
      });
      if (!amended.ok) throw refused(amended.error);
      const preference = waitPreference(request.headers['prefer']);
      const order = await awaited(amended.value.order, preference, (one) => !isAmending(one));
      const heir = order.replacedBy === null ? null : await deps.ledger.order(order.replacedBy);
      const response = await orderResponse(isAmending(order) ? 202 : 200, order, preference);
      const replacement = heir && (await reads.orders.view(heir));
      const shown = await reads.orders.view(order);
      return { ...response, body: { ...shown, replacement } satisfies AnswerOf<typeof AmendedOrder> };
    },

    cancelAll: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const key = idempotencyKey(request);
      const body = validate(CancelAllBody, request.body);
      const cancelled = await commands.cancelAll({
        userId: request.userId,
        walletId: body.wallet_id,
        symbol: body.symbol ?? null,
        side: body.side ?? null,
        idempotencyKey: key,
      });
      if (!cancelled.ok) throw refused(cancelled.error);
      const { orders: first, refused: stuck, repeated } = cancelled.value;
      const ids = first.map((order) => order.orderId);
      const preference = waitPreference(request.headers['prefer']);
      const allEnded = (orders: readonly Order[]) => orders.every(isEnded);
      const orders = await waitUntil(deps, () => deps.ledger.orders(ids), first, allEnded, preference.waitMs);
      const { applied } = preference;
      return {
        status: allEnded(orders) ? 200 : 202,
        headers: applied === null ? {} : { 'preference-applied': applied },
        body: cancelAllView(body.wallet_id, orders, stuck, repeated),
      };
    },

    cancelOrder: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      validate(EmptyBody, request.body);
      const orderId = request.params['order_id'] ?? '';
      const key = idempotencyKey(request);
      const cancelled = await commands.cancelOrder({ userId: request.userId, orderId, idempotencyKey: key });
      if (!cancelled.ok) throw refused(cancelled.error);
      const preference = waitPreference(request.headers['prefer']);
      const order = await awaited(cancelled.value, preference, isEnded);
      // Accepted, not done: the cancel is stored and is finished whatever happens to this answer.
      return orderResponse(isEnded(order) ? 200 : 202, order, preference);
    },
  };
}
