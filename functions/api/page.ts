/** Lists: at most 200 items, newest first, the rest behind an opaque cursor. */
import type { SymbolRegistry } from '../../shared/domain/symbols.ts';
import { httpError } from '../../shared/http/errors.ts';
import type { ApiResponse } from '../../shared/http/types.ts';
import { BadCursorError, type ListQuery, type Page } from '../../shared/ports/ledger.ts';
import { symbolOrRefuse } from './market.ts';

interface Asked {
  readonly limit: number;
  readonly cursor: string | null;
  readonly status?: readonly string[] | undefined;
  readonly symbol?: string | undefined;
  readonly wallet_id?: string | undefined;
}

/** What was asked in the ledger's words; a symbol in any format. */
export function listQuery(symbols: SymbolRegistry, asked: Asked): ListQuery {
  return {
    limit: asked.limit,
    cursor: asked.cursor,
    ...(asked.status !== undefined && { status: asked.status }),
    ...(asked.symbol !== undefined && { symbol: symbolOrRefuse(symbols, asked.symbol).symbol }),
    ...(asked.wallet_id !== undefined && { walletId: asked.wallet_id }),
  };
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
