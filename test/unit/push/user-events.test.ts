/** Which changes of orders and positions users are told of, and as what. */
import { describe, expect, it } from 'vitest';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import type { StatusChange } from '../../../shared/domain/types.ts';
import { eventView } from '../../../shared/usecases/push/event-view.ts';
import {
  alarmEvent,
  fillEvent,
  orderEvents,
  positionEvents,
} from '../../../shared/usecases/push/user-events.ts';
import { aFill, anOrder, aPosition, NOW } from '../../integration/dynamodb/samples.ts';
import { makeAnswerCheck } from '../../openapi/answer-check.ts';

const became = (status: StatusChange['status'], at: number): StatusChange => ({
  ...{ status, at, reason: `became ${status}`, cause: 'venue' },
});

describe('an order', () => {
  const made = anOrder({ version: 1, statusHistory: [became('pending', NOW)], status: 'pending' });

  it('is told once per status it took, with what it was before', () => {
    const after = anOrder({
      version: 2,
      status: 'filled',
      statusHistory: [...made.statusHistory, became('submitted', NOW + 1), became('filled', NOW + 2)],
      filledQuantity: decimal('0.5'),
      filledQuote: decimal('25000'),
    });
    expect(orderEvents(null, made)).toMatchObject([
      { source: 'order#order-1#v1#0', at: NOW, data: { status: 'pending', previous_status: null } },
    ]);
    expect(orderEvents(made, after)).toMatchObject([
      {
        source: 'order#order-1#v2#0',
        at: NOW + 1,
        data: { status: 'submitted', previous_status: 'pending' },
      },
      {
        source: 'order#order-1#v2#1',
        userId: 'user-1',
        type: 'order',
        at: NOW + 2,
        data: {
          ...{ order_id: 'order-1', status: 'filled', previous_status: 'submitted', cause: 'venue' },
          ...{
            filled_amount: '0.5',
            filled_value: '25000',
            remaining_amount: '0',
            average_fill_price: '50000',
          },
        },
      },
    ]);
  });

  it('is not told of a write that changes no status', () => {
    expect(orderEvents(made, { ...made, version: 2, dueTries: 1 })).toEqual([]);
  });

  it('is told of its last status also where older tries have left its history', () => {
    const tries = [became('pending', NOW), became('submitted', NOW + 1), became('pending', NOW + 2)];
    const before = anOrder({ version: 8, statusHistory: [...tries, became('submitted', NOW + 3)] });
    // The two before the last are put in the place of older ones.
    const after = anOrder({
      version: 9,
      status: 'pending',
      statusHistory: [...tries.slice(0, 2), became('pending', NOW + 4)],
    });
    expect(orderEvents(before, after)).toMatchObject([
      { at: NOW + 4, data: { status: 'pending', previous_status: 'submitted' } },
    ]);
  });
});

it('a fill is told with all that it takes to act on it', () => {
  const order = anOrder({
    role: 'exit',
    exit: { cause: 'stop_loss', flatten: true, trigger: null, resident: false },
  });
  const fill = aFill({ tradeId: 't-1', price: decimal('50000'), quantity: decimal('0.000000000000000001') });
  expect(fillEvent(order, fill)).toMatchObject({
    source: 'fill#order-1#t-1',
    type: 'fill',
    data: {
      ...{ order_id: 'order-1', position_id: 'position-1', wallet_id: 'wallet-1', exit_cause: 'stop_loss' },
      // Exact, and never written with an exponent.
      ...{ trade_id: 't-1', price: '50000', amount: '0.000000000000000001', value: '0.00000000000005' },
    },
  });
});

describe('a position', () => {
  const none = { flatten: null, openedAt: null, closedAt: null, exitCause: null } as const;
  const opening = aPosition({ ...none, version: 1, status: 'opening' });
  const open = { ...opening, version: 2, status: 'open' as const, openedAt: NOW };
  const closing = {
    ...open,
    version: 4,
    status: 'closing' as const,
    flatten: {
      ...{ cause: 'manual' as const, price: null, trigger: null, at: NOW, step: 0 },
      ...{ retryAt: null, shortage: null, limit: null },
    },
  };
  const told = (...args: Parameters<typeof positionEvents>) =>
    positionEvents(...args).map(({ data }) => data['change']);

  it('is told as it opens, changes, closes', () => {
    expect(told(null, opening)).toEqual(['opening']);
    expect(told(opening, open)).toEqual(['opened']);
    expect(told(null, open)).toEqual(['opened']);
    expect(told(open, { ...open, version: 3, quantity: open.quantity.plus(1) })).toEqual(['changed']);
    expect(told(open, closing)).toEqual(['closing']);
    expect(told(closing, { ...closing, version: 5, status: 'closed', closedAt: NOW })).toEqual(['closed']);
    expect(told(open, { ...open, version: 3, status: 'liquidated', closedAt: NOW })).toEqual(['closed']);
  });

  it('is told when its protection moves, and not when an index has taken it over', () => {
    const protection = { ...open.protection, stopLoss: { price: decimal('49900') } };
    const moved = { ...open, version: 3, protection, levelsVersion: open.levelsVersion + 1 };
    expect(told(open, moved)).toEqual(['protection_moved']);
    const [event] = positionEvents(open, moved);
    expect(event?.source).toBe('position#position-1#v3#protection_moved');
    expect(told(open, { ...open, version: 3, breakEvenStop: decimal('50100') })).toEqual([
      'protection_moved',
    ]);
    expect(told(open, { ...open, version: 3, armedVersion: 7, dueAt: NOW + 5 })).toEqual([]);
    expect(told(open, { ...open, version: 3, claimedRungs: [0] })).toEqual([]);
    // Of a fill that grows it and a stop that moves in one write both are told.
    expect(told(open, { ...moved, quantity: open.quantity.plus(1) })).toEqual([
      'changed',
      'protection_moved',
    ]);
  });
});

it('of the lines of a timeline the alarms are told', () => {
  const alarm = { at: NOW, kind: 'alarm', facts: { why: 'coins_missing', message: 'the account has less' } };
  expect(alarmEvent(aPosition(), alarm, '001#x')).toMatchObject({
    source: 'alarm#position-1#001#x',
    type: 'alarm',
    data: { position_id: 'position-1', code: 'coins_missing', message: 'the account has less' },
  });
  expect(alarmEvent(aPosition(), { ...alarm, kind: 'opened' }, 'x')).toBeNull();
});

it('every event is as the document says', () => {
  const { eventComplaints } = makeAnswerCheck();
  const alarm = { at: NOW, kind: 'alarm' as const, facts: { why: 'coins_missing', message: 'x' } };
  const all = [
    ...orderEvents(null, anOrder({ statusHistory: [became('pending', NOW)] })),
    fillEvent(anOrder(), aFill()),
    ...positionEvents(null, aPosition()),
    alarmEvent(aPosition(), alarm, '001#x'),
  ];
  const told = all.flatMap((event, n) => (event === null ? [] : [eventView({ ...event, seq: n + 1 })]));
  expect(told.map(({ type }) => type)).toEqual(['order', 'fill', 'position', 'alarm']);
  expect(told.flatMap(eventComplaints)).toEqual([]);
  expect(eventComplaints({ ...told[0], data: {} })).not.toEqual([]);
});
