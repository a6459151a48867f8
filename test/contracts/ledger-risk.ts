/** What every ledger does with a wallet's risk item: it follows each write, and lets entries through or not. */
import { beforeEach, describe, expect, it } from 'vitest';
import { decimal } from '../../shared/domain/money/decimal.ts';
import type { Acted } from '../../shared/domain/risk/breach.ts';
import { minuteOf, NO_LIMITS, type RiskGate, type WalletRisk } from '../../shared/domain/risk/limits.ts';
import { dayOf, NO_RESULTS } from '../../shared/domain/risk/results.ts';
import { NO_SUMS } from '../../shared/domain/risk/use.ts';
import type { Order, Position } from '../../shared/domain/types.ts';
import type { Commit, Ledger, RiskMark } from '../../shared/ports/ledger.ts';
import { anOrder, aPosition, NOW } from '../integration/dynamodb/samples.ts';
import { type OpenLedgerWith, orderOf, positionOf } from './ledger-support.ts';

const WALLET = 'wallet-1';
/** A change of limits that concerns no loss. */
const NOTHING_BEGINS = { startsPeak: false, forgetsActed: false, checkAt: null } as const;

/** An entry of half a coin at 50,000, and its position. */
function entry(n: number, order: Partial<Order> = {}, position: Partial<Position> = {}): Commit {
  const ids = { orderId: `o-${n}`, positionId: `p-${n}` };
  const after = aPosition({
    ...{
      positionId: ids.positionId,
      entryOrderId: ids.orderId,
      cost: decimal('0'),
      realizedPnl: decimal('0'),
      createdAt: NOW,
    },
    ...position,
  });
  return {
    orders: [{ before: null, after: anOrder({ ...ids, ...order }) }],
    positions: [{ before: null, after }],
  };
}

const text = ({ reserved, cost, open, unvalued }: WalletRisk) => ({
  reserved: reserved.toFixed(),
  cost: cost.toFixed(),
  open,
  unvalued,
});

