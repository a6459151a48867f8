/** Order lists through the exchange's own connector over REST: OCO, OTO, OTOCO, OPOCO. */
import { SpotRestAPI } from '@binance/spot';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Simulator } from '../../../infra/local/venues/binance/start.ts';
import { aSimulator, type Connector, connectorFor, PRICE } from './bench.ts';

const SYMBOL = 'BTCUSDT';

let simulator: Simulator;
let connector: Connector;
beforeAll(async () => {
  simulator = await aSimulator();
  connector = connectorFor(simulator, simulator.createKey({ uid: 1 }));
});
afterEach(async () => {
  simulator.exchange.feedPrice(SYMBOL, { last: PRICE });
  const open = await (await connector.rest.getOpenOrders({ symbol: SYMBOL })).data();
  if (open.length > 0) await connector.rest.deleteOpenOrders({ symbol: SYMBOL });
});
afterAll(async () => {
  connector.close();
  await simulator.stop();
});

describe('order lists', () => {
  const OCO = {
    symbol: SYMBOL,
    side: SpotRestAPI.OrderListOcoSideEnum.SELL,
    quantity: 0.001,
    aboveType: SpotRestAPI.OrderListOcoAboveTypeEnum.LIMIT_MAKER,
    abovePrice: 65000,
    aboveClientOrderId: 'conform-a',
    belowType: SpotRestAPI.OrderListOcoBelowTypeEnum.STOP_LOSS_LIMIT,
    belowStopPrice: 55000,
    belowPrice: 54000,
    belowTimeInForce: SpotRestAPI.OrderListOcoBelowTimeInForceEnum.GTC,
    belowClientOrderId: 'conform-b',
    newOrderRespType: SpotRestAPI.OrderListOcoNewOrderRespTypeEnum.FULL,
  } as const;

  it('OCO: placed, found, and cancelled as a whole', async () => {
    const { rest } = connector;
    const list = await (await rest.orderListOco({ ...OCO, listClientOrderId: 'conform-list' })).data();
    expect(list).toMatchObject({
      contingencyType: 'OCO',
      listStatusType: 'EXEC_STARTED',
      listOrderStatus: 'EXECUTING',
      listClientOrderId: 'conform-list',
    });
    const legs = new Map(list.orderReports?.map((report) => [report.clientOrderId, report]));
    expect(legs.get('conform-a')).toMatchObject({ type: 'LIMIT_MAKER', price: '65000.00000000' });
    expect(legs.get('conform-b')).toMatchObject({ type: 'STOP_LOSS_LIMIT', stopPrice: '55000.00000000' });
    const orderListId = list.orderListId ?? -1;
    expect(await (await rest.getOrderList({ orderListId })).data()).toMatchObject({
      orderListId,
      listOrderStatus: 'EXECUTING',
    });
    expect(await (await rest.openOrderList()).data()).toHaveLength(1);
    expect(await (await rest.deleteOrderList({ symbol: SYMBOL, orderListId })).data()).toMatchObject({
      listStatusType: 'ALL_DONE',
      orderReports: [{ status: 'CANCELED' }, { status: 'CANCELED' }],
    });
  });

  it('OCO: the leg that is reached fills, the other expires', async () => {
    const { rest } = connector;
    const list = await (await rest.orderListOco(OCO)).data();
    simulator.exchange.feedPrice(SYMBOL, { last: '54500' });
    const statuses = await Promise.all(
      (list.orders ?? []).map(async ({ orderId = 0, clientOrderId }) => {
        const order = await (await rest.getOrder({ symbol: SYMBOL, orderId })).data();
        return [clientOrderId, order.status];
      }),
    );
    expect(Object.fromEntries(statuses)).toEqual({ 'conform-a': 'EXPIRED', 'conform-b': 'FILLED' });
  });

  it('OTOCO: the pair is pending until the first order is filled', async () => {
    const { rest } = connector;
    const list = await (
      await rest.orderListOtoco({
        symbol: SYMBOL,
        workingType: SpotRestAPI.OrderListOtocoWorkingTypeEnum.LIMIT,
        workingSide: SpotRestAPI.OrderListOtocoWorkingSideEnum.BUY,
        workingPrice: 59000,
        workingQuantity: 0.001,
        workingTimeInForce: SpotRestAPI.OrderListOtocoWorkingTimeInForceEnum.GTC,
        pendingSide: SpotRestAPI.OrderListOtocoPendingSideEnum.SELL,
        pendingQuantity: 0.001,
        pendingAboveType: SpotRestAPI.OrderListOtocoPendingAboveTypeEnum.LIMIT_MAKER,
        pendingAbovePrice: 65000,
        pendingBelowType: SpotRestAPI.OrderListOtocoPendingBelowTypeEnum.STOP_LOSS,
        pendingBelowStopPrice: 55000,
        newOrderRespType: SpotRestAPI.OrderListOtocoNewOrderRespTypeEnum.FULL,
      })
    ).data();
    expect(list).toMatchObject({ contingencyType: 'OTO', listOrderStatus: 'EXECUTING' });
    const statuses = async () => {
      const orders = await Promise.all(
        (list.orders ?? []).map(async ({ orderId = 0 }) =>
          (await rest.getOrder({ symbol: SYMBOL, orderId })).data(),
        ),
      );
      return Object.fromEntries(orders.map(({ type, status }) => [type, status]));
    };
    expect(await statuses()).toEqual({ LIMIT: 'NEW', LIMIT_MAKER: 'PENDING_NEW', STOP_LOSS: 'PENDING_NEW' });
    simulator.exchange.feedPrice(SYMBOL, { last: '58500' });
    expect(await statuses()).toEqual({ LIMIT: 'FILLED', LIMIT_MAKER: 'NEW', STOP_LOSS: 'NEW' });
  });
});

