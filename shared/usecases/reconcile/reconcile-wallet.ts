/**
 * One pass over a wallet: its venue is read, then its ledger, what differs is corrected or listed, and the statement is
 * stored (design sections 4.5, 13).
 *
 * Always true:
 * - a pass that runs twice, or side by side with another, changes nothing twice;
 * - only what the venue itself has said is corrected, by the way that every report takes;
 * - a venue that cannot be asked leaves all as it was, and the pass due again;
 * - one for which the budget has no room is not failed: it waits (next-pass.ts).
 */
import { reconcile } from '../../domain/reconcile/reconcile.ts';
import type {
  Difference,
  LedgerView,
  ReconcileState,
  ReconcileStatus,
  Reconciliation,
  VenueView,
} from '../../domain/reconcile/types.ts';
import type { Order, Wallet } from '../../domain/types.ts';
import { hasUsableKeys, isDeleted } from '../../domain/wallets.ts';
import type { ReconcileReason } from '../../ports/reconcile.ts';
import {
  NoRoomError,
  VenueUnavailableError,
  type VenueWallet,
  WalletUnusableError,
} from '../../ports/venue.ts';
import type { ArmLevels } from '../arm-levels.ts';
import { fractionOf } from '../conflicts.ts';
import { tell } from '../owed.ts';
import type { Ports } from '../ports.ts';
import { isUnanswered } from '../sought.ts';
import { makeCorrect } from './correct.ts';
import {
  afterPass,
  DEFAULT_RECONCILE,
  isWholeOwed,
  putOff,
  type ReconcileSettings,
  rankOf,
  reasonOf,
  waitingForRoom,
} from './next-pass.ts';
import { makeReadLedger } from './read-ledger.ts';
import { makeReadVenue } from './read-venue.ts';
import { statementOf } from './statement.ts';

type Needs = Pick<
  Ports,
  | 'ledger'
  | 'wallets'
  | 'venues'
  | 'accounts'
  | 'reconciles'
  | 'outbox'
  | 'symbols'
  | 'served'
  | 'counters'
  | 'metrics'
  | 'clock'
  | 'ids'
  | 'sleep'
  | 'log'
>;

export type ReconcileOutcome = ReconcileStatus | 'unavailable' | 'waiting' | 'unusable' | 'overtaken';
export type ReconcileWallet = ReturnType<typeof makeReconcileWallet>;

/** Before the first pass. */
export const freshState = (walletId: string, now: number): ReconcileState => ({
  walletId,
  version: 0,
  cursors: {},
  totals: null,
  asOf: null,
  ordersSince: null,
  looked: null,
  suspects: [],
  externals: [],
  watched: [],
  wantedAt: null,
  reason: null,
  dueAt: now,
  failures: 0,
  unsettled: 0,
  wholeAt: null,
  waitingSince: null,
});

