/** Cancels with restrictions, cancel-replace in all its outcomes, amendments, cancel of everything. */
import { describe, expect, it } from 'vitest';
import { type Params, VenueError } from '../../../../infra/local/venues/binance/contract.ts';
import { ALICE, type Bench, bench, limit } from './world.ts';

const SYMBOL = 'BTCUSDT';

const start = (): Bench => {
  const world = bench();
  world.price('50000');
  world.place(limit('BUY', '0.2', '49000', { newClientOrderId: 'old' }));
  return world;
};
const replace = (more: Params): Params => ({
  symbol: SYMBOL,
  cancelReplaceMode: 'STOP_ON_FAILURE',
  cancelOrigClientOrderId: 'old',
  ...limit('BUY', '0.1', '48000', { newClientOrderId: 'new' }),
  ...more,
});
const failure = (world: Bench, params: Params): VenueError => {
  try {
    world.exchange.execute('order.cancelReplace', ALICE, params);
  } catch (error) {
    if (error instanceof VenueError) return error;
  }
  throw new Error('was accepted');
};

describe('cancel restrictions', () => {
  it('cancel only in the named state', () => {
    const world = start();
    const cancel = { symbol: SYMBOL, origClientOrderId: 'old' };
    const text = '-2011 Order was not canceled due to cancel restrictions.';
    expect(world.refusal('order.cancel', { ...cancel, cancelRestrictions: 'ONLY_PARTIALLY_FILLED' })).toBe(
      text,
    );
    world.price('49000', SYMBOL, '0.1');
    expect(world.refusal('order.cancel', { ...cancel, cancelRestrictions: 'ONLY_NEW' })).toBe(text);
    expect(world.refusal('order.cancel', { ...cancel, cancelRestrictions: 'ANY' })).toMatch(/^-1145 /);
    expect(
      world.run('order.cancel', { ...cancel, cancelRestrictions: 'ONLY_PARTIALLY_FILLED' }),
    ).toMatchObject({ status: 'CANCELED', executedQty: '0.10000000' });
  });
  it('need one name, and names that fit together', () => {
    const world = start();
    expect(world.refusal('order.cancel', { symbol: SYMBOL })).toBe(
      "-1102 Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
    );
    const both = { symbol: SYMBOL, orderId: '1000001', origClientOrderId: 'other' };
    expect(world.refusal('order.cancel', both)).toBe(
      '-2011 Cancel order is invalid. Check origClOrdId and orderId.',
    );
    expect(world.refusal('order.status', both)).toBe(
      '-2039 Client order ID is not correct for this order ID.',
    );
  });
});

describe('cancel-replace', () => {
  it('does both', () => {
    const world = start();
    expect(world.run('order.cancelReplace', replace({ cancelNewClientOrderId: 'oldc' }))).toMatchObject({
      cancelResult: 'SUCCESS',
      newOrderResult: 'SUCCESS',
      cancelResponse: { origClientOrderId: 'old', clientOrderId: 'oldc', status: 'CANCELED' },
      newOrderResponse: { clientOrderId: 'new', status: 'NEW' },
    });
  });
  it('does not attempt the new order when the cancel fails', () => {
    const error = failure(start(), replace({ cancelOrigClientOrderId: 'none' }));
    expect([error.status, error.code, error.message]).toEqual([400, -2022, 'Order cancel-replace failed.']);
    expect(error.data).toEqual({
      cancelResult: 'FAILURE',
      newOrderResult: 'NOT_ATTEMPTED',
      cancelResponse: { code: -2011, msg: 'Unknown order sent.' },
      newOrderResponse: null,
    });
  });
  it('places the new order all the same when failure is allowed', () => {
    const error = failure(
      start(),
      replace({ cancelOrigClientOrderId: 'none', cancelReplaceMode: 'ALLOW_FAILURE' }),
    );
    expect([error.status, error.code]).toEqual([409, -2021]);
    expect(error.data).toMatchObject({ cancelResult: 'FAILURE', newOrderResult: 'SUCCESS' });
  });
  it('loses the old order when only the new one fails, and reports it as REJECTED', () => {
    const world = start();
    const error = failure(world, replace({ quantity: '3' }));
    expect([error.status, error.code, error.message]).toEqual([
      409,
      -2021,
      'Order cancel-replace partially failed.',
    ]);
    expect(error.data).toMatchObject({
      cancelResult: 'SUCCESS',
      newOrderResult: 'FAILURE',
      newOrderResponse: { code: -2010, msg: 'Account has insufficient balance for requested action.' },
    });
    expect(world.reports().at(-1)).toMatchObject({
      x: 'REJECTED',
      X: 'REJECTED',
      c: 'new',
      r: 'INSUFFICIENT_BALANCES',
    });
    expect(world.rows('openOrders.status', {})).toEqual([]);
  });
  it('fails in both halves', () => {
    const params = replace({
      cancelOrigClientOrderId: 'none',
      cancelReplaceMode: 'ALLOW_FAILURE',
      quantity: '3',
    });
    const error = failure(start(), params);
    expect([error.status, error.code]).toEqual([400, -2022]);
    expect(error.data).toMatchObject({ cancelResult: 'FAILURE', newOrderResult: 'FAILURE' });
  });
  it('looks at the filters before it cancels', () => {
    const world = start();
    expect(failure(world, replace({ price: '48000.001' })).message).toBe('Filter failure: PRICE_FILTER');
    expect(world.rows('openOrders.status', {})).toHaveLength(1);
  });
});

