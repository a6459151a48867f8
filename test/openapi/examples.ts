/**
 * The document's examples: calls to the real use cases over the stand-ins, as they went. Time and ids are set, so the
 * same code gives the same examples. What only an exchange account answers is written here by hand.
 */
import type { Example, Examples } from '../../functions/api/openapi/document.ts';
import type { OperationName } from '../../functions/api/routes.ts';
import { type Answer, ApiWorld } from '../unit/api/world.ts';

const API = '/api/v1';
/** 12:00 is where the world's clock begins. */
const AT = '2026-01-05T12:00:00.000Z';

const WALLET = { name: 'first', type: 'demo', starting_balances: { USDT: '10000' } };

const KEYS = {
  api_key: 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A',
  secret_key: 'your-secret-key',
};

const WEBHOOK = {
  ...{
    webhook_id: '9bXkT3mQw7RzYcVn2LpSdE',
    url: 'https://bot.example.com/moniqo',
    channels: ['orders', 'fills'],
  },
  ...{ description: null, created_at: AT },
};

/** A wallet at an exchange, made of a demo wallet's answer. */
function atExchange(demo: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const {
    fee_rate: _rate,
    buy_fee_in: _fee,
    max_leverage: _most,
    starting_balances: _start,
    ...common
  } = demo;
  return {
    ...common,
    ...{ name: 'testnet', type: 'binance', exchange: 'binance', environment: 'binance_testnet' },
    ...{
      status: 'active',
      problem: null,
      warnings: ['no_ip_restriction'],
      key_type: 'hmac',
      key_hint: 'Eh8A',
    },
    ...{ account_uid: '354937868', checked_at: AT, check_under_way: false, pending_key_hint: null },
  };
}

