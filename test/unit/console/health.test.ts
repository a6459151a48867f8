/** What the health page calls wrong. */
import { describe, expect, it } from 'vitest';
import { type Alarm, alarmsOf } from '../../../console/src/pages/health/alarms.ts';
import { ageTone } from '../../../console/src/pages/health/price-age.ts';

const NOW = Date.parse('2026-01-05T12:00:00.000Z');
const ago = (ms: number): string => new Date(NOW - ms).toISOString();

type Seen = Parameters<typeof alarmsOf>[0];
type Position = Seen['positions'][number];

/** As much of a position as the rules look at. */
const position = (
  closing: Partial<NonNullable<Position['closing']>> | null,
  unprotected_since: string | null,
) =>
  ({
    ...{ position_id: 'P', symbol: 'BTC/USDT', side: 'long', risk_management: { unprotected_since } },
    closing: closing && {
      ...{ cause: 'manual', price: null, step: 0, shortage: null, limit: null },
      ...closing,
    },
  }) as unknown as Position;
const wallet = (more: object) =>
  ({
    ...{ wallet_id: 'W', name: 'main', paused: false, pause_reason: null, problem: null },
    ...more,
  }) as Seen['wallets'][number];
const order = (outcome_unknown: boolean) =>
  ({ order_id: 'O', side: 'sell', symbol: 'BTC/USDT', outcome_unknown }) as Seen['orders'][number];

const alarms = (seen: Partial<Seen>): readonly string[] =>
  alarmsOf({ positions: [], orders: [], wallets: [], now: NOW, ...seen }).map(
    ({ key, tone }: Alarm) => `${key} ${tone}`,
  );

describe('alarms', () => {
  it('are of a position that is not protected, and of a close that is stuck', () => {
    expect(alarms({ positions: [position(null, null)] })).toEqual([]);
    expect(alarms({ positions: [position(null, ago(4_000))] })).toEqual(['unprotected P bad']);
    expect(alarms({ positions: [position({ at: ago(5_000) }, null)] })).toEqual([]);
    expect(alarms({ positions: [position({ at: ago(31_000) }, null)] })).toEqual(['closing P bad']);
    const shortage = {} as NonNullable<Position['closing']>['shortage'];
    expect(alarms({ positions: [position({ at: ago(5_000), shortage }, null)] })).toEqual(['closing P bad']);
  });

  it('are of keys that do not work, of a pause by a loss, and not of one by hand', () => {
    const problem = { code: 'key_rejected', message: 'no' };
    expect(alarms({ wallets: [wallet({ problem })] })).toEqual(['keys W bad']);
    expect(alarms({ wallets: [wallet({ paused: true, pause_reason: 'lunch' })] })).toEqual([]);
    const pause_reason = 'risk: max_daily_loss, lost 120.5 of 100 USD';
    expect(alarms({ wallets: [wallet({ paused: true, pause_reason })] })).toEqual(['risk W bad']);
    expect(alarms({ wallets: [wallet({ paused: false, pause_reason })] })).toEqual([]);
  });

  it('are told the worst first', () => {
    const seen = { orders: [order(true), order(false)], positions: [position(null, ago(1_000))] };
    expect(alarms(seen)).toEqual(['unprotected P bad', 'unknown O warn']);
  });
});

describe('a price', () => {
  it('is old after a quarter of a minute, and nothing to rest on after a minute', () => {
    expect([15_000, 15_001, 60_000, 60_001].map(ageTone)).toEqual(['good', 'warn', 'warn', 'bad']);
  });
});
