/** The form of a wallet's limits: as they stand, and the request that changes them. Pure. */
import type { BodyOf } from '../../../../shared/client/contract.ts';
import { decimalWrong } from '../orders/order-form.ts';
import type { WalletLimits } from './limits-use.ts';

export type LimitsBody = BodyOf<'setLimits'>;
export const WORTHS = [
  'max_position_notional',
  'max_total_exposure',
  'max_daily_loss',
  'max_drawdown',
] as const;
export const COUNTS = [
  'max_open_positions',
  'max_orders_per_minute',
  'cooldown_after_losses',
  'cooldown_minutes',
] as const;

export type LimitField = (typeof WORTHS)[number] | (typeof COUNTS)[number] | 'allowed_symbols' | 'on_breach';
export type LimitTexts = Readonly<Record<LimitField, string>>;

/** Empty text: no limit. */
export function textsOf({ limits }: WalletLimits): LimitTexts {
  const numbers = [...WORTHS, ...COUNTS].map((name) => [name, String(limits[name] ?? '')]);
  return {
    ...(Object.fromEntries(numbers) as Record<(typeof WORTHS)[number] | (typeof COUNTS)[number], string>),
    allowed_symbols: limits.allowed_symbols?.join(', ') ?? '',
    on_breach: limits.on_breach,
  };
}

export interface LimitsFormed {
  /** Null while something is wrong, or nothing is changed. */
  readonly body: LimitsBody | null;
  readonly errors: ReadonlyMap<string, string>;
}

/** Only what was changed is sent: setting a limit of loss again begins it anew. */
export function limitsBodyOf(before: LimitTexts, typed: LimitTexts): LimitsFormed {
  const errors = new Map<string, string>();
  const changed: [string, unknown][] = [];
  const isChanged = (name: LimitField): boolean => typed[name].trim() !== before[name];
  for (const name of WORTHS.filter(isChanged)) {
    const text = typed[name].trim();
    const wrong = text === '' ? null : decimalWrong(text);
    if (wrong === null) changed.push([name, text === '' ? null : text]);
    else errors.set(name, wrong);
  }
  for (const name of COUNTS.filter(isChanged)) {
    const text = typed[name].trim();
    if (text === '') changed.push([name, null]);
    else if (/^\d{1,6}$/.test(text))
      changed.push([name, Number.parseInt(text, 10)]); // not money: a count
    else errors.set(name, 'Must be a whole number, or empty for none.');
  }
  if (isChanged('allowed_symbols')) changed.push(['allowed_symbols', symbolsIn(typed.allowed_symbols)]);
  if (isChanged('on_breach')) changed.push(['on_breach', typed.on_breach]);
  const body = errors.size > 0 || changed.length === 0 ? null : (Object.fromEntries(changed) as LimitsBody);
  return { body, errors };
}

/** Null: all of them. */
function symbolsIn(text: string): readonly string[] | null {
  const symbols = text.split(/[\s,]+/).filter((one) => one !== '');
  return symbols.length === 0 ? null : symbols;
}
