/** Parts of a frame's text, as JSON writes them: where they end, and what they say. Pure. */

const [ZERO, NINE, POINT, QUOTE, BACKSLASH, SPACE, ASCII_END] = [48, 57, 46, 34, 92, 32, 128];
/** Digits that a double keeps. */
const SAFE_DIGITS = 15;
/** Digits that a number of 32 bits holds. */
const SMALL_DIGITS = 9;
const SMALL_END = 1e9;

/** Where a text of plain letters without escapes ends; -1 = it has others, or does not end. */
export function nameEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH || code < SPACE || code >= ASCII_END) return -1;
  }
  return -1;
}

/** Where a whole number ends that a double holds; -1 = it is none. */
export function wholeEnd(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code >= ZERO && code <= NINE; code = text.charCodeAt(at)) at += 1;
  const digits = at - from;
  if (digits === 0 || digits > SAFE_DIGITS || (digits > 1 && text.charCodeAt(from) === ZERO)) return -1;
  return at;
}

/** Where digits and points end. */
export function amountEnd(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); (code >= ZERO && code <= NINE) || code === POINT; ) {
    at += 1;
    code = text.charCodeAt(at);
  }
  return at;
}

/** What up to 15 digits say. In two parts, because numbers of 32 bits are reckoned quicker; every step is exact. */
export function wholeOf(text: string, from: number, to: number): number {
  const split = to - from > SMALL_DIGITS ? to - SMALL_DIGITS : from;
  const low = smallOf(text, split, to);
  return split === from ? low : smallOf(text, from, split) * SMALL_END + low;
}

function smallOf(text: string, from: number, to: number): number {
  let whole = 0;
  for (let at = from; at < to; at += 1) whole = (whole * 10 + text.charCodeAt(at) - ZERO) | 0;
  return whole;
}

/** A part of a text that is as long keeps all of that in memory. */
const KEEPS_ALL = 13;

/** A part of a frame's text that may be kept for as long as its price: it has to be none of the frame. */
export const ownText = (part: string): string =>
  part.length < KEEPS_ALL ? part : Buffer.from(part).toString();
