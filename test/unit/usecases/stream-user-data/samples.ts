/** Execution reports of the stream, the n-th of an order. */
import { decimal } from '../../../../shared/domain/money/decimal.ts';
import type { ExecutionReport } from '../../../../shared/domain/types.ts';

export const aReport = (
  order: number,
  nth: number,
  more: Partial<ExecutionReport> = {},
): ExecutionReport => ({
  walletId: `w${order % 3}`,
  environment: 'binance_testnet',
  symbol: 'BTC/USDT',
  clientId: `mq${String(order).padStart(22, '0')}-1`,
  venueOrderId: String(order),
  status: 'partially_filled',
  reason: null,
  cumulativeQuantity: decimal(String(nth)),
  fills: [],
  at: nth,
  source: 'stream',
  ...more,
});
