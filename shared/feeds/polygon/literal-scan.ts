/**
 * Finds the fields of one element of a frame in its text, and says where each stands. It only knows the usual: compact
 * JSON, text without escapes, numbers as the shortest plain decimal of up to 15 digits, lists of whole numbers, no name
 * twice. All else is unusual.
 */

/** Names that messages have; up to four letters, and no more of them than a number has bits. */
const NAMES = 'ev pair sym p t s c i x r z q bp bs ap as bx ax a b o h l v vw e dv av dav op ds trfi'.split(
  ' ',
);
const LONGEST_NAME = 4;
const EVENTS = ['XT', 'XQ', 'T', 'Q', 'C', 'XAS', 'XA', 'A', 'AM', 'CAS', 'CA'];

/** Kinds of values. */
export const NUMBER = 0;
export const TEXT = 1;
export const LIST = 2;

const [ZERO, NINE, POINT, COMMA, QUOTE, COLON] = [48, 57, 46, 44, 34, 58];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST, BACKSLASH, SPACE, ASCII_END] = [123, 125, 91, 93, 92, 32, 128];
/** The point's code less that of zero. */
const POINT_DIGIT = -2;
/** Digits that a double keeps. */
const SAFE_DIGITS = 15;

/** Letters of a short word as one number. */
function codeOf(text: string, from: number, to: number): number {
  let code = 0;
  if (to - from > LONGEST_NAME) return -1;
  for (let at = from; at < to; at += 1) {
    const letter = text.charCodeAt(at);
    if (letter >= ASCII_END) return -1;
    code = code * ASCII_END + letter;
  }
  return code;
}

const NAME_BY_CODE = new Map(
  NAMES.map((name, nth) => [codeOf(name, 0, name.length), { name, bit: 1 << nth }]),
);
const EVENT_BY_CODE = new Map(EVENTS.map((ev) => [codeOf(ev, 0, ev.length), ev]));

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;
/** A longer one is no amount. */
const MOST_PLAIN = 100;

export class LiteralScan {
  /** What kind of message it is; '' = one that is not read here. */
  ev = '';
  #text = '';
  readonly #names: string[] = [];
  readonly #kinds: number[] = [];
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  /** What a whole number is; -1 = it has a point. */
  readonly #wholes: number[] = [];
  #count = 0;
  /** Where the cursor's word or number ends, and what it said: kept here, so that nothing is read twice. */
  #end = 0;
  #whole = 0;

  /** What is scanned from now on; the same one scans all frames, whose parts would each be made anew thousands of times a second. */
  begin(text: string): void {
    this.#text = text;
    this.#count = 0;
    this.ev = '';
  }

  /** Takes in the element that begins at this place; answers the place after it, or -1 where it is unusual. */
  scan(start: number): number {
    const text = this.#text;
    this.#count = 0;
    this.ev = '';
    if (text.charCodeAt(start) !== OPEN) return -1;
    let seen = 0;
    for (let at = start + 1; ; at += 1) {
      if (text.charCodeAt(at) !== QUOTE) return -1;
      const code = this.#word(at + 1);
      if (code < 0 || text.charCodeAt(this.#end + 1) !== COLON) return -1;
      const known = NAME_BY_CODE.get(code);
      at = this.#end + 2;
      if (known === undefined) {
        if (this.#value(at) < 0) return -1;
      } else {
        // `JSON.parse` takes the last one of a name that comes twice.
        if ((seen & known.bit) !== 0) return -1;
        seen |= known.bit;
        const kind = this.#value(at);
        if (kind < 0) return -1;
        this.#put(known.name, kind, kind === NUMBER ? at : at + 1);
      }
      at = this.#end;
      if (text.charCodeAt(at) === COMMA) continue;
      return text.charCodeAt(at) === CLOSE ? at + 1 : -1;
    }
  }

  /** Letters of a short word as one number; one that is longer is nobody's name: 0. -1 = unusual. */
  #word(from: number): number {
    const text = this.#text;
    let code = 0;
    for (let at = from; at <= from + LONGEST_NAME; at += 1) {
      const letter = text.charCodeAt(at);
      if (letter === QUOTE) {
        this.#end = at;
        return code;
      }
      if (letter === BACKSLASH || letter < SPACE || letter >= ASCII_END) return -1;
      code = code * ASCII_END + letter;
    }
    this.#end = textEnd(text, from);
    return this.#end < 0 ? -1 : 0;
  }

  /** Of which kind the value is that begins here, and behind it the cursor; -1 = unusual. */
  #value(from: number): number {
    const text = this.#text;
    const first = text.charCodeAt(from);
    if (first === QUOTE || first === OPEN_LIST) {
      const end = first === QUOTE ? textEnd(text, from + 1) : listEnd(text, from + 1);
      this.#end = end + 1;
      if (end < 0) return -1;
      return first === QUOTE ? TEXT : LIST;
    }
    return this.#number(from) ? NUMBER : -1;
  }

  /** A number as `String` writes it, without sign and exponent; anything else is unusual. */
  #number(from: number): boolean {
    const text = this.#text;
    let at = from;
    let whole = 0;
    let digit = text.charCodeAt(at) - ZERO;
    for (; digit >= 0 && digit <= 9; digit = text.charCodeAt(at) - ZERO) {
      whole = whole * 10 + digit;
      at += 1;
    }
    const digits = at - from;
    if (digits === 0 || digits > SAFE_DIGITS || (digits > 1 && text.charCodeAt(from) === ZERO)) return false;
    this.#whole = whole;
    this.#end = at;
    if (digit !== POINT_DIGIT) return true;
    this.#whole = -1;
    const point = at;
    do {
      at += 1;
      digit = text.charCodeAt(at) - ZERO;
    } while (digit >= 0 && digit <= 9);
    this.#end = at;
    return at > point + 1 && at - from - 1 <= SAFE_DIGITS && text.charCodeAt(at - 1) !== ZERO;
  }

