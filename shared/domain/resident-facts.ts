/** Resident protection of a position: what is kept of it. The rules are in residents.ts. Times are epoch milliseconds. */
import type { Decimal } from './money/decimal.ts';
import type { ExitCause, TriggerFacts } from './order-facts.ts';

/** `stop`: the stop rests at the venue, too. `oco`: the stop and the one take profit do, as one order list. */
export const RESIDENT_MODES = ['none', 'stop', 'oco'] as const;
export type ResidentMode = (typeof RESIDENT_MODES)[number];

/** Why nothing rests, though it is asked for. */
export const RESIDENT_REASONS = [
  /** There is no stop, or none yet (a trailing stop before its activation). */
  'no_stop',
  /** What is held is below what the venue takes. */
  'too_small',
  /** The market is past the stop, or at the target: the watched level acts. */
  'past_price',
  /** The symbol takes no stop orders. */
  'type_not_supported',
  /** The account's places for such orders are taken by positions that are nearer to their stops. */
  'no_slot',
  /** The venue takes no price so far away; asked again once it is nearer. */
  'band',
  'filter',
  'balance',
  'not_allowed',
  'market_closed',
  'no_price',
  'refused',
  /** It ended at the venue without a trade and without a wish of the position. */
  'ended_elsewhere',
] as const;
export type ResidentReason = (typeof RESIDENT_REASONS)[number];

/** The order that rests, or is on its way. */
export interface RestingResident {
  readonly orderId: string;
  readonly form: 'stop' | 'oco';
  /** The level that it stands for. */
  readonly levelName: string;
  readonly quantity: Decimal;
  readonly stopPrice: Decimal;
  readonly limitPrice: Decimal | null;
  readonly placedAt: number;
  /** From the price to the stop when it was placed, percent; null = no price was known. */
  readonly distance: Decimal | null;
}

/** A full exit that gives the resident order first right, or follows its refusal (`trigger` null): claimed at `until`. */
export interface OwedExit {
  readonly cause: ExitCause;
  /** The price that reached the level; the stop that was refused. */
  readonly price: Decimal | null;
  readonly trigger: TriggerFacts | null;
  readonly until: number;
}

export interface Resident {
  readonly resting: RestingResident | null;
  /** What of the position the last look has seen (`residentKey`); anything else is to be looked at. */
  readonly seen: string;
  /** The next look, whatever changes; null = none is owed. */
  readonly lookAt: number | null;
  /** Why nothing rests; null while something does, or none is asked for. */
  readonly why: ResidentReason | null;
  /** Refusals in a row: they space the looks out. */
  readonly tries: number;
  /** How far away the stop was when the venue found it too far, percent. */
  readonly bandAt: Decimal | null;
  /** `levelsVersion` whose list the venue has refused: of these levels the stop rests alone. */
  readonly listRefused: number | null;
  /** How far the trailing stop had come at the last look. */
  readonly trail: { readonly tick: number; readonly at: number; readonly peak: Decimal | null } | null;
  readonly owed: OwedExit | null;
}
