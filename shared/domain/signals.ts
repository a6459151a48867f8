/**
 * Signals of AI agents: what one may do to a position (design sections 8, 9).
 *
 * Pure. Always true:
 * - a signal acts only where the wallet's policy lets it, and only with the confidence that the policy asks for;
 * - without the policy's leave no sequence of signals puts a position's stop further away, or takes one from it;
 * - of a position that is being closed already nothing is changed.
 */
import { type Decimal, decimal, decimalText } from './money/decimal.ts';
import { isClosed } from './positions.ts';
import { changeProtection, roundProtection } from './protection.ts';
import type { Adjustment, Signal, SignalAsked, SignalPolicy, SignalReason } from './signal-facts.ts';
import { limitEndsAt } from './stop-limit.ts';
import type { SymbolSpec } from './symbol-spec.ts';
import type { Arming, Position, PositionSide, Protection } from './types.ts';

/** What holds for a wallet that says nothing else: signals are recorded, and do nothing by themselves. */
export const DEFAULT_SIGNAL_POLICY: SignalPolicy = {
  act: false,
  minConfidence: decimal('0.8'),
  allowLoosen: false,
};

export type SignalDecision =
  /** The position is closed: nothing is left to say about it. */
  | { readonly kind: 'closed' }
  /** A full exit has been claimed; the first claim stands. */
  | { readonly kind: 'already_closing' }
  | { readonly kind: 'record'; readonly reason: SignalReason | null }
  | { readonly kind: 'refuse'; readonly reason: SignalReason }
  | { readonly kind: 'close' }
  | { readonly kind: 'adjust'; readonly change: Adjustment };

/** What a signal does. What the market says of an adjustment's levels is looked at where it is carried out. */
export function decideSignal(
  p: Position,
  policy: SignalPolicy,
  signal: Pick<SignalAsked, 'action' | 'confidence' | 'adjust'>,
  spec: SymbolSpec,
): SignalDecision {
  if (isClosed(p)) return { kind: 'closed' };
  const { action, adjust } = signal;
  if (action === 'hold') return { kind: 'record', reason: null };
  // A close ends the time for which a stop's exit rests at its limit.
  const ends = action === 'close' && limitEndsAt(p) !== null;
  if (p.flatten !== null && !ends) return { kind: 'already_closing' };
  const held = heldBack(policy, signal.confidence);
  if (held !== null) return { kind: 'record', reason: held };
  if (action === 'close') return { kind: 'close' };
  if (adjust === null) throw new Error('an adjustment without levels');
  const loosened = policy.allowLoosen ? null : loosening(p, adjust, spec);
  return loosened === null ? { kind: 'adjust', change: adjust } : { kind: 'refuse', reason: loosened };
}

/** Why the policy holds a signal back; null = it may act. */
function heldBack({ act, minConfidence }: SignalPolicy, confidence: Decimal): SignalReason | null {
  if (!act) {
    return {
      code: 'acting_off',
      field: null,
      message: 'signals of this wallet are recorded and do not act by themselves',
      fix: 'let them act: PATCH the wallet with signal_policy.act',
      facts: {},
    };
  }
  if (confidence.greaterThanOrEqualTo(minConfidence)) return null;
  const least = decimalText(minConfidence);
  return {
    code: 'below_min_confidence',
    field: 'confidence',
    message: `a confidence of ${decimalText(confidence)} is below ${least}`,
    fix: "nothing is to be done; the least is the wallet's signal_policy.min_confidence",
    facts: { min_confidence: least },
  };
}

const loosens = (field: string, message: string, fix: string, now: string): SignalReason => ({
  code: 'stop_would_loosen',
  field: `adjust.${field}`,
  message,
  fix,
  facts: { now },
});

/** What of a position's stops an adjustment would put further away or take away; null = nothing. */
function loosening(p: Position, adjust: Adjustment, spec: SymbolSpec): SignalReason | null {
  const before = p.protection;
  const wanted = roundProtection({ ...before, ...adjust }, p.side, spec);
  return (
    looserStop(before, wanted, p.side) ?? looserTrailing(before, wanted, p.side) ?? looserEven(before, wanted)
  );
}

/** Is `a` further away from the market than `b`, as a stop of this side? */
const isFurther = (side: PositionSide, a: Decimal, b: Decimal): boolean =>
  side === 'long' ? a.lessThan(b) : a.greaterThan(b);

