/**
 * What is sealed: key type, API key and secret as bytes (design section 13).
 *
 * Version 1 is JSON with the secret in base64: of private keys the PKCS#8 DER, not the PEM text, so that RSA-4096
 * stays within the 4,096 bytes that KMS encrypts.
 */
import { createPrivateKey } from 'node:crypto';
import { KEY_TYPES } from '../../domain/types.ts';
import { type Credentials, KeyUnreadableError } from '../../ports/keys.ts';

/** What KMS encrypts at most. */
export const MAX_PAYLOAD_BYTES = 4_096;

/** The keys are larger than what can be sealed; `field` is the request's field at fault. */
export class KeyTooLargeError extends Error {
  override readonly name = 'KeyTooLargeError';
  readonly field: 'secret_key' | 'private_key';

  constructor(field: 'secret_key' | 'private_key', bytes: number) {
    super(`${field} is too large to be sealed: ${bytes} bytes of at most ${MAX_PAYLOAD_BYTES}`);
    this.field = field;
  }
}

/** @throws KeyTooLargeError; any other error means a private key that was never checked, and carries nothing of it */
export function encodePayload({ keyType, apiKey, secret }: Credentials): Buffer {
  const bytes = keyType === 'hmac' ? Buffer.from(secret, 'utf8') : derOf(secret);
  const json = JSON.stringify({ v: 1, t: keyType, k: apiKey, s: bytes.toString('base64') });
  const payload = Buffer.from(json, 'utf8');
  if (payload.length > MAX_PAYLOAD_BYTES) {
    throw new KeyTooLargeError(keyType === 'hmac' ? 'secret_key' : 'private_key', payload.length);
  }
  return payload;
}

function derOf(pem: string): Buffer {
  try {
    return createPrivateKey({ key: pem, format: 'pem' }).export({ format: 'der', type: 'pkcs8' });
  } catch {
    throw new Error('the private key to be sealed is no readable PEM');
  }
}

/** @throws KeyUnreadableError */
export function decodePayload(payload: Uint8Array): Credentials {
  try {
    const json: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    return credentialsOf(json);
  } catch {
    // The cause may quote what it could not read: it goes no further.
    throw new KeyUnreadableError('the opened keys are not in a format of ours');
  }
}

function credentialsOf(json: unknown): Credentials {
  const { v, t, k, s } = json as Readonly<Record<string, unknown>>;
  const keyType = KEY_TYPES.find((type) => type === t);
  if (v !== 1 || keyType === undefined || typeof k !== 'string' || typeof s !== 'string') {
    throw new Error('unknown format');
  }
  const bytes = Buffer.from(s, 'base64');
  const secret = keyType === 'hmac' ? bytes.toString('utf8') : pemOf(bytes);
  return { keyType, apiKey: k, secret };
}

const pemOf = (der: Buffer): string =>
  createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