/** Records the examples of all operations. */
export async function recordExamples(): Promise<Examples> {
  const world = new ApiWorld({ check: null });
  const taken: Partial<Record<OperationName, Example>> = {};

  async function record(
    name: OperationName,
    method: string,
    path: string,
    { body, key = `example-${name}` }: { readonly body?: unknown; readonly key?: string } = {},
  ): Promise<Answer['body']> {
    const answer = await world.call(method, `${API}${path}`, { key, ...(body !== undefined && { body }) });
    if (answer.status >= 300) throw new Error(`${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
    taken[name] = {
      ...taken[name],
      answers: { ...taken[name]?.answers, [answer.status]: answer.body },
      ...(body !== undefined && { request: body }),
    };
    world.now += 1_000;
    return answer.body;
  }

  const wallet = await record('createWallet', 'POST', '/wallets', { body: WALLET });
  const id = String(wallet.wallet_id);
  const order = {
    ...{ wallet_id: id, symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '0.05' },
    protection: {
      stop_loss: '49000',
      take_profits: [
        { price: '52000', share: '0.5' },
        { price: '54000', share: '0.5' },
      ],
      trailing_stop: { distance_percent: '1.5' },
    },
    tags: ['momentum'],
  };
  await record('previewOrder', 'POST', '/orders/preview', { body: order });
  const bought = await record('createOrder', 'POST', '/orders', { body: order });
  await world.settle();
  const position = String(bought.position_id);
  await record('listSymbols', 'GET', '/symbols?limit=1');
  await record('getSymbol', 'GET', '/symbols/BTC-USDT');
  await record('getPrice', 'GET', '/prices/BTC-USDT');
  await record('listPrices', 'GET', '/prices?symbols=BTC-USDT');
  await record('listBars', 'GET', '/prices/BTC-USDT/bars?interval=1m&limit=5');
  await record('getOrder', 'GET', `/orders/${bought.order_id}`);
  await record('listOrders', 'GET', '/orders?limit=1');
  await record('getPosition', 'GET', `/positions/${position}`);
  await record('listPositions', 'GET', '/positions?status=open&limit=1');
  await record('changeProtection', 'PATCH', `/positions/${position}/protection`, {
    body: { stop_loss: '49500', break_even: { activation_profit_percent: '1' } },
  });
  await record('takeSignal', 'POST', `/positions/${position}/signals`, {
    body: { signal: 'hold', confidence: '0.7', reasoning: 'The trend holds.', agent: 'trend-1' },
  });
  await record('listSignals', 'GET', `/positions/${position}/signals?limit=1`);
  await record('getTimeline', 'GET', `/positions/${position}/timeline?limit=5`);
  await record('listUpdates', 'GET', `/positions/${position}/updates?limit=5`);

  const resting = {
    wallet_id: id,
    symbol: 'BTC/USDT',
    side: 'buy',
    type: 'limit',
    quantity: '0.01',
    limit_price: '48000',
  };
  const placed = await record('createOrder', 'POST', '/orders', { body: resting, key: 'example-resting' });
  await record('amendOrder', 'PATCH', `/orders/${placed.order_id}`, { body: { limit_price: '48500' } });
  await world.settle();
  const amended = await world.call('GET', `${API}/orders/${placed.order_id}`);
  const live = amended.body.replaced_by ?? placed.order_id;
  await record('cancelOrder', 'POST', `/orders/${live}/cancel`, { body: {} });
  const again = { ...resting, limit_price: '47000' };
  await record('createOrder', 'POST', '/orders', { body: again, key: 'example-again' });
  await record('cancelAll', 'POST', '/orders/cancel-all', { body: { wallet_id: id, symbol: 'BTC/USDT' } });
  if (taken.createOrder !== undefined) {
    taken.createOrder = { request: order, answers: { 201: bought } };
  }

  // Lists may lag behind what has just been written.
  world.now += 10_000;
  await record('setLimits', 'PATCH', `/wallets/${id}/limits`, {
    body: { max_position_notional: '5000', max_daily_loss: '200', allowed_symbols: ['BTC/USDT', 'ETH/USDT'] },
  });
  await record('getLimits', 'GET', `/wallets/${id}/limits`);
  await record('getWallet', 'GET', `/wallets/${id}`);
  await record('listWallets', 'GET', '/wallets?limit=1');
  await record('getBalances', 'GET', `/wallets/${id}/balances`);
  await record('changeWallet', 'PATCH', `/wallets/${id}`, {
    body: { signal_policy: { act: true, min_confidence: '0.8' }, resident: 'stop' },
  });
  await record('pauseWallet', 'POST', `/wallets/${id}/pause`, {
    body: { reason: 'news', cancel_entries: true },
  });
  await record('resumeWallet', 'POST', `/wallets/${id}/resume`, { body: {} });
  await record('reconcileWallet', 'POST', `/wallets/${id}/reconcile`, { body: {} });
  await record('getReconciliation', 'GET', `/wallets/${id}/reconciliation`);
  await record('listReconciliations', 'GET', `/wallets/${id}/reconciliations?limit=1`);
  const client = '4tq8k2v9n0example';
  await record('registerClient', 'POST', '/clients', {
    body: {
      ...{
        client_id: client,
        client_token: `token-of-${client}`,
        name: 'grid bot',
        scopes: ['read', 'trade'],
      },
      ...{ allowed_wallets: [id], max_order_notional: '1000', max_orders_per_minute: 20 },
    },
  });
  await record('getClient', 'GET', `/clients/${client}`);
  await record('listClients', 'GET', '/clients?limit=1');
  await record('changeClient', 'PATCH', `/clients/${client}`, { body: { max_daily_notional: '5000' } });
  await record('revokeClient', 'DELETE', `/clients/${client}`, { body: {} });
  await record('listAudit', 'GET', '/audit?limit=2');
  await record('closePosition', 'POST', `/positions/${position}/close`, { body: {} });
  await record('healthServices', 'GET', '/health/services');

  const exchange = atExchange(wallet);
  const byHand: Partial<Record<OperationName, Example>> = {
    testWallet: { request: {}, answers: { 200: exchange } },
    rotateKeys: {
      request: KEYS,
      answers: { 200: exchange, 202: { ...exchange, check_under_way: true, pending_key_hint: 'Zk2Q' } },
    },
    createWebhook: {
      request: { url: WEBHOOK.url, channels: WEBHOOK.channels },
      answers: { 201: { ...WEBHOOK, secret: 'whsec_shown-this-once' } },
    },
    listWebhooks: { answers: { 200: { items: [WEBHOOK], next_cursor: null } } },
    deleteWebhook: { request: {}, answers: { 200: { webhook_id: WEBHOOK.webhook_id, deleted: true } } },
    testWebhook: { request: {}, answers: { 202: { event_id: 'test-7f9c2ba4' } } },
    listDeliveries: {
      answers: {
        200: {
          items: [
            {
              ...{
                event_id: '0Hc7YxU2mKp4QeRtZbVnLs-3',
                event_type: 'order',
                status: 'delivered',
                attempts: 1,
              },
              ...{ http_status: 204, error: null, next_attempt_at: null, created_at: AT, updated_at: AT },
            },
          ],
          next_cursor: null,
        },
      },
    },
    deleteWallet: { request: {}, answers: { 200: { ...exchange, status: 'deleted' } } },
  };
  // Complete by the test that looks for an example of every operation.
  return { ...taken, ...byHand } as Examples;
}
