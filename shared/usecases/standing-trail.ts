/**
 * How far a position's trailing stop has come: the best price since it was armed, by the tape and the price shown
 * (design section 8: a trailing move is derived, not stored). What the last second has brought besides is in the index,
 * which goes on from the better of the two.
 */
import { levelsOf, windowsOf } from '../domain/levels.ts';
import { maxOf, minOf } from '../domain/money/decimal.ts';
import type { SymbolSpec } from '../domain/symbol-spec.ts';
import { unitsToDecimal } from '../domain/triggers/units.ts';
import type { Arming, Position } from '../domain/types.ts';
import { priceBySource } from './arm-levels.ts';
import type { Ports } from './ports.ts';
import { replayTape, tapeSince } from './replay-tape.ts';

/** As a new arming of it would begin; null where there is none, it has not begun, or no price is shown. */
export async function standingTrail(
  ports: Pick<Ports, 'prices' | 'tape'>,
  p: Position,
  spec: SymbolSpec,
  now: number,
): Promise<Arming | null> {
  // One that was reached and waits has come to where it was reached.
  const waiting = windowsOf(p).find(({ trigger }) => trigger.levelName === 'trailing_stop');
  if (waiting !== undefined) return { tick: waiting.trigger.tickId, at: now, peak: waiting.trigger.peak };
  const level = levelsOf(p, spec).find((one) => one.kind === 'trailing');
  const price = level === undefined ? null : await ports.prices.price(p.symbol);
  if (level?.kind !== 'trailing' || price === null) return null;
  const tape = await tapeSince(ports, p.symbol, level.armedAt);
  const entryMinutes = new Map([[p.positionId, p.entryMinute?.bars ?? []]]);
  const { levels, hits } = replayTape([level], { ...tape, entryMinutes });
  const [left] = levels;
  const reached = hits[0]?.peak ?? (left?.kind === 'trailing' ? left.peak : null);
  if (reached === null && level.activation !== null) return null;
  const shown = priceBySource(price, level.source);
  const best = p.side === 'long' ? maxOf : minOf;
  const peak = reached === null ? shown : best(shown, unitsToDecimal(reached, spec.unitExponent));
  return { tick: price.tickId, at: now, peak };
}
