/**
 * Errors as callers see them: RFC 9457 problem documents with a stable `code` and a `next_action`
 * (design section 17).
 *
 * `HTTP_ERRORS` are the errors of the transport itself; the API adds those of its operations. A code's status,
 * title and advice are fixed in a catalogue, so the same mistake reads the same everywhere.
 */
import type { HttpResponse } from './types.ts';

export interface ErrorEntry {
  readonly status: number;
  readonly title: string;
  /** What the caller can do about it; a more exact advice of the thrower comes before it. */
  readonly nextAction: string;
}

export const HTTP_ERRORS = {
  invalid_json: {
    status: 400,
    title: 'The body is no JSON object',
    nextAction: 'Send one JSON object, encoded as UTF-8.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    nextAction: 'Send less than 1 MB.',
  },
  invalid_field: {
    status: 400,
    title: 'A field has a value that is not allowed',
    nextAction: 'Correct the field and send the request again.',
  },
  missing_field: {
    status: 400,
    title: 'A required field is missing',
    nextAction: 'Add the field and send the request again.',
  },
  unknown_field: {
    status: 400,
    title: 'The request has a field that this operation does not know',
    nextAction: 'Remove the field or correct its name.',
  },
  duplicate_field: {
    status: 400,
    title: 'A field is there twice in one object',
    nextAction: 'Send the field once.',
  },
  number_not_text: {
    status: 400,
    title: 'Prices and amounts are text',
    nextAction: 'Send it as a string, for instance "0.5": a JSON number may lose digits on the way.',
  },
  not_positive: {
    status: 422,
    title: 'The value must be greater than zero',
    nextAction: 'Send a value above zero.',
  },
  over_precise: {
    status: 422,
    title: 'The value has more decimals than can be kept',
    nextAction: 'Send fewer decimals.',
  },
  invalid_cursor: {
    status: 400,
    title: 'The cursor is not one of ours',
    nextAction: 'Start again without a cursor, then use next_cursor exactly as it was answered.',
  },
  unauthenticated: {
    status: 401,
    title: 'The request carries no valid token',
    nextAction: 'Send a valid token in the Authorization header: Bearer <token>.',
  },
  insufficient_scope: {
    status: 403,
    title: 'The token does not allow this',
    nextAction: 'Use a token with one of scopes_needed; docs/authorization.md has the table.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    nextAction: 'Wait as long as Retry-After says, then go on more slowly.',
  },
  unknown_client: {
    status: 403,
    title: 'The machine client acts for no user',
    nextAction: 'Have its user register it: POST /api/v1/clients.',
  },
  client_revoked: {
    status: 403,
    title: 'The machine client was revoked',
    nextAction: 'Have its user register another client: POST /api/v1/clients.',
  },
  no_such_route: {
    status: 404,
    title: 'There is no such operation',
    nextAction: 'Check method and path.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    nextAction: 'Check the id; it must be one of your own.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong on our side',
    nextAction: 'Try again with the same Idempotency-Key; if it lasts, report the request_id.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type HttpErrorCode = keyof typeof HTTP_ERRORS;

/** One thing wrong with a request. */
export interface Complaint {
  readonly code: string;
  readonly field: string | null;
  readonly detail: string;
  /** Null = the catalogue's own advice. */
  readonly nextAction: string | null;
}

/** A refusal on its way to the caller. Anything else that is thrown answers the generic 500. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly entry: ErrorEntry;
  readonly complaints: readonly [Complaint, ...Complaint[]];
  /** Further members of the document (RFC 9457 section 3.2), for instance the first claim's facts. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Headers of the answer, beside those that its status has. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    entry: ErrorEntry,
    complaints: readonly [Complaint, ...Complaint[]],
    extra: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(complaints[0].detail);
    this.entry = entry;
    this.complaints = complaints;
    this.extra = extra;
    this.headers = headers;
  }
}

/** A refusal with one of the transport's own codes. */
export function httpError(
  code: HttpErrorCode,
  detail: string,
  where: { readonly field?: string; readonly nextAction?: string } = {},
): ProblemError {
  return new ProblemError(HTTP_ERRORS[code], [
    { code, field: where.field ?? null, detail, nextAction: where.nextAction ?? null },
  ]);
}

/** The problem document of a refusal. The first complaint leads; all of them are listed when there are more. */
export function problemResponse(error: ProblemError, requestId: string): HttpResponse {
  const [first] = error.complaints;
  const advice = (c: Complaint): string => c.nextAction ?? error.entry.nextAction;
  const document = {
    ...error.extra,
    type: `urn:moniqo:error:${first.code}`,
    title: error.entry.title,
    status: error.entry.status,
    code: first.code,
    detail: first.detail,
    field: first.field,
    next_action: advice(first),
    request_id: requestId,
    ...(error.complaints.length > 1 && {
      errors: error.complaints.map((c) => ({
        code: c.code,
        field: c.field,
        detail: c.detail,
        next_action: advice(c),
      })),
    }),
  };
  return {
    statusCode: error.entry.status,
    headers: {
      ...error.headers,
      'content-type': 'application/problem+json',
      ...(error.entry.status === 503 && { 'retry-after': '1' }),
      ...(error.entry.status === 401 && { 'www-authenticate': 'Bearer' }),
      ...(first.code === 'insufficient_scope' && {
        'www-authenticate': `Bearer error="insufficient_scope", scope="${[error.extra['scopes_needed']].flat().join(' ')}"`,
      }),
    },
    body: JSON.stringify(document),
  };
}

/** The one answer to everything unexpected: no internals, only the id to find it by. */
export const internalError = (): ProblemError =>
  httpError('internal', 'The request could not be completed. Nothing is lost; the cause is in our logs.');
