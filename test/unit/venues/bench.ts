/** A demo wallet on a workbench: its book in memory, its prices and time set by the test. */

import { builtInDirectory } from '../../../shared/adapters/symbols/built-in.ts';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import { NEVER_PAUSED } from '../../../shared/domain/pauses.ts';
import { DEFAULT_SIGNAL_POLICY } from '../../../shared/domain/signals.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import type { DemoWallet, ExecutionReport, TriggerFacts } from '../../../shared/domain/types.ts';
import type { CachedPrice } from '../../../shared/ports/trigger-index.ts';
import type { OrderSought, PlaceRequest } from '../../../shared/ports/venue.ts';
import { createDemoWallet } from '../../../shared/venues/demo/demo-wallet.ts';
import { memoryStore } from '../../support/fakes/memory-demo-store.ts';

export const T0 = 1_790_000_000_000;

export interface Quote {
  readonly bid: string;
  readonly ask: string;
  readonly bidSize?: string;
  readonly askSize?: string;
}

export function workbench(
  settings: {
    feeRate?: string;
    buyFeeIn?: 'quote' | 'base';
    balances?: Record<string, string>;
    maxLeverage?: number;
  } = {},
) {
  const { feeRate = '0.001', buyFeeIn = 'quote', balances = { USDT: '100000' } } = settings;
  const store = memoryStore();
  const reports: ExecutionReport[] = [];
  const logged: string[] = [];
  const state = { now: T0, price: null as CachedPrice | null, outboxDown: false, priceDown: false };
  const wallet: DemoWallet = {
    walletId: 'w1',
    version: 1,
    userId: 'u1',
    environment: 'demo',
    name: 'Practice',
    demo: {
      feeRate: decimal(feeRate),
      buyFeeIn,
      maxLeverage: settings.maxLeverage ?? null,
      startingBalances: Object.entries(balances).map(([asset, amount]) => ({
        asset,
        amount: decimal(amount),
      })),
      ...NEVER_PAUSED,
    },
    exchange: null,
    signalPolicy: DEFAULT_SIGNAL_POLICY,
    resident: 'none',
    createdAt: T0,
    updatedAt: T0,
  };
  const log = (code: string): void => {
    logged.push(code);
  };
  const venue = createDemoWallet(wallet, {
    store,
    prices: {
      price: async (symbol) => {
        if (state.priceDown) throw new Error('cache away');
        return state.price?.symbol === symbol ? state.price : null;
      },
    },
    outbox: {
      executions: async (report) => {
        if (state.outboxDown) throw new Error('queue away');
        reports.push(report);
      },
    },
    symbols: builtInDirectory(symbolRegistry()),
    clock: { now: () => state.now },
    log: { debug: log, info: log, warn: log, error: log },
    pause: async () => undefined,
  });
  let tick = 100;
  const show = (quote: Quote, symbol = 'BTC/USDT'): CachedPrice => {
    tick += 1;
    const { bid, ask, bidSize = '', askSize = '' } = quote;
    state.price = {
      symbol,
      bid,
      ask,
      last: bid,
      bidSize,
      askSize,
      source: 'test',
      quoted: true,
      tickId: tick,
      at: state.now,
      recordedAt: 0,
    };
    return state.price;
  };
  return { store, reports, logged, state, wallet, venue, show };
}

export type Workbench = ReturnType<typeof workbench>;

export const aRequest = (changes: Partial<PlaceRequest> = {}): PlaceRequest => ({
  clientId: 'mqOrder1-1',
  symbol: 'BTC/USDT',
  side: 'buy',
  type: 'market',
  timeInForce: 'GTC',
  quantity: decimal('0.5'),
  quoteQuantity: null,
  limitPrice: null,
  stopPrice: null,
  stopLimitPrice: null,
  trailingDelta: null,
  margin: null,
  rank: 'entry',
  signedAt: T0,
  recvWindowMs: 2000,
  trigger: null,
  ...changes,
});

/** What is asked for when an order is looked up. */
export const sought = (clientId: string, symbol = 'BTC/USDT'): OrderSought => ({
  symbol,
  clientId,
  venueOrderId: null,
  side: 'buy',
  type: 'market',
  quantity: decimal('0.5'),
  signedAt: T0,
  rank: 'query',
});

/** The tick that a level's hit carries, made from what is shown. */
export function triggerOf(price: CachedPrice, source: 'bid' | 'ask'): TriggerFacts {
  const size = (text: string) => (text === '' ? null : decimal(text));
  return {
    levelName: 'order',
    cause: 'tick',
    source,
    level: decimal(price[source]),
    price: decimal(price[source]),
    peak: null,
    bid: decimal(price.bid),
    ask: decimal(price.ask),
    last: decimal(price.last),
    bidSize: size(price.bidSize),
    askSize: size(price.askSize),
    tickId: price.tickId,
    armedTickId: 0,
    tickAt: price.at,
    recordedAt: 0,
    origin: null,
    ageMs: 0,
  };
}

/** Free and locked of every asset, as text. */
export const holdings = ({ store }: Workbench): Record<string, string> =>
  Object.fromEntries(
    [...store.held.values()].map((b) => [
      b.asset,
      b.locked.isZero() ? b.free.toFixed() : `${b.free.toFixed()} + ${b.locked.toFixed()}`,
    ]),
  );
