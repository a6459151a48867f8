/** What the wallet's venue says of a symbol, once its name has been typed. */
import { useEffect } from 'preact/hooks';
import type { AnswerTo } from '../../../../shared/client/contract.ts';
import { useLive, useQuery } from '../../live/context.ts';
import { useDebounced } from './use-debounced.ts';

const SETTLE_MS = 400;

export interface SymbolRules {
  /** Null: not known (yet). */
  readonly found: AnswerTo<'getSymbol'> | null;
  readonly base: string | null;
  readonly quote: string | null;
  /** The venue does not know it. */
  readonly isUnknown: boolean;
}

export function useSymbolRules(walletId: string, typed: string): SymbolRules {
  const live = useLive();
  const symbol = useDebounced(typed.trim(), SETTLE_MS);
  const isAsked = walletId !== '' && symbol !== '';
  const query = useQuery(`rules ${walletId} ${symbol}`, async () =>
    isAsked ? live.api.call('getSymbol', { params: { symbol }, query: { wallet_id: walletId } }) : null,
  );
  const found = query.value.value;
  const known = found?.symbol;
  useEffect(() => (known === undefined ? undefined : live.watchSymbol(known)), [live, known]);
  return {
    found,
    base: found?.base ?? null,
    quote: found?.quote ?? null,
    isUnknown: query.problem.value?.status === 404,
  };
}
