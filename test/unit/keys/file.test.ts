import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeyCipher } from '../../../shared/adapters/keys/cipher.ts';
import { createKeyFile } from '../../../shared/adapters/keys/key-file.ts';
import { KeyUnreadableError } from '../../../shared/ports/keys.ts';
import { alphanumerics, ed25519Keys, hmacKeys, rsaKeys } from '../../support/exchange-keys.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'moniqo-keys-'));
  path = join(folder, 'wallets.key');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const CONTEXT = { walletId: 'wallet-1', userId: 'user-1' };

describe('the key file', () => {
  it('is made once, for its owner alone, and never written again', async () => {
    expect(await createKeyFile(path)).toBe('created');
    const text = readFileSync(path, 'utf8');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(text).toMatch(/^[0-9a-f]{64}\n$/);
    expect(await createKeyFile(path)).toBe('existing');
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(readdirSync(folder)).toEqual(['wallets.key']);
  });

  it('is the same for all who start at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => createKeyFile(path)));
    expect(made.filter((answer) => answer === 'created')).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['wallets.key']);
  });

  it('is refused when others may read it, when it holds no key, when it is missing', async () => {
    const cipher = createKeyCipher(`file:${path}`);
    await expect(cipher.seal(hmacKeys(), CONTEXT)).rejects.toThrow(/cannot be read: ENOENT/);
    await createKeyFile(path);
    chmodSync(path, 0o644);
    await expect(createKeyFile(path)).rejects.toThrow(/open to others: chmod 600/);
    await expect(cipher.seal(hmacKeys(), CONTEXT)).rejects.toThrow(/open to others/);
    chmodSync(path, 0o600);
    writeFileSync(path, 'no key');
    await expect(cipher.seal(hmacKeys(), CONTEXT)).rejects.toThrow(/holds no key/);
    await expect(createKeyFile(join(folder, 'none', 'key'))).rejects.toThrow(/cannot be made: ENOENT/);
  });
});

describe('keys sealed with a key file', () => {
  beforeEach(() => createKeyFile(path));

  it('open again as they were, of every type', async () => {
    const cipher = createKeyCipher(`file:${path}`);
    for (const keys of [hmacKeys(), ed25519Keys(), rsaKeys(2048), rsaKeys(4096)]) {
      const sealed = await cipher.seal(keys, CONTEXT);
      expect(sealed).not.toContain(keys.apiKey);
      expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain(keys.apiKey);
      expect(await cipher.open(sealed, CONTEXT)).toEqual(keys);
    }
  });

  it('never look the same twice', async () => {
    const cipher = createKeyCipher(`file:${path}`);
    const keys = hmacKeys();
    const sealed = await Promise.all([cipher.seal(keys, CONTEXT), cipher.seal(keys, CONTEXT)]);
    expect(sealed[0]).not.toBe(sealed[1]);
  });

  it('do not open for another wallet, owner or key file', async () => {
    const sealed = await createKeyCipher(`file:${path}`).seal(hmacKeys(), CONTEXT);
    const other = join(folder, 'other.key');
    await createKeyFile(other);
    const { open } = createKeyCipher(`file:${path}`);
    await expect(open(sealed, { ...CONTEXT, walletId: 'wallet-2' })).rejects.toThrow(KeyUnreadableError);
    await expect(open(sealed, { ...CONTEXT, userId: 'user-2' })).rejects.toThrow(KeyUnreadableError);
    await expect(open(sealed, { walletId: 'wallet-1","user-1', userId: '' })).rejects.toThrow(
      KeyUnreadableError,
    );
    await expect(createKeyCipher(`file:${other}`).open(sealed, CONTEXT)).rejects.toThrow(KeyUnreadableError);
  });

  it('do not open once a single bit is changed, and the error says nothing of them', async () => {
    const cipher = createKeyCipher(`file:${path}`);
    const keys = hmacKeys();
    const bytes = Buffer.from(await cipher.seal(keys, CONTEXT), 'base64');
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const error: unknown = await cipher.open(changed.toString('base64'), CONTEXT).catch((e) => e);
        expect(error).toBeInstanceOf(KeyUnreadableError);
        expect(String(error instanceof Error ? error.stack : error)).not.toContain(keys.secret);
      }),
      { numRuns: 60 },
    );
    await expect(cipher.open('', CONTEXT)).rejects.toThrow(KeyUnreadableError);
    await expect(cipher.open('AQ==', CONTEXT)).rejects.toThrow(KeyUnreadableError);
  });

  it('are refused, by field, when they are larger than can be sealed anywhere', async () => {
    const { seal } = createKeyCipher(`file:${path}`);
    const large = { keyType: 'hmac', apiKey: 'a', secret: alphanumerics(4_000) } as const;
    await expect(seal(large, CONTEXT)).rejects.toThrow(/^secret_key is too large/);
  });

  it('says of a private key that cannot be read nothing but that', async () => {
    const { seal } = createKeyCipher(`file:${path}`);
    const broken = { keyType: 'rsa', apiKey: 'a', secret: 'SENSITIVE' } as const;
    const error: unknown = await seal(broken, CONTEXT).catch((e) => e);
    expect(String(error)).toMatch(/no readable PEM/);
    expect(String(error)).not.toContain('SENSITIVE');
  });
});

describe('KEY_CIPHER', () => {
  it('names a KMS key or a file; anything else is refused without being echoed', () => {
    expect(() => createKeyCipher(`file:${path}`)).not.toThrow();
    expect(() => createKeyCipher('kms:arn:aws:kms:eu-central-1:123456789012:key/1234-abcd')).not.toThrow();
    for (const spec of ['', 'file:', 'kms:', 'kms:alias/x', 'vault:secret-place', path]) {
      expect(() => createKeyCipher(spec)).toThrow(
        /^KEY_CIPHER must be kms:<arn of a key> or file:<path of a key file>$/,
      );
    }
  });
});
