/**
 * Limits of loss, looked at again and again: whoever breaks one is paused, its entries are cancelled, and by its own
 * setting its positions are closed (design section 12).
 *
 * A wallet with such limits is due within a second of each fill or new entry, and every 3 s while something is open; it
 * is found by a sparse index of its risk item, so wallets without them cost nothing.
 * Always true:
 * - the pause is durable, with what it is to cancel and close, before the breach is noted as acted on: whoever dies on
 *   the way is followed by the next look;
 * - what is not known breaks nothing: nothing is closed because a price is missing.
 */
import { decimalText } from '../domain/money/decimal.ts';
import { paused, withPause } from '../domain/pauses.ts';
import { type Breach, breachReason, newBreaches } from '../domain/risk/breach.ts';
import type { WalletRisk } from '../domain/risk/limits.ts';
import { isDeleted } from '../domain/wallets.ts';
import type { DueWallet } from '../ports/ledger.ts';
import { ContendedError, untilWritten } from './conflicts.ts';
import { lookAtResults, noteResults } from './look-at-results.ts';
import { tell } from './owed.ts';
import type { Ports } from './ports.ts';
import { tellBreach } from './tell-breach.ts';

type Needs = Pick<
  Ports,
  'ledger' | 'wallets' | 'prices' | 'outbox' | 'counters' | 'clock' | 'ids' | 'sleep' | 'log'
>;

/** With the second that a sweep may come later, and its work, a loss is acted on within 5 s of its price (design section 12). */
const EVERY_MS = 3_000;
/** Of a wallet in which nothing is open: what is written next brings it forward. */
const IDLE_MS = 3_600_000;
/** More than this wait for the next sweep, a second later. */
const PAGE = 200;
const AT_ONCE = 8;
/** A look that is older is nothing to act on: whoever stood still would undo what was decided since. The next one acts. */
const LOOK_VALID_MS = 10_000;
/** A wallet that could not be looked at for so long is somebody's to look at. */
const UNSEEN_MS = 60_000;
/** Longer than the time between two looks: what is not said again was over. */
const UNSEEN_KEPT_MS = 10 * 60_000;
/** What is left then stays due. */
const BUDGET_MS = 3_000;

export type CheckLosses = ReturnType<typeof makeCheckLosses>;

