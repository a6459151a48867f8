import { decodeCursor, encodeCursor } from '../../../shared/adapters/dynamodb/cursor.ts';
import { sortText } from '../../../shared/adapters/dynamodb/items.ts';
import type { Page } from '../../../shared/ports/ledger.ts';

/**
 * One page of a list, newest first, full also through a filter. The cursor is the place of the last item given, and
 * of this list alone (`scope`). Throws BadCursorError for any other.
 */
export function pageOf<T extends { readonly createdAt: number }>(
  scope: string,
  items: readonly T[],
  idOf: (item: T) => string,
  { limit, cursor }: { readonly limit: number; readonly cursor: string | null },
): Page<T> {
  const from = cursor === null ? null : decodeCursor(scope, cursor).sort;
  const place = (item: T): string => sortText(item.createdAt, idOf(item));
  const rest = items
    .filter((item) => from === null || place(item) < from)
    .sort((a, b) => b.createdAt - a.createdAt || (idOf(a) < idOf(b) ? 1 : -1));
  const given = rest.slice(0, limit);
  const last = given.at(-1);
  const isMore = last !== undefined && rest.length > limit;
  return { items: given, cursor: isMore ? encodeCursor(scope, { pk: idOf(last), sort: place(last) }) : null };
}