function looserStop(before: Protection, wanted: Protection, side: PositionSide): SignalReason | null {
  if (before.stopLoss === null) return null;
  const now = decimalText(before.stopLoss.price);
  const bound = side === 'long' ? 'at least' : 'at most';
  const fix = `send ${bound} ${now}, or leave it out`;
  if (wanted.stopLoss === null)
    return loosens('stop_loss', 'the position would lose its stop loss', fix, now);
  if (!isFurther(side, wanted.stopLoss.price, before.stopLoss.price)) return null;
  const message = `a ${side}'s stop loss may only tighten: ${decimalText(wanted.stopLoss.price)} is further away than ${now}`;
  return loosens('stop_loss', message, fix, now);
}

function looserTrailing(before: Protection, wanted: Protection, side: PositionSide): SignalReason | null {
  if (before.trailingStop === null) return null;
  const { distance: far, activationPrice: from } = before.trailingStop;
  const isPercent = 'percent' in far;
  const [unit, now] = isPercent
    ? ['distance_percent', decimalText(far.percent)]
    : ['distance_amount', decimalText(far.amount)];
  const fix = `send ${unit} of at most ${now}, or leave it out`;
  const next = wanted.trailingStop;
  if (next === null) return loosens('trailing_stop', 'the position would lose its trailing stop', fix, now);
  const [asked, known] = isPercent
    ? ['percent' in next.distance ? next.distance.percent : null, far.percent]
    : ['amount' in next.distance ? next.distance.amount : null, far.amount];
  if (asked === null) {
    return loosens(
      'trailing_stop',
      'a percentage and an amount cannot be compared for all prices to come',
      fix,
      now,
    );
  }
  if (asked.greaterThan(known)) {
    const message = `a trailing stop may only tighten: ${decimalText(asked)} is more than ${now}`;
    return loosens(`trailing_stop.${unit}`, message, fix, now);
  }
  const isLater =
    next.activationPrice !== null && (from === null || isFurther(side, from, next.activationPrice));
  if (!isLater) return null;
  const begins = from === null ? 'at once' : decimalText(from);
  return loosens(
    'trailing_stop.activation_price',
    `the trailing stop would begin later than now (${begins})`,
    from === null ? 'leave it out' : `send ${begins}, or leave it out to begin at once`,
    begins,
  );
}

function looserEven({ breakEven: before }: Protection, { breakEven: next }: Protection): SignalReason | null {
  if (before === null) return null;
  const activation = decimalText(before.activationProfitPercent);
  const offset = decimalText(before.offsetPercent);
  if (next === null) {
    const fix = 'leave it out';
    return loosens('break_even', 'the position would lose its break-even rule', fix, activation);
  }
  if (next.activationProfitPercent.greaterThan(before.activationProfitPercent)) {
    const message = `break-even may only come earlier: now at ${activation} %`;
    return loosens('break_even.activation_profit_percent', message, `send at most ${activation}`, activation);
  }
  if (!next.offsetPercent.lessThan(before.offsetPercent)) return null;
  const message = `the break-even stop may only tighten: its offset is ${offset} %`;
  return loosens('break_even.offset_percent', message, `send at least ${offset}`, offset);
}

/** Does the change go on with the trailing stop that is there, no looser than it? Then what that has reached counts. */
export const trailingGoesOn = (p: Position, wanted: Protection): boolean =>
  p.protection.trailingStop !== null &&
  wanted.trailingStop !== null &&
  wanted.triggerPrice === p.protection.triggerPrice &&
  looserTrailing(p.protection, wanted, p.side) === null;

/**
 * The position with another protection, as changed by a signal. `standing`: the best price that its trailing stop is
 * known to have reached, and the tick that it was known at; null = it does not trail yet, or is none. A trailing stop
 * that only tightens goes on from there; otherwise it would begin anew at the present price, and lie further away.
 */
export function adjustProtection(
  p: Position,
  wanted: Protection,
  standing: Arming | null,
  now: number,
): Position {
  const changed = changeProtection(p, wanted, now);
  const isSame = changed === p || changed.armings['trailing_stop'] !== undefined;
  if (standing === null || isSame || !trailingGoesOn(p, wanted)) return changed;
  return { ...changed, armings: { ...changed.armings, trailing_stop: standing } };
}

/** The position with one more signal said about it. */
export const withSignal = (p: Position, signal: Signal): Position => {
  const { signalId, at, action, confidence, urgency, agentId, outcome } = signal;
  const last = { signalId, at, action, confidence, urgency, agentId, outcome };
  return { ...p, signals: { count: (p.signals?.count ?? 0) + 1, last } };
};
