/**
 * Whatever accounts do: assets are neither made nor lost, locked funds are those of open orders, events, queries and
 * trades tell the same story, and every order that began also ended or is open.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AccountBooks,
  type JsonObject,
  type OperationName,
  type Params,
  VenueError,
} from '../../../../infra/local/venues/binance/contract.ts';
import { Decimal } from '../../../../shared/domain/money/decimal.ts';
import { ALICE, type Bench, BOB, bench } from './world.ts';

const SYMBOLS = ['BTCUSDT', 'ETHBTC'] as const;
const CENTRE = { BTCUSDT: 50000, ETHBTC: 0.05 } as const;
const TICK = { BTCUSDT: 2, ETHBTC: 5 } as const;

type Step =
  | {
      readonly kind: 'price';
      readonly symbol: (typeof SYMBOLS)[number];
      readonly move: number;
      readonly size: number | null;
    }
  | { readonly kind: 'run'; readonly uid: number; readonly operation: OperationName; readonly params: Params }
  | { readonly kind: 'thin'; readonly symbol: (typeof SYMBOLS)[number]; readonly levels: number };

const uid = fc.constantFrom(ALICE, BOB);
const side = fc.constantFrom('BUY', 'SELL');
const symbol = fc.constantFrom(...SYMBOLS);
/** Per mille around the centre. */
const move = fc.integer({ min: -30, max: 30 });
const quantity = fc.integer({ min: 1, max: 60 }).map((n) => (n / 100).toFixed(2));
const stp = fc.constantFrom('NONE', 'EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT');

const at = (name: (typeof SYMBOLS)[number], perMille: number): string =>
  (CENTRE[name] * (1 + perMille / 1000)).toFixed(TICK[name]);

const operation = (
  name: OperationName,
  build: (
    one: (typeof SYMBOLS)[number],
    buy: string,
    m: readonly [number, number, number],
    qty: string,
    mode: string,
  ) => Params,
): fc.Arbitrary<Step> =>
  fc
    .tuple(uid, symbol, side, fc.tuple(move, move, move), quantity, stp)
    .map(([who, one, buy, moves, qty, mode]) => ({
      kind: 'run',
      uid: who,
      operation: name,
      params: build(one, buy, moves, qty, mode),
    }));

