/**
 * Signatures of the exchange: HMAC-SHA-256 (hex), Ed25519 and RSA PKCS#1 v1.5 with SHA-256 (base64).
 *
 * REST: names and values are percent-encoded first, then signed, so that the signed bytes are the sent bytes. The
 * WebSocket API: all parameters sorted by name, as raw UTF-8. Nothing here logs or throws with what it was given.
 */
import { createHmac, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { Credentials } from '../../ports/keys.ts';

/** A parameter that is undefined is left out. */
export type Params = Readonly<Record<string, string | undefined>>;

const PLAIN = /^[\w.~-]*$/;

/** Everything but `A-Z a-z 0-9 - _ . ~` is escaped; encodeURIComponent leaves five more alone. */
export const percentEncode = (text: string): string =>
  // Nearly all of what is sent: ids, numbers and names.
  PLAIN.test(text)
    ? text
    : encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

export const encodeParams = (params: Params): string =>
  Object.entries(params)
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`${percentEncode(name)}=${percentEncode(value)}`],
    )
    .join('&');

/** What the WebSocket API signs: every parameter except the signature itself, by name, not encoded. */
export const wsPayload = (params: Params): string =>
  Object.entries(params)
    .filter(([name, value]) => name !== 'signature' && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');

/** The key's text cannot be used for its type; says nothing of the text. */
export class BadKeyError extends Error {
  override readonly name = 'BadKeyError';
}

export interface Signer {
  readonly apiKey: string;
  /** Hex or base64, as the key type has it; not percent-encoded. */
  sign(payload: string): string;
}

function privateKey(pem: string, type: 'ed25519' | 'rsa'): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // The parser's own message may quote the text.
    throw new BadKeyError(`the private key is no PKCS#8 PEM`);
  }
  if (key.asymmetricKeyType !== type) throw new BadKeyError(`the private key is not of type ${type}`);
  return key;
}

/** Throws BadKeyError for a secret that cannot sign. */
export function createSigner(credentials: Credentials): Signer {
  const { apiKey, keyType, secret } = credentials;
  // It travels in a header: anything else could not even be sent.
  if (!/^[\x21-\x7e]{1,256}$/.test(apiKey))
    throw new BadKeyError('the API key has characters that no key has');
  switch (keyType) {
    case 'hmac': {
      if (secret === '') throw new BadKeyError('the secret is empty');
      return {
        apiKey,
        sign: (payload) => createHmac('sha256', secret).update(payload, 'utf8').digest('hex'),
      };
    }
    case 'ed25519': {
      const key = privateKey(secret, 'ed25519');
      return { apiKey, sign: (payload) => sign(null, Buffer.from(payload, 'utf8'), key).toString('base64') };
    }
    case 'rsa': {
      const key = privateKey(secret, 'rsa');
      return {
        apiKey,
        sign: (payload) => sign('sha256', Buffer.from(payload, 'utf8'), key).toString('base64'),
      };
    }
  }
}

export interface SignedRequest {
  /** Encoded, without `?`; empty when all is in the body. */
  readonly query: string;
  /** Form body; empty when there is none. */
  readonly body: string;
}

/** The signed text is the encoded query directly followed by the encoded body; the signature ends the last of them. */
export function signRest(signer: Signer, query: Params, body: Params = {}): SignedRequest {
  const encodedQuery = encodeParams(query);
  const encodedBody = encodeParams(body);
  const signature = `signature=${percentEncode(signer.sign(encodedQuery + encodedBody))}`;
  const withSignature = (text: string) => (text === '' ? signature : `${text}&${signature}`);
  return encodedBody === ''
    ? { query: withSignature(encodedQuery), body: '' }
    : { query: encodedQuery, body: withSignature(encodedBody) };
}

/** Parameters of a signed WebSocket API request, with `apiKey` and `signature`. Decimals stay text. */
export function signWs(signer: Signer, params: Params): Record<string, string> {
  const all: Record<string, string> = { apiKey: signer.apiKey };
  for (const [name, value] of Object.entries(params)) if (value !== undefined) all[name] = value;
  return { ...all, signature: signer.sign(wsPayload(all)) };
}
