/**
 * What happened in a run: always as a fingerprint, and as text when somebody wants to read it.
 *
 * The fingerprint covers every note's time and name, so two runs with the same fingerprint went the same way.
 */
import { seedFrom } from '../../../shared/feeds/prng.ts';

export interface Note {
  readonly at: number;
  readonly what: string;
  readonly detail: string;
}

/** What a note is called. Names are few: each is read once in a thread. */
export interface Mark {
  readonly name: string;
  readonly number: number;
}

const marks = new Map<string, Mark>();

export function markOf(name: string): Mark {
  let mark = marks.get(name);
  if (mark === undefined) {
    mark = { name, number: seedFrom(name) };
    marks.set(name, mark);
  }
  return mark;
}

/** By its first part: a name that is put together anew for each note would have to be read anew for each. */
const joins = { '.': new Map<string, Map<string, Mark>>(), '!': new Map<string, Map<string, Mark>>() };

/** The name that two parts make together. */
export function joined(first: string, between: '.' | '!', second: string): Mark {
  let known = joins[between].get(first);
  if (known === undefined) {
    known = new Map();
    joins[between].set(first, known);
  }
  let mark = known.get(second);
  if (mark === undefined) {
    mark = markOf(`${first}${between}${second}`);
    known.set(second, mark);
  }
  return mark;
}

export class Trace {
  readonly notes: Note[] = [];
  /** Texts are kept only then; making them costs more than the run. */
  readonly isKept: boolean;
  readonly #now: () => number;
  #a = 0x811c9dc5;
  #b = 0x1234567;
  count = 0;

  constructor(now: () => number, isKept: boolean) {
    this.#now = now;
    this.isKept = isKept;
  }

  note(what: Mark | string, detail: () => string): void {
    const { name, number } = typeof what === 'string' ? markOf(what) : what;
    this.count += 1;
    const now = this.#now();
    this.#mix(now % 0x7fffffff);
    this.#mix(number);
    if (this.isKept) this.notes.push({ at: now, what: name, detail: detail() });
  }

  fingerprint(): string {
    const hex = (n: number): string => (n >>> 0).toString(16).padStart(8, '0');
    return `${hex(this.#a)}${hex(this.#b)}`;
  }

  #mix(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x01000193);
    this.#b = Math.imul(this.#b ^ (value + (this.#a >>> 7)), 0x85ebca6b);
  }
}
