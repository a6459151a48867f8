/** Reads the fields of one element. The first needed field that is missing or wrong is its fault. */
import { decimalTextOf, LongNumber } from '../../domain/money/json-number.ts';
import type { TimeUnit } from './messages.ts';

/** What a message's fields are asked for; the first needed one that is not as it should be is the reader's to note. */
export interface FieldReader {
  /** Of the last needed time. */
  readonly unit: TimeUnit;
  /** A needed text. */
  text(name: string): string;
  textOrNull(name: string): string | null;
  /** A needed price above zero. */
  price(name: string): string;
  /** Zero, missing and null are all nobody; anything else has to be a price. */
  side(name: string): string | null;
  /** Zero or more. */
  amount(name: string): string | null;
  /** May be below zero. */
  signed(name: string): string | null;
  /** A number or its text, as venue ids come. */
  whole(name: string): number | null;
  /** One number counts as a list of it. */
  wholes(name: string): readonly number[];
  /** Digits, a UUID or a number. */
  id(name: string): string | null;
  /** A needed time as epoch ms; its unit is told by its digits. */
  time(name: string): number;
  timeOrNull(name: string): number | null;
}

export type Json = { readonly [name: string]: unknown };

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

  text(name: string): string {
    const value = this.#item[name];
    if (typeof value === 'string' && value !== '') return value;
    return this.#broken(name, '');
  }

  textOrNull(name: string): string | null {
    const value = this.#item[name];
    if (value == null || value === '') return null;
    return typeof value === 'string' ? value : this.#unreadable(name);
  }

  price(name: string): string {
    const value = this.#item[name];
    const text = decimalTextOf(value);
    return text !== null && isPositive(value, text) ? text : this.#broken(name, '');
  }

  side(name: string): string | null {
    const value = this.#item[name];
    if (value == null || value === 0) return null;
    const text = decimalTextOf(value);
    if (text === null || text.startsWith('-')) return this.#broken(name, null);
    return isPositive(value, text) ? text : null;
  }

  amount(name: string): string | null {
    const value = this.#item[name];
    if (value == null) return null;
    const text = decimalTextOf(value);
    return text === null || text.startsWith('-') ? this.#unreadable(name) : text;
  }

  signed(name: string): string | null {
    const value = this.#item[name];
    return value == null ? null : (decimalTextOf(value) ?? this.#unreadable(name));
  }

  whole(name: string): number | null {
    const value = this.#item[name];
    if (value == null) return null;
    if (Number.isSafeInteger(value)) return value as number;
    if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value); // not money: an id
    return this.#unreadable(name);
  }

  wholes(name: string): readonly number[] {
    const value = this.#item[name];
    if (value == null) return [];
    const list = Array.isArray(value) ? value : [value];
    if (list.every((one): one is number => Number.isSafeInteger(one))) return list;
    this.#unreadable(name);
    return [];
  }

  id(name: string): string | null {
    const value = this.#item[name];
    if (value == null || value === '') return null;
    if (typeof value === 'string') return value.length <= 100 ? value : this.#unreadable(name);
    if (Number.isSafeInteger(value)) return String(value);
    return value instanceof LongNumber ? value.literal : this.#unreadable(name);
  }

  time(name: string): number {
    const time = readTime(this.#item[name]);
    if (time === null) return this.#broken(name, 0);
    this.unit = time.unit;
    return time.ms;
  }

  timeOrNull(name: string): number | null {
    const value = this.#item[name];
    return value == null ? null : (readTime(value)?.ms ?? this.#unreadable(name));
  }

  #broken<T>(name: string, instead: T): T {
    const isMissing = this.#item[name] == null;
    this.fault ??= `${this.#ev}.${name} ${isMissing ? 'missing' : 'wrong'}`;
    return instead;
  }

  #unreadable(name: string): null {
    this.ignored ??= [];
    this.ignored.push(`${this.#ev}.${name}`);
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
