/** The exchange as anybody may ask it, under the budget that all processes behind this address share. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BudgetEvent, createRateBudget } from '../../shared/adapters/valkey/budget.ts';
import type { Valkey } from '../../shared/adapters/valkey/client.ts';
import type { RateBudget } from '../../shared/ports/rate-budget.ts';
import type { Log } from '../../shared/ports/runtime.ts';
import type { MarketInfo } from '../../shared/ports/symbols.ts';
import { createCalls } from '../../shared/venues/binance/calls.ts';
import { createServerClock, type ServerClock } from '../../shared/venues/binance/clock.ts';
import { createHttpTransport } from '../../shared/venues/binance/http.ts';
import { BinanceMarketClient } from '../../shared/venues/binance/market-client.ts';
import { requireAnswer } from '../../shared/venues/binance/outcomes.ts';
import { Fields } from '../../shared/venues/binance/parse/fields.ts';
import { Requests } from '../../shared/venues/binance/requests.ts';
import type { BinanceConfig } from '../compose/binance-config.ts';

export interface OpenMarketOptions {
  readonly binance: BinanceConfig;
  readonly valkey: Valkey;
  readonly log: Log;
  /** Told of each of the budget's events, for metrics. */
  readonly count: (event: BudgetEvent) => void;
}

export interface OpenMarket {
  readonly market: MarketInfo;
  readonly budget: RateBudget;
  readonly clock: ServerClock;
  close(): void;
}

const TIMEOUT_MS = 3_000;

export function openMarket({ binance, valkey, log, count }: OpenMarketOptions): OpenMarket {
  const { environment, endpoints, egressAddress } = binance;
  const transport = createHttpTransport(endpoints.rest);
  const venueNow = (): number => clock.estimate();
  const budget = createRateBudget(valkey, {
    environment,
    address: egressAddress,
    now: venueNow,
    onEvent: (event, detail) => {
      count(event);
      if (event === 'budget_cache_errors') log.warn('BUDGET_CACHE_AWAY', { error: detail });
    },
  });
  const call = createCalls({ transport, budget, venueNow, log });
  const requests = new Requests(
    {
      call,
      // Public calls are not signed: no timestamp of theirs can be wrong.
      clock: { venueTime: () => clock.venueTime(), distrust: () => clock.distrust() },
      sleep: (ms) => sleep(ms),
      random: Math.random,
    },
    { signer: null, account: null },
  );
  const clock: ServerClock = createServerClock({
    readTime: async () =>
      requireAnswer(
        await requests.query({
          ...{ path: '/api/v3/time', params: {}, weight: 1, rank: 'query', isSigned: false },
          parse: (value) => new Fields(value, 'time').integer('serverTime'),
          timeoutMs: TIMEOUT_MS,
        }),
      ),
    now: () => Date.now(),
    monotonic: () => performance.now(),
    log,
  });
  const client = new BinanceMarketClient(requests);
  return {
    market: { exchangeInfo: async () => requireAnswer(await client.exchangeInfo()) },
    budget,
    clock,
    close: () => transport.close(),
  };
}
