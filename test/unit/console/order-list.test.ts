/** The list's filters, and an order's life as a line. */
import { describe, expect, it } from 'vitest';
import { amendable, amendBodyOf, textsOf } from '../../../console/src/pages/orders/amend-form.ts';
import {
  addressQuery,
  filtersOf,
  isoOfLocal,
  listQuery,
  localOfIso,
  NO_FILTERS,
} from '../../../console/src/pages/orders/filters.ts';
import { isLive, lifecycleOf } from '../../../console/src/pages/orders/lifecycle.ts';
import { AmendOrderBody, ListOrdersQuery } from '../../../functions/api/schemas/orders.ts';
import { ORDER_STATUSES } from '../../../shared/domain/order-facts.ts';

describe('filters', () => {
  it('come back from the address as they went into it', () => {
    const filters = {
      ...{ status: 'live', symbol: 'BTC/USDT', wallet_id: 'W1', flow_id: 'grid & more' },
      ...{ from: '2026-01-05T12:00:00.000Z', to: '2026-01-06T12:00:00.000Z' },
    };
    const query = addressQuery(filters, { order: 'O1' });
    expect(filtersOf(new URLSearchParams(query))).toEqual(filters);
    expect(addressQuery(NO_FILTERS)).toBe('');
    expect(filtersOf(new URLSearchParams('?order=O1&symbol=%20'))).toEqual(NO_FILTERS);
  });

  it('are what the API takes', () => {
    expect(listQuery(NO_FILTERS)).toEqual({});
    const query = listQuery({ ...NO_FILTERS, status: 'live', symbol: 'BTC/USDT' });
    expect(query).toEqual({
      status: 'pending,submitted,open,partially_filled,cancelling',
      symbol: 'BTC/USDT',
    });
    ListOrdersQuery().parse(query);
    ListOrdersQuery().parse(listQuery({ ...NO_FILTERS, status: 'ended', from: '2026-01-05T12:00:00.000Z' }));
    ListOrdersQuery().parse(listQuery({ ...NO_FILTERS, status: 'filled', wallet_id: 'W', flow_id: 'f' }));
  });

  it('of time are local ones in their fields', () => {
    expect(isoOfLocal('')).toBeNull();
    expect(isoOfLocal('yesterday')).toBeNull();
    const iso = '2026-01-05T12:34:00.000Z';
    expect(isoOfLocal(localOfIso(iso))).toBe(iso);
    expect(localOfIso('')).toBe('');
  });
});

const entry = (status: string, second: number, reason = '') => ({
  ...{ status, reason, cause: 'venue' },
  timestamp: new Date(Date.UTC(2026, 0, 5, 12, 0, second)).toISOString(),
});

describe('a life', () => {
  it('is a line of statuses, each with how long the one before it lasted', () => {
    const { steps, ahead } = lifecycleOf('open', [
      entry('pending', 0),
      entry('submitted', 1),
      entry('open', 4),
    ]);
    expect(steps.map(({ status, afterMs }) => [status, afterMs])).toEqual([
      ['pending', null],
      ['submitted', 1_000],
      ['open', 3_000],
    ]);
    expect(ahead).toEqual(['filled']);
  });

  it('shows many fills of a part as one step, with the last of them', () => {
    const history = [
      entry('open', 0),
      entry('partially_filled', 1, 'a'),
      entry('partially_filled', 9, 'b'),
      entry('filled', 10),
    ];
    const { steps, ahead } = lifecycleOf('filled', history);
    expect(steps).toHaveLength(3);
    expect(steps[1]).toMatchObject({
      times: 2,
      at: entry('', 1).timestamp,
      lastAt: entry('', 9).timestamp,
      reason: 'b',
    });
    // Counted from when that status began.
    expect(steps[2]?.afterMs).toBe(9_000);
    expect(ahead).toEqual([]);
  });

  it('goes on from every status that is not final, and from no other', () => {
    const final = ['filled', 'cancelled', 'rejected', 'expired', 'failed'];
    for (const status of ORDER_STATUSES) {
      expect(isLive(status)).toBe(!final.includes(status));
      expect(lifecycleOf(status, []).ahead.length > 0).toBe(isLive(status));
    }
  });
});

describe('an amendment', () => {
  const order = {
    ...({ type: 'stop_limit', exit: null, triggered_at: null } as const),
    ...({ requested_amount: '0.5', cancel_requested_at: null } as const),
    sent: {
      ...{ quantity: '0.5', quote_quantity: null, limit_price: '50000', stop_price: '49000' },
      ...{ stop_limit_price: null, trailing_delta: null },
    },
  };

  it('sends what is other than it stands, and nothing else', () => {
    expect(amendable(order)).toEqual(['quantity', 'limit_price', 'stop_price']);
    const { body } = amendBodyOf(order, textsOf(order), {
      quantity: '0.5',
      limit_price: ' 50100.5 ',
      stop_price: '49000',
    });
    expect(body).toEqual({ limit_price: '50100.5' });
    AmendOrderBody().parse(body);
    expect(amendBodyOf(order, textsOf(order), { quantity: '0.5' }).body).toBeNull();
  });

  it('does not take back what another has changed while the form was open', () => {
    const begun = textsOf(order);
    const now = { ...order, sent: { ...order.sent, limit_price: '51000' } };
    expect(amendBodyOf(now, begun, { ...begun }).body).toBeNull();
    expect(amendBodyOf(now, begun, { ...begun, quantity: '0.4' }).body).toEqual({ quantity: '0.4' });
  });

  it('says what is wrong at its field', () => {
    const { body, complaints } = amendBodyOf(order, textsOf(order), {
      quantity: '0,4',
      limit_price: '50001',
    });
    expect(body).toBeNull();
    expect(complaints.map(({ field }) => field)).toEqual(['quantity']);
  });

  it('is for no market order, no exit of the position’s own, and none that is being cancelled', () => {
    expect(amendable({ ...order, type: 'market' })).toEqual([]);
    expect(amendable({ ...order, cancel_requested_at: '2026-01-05T12:00:00.000Z' })).toEqual([]);
    const exit = { cause: 'stop_loss', full_exit: true, resident: false, trigger: null } as const;
    expect(amendable({ ...order, exit })).toEqual([]);
    expect(amendable({ ...order, exit: { ...exit, cause: 'manual', full_exit: false } })).not.toEqual([]);
  });
});
