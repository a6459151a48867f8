/** The ledger in memory is held to the contract of the real one, and its indexes may lag as those do. */
import { describe, expect, it } from 'vitest';
import { orderItem } from '../../../shared/adapters/dynamodb/items.ts';
import { describeLedger } from '../../contracts/ledger.ts';
import { anOrder, aPosition, NOW } from '../../integration/dynamodb/samples.ts';
import { itemSize, MAX_ITEM_BYTES } from '../../support/fakes/item-size.ts';
import type { IndexLag } from '../../support/fakes/lagging.ts';
import { MemoryLedger, type MemoryLedgerOptions, MemoryWallets } from '../../support/fakes/memory-ledger.ts';

const atOnce = async (): Promise<void> => undefined;

const opened = (options: MemoryLedgerOptions) => {
  const wallets = new MemoryWallets();
  return { ledger: new MemoryLedger({ ...options, wallets }), wallets, caughtUp: atOnce };
};

describeLedger('the ledger in memory', async ({ shards }) => opened({ shards }), { checksItems: false });

describeLedger(
  'the ledger in memory with the real codec',
  async ({ shards }) => opened({ shards, codec: true }),
  { checksItems: true },
);

describeLedger(
  'the ledger in memory with indexes that lag',
  async ({ shards }) => {
    let now = NOW;
    const lag: IndexLag = { now: () => now, ms: () => 900, mostMs: 1000 };
    const caughtUp = async (): Promise<void> => {
      now += 1000;
    };
    return { ...opened({ shards, lag }), caughtUp };
  },
  { checksItems: false },
);

describe('indexes that lag', () => {
  it('show an item as it was, while it is read by its id as it is', async () => {
    let now = NOW;
    let behind = 0;
    const ledger = new MemoryLedger({ lag: { now: () => now, ms: () => behind, mostMs: 5000 } });
    await ledger.commit({ orders: [{ before: null, after: anOrder({ status: 'open', dueAt: NOW }) }] });
    behind = 100;
    expect(await ledger.liveOrdersOfWallet('wallet-1')).toEqual([]);
    expect(await ledger.due(0, NOW, 10)).toEqual([]);
    expect(await ledger.order('order-1')).not.toBeNull();
    now += 100;
    const [stale] = await ledger.liveOrdersOfWallet('wallet-1');
    expect(stale?.version).toBe(1);
    const [due] = await ledger.due(0, NOW, 10);
    if (due === undefined || stale === undefined) throw new Error('nothing is due');

    expect(await ledger.moveDue(due, NOW + 60_000)).toBe(true);
    await ledger.commit({ orders: [{ before: stale, after: { ...stale, status: 'filled', dueAt: null } }] });
    // It is still shown as due and live; whoever acts on that is refused.
    expect(await ledger.due(0, NOW, 10)).toEqual([due]);
    expect(await ledger.moveDue(due, NOW + 70_000)).toBe(false);
    expect(await ledger.liveOrdersOfWallet('wallet-1')).toEqual([stale]);
    behind = 0;
    expect(await ledger.liveOrdersOfWallet('wallet-1')).toEqual([]);
    // A later read may show an older state, for as long as an index may lag at all.
    behind = 4999;
    expect(await ledger.liveOrdersOfWallet('wallet-1')).toEqual([]);
    now += 4950;
    expect(await ledger.liveOrdersOfWallet('wallet-1')).toEqual([stale]);
    now += 50;
    behind = 99_999;
    expect(await ledger.liveOrdersOfWallet('wallet-1')).toEqual([]);
  });

  it('lag item by item', async () => {
    const draws = [500, 0];
    const lag: IndexLag = { now: () => NOW, ms: () => draws.shift() ?? 0, mostMs: 1000 };
    const ledger = new MemoryLedger({ lag });
    for (const positionId of ['a', 'b']) {
      await ledger.commit({ positions: [{ before: null, after: aPosition({ positionId }) }] });
    }
    expect((await ledger.livePositionsOfWallet('wallet-1')).map((p) => p.positionId)).toEqual(['b']);
  });
});

describe('the ledger in memory', () => {
  it('books the ten thousandth fill as fast as the first, and refuses each a second time', async () => {
    const ledger = new MemoryLedger();
    const fill = (n: number) => ({
      orderId: 'order-1',
      fill: {
        ...{
          tradeId: String(n),
          price: anOrder().quantity,
          quantity: anOrder().quantity,
          feeQuoteValue: null,
        },
        ...{ fee: { asset: 'USDT', amount: anOrder().quantity }, at: NOW, tickId: null, maker: true },
      },
    });
    const from = performance.now();
    for (let n = 0; n < 10_000; n++) await ledger.commit({ fills: [fill(n)] });
    expect(performance.now() - from).toBeLessThan(5000);
    expect(await ledger.commit({ fills: [fill(9_999)] })).toMatchObject({ outcome: 'duplicate_fill' });
    expect(await ledger.fills('order-1')).toHaveLength(10_000);
  });

  it('takes what a test has put into its maps', async () => {
    const ledger = new MemoryLedger();
    const order = anOrder({ version: 4, status: 'open' });
    ledger.orderItems.set('order-1', order);
    expect(await ledger.liveOrdersOfWallet('wallet-1')).toEqual([order]);
    expect(await ledger.commit({ orders: [{ before: order, after: order }] })).toEqual({ outcome: 'done' });
  });

  it('has room for an order as full as the API lets it be, with all the history that is kept', () => {
    const wide = (length: number): string => '€'.repeat(length);
    const members = Array.from({ length: 30 }, (_, i) => [`${i}`.padEnd(64, 'k'), wide(500)] as const);
    const change = { status: 'submitted', at: NOW, reason: wide(200), cause: 'resolve_order' } as const;
    const order = anOrder({
      ...{ aiReasoning: wide(4000), notes: wide(2000), metadata: Object.fromEntries(members) },
      ...{
        tags: Array.from({ length: 30 }, () => wide(64)),
        statusHistory: Array.from({ length: 50 }, () => change),
      },
    });
    expect(itemSize(orderItem(order, 1))).toBeLessThan(MAX_ITEM_BYTES / 3);
  });
});
