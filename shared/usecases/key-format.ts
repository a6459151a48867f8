/**
 * Keys as the caller sent them: told apart and checked before anything is stored (design section 13).
 *
 * Refusals name the field and the fix, and never repeat a character of what was sent.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { ok, type Result } from '../domain/result.ts';
import type { KeyType } from '../domain/types.ts';
import type { Credentials } from '../ports/keys.ts';
import { type Refusal, refuse } from './refusal.ts';

export interface KeysGiven {
  readonly apiKey: string;
  /** Of an HMAC key. */
  readonly secretKey: string | null;
  /** PEM of an Ed25519 or RSA key. */
  readonly privateKey: string | null;
}

const ALPHANUMERIC_64 = /^[A-Za-z0-9]{64}$/;
const RSA_BITS = [2048, 4096];

const wrong = (field: 'api_key' | 'secret_key' | 'private_key', message: string, fix: string) =>
  refuse('key_format', field, message, fix);

/** The key type follows from what is given: a secret is HMAC, a private key says itself what it is. */
export function readKeys({ apiKey, secretKey, privateKey }: KeysGiven): Result<Credentials, Refusal> {
  if (!ALPHANUMERIC_64.test(apiKey)) {
    const message = 'an API key has 64 letters and digits';
    return wrong('api_key', message, 'copy the API key as the exchange shows it, without spaces or quotes');
  }
  if (secretKey !== null && privateKey !== null) {
    const fix = 'send secret_key for an HMAC key, private_key for an Ed25519 or RSA key';
    return wrong('private_key', 'secret_key and private_key exclude each other', fix);
  }
  if (privateKey !== null) return readPrivateKey(apiKey, privateKey);
  if (secretKey === null) {
    const fix = 'add secret_key (HMAC) or private_key (PEM of an Ed25519 or RSA key)';
    return wrong('secret_key', 'a secret_key or a private_key is needed', fix);
  }
  if (secretKey.includes('-----BEGIN')) {
    return wrong('secret_key', 'this is a PEM, no HMAC secret', 'send it as private_key');
  }
  if (!ALPHANUMERIC_64.test(secretKey)) {
    const message = 'an HMAC secret has 64 letters and digits';
    return wrong('secret_key', message, 'copy the secret key as the exchange showed it when it was made');
  }
  if (secretKey === apiKey) {
    return wrong('secret_key', 'the API key was sent as the secret too', 'send the secret of this API key');
  }
  return ok({ keyType: 'hmac', apiKey, secret: secretKey });
}

const PKCS8 = 'PRIVATE KEY';
const TO_PKCS8 = 'convert it: openssl pkcs8 -topk8 -nocrypt -in key.pem -out key-pkcs8.pem';

/** What PEMs that are not unencrypted PKCS#8 are, by their label. */
const LABELS: Readonly<Record<string, readonly [message: string, fix: string]>> = {
  'PUBLIC KEY': [
    'this is the public half of the key',
    'send the private key; the exchange has the public one',
  ],
  'RSA PUBLIC KEY': [
    'this is the public half of the key',
    'send the private key; the exchange has the public one',
  ],
  'ENCRYPTED PRIVATE KEY': [
    'the private key is protected by a passphrase',
    'take it off: openssl pkcs8 -in key.pem -out key-plain.pem',
  ],
  'RSA PRIVATE KEY': ['the private key is in PKCS#1 form', TO_PKCS8],
  'EC PRIVATE KEY': ['this is an EC key', 'make an Ed25519 or RSA key: the exchange takes no other'],
  'OPENSSH PRIVATE KEY': [
    'this is an SSH key',
    'make a key as PEM: openssl genpkey -algorithm ed25519 -out key.pem',
  ],
  CERTIFICATE: ['this is a certificate', 'send the private key in PKCS#8 PEM form'],
};

function readPrivateKey(apiKey: string, pem: string): Result<Credentials, Refusal> {
  const labels = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map((match) => match[1] ?? '');
  const [label] = labels;
  if (label === undefined) {
    const message = 'this is no PEM: it begins with -----BEGIN PRIVATE KEY-----';
    return wrong('private_key', message, 'send the whole file, with its first and last line');
  }
  if (labels.length > 1) {
    return wrong('private_key', 'there is more than one PEM in it', 'send the private key alone');
  }
  if (/Proc-Type:\s*4,\s*ENCRYPTED/.test(pem)) {
    const fix = 'take it off: openssl pkcs8 -topk8 -nocrypt -in key.pem -out key-plain.pem';
    return wrong('private_key', 'the private key is protected by a passphrase', fix);
  }
  if (label !== PKCS8) {
    const [message, fix] = LABELS[label] ?? ['the PEM is of another kind', TO_PKCS8];
    return wrong('private_key', message, fix);
  }
  if (pem.includes('\\n')) {
    const message = 'its line ends are written as a backslash and an n';
    return wrong('private_key', message, 'send real line ends (in JSON one \\n per line, not \\\\n)');
  }
  const key = parsed(pem);
  if (key === null) {
    return wrong(
      'private_key',
      'the PEM cannot be read',
      'send the file unchanged; it may have been cut off',
    );
  }
  const keyType = typeOf(key);
  if (keyType === null) {
    const fix = 'make an Ed25519 key, or an RSA key of 2048 or 4096 bits: the exchange takes no other';
    return wrong('private_key', `this is ${described(key)}`, fix);
  }
  // Exported anew: whatever stood around the key in the text is not kept.
  const secret = key.export({ format: 'pem', type: 'pkcs8' }).toString();
  return ok({ keyType, apiKey, secret });
}

function parsed(pem: string): KeyObject | null {
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    return null; // the parser's own words may quote the key
  }
}

function typeOf(key: KeyObject): KeyType | null {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519';
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return key.asymmetricKeyType === 'rsa' && RSA_BITS.includes(bits) ? 'rsa' : null;
}

const described = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string => {
  const bits = asymmetricKeyDetails?.modulusLength;
  const size = bits === undefined ? '' : ` of ${bits} bits`;
  return `a key of type ${asymmetricKeyType ?? 'unknown'}${size}`;
};
