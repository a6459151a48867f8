/** What every store of the demo venue's book does: accounts of their own, steps by condition, trades in order. */
import { beforeEach, describe, expect, it } from 'vitest';
import { decimal, ZERO } from '../../shared/domain/money/decimal.ts';
import type {
  DemoBalance,
  DemoMargin,
  DemoOrder,
  DemoStep,
  DemoStore,
} from '../../shared/ports/demo-store.ts';
import { aFill, NOW } from '../integration/dynamodb/samples.ts';

const aDemoOrder = (changes: Partial<DemoOrder> = {}): DemoOrder => ({
  clientId: 'mqOrder1-1',
  version: 0,
  venueOrderId: 'd1',
  symbol: 'BTC/USDT',
  side: 'buy',
  type: 'limit',
  timeInForce: 'GTC',
  margin: null,
  quantity: decimal('0.5'),
  quoteQuantity: null,
  limitPrice: decimal('50000'),
  stopPrice: null,
  status: 'new',
  reason: null,
  triggered: false,
  executedQuantity: ZERO,
  executedQuote: ZERO,
  feePaid: ZERO,
  locked: decimal('25000'),
  lockPrice: decimal('50000'),
  tradeCount: 0,
  lastTickId: 7,
  createdAt: NOW,
  updatedAt: NOW,
  ...changes,
});

const balance = (asset: string, free: string, version = 0, locked = '0'): DemoBalance => ({
  ...{ asset, version, free: decimal(free), locked: decimal(locked) },
});
const margin = (changes: Partial<DemoMargin> = {}): DemoMargin => ({
  ...{ positionId: 'p1', version: 0, side: 'short', quantity: decimal('0.3'), cost: decimal('15000') },
  ...{ collateral: decimal('7500'), reserved: decimal('0.2') },
  ...changes,
});
const step = (order: Partial<DemoOrder> = {}, more: Partial<DemoStep> = {}): DemoStep => ({
  ...{ order: aDemoOrder(order), balances: [], margin: null, fills: [], ...more },
});
const trade = (n: number) => aFill({ tradeId: `d1-${n}` });

