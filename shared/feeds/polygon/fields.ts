/** Reads the fields of one element. The first needed field that is missing or wrong is its fault. */
import { decimalTextOf, LongNumber } from '../../domain/money/json-number.ts';
import { FIELD_NAMES, type Field } from './field.ts';
import type { TimeUnit } from './messages.ts';

/** What a message's fields are asked for; the first needed one that is not as it should be is the reader's to note. */
export interface FieldReader {
  /** Of the last needed time. */
  readonly unit: TimeUnit;
  /** A needed text. */
  text(field: Field): string;
  textOrNull(field: Field): string | null;
  /** A needed price above zero. */
  price(field: Field): string;
  /** Zero, missing and null are all nobody; anything else has to be a price. */
  side(field: Field): string | null;
  /** Zero or more. */
  amount(field: Field): string | null;
  /** May be below zero. */
  signed(field: Field): string | null;
  /** A number or its text, as venue ids come. */
  whole(field: Field): number | null;
  /** One number counts as a list of it. */
  wholes(field: Field): readonly number[];
  /** Digits, a UUID or a number. */
  id(field: Field): string | null;
  /** A needed time as epoch ms; its unit is told by its digits. */
  time(field: Field): number;
  timeOrNull(field: Field): number | null;
}

export type Json = { readonly [name: string]: unknown };

/** How the fault of a price ends that is zero or less. */
export const NOT_POSITIVE = ' not positive';

/** Of a number its sign tells; of a long one, or of text, its digits do. */
const isPositive = (value: unknown, text: string): boolean =>
  typeof value === 'number' ? value > 0 : !text.startsWith('-') && /[1-9]/.test(text);

/** Its own text is given back; of a number no digit is ever lost on the way. */
export class Fields implements FieldReader {
  ignored: string[] | null = null;
  /** For instance `XT.p missing`. */
  fault: string | null = null;
  unit: TimeUnit = 'ms';
  #ev = '';
  #item: Json = {};

  /** One reader reads all elements of a frame, one after the other: thousands come in a second. */
  begin(ev: string, item: Json): void {
    this.#ev = ev;
    this.#item = item;
    this.fault = null;
    this.ignored = null;
  }

  text(field: Field): string {
    const value = this.#valueOf(field);
    if (typeof value === 'string' && value !== '') return value;
    return this.#broken(field, '');
  }

  textOrNull(field: Field): string | null {
    const value = this.#valueOf(field);
    if (value == null || value === '') return null;
    return typeof value === 'string' ? value : this.#unreadable(field);
  }

  price(field: Field): string {
    const value = this.#valueOf(field);
    const text = decimalTextOf(value);
    if (text === null) return this.#broken(field, '');
    return isPositive(value, text) ? text : this.#notPositive(field, '');
  }

  side(field: Field): string | null {
    const value = this.#valueOf(field);
    if (value == null || value === 0) return null;
    const text = decimalTextOf(value);
    if (text === null) return this.#broken(field, null);
    if (text.startsWith('-')) return this.#notPositive(field, null);
    return isPositive(value, text) ? text : null;
  }

  amount(field: Field): string | null {
    const value = this.#valueOf(field);
    if (value == null) return null;
    const text = decimalTextOf(value);
    return text === null || text.startsWith('-') ? this.#unreadable(field) : text;
  }

  signed(field: Field): string | null {
    const value = this.#valueOf(field);
    return value == null ? null : (decimalTextOf(value) ?? this.#unreadable(field));
  }

  whole(field: Field): number | null {
    const value = this.#valueOf(field);
    if (value == null) return null;
    if (Number.isSafeInteger(value)) return value as number;
    if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value); // not money: an id
    return this.#unreadable(field);
  }

  wholes(field: Field): readonly number[] {
    const value = this.#valueOf(field);
    if (value == null) return [];
    const list = Array.isArray(value) ? value : [value];
    if (list.every((one): one is number => Number.isSafeInteger(one))) return list;
    this.#unreadable(field);
    return [];
  }

  id(field: Field): string | null {
    const value = this.#valueOf(field);
    if (value == null || value === '') return null;
    if (typeof value === 'string') return value.length <= 100 ? value : this.#unreadable(field);
    if (Number.isSafeInteger(value)) return String(value);
    return value instanceof LongNumber ? value.literal : this.#unreadable(field);
  }

  time(field: Field): number {
    const time = readTime(this.#valueOf(field));
    if (time === null) return this.#broken(field, 0);
    this.unit = time.unit;
    return time.ms;
  }

  timeOrNull(field: Field): number | null {
    const value = this.#valueOf(field);
    return value == null ? null : (readTime(value)?.ms ?? this.#unreadable(field));
  }

  #valueOf(field: Field): unknown {
    return this.#item[FIELD_NAMES[field] ?? ''];
  }

  #broken<T>(field: Field, instead: T): T {
    const isMissing = this.#valueOf(field) == null;
    this.fault ??= `${this.#ev}.${FIELD_NAMES[field]} ${isMissing ? 'missing' : 'wrong'}`;
    return instead;
  }

  /** A price that can be read and is none: counted as such (docs/prices.md). */
  #notPositive<T>(field: Field, instead: T): T {
    this.fault ??= `${this.#ev}.${FIELD_NAMES[field]}${NOT_POSITIVE}`;
    return instead;
  }

  #unreadable(field: Field): null {
    this.ignored ??= [];
    this.ignored.push(`${this.#ev}.${FIELD_NAMES[field]}`);
    return null;
  }
}

/** Of a number or a text; what else there may be has a text of its own making, or none and throws. */
const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

const UNIT_BY_DIGITS: Readonly<Record<number, TimeUnit>> = { 13: 'ms', 16: 'us', 19: 'ns' };

/** 13 digits are ms, 16 µs, 19 ns; anything else is no time. Finer parts of a ms are cut off. */
function readTime(value: unknown): { readonly ms: number; readonly unit: TimeUnit } | null {
  // Nearly all of them.
  if (Number.isSafeInteger(value) && (value as number) >= 1e12 && (value as number) < 1e13) {
    return { ms: value as number, unit: 'ms' };
  }
  const digits = value instanceof LongNumber ? value.literal : textOf(value);
  const unit = /^[1-9]\d{12,18}$/.test(digits) ? UNIT_BY_DIGITS[digits.length] : undefined;
  return unit === undefined ? null : { ms: Number(digits.slice(0, 13)), unit }; // not money: a time
}
