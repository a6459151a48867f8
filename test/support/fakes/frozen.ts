import { Decimal } from '../../../shared/domain/money/decimal.ts';

/**
 * The same value, never to be changed again: a store gives out what it was given, and who changes that in place must
 * not change the store. Ends where it meets what is frozen already, so a change of a large item costs what it changed.
 */
export function frozen<T>(value: T): T {
  // A Decimal is never changed by anybody.
  if (typeof value !== 'object' || value === null || value instanceof Decimal || Object.isFrozen(value)) {
    return value;
  }
  Object.freeze(value);
  for (const part of Object.values(value)) if (typeof part === 'object') frozen(part);
  return value;
}
