/**
 * The HTTP API's routes (design section 17), one line each. The CDK app declares exactly these and the API
 * function answers exactly these; `open` routes need no token.
 */
import { SCOPES, type Scope } from '../../shared/http/scopes.ts';

interface AnyRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** API Gateway's form: path parameters in braces. */
  readonly path: string;
  /** The operation's name: the key of its handler. */
  readonly name: string;
}

/** A token with one of the scopes opens it. */
export type Route = AnyRoute &
  (
    | { readonly open: true; readonly scopes?: never }
    | { readonly open?: never; readonly scopes: readonly Scope[] }
  );

/** Whoever may do anything here may look. */
const ANY = SCOPES;
/** What may raise the risk. */
const TRADE = ['trade'] as const satisfies readonly Scope[];
/** What closes or cancels; an order that opens a position asks for `trade` by itself (orders.ts). */
const CLOSE = ['trade', 'close-only'] as const satisfies readonly Scope[];
/** What only stops or looks after things: whoever can do harm can also stop it. */
const STOP = ['trade', 'close-only', 'admin'] as const satisfies readonly Scope[];
/** Wallets, their keys and limits; machine clients. */
const ADMIN = ['admin'] as const satisfies readonly Scope[];

export const ROUTES = [
  { method: 'POST', path: '/api/v1/wallets', name: 'createWallet', scopes: ADMIN },
  { method: 'GET', path: '/api/v1/wallets', name: 'listWallets', scopes: ANY },
  { method: 'GET', path: '/api/v1/wallets/{wallet_id}', name: 'getWallet', scopes: ANY },
  { method: 'PATCH', path: '/api/v1/wallets/{wallet_id}', name: 'changeWallet', scopes: ADMIN },
  { method: 'GET', path: '/api/v1/wallets/{wallet_id}/limits', name: 'getLimits', scopes: ANY },
  { method: 'PATCH', path: '/api/v1/wallets/{wallet_id}/limits', name: 'setLimits', scopes: ADMIN },
  { method: 'GET', path: '/api/v1/wallets/{wallet_id}/balances', name: 'getBalances', scopes: ANY },
  { method: 'DELETE', path: '/api/v1/wallets/{wallet_id}', name: 'deleteWallet', scopes: ADMIN },
  { method: 'POST', path: '/api/v1/wallets/{wallet_id}/test', name: 'testWallet', scopes: ADMIN },
  { method: 'PUT', path: '/api/v1/wallets/{wallet_id}/keys', name: 'rotateKeys', scopes: ADMIN },
  { method: 'POST', path: '/api/v1/wallets/{wallet_id}/pause', name: 'pauseWallet', scopes: STOP },
  { method: 'POST', path: '/api/v1/wallets/{wallet_id}/resume', name: 'resumeWallet', scopes: ADMIN },
  { method: 'POST', path: '/api/v1/wallets/{wallet_id}/reconcile', name: 'reconcileWallet', scopes: STOP },
  {
    method: 'GET',
    path: '/api/v1/wallets/{wallet_id}/reconciliation',
    name: 'getReconciliation',
    scopes: ANY,
  },
  {
    method: 'GET',
    path: '/api/v1/wallets/{wallet_id}/reconciliations',
    name: 'listReconciliations',
    scopes: ANY,
  },
  { method: 'POST', path: '/api/v1/orders', name: 'createOrder', scopes: CLOSE },
  { method: 'POST', path: '/api/v1/orders/preview', name: 'previewOrder', scopes: ANY },
  { method: 'GET', path: '/api/v1/orders', name: 'listOrders', scopes: ANY },
  { method: 'GET', path: '/api/v1/orders/{order_id}', name: 'getOrder', scopes: ANY },
  { method: 'PATCH', path: '/api/v1/orders/{order_id}', name: 'amendOrder', scopes: TRADE },
  { method: 'POST', path: '/api/v1/orders/cancel-all', name: 'cancelAll', scopes: CLOSE },
  { method: 'POST', path: '/api/v1/orders/{order_id}/cancel', name: 'cancelOrder', scopes: CLOSE },
  { method: 'GET', path: '/api/v1/positions', name: 'listPositions', scopes: ANY },
  { method: 'GET', path: '/api/v1/positions/{position_id}', name: 'getPosition', scopes: ANY },
  { method: 'POST', path: '/api/v1/positions/{position_id}/close', name: 'closePosition', scopes: CLOSE },
  {
    method: 'PATCH',
    path: '/api/v1/positions/{position_id}/protection',
    name: 'changeProtection',
    scopes: TRADE,
  },
  { method: 'POST', path: '/api/v1/positions/{position_id}/signals', name: 'takeSignal', scopes: CLOSE },
  { method: 'GET', path: '/api/v1/positions/{position_id}/signals', name: 'listSignals', scopes: ANY },
  { method: 'GET', path: '/api/v1/positions/{position_id}/timeline', name: 'getTimeline', scopes: ANY },
  { method: 'GET', path: '/api/v1/positions/{position_id}/updates', name: 'listUpdates', scopes: ANY },
  { method: 'GET', path: '/api/v1/prices', name: 'listPrices', scopes: ANY },
  { method: 'GET', path: '/api/v1/prices/{symbol}', name: 'getPrice', scopes: ANY },
  { method: 'GET', path: '/api/v1/prices/{symbol}/bars', name: 'listBars', scopes: ANY },
  { method: 'GET', path: '/api/v1/symbols', name: 'listSymbols', scopes: ANY },
  { method: 'GET', path: '/api/v1/symbols/{symbol}', name: 'getSymbol', scopes: ANY },
  { method: 'POST', path: '/api/v1/clients', name: 'registerClient', scopes: ADMIN },
  { method: 'GET', path: '/api/v1/clients', name: 'listClients', scopes: ADMIN },
  { method: 'GET', path: '/api/v1/clients/{client_id}', name: 'getClient', scopes: ADMIN },
  { method: 'PATCH', path: '/api/v1/clients/{client_id}', name: 'changeClient', scopes: ADMIN },
  { method: 'DELETE', path: '/api/v1/clients/{client_id}', name: 'revokeClient', scopes: ADMIN },
  { method: 'GET', path: '/api/v1/audit', name: 'listAudit', scopes: ADMIN },
  { method: 'POST', path: '/api/v1/webhooks', name: 'createWebhook', scopes: ADMIN },
  { method: 'GET', path: '/api/v1/webhooks', name: 'listWebhooks', scopes: ANY },
  { method: 'DELETE', path: '/api/v1/webhooks/{webhook_id}', name: 'deleteWebhook', scopes: ADMIN },
  { method: 'POST', path: '/api/v1/webhooks/{webhook_id}/test', name: 'testWebhook', scopes: ADMIN },
  { method: 'GET', path: '/api/v1/webhooks/{webhook_id}/deliveries', name: 'listDeliveries', scopes: ANY },
  { method: 'GET', path: '/api/v1/health/services', name: 'healthServices', open: true },
] as const satisfies readonly Route[];

export type OperationName = (typeof ROUTES)[number]['name'];