describe('lists whose second half waits', () => {
  const WORKING = {
    symbol: SYMBOL,
    workingType: SpotRestAPI.OrderListOtoWorkingTypeEnum.LIMIT,
    workingSide: SpotRestAPI.OrderListOtoWorkingSideEnum.BUY,
    workingPrice: 59000,
    workingQuantity: 0.001,
    workingTimeInForce: SpotRestAPI.OrderListOtoWorkingTimeInForceEnum.GTC,
  } as const;

  it('OTO: one order behind the other', async () => {
    const { rest } = connector;
    const list = await (
      await rest.orderListOto({
        ...WORKING,
        pendingType: SpotRestAPI.OrderListOtoPendingTypeEnum.STOP_LOSS,
        pendingSide: SpotRestAPI.OrderListOtoPendingSideEnum.SELL,
        pendingQuantity: 0.001,
        pendingStopPrice: 55000,
      })
    ).data();
    simulator.exchange.feedPrice(SYMBOL, { last: '58500' });
    expect(list.contingencyType).toBe('OTO');
    const open = await (await rest.getOpenOrders({ symbol: SYMBOL })).data();
    expect(open).toEqual([expect.objectContaining({ type: 'STOP_LOSS', status: 'NEW' })]);
  });

  it('OPOCO: a pair that sells what was received after the fee', async () => {
    // The fee would come from the account's free bitcoin where it has any.
    simulator.addAccount({ uid: 2, balances: { USDT: '10000' } });
    const { rest, close } = connectorFor(simulator, simulator.createKey({ uid: 2 }));
    await rest.orderListOpoco({
      symbol: SYMBOL,
      workingType: SpotRestAPI.OrderListOpocoWorkingTypeEnum.LIMIT,
      workingSide: SpotRestAPI.OrderListOpocoWorkingSideEnum.BUY,
      workingPrice: 59000,
      workingQuantity: 0.1,
      workingTimeInForce: SpotRestAPI.OrderListOpocoWorkingTimeInForceEnum.GTC,
      pendingSide: SpotRestAPI.OrderListOpocoPendingSideEnum.SELL,
      pendingAboveType: SpotRestAPI.OrderListOpocoPendingAboveTypeEnum.LIMIT_MAKER,
      pendingAbovePrice: 65000,
      pendingBelowType: SpotRestAPI.OrderListOpocoPendingBelowTypeEnum.STOP_LOSS,
      pendingBelowStopPrice: 55000,
    });
    simulator.exchange.feedPrice(SYMBOL, { last: '58500' });
    const open = await (await rest.getOpenOrders({ symbol: SYMBOL })).data();
    expect(open.map(({ type, origQty }) => `${type} ${origQty}`).sort()).toEqual([
      'LIMIT_MAKER 0.09990000',
      'STOP_LOSS 0.09990000',
    ]);
    close();
  });
});
