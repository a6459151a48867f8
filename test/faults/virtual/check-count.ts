/**
 * Unprotected seconds as the product counts them, against a walk beside it (docs/faults.md): at each write of a position,
 * and each second between, it is asked of what is stored alone whether it lacks protection, and the time is added.
 *
 * What the two may differ by is what lies between the instant that a writer took for now and its write, by its own clock
 * (a due time that is put off counts as one: that it was late by the time it was is not known to who puts it off); and a
 * second for each stretch, between two looks.
 */
import { windowEndsAt } from '../../../shared/domain/confirmation.ts';
import { levelsOf, windowsOf } from '../../../shared/domain/levels.ts';
import { isClosed } from '../../../shared/domain/positions.ts';
import type { SymbolSpec } from '../../../shared/domain/symbol-spec.ts';
import { timeStopAt } from '../../../shared/domain/time-stop.ts';
import type { Position } from '../../../shared/domain/types.ts';
import { unprotectedBy } from '../../../shared/domain/unprotected.ts';
import type { Write } from './check-commits.ts';
import type { Kernel } from './kernel.ts';
import type { Outside } from './outside.ts';
import type { Violations } from './violations.ts';

const LOOK_MS = 1_000;
const OVERDUE_MS = 2_000;

export interface CountParts {
  readonly kernel: Kernel;
  readonly outside: Outside;
  readonly violations: Violations;
  readonly spec: SymbolSpec;
  /** How far two machines' clocks may be apart, ms. */
  readonly apartMs: number;
}

interface Walked {
  position: Position;
  /** The stops of its last note, as text; null: none, or they have left the index since. */
  told: string | null;
  seenAt: number;
  wroteAt: number;
  bareSince: number | null;
  bareMs: number;
  slackMs: number;
}

export class CountCheck {
  /** Of all positions, ms: as the product says, and as this walk does. */
  countedMs = 0;
  walkedMs = 0;
  readonly #parts: CountParts;
  readonly #walked = new Map<string, Walked>();
  #isLooking = false;
  #isOver = false;

  constructor(parts: CountParts) {
    this.#parts = parts;
  }

  /** A position was written. */
  wrote(position: Position, { askedAt, filledAt }: Write): void {
    const { now } = this.#parts.kernel;
    const one = this.#walked.get(position.positionId) ?? {
      ...{ position, told: null, seenAt: now, wroteAt: now, bareSince: null, bareMs: 0, slackMs: 0 },
    };
    this.#walked.set(position.positionId, one);
    this.#look(one, one.position);
    const before = one.position;
    const wasBare = one.bareSince !== null;
    // Since the fill at the venue, whenever that is booked: the first one, and one after all had been sold.
    const heldFrom = before.quantity.isZero() ? (filledAt ?? now) : now;
    this.#tell(one, before, position);
    one.position = position;
    one.wroteAt = now;
    const bare = position.flatten === null ? this.#bareFrom(one, position) : null;
    const from = bare === null ? (lateFrom(before, position) ?? now) : Math.max(heldFrom, bare);
    if (from < now) one.bareSince = Math.min(one.bareSince ?? from, from);
    this.#look(one, position);
    const isHeld = !before.quantity.isZero() || !position.quantity.isZero();
    if (isHeld) one.slackMs += this.#parts.apartMs;
    // By the writer's own clock, when it began to write.
    if (wasBare || one.bareSince !== null || from < now || position.flatten !== null) {
      const began = position.updatedAt === before.updatedAt ? askedAt : Math.min(position.updatedAt, askedAt);
      one.slackMs += Math.abs(now - began);
    }
    if (!this.#isLooking) this.#lookLater();
  }

  /** Its due time alone: whoever moved it judged, when it asked for that, that nothing was late. */
  movedDue(positionId: string, askedAt: number): void {
    const one = this.#walked.get(positionId);
    if (one !== undefined) one.slackMs += this.#parts.apartMs + this.#parts.kernel.now - askedAt;
  }

