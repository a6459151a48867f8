/** What wallets hold and what today has brought, each wallet by itself: one that cannot be asked leaves the others as they are. */
import { type ReadonlySignal, useComputed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiProblem } from '../../../../shared/client/client.ts';
import { decimal, decimalText, ZERO } from '../../../../shared/domain/money/decimal.ts';
import { problemOf, type Query, useLive, useQuery } from '../../live/context.ts';
import { markAt, type Position } from '../../live/positions.ts';
import type { Live } from '../../live/store.ts';
import {
  type Balances,
  dayStartOf,
  equityOf,
  isOfToday,
  type Limits,
  type MarkOf,
  type Today,
  todayOf,
  valuingSymbols,
  type Worth,
} from '../../live/worth.ts';

export interface WalletMoney {
  readonly walletId: string;
  readonly balances: Balances | null;
  readonly limits: Limits | null;
  readonly problem: ApiProblem | null;
}

const EVERY_MS = 20_000;

/** Balances and limits of every wallet, every 20 s and after each close. */
export function useMoney(): Query<readonly WalletMoney[]> {
  const { api, wallets } = useLive();
  const ids = wallets.ids.value;
  const one = async (walletId: string): Promise<WalletMoney> => {
    const params = { wallet_id: walletId };
    const [balances, limits] = await Promise.allSettled([
      api.call('getBalances', { params }),
      api.call('getLimits', { params }),
    ]);
    const failed = [balances, limits].find((answer) => answer.status === 'rejected');
    return {
      walletId,
      balances: balances.status === 'fulfilled' ? balances.value : null,
      limits: limits.status === 'fulfilled' ? limits.value : null,
      problem: failed === undefined ? null : problemOf(failed.reason),
    };
  };
  return useQuery(`money ${ids.join(' ')}`, () => Promise.all(ids.map(one)), {
    everyMs: EVERY_MS,
    after: ({ type, data }) =>
      type === 'position' && ['opened', 'changed', 'closed'].includes(String(data['change'])),
  });
}

/** Marks of now, live where the symbol is followed. */
export const liveMark =
  (live: Live): MarkOf =>
  (symbol) => {
    const price = live.price(symbol).value;
    return price === null ? null : markAt(price, live.slowNow.value);
  };

/** Follows the prices of what the wallets hold. */
export function useValuingPrices(money: Query<readonly WalletMoney[]>): void {
  const live = useLive();
  const assets = (money.value.value ?? []).flatMap(({ balances }) =>
    (balances?.balances ?? []).filter(({ total }) => /[1-9]/.test(total)).map(({ asset }) => asset),
  );
  const wanted = valuingSymbols([...new Set(assets)].sort(), (symbol) => live.price(symbol).value !== null);
  const key = wanted.join(' ');
  useEffect(() => {
    const letGo = key === '' ? [] : key.split(' ').map((symbol) => live.watchSymbol(symbol));
    return () => {
      for (const one of letGo) one();
    };
  }, [live, key]);
}

/** Marks when the UTC day began, of symbols with positions from before. */
export function useDayStart(): MarkOf {
  const live = useLive();
  const day = dayStartOf(live.slowNow.value);
  const older = useComputed(() =>
    [
      ...new Set(
        openRows(live)
          .filter((row) => !isOfToday(row, day))
          .map(({ symbol }) => symbol),
      ),
    ]
      .sort()
      .join(' '),
  );
  const key = older.value;
  const marks = useQuery(`day ${day} ${key}`, async () => {
    const symbols = key === '' ? [] : key.split(' ');
    const found = await Promise.all(symbols.map((symbol) => markBefore(live, symbol, day)));
    return new Map(symbols.map((symbol, index) => [symbol, found[index] ?? null]));
  });
  return (symbol) => marks.value.value?.get(symbol) ?? null;
}

const HOUR_MS = 3_600_000;

/** Of the last minute before a time, within the hour before it. */
async function markBefore({ api }: Live, symbol: string, at: number): Promise<string | null> {
  const { items } = await api.call('listBars', {
    params: { symbol: symbol.replace('/', '-') },
    query: {
      interval: '1m',
      price: 'mid',
      from: new Date(at - HOUR_MS).toISOString(),
      to: new Date(at).toISOString(),
      limit: 1,
    },
  });
  return items[0]?.close ?? null;
}

export const openRows = (live: Live): readonly Position[] =>
  live.positions.ids.value.flatMap((id) => live.positions.row(id).value ?? []);

export interface WalletFigures {
  readonly equity: Worth;
  readonly today: Today | null;
}

/** Of one wallet, at the marks of now. */
export function figuresOf(
  { walletId, balances, limits }: WalletMoney,
  rows: readonly Position[],
  markOf: MarkOf,
  dayStart: MarkOf,
  now: number,
): WalletFigures {
  const own = rows.filter((row) => row.user_wallet_id === walletId);
  return {
    equity: balances === null ? { total: null, unvalued: [] } : equityOf(balances, own, markOf),
    today: limits === null ? null : todayOf(limits, own, markOf, dayStart, now),
  };
}

/** The sum of what is known, and whether that is all of it. */
export function sumKnown(texts: readonly (string | null)[]): {
  readonly total: string;
  readonly isWhole: boolean;
} {
  const known = texts.filter((text) => text !== null);
  const total = known.reduce((sum, text) => sum.plus(decimal(text)), ZERO);
  return { total: decimalText(total), isWhole: known.length === texts.length };
}

export type Figures = ReadonlySignal<ReadonlyMap<string, WalletFigures>>;

/** Of all wallets by id, live. */
export function useFigures(money: Query<readonly WalletMoney[]>): Figures {
  const live = useLive();
  const dayStart = useDayStart();
  useValuingPrices(money);
  return useComputed(() => {
    const rows = openRows(live);
    const markOf = liveMark(live);
    const now = live.slowNow.value;
    return new Map(
      (money.value.value ?? []).map((one) => [one.walletId, figuresOf(one, rows, markOf, dayStart, now)]),
    );
  });
}
