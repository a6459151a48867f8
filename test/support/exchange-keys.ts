/** Keys for tests: made anew in each run, shaped as the exchange's own. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Credentials } from '../../shared/ports/keys.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** 64 characters, letters and digits. */
export const alphanumerics = (length = 64): string =>
  [...randomBytes(length)].map((byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('');

export const hmacKeys = (): Credentials => ({
  keyType: 'hmac',
  apiKey: alphanumerics(),
  secret: alphanumerics(),
});

export const ed25519Keys = (): Credentials => ({
  keyType: 'ed25519',
  apiKey: alphanumerics(),
  secret: generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
});

export const rsaKeys = (modulusLength: number): Credentials => ({
  keyType: 'rsa',
  apiKey: alphanumerics(),
  secret: generateKeyPairSync('rsa', { modulusLength })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString(),
});
