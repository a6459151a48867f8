/** What events do to rows, and what the line of monitors says. */
import { describe, expect, it } from 'vitest';
import { createKeyed } from '../../../console/src/live/keyed.ts';
import { mergedOrder, mergedPosition } from '../../../console/src/live/merge.ts';
import { type MonitorsSeen, monitorParts, worstOf } from '../../../console/src/live/monitors.ts';
import {
  type Health,
  LIVE_ORDER_STATUSES,
  OPEN_STATUSES,
  type Order,
  type Position,
} from '../../../console/src/live/rows.ts';
import type { EventView } from '../../../shared/client/push.ts';
import { aPosition } from './position-rows.ts';

const event = (type: EventView['type'], at: string, data: object): EventView => ({
  id: '1',
  type,
  at,
  data: { ...data },
});
const later = '2026-03-01T09:00:00.000Z';
const earlier = '2026-03-01T07:00:00.000Z';

describe('an event of a position', () => {
  const positions = () => {
    const made = createKeyed<Position>({
      idOf: (row) => row.position_id,
      changedAt: (row) => row.updated_at,
      belongs: (row) => OPEN_STATUSES.some((status) => status === row.status),
      now: () => 0,
    });
    made.put(aPosition({ risk: { current_stop_loss: '48000', current_stop_level: 'stop_loss' } }));
    return made;
  };
  const protection = { current_stop_loss: '49000', current_stop_level: 'break_even', take_profits: [] };

  it('changes status and levels at once, and leaves the figures to the read that follows', () => {
    const rows = positions();
    mergedPosition(
      rows,
      event('position', later, { position_id: 'p1', status: 'closing', amount: '0.5', protection }),
    );
    const row = rows.row('p1').value;
    expect(row).toMatchObject({ status: 'closing', updated_at: later, current: { amount: '1' } });
    expect(row?.risk_management).toMatchObject({ ...protection, trigger_price: 'bid_ask' });
  });

  it('that is older than what is known changes nothing', () => {
    const rows = positions();
    mergedPosition(rows, event('position', earlier, { position_id: 'p1', status: 'closing', protection }));
    expect(rows.row('p1').value?.status).toBe('open');
  });

  it('that closes it takes it away; one of an unknown position makes none up', () => {
    const rows = positions();
    mergedPosition(rows, event('position', later, { position_id: 'p1', status: 'closed', protection }));
    mergedPosition(rows, event('position', later, { position_id: 'p2', status: 'open', protection }));
    expect(rows.ids.value).toEqual([]);
  });
});

describe('an event of an order', () => {
  it('changes status and sums together', () => {
    const orders = createKeyed<Order>({
      idOf: (row) => row.order_id,
      changedAt: (row) => row.updated_at,
      belongs: (row) => LIVE_ORDER_STATUSES.some((status) => status === row.status),
      now: () => 0,
    });
    const row = { order_id: 'o1', status: 'open', filled_amount: '0', updated_at: earlier, limit_price: '1' };
    orders.put(row as unknown as Order);
    const facts = {
      order_id: 'o1',
      status: 'partially_filled',
      filled_amount: '0.4',
      average_fill_price: '1',
    };
    mergedOrder(orders, event('order', later, facts));
    expect(orders.row('o1').value).toMatchObject({ ...facts, limit_price: '1', updated_at: later });
    mergedOrder(orders, event('order', later, { ...facts, status: 'filled' }));
    expect(orders.ids.value).toEqual([]);
  });
});

describe('the line of monitors', () => {
  const now = Date.parse(later);
  const at = (ms: number) => new Date(now - ms).toISOString();
  const health = {
    websocket_manager: {
      ...{ is_running: true, connected: true, trouble: null, source: 'binance', failed_subscriptions: [] },
      sources: [{ name: 'binance', connected: true, trouble: null, connections: [{ connected: true }] }],
    },
    order_monitor: { is_running: true, last_check: at(1_000) },
    binance: {
      user_data: { wallets: 2, subscribed: 2, gaps_open: 0, buffered: 0 },
      budget: { blocked: false, blocked_for: null },
      comparisons: { waiting: 0, oldest_wait_seconds: 0 },
    },
  };
  const with_ = (change: (given: typeof health) => unknown): Health => {
    const copy = structuredClone(health);
    change(copy);
    return copy as unknown as Health;
  };
  const seen = (more: Partial<MonitorsSeen> = {}): MonitorsSeen => ({
    ...{ health: with_(() => undefined), healthAt: now, now },
    prices: [{ symbol: 'BTC/USDT', at: at(1_000) }],
    ...more,
  });

  it('is good when all of them work', () => {
    const parts = monitorParts(seen());
    expect(worstOf(parts)).toBe('good');
    expect(parts.map(({ name, text }) => `${name}: ${text}`)).toEqual([
      ...['binance: 1/1 sockets', 'Prices: oldest 1s', 'Sweeps: 1s ago', 'Order reports: 2/2 wallets'],
      'Queues: empty',
    ]);
  });

  it.each<[string, Partial<MonitorsSeen>, string]>([
    ['nothing was heard for a while', { healthAt: now - 20_001 }, 'bad'],
    ['nothing was heard yet', { health: null, healthAt: 0 }, 'warn'],
    ['a price is old', { prices: [{ symbol: 'BTC/USDT', at: at(16_000) }] }, 'warn'],
    ['a price is too old to make a mark', { prices: [{ symbol: 'BTC/USDT', at: at(61_000) }] }, 'bad'],
    ['a price is missing', { prices: [{ symbol: 'BTC/USDT', at: null }] }, 'bad'],
    ['nothing is open', { prices: [] }, 'good'],
    [
      'work was given up',
      {
        health: with_((h) =>
          Object.assign(h, {
            dead_letters: { counted_at: at(30_000), queues: [{ queue: 'exits', messages: 1 }] },
          }),
        ),
      },
      'bad',
    ],
    [
      'the stream is away',
      { health: with_((h) => Object.assign(h.websocket_manager, { is_running: false })) },
      'bad',
    ],
    [
      'the sweeps stand still',
      { health: with_((h) => Object.assign(h.order_monitor, { is_running: false })) },
      'bad',
    ],
    [
      'a source is away',
      {
        health: with_((h) =>
          h.websocket_manager.sources.splice(0, 1, {
            ...health.websocket_manager.sources[0],
            connected: false,
          } as never),
        ),
      },
      'bad',
    ],
    [
      'a wallet has no reports',
      { health: with_((h) => Object.assign(h.binance.user_data, { subscribed: 1 })) },
      'bad',
    ],
    [
      'the exchange blocks',
      { health: with_((h) => Object.assign(h.binance.budget, { blocked: true })) },
      'bad',
    ],
    [
      'a queue waits long',
      {
        health: with_((h) =>
          Object.assign(h.binance, { comparisons: { waiting: 3, oldest_wait_seconds: 90 } }),
        ),
      },
      'warn',
    ],
  ])('says that %s', (_, more, tone) => {
    expect(worstOf(monitorParts(seen(more)))).toBe(tone);
  });
});
