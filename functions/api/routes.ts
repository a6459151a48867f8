/**
 * The HTTP API's routes (design section 17), one line each. The CDK app declares exactly these and the API
 * function answers exactly these; `open` routes need no token.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** API Gateway's form: path parameters in braces. */
  readonly path: string;
  /** The operation's name: the key of its handler. */
  readonly name: string;
  readonly open?: true;
}

export const ROUTES = [
  { method: 'POST', path: '/api/v1/wallets', name: 'createWallet' },
  { method: 'GET', path: '/api/v1/wallets', name: 'listWallets' },
  { method: 'GET', path: '/api/v1/wallets/{wallet_id}', name: 'getWallet' },
  { method: 'PATCH', path: '/api/v1/wallets/{wallet_id}', name: 'changeWallet' },
  { method: 'GET', path: '/api/v1/wallets/{wallet_id}/limits', name: 'getLimits' },
  { method: 'PATCH', path: '/api/v1/wallets/{wallet_id}/limits', name: 'setLimits' },
  { method: 'GET', path: '/api/v1/wallets/{wallet_id}/balances', name: 'getBalances' },
  { method: 'DELETE', path: '/api/v1/wallets/{wallet_id}', name: 'deleteWallet' },
  { method: 'POST', path: '/api/v1/wallets/{wallet_id}/test', name: 'testWallet' },
  { method: 'PUT', path: '/api/v1/wallets/{wallet_id}/keys', name: 'rotateKeys' },
  { method: 'POST', path: '/api/v1/wallets/{wallet_id}/pause', name: 'pauseWallet' },
  { method: 'POST', path: '/api/v1/wallets/{wallet_id}/resume', name: 'resumeWallet' },
  { method: 'POST', path: '/api/v1/wallets/{wallet_id}/reconcile', name: 'reconcileWallet' },
  { method: 'GET', path: '/api/v1/wallets/{wallet_id}/reconciliation', name: 'getReconciliation' },
  { method: 'GET', path: '/api/v1/wallets/{wallet_id}/reconciliations', name: 'listReconciliations' },
  { method: 'POST', path: '/api/v1/orders', name: 'createOrder' },
  { method: 'POST', path: '/api/v1/orders/preview', name: 'previewOrder' },
  { method: 'GET', path: '/api/v1/orders', name: 'listOrders' },
  { method: 'GET', path: '/api/v1/orders/{order_id}', name: 'getOrder' },
  { method: 'PATCH', path: '/api/v1/orders/{order_id}', name: 'amendOrder' },
  { method: 'POST', path: '/api/v1/orders/cancel-all', name: 'cancelAll' },
  { method: 'POST', path: '/api/v1/orders/{order_id}/cancel', name: 'cancelOrder' },
  { method: 'GET', path: '/api/v1/positions', name: 'listPositions' },
  { method: 'GET', path: '/api/v1/positions/{position_id}', name: 'getPosition' },
  { method: 'POST', path: '/api/v1/positions/{position_id}/close', name: 'closePosition' },
  { method: 'PATCH', path: '/api/v1/positions/{position_id}/protection', name: 'changeProtection' },
  { method: 'POST', path: '/api/v1/positions/{position_id}/signals', name: 'takeSignal' },
  { method: 'GET', path: '/api/v1/positions/{position_id}/signals', name: 'listSignals' },
  { method: 'GET', path: '/api/v1/positions/{position_id}/timeline', name: 'getTimeline' },
  { method: 'GET', path: '/api/v1/positions/{position_id}/updates', name: 'listUpdates' },
  { method: 'GET', path: '/api/v1/prices', name: 'listPrices' },
  { method: 'GET', path: '/api/v1/prices/{symbol}', name: 'getPrice' },
  { method: 'GET', path: '/api/v1/prices/{symbol}/bars', name: 'listBars' },
  { method: 'GET', path: '/api/v1/symbols', name: 'listSymbols' },
  { method: 'GET', path: '/api/v1/symbols/{symbol}', name: 'getSymbol' },
  { method: 'GET', path: '/api/v1/health/services', name: 'healthServices', open: true },
] as const satisfies readonly Route[];

export type OperationName = (typeof ROUTES)[number]['name'];
