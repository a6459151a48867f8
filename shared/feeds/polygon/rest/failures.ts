/** What Polygon's REST answers mean (facts/polygon.md section 5.4): by status first, then by the documented text. */

export type PolygonFailureCode =
  | 'bad_key'
  | 'not_entitled'
  | 'unknown_ticker'
  | 'bad_request'
  | 'too_many_requests'
  | 'unavailable'
  | 'unreadable'
  | 'foreign_page'
  | 'stopped';

export interface PolygonFailure {
  readonly code: PolygonFailureCode;
  /** The vendor's text, cut, or ours. Never holds the key. */
  readonly message: string;
}

/** Worth asking again. */
export const isPassing = ({ code }: PolygonFailure): boolean =>
  code === 'too_many_requests' || code === 'unavailable' || code === 'unreadable';

const GOOD = new Set(['OK', 'success', 'DELAYED']);
const TEXT_LENGTH = 200;

/** The fields that every answer may have. */
export interface Envelope {
  readonly status?: string | undefined;
  readonly error?: string | undefined;
  readonly message?: string | undefined;
}

function codeOf(httpStatus: number, status: string, text: string): PolygonFailureCode | null {
  if (/exceeded the maximum requests/i.test(text) || httpStatus === 429) return 'too_many_requests';
  if (httpStatus === 401 || /API Key/i.test(text)) return 'bad_key';
  if (httpStatus === 403 || status === 'NOT_AUTHORIZED') return 'not_entitled';
  if (httpStatus === 404 || status === 'NOT_FOUND') return 'unknown_ticker';
  if (httpStatus >= 500) return 'unavailable';
  if (httpStatus >= 400 || status === 'ERROR') return 'bad_request';
  return httpStatus === 200 && GOOD.has(status) ? null : 'unreadable';
}

/** Null = a good answer. An error may come under HTTP 200: its own status decides as well. */
export function failureOf(httpStatus: number, envelope: Envelope): PolygonFailure | null {
  const { status = '', error, message } = envelope;
  const text = error ?? message ?? '';
  const code = codeOf(httpStatus, status, text);
  if (code === null) return null;
  return { code, message: `${httpStatus} ${status} ${text}`.trim().slice(0, TEXT_LENGTH) };
}

/** An answer that is no JSON at all: a gateway's page. */
export const notJson = (httpStatus: number): PolygonFailure =>
  failureOf(httpStatus === 200 ? 0 : httpStatus, {}) ?? { code: 'unreadable', message: 'no JSON' };
