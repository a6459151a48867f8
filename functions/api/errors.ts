/**
 * The API's error catalogue: every code that an operation may refuse with, its HTTP status and what the caller
 * can do (design section 17). Codes are stable; texts may improve.
 */
import { type ErrorEntry, HTTP_ERRORS, ProblemError } from '../../shared/http/errors.ts';

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
  conflict: {
    status: 503,
    title: 'Somebody else is changing the same thing',
    nextAction: 'Try again in a moment with the same Idempotency-Key.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ApiErrorCode = keyof typeof API_ERRORS;

/** What a use case refuses with. */
export interface Refusal {
  readonly code: string;
  readonly field?: string | null | undefined;
  readonly message: string;
  readonly fix?: string | null | undefined;
}

/** For a rule whose code is not in the catalogue; its own text and advice say what is wrong. */
const RULE: ErrorEntry = {
  status: 422,
  title: 'The request is against a rule',
  nextAction: 'Correct the field and send the request again.',
};

const isApiErrorCode = (code: string): code is ApiErrorCode => Object.hasOwn(API_ERRORS, code);
const entryOf = (code: string): ErrorEntry => (isApiErrorCode(code) ? API_ERRORS[code] : RULE);

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

/** A use case's refusal (one or several, the first leads) as the caller sees it. */
export function refused(
  refusals: Refusal | readonly [Refusal, ...Refusal[]],
  extra: Readonly<Record<string, unknown>> = {},
): ProblemError {
  const [first, ...rest] = 'code' in refusals ? [refusals] : refusals;
  if (first === undefined) throw new Error('refused without a reason');
  const told = ({ code, field, message, fix }: Refusal) => ({
    code,
    field: field ?? null,
    detail: sentence(message),
    nextAction: fix == null ? entryOf(code).nextAction : sentence(fix),
  });
  return new ProblemError(entryOf(first.code), [told(first), ...rest.map(told)], extra);
}

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
