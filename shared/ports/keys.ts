/** Keys of exchange accounts: sealed at rest, opened only where a request is signed (design section 13). */
import type { KeyType } from '../domain/types.ts';

export interface Credentials {
  readonly keyType: KeyType;
  readonly apiKey: string;
  /** HMAC: the secret. Ed25519 and RSA: the private key as PKCS#8 PEM. Never logged, never in an error. */
  readonly secret: string;
}

/** Bound to the ciphertext: what was sealed for one wallet cannot be opened for another. */
export interface SealContext {
  readonly walletId: string;
  readonly userId: string;
}

/** The api function holds the first half only. */
export interface KeySealer {
  /** Answers base64. Throws KeysUnavailableError. */
  seal(credentials: Credentials, context: SealContext): Promise<string>;
}

export interface KeyOpener {
  /**
   * Throws KeyUnreadableError (never with content) when the ciphertext is not of this context or key, and
   * KeysUnavailableError.
   */
  open(sealed: string, context: SealContext): Promise<Credentials>;
}

export type KeyCipher = KeySealer & KeyOpener;

/** Keys cannot be sealed or opened now (service away, key file missing); nothing is known about them. Without content. */
export class KeysUnavailableError extends Error {
  override readonly name: string = 'KeysUnavailableError';
}

export class KeyUnreadableError extends Error {
  override readonly name = 'KeyUnreadableError';
}
