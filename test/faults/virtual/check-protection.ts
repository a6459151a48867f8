/**
 * Protected at an instant (design section 9), looked at each virtual second and at each commit of a position: what is
 * held is dust; or its stop is in the index at its price, or reached and waiting for its exit no longer than 2 s; or its
 * stop waits to be confirmed, what ends that early is in the index, and its time is over no longer than 2 s ago; or it is
 * closing, and the next step of that is not overdue by more than 2 s; or its stop rests at the exchange and nobody has
 * asked for its end; or that order has first right at its level, and the claim after it is not overdue by more than 2 s. A
 * time stop that is over for longer than 2 s is none.
 *
 * What is not protected may be so for as long as the bounds and the faults say (docs/faults.md has the rule in words):
 * the bound counts from the last fault that may have kept anybody from protecting it.
 */
import { boundPrice } from '../../../shared/domain/confirmation.ts';
import { confirmAt } from '../../../shared/domain/due.ts';
import { levelsOf, toUnits, wantsLevels, windowsOf } from '../../../shared/domain/levels.ts';
import { liquidationPrice } from '../../../shared/domain/margin.ts';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import { isClosed, isDust } from '../../../shared/domain/positions.ts';
import type { SymbolSpec } from '../../../shared/domain/symbol-spec.ts';
import { timeStopAt } from '../../../shared/domain/time-stop.ts';
import type { Level, Units } from '../../../shared/domain/triggers/types.ts';
import { unitsToDecimal } from '../../../shared/domain/triggers/units.ts';
import type { Flatten, Position } from '../../../shared/domain/types.ts';
import type { Chaos } from './chaos.ts';
import { SYMBOL } from './exchange.ts';
import type { Kernel } from './kernel.ts';
import type { Outside } from './outside.ts';
import type { Scenario } from './scenario.ts';
import type { Violations } from './violations.ts';

const LOOK_EVERY_MS = 1_000;
/** In the calm, while all are protected and none is closing: nothing strikes, so what changes is a write. */
const LOOK_SELDOM_MS = 5_000;
/** From the first report of a fill, or a change of the stop, to the stop in the index. */
const ARMED_MS = 3_000;
/** From the loss of the index to its rebuild. */
const REBUILT_MS = 5_000;
/** A due step, or a hit that can be taken, is late from then on. */
const OVERDUE_MS = 2_000;
/** Work younger than this is left to its own message (redrive-due.ts), and a sweep comes once a second. */
const SWEPT_MS = 1_500;
/** Two ticks of one second, before anybody has heard of the first: the later one may be back, and is not told apart. */
const SAME_SECOND_MS = 1_000;
/** A hit that is older is judged by the price of now. */
const HIT_VALID_MS = 30_000;
const STOPS = ['stop_loss', 'break_even', 'trailing_stop'];

export interface ProtectionParts {
  readonly kernel: Kernel;
  readonly chaos: Chaos;
  readonly outside: Outside;
  readonly scenario: Scenario;
  readonly violations: Violations;
}

interface Watched {
  /** The position as last seen, and its stops as they should be in the index. */
  position: Position;
  stops: readonly Level[];
  wroteAt: number;
  /** When it was last changed, or seen protected. */
  fineAt: number;
  /** Since when it has been without protection; null: it has it. */
  bareSince: number | null;
  /** For too long, and told so. */
  isTold: boolean;
  /** Where its stop loss is, also while that waits to be confirmed; null: there is none. Of a short negative, as its prices. */
  loss: number | null;
  /** The lowest bid since its stop loss has been where it is. */
  low: number;
  /** Since when each bid was at the stop loss or beyond it; null: the last one was not. */
  beyondSince: number | null;
  /** The longest time for which that was so, of those that are over. */
  beyondMs: number;
  /** Since when a stop of it waits to be confirmed; null: none does. */
  waitsSince: number | null;
  /** A price has reached the armed stop loss, and no exit has followed yet. */
  isReached: boolean;
  /** Where it is liquidated, signed as `loss`; null: nowhere. */
  edge: number | null;
  /** The same of that. */
  isPast: boolean;
}

interface Bare {
  readonly why: string;
  /** Where it is known better than by the last look. */
  readonly since?: number;
  readonly boundMs: number;
  /** Work that is due at a time: a write finds it due at once, however late its next try would have been. */
  readonly isTimed?: true;
}

