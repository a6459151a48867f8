/** An account that trades at every look: what is explained is not read again, and nothing gets lost. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountMath } from '../../../../shared/domain/reconcile/account-math.ts';
import { reconcile } from '../../../../shared/domain/reconcile/reconcile.ts';
import type {
  AccountTradeOf,
  LedgerView,
  ReconcileState,
  VenueView,
} from '../../../../shared/domain/reconcile/types.ts';
import type { Order } from '../../../../shared/domain/types.ts';
import { freshState } from '../../../../shared/usecases/reconcile/reconcile-wallet.ts';
import { d, newFill, newOrder, T0 } from '../builders.ts';

const MINUTE = 60_000;
const START = [
  { asset: 'BTC', amount: d(10) },
  { asset: 'USDT', amount: d(1_000_000) },
];
const state = (over: Partial<ReconcileState> = {}): ReconcileState => ({
  ...freshState('wallet-1', T0),
  version: 1,
  cursors: { 'BTC/USDT': '0' },
  totals: START,
  asOf: T0,
  ordersSince: T0,
  looked: [],
  ...over,
});

const traded = (n: number, orderId: string | null, over: Partial<AccountTradeOf> = {}): AccountTradeOf => ({
  symbol: 'BTC/USDT',
  base: 'BTC',
  quote: 'USDT',
  venueOrderId: `v${orderId ?? 'x'}`,
  orderId,
  clientId: null,
  side: 'buy',
  fill: newFill('50000', '0.1', { tradeId: String(n), at: T0 + n, fee: { asset: 'USDT', amount: d(5) } }),
  ...over,
});

const filled = (orderId: string): Order =>
  newOrder({
    orderId,
    status: 'filled',
    venueOrderId: `v${orderId}`,
    filledQuantity: d('0.1'),
    venueQuantity: d('0.1'),
    timings: { ...newOrder().timings, acceptedAt: T0, finalAt: T0 + 1, lastFillAt: T0 + 1 },
  });
const resting = (orderId: string): Order =>
  newOrder({ orderId, status: 'open', venueOrderId: `v${orderId}` });

const venue = (trades: readonly AccountTradeOf[] | null, over: Partial<VenueView> = {}): VenueView => ({
  asOf: T0 + 10_000,
  openOrders: [],
  openOrdersOf: null,
  trades,
  totals: START,
  isQuiet: false,
  ...over,
});
const ledger = (
  orders: readonly Order[],
  booked: Readonly<Record<string, readonly string[]>>,
): LedgerView => ({
  orders,
  positions: [],
  booked: new Map(Object.entries(booked).map(([id, trades]) => [id, new Set(trades)])),
});

describe('a pass over an account that moves', () => {
  it('is done with the trades of ours that are booked, and their orders', () => {
    const { next } = reconcile(
      ledger([filled('a'), filled('b')], { a: ['1'], b: ['2'] }),
      venue([traded(1, 'a'), traded(2, 'b')]),
      state({ watched: ['a'] }),
    );
    expect(next.cursors).toEqual({ 'BTC/USDT': '2' });
    expect(next.totals?.map(({ asset, amount }) => `${amount} ${asset}`)).toEqual([
      '10.2 BTC',
      '989990 USDT',
    ]);
    expect(next).toMatchObject({ watched: [], asOf: T0, ordersSince: T0 + 10_000 });
  });

  it('leaves a symbol alone of which the totals have some trades already', () => {
    const before = state({ cursors: {} });
    const trades = [traded(-5, 'a'), traded(1, 'b')].map((t, i) => ({
      ...t,
      fill: { ...t.fill, tradeId: String(i + 1) },
    }));
    const { next } = reconcile(
      ledger([filled('a'), filled('b')], { a: ['1'], b: ['2'] }),
      venue(trades),
      before,
    );
    expect(next).toMatchObject({ cursors: {}, totals: START, watched: ['a', 'b'] });
  });

  it.each<[string, readonly AccountTradeOf[], Readonly<Record<string, readonly string[]>>]>([
    ['not booked yet', [traded(1, 'a'), traded(2, 'b'), traded(3, 'a')], { a: ['1', '3'] }],
    ['not ours', [traded(1, 'a'), traded(2, null), traded(3, 'a')], { a: ['1', '3'] }],
    [
      'an allocation without a number',
      [
        traded(1, 'a'),
        { ...traded(2, 'b'), fill: { ...traded(2, 'b').fill, tradeId: 'a7' } },
        traded(3, 'a'),
      ],
      { a: ['1', '3'], b: ['a7'] },
    ],
  ])('goes no further than a trade that is %s', (_what, trades, booked) => {
    const { next } = reconcile(ledger([filled('a'), filled('b')], booked), venue(trades), state());
    expect(next.cursors).toEqual({ 'BTC/USDT': '1' });
    expect(next.watched).toContain('a');
  });

  it('keeps an eye on what is live, and on what has traded since the trades were read', () => {
    const { next } = reconcile(
      ledger([resting('r'), filled('late'), filled('done')], { late: ['9'], done: ['1'] }),
      venue([traded(1, 'done')]),
      state(),
    );
    expect(next.watched).toEqual(['r', 'late']);
  });

  it('moves nothing on before the account was explained once, or where no trades are listed', () => {
    const orders = ledger([filled('a')], { a: ['1'] });
    const before = state({ totals: null, asOf: null, ordersSince: null, cursors: {} });
    expect(reconcile(orders, venue([traded(1, 'a')]), before).next).toMatchObject({
      ...{ totals: null, cursors: {}, ordersSince: null },
    });
    expect(reconcile(orders, venue(null), state()).next).toMatchObject({ totals: START, ordersSince: T0 });
  });

  it('explains the same balances after it as before it, whoever traded and whatever is booked', () => {
    const trade = fc.record({
      symbol: fc.constantFrom('BTC/USDT', 'ETH/USDT', 'ETH/BTC'),
      orderId: fc.constantFrom('a', 'b', 'c', null),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      price: fc.integer({ min: 1, max: 90_000 }),
      quantity: fc.integer({ min: 1, max: 1_000 }),
      fee: fc.constantFrom('BTC', 'USDT', 'BNB'),
      at: fc.integer({ min: -5, max: 5 }),
      isBooked: fc.boolean(),
    });
    fc.assert(
      fc.property(
        // The exchange numbers trades as they happen.
        fc.array(trade, { maxLength: 12 }).map((all) => all.toSorted((x, y) => x.at - y.at)),
        fc.subarray(['BTC/USDT', 'ETH/USDT']),
        fc.boolean(),
        (drawn, looked, hasCursor) => {
          const trades = drawn.map((t, i): AccountTradeOf => {
            const [base = '', quote = ''] = t.symbol.split('/');
            const fee = { asset: t.fee, amount: d(i).dividedBy(1_000) };
            const fill = newFill(String(t.price), d(t.quantity).dividedBy(1_000).toFixed(), {
              ...{ tradeId: String(i + 1), at: T0 + t.at, fee },
            });
            return { ...traded(i + 1, t.orderId), ...{ symbol: t.symbol, base, quote, side: t.side, fill } };
          });
          const booked: Record<string, string[]> = {};
          for (const [i, { orderId, isBooked }] of drawn.entries()) {
            if (isBooked && orderId !== null) booked[orderId] = [...(booked[orderId] ?? []), String(i + 1)];
          }
          const orders = ['a', 'b', 'c'].map((id) => ({ ...filled(id), symbol: 'BTC/USDT' }));
          const books = ledger(orders, booked);
          const before = state({ looked, cursors: hasCursor ? { 'BTC/USDT': '0', 'ETH/USDT': '0' } : {} });
          const { next } = reconcile(books, venue(trades), before);
          const after = { ...before, ...next };
          const left = trades.filter(
            ({ symbol, fill }) => BigInt(fill.tradeId) > BigInt(after.cursors[symbol] ?? '0'),
          );
          const expected = (of: ReconcileState, list: readonly AccountTradeOf[]) =>
            accountMath(books, venue(list), of)
              .rows.filter((row) => row.expected?.isZero() === false)
              .map((row) => `${row.expected} ${row.asset}`);
          expect(expected(after, left)).toEqual(expected(before, trades));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('ends in agreement at the first quiet look, however many moved before', () => {
    let now = state();
    let books = ledger([], {});
    for (let n = 1; n <= 50; n += 1) {
      const id = `o${n}`;
      const orders = [filled(id), ...books.orders.filter(({ orderId }) => now.watched.includes(orderId))];
      // Each look ends before the last trade is booked: its report is on its way.
      books = { ...books, orders, booked: new Map([[`o${n - 1}`, new Set([String(n - 1)])]]) };
      const trades = [n - 1, n]
        .filter((i) => i > Number(now.cursors['BTC/USDT']))
        .map((i) => traded(i, `o${i}`));
      expect(trades.length).toBeLessThanOrEqual(2);
      const found = reconcile(books, venue(trades, { asOf: T0 + n * MINUTE }), now);
      now = { ...now, ...found.next };
      expect(now.watched.length).toBeLessThanOrEqual(2);
    }
    const all = ledger([filled('o50')], { o50: ['50'] });
    const totals = [
      { asset: 'BTC', amount: d(15) },
      { asset: 'USDT', amount: d(1_000_000 - 50 * 5_005) },
    ];
    const last = venue([traded(50, 'o50')], { totals, isQuiet: true, asOf: T0 + 60 * MINUTE });
    const found = reconcile(all, last, now);
    expect(found).toMatchObject({ corrections: [], differences: [], next: { totals, watched: [] } });
  });
});
