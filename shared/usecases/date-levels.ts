/**
 * Dates levels that were armed while no tick was known (design section 10).
 *
 * Of such a level only the clocks of two machines say which ticks came before it, and they may be a minute apart: a stop
 * that a rebuild finds reached within that has to be confirmed by a price that may be back by then. But whatever comes after
 * a rebuild has read of the level, and of the tape, is later than both: the tape's newest tick of that moment is kept with
 * the arming. It only spares the confirmation; which bars are read goes on by the arming itself.
 */
import { withDue } from '../domain/due.ts';
import { parseMember } from '../domain/levels.ts';
import type { Level } from '../domain/triggers/types.ts';
import type { Arming, Position } from '../domain/types.ts';
import type { Ports } from './ports.ts';

/** Positions that are written at a time; nearly always there are none. */
const AT_ONCE = 25;

/** With the arming of each of these levels dated; null where nothing is to be said of them. */
function dated(p: Position, levels: readonly Level[], newestTick: number): Position | null {
  const armings: Record<string, Arming> = {};
  for (const { member, version } of levels) {
    const { levelName } = parseMember(member);
    const arming = p.armings[levelName];
    // One that nobody has noted as armed may be armed after this tick.
    if (version !== p.armedVersion || arming === undefined || arming.tick !== -1) continue;
    if (arming.laterThan === undefined) armings[levelName] = { ...arming, laterThan: newestTick };
  }
  return Object.keys(armings).length === 0 ? null : { ...p, armings: { ...p.armings, ...armings } };
}

/**
 * `levels`: those that were not reached. Whoever writes a position meanwhile stands: its levels are dated by a later
 * rebuild, or not at all.
 */
export async function dateLevels(
  { ledger, clock }: Pick<Ports, 'ledger' | 'clock'>,
  positions: readonly Position[],
  levels: readonly Level[],
  newestTick: number,
): Promise<void> {
  const undated = Map.groupBy(
    levels.filter(({ armedTick }) => armedTick === -1),
    ({ member }) => parseMember(member).ownerId,
  );
  if (undated.size === 0) return;
  const changes = positions.flatMap((before) => {
    const after = dated(before, undated.get(before.positionId) ?? [], newestTick);
    return after === null ? [] : [{ before, after: withDue(after, clock.now()) }];
  });
  for (let from = 0; from < changes.length; from += AT_ONCE) {
    const some = changes.slice(from, from + AT_ONCE);
    await Promise.all(some.map((change) => ledger.commit({ positions: [change] })));
  }
}
