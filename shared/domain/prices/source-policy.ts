/**
 * Which source of a symbol triggers and which one checks (design section 11). Pure.
 *
 * A policy names the sources that may trigger, the preferred one first. It triggers while its stream lives and has a
 * price of the symbol, and the other one checks; else the second one of the policy triggers, converted where its
 * currency is another one, and nothing checks. The preferred one takes over again with its next price.
 */
import type { Freshness } from './freshness.ts';

/** `venue`: the exchange's own price, in the symbol's own currency. */
export type SourceRole = 'venue' | 'second';

/** One: only that source triggers; the other one checks where it is there. */
export type SourcePolicy = readonly [SourceRole] | readonly [SourceRole, SourceRole];

/** `auto`: the venue's own price is the one that an exit is filled at. */
export const AUTO_POLICY: SourcePolicy = ['venue', 'second'];

export interface SourceState {
  readonly freshness: Freshness;
  /** Its price can be given in the symbol's own currency now. */
  readonly usable: boolean;
}

export interface SourceChoice {
  /** Null: no trusted price, nothing triggers. */
  readonly triggers: SourceRole | null;
  readonly checks: SourceRole | null;
}

const OTHER: Readonly<Record<SourceRole, SourceRole>> = { venue: 'second', second: 'venue' };

export function chooseSource(
  policy: SourcePolicy,
  states: Readonly<Record<SourceRole, SourceState>>,
): SourceChoice {
  const isGood = (role: SourceRole): boolean => states[role].freshness === 'live' && states[role].usable;
  const triggers = policy.find(isGood) ?? null;
  if (triggers === null) return { triggers, checks: null };
  const other = OTHER[triggers];
  return { triggers, checks: isGood(other) ? other : null };
}