export function describeLedgerRisk(name: string, open: OpenLedgerWith): void {
  describe(name, () => {
    let ledger: Ledger;
    beforeEach(async () => {
      ({ ledger } = await open({ shards: 2 }));
    });

    const risk = async (): Promise<WalletRisk> => {
      const found = await ledger.risk(WALLET);
      if (found === null) throw new Error('no risk item');
      return found;
    };
    const limit = async (limits: Partial<typeof NO_LIMITS>): Promise<void> => {
      const before = await ledger.risk(WALLET);
      const all = { ...NO_LIMITS, ...limits };
      expect(
        await ledger.setLimits({ walletId: WALLET, before, limits: all, counted: null, ...NOTHING_BEGINS }),
      ).toBe(true);
    };
    const gate = (more: Partial<RiskGate> = {}): RiskGate => ({
      ...{
        walletId: WALLET,
        limitsVersion: 0,
        mostExposure: null,
        mostOpen: null,
        mostLosses: null,
        minute: null,
      },
      ...more,
    });

    it('is not there before the first order, and then follows each write', async () => {
      expect(await ledger.risk(WALLET)).toBeNull();
      await ledger.commit(entry(1));
      expect(await risk()).toMatchObject({
        ...{ limits: NO_LIMITS, limitsVersion: 0, counted: false, newAt: NOW, minute: 0, minuteOrders: 0 },
      });
      expect(text(await risk())).toEqual({ reserved: '25000', cost: '0', open: 1, unvalued: 0 });

      const [order, position] = [await orderOf(ledger, 'o-1'), await positionOf(ledger, 'p-1')];
      const filled = { filledQuantity: decimal('0.2'), filledQuote: decimal('9999.123456789012345678') };
      const held = { cost: decimal('9999.123456789012345678'), status: 'open' as const };
      await ledger.commit({
        orders: [{ before: order, after: { ...order, ...filled } }],
        positions: [{ before: position, after: { ...position, ...held } }],
      });
      expect(text(await risk())).toEqual({
        ...{ reserved: '15000', cost: '9999.123456789012345678', open: 1, unvalued: 0 },
      });

      const [later, grown] = [await orderOf(ledger, 'o-1'), await positionOf(ledger, 'p-1')];
      await ledger.commit({
        orders: [{ before: later, after: { ...later, status: 'cancelled', venueQuantity: decimal('0.2') } }],
        positions: [{ before: grown, after: { ...grown, status: 'closed', cost: decimal('0') } }],
      });
      expect(text(await risk())).toEqual({ reserved: '0', cost: '0', open: 0, unvalued: 0 });
      expect((await risk()).revision).toBe(3);
    });

    it('is not written by what changes nothing of it', async () => {
      await ledger.commit(entry(1));
      const order = await orderOf(ledger, 'o-1');
      await ledger.commit({ orders: [{ before: order, after: { ...order, notes: 'x' } }] });
      const exit = anOrder({ orderId: 'x', role: 'exit', side: 'sell' });
      await ledger.commit({ orders: [{ before: null, after: exit }] });
      expect((await risk()).revision).toBe(1);
    });

    it('stays as it was where nothing was written', async () => {
      await ledger.commit(entry(1));
      expect((await ledger.commit(entry(1))).outcome).toBe('conflict');
      expect((await risk()).revision).toBe(1);
    });

    it('counts every one of many writers at once', async () => {
      const results = await Promise.all(Array.from({ length: 12 }, (_, n) => ledger.commit(entry(n))));
      expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['done']));
      expect(text(await risk())).toEqual({ reserved: '300000', cost: '0', open: 12, unvalued: 0 });
    });

    it('lets as many of many through as a limit has room for', async () => {
      await limit({ maxTotalExposure: decimal('100000') });
      const mine = gate({ limitsVersion: 1, mostExposure: decimal('75000') });
      const all = Array.from({ length: 8 }, (_, n) => ledger.commit({ ...entry(n), risk: mine }));
      const outcomes = (await Promise.all(all)).map(({ outcome }) => outcome).sort();
      expect(outcomes).toEqual([...Array(4).fill('done'), ...Array(4).fill('risk_changed')]);
      expect(text(await risk())).toMatchObject({ reserved: '100000', open: 4 });
    });

    it('lets nothing through under limits that are not those that were read', async () => {
      expect(await ledger.commit({ ...entry(1), risk: gate() })).toEqual({ outcome: 'done' });
      await limit({ maxOpenPositions: 9 });
      expect(await ledger.commit({ ...entry(2), risk: gate() })).toEqual({ outcome: 'risk_changed' });
      expect(await ledger.commit({ ...entry(2), risk: gate({ limitsVersion: 2 }) })).toEqual({
        outcome: 'risk_changed',
      });
      expect(await ledger.order('o-2')).toBeNull();
      expect(await ledger.commit({ ...entry(2), risk: gate({ limitsVersion: 1 }) })).toEqual({
        outcome: 'done',
      });
    });

    it('counts positions, and those of unknown worth', async () => {
      await limit({ maxOpenPositions: 2 });
      const mine = gate({ limitsVersion: 1, mostOpen: 1 });
      const odd = entry(1, { symbol: 'ETH/BTC' }, { symbol: 'ETH/BTC', quote: 'BTC' });
      expect((await ledger.commit({ ...odd, risk: mine })).outcome).toBe('done');
      expect(text(await risk())).toEqual({ reserved: '0', cost: '0', open: 1, unvalued: 1 });
      const worth = gate({ limitsVersion: 1, mostExposure: decimal('999999') });
      expect((await ledger.commit({ ...entry(2), risk: worth })).outcome).toBe('risk_changed');
      expect((await ledger.commit({ ...entry(2), risk: mine })).outcome).toBe('done');
      expect((await ledger.commit({ ...entry(3), risk: mine })).outcome).toBe('risk_changed');
    });

    it('counts the entries of a minute, and begins anew with the next', async () => {
      await limit({ maxOrdersPerMinute: 2 });
      const minute = minuteOf(NOW);
      const at = (change: Partial<NonNullable<RiskGate['minute']>>) =>
        gate({ limitsVersion: 1, minute: { minute, isNew: false, most: 1, ...change } });
      expect((await ledger.commit({ ...entry(1), risk: at({}) })).outcome).toBe('risk_changed');
      expect((await ledger.commit({ ...entry(1), risk: at({ isNew: true }) })).outcome).toBe('done');
      expect((await ledger.commit({ ...entry(2), risk: at({ isNew: true }) })).outcome).toBe('risk_changed');
      expect((await ledger.commit({ ...entry(2), risk: at({}) })).outcome).toBe('done');
      expect((await ledger.commit({ ...entry(3), risk: at({}) })).outcome).toBe('risk_changed');
      expect(await risk()).toMatchObject({ minute, minuteOrders: 2 });
      const next = at({ minute: minute + 1, isNew: true });
      expect((await ledger.commit({ ...entry(3), risk: next })).outcome).toBe('done');
      expect(await risk()).toMatchObject({ minute: minute + 1, minuteOrders: 1 });
    });

    it('keeps limits as they were set, exactly, and only over those that were read', async () => {
      const limits = {
        maxPositionNotional: decimal('0.000000000000000001'),
        maxTotalExposure: decimal('123456789012345678.123456789012345678'),
        maxOpenPositions: 0,
        maxOrdersPerMinute: null,
        allowedSymbols: ['BTC/USDT', 'ETH/USDT'],
        maxDailyLoss: decimal('0.5'),
        maxDrawdown: decimal('1234.000000000000000001'),
        cooldownAfterLosses: 3,
        cooldownMinutes: 7,
        onBreach: 'flatten' as const,
      };
      const first = { walletId: WALLET, before: null, limits, counted: null, ...NOTHING_BEGINS };
      expect(await ledger.setLimits(first)).toBe(true);
      const stored = await risk();
      expect(stored).toEqual({
        ...{
          ...NO_SUMS,
          ...NO_RESULTS,
          acted: null,
          limits,
          limitsVersion: 1,
          counted: false,
          minute: 0,
          minuteOrders: 0,
          newAt: 0,
        },
        revision: 1,
      });
      expect(await ledger.setLimits(first)).toBe(false);
      await ledger.commit(entry(1));
      // What is used moves on; that is no other limit.
      expect(await ledger.setLimits({ ...first, before: stored, limits: NO_LIMITS })).toBe(true);
      expect(await ledger.setLimits({ ...first, before: stored })).toBe(false);
      expect(await risk()).toMatchObject({ limits: NO_LIMITS, limitsVersion: 2, open: 1 });
    });

    it('takes sums that were counted anew only while nothing else was written', async () => {
      await ledger.commit(entry(1));
      const before = await risk();
      const counted = { reserved: decimal('7'), cost: decimal('8'), open: 3, unvalued: 1 };
      await ledger.commit(entry(2));
      const change = { walletId: WALLET, limits: NO_LIMITS, counted, ...NOTHING_BEGINS };
      expect(await ledger.setLimits({ ...change, before })).toBe(false);
      expect(await ledger.setLimits({ ...change, before: null })).toBe(false);
      expect(await ledger.setLimits({ ...change, before: await risk() })).toBe(true);
      expect(await risk()).toMatchObject({ ...counted, counted: true, limitsVersion: 1 });
      await ledger.commit(entry(3));
      expect(text(await risk())).toEqual({ reserved: '25007', cost: '8', open: 4, unvalued: 1 });
      const mine = gate({ limitsVersion: 1, mostExposure: decimal('25014.99') });
      expect((await ledger.commit({ ...entry(4), risk: mine })).outcome).toBe('risk_changed');
    });

    /** The position's next write. */
    const move = async (positionId: string, change: Partial<Position>): Promise<void> => {
      const before = await positionOf(ledger, positionId);
      const after = { ...before, ...change };
      expect((await ledger.commit({ positions: [{ before, after }] })).outcome).toBe('done');
    };
    const DAY = 86_400_000;

    it('adds up what was realized, in all and by the UTC day in which it was booked', async () => {
      await ledger.commit(entry(1));
      await ledger.commit(entry(2));
      expect(await risk()).toMatchObject(NO_RESULTS);
      await move('p-1', { realizedPnl: decimal('-10.000000000000000001'), updatedAt: NOW });
      await move('p-1', { realizedPnl: decimal('-7'), updatedAt: NOW + DAY });
      await move('p-2', { realizedPnl: decimal('4.5'), updatedAt: NOW + DAY });
      expect((await risk()).realized.toFixed()).toBe('-2.5');
      const on = async (day: number) => (await ledger.realizedOn(WALLET, dayOf(NOW) + day)).toFixed();
      expect([await on(-1), await on(0), await on(1), await on(2)]).toEqual([
        ...['0', '-10.000000000000000001', '7.500000000000000001', '0'],
      ]);
      // A write that realizes nothing changes nothing.
      const { revision } = await risk();
      await move('p-2', { updatedAt: NOW + 3 * DAY });
      expect((await risk()).revision).toBe(revision);
    });

    it('counts losses in a row, from the last that was none', async () => {
      for (const n of [1, 2, 3, 4, 5]) await ledger.commit(entry(n));
      const close = (n: number, pnl: string, traded = '1'): Promise<void> =>
        move(`p-${n}`, {
          ...{ status: 'closed', cost: decimal('0'), entryQuantity: decimal(traded) },
          ...{ realizedPnl: decimal(pnl), closedAt: NOW + n, updatedAt: NOW + n },
        });
      const row = async () => {
        const { lossRow, lastLossAt } = await risk();
        return [lossRow, lastLossAt];
      };
      await close(1, '-1');
      await close(2, '-0.000000000000000001');
      expect(await row()).toEqual([2, NOW + 2]);
      // One that never traded says nothing.
      await close(3, '0', '0');
      expect(await row()).toEqual([2, NOW + 2]);
      await close(4, '0');
      expect(await row()).toEqual([0, NOW + 2]);
      await close(5, '-3');
      expect(await row()).toEqual([1, NOW + 5]);
      expect((await risk()).realized.toFixed()).toBe('-4.000000000000000001');
    });

    it('counts a loser once, though a late fill has opened it again', async () => {
      await ledger.commit(entry(1));
      const lost = { status: 'closed', closedAs: 'lost', entryQuantity: decimal('1') } as const;
      await move('p-1', { ...lost, realizedPnl: decimal('-1'), closedAt: NOW });
      await move('p-1', { status: 'closing', closedAt: null });
      await move('p-1', { ...lost, realizedPnl: decimal('-2'), closedAt: NOW + 1 });
      const { lossRow, realized } = await risk();
      expect([lossRow, realized.toFixed()]).toEqual([1, '-2']);
    });

    it('lets nothing through where one more position has lost', async () => {
      await ledger.commit(entry(1));
      await limit({ cooldownAfterLosses: 1 });
      const mine = gate({ limitsVersion: 1, mostLosses: 0 });
      expect((await ledger.commit({ ...entry(2), risk: mine })).outcome).toBe('done');
      const lost = { status: 'closed' as const, entryQuantity: decimal('1'), realizedPnl: decimal('-1') };
      await move('p-1', { ...lost, closedAt: NOW });
      expect((await ledger.commit({ ...entry(3), risk: mine })).outcome).toBe('risk_changed');
      const more = { ...mine, mostLosses: 1 };
      expect((await ledger.commit({ ...entry(3), risk: more })).outcome).toBe('done');
    });

    it('keeps the first look of a day and the highest peak, of the item as it was read', async () => {
      expect(await ledger.noteMark({ walletId: WALLET, revision: 0, mark: { peak: decimal('1') } })).toBe(
        false,
      );
      await ledger.commit(entry(1));
      type Seen = Extract<RiskMark, { readonly revision: number }>['mark'];
      const note = (mark: Seen, revision = 1) => ledger.noteMark({ walletId: WALLET, revision, mark });
      const start = { day: 20_000, unrealized: decimal('-1.5'), at: NOW };
      expect(await note({ dayStart: start }, 2)).toBe(false);
      expect(await note({ dayStart: start })).toBe(true);
      for (const day of [20_000, 19_999]) {
        expect(await note({ dayStart: { ...start, day, at: NOW + 1 } })).toBe(false);
      }
      expect(await note({ peak: decimal('-5') })).toBe(true);
      expect(await note({ peak: decimal('-5') })).toBe(false);
      expect(await note({ peak: decimal('-4.9') })).toBe(true);
      expect(await risk()).toMatchObject({ dayStart: start, peak: decimal('-4.9'), revision: 1 });
      expect(await note({ dayStart: { ...start, day: 20_001 } })).toBe(true);
      const before = await risk();
      const change = { walletId: WALLET, before, limits: NO_LIMITS, counted: null, ...NOTHING_BEGINS };
      expect(await ledger.setLimits({ ...change, startsPeak: true })).toBe(true);
      expect(await risk()).toMatchObject({ peak: null, dayStart: { day: 20_001 }, revision: 2 });
      expect(await note({ peak: decimal('-9') })).toBe(false);
      expect(await note({ peak: decimal('-9') }, 2)).toBe(true);
    });

    it('keeps which breaches were acted on, of its limits as they are, until some are set', async () => {
      await limit({ maxDailyLoss: decimal('1') });
      const act = (acted: Acted, limitsVersion = 1) =>
        ledger.noteMark({ walletId: WALLET, limitsVersion, mark: { acted } });
      const once = { day: 20_000, dailyLoss: decimal('1'), drawdown: decimal('0'), peak: null };
      expect(await act(once, 2)).toBe(false);
      expect(await act(once)).toBe(true);
      expect(await act(once)).toBe(false);
      expect(await act({ ...once, peak: decimal('-3.5') })).toBe(true);
      expect(await risk()).toMatchObject({ acted: { peak: decimal('-3.5') } });
      expect(await act({ ...once, dailyLoss: decimal('2') })).toBe(true);
      await limit({ maxDailyLoss: decimal('1'), maxOpenPositions: 3 });
      expect(await risk()).toMatchObject({ acted: { ...once, dailyLoss: decimal('2') } });
      const change = { walletId: WALLET, before: await risk(), limits: NO_LIMITS, counted: null };
      expect(await ledger.setLimits({ ...change, ...NOTHING_BEGINS, forgetsActed: true })).toBe(true);
      expect((await risk()).acted).toBeNull();
    });

    it('is due for a look at its losses after each write, while it has a limit of loss', async () => {
      const all = async (now: number) =>
        (await Promise.all([0, 1].map((shard) => ledger.dueLossChecks(shard, now, 10)))).flat();
      const set = async (limits: Partial<typeof NO_LIMITS>, checkAt: number | null): Promise<void> => {
        const before = await ledger.risk(WALLET);
        const change = { walletId: WALLET, before, limits: { ...NO_LIMITS, ...limits }, counted: null };
        expect(await ledger.setLimits({ ...change, ...NOTHING_BEGINS, checkAt })).toBe(true);
      };
      await ledger.commit(entry(1));
      expect(await all(NOW + 1e9)).toEqual([]);
      await set({ maxDailyLoss: decimal('5') }, NOW + 10);
      expect(await all(NOW + 9)).toEqual([]);
      const due = { walletId: WALLET, dueAt: NOW + 10 };
      expect(await all(NOW + 10)).toEqual([due]);
      const moves = await Promise.all(
        Array.from({ length: 4 }, (_, n) => ledger.moveLossCheck(due, NOW + 100 + n)),
      );
      expect(moves.filter(Boolean)).toHaveLength(1);
      expect(await all(NOW + 99)).toEqual([]);
      // A fill brings it forward, and whoever is at the old time comes too late.
      const [moved] = await all(NOW + 1e9);
      await move('p-1', { realizedPnl: decimal('-2'), updatedAt: NOW + 50 });
      expect(await all(NOW + 50)).toEqual([{ walletId: WALLET, dueAt: NOW + 50 }]);
      expect(moved !== undefined && (await ledger.moveLossCheck(moved, NOW + 200))).toBe(false);
      await set({}, null);
      expect(await all(NOW + 1e9)).toEqual([]);
    });

    it('is asked only by those who change it, and a claim changes nothing of it', async () => {
      const exit = anOrder({ orderId: 'x', role: 'exit', side: 'sell' });
      await expect(ledger.commit({ orders: [{ before: null, after: exit }], risk: gate() })).rejects.toThrow(
        'changes nothing',
      );
      await ledger.commit(entry(1));
      const order = await orderOf(ledger, 'o-1');
      const grown = { ...order, quantity: decimal('9') };
      await expect(ledger.claim({ before: order, after: grown }, null)).rejects.toThrow('amounts');
    });
  });
}