/** Was the old stop reached, and is the new one nearer to the market? One with a delay begins anew. */
const isReachedBefore = (
  { protection }: Position,
  before: number | null,
  after: number | null,
  low: number,
): boolean =>
  protection.confirmSeconds === 0 && before !== null && after !== null && after > before && low <= before;

export class ProtectionCheck {
  /** Of all positions, ms. */
  bareMs = 0;
  longestBareMs = 0;
  /** With a stop that waits to be confirmed, ms: counts as protected. */
  confirmingMs = 0;
  /** The longest time without protection since a fault that may have caused it. */
  longestUndisturbedMs = 0;
  readonly #parts: ProtectionParts;
  readonly #spec: SymbolSpec;
  readonly #watched = new Map<string, Watched>();
  /** How far two machines' clocks may be apart: what one writes as due now the other may find due so much later. */
  readonly #apartMs: number;
  /** The prices that close a long and a short; the latter negative, so that for both less is worse. */
  #closing = { long: Number.POSITIVE_INFINITY, short: Number.POSITIVE_INFINITY };
  #isLooking = false;
  #isOver = false;

  constructor(parts: ProtectionParts) {
    this.#parts = parts;
    const spec = parts.outside.venue.specs.find(({ symbol }) => symbol === SYMBOL);
    if (spec === undefined) throw new Error(`the exchange does not know ${SYMBOL}`);
    this.#spec = spec;
    const { weather, localStepEveryMs, localStepMs } = parts.scenario;
    this.#apartMs = 2 * (weather.skewMs + (localStepEveryMs > 0 ? 2 * localStepMs : 0));
  }