  /** The cursor stands behind the value. */
  #put(name: string, kind: number, from: number): void {
    const to = kind === NUMBER ? this.#end : this.#end - 1;
    if (name === 'ev') {
      this.ev = (kind === TEXT ? EVENT_BY_CODE.get(codeOf(this.#text, from, to)) : undefined) ?? '';
      return;
    }
    const nth = this.#count;
    this.#names[nth] = name;
    this.#kinds[nth] = kind;
    this.#from[nth] = from;
    this.#to[nth] = to;
    this.#wholes[nth] = this.#whole;
    this.#count = nth + 1;
  }

  protected find(name: string): number {
    for (let nth = 0; nth < this.#count; nth += 1) if (this.#names[nth] === name) return nth;
    return -1;
  }

  protected textOf(nth: number): string {
    return this.#text.slice(this.#from[nth], this.#to[nth]);
  }

  /** The shortest text of zero is its one digit. */
  protected isZero(nth: number): boolean {
    const from = this.#from[nth] ?? 0;
    return this.#text.charCodeAt(from) === ZERO && (this.#to[nth] ?? 0) === from + 1;
  }

  /** What a value is; undefined = there is no such one. */
  protected kindOf(nth: number): number | undefined {
    return this.#kinds[nth];
  }

  protected lengthOf(nth: number): number {
    return (this.#to[nth] ?? 0) - (this.#from[nth] ?? 0);
  }

  /** A whole number; -1 = it is none. */
  protected wholeOf(nth: number): number {
    return this.#kinds[nth] === NUMBER ? (this.#wholes[nth] ?? -1) : -1;
  }

  /** The whole numbers of a list. */
  protected listOf(nth: number): readonly number[] {
    const from = this.#from[nth] ?? 0;
    const to = this.#to[nth] ?? 0;
    const list: number[] = [];
    for (let at = from; at < to; at += 1) {
      let whole = 0;
      for (; at < to && this.#text.charCodeAt(at) !== COMMA; at += 1) {
        whole = whole * 10 + this.#text.charCodeAt(at) - ZERO;
      }
      list.push(whole);
    }
    return list;
  }

  /** A text of digits, with a point amid them at most. */
  protected isPlain(nth: number): boolean {
    return isPlain(this.#text, this.#from[nth] ?? 0, this.#to[nth] ?? 0);
  }
}

/** Where a text ends that begins here: its quote. */
function textEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH || code < SPACE) return -1;
  }
  return -1;
}

/** Where a list of whole numbers ends: its bracket. */
function listEnd(text: string, from: number): number {
  if (text.charCodeAt(from) === CLOSE_LIST) return from;
  for (let at = from; ; at += 1) {
    const first = at;
    while (isDigit(text.charCodeAt(at))) at += 1;
    const digits = at - first;
    if (digits === 0 || digits > SAFE_DIGITS || (digits > 1 && text.charCodeAt(first) === ZERO)) return -1;
    const next = text.charCodeAt(at);
    if (next === CLOSE_LIST) return at;
    if (next !== COMMA) return -1;
  }
}

/** Digits, and a point amid them. */
function isPlain(text: string, from: number, to: number): boolean {
  let points = 0;
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code === POINT) points += 1;
    else if (!isDigit(code)) return false;
  }
  const isAmid = text.charCodeAt(from) !== POINT && text.charCodeAt(to - 1) !== POINT;
  return from < to && to - from <= MOST_PLAIN && points <= 1 && isAmid;
}
