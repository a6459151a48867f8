/**
 * Domain values <-> DynamoDB attribute values, exactly (design section 14).
 *
 * Always true:
 * - a Decimal travels as number text and comes back as the same Decimal; it never is a JavaScript number;
 * - reading is strict: an attribute of another type, or a missing one, is a `CodecError` that names its path;
 * - the codec of an object names each of its properties, so a new property does not compile until it is kept.
 *
 * A sparse object leaves out what is null or an empty list: most of an order's and a position's properties are, and both
 * the bill (units of a kilobyte) and the time of a list go by what is written.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { Decimal } from '../../domain/money/decimal.ts';
import { UnreadableItemError } from '../../ports/ledger.ts';

/** An item or a value that this system did not write, or cannot read any more. */
export class CodecError extends UnreadableItemError {
  override readonly name = 'CodecError';
}

export interface Codec<T> {
  encode(value: T): AttributeValue;
  /** `path` names the attribute in errors. */
  decode(attribute: AttributeValue, path: string): T;
  /** What an item from before this property existed reads as. Without it a missing attribute is an error. */
  readonly whenMissing?: () => T;
  /** The value that says nothing: a sparse object does not write it, and reads it where nothing was written. */
  readonly nothing?: { is(value: T): boolean; make(): T };
}

/** A codec of an object, which is also an item's: its properties are the item's attributes. */
export interface ObjectCodec<T> extends Codec<T> {
  item(value: T): Record<string, AttributeValue>;
  /** Reads the known properties; other attributes (keys, index attributes) are left alone. */
  fromItem(item: Readonly<Record<string, AttributeValue>>, path: string): T;
}

const wrong = (path: string, expected: string, attribute: AttributeValue): CodecError =>
  new CodecError(`${path}: expected ${expected}, found ${Object.keys(attribute).join()}`);

/** DynamoDB keeps 38 significant digits of magnitude 1e-130 to 9.99e125. */
const MAX_DIGITS = 38;
const MAX_EXPONENT = 125;
const MIN_EXPONENT = -130;

/** A Decimal as number text; throws when DynamoDB could not keep it exactly. */
export function numberText(value: Decimal): string {
  if (!value.isFinite()) throw new CodecError(`not a finite number: ${value.toString()}`);
  if (value.isZero()) return '0';
  if (value.precision() > MAX_DIGITS || value.e > MAX_EXPONENT || value.e < MIN_EXPONENT) {
    throw new CodecError(`too long for an exact number: ${value.toString()}`);
  }
  return value.toString();
}

export const decimals: Codec<Decimal> = {
  encode: (value) => ({ N: numberText(value) }),
  decode: (attribute, path) => {
    if (attribute.N === undefined) throw wrong(path, 'a number', attribute);
    return new Decimal(attribute.N);
  },
};

/** Ids, times, counts: whole numbers that a double keeps exactly. */
export const integers: Codec<number> = {
  encode: (value) => {
    if (!Number.isSafeInteger(value)) throw new CodecError(`not a whole number: ${value}`);
    return { N: String(value) };
  },
  decode: (attribute, path) => {
    if (attribute.N === undefined) throw wrong(path, 'a number', attribute);
    const value = Number(attribute.N); // not money: a whole number, checked below
    if (!Number.isSafeInteger(value)) throw new CodecError(`${path}: not a whole number`);
    return value;
  },
};

/** A JavaScript number that is no amount, such as a model's confidence. */
export const ratios: Codec<number> = {
  encode: (value) => {
    if (!Number.isFinite(value)) throw new CodecError(`not a finite number: ${value}`);
    return { N: String(value) };
  },
  decode: (attribute, path) => {
    if (attribute.N === undefined) throw wrong(path, 'a number', attribute);
    return Number(attribute.N); // not money: a confidence or another plain ratio
  },
};

export const texts: Codec<string> = {
  encode: (value) => ({ S: value }),
  decode: (attribute, path) => {
    if (attribute.S === undefined) throw wrong(path, 'text', attribute);
    return attribute.S;
  },
};

export const booleans: Codec<boolean> = {
  encode: (value) => ({ BOOL: value }),
  decode: (attribute, path) => {
    if (attribute.BOOL === undefined) throw wrong(path, 'true or false', attribute);
    return attribute.BOOL;
  },
};

/** One of a fixed set of words. */
export const words = <const W extends string>(allowed: readonly W[]): Codec<W> => ({
  encode: (value) => ({ S: value }),
  decode: (attribute, path) => {
    const word = allowed.find((candidate) => candidate === attribute.S);
    if (word === undefined) throw wrong(path, `one of ${allowed.join(', ')}`, attribute);
    return word;
  },
});

export const nullable = <T>(inner: Codec<T>): Codec<T | null> => ({
  encode: (value) => (value === null ? { NULL: true } : inner.encode(value)),
  decode: (attribute, path) => (attribute.NULL === true ? null : inner.decode(attribute, path)),
  nothing: { is: (value) => value === null, make: () => null },
});

/** A property that older items do not have: they read as null. */
export const nullableSince = <T>(inner: Codec<T>): Codec<T | null> => ({
  ...nullable(inner),
  whenMissing: () => null,
});

