/** A replayed position's levels in the engine, and the rest of an order that waits: as arm-levels does it. */
import { positionNeedsArming, withDue } from '../../shared/domain/due.ts';
import { confirmArmed, levelsOf, parseMember } from '../../shared/domain/levels.ts';
import { orderLevels, orderMembers } from '../../shared/domain/order-levels.ts';
import { isClosed } from '../../shared/domain/positions.ts';
import type { Level } from '../../shared/domain/triggers/types.ts';
import type { Arming, Order, Position } from '../../shared/domain/types.ts';
import { possibleMembers } from '../../shared/usecases/arm-levels.ts';
import type { Lane } from './lane.ts';

export interface Armed {
  readonly position: Position;
  /** Level set that was last taken out of the engine for good. */
  readonly takenOut: number;
}

/** Brings the levels into the engine where they have changed, and out when the position leaves. */
export function armPosition({ position: p, takenOut }: Armed, lane: Lane): Armed {
  const isLeaving = isClosed(p) || p.flatten !== null;
  if (isLeaving ? takenOut === p.levelsVersion : !positionNeedsArming(p)) return { position: p, takenOut };
  const levels = levelsOf(p, lane.spec);
  const wanted = new Set(levels.map(({ member }) => member));
  const gone = possibleMembers(p).filter((member) => !wanted.has(member));
  const armedTick = lane.arm(
    levels,
    gone.map((member) => ({ member, version: p.levelsVersion })),
  );
  if (isLeaving) return { position: p, takenOut: p.levelsVersion };
  const now = lane.tick().at;
  const armings = Object.fromEntries(levels.map((level) => arming(level, armedTick, lane)));
  return { position: withDue(confirmArmed(p, p.levelsVersion, armings, now), now), takenOut };
}

function arming(level: Level, armedTick: number, lane: Lane): [string, Arming] {
  const tick = level.armedTick === -1 ? armedTick : level.armedTick;
  const trails = level.kind === 'trailing' && level.peak === null && level.activation === null;
  const peak = trails ? lane.price(level.source) : null;
  return [parseMember(level.member).levelName, { tick, at: level.armedAt, peak }];
}

/** The order as armed waits for the next tick. */
export function armOrder(order: Order, lane: Lane): void {
  lane.arm(orderLevels(order, lane.spec), []);
}

/** Whatever of the order was armed. */
export function disarmOrder(order: Order, lane: Lane): void {
  lane.arm(
    [],
    orderMembers(order).map((member) => ({ member, version: Number.MAX_SAFE_INTEGER })),
  );
}
