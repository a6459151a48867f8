/** Lists: at most 200 items, newest first, the rest behind an opaque cursor. */
import { decodeCursor } from '../../shared/adapters/dynamodb/cursor.ts';
import { httpError } from '../../shared/http/errors.ts';
import type { ApiResponse } from '../../shared/http/types.ts';
import { BadCursorError, type ListQuery, type Page } from '../../shared/ports/ledger.ts';
import { type KnownSymbols, symbolOrRefuse } from './known-symbols.ts';

interface Asked {
  readonly limit: number;
  readonly cursor: string | null;
  readonly status?: readonly string[] | undefined;
  readonly symbol?: string | undefined;
  readonly wallet_id?: string | undefined;
  readonly position_id?: string | undefined;
  readonly flow_id?: string | undefined;
  readonly from: number | null;
  readonly to: number | null;
}

/** The bounds that were given. */
export const spanOf = ({ from, to }: Pick<Asked, 'from' | 'to'>): { from?: number; to?: number } => ({
  ...(from !== null && { from }),
  ...(to !== null && { to }),
});

/** What was asked in the ledger's words; a symbol in any format. */
export async function listQuery(known: KnownSymbols, asked: Asked): Promise<ListQuery> {
  const symbol = asked.symbol === undefined ? undefined : await symbolOrRefuse(known, asked.symbol);
  return {
    limit: asked.limit,
    cursor: asked.cursor,
    ...(asked.status !== undefined && { status: asked.status }),
    ...(symbol !== undefined && { symbol }),
    ...(asked.wallet_id !== undefined && { walletId: asked.wallet_id }),
    ...(asked.position_id !== undefined && { positionId: asked.position_id }),
    ...(asked.flow_id !== undefined && { flowId: asked.flow_id }),
    ...spanOf(asked),
  };
}

/** What a cursor of this list says. @throws ProblemError `invalid_cursor` for one that is not ours. */
export function cursorPlace(scope: string, cursor: string): string {
  try {
    return decodeCursor(scope, cursor).sort;
  } catch (error) {
    if (!(error instanceof BadCursorError)) throw error;
    throw httpError('invalid_cursor', 'The cursor could not be read.', { field: 'cursor' });
  }
}

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
