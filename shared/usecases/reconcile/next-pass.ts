/**
 * When a wallet is compared next, and how much of it (design section 13).
 *
 * Pure. Always true:
 * - a pass that asked for the open orders of some symbols alone never puts off the one that asks for all;
 * - a pass that found no room in the budget has not failed: it comes back when there is, those that wait longest first;
 * - one that has waited for too long goes in the rank of other queries: what others use may stay above what is left to
 *   comparisons for hours.
 */
import type { Difference, ReconcileState, ReconcileStatus, VenueView } from '../../domain/reconcile/types.ts';
import { RECONCILE_REASONS, type ReconcileReason } from '../../ports/reconcile.ts';
import type { AccountRank } from '../../ports/venue.ts';

export interface ReconcileSettings {
  /** [15 min] A whole pass of each wallet. */
  readonly everyMs: number;
  /** [5 s] After corrections, or when the account was trading while it was read; doubling, to the next. */
  readonly followUpMs: number;
  /** [61 s] A difference that was seen once is looked at again. */
  readonly confirmMs: number;
  /** [30 s], doubling to [15 min]: the venue could not be asked. */
  readonly retryMs: number;
  /** [5 s] After the budget has room again: looks at single orders, that waited for it as well, go first. */
  readonly behindLooksMs: number;
  /** [20 s] Then over so long, halved with each minute that a pass has waited. */
  readonly spreadMs: number;
  /** [15 min] A pass that has waited so long for room takes the rank of other queries. */
  readonly patienceMs: number;
}
export const DEFAULT_RECONCILE: ReconcileSettings = {
  everyMs: 15 * 60_000,
  followUpMs: 5_000,
  confirmMs: 61_000,
  retryMs: 30_000,
  behindLooksMs: 5_000,
  spreadMs: 20_000,
  patienceMs: 15 * 60_000,
};

const MINUTE = 60_000;

/** Must this pass ask for all that is open? Else the ledger's symbols are enough: that costs a part of it. */
export function isWholeOwed(
  { wantedAt, wholeAt }: ReconcileState,
  reason: ReconcileReason,
  now: number,
  { everyMs }: ReconcileSettings,
): boolean {
  const isRoutine = reason === 'gap' || reason === 'follow_up' || reason === 'scheduled';
  return !isRoutine || wantedAt !== null || wholeAt === null || now - wholeAt >= everyMs;
}

/** A pass that waited for room goes on for the reason that it had. */
export const reasonOf = (state: ReconcileState, told: ReconcileReason): ReconcileReason =>
  state.waitingSince === null ? told : (RECONCILE_REASONS.find((reason) => reason === state.reason) ?? told);

/** In which right the pass asks the venue. */
export const rankOf = (
  { waitingSince }: ReconcileState,
  now: number,
  { patienceMs }: ReconcileSettings,
): AccountRank => (waitingSince !== null && now - waitingSince >= patienceMs ? 'query' : 'comparison');

/** After a pass that was begun at `startedAt` from `state`, which has what it found; the wish is done with it. */
export function afterPass(
  state: ReconcileState,
  pass: {
    readonly view: Pick<VenueView, 'openOrdersOf'>;
    readonly differences: readonly Difference[];
    readonly status: ReconcileStatus;
    readonly startedAt: number;
  },
  settings: ReconcileSettings,
): ReconcileState {
  const { startedAt } = pass;
  const isSoon = pass.status === 'correcting' || pass.status === 'moving';
  const wholeAt = wholeAfter(state, pass);
  // A busy account may move at every look, and all wallets share the venue's budget.
  const soonMs = Math.min(settings.followUpMs * 2 ** Math.min(state.unsettled, 10), settings.confirmMs);
  const isWaiting = state.suspects.length > 0;
  const dueAt = isSoon
    ? startedAt + soonMs
    : isWaiting
      ? startedAt + settings.confirmMs
      : (wholeAt ?? startedAt) + settings.everyMs;
  return {
    ...state,
    wantedAt: null,
    reason: null,
    dueAt,
    failures: 0,
    unsettled: isSoon ? state.unsettled + 1 : 0,
    wholeAt,
    waitingSince: null,
  };
}

/** Orders where none should be may lie on symbols that the ledger knows nothing of: then the next pass asks for all. */
function wholeAfter(
  { wholeAt }: ReconcileState,
  {
    view,
    differences,
    startedAt,
  }: Pick<Parameters<typeof afterPass>[1], 'view' | 'differences' | 'startedAt'>,
): number | null {
  if (view.openOrdersOf !== null) return wholeAt;
  const isStrange = ({ kind }: Difference): boolean =>
    kind === 'unknown_own_order' || kind === 'order_open_at_venue';
  return differences.some(isStrange) ? null : startedAt;
}

/**
 * The budget has no room until `retryAfterMs`: after that the pass is due again, spread so that not all who wait come at
 * once (`random` below 1), the longer it has waited the sooner. Never later than a whole pass would be.
 */
export function waitingForRoom(
  state: ReconcileState,
  refused: { readonly reason: ReconcileReason; readonly retryAfterMs: number; readonly random: number },
  now: number,
  { behindLooksMs, spreadMs, everyMs }: ReconcileSettings,
): ReconcileState {
  const waitingSince = state.waitingSince ?? now;
  const spread = spreadMs / 2 ** Math.floor((now - waitingSince) / MINUTE);
  const waitMs = refused.retryAfterMs + behindLooksMs + Math.floor(refused.random * spread);
  return { ...state, reason: refused.reason, waitingSince, dueAt: now + Math.min(waitMs, everyMs) };
}

/** A pass that failed, or is about to begin: due again later and later. */
export function putOff(
  state: ReconcileState,
  now: number,
  { retryMs, everyMs }: ReconcileSettings,
): ReconcileState {
  const waitMs = Math.min(retryMs * 2 ** Math.min(state.failures, 10), everyMs);
  return { ...state, failures: state.failures + 1, dueAt: now + waitMs };
}
