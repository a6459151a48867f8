/** Request parameters, read one by one; what nobody read is refused at the end (-1104). */
import { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import type { Params, VenueError } from '../contract.ts';
import { refuse } from './errors.ts';

const DECIMAL_RANGE = '^([0-9]{1,20})(\\.[0-9]{1,20})?$';
const INTEGER_RANGE = '^[0-9]{1,20}$';
const CLIENT_ID_RANGE = '^[a-zA-Z0-9-_]{1,36}$';
const DECIMAL = /^[0-9]{1,20}(\.[0-9]{1,20})?$/;
const INTEGER = /^[0-9]{1,20}$/;
const CLIENT_ID = /^[a-zA-Z0-9-_]{1,36}$/;
/** Largest amount: a 64-bit mantissa with 8 decimals. */
const LARGEST = new Decimal('92233720368.54775807');

/** Handled before an operation is reached, and allowed on every one. */
const COMMON = ['timestamp', 'recvWindow', 'signature', 'apiKey', 'returnRateLimits', 'timeUnit'];

export interface ParamReader {
  /** A reader of the same request for the parameters of one leg: `price` is `abovePrice`. */
  leg(prefix: string): ParamReader;
  name(name: string): string;
  has(name: string): boolean;
  text(name: string): string | null;
  required(name: string): string;
  oneOf<T extends string>(name: string, allowed: readonly T[], error: () => VenueError): T | null;
  decimal(name: string): Decimal | null;
  integer(name: string): number | null;
  boolean(name: string): boolean | null;
  clientId(name: string): string | null;
  /** Refuses a parameter that does not belong here (-1106). */
  forbid(name: string): void;
  /** Refuses parameters that nothing asked for (-1104). */
  finish(): void;
}

/** Reads `params`; names are remembered so that `finish` knows what was left over. */
export function paramReader(params: Params): ParamReader {
  const read = new Set(COMMON);

  const withPrefix = (prefix: string): ParamReader => {
    const nameOf = (name: string): string =>
      prefix === '' ? name : `${prefix}${name.charAt(0).toUpperCase()}${name.slice(1)}`;

    const text = (name: string): string | null => {
      const full = nameOf(name);
      read.add(full);
      const value = params[full];
      if (value === undefined) return null;
      if (value === '') throw refuse.empty(full);
      return value;
    };

    const reader: ParamReader = {
      leg: withPrefix,
      name: nameOf,
      text,
      has: (name) => params[nameOf(name)] !== undefined,
      required: (name) => {
        const full = nameOf(name);
        read.add(full);
        const value = params[full];
        if (value === undefined || value === '') throw refuse.missing(full);
        return value;
      },
      oneOf: <T extends string>(name: string, allowed: readonly T[], error: () => VenueError): T | null => {
        const value = text(name);
        if (value === null) return null;
        const found = allowed.find((item) => item === value);
        if (found === undefined) throw error();
        return found;
      },
      decimal: (name) => {
        const value = text(name);
        if (value === null) return null;
        if (!DECIMAL.test(value)) throw refuse.illegal(nameOf(name), DECIMAL_RANGE);
        const number = new Decimal(value);
        if (number.greaterThan(LARGEST)) throw refuse.overflow(nameOf(name));
        return number;
      },
      integer: (name) => {
        const value = text(name);
        if (value === null) return null;
        if (!INTEGER.test(value)) throw refuse.illegal(nameOf(name), INTEGER_RANGE);
        const number = Number(value);
        if (!Number.isSafeInteger(number)) throw refuse.overflow(nameOf(name));
        return number;
      },
      boolean: (name) => {
        const value = text(name);
        if (value === null) return null;
        const lower = value.toLowerCase();
        if (lower !== 'true' && lower !== 'false') throw refuse.illegal(nameOf(name), 'true|false');
        return lower === 'true';
      },
      clientId: (name) => {
        const value = text(name);
        if (value !== null && !CLIENT_ID.test(value)) throw refuse.illegal(nameOf(name), CLIENT_ID_RANGE);
        return value;
      },
      forbid: (name) => {
        if (params[nameOf(name)] !== undefined) throw refuse.notRequired(nameOf(name));
      },
      finish: () => {
        const sent = Object.keys(params);
        const known = sent.filter((name) => read.has(name));
        if (known.length < sent.length) throw refuse.unread(known.length, sent.length);
      },
    };
    return reader;
  };
  return withPrefix('');
}
