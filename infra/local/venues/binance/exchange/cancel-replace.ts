/** `order.cancelReplace`: a cancel, then a new order; not atomic, and each half may fail for itself. */
import { type Json, type JsonObject, VenueError } from '../contract.ts';
import { type CancelRequest, cancelNamed, readRestriction } from './cancel.ts';
import { checkCeilings, checkTerms } from './checks.ts';
import { refuse } from './errors.ts';
import { createOrder, report } from './lifecycle.ts';
import { readOrderName } from './lookup.ts';
import type { ParamReader } from './params.ts';
import { type NewOrder, readNewOrder, submit } from './place.ts';
import { placed } from './shapes/orders.ts';
import type { Account, World } from './state.ts';

type Outcome =
  | { readonly result: 'SUCCESS'; readonly response: JsonObject }
  | { readonly result: 'FAILURE'; readonly response: JsonObject }
  | { readonly result: 'NOT_ATTEMPTED'; readonly response: null };

/** Matching-engine refusals and what the rejected order's report says of them. */
const REJECT_REASONS: readonly (readonly [text: string, reason: string])[] = [
  ['Account has insufficient balance', 'INSUFFICIENT_BALANCES'],
  ['Order would trigger immediately', 'STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY'],
  ['Order would immediately match', 'WOULD_MATCH_IMMEDIATELY'],
];

export function cancelReplace(world: World, account: Account, params: ParamReader): JsonObject {
  params.required('cancelReplaceMode');
  const mode = params.oneOf('cancelReplaceMode', ['STOP_ON_FAILURE', 'ALLOW_FAILURE'], () =>
    refuse.invalid('cancelReplaceMode'),
  );
  const cancel: CancelRequest = {
    name: readOrderName(params, 'cancelOrderId', 'cancelOrigClientOrderId'),
    newClientId: params.clientId('cancelNewClientOrderId'),
    restriction: readRestriction(params),
  };
  params.oneOf('orderRateLimitExceededMode', ['DO_NOTHING', 'CANCEL_ONLY'], () =>
    refuse.invalid('orderRateLimitExceededMode'),
  );
  const request = readNewOrder(world, params);
  params.finish();
  const { market, terms } = request;
  if (!market.info.flag('cancelReplaceAllowed')) {
    throw refuse.api('Order cancel-replace is not supported for this symbol.');
  }
  // Filters and ceilings count before the cancel: at the ceiling neither half happens.
  checkTerms(world, market, terms);
  checkCeilings(world, account, market, [terms]);

  const cancelled = attempt(() => cancelNamed(world, account, market, cancel));
  const stop = cancelled.result === 'FAILURE' && mode === 'STOP_ON_FAILURE';
  const replaced: Outcome = stop
    ? { result: 'NOT_ATTEMPTED', response: null }
    : attempt(() => placed(submit(world, account, request), request.form));
  if (cancelled.result === 'SUCCESS' && replaced.result === 'FAILURE')
    tellRejected(world, account, request, replaced);
  return conclude(cancelled, replaced);
}

function attempt(action: () => JsonObject): Outcome {
  try {
    return { result: 'SUCCESS', response: action() };
  } catch (error) {
    if (!(error instanceof VenueError)) throw error;
    return { result: 'FAILURE', response: { code: error.code, msg: error.message } };
  }
}

function conclude(cancelled: Outcome, replaced: Outcome): JsonObject {
  const data: JsonObject = {
    cancelResult: cancelled.result,
    newOrderResult: replaced.result,
    cancelResponse: cancelled.response,
    newOrderResponse: replaced.response,
  };
  const failures = [cancelled, replaced].filter((one) => one.result !== 'SUCCESS').length;
  if (failures === 0) return data;
  if (failures === 1) throw new VenueError(-2021, 'Order cancel-replace partially failed.', 409, data);
  throw new VenueError(-2022, 'Order cancel-replace failed.', 400, data);
}

/** The order that was lost with its predecessor already gone shows on the stream as REJECTED. */
function tellRejected(world: World, account: Account, { market, terms }: NewOrder, outcome: Outcome): void {
  const text: Json = outcome.response?.['msg'] ?? '';
  const known = REJECT_REASONS.find(([start]) => typeof text === 'string' && text.startsWith(start));
  const order = createOrder(world, account, market, terms, null);
  order.status = 'REJECTED';
  report(world, order, 'REJECTED', { rejectReason: known?.[1] ?? 'NONE' });
}
