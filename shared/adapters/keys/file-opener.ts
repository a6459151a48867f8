/** Opens what file-sealer.ts sealed. */
import { createDecipheriv } from 'node:crypto';
import { type KeyOpener, KeyUnreadableError, type SealContext } from '../../ports/keys.ts';
import { associatedData, FILE_CIPHER, FILE_VERSION, NONCE_BYTES, TAG_BYTES } from './file-format.ts';
import { readKeyFile } from './key-file.ts';
import { decodePayload } from './payload.ts';

const TEXT_AT = 1 + NONCE_BYTES + TAG_BYTES;

function decipher(sealed: string, key: Buffer, context: SealContext): Buffer {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes[0] !== FILE_VERSION || bytes.length <= TEXT_AT) {
    throw new KeyUnreadableError('the sealed keys are not in a format of ours');
  }
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
  const opening = createDecipheriv(FILE_CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  opening.setAAD(associatedData(context));
  opening.setAuthTag(bytes.subarray(1 + NONCE_BYTES, TEXT_AT));
  try {
    return Buffer.concat([opening.update(bytes.subarray(TEXT_AT)), opening.final()]);
  } catch {
    throw new KeyUnreadableError('the sealed keys are of another wallet or another key file');
  }
}

/** Reads the file with each use. Throws KeyFileError. */
export const createFileOpener = (path: string): KeyOpener => ({
  async open(sealed, context) {
    return decodePayload(decipher(sealed, await readKeyFile(path), context));
  },
});
