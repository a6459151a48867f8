/** Trading: what is ordered, what becomes of it, what it earns, and how wallets stand. */
import { Duration } from 'aws-cdk-lib';
import type { Own } from '../metrics.ts';
import { type Board, graph, type Rows, signed } from './widgets.ts';

export function tradingRows(own: Own): Rows {
  const sum = { statistic: 'Sum' } as const;
  const maximum = { statistic: 'Maximum' } as const;
  const hourly = { statistic: 'Sum', period: Duration.hours(1) } as const;
  return [
    [
      graph('Orders placed', [
        own('orders_placed_total', { ...sum, side: 'buy', label: 'buy' }),
        own('orders_placed_total', { ...sum, side: 'sell', label: 'sell' }),
      ]),
      graph(
        'Orders filled and cancelled; rejected and failed',
        [own('orders_filled_total', sum), own('orders_cancelled_total', sum)],
        [own('orders_rejected_total', sum), own('orders_failed_total', sum)],
      ),
      graph(
        'Exits that a level has made; steps of exits that are stuck',
        [own('om_stops_triggered', sum)],
        [own('exits_stuck_total', sum)],
      ),
    ],
    [
      graph('Open positions', [own('om_positions_open', maximum)]),
      signed('Won and lost (USD): an hour, and now open', [
        own('positions_pnl_realized', { ...hourly, label: 'realized in the hour' }),
        own('positions_pnl_unrealized', { ...maximum, label: 'unrealized' }),
      ]),
      graph('Positions: how long they were held (minutes)', [
        own('positions_duration_minutes', { statistic: 'p50', period: Duration.hours(1), label: 'half' }),
        own('positions_duration_minutes', { statistic: 'p99', period: Duration.hours(1), label: '99 %' }),
      ]),
    ],
    [
      graph(
        'Wallets paused, keys refused, limits of loss broken',
        [own('wallets_paused', maximum), own('wallets_refused', maximum)],
        [own('risk_breaches_total', sum), own('risk_unseen_total', sum)],
      ),
      graph(
        'Ledger against venue: differences, oldest comparison that waits (s)',
        [own('reconcile_differences_total', sum)],
        [own('reconcile_oldest_wait_seconds', maximum)],
      ),
      graph(
        'Exchange: request weight used (%), blocked (s), reports',
        [own('budget_weight_used_percent', maximum), own('budget_blocked_seconds', maximum)],
        [own('user_data_reports_total', sum)],
      ),
    ],
  ];
}

export const tradingBoard = (own: Own): Board => ({ name: 'trading', rows: tradingRows(own) });
