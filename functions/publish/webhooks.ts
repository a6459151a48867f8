/** Tells webhooks of events, one attempt per message (usecases/push/deliver-webhook). */
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';
import { createWebhookStore } from '../../shared/adapters/dynamodb/webhook-store.ts';
import { createSqsClient } from '../../shared/adapters/sqs/client.ts';
import { createWebhookQueue, decodeWebhook } from '../../shared/adapters/sqs/webhook-queue.ts';
import { createWebhookSender } from '../../shared/adapters/webhooks/sender.ts';
import { DeliveryGivenUpError, makeDeliverWebhook } from '../../shared/usecases/push/deliver-webhook.ts';
import { createLog } from '../compose/log.ts';
import { queueWorker } from '../compose/queue-worker.ts';
import { loadWebhooksConfig } from './config.ts';

const config = loadWebhooksConfig(process.env);
const log = createLog('webhooks');
const now = (): number => Date.now();

const deliver = makeDeliverWebhook({
  webhooks: createWebhookStore({ client: createDynamoClient(), webhooksTable: config.webhooksTable, now }),
  queue: createWebhookQueue(createSqsClient(), config.webhooksQueueUrl),
  sender: createWebhookSender({ policy: config.targets }),
  clock: { now },
  log,
});

export const handler = queueWorker({
  log,
  decode: decodeWebhook,
  handle: deliver,
  // Its attempts are over; a redrive makes one more.
  hopeless: (error) => (error instanceof DeliveryGivenUpError ? 'failed' : null),
});
