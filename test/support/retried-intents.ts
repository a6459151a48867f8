/** What a retrying client must find afterwards: one order per intent, here and at the exchange (design sections 4 to 6). */
import { expect } from 'vitest';
import { decimal } from '../../shared/domain/money/decimal.ts';
import type { OrderView } from '../../shared/usecases/views/order-view.ts';
import { type ExchangeTrader, PATIENCE_MS } from './exchange-trader.ts';
import { type Heard, type Intent, isGood, sendAll, startNetwork } from './retrying-client.ts';
import type { Problem } from './trader.ts';
import { until } from './until.ts';

interface Page {
  readonly items: readonly OrderView[];
  readonly next_cursor: string | null;
}

/** A price older than a minute is none, so it comes again. */
const PRICE_AGAIN_MS = 15_000;
const FINAL = ['filled', 'cancelled', 'rejected', 'expired', 'failed'];

/** Market buys of different sizes, each marked with its number. */
export const intentsOf = (walletId: string, count: number): readonly Intent[] =>
  Array.from({ length: count }, (_, n) => ({
    key: `intent-${n}`,
    body: {
      wallet_id: walletId,
      symbol: 'BTC/USDT',
      side: 'buy',
      type: 'market',
      quantity: decimal('0.0002')
        .plus(decimal('0.00001').times(n % 40))
        .toFixed(),
      metadata: { intent: String(n) },
    },
  }));

/** All orders of the wallet, page by page. */
async function allOrders(trader: ExchangeTrader): Promise<readonly OrderView[]> {
  const orders: OrderView[] = [];
  let cursor: string | null = null;
  do {
    const after: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: Page = await trader.good('GET', `/orders?wallet_id=${trader.walletId}&limit=200${after}`);
    orders.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return orders;
}

/** Sends them all; then everything is compared. Answers what it took. */
export async function retriedIntents(
  trader: ExchangeTrader,
  { count, atOnce, seed }: { readonly count: number; readonly atOnce: number; readonly seed: number },
) {
  const before = (await trader.control.books(trader.uid)).orders.length;
  const network = await startNetwork(trader.system.running.api, trader.token, seed);
  const price = setInterval(() => trader.system.tape.push('BTC/USDT', '50000'), PRICE_AGAIN_MS);
  const since = performance.now();
  try {
    const heard = await sendAll(network, intentsOf(trader.walletId, count), atOnce);
    const seconds = (performance.now() - since) / 1000;
    const orders = await until(
      'all orders final',
      () => allOrders(trader),
      (all) => all.every(({ status }) => FINAL.includes(status)),
      PATIENCE_MS * 4,
    );
    const { orders: atExchange } = await trader.control.books(trader.uid);
    oneEach(heard, orders);
    theSameAtTheExchange(orders, atExchange.slice(before));
    await otherBodies(trader, heard);
    const sends = heard.reduce((all, one) => all + one.sends, 0);
    return { seconds, sends, cut: network.proxy.met, abandoned: network.abandoned() };
  } finally {
    clearInterval(price);
    await network.proxy.stop();
  }
}

/** Every intent has one order, and every answer to it was of that order. */
function oneEach(heard: readonly Heard[], orders: readonly OrderView[]): void {
  expect(orders).toHaveLength(heard.length);
  const byIntent = Map.groupBy(orders, (order) => String(order.metadata['intent' as never]));
  expect(byIntent.size).toBe(heard.length);
  const wrong = heard.flatMap(({ intent, answers }) => {
    const [order] = byIntent.get(String((intent.body['metadata'] as { intent: string }).intent)) ?? [];
    const good = answers.filter(isGood);
    const isRight =
      order !== undefined &&
      order.status === 'filled' &&
      order.requested_amount === intent.body['quantity'] &&
      good.every(({ body }) => body.order_id === order.order_id) &&
      // Made once: whoever else hears of it hears of a repeat.
      good.filter(({ status }) => status === 201).length <= 1 &&
      // A busy machine may answer that it has no time: nothing else is an answer to a good request.
      answers.every((answer) => isGood(answer) || answer.status === 503);
    return isRight ? [] : [{ intent: intent.key, order, answers }];
  });
  expect(wrong).toEqual([]);
}

/** The exchange has these orders and no others, each as it was sent. */
function theSameAtTheExchange(
  orders: readonly OrderView[],
  atExchange: readonly Readonly<Record<string, unknown>>[],
): void {
  const there = atExchange.map(
    (one) => `${String(one['orderId'])} ${decimal(String(one['origQty'])).toFixed()}`,
  );
  const here = orders.map((order) => `${order.external_order_id} ${order.requested_amount}`);
  expect(there.toSorted()).toEqual(here.toSorted());
}

/** Another body under a used key is refused and changes nothing; the same body finds the order. */
async function otherBodies(trader: ExchangeTrader, heard: readonly Heard[]): Promise<void> {
  const before = await allOrders(trader);
  const booksBefore = await trader.control.books(trader.uid);
  const some = heard.filter((_, n) => n % Math.ceil(heard.length / 20) === 0);
  for (const { intent, answers } of some) {
    for (const change of [{ quantity: '0.001' }, { side: 'sell' }, { notes: 'another' }]) {
      const other = await trader.send<Problem>('POST', '/orders', {
        key: intent.key,
        body: { ...intent.body, ...change },
      });
      expect({ status: other.status, code: other.body.code }).toEqual({
        status: 422,
        code: 'idempotency_mismatch',
      });
    }
    const same = await trader.send<OrderView>('POST', '/orders', { key: intent.key, body: intent.body });
    expect(same.status).toBe(200);
    expect(same.body.order_id).toBe(answers.find(isGood)?.body.order_id);
  }
  expect(await allOrders(trader)).toEqual(before);
  expect(await trader.control.books(trader.uid)).toEqual(booksBefore);
}
