/** What the further order types change in an order's states, levels and due times. */
import { describe, expect, it } from 'vitest';
import { FOLLOW_UP_MS, nextDueOrder, REPORT_EXPECTED_MS } from '../../../shared/domain/due.ts';
import { orderLevels, orderMembers } from '../../../shared/domain/order-levels.ts';
import { isOverfilled, remaining, transition } from '../../../shared/domain/orders.ts';
import type { Level } from '../../../shared/domain/triggers/types.ts';
import type { Order } from '../../../shared/domain/types.ts';
import { accepted, apply, BTC, claimed, d, filled, newFill, newOrder, reported, T0 } from './builders.ts';

const working = (change: Partial<Order>): Order => ({
  ...apply(newOrder(change), claimed(T0), accepted(T0)),
  version: 1,
});
const touched = { kind: 'touched', at: T0 + 9, tick: 12 } as const;
const show = (level: Level): string =>
  level.kind === 'fixed'
    ? `${level.member.split('|')[1]} ${level.source} ${level.direction} ${level.price}`
    : `${level.member.split('|')[1]} ${level.source} trails ${level.side} ${JSON.stringify(level.distance)}`;

describe('an order by quote amount', () => {
  const order = working({ quantity: d(0), quoteQuantity: d(100) });

  it('is not filled by any number of fills, only by the venue', () => {
    const partly = apply(
      order,
      filled(newFill('50000', '0.001')),
      filled(newFill('50000', '0.001', { tradeId: 't2' })),
    );
    expect(partly.status).toBe('partially_filled');
    expect(remaining(partly).isZero()).toBe(true);
    expect(isOverfilled(partly)).toBe(false);
    expect(apply(partly, reported({ status: 'filled', cumulativeQuantity: d('0.002') })).status).toBe(
      'filled',
    );
    expect(apply(partly, reported({ status: 'expired', cumulativeQuantity: d('0.002') })).status).toBe(
      'expired',
    );
  });

  it('is overfilled when more was spent than given', () => {
    expect(isOverfilled(apply(order, filled(newFill('50000', '0.002'))))).toBe(false);
    expect(isOverfilled(apply(order, filled(newFill('50000.01', '0.002'))))).toBe(true);
  });
});

describe('levels at a real venue', () => {
  const binance = { environment: 'binance', quantity: d(1) } as const;
  it.each<[string, Partial<Order>, readonly string[]]>([
    ['a maker', { type: 'limit_maker', limitPrice: d(49000) }, ['order ask falls 490000000']],
    [
      'a stop follows the last trade',
      { type: 'stop_loss', side: 'sell', stopPrice: d(49000) },
      ['order last falls 490000000'],
    ],
    [
      'a take profit too',
      { type: 'take_profit', side: 'sell', stopPrice: d(52000) },
      ['order last rises 520000000'],
    ],
    [
      'two steps: first the stop',
      { type: 'stop_limit', side: 'sell', stopPrice: d(49000), limitPrice: d(48900) },
      ['order last falls 490000000'],
    ],
    [
      'a trailing stop',
      { type: 'trailing_stop', side: 'sell', trailingDelta: 150 },
      ['order last trails long {"bp":150}'],
    ],
    ['one of a buy', { type: 'trailing_stop', trailingDelta: 150 }, ['order last trails short {"bp":150}']],
    [
      'one that begins at a price',
      { type: 'trailing_stop', side: 'sell', trailingDelta: 150, stopPrice: d(49000) },
      ['order last falls 490000000'],
    ],
    [
      'a list, on both sides',
      { type: 'oco', side: 'sell', limitPrice: d(52000), stopPrice: d(49000) },
      ['order bid rises 520000000', 'order_stop last falls 490000000'],
    ],
  ])('%s', (_what, change, expected) => {
    const order = working({ ...binance, ...change });
    expect(orderLevels(order, BTC).map(show)).toEqual(expected);
    for (const { member } of orderLevels(order, BTC)) expect(orderMembers(order)).toContain(member);
  });

  it('the second step comes when the first was reached; a fill of a list leaves one level', () => {
    const stop = working({
      ...binance,
      type: 'stop_limit',
      side: 'sell',
      stopPrice: d(49000),
      limitPrice: d(48900),
    });
    const triggered = apply(stop, touched);
    expect(triggered).toMatchObject({ triggeredAt: T0 + 9, touchedAt: null, armedAt: null, armedTick: 12 });
    expect(orderLevels(triggered, BTC).map(show)).toEqual(['order bid rises 489000000']);
    expect(apply(triggered, touched)).toMatchObject({ triggeredAt: T0 + 9, touchedAt: T0 + 9 });
    const trailing = working({
      ...binance,
      type: 'trailing_stop',
      side: 'sell',
      trailingDelta: 150,
      stopPrice: d(49000),
    });
    expect(orderLevels(apply(trailing, touched), BTC).map(show)).toEqual([
      'order last trails long {"bp":150}',
    ]);
    const list = working({
      ...binance,
      type: 'oco',
      side: 'sell',
      limitPrice: d(52000),
      stopPrice: d(49000),
    });
    const partly = apply(list, filled(newFill('52000', '0.1')));
    expect(orderLevels(partly, BTC).map(show)).toEqual(['order bid rises 1']);
  });

  it('the demo venue compares stops with what it would trade at', () => {
    const stop = working({ type: 'stop_limit', side: 'sell', stopPrice: d(49000), limitPrice: d(48900) });
    expect(orderLevels(stop, BTC).map(show)).toEqual(['order bid falls 490000000']);
  });
});

describe('an order whose price was reached', () => {
  const limit = { type: 'limit', limitPrice: d(49000), quantity: d(1) } as const;
  const query = { ...reported({ status: 'new', cumulativeQuantity: d(0) }), cause: 'query' };

  it('stays so at a real venue while a query knows nothing new; the demo venue has worked it', () => {
    const real = apply(working({ ...limit, environment: 'binance' }), touched);
    expect(transition(real, query)).toMatchObject({ ok: false, error: { code: 'nothing_to_do' } });
    const demo = transition(apply(working(limit), touched), query);
    expect(demo).toMatchObject({ ok: true, value: { touchedAt: null } });
  });

  it('is due after 3 s, then by its tries', () => {
    const real = apply(working({ ...limit, environment: 'binance' }), touched);
    expect(nextDueOrder(real, T0 + 9)).toBe(T0 + 9 + REPORT_EXPECTED_MS);
    const asked = { ...real, updatedAt: T0 + 5_000, dueTries: 1 };
    expect(nextDueOrder(asked, T0 + 5_000)).toBe(T0 + 5_000 + 2 * FOLLOW_UP_MS);
  });
});
