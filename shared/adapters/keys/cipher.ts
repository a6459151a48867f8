/** Both halves at once, for tools and tests; functions take the half that they need (sealer.ts, opener.ts). */
import type { KeyCipher } from '../../ports/keys.ts';
import { createKeyOpener } from './opener.ts';
import { createKeySealer } from './sealer.ts';

/** `spec` is KEY_CIPHER. Throws for one that cannot be understood. */
export const createKeyCipher = (spec: string): KeyCipher => ({
  ...createKeySealer(spec),
  ...createKeyOpener(spec),
});
