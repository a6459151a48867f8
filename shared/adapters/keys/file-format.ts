/**
 * Sealed with a key file, version 1: one byte version, 12 bytes nonce, 16 bytes tag, ciphertext of AES-256-GCM.
 * The wallet and its owner are authenticated with it.
 */
import type { SealContext } from '../../ports/keys.ts';

export const FILE_CIPHER = 'aes-256-gcm';
export const FILE_VERSION = 1;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/** No two contexts read the same: JSON keeps the parts apart. */
export const associatedData = ({ walletId, userId }: SealContext): Buffer =>
  Buffer.from(JSON.stringify(['moniqo-keys', FILE_VERSION, walletId, userId]), 'utf8');
