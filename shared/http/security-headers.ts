/** Headers that every answer carries; an operation's own come over them. */
import type { HttpEvent } from './types.ts';

const ALWAYS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // An answer is data: it loads nothing and is shown in nobody's frame.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
} as const;

const TLS_ONLY = { 'strict-transport-security': 'max-age=63072000; includeSubDomains' } as const;

/** API Gateway says how it was asked; on a laptop that is plain HTTP, and a browser must not be told otherwise. */
export function securityHeaders({ headers }: Pick<HttpEvent, 'headers'>): Record<string, string> {
  const isTls = Object.entries(headers).some(
    ([name, value]) => name.toLowerCase() === 'x-forwarded-proto' && value === 'https',
  );
  return { ...ALWAYS, ...(isTls && TLS_ONLY) };
}
