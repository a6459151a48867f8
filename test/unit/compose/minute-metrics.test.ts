import { expect, it } from 'vitest';
import { positionMetrics, walletMetrics } from '../../../functions/reconcile/minute-metrics.ts';
import { Decimal } from '../../../shared/domain/money/decimal.ts';

const told = (line: string) => {
  const { _aws, ...fields } = JSON.parse(line);
  const [{ Metrics: metrics, ...about }] = _aws.CloudWatchMetrics;
  return { at: _aws.Timestamp, about, metrics, fields };
};

it('tells how wallets stand, and for how many whole seconds the oldest comparison has been owed', () => {
  const scheduled = { sent: 3, waiting: 2, paused: 4, refused: 1, oldestWaitMs: 61_999 };
  expect(told(walletMetrics('sandbox', scheduled, 5, 1_000))).toEqual({
    at: 1_000,
    about: { Namespace: 'Moniqo', Dimensions: [['stage']] },
    metrics: [
      { Name: 'wallets_paused', Unit: 'Count' },
      { Name: 'wallets_refused', Unit: 'Count' },
      { Name: 'user_data_unsubscribed', Unit: 'Count' },
      { Name: 'reconcile_oldest_wait_seconds', Unit: 'Seconds' },
    ],
    fields: {
      stage: 'sandbox',
      wallets_paused: 4,
      wallets_refused: 1,
      user_data_unsubscribed: 5,
      reconcile_waiting: 2,
      reconcile_oldest_wait_seconds: 61,
    },
  });
});

it('tells how positions stand, and of how many symbols the price is too old', () => {
  const unrealized = new Decimal('-1.5');
  const measured = { open: 3, unprotected: 1, longestUnprotectedSeconds: 20, unvalued: 2, staleSymbols: 1 };
  const { metrics, fields } = told(
    positionMetrics('sandbox', { ...measured, isWhole: true, unrealized }, 1_000),
  );
  expect(metrics.map(({ Name }: { Name: string }) => Name)).toEqual([
    'om_positions_open',
    'positions_pnl_unrealized',
    'prices_stale',
    'positions_unprotected_longest_seconds',
  ]);
  expect(fields).toEqual({
    stage: 'sandbox',
    om_positions_open: 3,
    positions_pnl_unrealized: -1.5,
    positions_unvalued: 2,
    positions_unprotected: 1,
    positions_unprotected_longest_seconds: 20,
    prices_stale: 1,
  });
});

it('tells of a part of the positions only who is without protection', () => {
  const measured = { isWhole: false, unprotected: 2, longestUnprotectedSeconds: 31 } as const;
  expect(told(positionMetrics('sandbox', measured, 1_000)).fields).toEqual({
    stage: 'sandbox',
    positions_unprotected: 2,
    positions_unprotected_longest_seconds: 31,
  });
});
