/** Seals with a key file. Cannot open: that is file-opener.ts. */
import { createCipheriv, randomBytes } from 'node:crypto';
import type { KeySealer } from '../../ports/keys.ts';
import { associatedData, FILE_CIPHER, FILE_VERSION, NONCE_BYTES, TAG_BYTES } from './file-format.ts';
import { readKeyFile } from './key-file.ts';
import { encodePayload } from './payload.ts';

/** Reads the file with each use: it is made, or replaced, while processes run. Throws KeyFileError. */
export const createFileSealer = (path: string): KeySealer => ({
  async seal(credentials, context) {
    const nonce = randomBytes(NONCE_BYTES);
    const key = await readKeyFile(path);
    const cipher = createCipheriv(FILE_CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(associatedData(context));
    const text = Buffer.concat([cipher.update(encodePayload(credentials)), cipher.final()]);
    return Buffer.concat([Buffer.from([FILE_VERSION]), nonce, cipher.getAuthTag(), text]).toString('base64');
  },
});
