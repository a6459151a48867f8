/** Opens what kms-sealer.ts sealed. */
import { DecryptCommand } from '@aws-sdk/client-kms';
import { type KeyOpener, KeysUnavailableError, KeyUnreadableError } from '../../ports/keys.ts';
import { encryptionContext, errorName, type KmsOptions, kmsClient } from './kms-client.ts';
import { decodePayload } from './payload.ts';

/** Not of this key, this context, or damaged: asking again cannot help. */
const UNREADABLE = new Set(['InvalidCiphertextException', 'IncorrectKeyException']);

/** Throws KeyUnreadableError, and KeysUnavailableError when KMS cannot be asked now. */
export function createKmsOpener(options: KmsOptions): KeyOpener {
  const client = kmsClient(options);
  return {
    async open(sealed, context) {
      const CiphertextBlob = Buffer.from(sealed, 'base64');
      if (CiphertextBlob.length === 0) throw new KeyUnreadableError('there are no sealed keys');
      const EncryptionContext = encryptionContext(context);
      let plaintext: Uint8Array | undefined;
      try {
        const answer = await client.send(
          new DecryptCommand({ KeyId: options.keyArn, CiphertextBlob, EncryptionContext }),
        );
        plaintext = answer.Plaintext;
      } catch (error) {
        const name = errorName(error);
        if (UNREADABLE.has(name)) {
          throw new KeyUnreadableError(`the sealed keys are of another wallet or another key: ${name}`);
        }
        throw new KeysUnavailableError(`the keys could not be opened: ${name}`);
      }
      if (plaintext === undefined) throw new KeysUnavailableError('KMS answered without plaintext');
      return decodePayload(plaintext);
    },
  };
}
