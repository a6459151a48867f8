/** A simulated exchange with a clock in hand, for the tests of this folder. */

import {
  type AccountOptions,
  type ExchangeOptions,
  type Json,
  type JsonObject,
  type OperationName,
  type Params,
  VenueError,
} from '../../../../infra/local/venues/binance/contract.ts';
import {
  createExchange,
  type SimulatedExchange,
} from '../../../../infra/local/venues/binance/exchange/exchange.ts';

export const ALICE = 1001;
export const BOB = 1002;

export interface Bench {
  readonly exchange: SimulatedExchange;
  /** Events of all accounts so far. */
  readonly events: { readonly uid: number; readonly event: JsonObject }[];
  /** Milliseconds forward. */
  pass(ms: number): void;
  now(): number;
  run(operation: OperationName, params: Params, uid?: number): JsonObject;
  rows(operation: OperationName, params: Params, uid?: number): readonly JsonObject[];
  /** `code text` of the refusal; fails when there is none. */
  refusal(operation: OperationName, params: Params, uid?: number): string;
  place(params: Params, uid?: number): JsonObject;
  price(last: string, symbol?: string, size?: string): void;
  balance(asset: string, uid?: number): string;
  /** Execution reports of an account as `type/status`, with their order id. */
  reports(uid?: number): readonly JsonObject[];
}

const GRANTED = { USDT: '100000', BTC: '10', BNB: '100', ETH: '50', DOT: '500' };

export function bench(
  options: Partial<ExchangeOptions> = {},
  accounts: Partial<Record<number, Partial<AccountOptions>>> = {},
): Bench {
  let clock = 1_800_000_000_000;
  const exchange = createExchange({
    now: () => clock,
    ...options,
    order: { reports: 'events_first', ...options.order },
  });
  for (const uid of [ALICE, BOB]) exchange.addAccount({ uid, balances: GRANTED, ...accounts[uid] });
  const events: { uid: number; event: JsonObject }[] = [];
  exchange.onUserEvent((event) => events.push(event));
  const any = (operation: OperationName, params: Params, uid: number): Json =>
    exchange.execute(operation, uid, params);
  const run = (operation: OperationName, params: Params, uid = ALICE): JsonObject => {
    const answer = any(operation, params, uid);
    if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
      throw new Error('not an object');
    return answer as JsonObject;
  };
  return {
    exchange,
    events,
    pass: (ms) => {
      clock += ms;
    },
    now: () => clock,
    run,
    rows: (operation, params, uid = ALICE) => {
      const answer = any(operation, params, uid);
      if (!Array.isArray(answer)) throw new Error('not a list');
      return answer;
    },
    refusal: (operation, params, uid = ALICE) => {
      try {
        any(operation, params, uid);
      } catch (error) {
        if (error instanceof VenueError) return `${error.code} ${error.message}`;
        throw error;
      }
      throw new Error(`${operation} was accepted`);
    },
    place: (params, uid = ALICE) =>
      run('order.place', { symbol: 'BTCUSDT', newOrderRespType: 'FULL', ...params }, uid),
    price: (last, symbol = 'BTCUSDT', size = undefined) =>
      exchange.feedPrice(symbol, size === undefined ? { last } : { last, size }),
    balance: (asset, uid = ALICE) => {
      const { free, locked } = exchange.books(uid).balances[asset] ?? { free: '0', locked: '0' };
      return `${free} ${locked}`;
    },
    reports: (uid = ALICE) =>
      events.filter((one) => one.uid === uid && one.event['e'] === 'executionReport').map((one) => one.event),
  };
}

export const limit = (side: string, quantity: string, price: string, more: Params = {}): Params => ({
  side,
  type: 'LIMIT',
  timeInForce: 'GTC',
  quantity,
  price,
  ...more,
});

export const atMarket = (side: string, quantity: string, more: Params = {}): Params => ({
  side,
  type: 'MARKET',
  quantity,
  ...more,
});
