/** API keys of the simulator's accounts: three kinds, permissions, whitelist, revocation. */
import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { JsonObject } from '../contract.ts';
import { badKeyFormat, rejectedKey } from './errors.ts';
import type { Security } from './operations.ts';

export type KeyType = 'hmac' | 'ed25519' | 'rsa';
export type Permission = Exclude<Security, 'NONE' | 'KEY'>;
export const PERMISSIONS: readonly Permission[] = ['TRADE', 'USER_DATA', 'USER_STREAM'];

export interface KeyOptions {
  readonly uid: number;
  /** Default `hmac`. */
  readonly type?: KeyType;
  /** Default: all three. */
  readonly permissions?: readonly Permission[];
  /** Addresses that may use it; given = `ipRestrict`. */
  readonly ipWhitelist?: readonly string[];
  readonly enableWithdrawals?: boolean;
  /** 64 letters and digits; made up when left out. */
  readonly apiKey?: string;
  /** HMAC: the secret; made up when left out. */
  readonly secret?: string;
  /** Ed25519, RSA: the public key (PEM); a pair is made when left out. */
  readonly publicKey?: string;
}

export interface CreatedKey {
  readonly uid: number;
  readonly keyType: KeyType;
  readonly apiKey: string;
  /** HMAC: the secret. Others: the private key (PKCS#8 PEM) of a pair made here; null where the pair is yours. */
  readonly secret: string | null;
}

export interface Key {
  readonly uid: number;
  readonly type: KeyType;
  readonly apiKey: string;
  readonly permissions: ReadonlySet<Permission>;
  readonly ipWhitelist: readonly string[] | null;
  readonly enableWithdrawals: boolean;
  readonly createdAt: number;
  readonly isSignatureOf: (payload: string, signature: string) => boolean;
}

export class KeyError extends Error {
  override readonly name = 'KeyError';
}

const FORMAT = /^[A-Za-z0-9]{64}$/;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const letters = (bytes: Uint8Array): string =>
  Array.from(bytes, (b) => ALPHABET[b % ALPHABET.length]).join('');
const randomText = (): string => letters(randomBytes(64));

/** 64 letters and digits that are always the same for the same seed: a test key that survives a restart. */
export const seededText = (seed: string): string => letters(createHash('sha512').update(seed).digest());

const hmacCheck =
  (secret: string) =>
  (payload: string, signature: string): boolean => {
    // Hex of either case, and nothing else.
    if (!/^[0-9a-fA-F]{64}$/.test(signature)) return false;
    return timingSafeEqual(
      createHmac('sha256', secret).update(payload, 'utf8').digest(),
      Buffer.from(signature, 'hex'),
    );
  };

const publicKeyCheck =
  (key: KeyObject, algorithm: 'sha256' | null) =>
  (payload: string, signature: string): boolean => {
    const bytes = Buffer.from(signature, 'base64');
    if (bytes.toString('base64') !== signature) return false;
    return verify(algorithm, Buffer.from(payload, 'utf8'), key, bytes);
  };

const MODULUS_BITS = 2048;

function keyPair(type: 'ed25519' | 'rsa'): { publicKey: KeyObject; privateKey: KeyObject } {
  return type === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: MODULUS_BITS })
    : generateKeyPairSync('ed25519');
}

function readPublicKey(pem: string, type: 'ed25519' | 'rsa'): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new KeyError('publicKey: a public key in PEM is expected');
  }
  if (key.asymmetricKeyType !== type)
    throw new KeyError(`publicKey: ${type} is expected, ${key.asymmetricKeyType} was given`);
  return key;
}

export class KeyStore {
  private readonly keys = new Map<string, Key>();
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  /** @throws KeyError on a key that no account could have */
  create(options: KeyOptions): CreatedKey {
    const { uid, type = 'hmac' } = options;
    const apiKey = options.apiKey ?? randomText();
    if (!FORMAT.test(apiKey)) throw new KeyError('apiKey: 64 letters and digits are expected');
    if (this.keys.has(apiKey)) throw new KeyError('apiKey: there is such a key already');
    const { check, secret } = this.material(type, options);
    this.keys.set(apiKey, {
      uid,
      type,
      apiKey,
      permissions: new Set(options.permissions ?? PERMISSIONS),
      ipWhitelist: options.ipWhitelist ?? null,
      enableWithdrawals: options.enableWithdrawals ?? false,
      createdAt: this.now(),
      isSignatureOf: check,
    });
    return { uid, keyType: type, apiKey, secret };
  }

  private material(
    type: KeyType,
    options: KeyOptions,
  ): { check: Key['isSignatureOf']; secret: string | null } {
    if (type === 'hmac') {
      if (options.publicKey !== undefined) throw new KeyError('publicKey: a HMAC key has none');
      const secret = options.secret ?? randomText();
      return { check: hmacCheck(secret), secret };
    }
    if (options.secret !== undefined) throw new KeyError(`secret: a key of type ${type} has none`);
    const algorithm = type === 'rsa' ? 'sha256' : null;
    if (options.publicKey !== undefined) {
      return { check: publicKeyCheck(readPublicKey(options.publicKey, type), algorithm), secret: null };
    }
    const pair = keyPair(type);
    const secret = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { check: publicKeyCheck(pair.publicKey, algorithm), secret };
  }

  /** false: there is no such key. */
  revoke(apiKey: string): boolean {
    return this.keys.delete(apiKey);
  }

  /** @throws VenueError -2014 for what cannot be a key, -2015 for an unknown or revoked one, or a foreign address */
  find(apiKey: string | null, ip: string): Key {
    if (apiKey === null || !FORMAT.test(apiKey)) throw badKeyFormat();
    const key = this.keys.get(apiKey);
    if (key === undefined) throw rejectedKey();
    if (key.ipWhitelist !== null && !key.ipWhitelist.includes(ip)) throw rejectedKey();
    return key;
  }
}

/** The account's answer to `GET /sapi/v1/account/apiRestrictions`, narrowed to what this key may do. */
export const restrictionsOf = (key: Key, account: JsonObject): JsonObject => ({
  ...account,
  createTime: key.createdAt,
  ipRestrict: key.ipWhitelist !== null || account['ipRestrict'] === true,
  enableReading: key.permissions.has('USER_DATA') && account['enableReading'] !== false,
  enableSpotAndMarginTrading: key.permissions.has('TRADE') && account['enableSpotAndMarginTrading'] !== false,
  enableWithdrawals: key.enableWithdrawals || account['enableWithdrawals'] === true,
});
