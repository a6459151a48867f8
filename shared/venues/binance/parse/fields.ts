/**
 * Reading the exchange's JSON: strict on the fields that are needed, blind to those that are new.
 *
 * Decimals come as text, ids and times as numbers (ids are kept as text). Whatever is missing or of another kind is a
 * ParseError that names the field and never its value.
 */
import { type Decimal, parseDecimal } from '../../../domain/money/decimal.ts';

/** The venue's answer is not of the documented shape. */
export class ParseError extends Error {
  override readonly name = 'ParseError';
}

export type JsonObject = { readonly [key: string]: unknown };

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON text, or a ParseError that does not repeat it. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ParseError(`${what}: not JSON`);
  }
}

/** The members of one object. `what` names it in errors. */
export class Fields {
  readonly raw: JsonObject;
  private readonly what: string;

  constructor(value: unknown, what: string) {
    if (!isObject(value)) throw new ParseError(`${what}: not an object`);
    this.raw = value;
    this.what = what;
  }

  /** Absent and null are the same. */
  has(key: string): boolean {
    return this.raw[key] !== undefined && this.raw[key] !== null;
  }

  text(key: string): string {
    const value = this.raw[key];
    if (typeof value !== 'string') return this.wrong(key, 'text');
    return value;
  }

  decimal(key: string): Decimal {
    const value = this.raw[key];
    const parsed = typeof value === 'string' ? parseDecimal(value) : null;
    return parsed ?? this.wrong(key, 'decimal text');
  }

  /** A whole number: time in ms, count, basis points. */
  integer(key: string): number {
    const value = this.raw[key];
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) return this.wrong(key, 'a whole number');
    return value;
  }

  /** An id as text, whether the venue sends a number or text. */
  id(key: string): string {
    const value = this.raw[key];
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    if (typeof value === 'string' && value !== '') return value;
    return this.wrong(key, 'an id');
  }

  flag(key: string): boolean {
    const value = this.raw[key];
    if (typeof value !== 'boolean') return this.wrong(key, 'true or false');
    return value;
  }

  list(key: string): readonly unknown[] {
    const value = this.raw[key];
    if (!Array.isArray(value)) return this.wrong(key, 'a list');
    return value;
  }

  objects(key: string): readonly Fields[] {
    return this.list(key).map((item, i) => new Fields(item, `${this.what}.${key}[${i}]`));
  }

  texts(key: string): readonly string[] {
    return this.list(key).map((item) =>
      typeof item === 'string' ? item : this.wrong(key, 'a list of text'),
    );
  }

  object(key: string): Fields {
    return new Fields(this.raw[key], `${this.what}.${key}`);
  }

  /** Reads where there is something, else null: for what the venue sends only sometimes. */
  optional<T>(key: string, read: (key: string) => T): T | null {
    return this.has(key) ? read.call(this, key) : null;
  }

  private wrong(key: string, expected: string): never {
    throw new ParseError(`${this.what}.${key}: ${expected} is needed`);
  }
}

export function fieldsOfAll(value: unknown, what: string): readonly Fields[] {
  if (!Array.isArray(value)) throw new ParseError(`${what}: not a list`);
  return value.map((item, i) => new Fields(item, `${what}[${i}]`));
}
