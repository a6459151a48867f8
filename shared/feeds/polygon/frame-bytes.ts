/** Values in a frame's bytes: where they end, and what they say. Pure. */

const [ZERO, NINE, POINT, COMMA, QUOTE, CLOSE_LIST, BACKSLASH, SPACE] = [48, 57, 46, 44, 34, 93, 92, 32];
/** Digits that a double keeps. */
export const SAFE_DIGITS = 15;
/** Digits that a number of 32 bits holds. */
const SMALL_DIGITS = 9;
const SMALL_END = 1e9;
/** A longer one is no amount. */
const MOST_PLAIN = 100;

/** Where a text ends that begins here: its quote. */
export function textEnd(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at += 1) {
    const code = bytes[at] ?? 0;
    if (code === QUOTE) return at;
    if (code === BACKSLASH || code < SPACE) return -1;
  }
  return -1;
}

/** Where digits end. */
export function digitsEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let code = bytes[at] ?? 0; code >= ZERO && code <= NINE; code = bytes[at] ?? 0) at += 1;
  return at;
}

/** Where a list of whole numbers ends: its bracket. */
export function listEnd(bytes: Uint8Array, from: number): number {
  if (bytes[from] === CLOSE_LIST) return from;
  for (let at = from; ; at += 1) {
    const first = at;
    at = digitsEnd(bytes, first);
    const digits = at - first;
    if (digits === 0 || digits > SAFE_DIGITS || (digits > 1 && bytes[first] === ZERO)) return -1;
    const next = bytes[at];
    if (next === CLOSE_LIST) return at;
    if (next !== COMMA) return -1;
  }
}

/** Digits, and a point amid them. */
export function isPlain(bytes: Uint8Array, from: number, to: number): boolean {
  let points = 0;
  for (let at = from; at < to; at += 1) {
    const code = bytes[at] ?? 0;
    if (code === POINT) points += 1;
    else if (code < ZERO || code > NINE) return false;
  }
  const isAmid = bytes[from] !== POINT && bytes[to - 1] !== POINT;
  return from < to && to - from <= MOST_PLAIN && points <= 1 && isAmid;
}

/** What up to 15 digits say. In two parts, because numbers of 32 bits are reckoned quicker; every step is exact. */
export function wholeOf(bytes: Uint8Array, from: number, to: number): number {
  const split = to - from > SMALL_DIGITS ? to - SMALL_DIGITS : from;
  const low = smallOf(bytes, split, to);
  return split === from ? low : smallOf(bytes, from, split) * SMALL_END + low;
}

function smallOf(bytes: Uint8Array, from: number, to: number): number {
  let whole = 0;
  for (let at = from; at < to; at += 1) whole = (whole * 10 + (bytes[at] ?? 0) - ZERO) | 0;
  return whole;
}
