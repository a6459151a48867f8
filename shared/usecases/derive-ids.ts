/**
 * Ids derived from the facts (design section 5), so that a repeat finds what exists and a doubled cause cannot
 * make a second thing: the conditional put under such an id is the lock.
 *
 * 128 bits of SHA-256 in base62: 22 characters, zero padded. Parts are joined with their length in front, so two
 * different lists of parts never read the same.
 */
import { hash } from 'node:crypto';
import { Decimal, decimalText } from '../domain/money/decimal.ts';
import type { Order } from '../domain/types.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_LENGTH = 22;

function base62(hex: string): string {
  let rest = BigInt(`0x${hex}`);
  let text = '';
  while (rest > 0n) {
    text = `${ALPHABET[Number(rest % 62n)]}${text}`; // not money: a digit of an id
    rest /= 62n;
  }
  return text.padStart(ID_LENGTH, '0');
}

function derive(kind: string, ...parts: readonly string[]): string {
  const facts = [kind, ...parts].map((part) => `${part.length}:${part}`).join('');
  return base62(hash('sha256', facts, 'hex').slice(0, 32));
}

/** Of a caller's order: `key` is its client order id if given, else the Idempotency-Key. */
export const orderIdFor = (of: {
  readonly walletId: string;
  readonly clientOrderId: string | null;
  readonly idempotencyKey: string;
}): string =>
  of.clientOrderId === null
    ? derive('order-key', of.walletId, of.idempotencyKey)
    : derive('order-client', of.walletId, of.clientOrderId);

/** Of the position that an entry order opens. */
export const positionIdFor = (orderId: string): string => derive('position', orderId);

/** Of an exit: a level at a revision, a caller's key, or the n-th order of a full exit. */
export type ExitSource =
  | { readonly positionId: string; readonly levelName: string; readonly version: number }
  | { readonly positionId: string; readonly key: string }
  | { readonly positionId: string; readonly n: number };

export function exitOrderIdFor(source: ExitSource): string {
  if ('levelName' in source) {
    return derive('exit-level', source.positionId, source.levelName, String(source.version));
  }
  return 'key' in source
    ? derive('exit-key', source.positionId, source.key)
    : derive('exit-flatten', source.positionId, String(source.n));
}

/** Of a webhook: one per user and key of the call. */
export const webhookIdFor = (userId: string, key: string): string => derive('webhook', userId, key);

/** Of a wallet: one per user and key of the call. */
export const walletIdFor = (userId: string, key: string): string => derive('wallet', userId, key);

/** Of a signal: one per position and key of the call. */
export const signalIdFor = (positionId: string, key: string): string => derive('signal', positionId, key);

/** Of the order that takes an amended one's place: one per order and key of the call. */
export const heirIdFor = (orderId: string, key: string): string => derive('order-heir', orderId, key);

const CLIENT_ID = /^mq([0-9A-Za-z]{22})-([1-9]\d{0,5})([ab])?(c)?$/;

/** The id sent to the venue: at most 36 characters, never reused (the attempt grows). */
export const venueClientId = (orderId: string, attempt: number): string => `mq${orderId}-${attempt}`;

/** The id under which the order's present attempt goes to the venue. */
export const clientIdOf = (order: Pick<Order, 'orderId' | 'send'>): string =>
  venueClientId(order.orderId, order.send?.attempt ?? 1);

export interface VenueClientId {
  readonly orderId: string;
  readonly attempt: number;
  /** Of an order list: `a` takes profit, `b` stops. */
  readonly leg: 'a' | 'b' | null;
  /** Written by a cancel of ours. */
  readonly isCancel: boolean;
}

/** Reads our order back from a venue's report without an index; null for an id that is not ours. */
export function parseVenueClientId(clientId: string): VenueClientId | null {
  const [, orderId, attempt, leg, cancel] = CLIENT_ID.exec(clientId) ?? [];
  if (orderId === undefined || attempt === undefined) return null;
  return {
    orderId,
    attempt: Number.parseInt(attempt, 10), // not money: a count
    leg: leg === 'a' || leg === 'b' ? leg : null,
    isCancel: cancel !== undefined,
  };
}

/** JSON with sorted keys; undefined members are left out; equal amounts read the same (`1.0` is `1`). */
function canonical(value: unknown): string {
  if (Decimal.isDecimal(value)) return JSON.stringify(decimalText(new Decimal(value)));
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** Fingerprint of a request body: the same body gives the same hash whatever the order of its members. */
export const canonicalHash = (body: unknown): string => hash('sha256', canonical(body), 'hex');
