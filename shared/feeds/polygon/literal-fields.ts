/**
 * Reads the fields of one element right from a frame's text: what feeds send thousands of times a second costs less so
 * than as an object, because a price is needed as its text, which `JSON.parse` throws away.
 *
 * Always true:
 * - what it answers is what Fields answers on the same text parsed by `JSON.parse` (a test of random frames says so);
 * - for what is not the usual (literal-scan.ts) it says `isUnusual`, and nothing it answered counts.
 */
import type { FieldReader } from './fields.ts';
import { LIST, LiteralScan, NUMBER, TEXT } from './literal-scan.ts';
import type { TimeUnit } from './messages.ts';

const MS_DIGITS = 13;
const MOST_ID = 100;

export class LiteralFields extends LiteralScan implements FieldReader {
  readonly unit: TimeUnit = 'ms';
  isUnusual = false;

  override begin(text: string): void {
    super.begin(text);
    this.isUnusual = false;
  }

  text(name: string): string {
    const nth = this.find(name);
    if (nth < 0 || this.kindOf(nth) !== TEXT) return this.#unusual('');
    const text = this.textOf(nth);
    return text === '' ? this.#unusual('') : text;
  }

  /** None of the messages that are read here has one. */
  textOrNull(): null {
    return this.#unusual(null);
  }

  price(name: string): string {
    const nth = this.find(name);
    if (nth < 0 || this.kindOf(nth) !== NUMBER || this.isZero(nth)) return this.#unusual('');
    return this.textOf(nth);
  }

  side(name: string): string | null {
    const nth = this.find(name);
    if (nth < 0) return null;
    if (this.kindOf(nth) !== NUMBER) return this.#unusual(null);
    return this.isZero(nth) ? null : this.textOf(nth);
  }

  amount(name: string): string | null {
    const nth = this.find(name);
    if (nth < 0) return null;
    if (this.kindOf(nth) === NUMBER) return this.textOf(nth);
    // As text it stays as it is, so it need not be the shortest one.
    if (this.kindOf(nth) !== TEXT || !this.isPlain(nth)) {
      return this.#unusual(null);
    }
    return this.textOf(nth);
  }

  signed(name: string): string | null {
    return this.amount(name);
  }

  whole(name: string): number | null {
    const nth = this.find(name);
    return nth < 0 ? null : this.#wholeOr(nth);
  }

  wholes(name: string): readonly number[] {
    const nth = this.find(name);
    if (nth < 0) return [];
    if (this.kindOf(nth) !== LIST) return [this.#wholeOr(nth)];
    return this.listOf(nth);
  }

  id(name: string): string | null {
    const nth = this.find(name);
    if (nth < 0) return null;
    const id = this.textOf(nth);
    if (this.kindOf(nth) === TEXT && id.length <= MOST_ID) return id === '' ? null : id;
    return this.kindOf(nth) === NUMBER && !id.includes('.') ? id : this.#unusual(null);
  }

  time(name: string): number {
    const nth = this.find(name);
    return nth < 0 ? this.#unusual(0) : this.#timeOf(nth);
  }

  timeOrNull(name: string): number | null {
    const nth = this.find(name);
    return nth < 0 ? null : this.#timeOf(nth);
  }

  /** In ms; other units are read the long way. */
  #timeOf(nth: number): number {
    return this.lengthOf(nth) === MS_DIGITS ? this.#wholeOr(nth) : this.#unusual(0);
  }

  #wholeOr(nth: number): number {
    const whole = this.wholeOf(nth);
    return whole < 0 ? this.#unusual(0) : whole;
  }

  #unusual<T>(instead: T): T {
    this.isUnusual = true;
    return instead;
  }
}