  /** Compares, and looks no more. */
  end(): void {
    for (const one of this.#walked.values()) {
      this.#look(one, this.#stored(one));
      const { position: p, bareSince, slackMs } = one;
      const { now } = this.#parts.kernel;
      const walked = one.bareMs + (bareSince === null ? 0 : now - bareSince);
      const counted = unprotectedBy(p, now).ms;
      this.walkedMs += walked;
      this.countedMs += counted;
      if (Math.abs(walked - counted) <= slackMs) continue;
      const text = `${p.positionId}: it says ${counted} ms without protection, a walk says ${walked}, give or take ${slackMs}`;
      this.#parts.violations.add('unprotected_miscounted', text, [p.positionId]);
    }
    this.#isOver = true;
  }

  #tell(one: Walked, before: Position, p: Position): void {
    if (p.armedVersion === p.levelsVersion && p.flatten === null && !isClosed(p)) one.told = this.#stops(p);
    else if (before.confirming.length !== p.confirming.length || before.quantity.isZero() || isClosed(before))
      one.told = null;
  }

  /** Prices and kinds of what stops it; where it is liquidated is not counted. */
  #stops(p: Position): string {
    const stops = levelsOf(p, this.#parts.spec).filter(
      ({ member }) => !/take_profit|trigger|liquidation/.test(member),
    );
    return stops
      .map((level) => {
        const at = level.kind === 'fixed' ? level.price : JSON.stringify([level.distance, level.activation]);
        return `${level.member} ${level.source} ${at}`;
      })
      .join(', ');
  }

  /** Since when it is without protection, 0 = for as long as it has stood like this; null: it is not. */
  #bareFrom(one: Walked, p: Position): number | null {
    const { now } = this.#parts.kernel;
    if (isClosed(p) || p.quantity.isZero()) return null;
    const overdue = (times: readonly (number | null | undefined)[]): number | null => {
      const late = times.flatMap((at) => (at != null && now > at + OVERDUE_MS ? [at + OVERDUE_MS] : []));
      return late.length === 0 ? null : Math.min(...late);
    };
    if (p.flatten !== null) return overdue([Math.max(p.dueAt ?? 0, one.wroteAt)]);
    const stops = this.#stops(p);
    if (stops !== '' && stops !== one.told) return 0;
    const ends = windowsOf(p).map((window) => windowEndsAt(window, p.protection));
    return overdue([timeStopAt(p), p.resident?.owed?.until, ...ends]);
  }

  /** The time since the last look, by what was stored then. */
  #look(one: Walked, p: Position): void {
    const { now } = this.#parts.kernel;
    const from = this.#bareFrom(one, p);
    if (from === null) {
      if (one.bareSince !== null) one.bareMs += now - one.bareSince;
      one.bareSince = null;
    } else if (one.bareSince === null) {
      one.bareSince = Math.max(one.seenAt, from);
      one.slackMs += LOOK_MS;
    }
    one.seenAt = now;
  }

  /** With its due time as it was put off. */
  #stored({ position }: Walked): Position {
    return this.#parts.outside.ledger.positionItems.get(position.positionId) ?? position;
  }

  #lookLater(): void {
    this.#isLooking = true;
    this.#parts.kernel.after(LOOK_MS, () => {
      this.#isLooking = false;
      if (this.#isOver) return;
      let isLive = false;
      for (const one of this.#walked.values()) {
        if (isClosed(one.position)) continue;
        isLive = true;
        one.position = this.#stored(one);
        this.#look(one, one.position);
      }
      if (isLive) this.#lookLater();
    });
  }
}

/** From when on a stop was overdue that was reached, and that this write claims at last. */
function lateFrom(before: Position, { flatten }: Position): number | null {
  const trigger = flatten?.trigger ?? null;
  if (before.flatten !== null || flatten === null || trigger === null) return null;
  const isStop = ['stop_loss', 'break_even', 'trailing_stop'].includes(trigger.levelName);
  const hasWaited =
    before.confirming.some((window) => window.trigger.tickId === trigger.tickId) ||
    before.resident?.owed != null;
  if (!isStop || hasWaited) return null;
  // Armed behind the market it was reached when it was armed.
  const armedAt =
    trigger.cause === 'armed' ? (before.armings[trigger.levelName]?.at ?? null) : trigger.tickAt;
  return armedAt === null ? null : Math.max(trigger.tickAt, armedAt) + OVERDUE_MS;
}