export function describeDemoStore(name: string, open: () => Promise<DemoStore>): void {
  describe(name, () => {
    let store: DemoStore;
    beforeEach(async () => {
      store = await open();
    });

    it('has nothing of an account that was never opened', async () => {
      expect(await store.load('w1', 'mqOrder1-1', ['USDT', 'BTC'], null)).toEqual({
        ...{
          opened: false,
          order: null,
          balances: [balance('USDT', '0'), balance('BTC', '0')],
          margin: null,
        },
      });
      expect(await store.balances('w1')).toEqual([]);
      expect(await store.liveOrders('w1')).toEqual([]);
      expect(await store.trades('w1', 'mqOrder1-1')).toEqual([]);
    });

    it('opens an account once, with what each asset is given in all', async () => {
      const given = (asset: string, amount: string) => ({ asset, amount: decimal(amount) });
      await store.open(
        'w1',
        [given('USDT', '100'), given('BTC', '1.5'), given('USDT', '0.000000000000000001')],
        1,
      );
      const held = [balance('BTC', '1.5', 1), balance('USDT', '100.000000000000000001', 1)];
      expect(await store.balances('w1')).toEqual(held);
      await store.open('w1', [given('USDT', '7'), given('ETH', '3')], 2);
      expect(await store.balances('w1')).toEqual(held);
      expect(await store.load('w1', 'x', ['USDT', 'ETH', 'BTC'], null)).toMatchObject({
        opened: true,
        balances: [held[1], balance('ETH', '0'), held[0]],
      });
      await store.open('w2', [], 3);
      expect(await store.load('w2', 'x', ['USDT'], null)).toMatchObject({
        opened: true,
        balances: [{ version: 0 }],
      });
    });

    it('does not open over balances that came from nowhere', async () => {
      await store.commit('w1', step({}, { balances: [balance('USDT', '5')] }));
      await expect(store.open('w1', [{ asset: 'USDT', amount: decimal('1') }], 1)).rejects.toThrow(
        'never opened',
      );
      expect(await store.balances('w1')).toEqual([balance('USDT', '5', 1)]);
    });

    it('writes a step whole, one version up', async () => {
      await store.open('w1', [{ asset: 'USDT', amount: decimal('30000') }], 1);
      const balances = [balance('USDT', '5000', 1, '25000')];
      expect(await store.commit('w1', step({}, { balances }))).toBe('done');
      const slice = await store.load('w1', 'mqOrder1-1', ['USDT'], null);
      expect(slice).toEqual({
        ...{
          opened: true,
          order: aDemoOrder({ version: 1 }),
          balances: [balance('USDT', '5000', 2, '25000')],
          margin: null,
        },
      });
      expect(await store.liveOrders('w1')).toEqual([aDemoOrder({ version: 1 })]);
    });

    it.each<[string, Partial<DemoStep>]>([
      ['the order', { order: aDemoOrder({ version: 0 }) }],
      ['the order, ahead', { order: aDemoOrder({ version: 2 }) }],
      ['a balance', { balances: [balance('USDT', '1', 1), balance('BTC', '1', 3)] }],
      ['a balance that was not there', { balances: [balance('USDT', '1', 0)] }],
    ])('writes nothing when somebody wrote %s since it was read', async (_what, stale) => {
      await store.open('w1', [{ asset: 'USDT', amount: decimal('100') }], 1);
      expect(await store.commit('w1', step())).toBe('done');
      const before = [
        await store.load('w1', 'mqOrder1-1', ['USDT', 'BTC'], null),
        await store.trades('w1', 'mqOrder1-1'),
      ];
      const good = step(
        { version: 1, tradeCount: 1 },
        { balances: [balance('USDT', '50', 1)], fills: [trade(1)] },
      );
      expect(await store.commit('w1', { ...good, ...stale })).toBe('conflict');
      expect([
        await store.load('w1', 'mqOrder1-1', ['USDT', 'BTC'], null),
        await store.trades('w1', 'mqOrder1-1'),
      ]).toEqual(before);
      expect(await store.commit('w1', good)).toBe('done');
      expect(await store.trades('w1', 'mqOrder1-1')).toEqual([trade(1)]);
    });

    it('lets one of many that read the same through', async () => {
      await store.open('w1', [{ asset: 'USDT', amount: decimal('100') }], 1);
      const commits = Array.from({ length: 6 }, (_, i) =>
        store
          .commit('w1', step({ clientId: `mq${i}-1` }, { balances: [balance('USDT', `${i}`, 1)] }))
          // Where they collide in flight the outcome may be unknown to all but one.
          .catch(() => 'thrown'),
      );
      expect((await Promise.all(commits)).filter((outcome) => outcome === 'done')).toHaveLength(1);
      expect(await store.liveOrders('w1')).toHaveLength(1);
    });

    it('keeps trades in their order, however many', async () => {
      const all = Array.from({ length: 12 }, (_, i) => trade(i + 1));
      await store.commit('w1', step({ tradeCount: 9 }, { fills: all.slice(0, 9) }));
      await store.commit('w1', step({ version: 1, tradeCount: 12 }, { fills: all.slice(9) }));
      expect(await store.trades('w1', 'mqOrder1-1')).toEqual(all);
      // A step that counts its trades wrongly overwrites none.
      const wrong = step({ version: 2, tradeCount: 12 }, { fills: [trade(99)] });
      expect(await store.commit('w1', wrong)).toBe('conflict');
      expect(await store.trades('w1', 'mqOrder1-1')).toEqual(all);
      expect(await store.trades('w1', 'mqOrder1')).toEqual([]);
    });

    it('takes a step of a hundred items, not one more', async () => {
      const fills = (count: number) => Array.from({ length: count }, (_, i) => trade(i));
      await expect(store.commit('w1', step({ tradeCount: 100 }, { fills: fills(100) }))).rejects.toThrow(
        'at most 100',
      );
      expect(await store.commit('w1', step({ tradeCount: 99 }, { fills: fills(99) }))).toBe('done');
    });

    it('lists live orders of one wallet, and shows the others nothing', async () => {
      const statuses = ['new', 'partially_filled', 'filled', 'cancelled', 'rejected', 'expired'] as const;
      for (const status of statuses) await store.commit('w1', step({ clientId: status, status }));
      await store.commit('w2', step({ clientId: 'other' }, { balances: [balance('BTC', '1')] }));
      expect((await store.liveOrders('w1')).map((o) => o.clientId)).toEqual(['new', 'partially_filled']);
      expect(await store.balances('w1')).toEqual([]);
      expect((await store.load('w1', 'other', ['BTC'], null)).order).toBeNull();
      expect((await store.load('w2', 'new', ['BTC'], null)).order).toBeNull();
    });

    it('keeps positions on margin beside the balances, one by one, in the same step', async () => {
      const one = margin();
      expect(await store.commit('w1', step({}, { margin: one }))).toBe('done');
      const found = async (of: string | null) => (await store.load('w1', 'mqOrder1-1', [], of)).margin;
      expect(await found('p1')).toEqual({ ...one, version: 1 });
      expect([await found('p2'), await found(null)]).toEqual([null, null]);
      expect((await store.load('w2', 'mqOrder1-1', [], 'p1')).margin).toBeNull();
      // No balance of it is shown: they are the account's own coins.
      expect(await store.balances('w1')).toEqual([]);
      const order = {
        version: 1,
        margin: { positionId: 'p1', side: 'short', leverage: 2, closes: true },
      } as const;
      for (const version of [0, 2]) {
        expect(await store.commit('w1', step(order, { margin: margin({ version }) }))).toBe('conflict');
      }
      const less = margin({ version: 1, quantity: decimal('0.1'), reserved: ZERO });
      expect(await store.commit('w1', step(order, { margin: less }))).toBe('done');
      const slice = await store.load('w1', 'mqOrder1-1', [], 'p1');
      expect(slice.margin).toEqual({ ...less, version: 2 });
      expect(slice.order).toEqual(aDemoOrder({ ...order, version: 2 }));
    });

    it('keeps what it was given, whatever the giver does to it later', async () => {
      const order = aDemoOrder();
      await store.commit('w1', step({}, { order }));
      try {
        Object.assign(order, { status: 'filled' });
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
      expect((await store.load('w1', order.clientId, [], null)).order).toEqual(aDemoOrder({ version: 1 }));
    });
  });
}
