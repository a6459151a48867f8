/** The exchange as anybody may ask it, under the budget that all processes behind this address share. */
import type { Valkey } from '../../shared/adapters/valkey/client.ts';
import type { Clock, Log } from '../../shared/ports/runtime.ts';
import type { MarketInfo } from '../../shared/ports/symbols.ts';
import { requireAnswer } from '../../shared/venues/binance/outcomes.ts';
import { type BinanceVenue, createBinanceVenue } from '../../shared/venues/binance/venue.ts';
import type { BinanceConfig } from '../compose/binance-config.ts';
import { makeBudget } from '../compose/exchange.ts';

export interface OpenMarketOptions {
  readonly binance: BinanceConfig;
  readonly stage: string;
  readonly valkey: Valkey;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OpenMarket extends Pick<BinanceVenue, 'budget' | 'clock' | 'close'> {
  readonly market: MarketInfo;
}

/** Opens nothing until the first call. */
export function openMarket(options: OpenMarketOptions): OpenMarket {
  const { binance, clock, log } = options;
  const { environment, endpoints } = binance;
  const budget = (venueNow: () => number) => makeBudget(options, venueNow);
  const venue = createBinanceVenue({ environment, endpoints, budget, clock, log });
  return {
    market: { exchangeInfo: async () => requireAnswer(await venue.market.exchangeInfo()) },
    budget: venue.budget,
    clock: venue.clock,
    close: venue.close,
  };
}