const up = (m: number): number => Math.abs(m) + 1;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(symbol, move, fc.option(fc.constantFrom(0.01, 0.1), { nil: null }))
      .map(([one, m, size]): Step => ({ kind: 'price', symbol: one, move: m, size })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(symbol, fc.integer({ min: 0, max: 4 }))
      .map(([one, levels]): Step => ({ kind: 'thin', symbol: one, levels })),
  },
  {
    weight: 4,
    arbitrary: operation('order.place', (one, buy, [m], qty, mode) => ({
      symbol: one,
      side: buy,
      type: 'LIMIT',
      timeInForce: m % 3 === 0 ? 'IOC' : m % 5 === 0 ? 'FOK' : 'GTC',
      quantity: qty,
      price: at(one, m),
      selfTradePreventionMode: mode,
    })),
  },
  {
    weight: 2,
    arbitrary: operation('order.place', (one, buy, [m], qty, mode) => ({
      symbol: one,
      side: buy,
      type: 'MARKET',
      selfTradePreventionMode: mode,
      ...(m > 10 ? { quoteOrderQty: one === 'BTCUSDT' ? `${m * 100}` : '0.02' } : { quantity: qty }),
    })),
  },
  {
    weight: 2,
    arbitrary: operation('order.place', (one, buy, [m, n], qty, mode) => ({
      symbol: one,
      side: buy,
      type: m > 0 ? 'STOP_LOSS_LIMIT' : 'TAKE_PROFIT_LIMIT',
      timeInForce: 'GTC',
      quantity: qty,
      price: at(one, n),
      stopPrice: at(one, m),
      selfTradePreventionMode: mode,
    })),
  },
  {
    weight: 2,
    arbitrary: operation('order.place', (one, buy, [m], qty) => ({
      symbol: one,
      side: buy,
      type: m > 0 ? 'STOP_LOSS' : 'TAKE_PROFIT',
      quantity: qty,
      ...(m % 2 === 0 ? { stopPrice: at(one, m) } : { trailingDelta: '100' }),
    })),
  },
  {
    weight: 2,
    arbitrary: operation('orderList.place.oco', (one, buy, [m, n, o], qty) => ({
      symbol: one,
      side: buy,
      quantity: qty,
      ...(buy === 'SELL'
        ? {
            aboveType: 'LIMIT_MAKER',
            abovePrice: at(one, up(m)),
            belowType: 'STOP_LOSS_LIMIT',
            belowStopPrice: at(one, -up(n)),
            belowPrice: at(one, -up(o)),
            belowTimeInForce: 'GTC',
          }
        : {
            belowType: 'LIMIT_MAKER',
            belowPrice: at(one, -up(m)),
            aboveType: 'STOP_LOSS',
            aboveStopPrice: at(one, up(n)),
          }),
    })),
  },
  {
    weight: 1,
    arbitrary: operation('orderList.place.otoco', (one, buy, [m, n, o], qty) => ({
      symbol: one,
      workingType: 'LIMIT',
      workingSide: buy,
      workingPrice: at(one, m),
      workingQuantity: qty,
      workingTimeInForce: 'GTC',
      pendingSide: 'SELL',
      pendingQuantity: qty,
      pendingAboveType: 'TAKE_PROFIT',
      pendingAboveStopPrice: at(one, up(n)),
      pendingBelowType: 'STOP_LOSS',
      pendingBelowStopPrice: at(one, -up(o)),
    })),
  },
  {
    weight: 1,
    arbitrary: operation('orderList.place.opo', (one, _buy, [m, n], qty) => ({
      symbol: one,
      workingType: 'LIMIT',
      workingSide: 'BUY',
      workingPrice: at(one, m),
      workingQuantity: qty,
      workingTimeInForce: n % 2 === 0 ? 'GTC' : 'IOC',
      pendingSide: 'SELL',
      pendingType: 'LIMIT',
      pendingPrice: at(one, n),
      pendingTimeInForce: 'GTC',
    })),
  },
  { weight: 1, arbitrary: operation('openOrders.cancelAll', (one) => ({ symbol: one })) },
  {
    weight: 2,
    arbitrary: operation('order.cancel', (one, _buy, [m]) => ({
      symbol: one,
      orderId: `${1_000_001 + (Math.abs(m) % 15)}`,
    })),
  },
  {
    weight: 1,
    arbitrary: operation('order.amend.keepPriority', (one, _buy, [m], qty) => ({
      symbol: one,
      orderId: `${1_000_001 + (Math.abs(m) % 15)}`,
      newQty: qty,
    })),
  },
);

function perform(world: Bench, one: Step): void {
  world.pass(10);
  if (one.kind === 'thin') world.exchange.setBook(one.symbol, { levels: one.levels });
  else if (one.kind === 'price') world.price(at(one.symbol, one.move), one.symbol, one.size?.toString());
  else {
    try {
      world.exchange.execute(one.operation, one.uid, one.params);
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
    }
  }
}

const text = (row: JsonObject | undefined, name: string): string => {
  const value = row?.[name];
  if (typeof value !== 'string') throw new Error(`${name} is no text`);
  return value;
};
const OPEN = ['NEW', 'PENDING_NEW', 'PARTIALLY_FILLED'];
const amount = (row: JsonObject, name: string): Decimal => new Decimal(text(row, name));
const sum = (values: readonly Decimal[]): string =>
  values.reduce((a, b) => a.plus(b), new Decimal(0)).toFixed(8);

function check(world: Bench, before: Readonly<Record<string, string>>): void {
  const after = world.exchange.totals();
  for (const asset of ['BTC', 'USDT', 'ETH', 'BNB']) expect(after[asset]).toBe(before[asset]);
  for (const who of [ALICE, BOB]) {
    const books = world.exchange.books(who);
    const open = books.orders.filter((order) => OPEN.includes(text(order, 'status')));
    for (const balance of Object.values(books.balances)) {
      expect(new Decimal(balance.free).isNegative(), `free ${balance.free}`).toBe(false);
      expect(new Decimal(balance.locked).isNegative(), `locked ${balance.locked}`).toBe(false);
    }
    if (open.length === 0)
      expect(Object.values(books.balances).map((one) => one.locked)).toEqual(
        Object.values(books.balances).map(() => '0.00000000'),
      );
    for (const asset of ['BTC', 'USDT', 'ETH']) checkLocks(books, asset);
    for (const order of books.orders) checkOrder(world, who, order, books.trades);
  }
}

