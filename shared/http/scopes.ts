/**
 * What a token lets its bearer do (design section 17). Which scopes open which route is said beside the route
 * (functions/api/routes.ts); docs/authorization.md has the table.
 *
 * No scope implies another: a token that trades cannot change limits or keys, and one that changes limits cannot trade.
 */
export const SCOPES = ['read', 'trade', 'close-only', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** The resource server's name: Cognito writes a scope as `moniqo/read`. */
export const SCOPE_PREFIX = 'moniqo';

/** A scope as tokens carry it. */
export const fullScope = (scope: Scope): string => `${SCOPE_PREFIX}/${scope}`;

/** The scopes that a token's claims grant, with or without the prefix; words that are no scope of ours are left out. */
export function scopesOf(claims: Readonly<Record<string, unknown>>): ReadonlySet<Scope> {
  const { scope } = claims;
  const words = new Set(typeof scope === 'string' ? scope.split(' ') : []);
  return new Set(SCOPES.filter((one) => words.has(one) || words.has(fullScope(one))));
}
