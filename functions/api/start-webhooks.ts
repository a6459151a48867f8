/** The API's part of webhooks, over its own table and queue. */
import { randomBytes } from 'node:crypto';
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';
import { createWebhookStore } from '../../shared/adapters/dynamodb/webhook-store.ts';
import { createSqsClient } from '../../shared/adapters/sqs/client.ts';
import { createWebhookQueue } from '../../shared/adapters/sqs/webhook-queue.ts';
import { checkTarget } from '../../shared/adapters/webhooks/targets.ts';
import type { Ports } from '../../shared/usecases/ports.ts';
import { makeWebhooks, type Webhooks } from '../../shared/usecases/push/webhooks.ts';
import { loadWebhooksConfig } from '../publish/config.ts';

/** Marks it as a secret of ours wherever it turns up. */
const newSecret = (): string => `whsec_${randomBytes(32).toString('base64url')}`;

/** @throws ConfigError naming every variable that is wrong */
export function startWebhooks(
  { clock, ids }: Pick<Ports, 'clock' | 'ids'>,
  env: NodeJS.ProcessEnv = process.env,
): Webhooks {
  const { webhooksTable, webhooksQueueUrl, targets } = loadWebhooksConfig(env);
  return makeWebhooks({
    webhooks: createWebhookStore({ client: createDynamoClient(), webhooksTable, now: clock.now }),
    queue: createWebhookQueue(createSqsClient(), webhooksQueueUrl),
    checkUrl: (url) => checkTarget(url, targets),
    newSecret,
    ids,
    clock,
  });
}
