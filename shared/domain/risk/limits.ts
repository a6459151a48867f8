/**
 * A wallet's limits, and which of them an entry would break (design section 12).
 *
 * Pure. Always true:
 * - every limit that would be broken is named, with its figures;
 * - what would reach a limit exactly is within it;
 * - where a worth is not known, a limit on worth is broken: nothing unknown passes for nothing.
 */
import { type Decimal, decimalText } from '../money/decimal.ts';
import type { Acted } from './breach.ts';
import {
  type CooldownLimits,
  cooldownUntil,
  type LossLimits,
  NO_RESULTS,
  type ResultSums,
  type Results,
} from './results.ts';
import { exposureOf, NO_SUMS, type RiskSums } from './use.ts';

/** What a broken limit of loss does beside the pause and the cancel of entries. */
export const ON_BREACH = ['pause', 'flatten'] as const;

/** Null = no limit. Worth and losses in US dollars (use.ts, results.ts). */
export interface RiskLimits extends LossLimits, CooldownLimits {
  /** Of one position: what it has cost and what its entry may still buy. */
  readonly maxPositionNotional: Decimal | null;
  /** Of all positions together. */
  readonly maxTotalExposure: Decimal | null;
  readonly maxOpenPositions: number | null;
  /** New entries in one minute of UTC; never given back. */
  readonly maxOrdersPerMinute: number | null;
  /** Canonical names; an empty list allows none. */
  readonly allowedSymbols: readonly string[] | null;
  readonly onBreach: (typeof ON_BREACH)[number];
}

export const DEFAULT_COOLDOWN_MINUTES = 60;

export const NO_LIMITS: RiskLimits = {
  maxPositionNotional: null,
  maxTotalExposure: null,
  maxOpenPositions: null,
  maxOrdersPerMinute: null,
  allowedSymbols: null,
  maxDailyLoss: null,
  maxDrawdown: null,
  cooldownAfterLosses: null,
  cooldownMinutes: DEFAULT_COOLDOWN_MINUTES,
  onBreach: 'pause',
};

/** Is there a limit that needs to know what was lost? */
export const limitsLoss = ({ maxDailyLoss, maxDrawdown }: LossLimits): boolean =>
  maxDailyLoss !== null || maxDrawdown !== null;

export const LIMIT_NAMES = [
  'allowed_symbols',
  'max_position_notional',
  'max_total_exposure',
  'max_open_positions',
  'max_orders_per_minute',
  'max_daily_loss',
  'max_drawdown',
  'cooldown_after_losses',
] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/** A wallet's risk item. */
export interface WalletRisk extends RiskSums, ResultSums {
  /** Breaches that were acted on; null = none since limits of loss were set. */
  readonly acted: Acted | null;
  readonly limits: RiskLimits;
  /** Grows with each change of the limits; 0 = none was ever set. */
  readonly limitsVersion: number;
  /** The sums are whole: they were counted over what is live, and have followed every write since. */
  readonly counted: boolean;
  /** The minute (epoch ms / 60,000) of the last counted entry, and how many it had; 0 before the first. */
  readonly minute: number;
  readonly minuteOrders: number;
  /** When the wallet's last order or position came to be. */
  readonly newAt: number;
  /** Grows with each write. */
  readonly revision: number;
}

/** Of a wallet that never ordered anything, and never had limits. */
export const UNTOUCHED: WalletRisk = {
  ...NO_SUMS,
  ...NO_RESULTS,
  acted: null,
  limits: NO_LIMITS,
  limitsVersion: 0,
  counted: false,
  minute: 0,
  minuteOrders: 0,
  newAt: 0,
  revision: 0,
};

/** A new order that opens a position, one that adds to a position, or a change of an entry that is there. */
export type EntryKind = 'position' | 'order' | 'change';

/** What is asked for, beside what the wallet has already. */
export interface RiskAsked {
  readonly symbol: string;
  readonly quote: string;
  /** Worth that comes on top, in dollars; null = not known. */
  readonly more: Decimal | null;
  /** Worth of the whole position with it; null = not known. */
  readonly position: Decimal | null;
  readonly kind: EntryKind;
  /** What was lost; null where no limit asks for it. */
  readonly results: Results | null;
  readonly now: number;
}

/** Figures as text. */
export interface BrokenLimit {
  readonly name: LimitName;
  readonly limit: string;
  readonly used: string;
  readonly asked: string;
}

export const minuteOf = (at: number): number => Math.floor(at / 60_000);

type Counted = Pick<WalletRisk, 'minute' | 'minuteOrders'>;

/** A clock that is behind counts in the minute that others have begun. */
const currentMinute = (risk: Counted, now: number): number => Math.max(risk.minute, minuteOf(now));

/** Entries that were counted in the minute of `now`. */
export const ordersInMinute = (risk: Counted, now: number): number =>
  risk.minute === currentMinute(risk, now) ? risk.minuteOrders : 0;

const unknownWorth = (quote: string): string => `unknown: ${quote} has no value in USD here`;