  get measures(): { readonly spec: SymbolSpec; readonly apartMs: number } {
    return { spec: this.#spec, apartMs: this.#apartMs };
  }

  /** A position was written. */
  wrote(position: Position): void {
    const { now } = this.#parts.kernel;
    const known = this.#watched.get(position.positionId);
    const stops = this.#stopsOf(position);
    const loss = this.#lossOf(position, stops);
    const edge = this.#edgeOf(position);
    const waits = windowsOf(position).length > 0;
    if (known === undefined) {
      const times = { wroteAt: now, fineAt: now, bareSince: null, waitsSince: waits ? now : null };
      const seen = {
        isTold: false,
        isReached: false,
        edge,
        isPast: false,
        ...this.#fromNow(loss, position.side),
      };
      this.#watched.set(position.positionId, { position, stops, loss, ...times, ...seen });
    } else {
      this.#checkCause(known, position);
      if (position.flatten !== null || loss !== known.loss) {
        const { low } = known;
        Object.assign(known, this.#fromNow(loss, position.side));
        // What had reached it has reached a tighter one too: an exit that is owed for it stands.
        if (isReachedBefore(known.position, known.loss, loss, low)) known.low = low;
        known.isReached = false;
      }
      if (position.flatten !== null || edge !== known.edge) known.isPast = false;
      known.edge = edge;
      if (known.waitsSince !== null) this.confirmingMs += now - known.waitsSince;
      known.waitsSince = waits ? now : null;
      known.loss = loss;
      known.position = position;
      known.wroteAt = now;
      known.stops = stops;
      if (known.bareSince === null) known.fineAt = now;
      this.#look(known);
    }
    if (!this.#isLooking) this.#lookLater();
  }

  /** A price as the system is shown it. */
  tick(bid: number, ask: number): void {
    this.#closing = { long: bid, short: -ask };
    const { now } = this.#parts.kernel;
    for (const one of this.#watched.values()) {
      const { loss, edge } = one;
      const price = this.#closing[one.position.side];
      const isArmed = one.position.armedVersion === one.position.levelsVersion;
      if (edge !== null && price <= edge && isArmed) one.isPast = true;
      if (loss === null) continue;
      one.low = Math.min(one.low, price);
      const { protection } = one.position;
      if (price <= loss && isArmed) one.isReached = true;
      if (price <= loss) {
        one.beyondSince ??= now;
        continue;
      }
      if (one.beyondSince !== null) one.beyondMs = Math.max(one.beyondMs, now - one.beyondSince);
      one.beyondSince = null;
      // Whoever waits forgets what came back.
      if (protection.confirmSeconds > 0) one.isReached = false;
    }
  }

  #fromNow(loss: number | null, side: Position['side']): Pick<Watched, 'low' | 'beyondSince' | 'beyondMs'> {
    const price = this.#closing[side];
    const isBeyond = loss !== null && price <= loss;
    return { low: price, beyondSince: isBeyond ? this.#parts.kernel.now : null, beyondMs: 0 };
  }

  #lossOf(p: Position, stops: readonly Level[]): number | null {
    const sign = p.side === 'long' ? 1 : -1;
    const waiting = windowsOf(p).find(({ trigger }) => trigger.levelName === 'stop_loss');
    if (waiting !== undefined) {
      return sign * toUnits(waiting.trigger.level, this.#spec, sign === 1 ? 'up' : 'down');
    }
    const loss = stops.find(({ member }) => member.endsWith('|stop_loss'));
    return loss?.kind === 'fixed' ? sign * loss.price : null;
  }

  #edgeOf(p: Position): number | null {
    const at = p.status === 'open' && p.flatten === null ? liquidationPrice(p, this.#spec) : null;
    if (at === null) return null;
    return p.side === 'long' ? toUnits(at, this.#spec, 'up') : -toUnits(at, this.#spec, 'down');
  }

  /** The product has decided, and says so, that it does not follow. */
  dropped(positionId: string): void {
    const one = this.#watched.get(positionId);
    if (one !== undefined) Object.assign(one, { isReached: false, isPast: false });
  }

  /** So does it where the hit is old and the price has come back since; from then on the stop is armed anew. */
  refused(positionId: string, tickAt: number): void {
    const one = this.#watched.get(positionId);
    if (one === undefined) return;
    const ageMs = this.#parts.kernel.now - tickAt;
    if (ageMs < HIT_VALID_MS - this.#apartMs) return;
    const price = this.#closing[one.position.side];
    if (one.loss !== null && price > one.loss) one.isReached = false;
    if (one.edge !== null && price > one.edge) one.isPast = false;
  }

  /** Looks no more. */
  end(): void {
    for (const one of this.#watched.values()) {
      this.#look(one);
      const { position: p } = one;
      if (isClosed(p) || this.#isDust(p)) continue;
      const missed = (kind: string, what: string): void =>
        this.#parts.violations.add(
          kind,
          `${p.positionId}: a price has reached its ${what}, and no exit came of it`,
          [p.positionId],
        );
      if (one.isReached) missed('stop_missed', 'stop');
      if (one.isPast) missed('liquidation_missed', 'liquidation');
    }
    this.#isOver = true;
  }

  /**
   * A stop loss sells where a price has reached it since it is there, and not for what was before; one with a delay where
   * the price has stayed there for so long, or was beyond the bound.
   */
  #checkCause(known: Watched, { positionId, flatten }: Position): void {
    const { position: before, loss, low } = known;
    if (before.flatten === null && flatten?.cause === 'time_stop') this.#checkTime(before);
    if (before.flatten === null && flatten?.cause === 'liquidation') this.#checkLiquidation(before, flatten);
    if (before.flatten !== null || flatten?.cause !== 'stop_loss' || loss === null) return;
    const invented = (why: string): void =>
      this.#parts.violations.add('stop_invented', `${positionId}: sold by its stop at ${loss}, ${why}`, [
        positionId,
      ]);
    // Sold by its resident order, or refused as one that would trigger at once: by the exchange's own last price.
    // It may rest for a moment where none is asked for any more.
    const mayRest = before.protection.resident !== 'none' || before.resident?.resting != null;
    if (mayRest && flatten.trigger === null) return;
    if (low > loss) invented(`which no price has reached: ${low} was the lowest`);
    const { confirmSeconds } = before.protection;
    if (confirmSeconds === 0 || low > loss) return;
    const isLong = before.side === 'long';
    const level = unitsToDecimal(Math.abs(loss) as Units, this.#spec.unitExponent);
    const far = toUnits(
      boundPrice(level, before.side, before.protection),
      this.#spec,
      isLong ? 'up' : 'down',
    );
    const bound = isLong ? far : -far;
    const { now } = this.#parts.kernel;
    const beyondMs = Math.max(known.beyondMs, known.beyondSince === null ? 0 : now - known.beyondSince);
    const leastMs = confirmSeconds * 1000 - SAME_SECOND_MS - this.#apartMs;
    if (low <= bound || beyondMs >= leastMs) return;
    invented(`after ${beyondMs} ms beyond it, where it waits ${confirmSeconds} s: ${low} was the lowest`);
  }

  /** A position is liquidated where its collateral does not cover what is kept, and nowhere else. */
  #checkLiquidation(p: Position, { trigger }: Flatten): void {
    if (p.margin !== null && trigger !== null) {
      const { leverage, maintenanceRate, feeRate } = p.margin;
      const worth = p.quantity.times(trigger.price);
      const gain = p.side === 'long' ? worth.minus(p.cost) : p.cost.minus(worth);
      const kept = worth.times(maintenanceRate.plus(feeRate));
      // The level lies on the tick that comes earlier.
      const tick = p.quantity.times(this.#spec.tickSize);
      if (p.cost.dividedBy(leverage).plus(gain).minus(kept).lessThanOrEqualTo(tick)) return;
    }
    const text = `${p.positionId}: liquidated at ${trigger?.price.toFixed() ?? 'no price'}, which its collateral covers`;
    this.#parts.violations.add('liquidation_invented', text, [p.positionId]);
  }

  /** A time stop closes at its time and not before, by any machine's clock. */
  #checkTime(before: Position): void {
    const at = timeStopAt(before);
    const { now } = this.#parts.kernel;
    if (at !== null && at <= now + this.#apartMs) return;
    const text = `${before.positionId}: closed by its time stop, which is ${at === null ? 'none' : `${at - now} ms away`}`;
    this.#parts.violations.add('time_stop_early', text, [before.positionId]);
  }

  #lookLater(): void {
    this.#isLooking = true;
    const { kernel, chaos } = this.#parts;
    const isQuiet = (one: Watched): boolean => one.bareSince === null && one.position.flatten === null;
    const isSeldom = chaos.isOver && [...this.#watched.values()].every(isQuiet);
    kernel.after(isSeldom ? LOOK_SELDOM_MS : LOOK_EVERY_MS, () => {
      this.#isLooking = false;
      if (this.#isOver) return;
      this.#missSweeps();
      for (const [id, one] of this.#watched) {
        this.#look(one);
        if (isClosed(one.position)) this.#watched.delete(id);
      }
      if (this.#watched.size > 0) this.#lookLater();
    });
  }

  /** Sweeps that were lost, are late, or were never sent because their sender was struck, are felt until the next one. */
  #missSweeps(): void {
    const { chaos, kernel } = this.#parts;
    const { message_lost = 0, message_late = 0, dispatch_failed = 0 } = chaos.counts;
    // In the calm a sweep comes at each second at which something is due (quiet.ts).
    if (chaos.isOver || message_lost + message_late + dispatch_failed === 0) return;
    if (kernel.now - chaos.sweptAt > SWEPT_MS) chaos.disturb(kernel.now + 1_000);
  }

  #stopsOf(p: Position): readonly Level[] {
    if (!wantsLevels(p)) return [];
    const stops = levelsOf(p, this.#spec).filter(({ member }) => {
      const name = member.slice(member.indexOf('|') + 1);
      return STOPS.includes(name) || name.startsWith('confirm_');
    });
    return [...stops, ...this.#liquidationOf(p)];
  }

  /** What the index has to hold of it, made here: whoever has no such level is not protected by it. */
  #liquidationOf(p: Position): readonly Level[] {
    const edge = this.#edgeOf(p);
    if (edge === null) return [];
    const isLong = p.side === 'long';
    const { triggerPrice } = p.protection;
    const source = triggerPrice !== 'bid_ask' ? triggerPrice : isLong ? 'bid' : 'ask';
    return [
      {
        ...{ kind: 'fixed', direction: isLong ? 'falls' : 'rises', source, price: Math.abs(edge) as Units },
        ...{ member: `${p.positionId}|liquidation`, version: p.levelsVersion, armedTick: -1, armedAt: 0 },
      },
    ];
  }

  #look(one: Watched): void {
    const { kernel, chaos } = this.#parts;
    const { now } = kernel;
    // Only what moves its due time on is written without a commit.
    one.position = this.#parts.outside.ledger.positionItems.get(one.position.positionId) ?? one.position;
    const bare = this.#bareOf(one);
    if (bare === null) {
      if (one.bareSince !== null) this.#count(one.bareSince, now);
      one.bareSince = null;
      one.isTold = false;
      one.fineAt = now;
      return;
    }
    one.bareSince ??= bare.since ?? one.fineAt;
    const { position } = one;
    // A step that was struck is tried again later and later; its item says when.
    const retryAt = position.dueTries > 0 ? (position.dueAt ?? 0) : 0;
    const writtenAt = bare.isTimed === true ? one.wroteAt + OVERDUE_MS : 0;
    const since = Math.max(one.bareSince, chaos.disturbedUntil, retryAt, writtenAt);
    this.longestUndisturbedMs = Math.max(this.longestUndisturbedMs, now - since - this.#apartMs);
    if (one.isTold || now - since <= bare.boundMs + this.#apartMs) return;
    one.isTold = true;
    const ms = now - one.bareSince;
    const text = `${position.positionId}: for ${ms} ms, ${now - since} of them undisturbed: ${bare.why}`;
    this.#parts.violations.add('unprotected_long', text, [position.positionId]);
  }

  #count(from: number, to: number): void {
    this.bareMs += to - from;
    this.longestBareMs = Math.max(this.longestBareMs, to - from);
  }

  /** What it lacks; null: it is protected, or needs to be no more. */
  #bareOf({ position: p, stops, wroteAt }: Watched): Bare | null {
    if (isClosed(p)) return null;
    const { now } = this.#parts.kernel;
    if (p.flatten !== null) {
      // A write is a step of it, whatever that leaves to be done.
      const since = Math.max(p.dueAt ?? wroteAt, wroteAt) + OVERDUE_MS;
      const why = `it is closing, and its next step was due at ${p.dueAt ?? 'no time'}`;
      return now > since ? { why, since, boundMs: SWEPT_MS } : null;
    }
    const timeUp = (timeStopAt(p) ?? now) + OVERDUE_MS;
    if (now > timeUp)
      return { why: 'its time stop is over', since: timeUp, boundMs: SWEPT_MS, isTimed: true };
    if (stops.length === 0 || this.#rests(p)) return null;
    const until = p.resident?.owed?.until;
    if (until !== undefined) {
      const since = until + OVERDUE_MS;
      const why = `the resident order went first, and the claim was due at ${until}`;
      return now > since ? { why, since, boundMs: SWEPT_MS } : null;
    }
    const index = this.#parts.outside.index.built.get(SYMBOL);
    if (index === undefined) {
      return this.#isDust(p) ? null : { why: 'the index is not rebuilt', boundMs: REBUILT_MS };
    }
    const levels = index.model.levels();
    for (const stop of stops) {
      if (levels.some((level) => isSame(level, stop))) continue;
      const hit = [...index.hits.values()].find((one) => one.hit.member === stop.member);
      if (hit === undefined) {
        return this.#isDust(p) ? null : { why: `${stop.member} is not in the index`, boundMs: ARMED_MS };
      }
      const since = hit.visibleAt + OVERDUE_MS;
      if (now <= since) continue;
      const why = `${stop.member} was reached, and could be taken from ${hit.visibleAt} on`;
      return this.#isDust(p) ? null : { why, since, boundMs: SWEPT_MS };
    }
    return this.#isDust(p) ? null : this.#unconfirmed(p);
  }

  /** A stop that waits, and whose time is over. */
  #unconfirmed(p: Position): Bare | null {
    const at = confirmAt(p);
    const since = (at ?? 0) + OVERDUE_MS;
    if (at === null || this.#parts.kernel.now <= since) return null;
    return { why: `a stop of it was to be confirmed at ${at}`, since, boundMs: SWEPT_MS, isTimed: true };
  }

  /** Its stop is in the exchange's book, by the ledger's own word. */
  #rests(p: Position): boolean {
    const id = p.resident?.resting?.orderId;
    const order = id === undefined ? undefined : this.#parts.outside.ledger.orderItems.get(id);
    const covers = order?.quantity.greaterThanOrEqualTo(p.quantity) === true;
    return covers && order?.status === 'open' && order.cancelWanted === null;
  }

  #isDust(p: Position): boolean {
    const price = this.#parts.outside.prices.shown.get(SYMBOL);
    return isDust(p.quantity, this.#spec, price === undefined ? null : decimal(price.bid));
  }
}

/** In the index as it should be: of this version, or of an older one and unchanged since. */
function isSame(level: Level, stop: Level): boolean {
  if (level.member !== stop.member || level.kind !== stop.kind) return false;
  if (level.version === stop.version) return true;
  if (level.kind === 'fixed' && stop.kind === 'fixed')
    return level.price === stop.price && level.source === stop.source;
  return (
    level.kind === 'trailing' &&
    stop.kind === 'trailing' &&
    JSON.stringify(level.distance) === JSON.stringify(stop.distance)
  );
}
