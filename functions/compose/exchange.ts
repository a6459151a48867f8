/** What a process holds of the served exchange (design section 13): its budget, and what health shows. */
import { metricsLine } from '../../shared/adapters/metrics/emf.ts';
import { createRateBudget } from '../../shared/adapters/valkey/budget.ts';
import type { Valkey } from '../../shared/adapters/valkey/client.ts';
import { createCounters } from '../../shared/adapters/valkey/counters.ts';
import { createUserDataBoard } from '../../shared/adapters/valkey/user-data-board.ts';
import type { WalletStore } from '../../shared/ports/ledger.ts';
import type { RateBudget } from '../../shared/ports/rate-budget.ts';
import type { Clock, Log } from '../../shared/ports/runtime.ts';
import type { SymbolDirectory, SymbolStore } from '../../shared/ports/symbols.ts';
import { makeReadBinanceHealth } from '../../shared/usecases/views/health-binance.ts';
import type { BinanceConfig } from './binance-config.ts';

/** What every process knows of the exchange that this deployment serves. */
export interface ExchangeParts {
  readonly binance: BinanceConfig;
  readonly keyCipher: string | null;
  readonly stage: string;
  readonly valkey: Valkey;
  readonly symbols: SymbolDirectory;
  readonly symbolStore: SymbolStore;
  readonly wallets: WalletStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** `venueNow`: the venue's time as well as it is known, epoch ms. */
export function makeBudget(
  {
    binance,
    stage,
    valkey,
    log,
    clock,
  }: Pick<ExchangeParts, 'binance' | 'stage' | 'valkey' | 'log' | 'clock'>,
  venueNow: () => number,
): RateBudget {
  return createRateBudget(valkey, {
    environment: binance.environment,
    address: binance.egressAddress,
    now: venueNow,
    onEvent: (event, detail) => {
      process.stdout.write(`${metricsLine(stage, { [event]: 1 }, clock.now())}\n`);
      if (detail !== null) log.warn('RATE_BUDGET', { event, error: detail });
    },
  });
}

/** For health and a wallet's page. The venue's clock is not known where nothing is signed: the local one names the windows. */
export function makeExchangeReads(parts: ExchangeParts) {
  const { binance, valkey, symbolStore, wallets, clock } = parts;
  const userData = createUserDataBoard(valkey);
  const readBinance = makeReadBinanceHealth({
    environment: binance.environment,
    budget: makeBudget(parts, clock.now),
    ...{ symbolStore, userData, wallets, clock },
    counters: createCounters(valkey),
  });
  return { readBinance, userData };
}
