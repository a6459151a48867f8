/** For functions that sign requests: submit, exits, the user-data stream. */
import type { KeyOpener } from '../../ports/keys.ts';
import { createFileOpener } from './file-opener.ts';
import { createKmsOpener } from './kms-opener.ts';
import { parseKeyCipherSpec } from './spec.ts';

/** `spec` is KEY_CIPHER. Throws for one that cannot be understood. */
export function createKeyOpener(spec: string): KeyOpener {
  const parsed = parseKeyCipherSpec(spec);
  return parsed.kind === 'kms' ? createKmsOpener({ keyArn: parsed.keyArn }) : createFileOpener(parsed.path);
}
