/**
 * Whether an error says that something which the system stands on (DynamoDB, SQS, KMS, the cache) did not answer in time, or cannot
 * now: no fault of what was asked, and gone in a moment. What was under way may have been done.
 */
import {
  ClientClosedError,
  ClientOfflineError,
  ConnectionTimeoutError,
  DisconnectsClientError,
  SocketClosedUnexpectedlyError,
  SocketTimeoutError,
} from '@redis/client/dist/lib/errors.js';
import { ValkeyTimeoutError } from './valkey/client.ts';

/** Errors of services that a later try may not meet ("Error handling with DynamoDB", AWS's developer guide). */
const AWS_PASSING: ReadonlySet<string> = new Set([
  'InternalServerError',
  'KMSInternalException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServiceUnavailable',
  'ThrottlingException',
  'TimeoutError',
  'TransactionInProgressException',
]);

const NETWORK: ReadonlySet<string> = new Set(
  'EAI_AGAIN ECONNABORTED ECONNREFUSED ECONNRESET EHOSTUNREACH ENETUNREACH ENOTFOUND EPIPE ETIMEDOUT'.split(
    ' ',
  ),
);

const CACHE = [
  ValkeyTimeoutError,
  ClientClosedError,
  ClientOfflineError,
  ConnectionTimeoutError,
  DisconnectsClientError,
  SocketClosedUnexpectedlyError,
  SocketTimeoutError,
] as const;

interface Thrown {
  readonly code?: unknown;
  /** Every error of the AWS SDK has it, that of a connection that never was included. */
  readonly $metadata?: { readonly httpStatusCode?: number };
}

export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (CACHE.some((kind) => error instanceof kind)) return true;
  const { code, $metadata } = error as Error & Thrown;
  const isNetwork = typeof code === 'string' && NETWORK.has(code);
  if ($metadata === undefined) return isNetwork;
  const status = $metadata.httpStatusCode ?? 0;
  return isNetwork || AWS_PASSING.has(error.name) || status === 429 || status >= 500;
}
