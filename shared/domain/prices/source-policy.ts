/**
 * Which source of a symbol triggers and which one checks (design section 11). Pure.
 *
 * `auto`: the venue's own price triggers while its stream lives and has a price of the symbol; Polygon checks. Else
 * Polygon triggers, converted where its currency is another one, and nothing checks. It goes back at once: the venue's
 * own price is the one that an exit is filled at.
 */
import type { Freshness } from './freshness.ts';

export type SourceRole = 'venue' | 'second';

/** `venue` and `second`: only that source triggers; the other one checks where it is there. */
export type SourcePolicy = 'auto' | SourceRole;

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
  const order: readonly SourceRole[] = policy === 'auto' ? ['venue', 'second'] : [policy];
  const triggers = order.find(isGood) ?? null;
  if (triggers === null) return { triggers, checks: null };
  const other = OTHER[triggers];
  return { triggers, checks: isGood(other) ? other : null };
}