/** Exactly what open orders need: one lock for the legs of a list, rounded up for each order. */
function checkLocks(books: AccountBooks, asset: string): void {
  const open = books.orders.filter((one) => OPEN.includes(text(one, 'status')));
  const live = open.filter((one) => one['status'] !== 'PENDING_NEW' && lockedAsset(one) === asset);
  const byOrder = new Map<string, Decimal>();
  for (const one of live) {
    const lockPrice = text(one, 'price') === NOTHING ? text(one, 'stopPrice') : text(one, 'price');
    // A trailing stop without any price locks at the market of its entry, which no query shows.
    if (one['side'] === 'BUY' && lockPrice === NOTHING) return;
    const prevented = one['preventedQuantity'] === undefined ? NOTHING : text(one, 'preventedQuantity');
    const rest = amount(one, 'origQty').minus(amount(one, 'executedQty')).minus(prevented);
    const worth =
      one['side'] === 'SELL' ? rest : rest.times(lockPrice).toDecimalPlaces(8, Decimal.ROUND_CEIL);
    const key = `${one['symbol']} ${one['orderListId'] === -1 ? one['orderId'] : `list ${one['orderListId']}`}`;
    byOrder.set(key, Decimal.max(worth, byOrder.get(key) ?? 0));
  }
  // An OPO holds what it bought so far for its pending legs.
  if (open.some(holds)) return;
  expect(books.balances[asset]?.locked ?? NOTHING, `locked ${asset}`).toBe(sum([...byOrder.values()]));
}

const NOTHING = '0.00000000';
const holds = (order: JsonObject): boolean =>
  order['status'] === 'PENDING_NEW' && order['origQty'] === NOTHING;

function lockedAsset(order: JsonObject): string {
  const [base, quote] = order['symbol'] === 'BTCUSDT' ? ['BTC', 'USDT'] : ['ETH', 'BTC'];
  return order['side'] === 'SELL' ? base : quote;
}

function checkOrder(world: Bench, who: number, order: JsonObject, trades: readonly JsonObject[]): void {
  const own = trades.filter(
    (row) => row['symbol'] === order['symbol'] && row['orderId'] === order['orderId'],
  );
  expect(sum(own.map((row) => amount(row, 'qty')))).toBe(order['executedQty']);
  expect(sum(own.map((row) => amount(row, 'quoteQty')))).toBe(order['cummulativeQuoteQty']);
  const reports = world
    .reports(who)
    .filter((one) => one['s'] === order['symbol'] && one['i'] === order['orderId']);
  const last = reports.at(-1);
  expect([last?.['z'], last?.['Z'], last?.['X']]).toEqual([
    order['executedQty'],
    order['cummulativeQuoteQty'],
    order['status'],
  ]);
  expect(reports[0]?.['x']).toBe('NEW');
  const fills = reports.filter((one) => one['x'] === 'TRADE');
  expect(fills.map((one) => one['t'])).toEqual(own.map((row) => row['id']));
  const executions = reports.map((one) => one['I'] as number);
  expect(executions).toEqual([...executions].sort((a, b) => a - b));
}

describe('the exchange as a whole', () => {
  const oneCase = (payFeesInBnb: boolean, steps: readonly Step[]): void => {
    const world = bench(
      { book: { levelNotional: '3000', levels: 5, spreadTicks: 5, stepTicks: 10 } },
      {
        [ALICE]: {
          payFeesInBnb,
          balances: { USDT: '40000', BTC: '1', ETH: '10', BNB: '0.05' },
          tradeGroupId: 7,
        },
        [BOB]: { balances: { USDT: '100000', BTC: '2', ETH: '20' }, tradeGroupId: 7 },
      },
    );
    world.price('600', 'BNBUSDT');
    for (const name of SYMBOLS) world.price(at(name, 0), name);
    const before = world.exchange.totals();
    for (const one of steps) perform(world, one);
    check(world, before);
  };

  it('keeps every asset, every lock and every story straight', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), oneCase),
      {
        numRuns: 150,
      },
    );
  });
});
