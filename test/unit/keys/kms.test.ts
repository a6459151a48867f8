import { join } from 'node:path';
import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';
import { build } from 'esbuild';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../../infra/bundle/bundle.ts';
import { createKmsOpener } from '../../../shared/adapters/keys/kms-opener.ts';
import { createKmsSealer } from '../../../shared/adapters/keys/kms-sealer.ts';
import { KeysUnavailableError, KeyUnreadableError } from '../../../shared/ports/keys.ts';
import { ed25519Keys, hmacKeys, rsaKeys } from '../../support/exchange-keys.ts';

const ARN = 'arn:aws:kms:eu-central-1:123456789012:key/1234-abcd';
const CONTEXT = { walletId: 'wallet-1', userId: 'user-1' };

/** A KMS that "encrypts" by turning every bit, and holds to the encryption context. */
const service = mockClient(KMSClient);
// Files of a worker share the class: who comes next has the real one.
afterAll(() => service.restore());
const turned = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0xff);
const options = { keyArn: ARN, client: new KMSClient({ region: 'eu-central-1' }) };
const named = (name: string): Error => Object.assign(new Error('with SECRET details'), { name });

beforeEach(() => {
  service.reset();
  const contexts = new Map<string, string>();
  service.on(EncryptCommand).callsFake(({ Plaintext, EncryptionContext, KeyId }) => {
    expect(KeyId).toBe(ARN);
    expect(Plaintext.length).toBeLessThanOrEqual(4096);
    const CiphertextBlob = turned(Plaintext);
    contexts.set(Buffer.from(CiphertextBlob).toString('hex'), JSON.stringify(EncryptionContext));
    return { CiphertextBlob };
  });
  service.on(DecryptCommand).callsFake(({ CiphertextBlob, EncryptionContext, KeyId }) => {
    expect(KeyId).toBe(ARN);
    const context = contexts.get(Buffer.from(CiphertextBlob).toString('hex'));
    if (context !== JSON.stringify(EncryptionContext)) throw named('InvalidCiphertextException');
    return { Plaintext: turned(CiphertextBlob) };
  });
});

describe('keys sealed by KMS', () => {
  it('open again as they were, of every type; RSA-4096 fits', async () => {
    for (const keys of [hmacKeys(), ed25519Keys(), rsaKeys(4096)]) {
      const sealed = await createKmsSealer(options).seal(keys, CONTEXT);
      expect(await createKmsOpener(options).open(sealed, CONTEXT)).toEqual(keys);
    }
  });

  it('are bound to wallet and owner by the encryption context', async () => {
    const sealed = await createKmsSealer(options).seal(hmacKeys(), CONTEXT);
    expect(service.commandCalls(EncryptCommand)[0]?.args[0].input.EncryptionContext).toEqual({
      wallet_id: 'wallet-1',
      user_id: 'user-1',
    });
    const other = createKmsOpener(options).open(sealed, { ...CONTEXT, walletId: 'wallet-2' });
    await expect(other).rejects.toThrow(KeyUnreadableError);
  });

  it('tells an outage from keys that can never be opened, and repeats none of the service words', async () => {
    const sealed = await createKmsSealer(options).seal(hmacKeys(), CONTEXT);
    service.on(DecryptCommand).rejects(named('ThrottlingException'));
    service.on(EncryptCommand).rejects(named('TimeoutError'));
    const opening: unknown = await createKmsOpener(options)
      .open(sealed, CONTEXT)
      .catch((e) => e);
    const sealing: unknown = await createKmsSealer(options)
      .seal(hmacKeys(), CONTEXT)
      .catch((e) => e);
    for (const error of [opening, sealing]) {
      expect(error).toBeInstanceOf(KeysUnavailableError);
      expect(String(error)).not.toContain('SECRET');
    }
    await expect(createKmsOpener(options).open('', CONTEXT)).rejects.toThrow(KeyUnreadableError);
  });

  it('that open to something else than keys say nothing of it', async () => {
    service.on(DecryptCommand).resolves({ Plaintext: Buffer.from('{"v":2,"k":"SECRET"}') });
    const error: unknown = await createKmsOpener(options)
      .open('AQID', CONTEXT)
      .catch((e) => e);
    expect(error).toBeInstanceOf(KeyUnreadableError);
    expect(String(error)).not.toContain('SECRET');
  });
});

describe('the sealing half', () => {
  it('brings nothing into a bundle that could open keys', async () => {
    const bundled = async (file: string): Promise<string> => {
      const result = await build({
        entryPoints: [join(PROJECT_ROOT, 'shared/adapters/keys', file)],
        bundle: true,
        write: false,
        platform: 'node',
        format: 'esm',
        mainFields: ['module', 'main'],
        minify: true,
        keepNames: true,
        logLevel: 'silent',
      });
      return result.outputFiles[0]?.text ?? '';
    };
    const opening = /createDecipheriv|DecryptCommand/;
    expect(await bundled('opener.ts')).toMatch(opening);
    expect(await bundled('sealer.ts')).not.toMatch(opening);
  });
});
