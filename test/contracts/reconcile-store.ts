/** What every store of comparisons does: states by condition, each with its statement or neither, newest first. */
import { beforeEach, describe, expect, it } from 'vitest';
import { decimal } from '../../shared/domain/money/decimal.ts';
import type { ReconcileState } from '../../shared/domain/reconcile/types.ts';
import type { ReconcileStatement, ReconcileStore } from '../../shared/ports/reconcile.ts';
import { NOW } from '../integration/dynamodb/samples.ts';

const aState = (changes: Partial<ReconcileState> = {}): ReconcileState => ({
  walletId: 'wallet-1',
  version: 0,
  cursors: { 'BTC/USDT': '12345678901234567890', 'ETH/USDT': '' },
  totals: [{ asset: 'BTC', amount: decimal('123456789.123456789123456789') }],
  asOf: NOW,
  ordersSince: NOW + 1,
  looked: ['BTC/USDT'],
  suspects: [
    {
      ...{ kind: 'shortfall', asset: 'BTC', amount: decimal('0.1'), since: NOW },
      sold: [
        { quote: 'USDT', quantity: decimal('0.1'), brought: decimal('5000'), fees: decimal('0.000001') },
      ],
    },
  ],
  externals: [{ id: 'e', positionId: 'p', asset: 'BTC', quantity: decimal('1'), at: NOW }],
  watched: ['order-1'],
  wantedAt: null,
  reason: null,
  dueAt: NOW + 900_000,
  failures: 0,
  unsettled: 0,
  wholeAt: NOW - 5,
  waitingSince: NOW,
  ...changes,
});

const aStatement = (changes: Partial<ReconcileStatement> = {}): ReconcileStatement => ({
  walletId: 'wallet-1',
  environment: 'binance_testnet',
  reason: 'gap',
  startedAt: NOW,
  asOf: NOW + 5,
  status: 'differences',
  openOrdersOf: ['BTC/USDT'],
  corrections: [
    { kind: 'ask_order', symbol: 'BTC/USDT', orderId: 'order-1', positionId: null, detail: 'fills' },
  ],
  differences: [
    {
      ...{ kind: 'balance', symbol: null, asset: 'BTC', orderId: null },
      ...{ expected: '1', actual: '0.9', confirmed: true },
    },
  ],
  foreignOrders: [],
  foreignTrades: [
    {
      ...{ symbol: 'BTC/USDT', tradeId: '7', venueOrderId: '9', side: 'sell', at: NOW },
      ...{ price: decimal('50000.01'), quantity: decimal('0.1') },
    },
  ],
  assets: [{ asset: 'BTC', venue: decimal('0.9'), expected: null, positions: decimal('1') }],
  counts: {
    ...{ symbols: 1, orders: 2, trades: 3, corrections: 1, differences: 1 },
    ...{ foreignOrders: 0, foreignTrades: 1, assets: 1 },
  },
  ...changes,
});

export function describeReconcileStore(name: string, open: () => Promise<ReconcileStore>): void {
  describe(name, () => {
    let store: ReconcileStore;
    beforeEach(async () => {
      store = await open();
    });
    const at = async (walletId: string): Promise<ReconcileState> => {
      const state = await store.state(walletId);
      if (state === null) throw new Error(`no state of ${walletId}`);
      return state;
    };

    it('knows nothing of a wallet that was never compared', async () => {
      expect(await store.state('wallet-1')).toBeNull();
      expect(await store.states(['wallet-1'])).toEqual([]);
      expect(await store.latest('wallet-1')).toBeNull();
      expect(await store.statements('wallet-1', 10, null)).toEqual([]);
    });

    it('gives state and statement back as they were written, versions starting at 1', async () => {
      expect(await store.save({ before: null, after: aState() }, aStatement())).toBe(true);
      expect(await store.state('wallet-1')).toEqual(aState({ version: 1 }));
      expect(await store.latest('wallet-1')).toEqual(aStatement());
      const empty = {
        totals: null,
        asOf: null,
        ordersSince: null,
        looked: null,
        suspects: [],
        externals: [],
        watched: [],
        cursors: {},
      };
      const next = aState({ ...empty, wantedAt: NOW, reason: 'asked', failures: 3 });
      expect(await store.save({ before: await at('wallet-1'), after: next }, null)).toBe(true);
      expect(await store.state('wallet-1')).toEqual({ ...next, version: 2 });
      expect(await store.latest('wallet-1')).toEqual(aStatement());
    });

    it('writes neither when somebody wrote the state since it was read', async () => {
      const statement = aStatement();
      const before = aState({ version: 1 });
      expect(await store.save({ before, after: before }, statement)).toBe(false);
      await store.save({ before: null, after: aState() }, null);
      expect(await store.save({ before: null, after: aState({ failures: 9 }) }, statement)).toBe(false);
      expect(await store.save({ before: { ...before, version: 2 }, after: before }, statement)).toBe(false);
      expect(await store.state('wallet-1')).toEqual(before);
      expect(await store.latest('wallet-1')).toBeNull();
      const races = Array.from({ length: 6 }, (_, i) =>
        store.save({ before, after: { ...before, failures: i } }, aStatement({ startedAt: NOW + i })),
      );
      expect((await Promise.all(races)).filter(Boolean)).toHaveLength(1);
      expect(await store.statements('wallet-1', 10, null)).toHaveLength(1);
    });

    it('lists statements newest first, page by page, each wallet its own', async () => {
      let before: ReconcileState | null = null;
      for (const n of [3, 1, 2, 10]) {
        await store.save({ before, after: before ?? aState() }, aStatement({ startedAt: NOW + n }));
        before = await at('wallet-1');
      }
      const other = aState({ walletId: 'wallet-2' });
      await store.save(
        { before: null, after: other },
        aStatement({ walletId: 'wallet-2', startedAt: NOW + 99 }),
      );
      const times = async (limit: number, from: number | null) =>
        (await store.statements('wallet-1', limit, from)).map(({ startedAt }) => startedAt - NOW);
      expect(await times(10, null)).toEqual([10, 3, 2, 1]);
      expect(await times(2, null)).toEqual([10, 3]);
      expect(await times(2, NOW + 3)).toEqual([2, 1]);
      expect(await times(2, NOW + 1)).toEqual([]);
      expect((await store.latest('wallet-1'))?.startedAt).toBe(NOW + 10);
      // A pass that is written again under its own time is one statement.
      const again = aStatement({ startedAt: NOW + 10, status: 'in_agreement' });
      await store.save({ before, after: before ?? aState() }, again);
      expect(await times(10, null)).toEqual([10, 3, 2, 1]);
      expect(await store.latest('wallet-1')).toEqual(again);
    });

    it('reads the states of many, doubles and missing ones left out', async () => {
      for (const walletId of ['a', 'b']) {
        await store.save({ before: null, after: aState({ walletId }) }, null);
      }
      const found = await store.states(['b', 'nobody', 'a', 'b']);
      expect(found.map((state) => state.walletId).sort()).toEqual(['a', 'b']);
      expect(await store.states([])).toEqual([]);
    });

    it('keeps what it was given, whatever the giver does to it later', async () => {
      const watched = ['order-1'];
      await store.save({ before: null, after: { ...aState(), watched } }, null);
      try {
        watched.push('order-2');
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
      expect((await at('wallet-1')).watched).toEqual(['order-1']);
    });
  });
}
