/** Short words as numbers: letters of a frame are known for a field's name without a text being made of them. */
import { FIELD_NAMES } from './field.ts';

export const LONGEST_NAME = 4;
const LETTER_BITS = 7;
const ASCII_END = 128;

/** The letters of a word of up to four of them; -1 = it is longer or has others. */
export function codeOf(text: string, from: number, to: number): number {
  let code = 0;
  if (to - from > LONGEST_NAME) return -1;
  for (let at = from; at < to; at += 1) {
    const letter = text.charCodeAt(at);
    if (letter >= ASCII_END) return -1;
    code = (code << LETTER_BITS) | letter;
  }
  return code;
}

const PLACES = 256;
const KNOWN = FIELD_NAMES.flatMap((name, field) => {
  const code = codeOf(name, 0, name.length);
  return code < 0 ? [] : [{ code, field }];
});
const placeOf = (code: number, factor: number): number => Math.imul(code, factor) >>> 24;

/** Odd, and with bits all over: what multiples of it make of similar words lies far apart. */
const STEP = 0x9e3779b1;

/** The first multiple that sends each name to a place of its own. */
function findFactor(): number {
  for (let nth = 1; nth < 1_000_000; nth += 2) {
    const factor = Math.imul(nth, STEP);
    if (new Set(KNOWN.map(({ code }) => placeOf(code, factor))).size === KNOWN.length) return factor;
  }
  throw new Error('too many names for the table');
}

const FACTOR = findFactor();
/** By place: whose it is, and which field that is. */
const CODES = new Int32Array(PLACES).fill(-1);
const FIELDS = new Int8Array(PLACES);
for (const { code, field } of KNOWN) {
  CODES[placeOf(code, FACTOR)] = code;
  FIELDS[placeOf(code, FACTOR)] = field;
}

/** Which field these letters name; -1 = none that is read. */
export function fieldOf(code: number): number {
  const place = placeOf(code, FACTOR);
  return CODES[place] === code ? (FIELDS[place] ?? -1) : -1;
}
