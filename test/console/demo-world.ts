/**
 * A believable account, made through the API alone: wallets, positions both ways with stops, targets and trailing, orders in
 * several states, one position closed. For screenshots and for what looks at every page.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiClient, ApiProblem } from '../../shared/client/client.ts';
import type { BodyOf } from '../../shared/client/contract.ts';
import { until } from '../support/until.ts';
import { DEMO_SYMBOLS } from './demo-market.ts';

export interface DemoWorld {
  /** With a trailing stop, two targets, and a second order of its own. */
  readonly positionId: string;
  readonly closedId: string;
  readonly walletId: string;
  /** One that rests. */
  readonly orderId: string;
}

type OrderBody = BodyOf<'createOrder'>;

/** The first order of a symbol may come before its first price. */
const PRICE_TRIES = 40;
const SLOW_MS = 60_000;

export async function makeDemoWorld(client: ApiClient): Promise<DemoWorld> {
  await until(
    'prices of every symbol',
    async () => (await client.call('listPrices', { query: { symbols: Object.keys(DEMO_SYMBOLS) } })).items,
    (items) => items.length === Object.keys(DEMO_SYMBOLS).length,
    SLOW_MS,
  );
  const wallet = async (name: string, usdt: string, more = {}): Promise<string> => {
    const body = { name, type: 'demo' as const, starting_balances: { USDT: usdt }, ...more };
    return (await client.call('createWallet', { body })).wallet_id;
  };
  const momentum = await wallet('Momentum', '250000');
  const swing = await wallet('Swing, margin', '80000', { max_leverage: 10 });
  const idle = await wallet('Idle ideas', '5000');

  const order = async (body: Omit<OrderBody, 'quantity'> & { readonly quantity: string }) => {
    for (let tried = 1; ; tried += 1) {
      try {
        return await client.call('createOrder', { body, waitSeconds: 5 });
      } catch (error) {
        if (!(error instanceof ApiProblem) || error.code !== 'no_price' || tried === PRICE_TRIES) throw error;
        await sleep(100);
      }
    }
  };
  const armed = (id: string): Promise<unknown> =>
    until(
      `${id} is open, its levels armed`,
      () => client.call('getPosition', { params: { position_id: id } }),
      ({ status, risk_management: risk }) => status === 'open' && risk.armed,
      SLOW_MS,
    );

  const btc = await order({
    ...{ wallet_id: momentum, symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '0.8' },
    protection: {
      stop_loss: '63600',
      take_profits: [
        { price: '65400', share: '0.5' },
        { price: '67000', share: '0.5' },
      ],
      trailing_stop: { distance_percent: '0.4' },
    },
    tags: ['breakout'],
    notes: 'Above the range of the last week.',
  });
  const eth = await order({
    ...{ wallet_id: swing, symbol: 'ETH/USDT', side: 'sell', type: 'market', quantity: '6' },
    ...{ position_side: 'short', leverage: 5 },
    protection: { stop_loss: '3190', take_profit: '2950' },
  });
  const sol = await order({
    ...{ wallet_id: swing, symbol: 'SOL/USDT', side: 'buy', type: 'market', quantity: '120' },
    protection: { stop_loss: '147', break_even: { activation_profit_percent: '0.4' }, take_profit: '160' },
  });
  const bnb = await order({
    ...{ wallet_id: momentum, symbol: 'BNB/USDT', side: 'buy', type: 'market', quantity: '15' },
    protection: { stop_loss: '580', take_profit: '586.5' },
  });
  for (const { position_id: id } of [btc, eth, sol]) await armed(id);

  const resting = await order({
    ...{ wallet_id: momentum, symbol: 'BTC/USDT', side: 'buy', type: 'limit', quantity: '0.25' },
    limit_price: '62800',
    protection: { stop_loss: '61900' },
  });
  await order({
    ...{ wallet_id: momentum, symbol: 'ETH/USDT', side: 'buy', type: 'limit', quantity: '2.5' },
    limit_price: '3010.5',
  });
  const given = await order({
    ...{ wallet_id: idle, symbol: 'SOL/USDT', side: 'buy', type: 'limit', quantity: '12' },
    limit_price: '139.2',
  });
  await client.call('cancelOrder', { params: { order_id: given.order_id }, body: {} });
  await client.call('setLimits', {
    params: { wallet_id: momentum },
    body: {
      max_total_exposure: '100000',
      max_position_notional: '60000',
      max_open_positions: 8,
      max_daily_loss: '2500',
    },
  });
  await client.call('pauseWallet', {
    params: { wallet_id: idle },
    body: { reason: 'Until the new signals are tested' },
  });
  await until(
    'the target is reached',
    () => client.call('getPosition', { params: { position_id: bnb.position_id } }),
    ({ status }) => status === 'closed',
    SLOW_MS,
  );
  return {
    positionId: btc.position_id,
    closedId: bnb.position_id,
    walletId: momentum,
    orderId: resting.order_id,
  };
}
