/** Order lists: which leg ends which, when pending legs go live, what is told. */
import { describe, expect, it } from 'vitest';
import type { JsonObject, Params } from '../../../../infra/local/venues/binance/contract.ts';
import { ALICE, type Bench, bench } from './world.ts';

const SYMBOL = 'BTCUSDT';
const OCO: Params = {
  symbol: SYMBOL,
  side: 'SELL',
  quantity: '1',
  listClientOrderId: 'list',
  aboveType: 'LIMIT_MAKER',
  abovePrice: '52000',
  aboveClientOrderId: 'profit',
  belowType: 'STOP_LOSS_LIMIT',
  belowStopPrice: '48000',
  belowPrice: '47900',
  belowTimeInForce: 'GTC',
  belowClientOrderId: 'stop',
};
const OTO: Params = {
  symbol: SYMBOL,
  workingType: 'LIMIT',
  workingSide: 'BUY',
  workingPrice: '49000',
  workingQuantity: '1',
  workingTimeInForce: 'GTC',
  workingClientOrderId: 'entry',
  pendingSide: 'SELL',
};
const EXITS: Params = {
  pendingQuantity: '0.9',
  pendingAboveType: 'LIMIT_MAKER',
  pendingAbovePrice: '52000',
  pendingAboveClientOrderId: 'profit',
  pendingBelowType: 'STOP_LOSS',
  pendingBelowStopPrice: '48000',
  pendingBelowClientOrderId: 'stop',
};

const start = (): Bench => {
  const world = bench({ book: { levels: 50, levelNotional: '500000' } });
  world.price('50000');
  return world;
};

/** Everything an account heard since, in short. */
const heard = (world: Bench, from = 0): string[] =>
  world.events
    .filter((one) => one.uid === ALICE)
    .slice(from)
    .map(({ event }) => {
      if (event['e'] === 'executionReport')
        return `${event['c']} ${event['x']}/${event['X']} ${event['eR'] ?? ''}`.trim();
      if (event['e'] === 'listStatus') return `list ${event['c']} ${event['l']}/${event['L']}`;
      return 'position';
    });

const order = (world: Bench, id: string): JsonObject => {
  const found = world.exchange.books(ALICE).orders.findLast((one) => one['clientOrderId'] === id);
  if (found === undefined) throw new Error(`no order ${id}`);
  return found;
};

