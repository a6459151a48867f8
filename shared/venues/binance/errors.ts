/**
 * What the exchange's refusals mean: by status, then code, then the beginning of the text (facts of 2026; section 6 of
 * the design says what follows from each).
 *
 * Total: every (status, code, text) has a meaning. What is not known is a refusal `other` that keeps the venue's code.
 */
import type { FilterKind } from '../../domain/symbol-rules.ts';
import type { PermissionScope, VenueRefusalCode } from '../../ports/venue.ts';

export type Meaning =
  | {
      readonly kind: 'refused';
      readonly code: VenueRefusalCode;
      readonly filter?: FilterKind;
      readonly scope?: PermissionScope;
    }
  /** It may or may not have been executed. */
  | { readonly kind: 'unknown' }
  /** Not executed; the clock has to be measured again. */
  | { readonly kind: 'clock' }
  /** Not executed, an error of the venue's own: may be sent again. */
  | { readonly kind: 'not_executed' }
  /** Not executed, the venue is overloaded or going down. */
  | { readonly kind: 'busy'; readonly retryAfterMs: number }
  /** Not executed: too many requests (`orders`: of this account, else of this address). */
  | { readonly kind: 'rate'; readonly of: 'address' | 'orders' }
  /** Not executed: the firewall in front of the venue. */
  | { readonly kind: 'firewall' }
  /** No such (live) order. */
  | { readonly kind: 'unknown_order' }
  /** Ended without a fill, so long ago that it is not kept. */
  | { readonly kind: 'archived' };

/** A refusal as the venue worded it. */
export interface Problem {
  /** 0: refused here, before anything was sent. */
  readonly status: number;
  /** Null where the body was not the documented one. */
  readonly venueCode: number | null;
  /** At most 300 characters. */
  readonly message: string;
  readonly meaning: Meaning;
}

const refused = (code: VenueRefusalCode): Meaning => ({ kind: 'refused', code });
/** The account may trade, only not this. */
const SYMBOL_FORBIDDEN: Meaning = { kind: 'refused', code: 'permission', scope: 'symbol' };
const UNKNOWN: Meaning = { kind: 'unknown' };
const INVALID = refused('invalid');

/** Codes whose meaning does not depend on the text. */
const BY_CODE: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [-1000, UNKNOWN],
  [-1001, { kind: 'not_executed' }],
  [-1002, refused('auth')],
  [-1003, { kind: 'rate', of: 'address' }],
  [-1006, UNKNOWN],
  [-1007, UNKNOWN],
  [-1008, { kind: 'busy', retryAfterMs: 60_000 }],
  [-1014, INVALID],
  [-1015, { kind: 'rate', of: 'orders' }],
  [-1016, { kind: 'busy', retryAfterMs: 30_000 }],
  [-1020, INVALID],
  [-1021, { kind: 'clock' }],
  [-1022, refused('auth')],
  [-1033, { kind: 'rate', of: 'address' }],
  [-1034, { kind: 'rate', of: 'address' }],
  [-1035, { kind: 'busy', retryAfterMs: 1_000 }],
  [-1111, refused('filter')],
  [-1112, refused('no_liquidity')],
  [-1121, refused('unknown_symbol')],
  [-1191, { kind: 'rate', of: 'address' }],
  [-1220, refused('market_closed')],
  [-2013, { kind: 'unknown_order' }],
  [-2014, refused('auth')],
  [-2015, refused('auth')],
  [-2016, refused('market_closed')],
  [-2026, { kind: 'archived' }],
  [-2039, { kind: 'unknown_order' }],
]);

/** Codes in these ranges find the request itself wrong. */
const INVALID_RANGES: readonly (readonly [number, number])[] = [
  [-1110, -1100],
  [-1190, -1113],
  [-1199, -1192],
  [-1299, -1200],
];

/** Codes that stand for many reasons: the text tells, this when it does not. */
const BY_TEXT: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [-1010, refused('other')],
  [-1013, INVALID],
  [-2010, refused('other')],
  [-2011, { kind: 'unknown_order' }],
  [-2038, INVALID],
]);

const TEXTS: readonly (readonly [string, Meaning])[] = [
  ['unknown order sent', { kind: 'unknown_order' }],
  ['duplicate order sent', refused('duplicate')],
  ['account has insufficient balance', refused('insufficient_balance')],
  ['market is closed', refused('market_closed')],
  ['this order type is not possible in this trading phase', refused('market_closed')],
  ['limit orders require gtc for this phase', refused('market_closed')],
  ['price * qty is zero or less', INVALID],
  ['icebergqty exceeds qty', INVALID],
  ['unsupported order combination', INVALID],
  ['order would trigger immediately', refused('would_trigger')],
  ['stop price would trigger immediately', refused('would_trigger')],
  ['order would immediately match and take', refused('would_match')],
  ['the relationship of the prices for the orders is not correct', INVALID],
  ['cancel order is invalid', INVALID],
  ['order was not canceled due to cancel restrictions', INVALID],
  ['this action is disabled on this account', refused('permission')],
  ['this account may not place or cancel orders', refused('permission')],
  ['this symbol is not permitted for this account', SYMBOL_FORBIDDEN],
  ['this symbol is restricted for this account', SYMBOL_FORBIDDEN],
  ['rest api trading is not enabled', refused('permission')],
  ['websocket api trading is not enabled', refused('permission')],
  ['fix api trading is not enabled', refused('permission')],
  ['order book liquidity is less than', refused('no_liquidity')],
  ['order book liquidity is too low', refused('no_liquidity')],
  ['order amend (', INVALID],
  ['the requested action would change no state', INVALID],
  ['this order type may not use pegged price', INVALID],
  ['this price peg cannot be used with this order type', INVALID],
  ['this symbol does not allow the specified self-trade prevention mode', INVALID],
];

