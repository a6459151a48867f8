/** Why a command is refused: a closed set of stable codes. The edge gives each its HTTP status. */

import { type Decimal, decimalText } from '../domain/money/decimal.ts';
import type { FieldError } from '../domain/normalise.ts';
import { err } from '../domain/result.ts';
import type { SignalReason } from '../domain/signal-facts.ts';
import type { Position } from '../domain/types.ts';

export const REFUSAL_CODES = [
  'not_found',
  'idempotency_key_required',
  'idempotency_mismatch',
  'unknown_symbol',
  'no_price',
  'no_position',
  'wrong_side',
  'wrong_symbol',
  'wrong_wallet',
  'protection_forbidden',
  'type_forbidden',
  'order_type_not_supported',
  'margin_not_allowed',
  'margin_forbidden',
  'leverage_too_high',
  'stop_beyond_liquidation',
  'time_in_force_forbidden',
  'amount_forbidden',
  // Of a wallet or a symbol as it stands.
  'environment_not_served',
  'wallet_not_ready',
  'wallet_paused',
  'risk_limit',
  'client_limit',
  'client_revoked',
  'client_exists',
  'symbol_halted',
  'cancel_only',
  'symbol_delisted',
  'symbol_watch_only',
  'symbol_not_trading',
  // Of a wallet at an exchange.
  'key_format',
  'keys_missing',
  'environment_not_served',
  'wallet_not_ready',
  'wallet_paused',
  'wallet_deleted',
  'wallet_in_use',
  'not_for_demo_wallets',
  // Of a webhook.
  'webhook_url',
  'webhook_limit',
  // Of a field: what the domain's rules answer.
  'over_precise',
  'not_positive',
  'out_of_range',
  'price_required',
  'price_forbidden',
  'stop_wrong_side',
  'below_min_quantity',
  'above_max_quantity',
  'below_min_notional',
  'above_max_notional',
  'below_min_price',
  'above_max_price',
  'outside_price_band',
  'prices_in_wrong_order',
  'trailing_delta_out_of_range',
  'too_many_open_orders',
  'above_max_position',
  'not_on_step',
  'target_wrong_side',
  'activation_wrong_side',
  'share_out_of_range',
  'shares_above_whole',
  'distance_out_of_range',
  'not_on_tick',
  'percent_out_of_range',
  'not_whole_basis_points',
  'offset_beyond_activation',
  'time_stop_past',
  'time_stop_out_of_range',
  'confirm_out_of_range',
  'stop_limit_out_of_range',
  'stop_limit_on_margin',
  // Of a signal.
  'stop_would_loosen',
  // Of a position or an order as it stands.
  'already_closing',
  'already_final',
  'not_amendable',
  'amend_under_way',
  'not_open',
  'too_many_entries',
  'not_enough_free',
  'below_minimum',
  'conflict',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

export interface Refusal {
  readonly code: RefusalCode;
  /** The request's field, snake_case; null when it is not about one field. */
  readonly field: string | null;
  readonly message: string;
  /** What to send or do instead. */
  readonly fix: string;
  /** What the caller may want to know, as text: ids, prices, the first claim. */
  readonly facts?: Readonly<Record<string, string>>;
}

export const refuse = (
  code: RefusalCode,
  field: string | null,
  message: string,
  fix: string,
  facts?: Readonly<Record<string, string>>,
) => err<Refusal>(facts === undefined ? { code, field, message, fix } : { code, field, message, fix, facts });

const isRefusalCode = (code: string): code is RefusalCode => REFUSAL_CODES.some((known) => known === code);

/** A domain rule's refusal of a field. A code that callers do not know is a mistake of ours, and thrown. */
export function fromField(error: FieldError): Refusal {
  const { code, field, message, fix } = error;
  if (!isRefusalCode(code)) throw new Error(`unknown refusal code ${code} of field ${field}`);
  return { code, field, message, fix };
}

/** A refusal as a signal keeps it, and back. */
export const reasonOf = ({ facts = {}, ...refusal }: Refusal): SignalReason => ({ ...refusal, facts });

export function fromReason({ code, field, message, fix, facts }: SignalReason): Refusal {
  if (!isRefusalCode(code)) throw new Error(`unknown refusal code ${code} of a signal`);
  return { code, field, message, fix, ...(Object.keys(facts).length > 0 && { facts }) };
}

/** Ids of others are answered like ids that do not exist. */
export const notFound = (what: string, field: string | null) =>
  refuse('not_found', field, `there is no such ${what}`, 'check the id; it must be one of your own');

export function alreadyClosing(flatten: Position['flatten']) {
  const facts: Record<string, string> = {};
  if (flatten !== null) {
    facts['cause'] = flatten.cause;
    facts['at'] = new Date(flatten.at).toISOString();
    const price: Decimal | null = flatten.price;
    if (price !== null) facts['price'] = decimalText(price);
    if (flatten.trigger !== null) facts['tick_id'] = String(flatten.trigger.tickId);
  }
  return refuse(
    'already_closing',
    null,
    'the position is already being closed',
    'nothing is left to do',
    facts,
  );
}