describe('OCO', () => {
  it('is accepted as a whole, locks its quantity once, shows the stop leg first', () => {
    const world = start();
    const answer = world.run('orderList.place.oco', OCO);
    expect(answer).toMatchObject({
      contingencyType: 'OCO',
      listStatusType: 'EXEC_STARTED',
      listOrderStatus: 'EXECUTING',
      listClientOrderId: 'list',
      transactionTime: world.now(),
      orders: [{ clientOrderId: 'stop' }, { clientOrderId: 'profit' }],
      orderReports: [
        { clientOrderId: 'stop', type: 'STOP_LOSS_LIMIT', stopPrice: '48000.00000000', workingTime: -1 },
        { clientOrderId: 'profit', type: 'LIMIT_MAKER', status: 'NEW', workingTime: world.now() },
      ],
    });
    expect(world.balance('BTC')).toBe('9.00000000 1.00000000');
    expect(heard(world)).toEqual([
      'stop NEW/NEW',
      'profit NEW/NEW',
      'list OCO EXEC_STARTED/EXECUTING',
      'position',
    ]);
  });

  it('tells of the list first when told so', () => {
    const world = bench({ order: { list: 'list_first' } });
    world.price('50000');
    world.run('orderList.place.oco', OCO);
    expect(heard(world)[0]).toBe('list OCO EXEC_STARTED/EXECUTING');
  });

  it('loses its stop with the first part of its profit', () => {
    const world = start();
    world.run('orderList.place.oco', OCO);
    const from = heard(world).length;
    world.price('52000', SYMBOL, '0.01');
    expect(heard(world, from)).toEqual([
      'profit TRADE/PARTIALLY_FILLED',
      'stop EXPIRED/EXPIRED OCO_TRIGGER',
      'position',
    ]);
    world.price('40000');
    expect(order(world, 'profit')).toMatchObject({ status: 'PARTIALLY_FILLED', executedQty: '0.01000000' });
    expect(world.balance('BTC')).toBe('9.00000000 0.99000000');
    world.price('52000');
    expect(heard(world).at(-2)).toBe('list OCO ALL_DONE/ALL_DONE');
  });

  it('takes the profit leg away before the triggered stop trades', () => {
    const world = start();
    world.run('orderList.place.oco', OCO);
    const from = heard(world).length;
    world.price('47950');
    expect(heard(world, from)).toEqual([
      'profit EXPIRED/EXPIRED OCO_TRIGGER',
      'stop NEW/NEW',
      'stop TRADE/FILLED',
      'list OCO ALL_DONE/ALL_DONE',
      'position',
    ]);
    expect(world.balance('BTC')).toBe('9.00000000 0.00000000');
  });

  it('goes as a whole when one leg is cancelled', () => {
    const world = start();
    world.run('orderList.place.oco', OCO);
    const answer = world.run('order.cancel', {
      symbol: SYMBOL,
      origClientOrderId: 'stop',
      newClientOrderId: 'gone',
    });
    expect(answer).toMatchObject({
      contingencyType: 'OCO',
      listStatusType: 'ALL_DONE',
      listOrderStatus: 'ALL_DONE',
      orderReports: [
        { origClientOrderId: 'stop', clientOrderId: 'gone', status: 'CANCELED' },
        { origClientOrderId: 'profit', clientOrderId: 'gone', status: 'CANCELED' },
      ],
    });
    expect(world.balance('BTC')).toBe('10.00000000 0.00000000');
    expect(world.refusal('orderList.cancel', { symbol: SYMBOL, listClientOrderId: 'list' })).toMatch(
      /^-2011 /,
    );
  });

  it('shows up in the list queries', () => {
    const world = start();
    const { orderListId } = world.run('orderList.place.oco', OCO);
    const byId = world.run('orderList.status', { orderListId: `${orderListId}` });
    expect(byId).toEqual(world.run('orderList.status', { origClientOrderId: 'list' }));
    expect(byId).not.toHaveProperty('orderReports');
    expect(world.rows('openOrderLists.status', {})).toEqual([byId]);
    world.run('orderList.cancel', { symbol: SYMBOL, orderListId: `${orderListId}` });
    expect(world.rows('openOrderLists.status', {})).toEqual([]);
    expect(world.rows('allOrderLists', {})).toMatchObject([{ listOrderStatus: 'ALL_DONE' }]);
  });

  it.each([
    [{ belowType: 'LIMIT_MAKER' }, '-1168 At least one OCO order must be contingent.'],
    [{ aboveType: 'LIMIT' }, '-1158 Order type not supported in OCO.'],
    [{ aboveType: 'STOP_LOSS' }, '-1197 A stop loss order in a sell OCO must be below.'],
    [{ belowType: 'TAKE_PROFIT' }, '-1199 A take profit order in a sell OCO must be above.'],
    [{ side: 'BUY' }, '-1165 A limit order in a buy OCO must be below.'],
    [{ abovePrice: '49999' }, '-2010 The relationship of the prices for the orders is not correct.'],
    [{ belowStopPrice: '50000' }, '-2010 The relationship of the prices for the orders is not correct.'],
    [{ quantity: '11' }, '-2010 Account has insufficient balance for requested action.'],
    [{ belowClientOrderId: 'profit' }, '-2010 Duplicate order sent.'],
    [{ price: '1' }, "-1104 Not all sent parameters were read; read '12' parameter(s) but was sent '13'."],
  ])('refuses %o', (change, text) => {
    const world = start();
    expect(world.refusal('orderList.place.oco', { ...OCO, ...change })).toBe(text);
    expect(world.exchange.books(ALICE).orders).toEqual([]);
    expect(world.events).toEqual([]);
  });
});

