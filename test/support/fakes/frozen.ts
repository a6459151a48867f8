import { Decimal } from '../../../shared/domain/money/decimal.ts';

/**
 * The same value, never to be changed again: a store gives out what it was given, and who changes that in place must
 * not change the store. Ends where it meets what is frozen already, so a change of a large item costs what it changed.
 * `before`: what is frozen and shares most of its parts with it; these are not even looked at.
 */
export function frozen<T>(value: T, before?: T): T {
  // A Decimal is never changed by anybody.
  if (typeof value !== 'object' || value === null || value instanceof Decimal || Object.isFrozen(value)) {
    return value;
  }
  Object.freeze(value);
  const known: T | null = before ?? null;
  for (const name of Object.keys(value) as (keyof T)[]) {
    const part = value[name];
    if (typeof part === 'object' && part !== null && part !== known?.[name]) frozen(part);
  }
  return value;
}
