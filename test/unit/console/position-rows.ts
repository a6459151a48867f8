/** Positions as the API lists them, with what a test is about. */
import type { Position } from '../../../console/src/live/rows.ts';

interface Given {
  readonly id?: string;
  readonly symbol?: string;
  readonly side?: 'long' | 'short';
  readonly leverage?: number;
  readonly current?: Partial<Position['current']>;
  readonly risk?: Partial<Position['risk_management']>;
  readonly openedAt?: string | null;
  readonly updatedAt?: string;
  readonly status?: Position['status'];
}

/** One BTC long, bought at 50000 with a fee of 5, at a price of 50000. */
export function aPosition(given: Given = {}): Position {
  const { id = 'p1', symbol = 'BTC/USDT', side = 'long', leverage = 1, status = 'open' } = given;
  const { openedAt = '2026-03-01T08:00:00.000Z', updatedAt = '2026-03-01T08:00:00.000Z' } = given;
  const none = {
    trailing_stop: { enabled: false },
    liquidation_price: null,
    current_stop_loss: null,
    current_take_profit: null,
  };
  const shown = {
    ...{ position_id: id, user_wallet_id: 'w1', symbol, side, status },
    entry: { leverage, price: '50000' },
    current: {
      ...{ price: '50000', amount: '1', cost: '50000', unrealized_pnl: '-5' },
      ...given.current,
    },
    risk_management: { ...none, current_stop_level: null, trigger_price: 'bid_ask', ...given.risk },
    ...{ opened_at: openedAt, created_at: openedAt, updated_at: updatedAt },
  };
  // Only what the page's rules read is filled in.
  return shown as unknown as Position;
}

export const aPrice = (mark: string, more: object = {}) => ({
  ...{ symbol: 'BTC/USDT', bid: mark, ask: mark, last: mark, mid: mark, mark, spread: '0', quoted: true },
  ...{ bid_size: null, ask_size: null, source: 'test', tick_id: 1, timestamp: '2026-03-01T12:00:00.000Z' },
  ...{ recorded_at: null },
  ...more,
});
