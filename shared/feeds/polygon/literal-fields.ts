/**
 * Reads the fields of one element right from a frame's text: what feeds send thousands of times a second costs less so
 * than as an object, because a price is needed as its text, which `JSON.parse` throws away.
 *
 * Always true:
 * - what it answers is what Fields answers on the same text parsed by `JSON.parse` (a test of random frames says so);
 * - for what is not the usual (literal-scan.ts) it says `isUnusual`, and nothing it answered counts.
 */

import type { Field } from './field.ts';
import type { FieldReader } from './fields.ts';
import { DECIMAL, LIST, LiteralScan, TEXT, WHOLE } from './literal-scan.ts';
import type { TimeUnit } from './messages.ts';

const MS_DIGITS = 13;
const MOST_ID = 100;

export class LiteralFields extends LiteralScan implements FieldReader {
  readonly unit: TimeUnit = 'ms';
  isUnusual = false;

  override begin(text: string, bytes: Uint8Array): void {
    super.begin(text, bytes);
    this.isUnusual = false;
  }

  text(field: Field): string {
    const text = this.has(field) && this.kindOf(field) === TEXT ? this.textOf(field) : '';
    return text === '' ? this.#unusual('') : text;
  }

  /** None of the messages that are read here has one. */
  textOrNull(): null {
    return this.#unusual(null);
  }

  price(field: Field): string {
    if (!this.has(field) || this.kindOf(field) > DECIMAL || this.isZero(field)) return this.#unusual('');
    return this.textOf(field);
  }

  side(field: Field): string | null {
    if (!this.has(field)) return null;
    if (this.kindOf(field) > DECIMAL) return this.#unusual(null);
    return this.isZero(field) ? null : this.textOf(field);
  }

  amount(field: Field): string | null {
    if (!this.has(field)) return null;
    if (this.kindOf(field) <= DECIMAL) return this.textOf(field);
    // As text it stays as it is, so it need not be the shortest one.
    return this.kindOf(field) === TEXT && this.isPlain(field) ? this.textOf(field) : this.#unusual(null);
  }

  signed(field: Field): string | null {
    return this.amount(field);
  }

  whole(field: Field): number | null {
    return this.has(field) ? this.#wholeOr(field) : null;
  }

  wholes(field: Field): readonly number[] {
    if (!this.has(field)) return [];
    return this.kindOf(field) === LIST ? this.listOf(field) : [this.#wholeOr(field)];
  }

  id(field: Field): string | null {
    if (!this.has(field)) return null;
    const kind = this.kindOf(field);
    if (kind !== WHOLE && (kind !== TEXT || this.lengthOf(field) > MOST_ID)) return this.#unusual(null);
    const id = this.textOf(field);
    return id === '' ? null : id;
  }

  time(field: Field): number {
    return this.has(field) ? this.#timeOf(field) : this.#unusual(0);
  }

  timeOrNull(field: Field): number | null {
    return this.has(field) ? this.#timeOf(field) : null;
  }

  /** In ms; other units are read the long way. */
  #timeOf(field: Field): number {
    return this.lengthOf(field) === MS_DIGITS ? this.#wholeOr(field) : this.#unusual(0);
  }

  #wholeOr(field: Field): number {
    const whole = this.wholeOf(field);
    return whole < 0 ? this.#unusual(0) : whole;
  }

  #unusual<T>(instead: T): T {
    this.isUnusual = true;
    return instead;
  }
}
