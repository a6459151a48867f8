/** Which refusals an operation may answer, in groups: several operations make the same checks. */
import type { ApiErrorCode } from '../errors.ts';

const list = <const C extends readonly ApiErrorCode[]>(...codes: C): C => codes;

/** Of every operation that reads a body. */
export const BODY = list(
  'invalid_json',
  'body_too_large',
  'invalid_field',
  'missing_field',
  'unknown_field',
  'duplicate_field',
  'number_not_text',
  'not_positive',
  'over_precise',
);
/** Of every operation that reads a query, if only to say that it takes none. */
export const QUERY = list('invalid_field', 'missing_field', 'unknown_field');
export const SYMBOL_STATE = list(
  'unknown_symbol',
  'symbol_halted',
  'cancel_only',
  'symbol_delisted',
  'symbol_watch_only',
  'symbol_not_trading',
);
export const WALLET_STATE = list(
  'environment_not_served',
  'wallet_not_ready',
  'wallet_paused',
  'wallet_deleted',
);
export const AMOUNTS = list(
  'out_of_range',
  'order_type_not_supported',
  'price_required',
  'price_forbidden',
  'amount_forbidden',
  'time_in_force_forbidden',
  'stop_wrong_side',
  'prices_in_wrong_order',
  'trailing_delta_out_of_range',
  'below_min_quantity',
  'above_max_quantity',
  'below_min_notional',
  'above_max_notional',
  'below_min_price',
  'above_max_price',
  'outside_price_band',
  'above_max_position',
  'too_many_open_orders',
  'not_on_step',
  'not_on_tick',
  'not_positive',
  'over_precise',
);
export const PROTECTION = list(
  'stop_wrong_side',
  'target_wrong_side',
  'activation_wrong_side',
  'share_out_of_range',
  'shares_above_whole',
  'distance_out_of_range',
  'percent_out_of_range',
  'not_whole_basis_points',
  'not_on_tick',
  'not_on_step',
  'offset_beyond_activation',
  'time_stop_past',
  'time_stop_out_of_range',
  'confirm_out_of_range',
  'stop_limit_out_of_range',
  'stop_limit_on_margin',
  'out_of_range',
  'stop_beyond_liquidation',
  'not_positive',
  'over_precise',
);
/** Of an order: what it is for, and on which terms. */
export const TARGET = list(
  'not_found',
  'no_position',
  'wrong_side',
  'wrong_symbol',
  'wrong_wallet',
  'protection_forbidden',
  'type_forbidden',
  'margin_not_allowed',
  'margin_forbidden',
  'leverage_too_high',
  'not_open',
  'too_many_entries',
  'already_closing',
  'not_enough_free',
  'below_minimum',
  'no_price',
  'risk_limit',
  'client_limit',
);
/** Of every operation that needs a token. */
export const TOKEN = list(
  'unauthenticated',
  'insufficient_scope',
  'unknown_client',
  'client_revoked',
  'rate_limited',
);
/** Of what is sent under a key of the caller's. */
export const KEYED = list('idempotency_key_required', 'idempotency_mismatch');
