/** Users of the bench, each with a wallet, open positions and resting orders of their own. */

import * as z from 'zod';
import {
  type ApiClient,
  createApiClient,
  OrderAnswer,
  page,
  WalletAnswer,
} from '../../../infra/local/demo/api-client.ts';
import type { RunningSystem } from '../../../infra/local/system.ts';
import { PRICES, QUANTITIES, SYMBOLS, type Trader } from './requests.ts';

const MADE_AT_ONCE = 6;
const WAIT_SECONDS = 10;
const POSITIONS = 3;
const RESTING = 2;

async function place(client: ApiClient, body: Readonly<Record<string, unknown>>, status: string) {
  const order = await client.call(OrderAnswer, '/orders', {
    method: 'POST',
    body,
    waitSeconds: WAIT_SECONDS,
  });
  if (order.status !== status) throw new Error(`an order of the set-up is ${order.status}, not ${status}`);
  return order;
}

async function makeTrader(system: RunningSystem, number: number): Promise<Trader> {
  const token = await system.issueToken({ sub: `bench-${number}` });
  const client = createApiClient(system.api, token);
  const { wallet_id: walletId } = await client.call(WalletAnswer, '/wallets', {
    method: 'POST',
    body: { name: 'bench', type: 'demo', starting_balances: { USDT: '1000000' } },
    key: `bench-wallet-${number}`,
  });
  const common = { wallet_id: walletId, side: 'buy' };
  const [positionIds, orderIds, restingIds]: [string[], string[], string[]] = [[], [], []];
  for (let n = 0; n < POSITIONS; n++) {
    const symbol = SYMBOLS[(number + n) % SYMBOLS.length] ?? '';
    const amount = { symbol, quantity: QUANTITIES[symbol], type: 'market' };
    const protection = { stop_loss: '9.5' };
    const order = await place(
      client,
      { ...common, ...amount, protection, client_order_id: `set-up-${n}` },
      'filled',
    );
    positionIds.push(order.position_id);
    orderIds.push(order.order_id);
  }
  for (let n = 0; n < RESTING; n++) {
    const body = { ...common, symbol: 'BTC/USDT', type: 'limit', quantity: '0.001', limit_price: '30000' };
    const order = await place(client, { ...body, client_order_id: `resting-${n}` }, 'open');
    restingIds.push(order.order_id);
  }
  return { token, walletId, positionIds, orderIds, restingIds };
}

export async function makeTraders(system: RunningSystem, count: number): Promise<readonly Trader[]> {
  const made: Trader[] = [];
  const left = Array.from({ length: count }, (_, number) => number);
  const make = async (): Promise<void> => {
    for (let number = left.shift(); number !== undefined; number = left.shift()) {
      made[number] = await makeTrader(system, number);
    }
  };
  await Promise.all(Array.from({ length: MADE_AT_ONCE }, make));
  return made;
}

const Orders = page(
  OrderAnswer.extend({ metadata: z.looseObject({ client_order_id: z.string().nullable() }) }),
);

/** By the client order id, of all traders' wallets; what a wallet has twice is in `twice`. */
export async function ordersByClientId(
  system: RunningSystem,
  traders: readonly Trader[],
): Promise<{ readonly orders: ReadonlyMap<string, OrderAnswer>; readonly twice: readonly string[] }> {
  const orders = new Map<string, OrderAnswer>();
  const twice: string[] = [];
  for (const [number, { token, walletId }] of traders.entries()) {
    const client = createApiClient(system.api, token);
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query = new URLSearchParams({
        wallet_id: walletId,
        limit: '200',
        ...(cursor !== '' && { cursor }),
      });
      const found: z.output<typeof Orders> = await client.call(Orders, `/orders?${query}`);
      for (const order of found.items) {
        const name = `${number} ${order.metadata.client_order_id}`;
        if (orders.has(name)) twice.push(name);
        orders.set(name, order);
      }
      cursor = found.next_cursor;
    }
  }
  return { orders, twice };
}

/** The market that all of it is made for. */
export const MARKET = PRICES;
