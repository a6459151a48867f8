/** Refusals arrive in the classes that the exchange's own connector has for them, with their codes. */
import {
  BadRequestError,
  ConnectorClientError,
  RateLimitBanError,
  ServerError,
  SpotRestAPI,
  TooManyRequestsError,
  UnauthorizedError,
} from '@binance/spot';
import { afterEach, describe, expect, it } from 'vitest';
import type { Simulator, SimulatorOptions } from '../../../infra/local/venues/binance/start.ts';
import { aSimulator, type Connector, connectorFor } from './bench.ts';

const SYMBOL = 'BTCUSDT';
const MARKET = {
  symbol: SYMBOL,
  side: SpotRestAPI.NewOrderSideEnum.BUY,
  type: SpotRestAPI.NewOrderTypeEnum.MARKET,
  quantity: 0.01,
} as const;
const LIMIT = {
  ...MARKET,
  type: SpotRestAPI.NewOrderTypeEnum.LIMIT,
  timeInForce: SpotRestAPI.NewOrderTimeInForceEnum.GTC,
  price: 50000,
} as const;

let simulator: Simulator;
const open: Connector[] = [];
afterEach(async () => {
  for (const connector of open.splice(0)) connector.close();
  await simulator.stop();
});

function connect(key = simulator.createKey({ uid: 1 })): Connector {
  const connector = connectorFor(simulator, key);
  open.push(connector);
  return connector;
}

async function start(options: SimulatorOptions = {}): Promise<Connector> {
  simulator = await aSimulator(options);
  return connect();
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: unknown) => error,
  );

describe('a refused request', () => {
  it('funds, filters, unknown orders, a duplicate, a stop that would fire: 400 with the code', async () => {
    const { rest } = await start();
    await rest.newOrder({ ...LIMIT, newClientOrderId: 'twice', quantity: 0.001 });
    const refused: readonly (readonly [() => Promise<unknown>, number, string])[] = [
      [
        () => rest.newOrder({ ...LIMIT, quantity: 100 }),
        -2010,
        'Account has insufficient balance for requested action.',
      ],
      [() => rest.newOrder({ ...LIMIT, quantity: 0.00001 }), -1013, 'Filter failure: NOTIONAL'],
      [() => rest.newOrder({ ...LIMIT, price: 50000.001 }), -1013, 'Filter failure: PRICE_FILTER'],
      [() => rest.newOrder({ ...LIMIT, quantity: 0.010001 }), -1013, 'Filter failure: LOT_SIZE'],
      [
        () => rest.newOrder({ ...LIMIT, newClientOrderId: 'twice', quantity: 0.001 }),
        -2010,
        'Duplicate order sent.',
      ],
      [
        () =>
          rest.newOrder({
            ...MARKET,
            type: SpotRestAPI.NewOrderTypeEnum.STOP_LOSS,
            stopPrice: 50000,
          }),
        -2010,
        'Order would trigger immediately.',
      ],
      [
        () =>
          rest.newOrder({
            symbol: SYMBOL,
            side: SpotRestAPI.NewOrderSideEnum.BUY,
            type: SpotRestAPI.NewOrderTypeEnum.LIMIT_MAKER,
            quantity: 0.001,
            price: 61000,
          }),
        -2010,
        'Order would immediately match and take.',
      ],
      [() => rest.getOrder({ symbol: SYMBOL, origClientOrderId: 'nobody' }), -2013, 'Order does not exist.'],
      [() => rest.deleteOrder({ symbol: SYMBOL, orderId: 987654321 }), -2011, 'Unknown order sent.'],
      [() => rest.exchangeInfo({ symbol: 'NOSUCH' }), -1121, 'Invalid symbol.'],
    ];
    for (const [request, code, message] of refused) {
      const error = await failure(request());
      expect(error).toBeInstanceOf(BadRequestError);
      expect(error).toMatchObject({ code, message });
    }
  });

  it('a replacement of which one half failed is 409', async () => {
    const { rest } = await start();
    const { orderId = 0 } = await (await rest.newOrder({ ...LIMIT, quantity: 0.001 })).data();
    const error = await failure(
      rest.orderCancelReplace({
        symbol: SYMBOL,
        cancelReplaceMode: SpotRestAPI.OrderCancelReplaceCancelReplaceModeEnum.STOP_ON_FAILURE,
        cancelOrderId: orderId,
        side: SpotRestAPI.OrderCancelReplaceSideEnum.BUY,
        type: SpotRestAPI.OrderCancelReplaceTypeEnum.LIMIT,
        timeInForce: SpotRestAPI.OrderCancelReplaceTimeInForceEnum.GTC,
        price: 50000,
        quantity: 100,
      }),
    );
    // The connector has no class of its own for it, and drops `data`, which says which half.
    expect(error).toBeInstanceOf(ConnectorClientError);
    expect(error).toMatchObject({ code: -2021 });
    expect(await (await rest.getOrder({ symbol: SYMBOL, orderId })).data()).toMatchObject({
      status: 'CANCELED',
    });
  });

  it('a wrong signature is 400, an unknown or revoked key 401', async () => {
    await start();
    const key = simulator.createKey({ uid: 1 });
    const forged = connect({ ...key, secret: 'not the secret' });
    const wrong = await failure(forged.rest.getAccount());
    expect(wrong).toBeInstanceOf(BadRequestError);
    expect(wrong).toMatchObject({ code: -1022 });

    const unknown = await failure(connect({ ...key, apiKey: 'x'.repeat(64) }).rest.getAccount());
    expect(unknown).toBeInstanceOf(UnauthorizedError);
    expect(unknown).toMatchObject({ code: -2015 });
    simulator.revokeKey(key.apiKey);
    expect(await failure(connect(key).rest.getAccount())).toBeInstanceOf(UnauthorizedError);
  });

  it('a key of another pair does not sign for this one', async () => {
    await start();
    const [mine, other] = [
      simulator.createKey({ uid: 1, type: 'ed25519' }),
      simulator.createKey({ uid: 1, type: 'ed25519' }),
    ];
    const error = await failure(connect({ ...mine, secret: other.secret }).rest.getAccount());
    expect(error).toMatchObject({ name: 'BadRequestError', code: -1022 });
  });
});

