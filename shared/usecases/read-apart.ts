/** Reading many items where one of them may be beyond reading (written by another version of this system, or spoilt). */
import { UnreadableItemError } from '../ports/ledger.ts';

/**
 * All of them in one call; where that fails for one, in halves until it stands alone: it keeps no other waiting. Whoever
 * reads says what becomes of the ids that are left. Every other error is thrown.
 */
export async function readApart<T>(
  ids: readonly string[],
  read: (ids: readonly string[]) => Promise<readonly T[]>,
  onUnreadable: (id: string, error: UnreadableItemError) => Promise<void> | void,
): Promise<readonly T[]> {
  try {
    return await read(ids);
  } catch (error) {
    if (!(error instanceof UnreadableItemError)) throw error;
    const [only, ...others] = ids;
    if (only === undefined) throw error;
    if (others.length === 0) {
      await onUnreadable(only, error);
      return [];
    }
    const middle = Math.ceil(ids.length / 2);
    const first = await readApart(ids.slice(0, middle), read, onUnreadable);
    return [...first, ...(await readApart(ids.slice(middle), read, onUnreadable))];
  }
}
