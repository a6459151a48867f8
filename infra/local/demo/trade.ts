/** The demo's trading, through the API alone: open, let run, close by hand what is left, read what happened. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import {
  type ApiClient,
  ApiError,
  BalancesAnswer,
  OrderAnswer,
  PositionAnswer,
  PositionDetailAnswer,
  PricesAnswer,
  page,
  WalletAnswer,
} from './api-client.ts';
import type { Planned, ProtectionRequest } from './plan.ts';

/** Answers that another price, or a moment later, may change. */
const AGAIN = new Set([
  'stop_wrong_side',
  'target_wrong_side',
  'activation_wrong_side',
  'no_price',
  'conflict',
]);
const OPEN_TRIES = 8;
const FIRST_PRICE_WITHIN_MS = 15_000;
const CLOSED_WITHIN_MS = 20_000;
const LOOK_EACH_MS = 300;

export interface Opened {
  readonly kind: string;
  readonly positionId: string;
  readonly protection: ProtectionRequest;
}

export class DemoError extends Error {
  override readonly name = 'DemoError';
}

/** A demo wallet with these balances; answers its id. */
export async function openWallet(
  client: ApiClient,
  startingBalances: Readonly<Record<string, string>>,
): Promise<string> {
  const { wallet_id: walletId } = await client.call(WalletAnswer, '/wallets', {
    method: 'POST',
    body: { name: 'demo', type: 'demo', starting_balances: startingBalances },
    key: 'demo-wallet',
  });
  return walletId;
}

/** Asks for the prices (which starts a waiting replay) until each symbol has one. */
export async function awaitPrices(client: ApiClient, symbols: readonly string[]): Promise<void> {
  const deadline = performance.now() + FIRST_PRICE_WITHIN_MS;
  for (;;) {
    const { items } = await client.call(PricesAnswer, pricesPath(symbols));
    if (items.length === symbols.length) return;
    if (performance.now() > deadline) throw new DemoError(`no price of ${symbols.join(', ')}`);
    await sleep(50);
  }
}

const pricesPath = (symbols: readonly string[]): string =>
  `/prices?symbols=${encodeURIComponent(symbols.join(','))}`;

/** Buys at the market with the planned protection; a price that ran away is looked at again. */
export async function openPosition(
  client: ApiClient,
  walletId: string,
  { kind, market, request }: Planned,
  number: number,
): Promise<Opened> {
  const { symbol } = market.spec;
  for (let attempt = 1; ; attempt += 1) {
    const { items } = await client.call(PricesAnswer, pricesPath([symbol]));
    const price = items[0];
    try {
      if (price === undefined) throw new ApiError(symbol, 503, 'no_price', 'there is no current price');
      const { quantity, protection } = request(decimal(price.bid));
      const order = await client.call(OrderAnswer, '/orders', {
        method: 'POST',
        body: {
          wallet_id: walletId,
          symbol,
          side: 'buy',
          type: 'market',
          quantity,
          protection,
          client_order_id: `demo-${number}-${attempt}`,
          tags: [kind],
        },
      });
      if (order.reject !== null)
        throw new DemoError(`${kind}: ${order.reject.code}: ${order.reject.message}`);
      return { kind, positionId: order.position_id, protection };
    } catch (error) {
      if (!(error instanceof ApiError && AGAIN.has(error.code)) || attempt === OPEN_TRIES) throw error;
      await sleep(100);
    }
  }
}

/** The wallet's positions that are not closed. */
async function standing(client: ApiClient, walletId: string): Promise<readonly PositionAnswer[]> {
  const query = new URLSearchParams({ wallet_id: walletId, limit: '200' });
  const { items } = await client.call(page(PositionAnswer), `/positions?${query}`);
  return items.filter((position) => position.status !== 'closed');
}

/** Looks on until nothing is open any more or the time is over. */
export async function letRun(
  client: ApiClient,
  walletId: string,
  forMs: number,
  note: (open: number) => void,
): Promise<void> {
  const deadline = performance.now() + forMs;
  for (let before = -1; performance.now() < deadline; ) {
    const { length } = await standing(client, walletId);
    if (length !== before) note(length);
    if (length === 0) return;
    before = length;
    await sleep(LOOK_EACH_MS);
  }
}

/** Closes by hand what is still open, and waits for every exit to end. */
export async function closeRest(client: ApiClient, walletId: string): Promise<number> {
  const open = (await standing(client, walletId)).filter((position) => position.status !== 'closing');
  const closed = await Promise.all(open.map((position) => closeByHand(client, position.position_id)));
  const deadline = performance.now() + CLOSED_WITHIN_MS;
  for (;;) {
    const left = await standing(client, walletId);
    if (left.length === 0) return closed.filter((one) => one).length;
    if (performance.now() > deadline) {
      const names = left.map(({ position_id: id, status }) => `${id} (${status})`);
      throw new DemoError(`still not closed: ${names.join(', ')}`);
    }
    await sleep(LOOK_EACH_MS);
  }
}

/** False when its own exit came first. */
async function closeByHand(client: ApiClient, positionId: string): Promise<boolean> {
  try {
    const path = `/positions/${positionId}/close`;
    await client.call(z.looseObject({}), path, {
      method: 'POST',
      body: {},
      key: `demo-close-${positionId}`,
    });
    return true;
  } catch (error) {
    if (error instanceof ApiError && (error.code === 'already_closing' || error.code === 'not_open'))
      return false;
    throw error;
  }
}

export const readPosition = (client: ApiClient, positionId: string): Promise<PositionDetailAnswer> =>
  client.call(PositionDetailAnswer, `/positions/${positionId}`);

export const readBalances = async (client: ApiClient, walletId: string) =>
  (await client.call(BalancesAnswer, `/wallets/${walletId}/balances`)).balances;