const FILTERS: Readonly<Record<string, FilterKind>> = {
  PRICE_FILTER: 'price',
  PERCENT_PRICE: 'percent_price',
  PERCENT_PRICE_BY_SIDE: 'percent_price_by_side',
  LOT_SIZE: 'lot_size',
  MARKET_LOT_SIZE: 'market_lot_size',
  MIN_NOTIONAL: 'min_notional',
  NOTIONAL: 'notional',
  ICEBERG_PARTS: 'iceberg_parts',
  MAX_POSITION: 'max_position',
  MAX_NUM_ORDERS: 'max_num_orders',
  MAX_NUM_ALGO_ORDERS: 'max_num_algo_orders',
  MAX_NUM_ICEBERG_ORDERS: 'max_num_iceberg_orders',
  MAX_NUM_ORDER_AMENDS: 'max_num_order_amends',
  MAX_NUM_ORDER_LISTS: 'max_num_order_lists',
  TRAILING_DELTA: 'trailing_delta',
  EXCHANGE_MAX_NUM_ORDERS: 'max_num_orders',
  EXCHANGE_MAX_NUM_ALGO_ORDERS: 'max_num_algo_orders',
  EXCHANGE_MAX_NUM_ICEBERG_ORDERS: 'max_num_iceberg_orders',
  EXCHANGE_MAX_NUM_ORDER_LISTS: 'max_num_order_lists',
};

const FILTER_FAILURE = /^filter failure: *([a-z_]+)/;
const NOT_SUPPORTED = /(not support(ed)?|not enabled) (for|on) this symbol/;

function byText(text: string): Meaning | null {
  const plain = text.replaceAll('`', '').replace(/\s+/g, ' ').trim().toLowerCase();
  const filter = FILTER_FAILURE.exec(plain)?.[1]?.toUpperCase();
  if (filter !== undefined) {
    // Object.hasOwn: a text of the venue's must not find what every object has.
    const kind = Object.hasOwn(FILTERS, filter) ? FILTERS[filter] : undefined;
    return { kind: 'refused', code: 'filter', filter: kind ?? 'unknown' };
  }
  if (NOT_SUPPORTED.test(plain)) return INVALID;
  return TEXTS.find(([start]) => plain.startsWith(start))?.[1] ?? null;
}

function byCode(code: number, text: string): Meaning {
  const fallback = BY_TEXT.get(code);
  if (fallback !== undefined) return byText(text) ?? fallback;
  const known = BY_CODE.get(code);
  if (known !== undefined) return known;
  return INVALID_RANGES.some(([from, to]) => code >= from && code <= to) ? INVALID : refused('other');
}

/** Never throws. `code` is null where the body was not `{code, msg}`. */
export function meaningOf(status: number, code: number | null, text: string): Meaning {
  if (status >= 500) return UNKNOWN;
  if (status === 429 || status === 418) return { kind: 'rate', of: code === -1015 ? 'orders' : 'address' };
  if (status === 403) return { kind: 'firewall' };
  if (code === null) return status === 401 ? refused('auth') : UNKNOWN;
  return byCode(code, text);
}

/** Reads an answer that is not 2xx. Never throws. */
export function problemOf(status: number, body: string): Problem {
  const read = readBody(body);
  const message = read?.msg ?? `HTTP ${status} without the documented body`;
  const venueCode = read?.code ?? null;
  return {
    status,
    venueCode,
    message: message.slice(0, 300),
    meaning: meaningOf(status, venueCode, message),
  };
}

function readBody(body: string): { readonly code: number; readonly msg: string } | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null || !('code' in parsed)) return null;
  const { code } = parsed;
  if (typeof code !== 'number' || !Number.isSafeInteger(code)) return null;
  return { code, msg: 'msg' in parsed && typeof parsed.msg === 'string' ? parsed.msg : '' };
}

const BANNED_UNTIL = /banned until (\d{13})\b/i;

/** The end of a ban that the text names, epoch ms; null where it names none. */
export function bannedUntil(message: string): number | null {
  const text = BANNED_UNTIL.exec(message)?.[1];
  return text === undefined ? null : Number.parseInt(text, 10); // not money: epoch ms
}
