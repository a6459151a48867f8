/** From keys in clear to what is kept of them. The clear ones are not kept, not logged and in no error. */
import { createHash } from 'node:crypto';
import type { SealedKeys } from '../domain/wallets.ts';
import type { Credentials, KeySealer, SealContext } from '../ports/keys.ts';

const HINT_LENGTH = 4;

/**
 * Tells whether the same keys are given again, and nothing else: a hash over 64 random characters or a private key
 * cannot be searched, and with the wallet's id in it two wallets' fingerprints do not compare.
 */
export const keysFingerprint = (keys: Credentials, { walletId }: SealContext): string =>
  createHash('sha256')
    .update(JSON.stringify(['keys', walletId, keys.keyType, keys.apiKey, keys.secret]), 'utf8')
    .digest('hex');

export async function sealKeys(
  sealer: KeySealer,
  keys: Credentials,
  context: SealContext,
): Promise<SealedKeys> {
  return {
    keyType: keys.keyType,
    keyHint: keys.apiKey.slice(-HINT_LENGTH),
    sealedKeys: await sealer.seal(keys, context),
    keyFingerprint: keysFingerprint(keys, context),
  };
}
