/**
 * Refusals on a position's timeline, paced: the same one of the same level is written once a minute at most, so that a
 * level which is reached again and again cannot flood it. What is left out is in the log, each time.
 *
 * Writers that decide within the same moment may each write theirs.
 */
import type { PositionAction } from '../domain/types.ts';
import type { Ledger } from '../ports/ledger.ts';

export const REFUSAL_PACE_MS = 60_000;

export const saysTheSame = (a: PositionAction, b: PositionAction): boolean =>
  a.kind === b.kind && ['level_name', 'why', 'order_id'].every((name) => a.facts[name] === b.facts[name]);

/** Was the same told within the last minute, or `paceMs`, by any machine's clock? */
export async function isToldLately(
  ledger: Pick<Ledger, 'actionsBetween'>,
  positionId: string,
  action: PositionAction,
  paceMs = REFUSAL_PACE_MS,
): Promise<boolean> {
  const from = Math.max(action.at - paceMs + 1, 0);
  const stretch = { from, to: action.at + paceMs, after: null, limit: null };
  const lately = await ledger.actionsBetween(positionId, stretch);
  return lately.some(({ item }) => saysTheSame(item, action));
}

/** Writes a refusal that changes nothing else, unless it was told lately. */
export async function noteRefusal(
  ledger: Pick<Ledger, 'actionsBetween' | 'commit'>,
  positionId: string,
  action: PositionAction,
): Promise<void> {
  if (await isToldLately(ledger, positionId, action)) return;
  await ledger.commit({ actions: [{ positionId, action }] });
}
