/** Reading many items where one of them may be beyond reading (written by another version of this system, or spoilt). */
import { UnreadableItemError } from '../ports/ledger.ts';

/**
 * All of them in one call; where that fails for one, each by itself: one item keeps no other waiting. Whoever reads says
 * what becomes of the ids that are left. Every other error is thrown.
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
  }
  const found: T[] = [];
  for (const id of ids) {
    try {
      found.push(...(await read([id])));
    } catch (error) {
      if (!(error instanceof UnreadableItemError)) throw error;
      await onUnreadable(id, error);
    }
  }
  return found;
}
