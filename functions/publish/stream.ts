/** Streams of orders and positions become their users' events (usecases/push). */
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';
import { createLedger } from '../../shared/adapters/dynamodb/ledger.ts';
import { createWebhookStore } from '../../shared/adapters/dynamodb/webhook-store.ts';
import { createSqsClient } from '../../shared/adapters/sqs/client.ts';
import { createWebhookQueue } from '../../shared/adapters/sqs/webhook-queue.ts';
import { makeAskDeliveries } from '../../shared/usecases/push/ask-deliveries.ts';
import { makePublishChanges } from '../../shared/usecases/push/publish-changes.ts';
import { createLog } from '../compose/log.ts';
import { changeOf } from './changes.ts';
import { loadPublishConfig } from './config.ts';
import { streamWorker } from './stream-batch.ts';
import { tellPorts, withTell } from './wire.ts';

const config = loadPublishConfig(process.env);
const { tables } = config;
const log = createLog('publish');
const client = createDynamoClient();
const ports = withTell(tellPorts(client, config, log));
const ledger = createLedger({
  client,
  ordersTable: tables.orders,
  positionsTable: tables.positions,
  walletsTable: null,
  // Nothing is written.
  sweepShards: 1,
});

export const handler = streamWorker({
  log,
  changeOf,
  publish: makePublishChanges({
    ...ports,
    ledger,
    toWebhooks: makeAskDeliveries({
      webhooks: createWebhookStore({ client, webhooksTable: tables.webhooks, now: ports.clock.now }),
      queue: createWebhookQueue(createSqsClient(), config.webhooksQueueUrl),
      clock: ports.clock,
    }),
  }),
});