describe('limits', () => {
  // The first request already passes the limit: no window can end in between.
  it('too much weight is 429 with -1003', async () => {
    const { rest } = await start({ limits: { weightPerMinute: 19 } });
    const error = await failure(rest.exchangeInfo());
    expect(error).toBeInstanceOf(TooManyRequestsError);
    expect(error).toMatchObject({ code: -1003 });
  });

  it('too many unfilled orders is 429 with -1015', async () => {
    const { rest } = await start({ limits: { ordersPer10Seconds: 0 } });
    const error = await failure(rest.newOrder(LIMIT));
    expect(error).toBeInstanceOf(TooManyRequestsError);
    expect(error).toMatchObject({ code: -1015 });
  });

  it('a ban is 418', async () => {
    const { rest } = await start({ faults: [{ times: 1, do: { kind: 'banned', seconds: 5 } }] });
    expect(await failure(rest.time())).toBeInstanceOf(RateLimitBanError);
  });

  it('a failure of the server is told apart: the order may have been taken', async () => {
    const { rest } = await start({
      faults: [
        {
          when: { operation: 'order.place' },
          times: 1,
          do: { kind: 'server_error', executed: true, status: 503 },
        },
      ],
    });
    const error = await failure(rest.newOrder({ ...LIMIT, newClientOrderId: 'taken', quantity: 0.001 }));
    expect(error).toBeInstanceOf(ServerError);
    expect(error).toMatchObject({ statusCode: 503 });
    const found = await rest.getOrder({ symbol: SYMBOL, origClientOrderId: 'taken' });
    expect(await found.data()).toMatchObject({ status: 'NEW' });
  });
});