/** Every limit that would be broken, in the order of LIMIT_NAMES; none = it may go. */
export function brokenLimits(risk: WalletRisk, asked: RiskAsked): readonly BrokenLimit[] {
  const { limits } = risk;
  const broken: BrokenLimit[] = [];
  const text = (worth: Decimal | null): string =>
    worth === null ? unknownWorth(asked.quote) : decimalText(worth);
  if (
    asked.kind !== 'change' &&
    limits.allowedSymbols !== null &&
    !limits.allowedSymbols.includes(asked.symbol)
  ) {
    const limit = limits.allowedSymbols.join(',');
    broken.push({ name: 'allowed_symbols', limit, used: '', asked: asked.symbol });
  }
  const { maxPositionNotional: most, maxTotalExposure: mostInAll } = limits;
  if (most !== null && (asked.position === null || asked.position.greaterThan(most))) {
    const used = asked.position && asked.more && asked.position.minus(asked.more);
    broken.push({
      name: 'max_position_notional',
      limit: decimalText(most),
      used: used === null ? '0' : decimalText(used),
      asked: text(asked.more),
    });
  }
  if (mostInAll !== null) {
    const exposure = exposureOf(risk);
    const isUnknown = asked.more === null || risk.unvalued > 0;
    if (isUnknown || exposure.plus(asked.more).greaterThan(mostInAll)) {
      const used = decimalText(exposure);
      const unvalued = ` and ${risk.unvalued} positions of unknown value in USD`;
      broken.push({
        name: 'max_total_exposure',
        limit: decimalText(mostInAll),
        used: risk.unvalued > 0 ? used + unvalued : used,
        asked: text(asked.more),
      });
    }
  }
  const counted = [
    ['max_open_positions', limits.maxOpenPositions, risk.open, asked.kind === 'position'],
    [
      'max_orders_per_minute',
      limits.maxOrdersPerMinute,
      ordersInMinute(risk, asked.now),
      asked.kind !== 'change',
    ],
  ] as const;
  for (const [name, limit, used, isOneMore] of counted) {
    if (!isOneMore || limit === null || used + 1 <= limit) continue;
    broken.push({ name, limit: String(limit), used: String(used), asked: '1' });
  }
  return [...broken, ...brokenByLosses(risk, asked)];
}

/**
 * Limits of loss that are broken, and a cooldown that goes on. They are no matter of what is asked for: whatever wants
 * more is refused, and so is what would bring results that nobody can count.
 */
function brokenByLosses(risk: WalletRisk, { more, quote, results, now }: RiskAsked): readonly BrokenLimit[] {
  const { limits } = risk;
  if (more?.isZero()) return [];
  const lost = results?.dayPnl?.negated() ?? null;
  const measured = [
    ['max_daily_loss', limits.maxDailyLoss, lost],
    ['max_drawdown', limits.maxDrawdown, results?.drawdown ?? null],
  ] as const;
  const broken: BrokenLimit[] = [];
  for (const [name, limit, loss] of measured) {
    if (limit === null) continue;
    if (more !== null && loss !== null && !loss.greaterThan(limit)) continue;
    const used =
      loss === null ? `unknown: ${results?.unknown ?? 'nothing was looked at'}` : decimalText(loss);
    broken.push({ name, limit: decimalText(limit), used, asked: more === null ? unknownWorth(quote) : '' });
  }
  const until = cooldownUntil(risk, limits, now);
  if (until !== null) {
    const used = `${risk.lossRow} until ${new Date(until).toISOString()}`;
    broken.push({
      name: 'cooldown_after_losses',
      limit: String(limits.cooldownAfterLosses),
      used,
      asked: '',
    });
  }
  return broken;
}

/**
 * What the wallet's item has to say when the entry is written, for the decision to hold whoever writes meanwhile:
 * the same limits, and no more used than leaves room. Null = whatever it says.
 */
export interface RiskGate {
  readonly walletId: string;
  readonly limitsVersion: number;
  /** Exposure before this write, at most; with it nothing of unknown worth may be there. */
  readonly mostExposure: Decimal | null;
  /** Positions before this write, at most. */
  readonly mostOpen: number | null;
  /** Losses in a row, at most: one more may have begun a cooldown. */
  readonly mostLosses: number | null;
  /** The entry counts in this minute, which may have had as many before it, at most. `isNew`: it is the first one. */
  readonly minute: { readonly minute: number; readonly isNew: boolean; readonly most: number } | null;
}

/** The gate of an entry that breaks no limit. */
export function gateFor(walletId: string, risk: WalletRisk, asked: RiskAsked): RiskGate {
  const {
    maxTotalExposure,
    maxOpenPositions,
    maxOrdersPerMinute: perMinute,
    cooldownAfterLosses,
  } = risk.limits;
  const minute = currentMinute(risk, asked.now);
  return {
    walletId,
    limitsVersion: risk.limitsVersion,
    mostExposure: maxTotalExposure && asked.more && maxTotalExposure.minus(asked.more),
    mostOpen: asked.kind === 'position' && maxOpenPositions !== null ? maxOpenPositions - 1 : null,
    mostLosses: cooldownAfterLosses && Math.max(cooldownAfterLosses - 1, risk.lossRow),
    minute:
      asked.kind !== 'change' && perMinute !== null
        ? { minute, isNew: risk.minute !== minute, most: perMinute - 1 }
        : null,
  };
}

/** Whether the item lets an entry through this gate. The store's condition says the same. */
export function isOpen(gate: RiskGate, risk: WalletRisk): boolean {
  if (risk.limitsVersion !== gate.limitsVersion) return false;
  const { mostExposure, mostOpen, mostLosses, minute } = gate;
  if (mostLosses !== null && risk.lossRow > mostLosses) return false;
  if (mostExposure !== null && (exposureOf(risk).greaterThan(mostExposure) || risk.unvalued > 0))
    return false;
  if (mostOpen !== null && risk.open > mostOpen) return false;
  if (minute === null) return true;
  if (minute.isNew) return risk.minute < minute.minute;
  return risk.minute === minute.minute && risk.minuteOrders <= minute.most;
}
