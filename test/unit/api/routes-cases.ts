/**
 * For every operation, requests that name things of somebody else: by their path, their body or their query. The
 * compiler asks for a new route's line here.
 */
import type { OperationName } from '../../../functions/api/routes.ts';
import type { ApiWorld } from './world.ts';

/** What alice has. */
export interface Owned {
  readonly wallet: string;
  readonly order: string;
  readonly position: string;
  readonly client: string;
  readonly webhook: string;
}

export interface RouteCase {
  readonly body?: (ids: Owned) => unknown;
  readonly query?: (ids: Owned) => string;
  /**
   * `not_found`: 404 for whoever does not own it, and something else for the owner. `nothing`: an empty list. `own`:
   * it names nothing, and answers the caller's own. `shared`: it is everybody's.
   */
  readonly answer: 'not_found' | 'nothing' | 'own' | 'shared';
}

const plain: readonly RouteCase[] = [{ answer: 'not_found' }];
const shared: readonly RouteCase[] = [{ answer: 'shared' }];

const entry = ({ wallet }: Pick<Owned, 'wallet'>) => ({
  ...{ wallet_id: wallet, symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '0.01' },
});

export const CASES: Record<OperationName, readonly RouteCase[]> = {
  createWallet: [
    { answer: 'own', body: () => ({ name: 'w', type: 'demo', starting_balances: { USDT: '10' } }) },
  ],
  listWallets: [{ answer: 'own' }],
  getWallet: plain,
  changeWallet: [{ answer: 'not_found', body: () => ({ signal_policy: { act: true } }) }],
  getLimits: plain,
  setLimits: [{ answer: 'not_found', body: () => ({ max_open_positions: 5 }) }],
  getBalances: plain,
  deleteWallet: plain,
  testWallet: plain,
  rotateKeys: [
    { answer: 'not_found', body: () => ({ api_key: 'k'.repeat(64), secret_key: 's'.repeat(64) }) },
  ],
  pauseWallet: [{ answer: 'not_found', body: () => ({ flatten: true, cancel_entries: true }) }],
  resumeWallet: plain,
  reconcileWallet: plain,
  getReconciliation: plain,
  listReconciliations: plain,
  createOrder: [
    { answer: 'not_found', body: entry },
    {
      answer: 'not_found',
      body: (ids) => ({ ...entry(ids), side: 'sell', position_id: ids.position }),
    },
  ],
  previewOrder: [{ answer: 'not_found', body: entry }],
  listOrders: [
    { answer: 'own' },
    { answer: 'nothing', query: ({ wallet }) => `wallet_id=${wallet}` },
    { answer: 'nothing', query: ({ position }) => `position_id=${position}` },
  ],
  getOrder: plain,
  amendOrder: [{ answer: 'not_found', body: () => ({ limit_price: '40001' }) }],
  cancelAll: [{ answer: 'not_found', body: ({ wallet }) => ({ wallet_id: wallet }) }],
  cancelOrder: plain,
  listPositions: [
    { answer: 'own' },
    { answer: 'nothing', query: ({ wallet }) => `wallet_id=${wallet}` },
    { answer: 'nothing', query: () => 'flow_id=flow-of-alice' },
  ],
  getPosition: plain,
  closePosition: plain,
  changeProtection: [{ answer: 'not_found', body: () => ({ stop_loss: '41000' }) }],
  takeSignal: [
    { answer: 'not_found', body: () => ({ signal: 'close', confidence: '0.9' }) },
    {
      answer: 'not_found',
      body: () => ({ signal: 'adjust', confidence: '0.9', adjust: { stop_loss: '41000' } }),
    },
  ],
  listSignals: plain,
  getTimeline: plain,
  listUpdates: plain,
  listPrices: shared,
  getPrice: shared,
  listBars: shared,
  listSymbols: shared,
  getSymbol: shared,
  healthServices: shared,
  registerClient: [
    {
      answer: 'own',
      body: () => ({
        client_id: 'new-client',
        client_token: 'token-of-new-client',
        name: 'bot',
        scopes: ['read'],
      }),
    },
    {
      answer: 'not_found',
      body: ({ wallet }) => ({
        ...{
          client_id: 'new-client',
          client_token: 'token-of-new-client',
          name: 'bot',
          scopes: ['read'],
          allowed_wallets: [wallet],
        },
      }),
    },
  ],
  listAudit: [{ answer: 'own' }],
  listClients: [{ answer: 'own' }],
  getClient: plain,
  changeClient: [{ answer: 'not_found', body: () => ({ max_order_notional: '5' }) }],
  revokeClient: plain,
  createWebhook: [{ answer: 'own', body: () => ({ url: 'https://example.com/hook', channels: ['fills'] }) }],
  listWebhooks: [{ answer: 'own' }],
  deleteWebhook: plain,
  testWebhook: plain,
  listDeliveries: plain,
};

/** A wallet with a position and an order that rests. */
export async function own(world: ApiWorld, user: string): Promise<Owned> {
  const wallet = await world.wallet(user);
  const buy = { ...entry({ wallet }), flow_id: `flow-of-${user}`, protection: { stop_loss: '40000' } };
  const filled = await world.call('POST', '/api/v1/orders', { user, key: 'filled', body: buy });
  const limit = { ...entry({ wallet }), type: 'limit', limit_price: '40000' };
  const resting = await world.call('POST', '/api/v1/orders', { user, key: 'resting', body: limit });
  await world.settle();
  const client = `bot-of-${user}`;
  const bot = {
    client_id: client,
    client_token: `token-of-${client}`,
    name: 'bot',
    scopes: ['read', 'trade'],
  };
  await world.call('POST', '/api/v1/clients', { user, body: bot });
  const hook = { url: 'https://example.com/hook', channels: ['orders'] };
  const webhook = await world.call('POST', '/api/v1/webhooks', { user, body: hook });
  return {
    ...{ client, wallet, order: resting.body.order_id, position: filled.body.position_id },
    webhook: webhook.body.webhook_id,
  };
}
