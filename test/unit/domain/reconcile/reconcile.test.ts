/** Ledger against venue: what is asked for, what is booked, what is listed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEntryFill } from '../../../../shared/domain/positions.ts';
import { applyExternal } from '../../../../shared/domain/reconcile/external.ts';
import { reconcile } from '../../../../shared/domain/reconcile/reconcile.ts';
import type {
  AccountTradeOf,
  LedgerView,
  OpenAtVenue,
  ReconcileState,
  Reconciliation,
  VenueView,
} from '../../../../shared/domain/reconcile/types.ts';
import type { Order, Position } from '../../../../shared/domain/types.ts';
import { BTC, d, newFill, newOrder, newPosition, newSend, T0 } from '../builders.ts';

const MINUTE = 60_000;

const state = (over: Partial<ReconcileState> = {}): ReconcileState => ({
  walletId: 'wallet-1',
  version: 1,
  cursors: { 'BTC/USDT': '10' },
  totals: [
    { asset: 'BTC', amount: d('0.5') },
    { asset: 'USDT', amount: d('1000') },
  ],
  asOf: T0,
  ordersSince: T0,
  looked: null,
  suspects: [],
  externals: [],
  watched: [],
  wantedAt: null,
  reason: null,
  dueAt: T0,
  failures: 0,
  unsettled: 0,
  wholeAt: T0,
  waitingSince: null,
  ...over,
});

const venue = (over: Partial<VenueView> = {}): VenueView => ({
  asOf: T0 + 10_000,
  openOrders: [],
  openOrdersOf: null,
  trades: [],
  totals: state().totals ?? [],
  isQuiet: true,
  ...over,
});

const ledger = (over: Partial<LedgerView> = {}): LedgerView => ({
  orders: [],
  positions: [],
  booked: new Map(),
  ...over,
});

const trade = (
  tradeId: string,
  orderId: string | null,
  over: Partial<AccountTradeOf> = {},
): AccountTradeOf => ({
  symbol: 'BTC/USDT',
  base: 'BTC',
  quote: 'USDT',
  venueOrderId: `v${orderId ?? 'x'}`,
  orderId,
  clientId: null,
  side: 'sell',
  fill: newFill('50000', '0.1', { tradeId, at: T0 + 5_000, fee: { asset: 'USDT', amount: d('5') } }),
  ...over,
});

const open = (orderId: string | null, executed = '0'): OpenAtVenue => ({
  symbol: 'BTC/USDT',
  venueOrderId: 'v1',
  clientId: 'c',
  orderId,
  side: 'buy',
  type: 'LIMIT',
  quantity: d(1),
  executedQuantity: d(executed),
  price: d('40000'),
  stopPrice: null,
  createdAt: T0,
});

const resting = (over: Partial<Order> = {}): Order =>
  newOrder({
    type: 'limit',
    status: 'open',
    venueOrderId: 'v1',
    send: newSend({ outcome: 'answered' }),
    timings: { ...newOrder().timings, acceptedAt: T0 },
    ...over,
  });

const held = (positionId: string, quantity: string, openedAt: number): Position => ({
  ...applyEntryFill(newPosition(), newFill('50000', quantity, { at: openedAt }), newOrder(), T0),
  positionId,
  entryLive: false,
});

const asks = (found: Reconciliation) =>
  found.corrections.flatMap((c) => (c.kind === 'ask_order' ? [`${c.orderId} ${c.why}`] : []));
const kinds = (found: Reconciliation) =>
  found.differences.map(({ kind, asset, confirmed }) => `${kind} ${asset ?? ''} ${confirmed}`.trim());

describe('orders', () => {
  it('agree when both sides say the same', () => {
    const found = reconcile(
      ledger({ orders: [resting()] }),
      venue({ openOrders: [open('order-1')] }),
      state(),
    );
    expect(found).toMatchObject({ corrections: [], differences: [] });
    expect(found.next.watched).toEqual(['order-1']);
  });

  it.each<[string, Partial<Order>, readonly OpenAtVenue[], string]>([
    ['gone from the venue', {}, [], 'not_open_at_venue'],
    ['traded on at the venue', {}, [open('order-1', '0.4')], 'executed_more'],
    [
      'unknown here, open there',
      { status: 'submitted', send: newSend({ outcome: 'unknown' }) },
      [open('order-1')],
      'outcome_known',
    ],
    ['thought unsent, open there', { status: 'pending' }, [open('order-1')], 'outcome_known'],
    ['final with trades missing', { status: 'cancelled', venueQuantity: d('0.1') }, [], 'not_settled'],
    ['ended here, open there', { status: 'failed' }, [open('order-1')], 'open_at_venue'],
  ])('%s: it is asked for', (_what, over, openOrders, why) => {
    const found = reconcile(ledger({ orders: [resting(over)] }), venue({ openOrders }), state());
    expect(asks(found)).toEqual([`order-1 ${why}`]);
  });

  it('that the ledger heard of after the venue was read are left alone', () => {
    const later = { ...newOrder().timings, acceptedAt: T0 + 20_000, finalAt: T0 + 20_000 };
    const fresh = resting({ timings: later });
    expect(asks(reconcile(ledger({ orders: [fresh] }), venue(), state()))).toEqual([]);
    const ended = resting({ status: 'cancelled', timings: later });
    const found = reconcile(ledger({ orders: [ended] }), venue({ openOrders: [open('order-1')] }), state());
    expect(found).toMatchObject({ corrections: [], differences: [] });
  });

  it('on a symbol that was not asked for are not taken for gone, nor for agreed', () => {
    const elsewhere = resting({ symbol: 'ETH/BTC' });
    const read = venue({ openOrdersOf: new Set(['BTC/USDT']) });
    const found = reconcile(ledger({ orders: [elsewhere] }), read, state());
    expect(found).toMatchObject({ corrections: [], differences: [] });
    expect(found.next.watched).toEqual(['order-1']);
    const asked = venue({ openOrdersOf: new Set(['ETH/BTC']) });
    expect(asks(reconcile(ledger({ orders: [elsewhere] }), asked, state()))).toEqual([
      'order-1 not_open_at_venue',
    ]);
    // It may be what holds the coins that are missing: nothing is booked as sold outside beside it.
    const totals = [{ asset: 'BTC', amount: d('0.4') }];
    const suspects = [
      { kind: 'shortfall', asset: 'BTC', amount: d('0.1'), since: T0 - MINUTE, sold: [] },
    ] as const;
    const positions = [held('p1', '0.5', T0 - MINUTE)];
    const gone = state({ totals, suspects });
    const blocked = reconcile(ledger({ orders: [elsewhere], positions }), venue({ ...read, totals }), gone);
    expect(blocked.corrections).toEqual([]);
    expect(kinds(blocked)).toEqual(['shortfall BTC true']);
    expect(reconcile(ledger({ positions }), venue({ ...read, totals }), gone).corrections).toMatchObject([
      { kind: 'book_external' },
    ]);
    // What is on margin is no coin of the account: none of it is missing there, and none is taken off.
    const margin = { leverage: 5, maintenanceRate: d('0.005'), feeRate: d('0.001') };
    const lent = positions.map((p) => ({ ...p, margin }));
    const apart = reconcile(ledger({ positions: lent }), venue({ ...read, totals }), gone);
    expect([apart.corrections, kinds(apart)]).toEqual([[], []]);
    const both = reconcile(ledger({ positions: [...positions, ...lent] }), venue({ ...read, totals }), gone);
    expect(both.corrections).toMatchObject([{ kind: 'book_external', quantity: d('0.1') }]);
  });

  it('of nobody here are not touched; ids of ours that nobody knows are listed', () => {
    const found = reconcile(ledger(), venue({ openOrders: [open(null), open('lost')] }), state());
    expect(asks(found)).toEqual([]);
    expect(found.differences).toMatchObject([{ kind: 'unknown_own_order', orderId: 'lost' }]);
  });
});

describe('trades', () => {
  it('of ours that are not booked are asked for, and seen again until they are', () => {
    const order = resting({ status: 'filled', timings: { ...newOrder().timings, finalAt: T0 } });
    const trades = [trade('11', 'order-1')];
    const totals = [
      { asset: 'BTC', amount: d('0.4') },
      { asset: 'USDT', amount: d('5995') },
    ];
    const missing = reconcile(ledger({ orders: [order] }), venue({ trades, totals }), state());
    expect(asks(missing)).toEqual(['order-1 missing_trades']);
    expect(missing.next.cursors).toEqual({ 'BTC/USDT': '10' });
    const booked = new Map([['order-1', new Set(['11'])]]);
    const done = reconcile(ledger({ orders: [order], booked }), venue({ trades, totals }), state());
    expect(done).toMatchObject({ corrections: [], differences: [] });
    expect(done.next).toMatchObject({ cursors: { 'BTC/USDT': '11' }, totals });
  });

  it('that are booked and in no list of the venue are listed', () => {
    const order = resting({ orderId: 'order-1', status: 'filled' });
    const booked = new Map([['order-1', new Set(['9', '11', '12'])]]);
    const totals = [
      { asset: 'BTC', amount: d('0.4') },
      { asset: 'USDT', amount: d('5995') },
    ];
    const found = reconcile(
      ledger({ orders: [order], booked }),
      venue({ trades: [trade('12', 'order-1')], totals }),
      state(),
    );
    // 9 lies before the cursor, 11 within what was read.
    expect(found.differences).toMatchObject([{ kind: 'fill_not_at_venue', expected: '11' }]);
  });
});

describe('balances', () => {
  const less = [
    { asset: 'BTC', amount: d('0.5') },
    { asset: 'USDT', amount: d('900') },
  ];

  it('that no trade explains are listed once seen, believed once seen twice, then the new starting point', () => {
    const first = reconcile(ledger(), venue({ totals: less }), state());
    expect(kinds(first)).toEqual(['balance USDT false']);
    expect(first.next.totals).toEqual(state().totals);
    const early = reconcile(ledger(), venue({ totals: less, asOf: T0 + 40_000 }), state(first.next));
    expect(kinds(early)).toEqual(['balance USDT false']);
    const second = reconcile(
      ledger(),
      venue({ totals: less, asOf: T0 + 10_000 + MINUTE }),
      state(early.next),
    );
    expect(second.differences).toMatchObject([{ expected: '1000', actual: '900', confirmed: true }]);
    const third = reconcile(ledger(), venue({ totals: less, asOf: T0 + 2 * MINUTE }), state(second.next));
    expect(third).toMatchObject({ differences: [], corrections: [] });
  });

  it('that a trade of a lagging list explains a moment later were no difference', () => {
    const totals = [
      { asset: 'BTC', amount: d('0.4') },
      { asset: 'USDT', amount: d('5995') },
    ];
    const first = reconcile(ledger(), venue({ totals }), state());
    const second = reconcile(
      ledger(),
      venue({ totals, trades: [trade('11', null)], asOf: T0 + 30_000 }),
      state(first.next),
    );
    expect(second.differences).toEqual([]);
  });

  it('are not judged while the account trades', () => {
    const found = reconcile(ledger(), venue({ totals: less, isQuiet: false }), state());
    expect(found).toMatchObject({ differences: [], next: { totals: state().totals } });
  });
});

describe('coins that positions hold and the account does not', () => {
  const sold = trade('11', null, {
    fill: newFill('52000', '0.3', { tradeId: '11', at: T0, fee: { asset: 'USDT', amount: d('15.6') } }),
  });
  const totals = [
    { asset: 'BTC', amount: d('0.2') },
    { asset: 'USDT', amount: d('16584.4') },
  ];
  const positions = [held('old', '0.3', T0), held('new', '0.2', T0 + 1_000)];
  const first = () => reconcile(ledger({ positions }), venue({ totals, trades: [sold] }), state());
  const again = (found: Reconciliation, over: Partial<LedgerView> = {}, at = T0 + 10_000 + MINUTE) =>
    reconcile(ledger({ positions, ...over }), venue({ totals, asOf: at }), state(found.next));

  it('are booked at the second look, most recent position first, at the price of the sales', () => {
    expect(first()).toMatchObject({
      corrections: [],
      differences: [{ kind: 'shortfall', confirmed: false }],
    });
    const { corrections } = again(first());
    expect(
      corrections.map((c) =>
        c.kind === 'book_external' ? [c.positionId, c.quantity.toFixed(), c.price?.toFixed()] : [],
      ),
    ).toEqual([
      ['new', '0.2', '52000'],
      ['old', '0.1', '52000'],
    ]);
    expect(corrections.map((c) => (c.kind === 'book_external' ? c.fee.toFixed() : ''))).toEqual([
      '10.4',
      '5.2',
    ]);
  });

  it('are not booked before two looks a minute apart have seen the same', () => {
    expect(again(first(), {}, T0 + 10_000 + MINUTE - 1).corrections).toEqual([]);
  });

  it.each<[string, Partial<Order>]>([
    ['unknown', { status: 'submitted', send: newSend({ outcome: 'unknown' }) }],
    ['being cancelled', { status: 'cancelling' }],
    ['ended with trades missing', { status: 'cancelled', venueQuantity: d('0.1') }],
  ])('are not booked while an order in that asset is %s', (_what, over) => {
    const orders = [resting({ side: 'sell', role: 'exit', ...over })];
    const found = again(first(), { orders });
    expect(found.corrections.filter(({ kind }) => kind === 'book_external')).toEqual([]);
  });

  it('are booked beside an order that rests as both sides say', () => {
    const found = reconcile(
      ledger({ positions, orders: [resting()] }),
      venue({ totals, openOrders: [open('order-1')], asOf: T0 + 10_000 + MINUTE }),
      state(first().next),
    );
    expect(found.corrections).toHaveLength(2);
  });

  it('are put back when a sale of ours from before is found, and the sale is asked for', () => {
    const order = resting({ orderId: 'late', status: 'cancelled', role: 'exit', side: 'sell' });
    const external = { id: 'x', positionId: 'new', asset: 'BTC', quantity: d('0.2'), at: T0 + 6_000 };
    const late = trade('11', 'late', { fill: newFill('52000', '0.2', { tradeId: '11', at: T0 + 5_000 }) });
    const found = reconcile(
      ledger({ orders: [order] }),
      venue({
        trades: [late],
        totals: [
          { asset: 'BTC', amount: d('0.3') },
          { asset: 'USDT', amount: d('11400') },
        ],
      }),
      state({ externals: [external] }),
    );
    expect(found.corrections.map(({ kind }) => kind)).toEqual(['reverse_external', 'ask_order']);
    expect(found.next.externals).toEqual([]);
    // A sale of ours that came after it explains nothing of it.
    const fresh = { ...late, fill: { ...late.fill, at: T0 + 7_000 } };
    const after = reconcile(
      ledger({ orders: [order] }),
      venue({ trades: [fresh] }),
      state({ externals: [external] }),
    );
    expect(after.corrections.map(({ kind }) => kind)).toEqual(['ask_order']);
  });
});

describe('a second pass', () => {
  it('over what the first one booked corrects nothing, whatever is missing', () => {
    const quantities = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(quantities, fc.integer({ min: 0, max: 100 }), (amounts, share) => {
        const positions = amounts.map((n, i) => held(`p${i}`, d(n).dividedBy(100).toFixed(), T0 + i));
        const all = d(amounts.reduce((a, b) => a + b, 0)).dividedBy(100);
        const left = all.times(share).dividedBy(100).toDecimalPlaces(5);
        const totals = left.isZero() ? [] : [{ asset: 'BTC', amount: left }];
        const at = (ms: number) => venue({ totals, asOf: T0 + ms });
        const start = state({ totals, cursors: {} });
        const first = reconcile(ledger({ positions }), at(0), start);
        const second = reconcile(ledger({ positions }), at(MINUTE), state(first.next));
        const after = positions.map((p) =>
          second.corrections.reduce(
            (q, c) =>
              c.kind === 'book_external' && c.positionId === q.positionId ? applyExternal(q, c, BTC, T0) : q,
            p,
          ),
        );
        const heldAfter = after.reduce((sum, p) => sum.plus(p.quantity).plus(p.dust?.quantity ?? 0), d(0));
        expect(heldAfter.lessThanOrEqualTo(left.greaterThan(all) ? all : left)).toBe(true);
        const third = reconcile(
          ledger({ positions: after.filter((p) => p.status !== 'closed') }),
          at(3 * MINUTE),
          state(second.next),
        );
        expect(third.corrections).toEqual([]);
      }),
    );
  });
});

describe('news that came while the two were read', () => {
  it('books nothing as sold outside: the ledger was read after the venue and knows of more', () => {
    const asOf = T0 + 70_000;
    const filled = newOrder({
      status: 'filled',
      filledQuantity: d('0.1'),
      venueQuantity: d('0.1'),
      timings: { ...newOrder().timings, acceptedAt: asOf + 400, finalAt: asOf + 400, lastFillAt: asOf + 400 },
    });
    const suspect = { kind: 'shortfall', asset: 'BTC', amount: d('0.1'), since: T0, sold: [] } as const;
    const view = venue({ asOf });
    // A bot that buys the same again and again: both looks fell between a trade and its balance.
    const seen = ledger({
      orders: [filled],
      positions: [held('p-1', '0.5', T0), held('p-2', '0.1', asOf + 400)],
    });
    expect(reconcile(seen, view, state({ suspects: [suspect] })).corrections).toEqual([]);
    const grown = ledger({ orders: [filled], positions: [held('p-1', '0.6', T0)] });
    expect(reconcile(grown, view, state({ suspects: [suspect] })).corrections).toEqual([]);
    // An index that lags does not show the order yet.
    const lagging = ledger({ positions: [held('p-1', '0.5', T0), held('p-2', '0.1', asOf + 400)] });
    expect(reconcile(lagging, view, state({ suspects: [suspect] })).corrections).toEqual([]);
  });
});