describe('amendments', () => {
  const amend = { symbol: SYMBOL, origClientOrderId: 'old', newQty: '0.1' };

  it('lessen the quantity, keep the place, change the name', () => {
    const world = start();
    const answer = world.run('order.amend.keepPriority', { ...amend, newClientOrderId: 'old2' });
    expect(answer).toMatchObject({
      transactTime: world.now(),
      amendedOrder: {
        origClientOrderId: 'old',
        clientOrderId: 'old2',
        qty: '0.10000000',
        executedQty: '0.00000000',
        cumulativeQuoteQty: '0.00000000',
        status: 'NEW',
      },
    });
    expect(answer).not.toHaveProperty('listStatus');
    expect(world.reports().at(-1)).toMatchObject({
      x: 'REPLACED',
      X: 'NEW',
      c: 'old2',
      C: 'old',
      q: '0.10000000',
      I: answer['executionId'],
    });
    expect(world.balance('USDT')).toBe('95100.00000000 4900.00000000');
    expect(world.rows('order.amendments', { symbol: SYMBOL, orderId: '1000001' })).toEqual([
      {
        symbol: SYMBOL,
        orderId: 1000001,
        executionId: answer['executionId'],
        origClientOrderId: 'old',
        newClientOrderId: 'old2',
        origQty: '0.20000000',
        newQty: '0.10000000',
        time: world.now(),
      },
    ]);
  });
  it('get a generated name unless one is sent', () => {
    const { amendedOrder } = start().run('order.amend.keepPriority', amend);
    expect(amendedOrder).not.toMatchObject({ clientOrderId: 'old' });
  });
  it('end an order of which no more is left', () => {
    const world = start();
    world.price('49000', SYMBOL, '0.15');
    expect(world.run('order.amend.keepPriority', amend)).toMatchObject({
      amendedOrder: { status: 'EXPIRED' },
    });
    expect(world.balance('USDT')).toBe('92650.00000000 0.00000000');
  });
  it.each<[Params, string]>([
    [{ newQty: '0.2' }, '-2038 The requested action would change no state; rejecting'],
    [{ newQty: '0.3' }, '-2038 Order amend (quantity increase) is not supported.'],
    [{ origClientOrderId: 'none' }, '-2038 Unknown order sent.'],
    [{ newQty: '0.0000151' }, '-1013 Filter failure: LOT_SIZE'],
  ])('refuse %o', (change, text) => {
    expect(start().refusal('order.amend.keepPriority', { ...amend, ...change })).toBe(text);
  });
  it('are counted', () => {
    const world = start();
    for (let n = 1; n <= 10; n += 1) {
      world.run('order.amend.keepPriority', {
        symbol: SYMBOL,
        orderId: '1000001',
        newQty: `${0.2 - n / 1000}`.slice(0, 5),
      });
    }
    expect(
      world.refusal('order.amend.keepPriority', { symbol: SYMBOL, orderId: '1000001', newQty: '0.1' }),
    ).toBe('-2038 Filter failure: MAX_NUM_ORDER_AMENDS');
  });
  it('take both legs of a pair along', () => {
    const world = bench();
    world.price('50000');
    const oco = {
      symbol: SYMBOL,
      side: 'SELL',
      quantity: '1',
      aboveType: 'LIMIT_MAKER',
      abovePrice: '52000',
      aboveClientOrderId: 'profit',
      belowType: 'STOP_LOSS',
      belowStopPrice: '48000',
      belowClientOrderId: 'stop',
    };
    world.run('orderList.place.oco', oco);
    const answer = world.run('order.amend.keepPriority', {
      symbol: SYMBOL,
      origClientOrderId: 'profit',
      newQty: '0.5',
    });
    expect(answer['listStatus']).toMatchObject({ listStatusType: 'UPDATED', listOrderStatus: 'EXECUTING' });
    expect(world.exchange.books(ALICE).orders.map((one) => one['origQty'])).toEqual([
      '0.50000000',
      '0.50000000',
    ]);
    expect(world.balance('BTC')).toBe('9.50000000 0.50000000');
  });
});

describe('cancel of everything', () => {
  it('answers orders and lists mixed, under one name', () => {
    const world = start();
    const oco = {
      symbol: SYMBOL,
      side: 'SELL',
      quantity: '1',
      aboveType: 'LIMIT_MAKER',
      abovePrice: '52000',
      belowType: 'STOP_LOSS',
      belowStopPrice: '48000',
    };
    world.run('orderList.place.oco', oco);
    const [order, list] = world.rows('openOrders.cancelAll', { symbol: SYMBOL });
    expect(order).toMatchObject({ origClientOrderId: 'old', status: 'CANCELED' });
    expect(list).toMatchObject({
      contingencyType: 'OCO',
      orderReports: [{ clientOrderId: order?.['clientOrderId'] }, {}],
    });
    expect(world.refusal('openOrders.cancelAll', { symbol: SYMBOL })).toBe('-2011 Unknown order sent.');
  });
});
