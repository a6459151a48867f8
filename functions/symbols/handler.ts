/**
 * Each minute: keeps the trading rules of the served exchange (usecases/refresh-symbols) and tells how the rate budget
 * stands. Where no exchange is served there is nothing to do.
 */
import { randomUUID } from 'node:crypto';
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';
import { createSymbolStore } from '../../shared/adapters/dynamodb/symbol-store.ts';
import { createLeases } from '../../shared/adapters/valkey/leases.ts';
import { createSymbolWishes } from '../../shared/adapters/valkey/symbol-wishes.ts';
import { makeRefreshSymbols } from '../../shared/usecases/refresh-symbols.ts';
import { loadSymbolsConfig, type SymbolsConfig } from '../compose/config.ts';
import { createLog } from '../compose/log.ts';
import { openValkey } from '../compose/open-valkey.ts';
import { openMarket } from './market.ts';
import { makeRun } from './run.ts';

const clock = { now: () => Date.now() };
const log = createLog('symbols');
const write = (line: string): void => {
  process.stdout.write(line);
};

function compose({ stage, symbolsTable, cache, binance }: SymbolsConfig): () => Promise<void> {
  if (binance === null) {
    return async () => {
      log.debug('NO_EXCHANGE_SERVED');
    };
  }
  const valkey = openValkey(cache, {
    onError: (error) => log.warn('CACHE_CONNECTION', { error: error.message }),
  });
  const { market, budget, clock: venueClock } = openMarket({ binance, stage, valkey, clock, log });
  const refresh = makeRefreshSymbols(
    {
      ...{ market, budget, clock, log },
      store: createSymbolStore({ client: createDynamoClient(), symbolsTable }),
      wishes: createSymbolWishes(valkey, clock.now),
      leases: createLeases(valkey),
      ids: { token: () => randomUUID() },
    },
    { environment: binance.environment },
  );
  return makeRun({ refresh, budget, venueClock, clock, log, stage, write });
}

const run = compose(loadSymbolsConfig(process.env));

export const handler = (): Promise<void> => run();
