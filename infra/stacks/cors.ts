/**
 * What the API allows pages of other origins, and lets them see (infra/stacks/api-stack.ts; the laptop's gateway for its
 * console). Tokens travel in a header that the page sets, so no cookies and no credentials. No CDK in here.
 */

/** A test holds them to those of the routes. */
export const CORS_METHODS = ['DELETE', 'GET', 'PATCH', 'POST', 'PUT'] as const;
export const CORS_HEADERS: readonly string[] = [
  ...['authorization', 'content-type', 'idempotency-key', 'prefer'],
];
export const CORS_EXPOSED: readonly string[] = [
  ...['location', 'preference-applied', 'retry-after', 'www-authenticate', 'x-request-id'],
  ...['ratelimit-limit', 'ratelimit-policy', 'ratelimit-remaining', 'ratelimit-reset'],
];
export const CORS_MAX_AGE_SECONDS = 60 * 60;
