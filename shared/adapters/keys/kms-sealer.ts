/** Seals with a KMS key. Cannot open: that is kms-opener.ts. */
import { EncryptCommand } from '@aws-sdk/client-kms';
import { type KeySealer, KeysUnavailableError } from '../../ports/keys.ts';
import { encryptionContext, errorName, type KmsOptions, kmsClient } from './kms-client.ts';
import { encodePayload } from './payload.ts';

/** Throws KeyTooLargeError, KeysUnavailableError. */
export function createKmsSealer(options: KmsOptions): KeySealer {
  const client = kmsClient(options);
  return {
    async seal(credentials, context) {
      const Plaintext = encodePayload(credentials);
      const EncryptionContext = encryptionContext(context);
      try {
        const { CiphertextBlob } = await client.send(
          new EncryptCommand({ KeyId: options.keyArn, Plaintext, EncryptionContext }),
        );
        if (CiphertextBlob !== undefined) return Buffer.from(CiphertextBlob).toString('base64');
      } catch (error) {
        throw new KeysUnavailableError(`the keys could not be sealed: ${errorName(error)}`);
      }
      throw new KeysUnavailableError('the keys could not be sealed: KMS answered without ciphertext');
    },
  };
}