describe('OTO and OTOCO', () => {
  it('keeps the pending legs off the book until the working order is filled completely', () => {
    const world = start();
    const answer = world.run('orderList.place.otoco', { ...OTO, ...EXITS });
    expect(answer).toMatchObject({
      contingencyType: 'OTO',
      orderReports: [
        { clientOrderId: 'entry', status: 'NEW' },
        { clientOrderId: 'stop', status: 'PENDING_NEW', workingTime: -1 },
        { clientOrderId: 'profit', status: 'PENDING_NEW', workingTime: -1 },
      ],
    });
    expect(world.balance('BTC')).toBe('10.00000000 0.00000000');
    world.price('49000', SYMBOL, '0.6');
    expect(order(world, 'stop')['status']).toBe('PENDING_NEW');
    const from = heard(world).length;
    world.price('49000');
    expect(heard(world, from)).toEqual([
      'entry TRADE/FILLED',
      'position',
      'stop NEW/NEW',
      'profit NEW/NEW',
      'position',
    ]);
    expect(world.balance('BTC')).toBe('10.09900000 0.90000000');
    world.price('48000');
    expect(heard(world).slice(-5)).toEqual([
      'profit EXPIRED/EXPIRED OCO_TRIGGER',
      'stop NEW/NEW',
      'stop TRADE/FILLED',
      'list OTO ALL_DONE/ALL_DONE',
      'position',
    ]);
  });

  it('answers with the pending leg still pending when the working order fills at once', () => {
    const world = start();
    const answer = world.run('orderList.place.otoco', { ...OTO, ...EXITS, workingPrice: '51000' });
    expect(answer).toMatchObject({
      orderReports: [{ status: 'FILLED' }, { status: 'PENDING_NEW' }, { status: 'PENDING_NEW' }],
    });
    expect(order(world, 'stop')['status']).toBe('NEW');
  });

  it('ends the pending legs with a working order that expires', () => {
    const world = start();
    world.run('orderList.place.otoco', { ...OTO, ...EXITS, workingTimeInForce: 'FOK' });
    expect(heard(world).slice(3)).toEqual([
      'list OTO EXEC_STARTED/EXECUTING',
      'entry EXPIRED/EXPIRED UNFILLED_FOK_ORDER_EXPIRED',
      'stop EXPIRED/EXPIRED OTO_PHASE_ONE_EXPIRED',
      'profit EXPIRED/EXPIRED OTO_PHASE_ONE_EXPIRED',
      'list OTO ALL_DONE/ALL_DONE',
      'position',
    ]);
  });

  it('leaves a partly filled entry without protection when a leg is cancelled', () => {
    const world = start();
    world.run('orderList.place.otoco', { ...OTO, ...EXITS });
    world.price('49000', SYMBOL, '0.6');
    world.run('order.cancel', { symbol: SYMBOL, origClientOrderId: 'profit' });
    expect(world.rows('openOrders.status', {})).toEqual([]);
    expect(world.balance('BTC')).toBe('10.59940000 0.00000000');
  });

  it('refuses a pending sale of more than there is when it is to go live', () => {
    const world = bench({}, { [ALICE]: { balances: { USDT: '100000' } } });
    world.price('50000');
    const sale = {
      pendingType: 'LIMIT',
      pendingQuantity: '1',
      pendingPrice: '52000',
      pendingTimeInForce: 'GTC',
      pendingClientOrderId: 'sale',
    };
    world.run('orderList.place.oto', { ...OTO, ...sale });
    world.price('48999');
    // The fee was taken from what was bought, so 1 BTC is more than the account has.
    expect(order(world, 'sale')).toMatchObject({ status: 'EXPIRED', expiryReason: 'REJECTED' });
    expect(world.balance('BTC')).toBe('0.99900000 0.00000000');
  });
});

describe('OPO and OPOCO', () => {
  const sale = {
    pendingType: 'LIMIT',
    pendingPrice: '52000',
    pendingTimeInForce: 'GTC',
    pendingClientOrderId: 'sale',
  };

  it('sells what was bought, net of the fee, and keeps it locked until then', () => {
    const world = bench({}, { [ALICE]: { balances: { USDT: '100000' } } });
    world.price('50000');
    const answer = world.run('orderList.place.opo', { ...OTO, ...sale });
    expect((answer['orderReports'] as readonly JsonObject[])[1]).not.toHaveProperty('origQty');
    world.price('49000', SYMBOL, '0.5');
    expect(world.balance('BTC')).toBe('0.00000000 0.49950000');
    world.price('49000');
    expect(order(world, 'sale')).toMatchObject({ status: 'NEW', origQty: '0.99900000' });
    expect(world.balance('BTC')).toBe('0.00000000 0.99900000');
  });

  it('sells all of it where other funds of the asset bear the fee', () => {
    const world = start();
    world.run('orderList.place.opo', { ...OTO, ...sale });
    world.price('49000');
    expect(order(world, 'sale')).toMatchObject({ status: 'NEW', origQty: '1.00000000' });
  });

  it('gives back what it held when the working order ends unfilled', () => {
    const world = start();
    world.run('orderList.place.opo', { ...OTO, ...sale });
    world.price('49000', SYMBOL, '0.5');
    world.run('order.cancel', { symbol: SYMBOL, origClientOrderId: 'entry' });
    expect(world.balance('BTC')).toBe('10.49950000 0.00000000');
  });

  it.each([
    [
      'orderList.place.opo',
      { ...sale, workingSide: 'SELL' },
      '-1222 Working order in an OPO list must be a bid.',
    ],
    [
      'orderList.place.opo',
      { ...sale, pendingSide: 'BUY' },
      '-1223 Pending orders in an OPO list must be asks.',
    ],
    [
      'orderList.place.opo',
      { ...sale, pendingQuantity: '1' },
      "-1225 Pending orders should not include the 'pendingQuantity' tag.",
    ],
    ['orderList.place.opoco', EXITS, "-1225 Pending orders should not include the 'pendingQuantity' tag."],
  ] as const)('%s refuses %o', (operation, params, text) => {
    expect(start().refusal(operation, { ...OTO, ...params })).toBe(text);
  });
});
