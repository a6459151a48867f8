/**
 * The laptop's key: 32 random bytes (hex text) in a file that only its owner may read.
 *
 * Losing the file loses the keys sealed with it: they have to be given again.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { KeysUnavailableError } from '../../ports/keys.ts';

const KEY_BYTES = 32;
const KEY_TEXT = /^[0-9a-f]{64}\n?$/;

/** The key file is missing, open to others, or holds no key. Never with content. */
export class KeyFileError extends KeysUnavailableError {
  override readonly name = 'KeyFileError';
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';

/**
 * Makes the key file with mode 0600 where there is none; one that exists is checked and never written. Two
 * processes that start at once end with the same key.
 * @throws KeyFileError
 */
export async function createKeyFile(path: string): Promise<'created' | 'existing'> {
  const own = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(own, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    // A link is made whole or not at all, and never over a file that exists.
    await link(own, path);
    return 'created';
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') {
      throw new KeyFileError(`the key file ${path} cannot be made: ${codeOf(error)}`);
    }
    await readKeyFile(path);
    return 'existing';
  } finally {
    await rm(own, { force: true });
  }
}

/** @throws KeyFileError */
export async function readKeyFile(path: string): Promise<Buffer> {
  let mode: number;
  let text: string;
  try {
    mode = (await stat(path)).mode;
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new KeyFileError(`the key file ${path} cannot be read: ${codeOf(error)}`);
  }
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new KeyFileError(`the key file ${path} is open to others: chmod 600 it`);
  }
  if (!KEY_TEXT.test(text)) {
    throw new KeyFileError(`the key file ${path} holds no key: 64 hexadecimal digits are expected`);
  }
  return Buffer.from(text.trim(), 'hex');
}
