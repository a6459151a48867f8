/**
 * The one door for money that comes as a JSON number (design section 11): text of a message -> exact decimal text.
 *
 * Always true:
 * - a literal of up to 15 significant digits survives `JSON.parse`: the shortest text of its double is that literal
 *   again, so `String` of it is exact;
 * - a frame in which a longer literal may stand is parsed a second way that keeps its text; such literals are counted;
 * - an answer is plain decimal text, or null for what is no number of a usable size. Nothing is computed with doubles.
 * Known limit: what is closer to zero than 10^-290 counts as zero.
 */
import { Decimal } from './decimal.ts';

/** Digits that a double keeps. */
const SAFE_DIGITS = 15;
/** No price or amount is further from one than this power of ten; a longer text is an attack, not a number. */
const MOST_EXPONENT = 290;
const MOST_LENGTH = 400;

const LITERAL = /^-?\d+(?:\.\d+)?(?:[eE]([+-]?\d{1,9}))?$/;

/** A number whose digits a double does not hold. */
export class LongNumber {
  readonly literal: string;

  constructor(literal: string) {
    this.literal = literal;
  }
}

export interface ExactJson {
  /** As `JSON.parse` gives it, with a LongNumber in place of each number of more than 15 digits. */
  readonly value: unknown;
  /** How many of these there are. */
  readonly longNumbers: number;
}

type Reviver = (
  this: unknown,
  key: string,
  value: unknown,
  context?: { readonly source?: string },
) => unknown;
/** The library's types do not know the reviver's third argument yet; Node 24 has it. */
const parseWith = JSON.parse as (text: string, reviver: Reviver) => unknown;

/** Throws SyntaxError, as `JSON.parse` does. */
export function parseExactJson(text: string): ExactJson {
  if (!mayHoldLongNumber(text)) return { value: JSON.parse(text), longNumbers: 0 };
  let longNumbers = 0;
  const value = parseWith(text, (_key, member, context) => {
    const source = context?.source;
    if (typeof member !== 'number' || source === undefined || significantDigits(source) <= SAFE_DIGITS) {
      return member;
    }
    longNumbers += 1;
    return new LongNumber(source);
  });
  return { value, longNumbers };
}

const isDigitOrDot = (code: number): boolean => (code >= 48 && code <= 57) || code === 46;

/**
 * A literal of 16 digits is a run of at least 16 digits and dots, and every such run covers a place whose number is
 * a multiple of 16: only these are looked at. Long texts and ids make it answer yes too, which costs time alone.
 */
function mayHoldLongNumber(text: string): boolean {
  const run = SAFE_DIGITS + 1;
  for (let at = 0; at < text.length; at += run) {
    if (!isDigitOrDot(text.charCodeAt(at))) continue;
    let from = at;
    while (from > 0 && isDigitOrDot(text.charCodeAt(from - 1))) from -= 1;
    let to = at + 1;
    while (to < text.length && isDigitOrDot(text.charCodeAt(to))) to += 1;
    if (to - from >= run) return true;
  }
  return false;
}

function significantDigits(literal: string): number {
  const mantissa = literal.replace(/[eE].*$/, '').replace(/[-.]/g, '');
  return mantissa.replace(/^0+/, '').replace(/0+$/, '').length;
}

/** Plain decimal text of a member of `ExactJson.value`: a number, or text that is one. Null for everything else. */
export function decimalTextOf(value: unknown): string | null {
  if (typeof value === 'number') {
    const size = Math.abs(value);
    // Between these the text of a number has no exponent: the usual case, and already plain.
    return size >= 1e-6 && size < 1e21 ? String(value) : plainText(String(value));
  }
  if (value instanceof LongNumber) return plainText(value.literal);
  return typeof value === 'string' ? plainText(value) : null;
}

function plainText(literal: string): string | null {
  if (literal.length > MOST_LENGTH) return null;
  const match = LITERAL.exec(literal);
  if (match === null) return null;
  if (match[1] === undefined) return literal;
  const exact = new Decimal(literal);
  return exact.isZero() || Math.abs(exact.e) <= MOST_EXPONENT ? exact.toFixed() : null;
}
