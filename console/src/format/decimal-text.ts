/**
 * Decimal text as people read it: in the user's locale, every digit kept unless a column asks for places.
 *
 * Always true: no figure passes through a JavaScript number. Intl reads the text itself, exactly.
 */
import { Decimal, parseDecimal } from '../../../shared/domain/money/decimal.ts';

export interface FigureOptions {
  /** Rounds to so many decimals, for a column that moves; the exact text goes into the title. Default: every digit. */
  readonly places?: number;
  /** At most so many decimals, fewer where there are fewer: averages of fills, which may have 18. */
  readonly most?: number;
  /** Never fewer decimals than this; default 0. */
  readonly least?: number;
  /** `+` before what is above zero: gains and changes. */
  readonly signed?: boolean;
  /** For instance `%` or `USDT`, after a narrow space. */
  readonly unit?: string;
  /** Default: the browser's. */
  readonly locale?: string;
}

/** What stands where there is no figure. */
export const NOTHING = '–';
/** Below the smallest step of its places a figure is shown with so many significant digits, so that it is not 0. */
const LEAST_SIGNIFICANT = 2;
/** Intl's most; decimals here have at most 18. */
const ALL_PLACES = 20;

const formats = new Map<string, Intl.NumberFormat>();

/** Making one is slow, using it is not. */
function formatOf(locale: string | undefined, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale ?? ''}|${JSON.stringify(options)}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat(locale, options);
  formats.set(key, made);
  return made;
}

/** `1234.50` as `1,234.5` (in the locale). What is no decimal text is shown as it is; null as a dash. */
export function figureText(text: string | null | undefined, options: FigureOptions = {}): string {
  if (text === null || text === undefined) return NOTHING;
  const value = parseDecimal(text);
  if (value === null) return text;
  const { places, most, least = 0, signed = false, unit, locale } = options;
  const sign = signed ? { signDisplay: 'exceptZero' as const } : {};
  const digits = digitsFor(value, places, most, least);
  const shown = formatOf(locale, { ...digits, ...sign }).format(value.toFixed() as `${number}`);
  return unit === undefined ? shown : `${shown}\u202f${unit}`;
}

function digitsFor(
  value: Decimal,
  places: number | undefined,
  most: number | undefined,
  least: number,
): Intl.NumberFormatOptions {
  const finest = places ?? most;
  if (finest === undefined) return { minimumFractionDigits: least, maximumFractionDigits: ALL_PLACES };
  const isBelow = !value.isZero() && value.abs().lessThan(new Decimal(10).pow(-finest));
  if (isBelow) return { maximumSignificantDigits: LEAST_SIGNIFICANT };
  return { minimumFractionDigits: places ?? least, maximumFractionDigits: finest };
}

/** Whether a figure gains, loses or does neither: for its colour. */
export function toneOf(text: string | null | undefined): 'up' | 'down' | 'flat' {
  if (text === null || text === undefined || !/[1-9]/.test(text)) return 'flat';
  return text.startsWith('-') ? 'down' : 'up';
}

/** Places so that prices of one symbol stand below each other: those of the finest text given. */
export const placesOf = (...texts: readonly (string | null | undefined)[]): number =>
  Math.max(0, ...texts.map((text) => text?.split('.')[1]?.length ?? 0));
