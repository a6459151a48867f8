/** Lists: at most 200 items, newest first, the rest behind an opaque cursor. */

import { httpError } from '../../shared/http/errors.ts';
import type { ApiResponse } from '../../shared/http/types.ts';
import { BadCursorError, type Page } from '../../shared/ports/ledger.ts';

/** Answers `{ items, next_cursor }`; a cursor that is not ours is the caller's mistake. */
export async function pageResponse<T>(page: Promise<Page<T>>): Promise<ApiResponse> {
  try {
    const { items, cursor } = await page;
    return { status: 200, body: { items, next_cursor: cursor } };
  } catch (error) {
    if (!(error instanceof BadCursorError)) throw error;
    throw httpError('invalid_cursor', 'The cursor could not be read.', { field: 'cursor' });
  }
}
