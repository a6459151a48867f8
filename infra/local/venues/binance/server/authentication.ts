/** Whose request is it? Keys, signatures, times and permissions, in the order in which they are checked. */
import { badSignature, mandatory, rejectedKey } from './errors.ts';
import type { Key, KeyStore } from './keys.ts';
import type { Security } from './operations.ts';
import type { Sent } from './parameters.ts';
import { checkArrival, readTiming, type Timing } from './timing.ts';

export interface Signer {
  readonly key: Key;
  readonly timing: Timing;
}

export interface Claim {
  readonly ip: string;
  /** As sent with the request; null: none. */
  readonly apiKey: string | null;
  /** The key that this socket has logged on with. */
  readonly session: Key | null;
  readonly sent: Sent;
}

/**
 * @returns null for public operations
 * @throws VenueError -2014, -2015, -1102, -1131, -1021 or -1022
 */
export function authenticate(
  { ip, apiKey, session, sent }: Claim,
  security: Security,
  keys: KeyStore,
  now: number,
): Signer | null {
  if (security === 'NONE') return null;
  const bySession = session !== null && apiKey === null && sent.signature === null;
  const key = keys.find(bySession ? session.apiKey : apiKey, ip);
  const timing = readTiming(sent.params, now);
  if (!bySession && (sent.signature === null || sent.signature === '')) throw mandatory('signature');
  checkArrival(timing, now);
  if (!bySession && !key.isSignatureOf(sent.payload, sent.signature ?? '')) throw badSignature();
  if (security !== 'KEY' && !key.permissions.has(security)) throw rejectedKey();
  return { key, timing };
}