export function makeCheckLosses(ports: Needs) {
  const { ledger, wallets, outbox, counters, clock, ids, sleep, log } = ports;

  /**
   * False when the wallet is gone, or the look is too old. A wallet that is paused keeps its reason; what is to be stopped
   * is added.
   */
  function pause(
    walletId: string,
    breaches: readonly Breach[],
    { flatten, lookedAt }: { readonly flatten: boolean; readonly lookedAt: number },
  ): Promise<boolean> {
    return untilWritten({ ids, sleep }, `pause of wallet ${walletId}`, async () => {
      const before = await wallets.get(walletId);
      if (before === null || isDeleted(before)) return false;
      const now = clock.now();
      if (now - lookedAt > LOOK_VALID_MS) {
        log.warn('LOOK_TOO_OLD', { walletId, ageMs: now - lookedAt });
        return false;
      }
      const wish = { flatten, cause: 'risk_breach' } as const;
      const stopped = withPause(before, (state) => paused(state, now, breachReason(breaches), wish));
      return (await wallets.update({ before, after: { ...stopped, updatedAt: now } })) ? true : 'conflict';
    });
  }

  async function alarm(walletId: string, breaches: readonly Breach[], flatten: boolean): Promise<void> {
    for (const { name, limit, lost } of breaches) {
      const figures = { limit: decimalText(limit), lost: decimalText(lost) };
      log.error('RISK_BREACH', { walletId, name, ...figures, flatten });
    }
    try {
      await counters.add({ 'risk:breaches_total': breaches.length });
    } catch (error) {
      log.warn('COUNTERS_NOT_WRITTEN', { walletId, error: String(error) });
    }
  }

  /** When the looks at a wallet began to fail; in the cache, since each may be another process. */
  const unseenKey = (walletId: string): string => `risk:unseen:${walletId}`;

  /** A look that failed: a warning, and an alarm once none has succeeded for a minute. */
  async function unseen(walletId: string, error: unknown): Promise<void> {
    const isContended = error instanceof ContendedError;
    if (isContended) log.warn('LOSSES_CONTENDED', { walletId, error: error.message });
    else log.error('LOSSES_NOT_CHECKED', { walletId, error: String(error) });
    try {
      const key = unseenKey(walletId);
      const known = (await counters.read([key]))[key] ?? '';
      const now = clock.now();
      const since = known === '' ? now : Number.parseInt(known, 10); // not money: a time
      await counters.set({ [key]: String(since) }, UNSEEN_KEPT_MS);
      if (now - since < UNSEEN_MS) return;
      log.error('LOSSES_UNSEEN', { walletId, forMs: now - since });
      await counters.add({ 'risk:unseen_total': 1 });
    } catch (cause) {
      log.error('LOSSES_UNSEEN', { walletId, forMs: null, error: String(cause) });
    }
  }

  async function seen(walletId: string): Promise<void> {
    const key = unseenKey(walletId);
    try {
      if (((await counters.read([key]))[key] ?? '') !== '') await counters.set({ [key]: '' }, 1);
    } catch (error) {
      log.warn('COUNTERS_NOT_WRITTEN', { walletId, error: String(error) });
    }
  }

  /** Nothing can be lost any more in a wallet that is deleted: its limits of loss end, and nobody looks again. */
  async function isOver(walletId: string): Promise<boolean> {
    const wallet = await wallets.get(walletId);
    if (wallet !== null && !isDeleted(wallet)) return false;
    const before = await ledger.risk(walletId);
    if (before === null) return true;
    const limits = { ...before.limits, maxDailyLoss: null, maxDrawdown: null };
    const none = { counted: null, startsPeak: false, forgetsActed: false, checkAt: null };
    const isEnded = await ledger.setLimits({ walletId, before, limits, ...none });
    if (isEnded) log.info('LOSS_LIMITS_ENDED', { walletId });
    return isEnded;
  }

  /** `idle`: nothing is open, so nothing changes by itself. */
  async function check(walletId: string): Promise<'idle' | 'open'> {
    const lookedAt = clock.now();
    const look = await lookAtResults(ports, walletId);
    const { risk, results } = look;
    if (results === null) return 'idle';
    if (results.unknown !== null) log.warn('LOSSES_UNKNOWN', { walletId, why: results.unknown });
    await noteResults(ports, look);
    const { breaches, acted } = newBreaches(risk.limits, { ...results, peak: risk.peak }, risk.acted);
    if (breaches.length > 0) await act(risk, walletId, { breaches, acted, lookedAt });
    return risk.open === 0 ? 'idle' : 'open';
  }

  async function act(
    { limits, limitsVersion }: WalletRisk,
    walletId: string,
    { breaches, acted, lookedAt }: ReturnType<typeof newBreaches> & { readonly lookedAt: number },
  ): Promise<void> {
    const flatten = limits.onBreach === 'flatten';
    if (!(await pause(walletId, breaches, { flatten, lookedAt }))) return;
    await alarm(walletId, breaches, flatten);
    await ledger.noteMark({ walletId, limitsVersion, mark: { acted } });
    await tell(log, outbox.exits({ walletId, stop: true }), { walletId });
    await tellBreach(ports, walletId, breaches, flatten);
  }

  /** Whether it was this sweep's to look at. One wallet's failure leaves the others' to be looked at. */
  async function taken(due: DueWallet): Promise<boolean> {
    const { walletId } = due;
    const next = { walletId, dueAt: clock.now() + EVERY_MS };
    if (!(await ledger.moveLossCheck(due, next.dueAt))) return false;
    try {
      // Only once it has been looked at: whoever dies on the way is followed in 3 s.
      const found = await check(walletId);
      await seen(walletId);
      if (found === 'open' || (await isOver(walletId))) return true;
      await ledger.moveLossCheck(next, clock.now() + IDLE_MS);
    } catch (error) {
      await unseen(walletId, error);
    }
    return true;
  }

  /** Answers how many wallets of the shard were looked at. */
  return async (shard: number): Promise<number> => {
    const deadline = clock.now() + BUDGET_MS;
    const rest = [...(await ledger.dueLossChecks(shard, clock.now(), PAGE))];
    let looked = 0;
    const worker = async (): Promise<void> => {
      for (let due = rest.shift(); due !== undefined && clock.now() < deadline; due = rest.shift()) {
        if (await taken(due)) looked += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return looked;
  };
}
