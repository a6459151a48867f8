/**
 * What follows when a venue does not take a resident order, or ends it: the decision table (docs/positions.md has it in
 * words). Total: every refusal and every end has an answer. The watched level stays armed through all of them.
 */
import type { VenueRefusalCode } from './refusal-codes.ts';
import type { ResidentReason } from './resident-facts.ts';
import type { FilterKind } from './symbol-rules.ts';
import type { Order } from './types.ts';

export type ResidentAnswer =
  /** The market is past the stop already: the watched exit acts now. */
  | { readonly kind: 'exit' }
  /** Watched only; asked again after `waitMs`, doubling with each refusal in a row up to `MOST_WAIT_MS`. */
  | { readonly kind: 'wait'; readonly why: ResidentReason; readonly waitMs: number }
  /** Its place went to another position: nobody has refused it, so the next look is no later for it. */
  | { readonly kind: 'gave_way'; readonly why: ResidentReason; readonly waitMs: number }
  /** It was ended by a wish of the position: placed anew at once, as is wanted then. */
  | { readonly kind: 'again' };

const MINUTE_MS = 60_000;
export const MOST_WAIT_MS = 10 * MINUTE_MS;
/** A place that was given to a position nearer to its stop is asked for again after this. */
const SLOT_WAIT_MS = 30_000;

const wait = (why: ResidentReason, waitMs: number): ResidentAnswer => ({ kind: 'wait', why, waitMs });

export const RESIDENT_REFUSALS: Readonly<Record<VenueRefusalCode, ResidentAnswer>> = {
  would_trigger: { kind: 'exit' },
  // The take profit of a list: its level is watched, and reached or about to be.
  would_match: wait('past_price', 1_000),
  insufficient_balance: wait('balance', MINUTE_MS),
  filter: wait('filter', 5 * MINUTE_MS),
  market_closed: wait('market_closed', MINUTE_MS),
  auth: wait('not_allowed', MINUTE_MS),
  permission: wait('not_allowed', MINUTE_MS),
  no_price: wait('no_price', 2_000),
  no_liquidity: wait('refused', MINUTE_MS),
  unknown_symbol: wait('refused', 5 * MINUTE_MS),
  duplicate: wait('refused', MINUTE_MS),
  invalid: wait('refused', MINUTE_MS),
  other: wait('refused', MINUTE_MS),
};

/** Filters that say more than that a rule is broken; all others are `filter`. */
const BY_FILTER: Partial<Record<FilterKind, ResidentAnswer>> = {
  max_num_orders: wait('no_slot', SLOT_WAIT_MS),
  max_num_algo_orders: wait('no_slot', SLOT_WAIT_MS),
  max_num_order_lists: wait('no_slot', SLOT_WAIT_MS),
  percent_price: wait('band', SLOT_WAIT_MS),
  percent_price_by_side: wait('band', SLOT_WAIT_MS),
};

/** Who wants a resident order cancelled: its own position, or another one that needs its place. */
export const MOVED = 'resident';
export const SLOT_GIVEN = 'resident_slot';

const isRefusalCode = (code: string): code is VenueRefusalCode => Object.hasOwn(RESIDENT_REFUSALS, code);
const isFilter = (name: string): name is FilterKind => Object.hasOwn(BY_FILTER, name);

/** Counts in which a list and a stop are one each: refused for them, the other would be as well. */
const COUNTED_ALIKE: readonly string[] = ['max_num_orders', 'max_num_algo_orders'];

/** Did the venue refuse an order list for what may be wrong with a list alone: its target, its kind, their number? */
export function isListRefused({ status, refusal }: Pick<Order, 'status' | 'refusal'>): boolean {
  if (status !== 'rejected' || refusal === null) return false;
  const { code, filter } = refusal;
  if (code === 'filter') return filter === null || !COUNTED_ALIKE.includes(filter);
  return code === 'invalid' || code === 'other';
}

/** What follows from the end of a resident order that has sold nothing. */
export function afterEnd({
  status,
  refusal,
  cancelWanted,
}: Pick<Order, 'status' | 'refusal' | 'cancelWanted'>): ResidentAnswer {
  if (status === 'rejected' && refusal !== null) {
    const { code, filter } = refusal;
    const byFilter = code === 'filter' && filter !== null && isFilter(filter) ? BY_FILTER[filter] : undefined;
    return byFilter ?? RESIDENT_REFUSALS[isRefusalCode(code) ? code : 'other'];
  }
  if (cancelWanted?.cause === MOVED) return { kind: 'again' };
  if (cancelWanted?.cause === SLOT_GIVEN) return { kind: 'gave_way', why: 'no_slot', waitMs: SLOT_WAIT_MS };
  // By hand, by the venue, or by somebody in its app; or it had triggered and the venue found nobody to sell to.
  return wait('ended_elsewhere', MINUTE_MS);
}