/** One that most have no value of. */
export const optionals = <T>(inner: Codec<T>): Codec<T | undefined> => ({
  encode: (value) => (value === undefined ? { NULL: true } : inner.encode(value)),
  decode: (attribute, path) => (attribute.NULL === true ? undefined : inner.decode(attribute, path)),
  whenMissing: () => undefined,
});

export const lists = <T>(inner: Codec<T>): Codec<readonly T[]> => ({
  encode: (values) => ({ L: values.map(inner.encode) }),
  decode: (attribute, path) => {
    if (attribute.L === undefined) throw wrong(path, 'a list', attribute);
    return attribute.L.map((element, index) => inner.decode(element, `${path}[${index}]`));
  },
  nothing: { is: (values) => values.length === 0, make: () => [] },
});

/** A map from any text to values of one kind. */
export const maps = <T>(inner: Codec<T>): Codec<Readonly<Record<string, T>>> => ({
  encode: (values) => ({
    M: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, inner.encode(value)])),
  }),
  decode: (attribute, path) => {
    if (attribute.M === undefined) throw wrong(path, 'a map', attribute);
    return Object.fromEntries(
      Object.entries(attribute.M).map(([key, value]) => [key, inner.decode(value, `${path}.${key}`)]),
    );
  },
});

/** How each property is written. */
export type Fields<T> = { readonly [K in keyof T]-?: Codec<T[K]> };

/** Every property is written, null and empty lists too; a missing one is an error. */
export const objects = <T extends object>(fields: Fields<T>): ObjectCodec<T> =>
  objectOf<T>(
    (Object.keys(fields) as (keyof T & string)[]).map((name) => {
      const { encode, decode, whenMissing } = fields[name];
      return { name, encode, decode, whenMissing, leavesOut: undefined };
    }),
  );

/** What is null or an empty list is not written, and reads back as that. Older items that have it written read the same. */
export const sparseObjects = <T extends object>(fields: Fields<T>): ObjectCodec<T> =>
  objectOf<T>(
    (Object.keys(fields) as (keyof T & string)[]).map((name) => {
      const { encode, decode, whenMissing, nothing } = fields[name];
      // Where an older item means something by having none, nothing has to be said in words.
      const isSparse = nothing !== undefined && (whenMissing === undefined || nothing.is(whenMissing()));
      return {
        ...{ name, encode, decode },
        whenMissing: isSparse ? nothing.make : whenMissing,
        leavesOut: isSparse ? nothing.is : undefined,
      };
    }),
  );

interface Property<T, K extends keyof T & string> {
  readonly name: K;
  readonly encode: Codec<T[K]>['encode'];
  readonly decode: Codec<T[K]>['decode'];
  readonly whenMissing: (() => T[K]) | undefined;
  readonly leavesOut: ((value: T[K]) => boolean) | undefined;
}

function objectOf<T extends object>(properties: readonly Property<T, keyof T & string>[]): ObjectCodec<T> {
  const item = (value: T): Record<string, AttributeValue> => {
    const written: Record<string, AttributeValue> = {};
    for (const { name, encode, leavesOut } of properties) {
      const property = value[name];
      if (leavesOut?.(property) !== true) written[name] = encode(property);
    }
    return written;
  };
  // Property by property: lists read thousands of them, and pairs in between took as long as the reading.
  const fromItem = (attributes: Readonly<Record<string, AttributeValue>>, path: string): T => {
    const read: Partial<T> = {};
    for (const { name, decode, whenMissing } of properties) {
      const attribute = attributes[name];
      if (attribute !== undefined) read[name] = decode(attribute, `${path}.${name}`);
      else if (whenMissing !== undefined) read[name] = whenMissing();
      else throw new CodecError(`${path}.${name}: missing`);
    }
    // Each property of T has been read by its own codec; only the type of the assembled object is asserted.
    return read as T;
  };
  return {
    item,
    fromItem,
    encode: (value) => ({ M: item(value) }),
    decode: (attribute, path) => {
      if (attribute.M === undefined) throw wrong(path, 'an object', attribute);
      return fromItem(attribute.M, path);
    },
  };
}

/** A part of an object: only the properties that it has are written, and read back. */
export function partials<T extends object>(
  fields: { readonly [K in keyof T]-?: Codec<T[K]> },
): Codec<Partial<T>> {
  const names = Object.keys(fields) as (keyof T & string)[];
  return {
    encode: (value) => {
      const entries = names.flatMap((name): [string, AttributeValue][] => {
        const property = value[name];
        return property === undefined ? [] : [[name, fields[name].encode(property)]];
      });
      return { M: Object.fromEntries(entries) };
    },
    decode: (attribute, path) => {
      if (attribute.M === undefined) throw wrong(path, 'an object', attribute);
      const { M } = attribute;
      const entries = names.flatMap((name): [string, unknown][] => {
        const property = M[name];
        return property === undefined ? [] : [[name, fields[name].decode(property, `${path}.${name}`)]];
      });
      // As in `objects`: each property has been read by its own codec.
      return Object.fromEntries(entries) as Partial<T>;
    },
  };
}
