/**
 * A client's call that was refused, on the timeline of the position it was about (design section 18): "why was my close
 * not done?" is answered there, too.
 *
 * Always true: however many calls a client sends, and however many at a time, the timeline of a position gets at most
 * ten of them in an hour: each takes one of the hour's places, which the store gives away once. The same refusal is told
 * once a minute. What is left out is in the log.
 */
import type { PositionAction } from '../domain/types.ts';
import { REFUSAL_PACE_MS, saysTheSame } from './pace-refusals.ts';
import type { Ports } from './ports.ts';
import type { Refusal } from './refusal.ts';

export const MOST_TOLD_AN_HOUR = 10;
const HOUR_MS = 3_600_000;
const LONGEST_MESSAGE = 300;

export const REFUSED_CALLS = ['close_refused', 'protection_refused'] as const;
export type RefusedCall = (typeof REFUSED_CALLS)[number];

const isRefusedCall = ({ kind }: PositionAction): boolean => REFUSED_CALLS.some((known) => known === kind);

/** Refusals that are not about a position of this user are not told. Never fails: the answer to the client stands. */
export async function tellRefusal(
  { ledger, clock, log }: Pick<Ports, 'ledger' | 'clock' | 'log'>,
  positionId: string,
  kind: RefusedCall,
  { code, field, message }: Refusal,
): Promise<void> {
  if (code === 'not_found') return;
  const at = clock.now();
  log.info('CALL_REFUSED', { positionId, kind, code, field });
  const text = message.slice(0, LONGEST_MESSAGE);
  const action = { at, kind, facts: { why: code, ...(field !== null && { field }), message: text } };
  try {
    const hour = Math.floor(at / HOUR_MS);
    const stretch = { from: hour * HOUR_MS, to: (hour + 1) * HOUR_MS, after: null, limit: null };
    const told = (await ledger.actionsBetween(positionId, stretch))
      .map(({ item }) => item)
      .filter(isRefusedCall);
    const isKnown = told.some((one) => saysTheSame(one, action) && at - one.at < REFUSAL_PACE_MS);
    if (isKnown || told.length >= MOST_TOLD_AN_HOUR) return;
    // No client's own key has a space in it.
    const key = `refusal ${hour} ${told.length}`;
    const place = { ownerId: positionId, key, kind, bodyHash: '', at, orderIds: [] };
    await ledger.commit({ actions: [{ positionId, action }], keys: [place] });
  } catch (error) {
    log.warn('REFUSAL_NOT_TOLD', { positionId, kind, code, error: String(error) });
  }
}
