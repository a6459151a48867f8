/** Said of a change whose answer did not come: it is neither done nor refused. */
import type { Keyring } from './keyring.ts';

export function UnknownNote({ of }: { readonly of: Keyring }) {
  return of.isUnknown.value ? (
    <p class="note note-warn" role="status">
      It is not known whether this was taken. Sending it again as it is does no harm: it is not done twice.
    </p>
  ) : null;
}
