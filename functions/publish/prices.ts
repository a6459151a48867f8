/**
 * Tells connections the prices that they follow (usecases/push/tell-prices), while somebody does. Woken by whoever begins to
 * follow, by itself at the end of a run, and each minute, in case that a wake-up was lost or a run died.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, EventBridgeEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';
import { createConnectionStore } from '../../shared/adapters/dynamodb/connection-store.ts';
import { createConnectionGateway } from '../../shared/adapters/gateway/connections.ts';
import { createSqsClient } from '../../shared/adapters/sqs/client.ts';
import { createPriceWakes, decodePriceWake } from '../../shared/adapters/sqs/price-wakes.ts';
import { createLeases } from '../../shared/adapters/valkey/leases.ts';
import { createPriceCache } from '../../shared/adapters/valkey/price-cache.ts';
import { makeTellPrices } from '../../shared/usecases/push/tell-prices.ts';
import { createLog } from '../compose/log.ts';
import { openValkey } from '../compose/open-valkey.ts';
import { queueWorker } from '../compose/queue-worker.ts';
import { loadPricesConfig } from './config.ts';

const config = loadPricesConfig(process.env);
const log = createLog('prices');
const now = (): number => Date.now();
const valkey = openValkey(config.cache, {
  onError: (error) => log.warn('CACHE_CONNECTION', { error: error.message }),
});

const tellPrices = makeTellPrices({
  connections: createConnectionStore({
    ...{ client: createDynamoClient(), connectionsTable: config.connectionsTable, now },
  }),
  gateway: createConnectionGateway({ ...config.gateway, now }),
  prices: createPriceCache(valkey),
  leases: createLeases(valkey),
  wakes: createPriceWakes(createSqsClient(), config.pricesQueueUrl),
  ...{ clock: { now }, ids: { token: () => randomUUID() }, log, sleep },
});

const work = queueWorker({ log, decode: decodePriceWake, handle: tellPrices });

type Scheduled = EventBridgeEvent<'Scheduled Event', unknown>;

export async function handler(
  event: SQSEvent | Scheduled,
  context: Context,
): Promise<SQSBatchResponse | undefined> {
  if ('Records' in event) return work(event, context);
  await tellPrices();
  return undefined;
}
