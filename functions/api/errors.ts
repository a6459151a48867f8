/**
 * The API's error catalogue: every code that an operation may refuse with, its HTTP status and what the caller
 * can do (design section 17). Codes are stable; texts may improve.
 */
import { type ErrorEntry, HTTP_ERRORS, type HttpErrorCode, ProblemError } from '../../shared/http/errors.ts';
import type { Refusal, RefusalCode } from '../../shared/usecases/refusal.ts';

/** 422: well-formed, but against a rule. 409: the thing is not in a state for it. 503: try again in a moment. */
export const API_ERRORS = {
  ...HTTP_ERRORS,
  idempotency_key_required: {
    status: 400,
    title: 'The request needs a key of yours',
    nextAction: 'Send an Idempotency-Key header or a client_order_id; use the same one when you repeat it.',
  },
  idempotency_mismatch: {
    status: 422,
    title: 'The key was used before with another body',
    nextAction: 'Use a new key for a new request; repeat an old one with exactly the same body.',
  },
  key_format: {
    status: 422,
    title: 'The keys are not in a form that the exchange gives out',
    nextAction: 'Correct the field; next_action says how.',
  },
  keys_missing: {
    status: 409,
    title: 'The wallet has no keys',
    nextAction: 'Give it keys: PUT /api/v1/wallets/{wallet_id}/keys.',
  },
  environment_not_served: {
    status: 422,
    title: 'The environment is not served here',
    nextAction: 'Use a wallet of an environment that this deployment serves.',
  },
  wallet_not_ready: {
    status: 409,
    title: "The wallet's keys cannot be used",
    nextAction: 'Read the wallet: status and problem say why; give it other keys, or test them again.',
  },
  wallet_paused: {
    status: 409,
    title: 'The wallet is paused',
    nextAction: 'Resume it: POST /api/v1/wallets/{wallet_id}/resume.',
  },
  risk_limit: {
    status: 403,
    title: 'The order would break limits of its wallet',
    nextAction: 'Ask for less, close positions, or change the limits: facts has the figures of each.',
  },
  client_limit: {
    status: 403,
    title: 'The order would break limits of the machine client',
    nextAction: 'Ask for less, or have its user change the limits: facts has the figures of each.',
  },
  client_not_proven: {
    status: 422,
    title: 'That the client is yours is not shown',
    nextAction:
      'Get an access token with the id and the secret of the client (client credentials), and send it as client_token.',
  },
  client_exists: {
    status: 409,
    title: 'A machine client of this id is registered',
    nextAction:
      'Change it with PATCH /api/v1/clients/{client_id} if it is yours; a revoked one never comes back.',
  },
  wallet_deleted: {
    status: 409,
    title: 'The wallet was deleted',
    nextAction: 'Connect the account again with POST /api/v1/wallets.',
  },
  wallet_in_use: {
    status: 409,
    title: 'The wallet is still in use',
    nextAction: 'Close its positions and cancel its orders first.',
  },
  not_for_demo_wallets: {
    status: 422,
    title: 'This is for wallets at an exchange',
    nextAction: 'Leave it: a demo wallet has no keys.',
  },
  wallet_refused: {
    status: 422,
    title: 'The exchange does not accept the keys of the wallet',
    nextAction: 'Correct what problem says, then POST .../test, or give other keys with PUT .../keys.',
  },
  keys_refused: {
    status: 422,
    title: 'The new keys were not taken over',
    nextAction: 'Correct what problem says and send keys again; the keys in use are unchanged.',
  },
  keys_replaced: {
    status: 409,
    title: 'Other keys were given meanwhile',
    nextAction: 'Read the wallet: key_hint and pending_key_hint say which it has.',
  },
  keys_unavailable: {
    status: 503,
    title: 'Keys cannot be taken at the moment',
    nextAction: 'Try again in a moment with the same Idempotency-Key.',
  },
  balances_unavailable: {
    status: 503,
    title: 'The exchange has not told the balances yet',
    nextAction: 'Try again in a moment.',
  },
  unknown_symbol: {
    status: 422,
    title: 'The symbol is not known',
    nextAction: 'See GET /api/v1/symbols.',
  },
  no_price: {
    status: 503,
    title: 'There is no current price',
    nextAction: 'Prices of this symbol are being asked for; try again in a few seconds.',
  },
  no_position: {
    status: 422,
    title: 'There is nothing to sell',
    nextAction: 'Name the position to be reduced in position_id.',
  },
  wrong_side: {
    status: 422,
    title: 'The side does not fit the position',
    nextAction:
      'A long is reduced by a sell, a short by a buy; position_effect open adds to it by the other.',
  },
  wrong_symbol: {
    status: 422,
    title: 'The position is of another symbol',
    nextAction: 'Send the symbol of the position.',
  },
  wrong_wallet: {
    status: 422,
    title: 'The position is of another wallet',
    nextAction: 'Send the wallet of the position.',
  },
  protection_forbidden: {
    status: 422,
    title: 'An order of a position takes no protection',
    nextAction: 'Leave protection out; change that of the position with PATCH.',
  },
  margin_not_allowed: {
    status: 422,
    title: 'The wallet lends nothing',
    nextAction: 'Use a demo wallet that was made with max_leverage; next_action says what to leave out.',
  },
  margin_forbidden: {
    status: 422,
    title: 'An order of a position has no margin terms of its own',
    nextAction: 'Leave the field out: the position has them.',
  },
  leverage_too_high: {
    status: 422,
    title: 'The leverage is too high',
    nextAction: 'Send less: facts has the most of the wallet.',
  },
  stop_beyond_liquidation: {
    status: 422,
    title: 'The position would be liquidated before its stop loss',
    nextAction: 'Put the stop loss nearer, or take less leverage.',
  },
  type_forbidden: {
    status: 422,
    title: 'The order type is not possible here',
    nextAction: 'Choose another type.',
  },
  order_type_not_supported: {
    status: 422,
    title: 'The venue takes no orders of this type here',
    nextAction: 'See order_types in GET /api/v1/symbols/{symbol}.',
  },
  time_in_force_forbidden: {
    status: 422,
    title: 'The order type takes no such time in force',
    nextAction: 'Leave time_in_force out.',
  },
  amount_forbidden: {
    status: 422,
    title: 'The order takes no such amount',
    nextAction: 'Send quantity; a market buy may send quote_quantity instead.',
  },
  symbol_halted: {
    status: 409,
    title: 'The symbol is halted',
    nextAction: 'Wait until it trades again; open orders can be cancelled.',
  },
  cancel_only: {
    status: 409,
    title: 'The symbol takes cancels only',
    nextAction: 'Wait until it trades again; open orders can be cancelled.',
  },
  symbol_delisted: {
    status: 409,
    title: 'The symbol is no longer listed',
    nextAction: 'Trade another symbol; open orders can be cancelled.',
  },
  symbol_watch_only: {
    status: 422,
    title: 'The symbol has prices here, and is not traded',
    nextAction: 'Trade another symbol; see status in GET /api/v1/symbols.',
  },
  symbol_not_trading: {
    status: 409,
    title: 'The symbol does not trade now',
    nextAction: 'See status in GET /api/v1/symbols/{symbol}.',
  },
  below_min_price: { status: 422, title: 'The price is too low', nextAction: 'Send a higher price.' },
  above_max_price: { status: 422, title: 'The price is too high', nextAction: 'Send a lower price.' },
  outside_price_band: {
    status: 422,
    title: "The price lies outside the venue's band",
    nextAction: 'Send a price nearer to the market.',
  },
  prices_in_wrong_order: {
    status: 422,
    title: 'The prices do not lie around the market as they must',
    nextAction: 'A sell takes its limit price above the market and its stop price below.',
  },
  trailing_delta_out_of_range: {
    status: 422,
    title: 'The trailing distance is out of range',
    nextAction: 'See trailing_delta in the filters of GET /api/v1/symbols/{symbol}.',
  },
  too_many_open_orders: {
    status: 409,
    title: 'The account has too many open orders',
    nextAction: 'Cancel some of them first.',
  },
  above_max_position: {
    status: 422,
    title: 'The account would hold more than the venue allows',
    nextAction: 'Send less.',
  },
  not_on_step: {
    status: 422,
    title: 'The quantity is not a multiple of the step',
    nextAction: 'See step_size in GET /api/v1/symbols/{symbol}.',
  },
  price_required: { status: 422, title: 'The order type needs a price', nextAction: 'Add the price.' },
  price_forbidden: {
    status: 422,
    title: 'The order type takes no such price',
    nextAction: 'Leave the price out.',
  },
  stop_wrong_side: {
    status: 422,
    title: 'The price lies on the wrong side of the market',
    nextAction: 'Choose a price that the market has not reached yet.',
  },
  target_wrong_side: {
    status: 422,
    title: 'The take profit lies on the wrong side',
    nextAction: 'Put it beyond the current price and the stop, on the profitable side.',
  },
  activation_wrong_side: {
    status: 422,
    title: 'The activation price lies behind the market',
    nextAction: 'Put it beyond the current price, on the profitable side, or leave it out to trail at once.',
  },
  share_out_of_range: {
    status: 422,
    title: 'The share is out of range',
    nextAction: 'Send a fraction above 0, at most 1.',
  },
  shares_above_whole: {
    status: 422,
    title: 'The shares are more than the whole',
    nextAction: 'Let the shares add up to at most 1.',
  },
  distance_out_of_range: {
    status: 422,
    title: 'The distance is out of range',
    nextAction: 'Send a distance above zero and within the price.',
  },
  percent_out_of_range: {
    status: 422,
    title: 'The percentage is out of range',
    nextAction: 'Send a percentage above 0 and below 100.',
  },
  not_whole_basis_points: {
    status: 422,
    title: 'The percentage is too fine',
    nextAction: 'Send at most 2 decimals.',
  },
  not_on_tick: {
    status: 422,
    title: 'The value is not a multiple of the tick',
    nextAction: 'See tick_size in GET /api/v1/symbols.',
  },
  offset_beyond_activation: {
    status: 422,
    title: 'The break-even offset lies beyond its activation',
    nextAction: 'Send an offset below the activation.',
  },
  time_stop_past: {
    status: 422,
    title: 'The time of the time stop is over',
    nextAction: 'Send a later time, or close the position.',
  },
  time_stop_out_of_range: {
    status: 422,
    title: 'The time stop is out of range',
    nextAction: 'Send at least a second and at most 366 days.',
  },
  confirm_out_of_range: {
    status: 422,
    title: 'The confirmation delay is out of range',
    nextAction: 'Send 0 to 300 seconds.',
  },
  stop_limit_on_margin: {
    status: 422,
    title: 'On margin stops sell by market',
    nextAction: 'Leave stop_limit out.',
  },
  stop_limit_out_of_range: {
    status: 422,
    title: 'The limit of a stop rests for no such time',
    nextAction: 'Send 1 to 300 whole seconds.',
  },
  stop_would_loosen: {
    status: 422,
    title: 'The signal would put a stop further away, or take it away',
    nextAction: 'Send levels that only tighten, or set signal_policy.allow_loosen of the wallet.',
  },
  out_of_range: { status: 422, title: 'The value is out of range', nextAction: 'Choose a smaller value.' },
  below_min_quantity: { status: 422, title: 'The quantity is too small', nextAction: 'Send more.' },
  above_max_quantity: { status: 422, title: 'The quantity is too large', nextAction: 'Send less.' },
  below_min_notional: { status: 422, title: 'The order is worth too little', nextAction: 'Send more.' },
  above_max_notional: { status: 422, title: 'The order is worth too much', nextAction: 'Send less.' },
  already_closing: {
    status: 409,
    title: 'The position is being closed already',
    nextAction: 'Nothing: the first cause stands. Follow the position until it is closed.',
  },
  too_many_entries: {
    status: 409,
    title: 'The position takes no more orders that add to it',
    nextAction: 'Cancel one, wait until one has filled, or open another position.',
  },
  not_open: {
    status: 409,
    title: 'The position is not open',
    nextAction: 'Read the position for its present state.',
  },
  not_enough_free: {
    status: 422,
    title: 'Less than that is free',
    nextAction: 'Ask for at most what is free; other exits have reserved the rest.',
  },
  below_minimum: {
    status: 422,
    title: 'The quantity is below what the venue trades',
    nextAction: 'Ask for more, or close the whole position.',
  },
  already_final: {
    status: 409,
    title: 'The order has ended',
    nextAction: 'Nothing: a final status never changes. Read the order.',
  },
  not_amendable: {
    status: 409,
    title: 'The order cannot be amended',
    nextAction: "Read the order; what is its own position's doing, or on its way out, is left alone.",
  },
  amend_under_way: {
    status: 409,
    title: 'Another amendment of the order is under way',
    nextAction:
      'Wait until it has ended: amendment.outcome of the order says so. A cancel is taken at any time.',
  },
  webhook_url: {
    status: 422,
    title: 'The address cannot be that of a webhook',
    nextAction: 'Send an https address that the internet reaches.',
  },
  webhook_limit: {
    status: 409,
    title: 'There are as many webhooks as you may have',
    nextAction: 'Delete one of them first.',
  },
  conflict: {
    status: 503,
    title: 'Somebody else is changing the same thing',
    nextAction: 'Try again in a moment with the same Idempotency-Key.',
  },
  temporarily_unavailable: {
    status: 503,
    title: 'Something that is needed did not answer in time',
    nextAction:
      'Try again in a moment with the same Idempotency-Key: what was done meanwhile is answered, not done twice. Where there is no key, read first.',
  },
} as const satisfies Record<RefusalCode | HttpErrorCode, ErrorEntry> & Record<string, ErrorEntry>;

export type ApiErrorCode = keyof typeof API_ERRORS;

/** A refusal of the API itself. */
export function apiError(
  code: ApiErrorCode,
  detail: string,
  more: { readonly field?: string; readonly extra?: Readonly<Record<string, unknown>> } = {},
): ProblemError {
  return new ProblemError(
    API_ERRORS[code],
    [{ code, field: more.field ?? null, detail, nextAction: null }],
    more.extra,
  );
}

/**
 * A use case's refusal as the caller sees it. `facts` are what the refusal was decided on: the first claim, the
 * positions that could be closed. `extra`: further members of the document.
 */
export function refused(
  refusal: Refusal,
  renamed: (field: string) => string = (field) => field,
  extra: Readonly<Record<string, unknown>> = {},
): ProblemError {
  return new ProblemError(
    API_ERRORS[refusal.code],
    [
      {
        code: refusal.code,
        field: refusal.field === null ? null : renamed(refusal.field),
        detail: sentence(refusal.message),
        nextAction: sentence(refusal.fix),
      },
    ],
    { ...extra, ...(refusal.facts !== undefined && { facts: refusal.facts }) },
  );
}

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