export function makeReconcileWallet(
  ports: Needs,
  arm: ArmLevels,
  settings: ReconcileSettings = DEFAULT_RECONCILE,
) {
  const { wallets, venues, accounts, reconciles, outbox, served, counters, clock, ids, log } = ports;
  const readVenue = makeReadVenue(ports);
  const readLedger = makeReadLedger(ports);
  const { askOrder, cancelStrays, correctPosition } = makeCorrect(ports, arm);

  async function readBoth(wallet: Wallet, state: ReconcileState, isWhole: boolean) {
    const sides = await readLedger.before(wallet, state);
    if (wallet.exchange === null) {
      const venue = await venues.forWallet(wallet.walletId, wallet);
      const view = await readVenue.readDemo(venue);
      return { venue, view, ledger: await readLedger.after(wallet, state, view), sides };
    }
    const account = await accounts.forAccount(wallet.walletId, rankOf(state, clock.now(), settings));
    const view = await readVenue.readExchange(account, wallet, sides, isWhole);
    return { venue: account, view, ledger: await readLedger.after(wallet, state, view), sides };
  }

  /** Asks for orders that the venue knows more of; what it does not know at all is a difference. */
  async function askOrders(found: Reconciliation, ledger: LedgerView, venue: VenueWallet): Promise<Asked> {
    const missing: Difference[] = [];
    let pending = 0;
    const byId = new Map(ledger.orders.map((order) => [order.orderId, order]));
    for (const correction of found.corrections) {
      if (correction.kind !== 'ask_order') continue;
      const order = byId.get(correction.orderId);
      if (order === undefined) continue;
      const answer = await askOrder(order, correction.traded, venue);
      await cancelStrays(order, correction.strays, venue);
      if (answer === 'absent') missing.push(missingOf(order));
      // What has ended here and is open there is listed: its report changes nothing any more.
      else if (correction.why !== 'open_at_venue') pending += 1;
    }
    return { missing, pending };
  }

  /**
   * What is about to be booked as sold outside is noted first: a pass that dies after it, or is overtaken, must not
   * forget what a trade found later puts back. Null: somebody wrote the state meanwhile.
   */
  async function noted(state: ReconcileState, found: Reconciliation): Promise<ReconcileState | null> {
    if (found.corrections.every(({ kind }) => kind !== 'book_external')) return state;
    const after = { ...state, externals: found.next.externals };
    const isSaved = await reconciles.save({ before: state.version === 0 ? null : state, after }, null);
    return isSaved ? { ...after, version: state.version + 1 } : null;
  }

  const overtaken = (walletId: string, reason: ReconcileReason): ReconcileOutcome => {
    log.info('RECONCILE_OVERTAKEN', { walletId, reason });
    return 'overtaken';
  };

  async function pass(
    wallet: Wallet,
    read: ReconcileState,
    reason: ReconcileReason,
  ): Promise<ReconcileOutcome> {
    const startedAt = clock.now();
    const isWhole = isWholeOwed(read, reason, startedAt, settings);
    const { venue, view, ledger, sides } = await readBoth(wallet, read, isWhole);
    const found = reconcile(ledger, view, read);
    const state = await noted(read, found);
    if (state === null) return overtaken(wallet.walletId, reason);
    let booked = 0;
    for (const correction of found.corrections) {
      if (correction.kind !== 'ask_order' && (await correctPosition(correction))) booked += 1;
    }
    const asked = await askOrders(found, ledger, venue);
    const differences = [...found.differences, ...asked.missing];
    const isCorrecting = asked.pending + booked > 0;
    const status = statusOf(isCorrecting, differences.length > 0, view);
    const of = { wallet, reason, startedAt, found, status, differences, view, ledger, sides };
    const statement = statementOf(of);
    // The wish that was there when the pass began is done; one that came meanwhile has changed the version.
    const after = afterPass({ ...state, ...found.next }, of, settings);
    const isSaved = await reconciles.save({ before: state.version === 0 ? null : state, after }, statement);
    if (!isSaved) return overtaken(wallet.walletId, reason);
    await report(of);
    await sendFollowUp(after, settings.confirmMs);
    return status;
  }

  async function report({
    wallet: { walletId, environment },
    ...of
  }: Pick<
    Parameters<typeof statementOf>[0],
    'wallet' | 'reason' | 'startedAt' | 'found' | 'status' | 'differences' | 'view'
  >): Promise<void> {
    const confirmed = of.differences.filter((difference) => difference.confirmed);
    const facts = {
      walletId,
      environment,
      reason: of.reason,
      status: of.status,
      corrections: of.found.corrections.length,
      differences: of.differences.length,
      trades: of.view.trades?.length ?? 0,
      tookMs: clock.now() - of.startedAt,
    };
    if (confirmed.length === 0) log.info('RECONCILED', facts);
    for (const { kind, symbol, asset, orderId, expected, actual } of confirmed) {
      log.error('LEDGER_DIFFERS', { walletId, kind, symbol, asset, orderId, expected, actual });
    }
    const counts = counters.add({
      'reconcile:passes_total': 1,
      'reconcile:corrections_total': of.found.corrections.length,
      'reconcile:differences_total': confirmed.length,
    });
    await tell(log, counts, { walletId });
  }

  /** A message of its own where it is due within so long; the schedule of each minute has it as well. */
  async function sendFollowUp({ walletId, dueAt }: ReconcileState, withinMs: number): Promise<void> {
    const waitMs = dueAt - clock.now();
    if (waitMs > withinMs) return;
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    await tell(log, outbox.reconcile({ walletId, reason: 'follow_up' }, seconds), { walletId });
  }

  /** Null: somebody wrote the state meanwhile. */
  async function written(before: ReconcileState, after: ReconcileState): Promise<ReconcileState | null> {
    const isSaved = await reconciles.save({ before: before.version === 0 ? null : before, after }, null);
    return isSaved ? { ...after, version: before.version + 1 } : null;
  }

  /**
   * Noted as failed before it begins: a pass that is killed, each time because it takes too long, must not come back each
   * minute and take the workers of all other wallets.
   */
  const begin = (state: ReconcileState): Promise<ReconcileState | null> =>
    written(state, putOff(state, clock.now(), settings));

  async function failed(state: ReconcileState, begun: ReconcileState, error: Error): Promise<void> {
    const { walletId, failures } = begun;
    log.warn('RECONCILE_FAILED', { walletId, failures, error: error.message });
    await written(begun, putOff(state, clock.now(), settings));
  }

  /** Not a failure: the pass comes back when the budget has room. */
  async function waits(
    state: ReconcileState,
    begun: ReconcileState,
    reason: ReconcileReason,
    { message, retryAfterMs }: NoRoomError,
  ): Promise<void> {
    const now = clock.now();
    const refused = { reason, retryAfterMs, random: fractionOf(ids.token()) };
    const after = waitingForRoom(state, refused, now, settings);
    const { walletId, waitingSince, dueAt } = after;
    log.info('RECONCILE_WAITS', { walletId, reason, why: message, waitingSince, waitMs: dueAt - now });
    await tell(log, counters.add({ 'reconcile:waits_total': 1 }), { walletId });
    if ((await written(begun, after)) !== null) await sendFollowUp(after, settings.everyMs);
  }

  /** Null: this wallet cannot be compared now (deleted, keys not usable, not served here). */
  async function comparable(walletId: string): Promise<Wallet | null> {
    const wallet = await wallets.get(walletId);
    if (wallet === null || isDeleted(wallet)) return null;
    if (wallet.exchange !== null && !hasUsableKeys(wallet.exchange)) return null;
    return served.includes(wallet.environment) ? wallet : null;
  }

  /**
   * `told` says why; a follow-up that comes when nothing is due any more does nothing. Doubled messages run two
   * passes at worst, of which one is stored.
   */
  return async (walletId: string, told: ReconcileReason): Promise<ReconcileOutcome | 'not_due'> => {
    const wallet = await comparable(walletId);
    if (wallet === null) return 'unusable';
    const state = (await reconciles.state(walletId)) ?? freshState(walletId, clock.now());
    const isOwed = state.wantedAt !== null || state.dueAt <= clock.now();
    if (!isOwed && (told === 'follow_up' || told === 'scheduled')) return 'not_due';
    const reason = reasonOf(state, told);
    const begun = await begin(state);
    if (begun === null) return overtaken(walletId, reason);
    try {
      return await pass(wallet, begun, reason);
    } catch (error) {
      if (error instanceof NoRoomError) {
        await waits(state, begun, reason, error);
        return 'waiting';
      }
      const isTheirs = error instanceof VenueUnavailableError || error instanceof WalletUnusableError;
      if (!isTheirs) throw error;
      await failed(state, begun, error);
      return 'unavailable';
    }
  };
}

interface Asked {
  readonly missing: readonly Difference[];
  /** Orders whose news is on its way, or could not be had. */
  readonly pending: number;
}

function statusOf(isCorrecting: boolean, differs: boolean, { isQuiet }: VenueView): ReconcileStatus {
  if (isCorrecting) return 'correcting';
  if (differs) return 'differences';
  return isQuiet ? 'in_agreement' : 'moving';
}

const missingOf = (order: Order): Difference => ({
  kind: 'order_missing_at_venue',
  symbol: order.symbol,
  asset: null,
  orderId: order.orderId,
  expected: order.status,
  actual: null,
  // That an outcome is unknown is no news; the resolver settles it.
  confirmed: !isUnanswered(order),
});
