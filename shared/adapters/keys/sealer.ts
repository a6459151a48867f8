/** For functions that take keys in and never use them (api): nothing here or below can open. */
import type { KeySealer } from '../../ports/keys.ts';
import { createFileSealer } from './file-sealer.ts';
import { createKmsSealer } from './kms-sealer.ts';
import { parseKeyCipherSpec } from './spec.ts';

/** `spec` is KEY_CIPHER. Throws for one that cannot be understood. */
export function createKeySealer(spec: string): KeySealer {
  const parsed = parseKeyCipherSpec(spec);
  return parsed.kind === 'kms' ? createKmsSealer({ keyArn: parsed.keyArn }) : createFileSealer(parsed.path);
}
