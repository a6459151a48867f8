/** Cancel-replace over the order limit with `orderRateLimitExceededMode=CANCEL_ONLY`: the cancel half alone. */
import { type Exchange, type Json, type Params, VenueError } from '../contract.ts';
import { RetryLater } from './errors.ts';

const half = (error: VenueError): Json => ({ code: error.code, msg: error.message });

const CANCEL_NAMES: Readonly<Record<string, string>> = {
  symbol: 'symbol',
  cancelOrderId: 'orderId',
  cancelOrigClientOrderId: 'origClientOrderId',
  cancelNewClientOrderId: 'newClientOrderId',
  cancelRestrictions: 'cancelRestrictions',
};

/** Cancels, and words what happened. The status differs by transport, as documented. */
export function cancelOnly(
  exchange: Exchange,
  uid: number,
  params: Params,
  transport: 'rest' | 'socket',
  limit: unknown,
): VenueError {
  if (!(limit instanceof RetryLater)) throw limit;
  const cancel = Object.fromEntries(
    Object.entries(CANCEL_NAMES).flatMap(([from, to]) => {
      const value = params[from];
      return value === undefined ? [] : [[to, value]];
    }),
  );
  const stops = params['cancelReplaceMode'] === 'STOP_ON_FAILURE';
  const fresh = { newOrderResult: 'FAILURE', newOrderResponse: half(limit) };
  const words = (code: number, msg: string, status: number, data: Json): VenueError =>
    transport === 'rest' && stops
      ? new RetryLater(code, msg, 429, limit.retryAt, data)
      : new VenueError(code, msg, status, data);
  try {
    const cancelResponse = exchange.execute('order.cancel', uid, cancel);
    return words(-2021, 'Order cancel-replace partially failed.', 409, {
      cancelResult: 'SUCCESS',
      cancelResponse,
      ...fresh,
    });
  } catch (error) {
    if (!(error instanceof VenueError)) throw error;
    return words(-2022, 'Order cancel-replace failed.', transport === 'socket' ? 409 : 400, {
      cancelResult: 'FAILURE',
      cancelResponse: half(error),
      ...fresh,
    });
  }
}
