/** The risk items of wallets in memory: what a commit adds to them, and how limits are set (design section 12). */

import { type Decimal, ZERO } from '../../../shared/domain/money/decimal.ts';
import {
  isOpen,
  limitsLoss,
  NO_LIMITS,
  UNTOUCHED,
  type WalletRisk,
} from '../../../shared/domain/risk/limits.ts';
import { dayText, withResult } from '../../../shared/domain/risk/results.ts';
import { plus, riskChanges } from '../../../shared/domain/risk/use.ts';
import type { Commit, DueWallet, LimitsChange, RiskMark } from '../../../shared/ports/ledger.ts';
import { frozen } from './frozen.ts';
import type { Write } from './shelf.ts';

/** What was realized in UTC days, by wallet and day. */
export type RiskDays = Map<string, Decimal>;
export const riskDay = (walletId: string, day: number): string => `${walletId} ${dayText(day)}`;

/** When losses are to be looked at, by wallet. */
export type LossChecks = Map<string, number>;
export interface RiskShelves {
  readonly riskItems: Map<string, WalletRisk>;
  readonly riskDays: RiskDays;
  readonly lossChecks: LossChecks;
}

export function countings(
  { riskItems: items, riskDays: days, lossChecks }: RiskShelves,
  commit: Commit,
): Write[] {
  const { orders = [], positions = [], risk: gate = null } = commit;
  const changes = riskChanges(orders, positions);
  if (gate !== null && !changes.some(({ walletId }) => walletId === gate.walletId)) {
    throw new Error(`a commit asks the limits of ${gate.walletId} and changes nothing of it`);
  }
  return changes.flatMap(({ walletId, by, newAt, at, result }) => {
    const stored = items.get(walletId) ?? UNTOUCHED;
    const own = gate?.walletId === walletId ? gate : null;
    const minute = own?.minute ?? null;
    const next: WalletRisk = {
      ...withResult(stored, result),
      ...plus(stored, by),
      newAt: newAt ?? stored.newAt,
      ...(minute !== null && {
        minute: minute.minute,
        minuteOrders: minute.isNew ? 1 : stored.minuteOrders + 1,
      }),
      revision: stored.revision + 1,
    };
    const counted = {
      name: `risk of ${walletId}`,
      isStale: own !== null && !isOpen(own, stored),
      put: () => {
        items.set(walletId, frozen(next));
        lossChecks.set(walletId, at);
      },
    };
    if (result === null || result.realized.isZero()) return [counted];
    const place = riskDay(walletId, result.day);
    const ofDay = {
      name: `results of ${place}`,
      isStale: false,
      put: () => void days.set(place, (days.get(place) ?? ZERO).plus(result.realized)),
    };
    return [counted, ofDay];
  });
}

export function changeLimits(
  { riskItems: items, lossChecks }: RiskShelves,
  { walletId, before, limits, counted, startsPeak, forgetsActed, checkAt }: LimitsChange,
): boolean {
  const stored = items.get(walletId) ?? UNTOUCHED;
  const isStale =
    counted === null
      ? stored.limitsVersion !== (before?.limitsVersion ?? 0)
      : stored.revision !== (before?.revision ?? 0);
  if (isStale) return false;
  const next: WalletRisk = {
    ...stored,
    ...(counted !== null && { ...counted, counted: true }),
    limits,
    ...(startsPeak && { peak: null }),
    ...(forgetsActed && { acted: null }),
    limitsVersion: (before?.limitsVersion ?? 0) + 1,
    revision: stored.revision + 1,
  };
  items.set(walletId, frozen(next));
  if (checkAt !== null) lossChecks.set(walletId, checkAt);
  return true;
}

export function noteMark({ riskItems: items }: RiskShelves, note: RiskMark): boolean {
  const stored = items.get(note.walletId);
  if (stored === undefined) return false;
  const holds =
    'revision' in note ? stored.revision === note.revision : stored.limitsVersion === note.limitsVersion;
  const isNew = holds && givesWay(stored, note.mark);
  if (isNew) items.set(note.walletId, frozen({ ...stored, ...note.mark }));
  return isNew;
}

function givesWay({ dayStart, peak, acted }: WalletRisk, mark: RiskMark['mark']): boolean {
  if ('acted' in mark) return JSON.stringify(acted) !== JSON.stringify(mark.acted);
  return 'dayStart' in mark
    ? dayStart === null || dayStart.day < mark.dayStart.day
    : peak === null || peak.lessThan(mark.peak);
}

/** As the sparse index has them: of wallets with limits of loss. */
export const dueLossChecks = (
  { riskItems, lossChecks }: RiskShelves,
  isInShard: (walletId: string) => boolean,
  now: number,
): DueWallet[] =>
  [...lossChecks]
    .filter(([walletId, dueAt]) => dueAt <= now && isInShard(walletId))
    .filter(([walletId]) => limitsLoss(riskItems.get(walletId)?.limits ?? NO_LIMITS))
    .map(([walletId, dueAt]) => ({ walletId, dueAt }))
    .sort((a, b) => a.dueAt - b.dueAt);
