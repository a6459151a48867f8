/** Webhooks and what became of their deliveries, on DynamoDB. */
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { CHANNELS } from '../../ports/push.ts';
import { DELIVERY_STATUSES, type Delivery, type Webhook, type WebhookStore } from '../../ports/webhooks.ts';
import { integers, lists, nullable, objects, texts, words } from './codec.ts';
import { key, sortText } from './items.ts';
import { collect, getItem, readPageUnder, underKey } from './reads.ts';

export interface WebhookStoreOptions {
  readonly client: DynamoDBClient;
  readonly webhooksTable: string;
  readonly now: () => number;
}

const KEPT_MS = 7 * 24 * 3_600_000;

const webhooks = objects<Webhook>({
  webhookId: texts,
  userId: texts,
  url: texts,
  channels: lists(words(CHANNELS)),
  description: nullable(texts),
  secret: texts,
  createdAt: integers,
});

const deliveries = objects<Delivery>({
  webhookId: texts,
  eventId: texts,
  eventType: texts,
  status: words(DELIVERY_STATUSES),
  attempts: integers,
  httpStatus: nullable(integers),
  error: nullable(texts),
  nextAttemptAt: nullable(integers),
  createdAt: integers,
  updatedAt: integers,
});

const WEBHOOK_PREFIX = 'webhook#';
const DELIVERY_PREFIX = 'delivery#';
const webhookKey = (userId: string, webhookId: string) => key(userId, `${WEBHOOK_PREFIX}${webhookId}`);
const deliveryKey = (webhookId: string, eventId: string) =>
  key(`deliveries#${webhookId}`, `${DELIVERY_PREFIX}${eventId}`);

export function createWebhookStore({ client, webhooksTable, now }: WebhookStoreOptions): WebhookStore {
  const TableName = webhooksTable;
  return {
    async create(webhook) {
      const item = { ...webhooks.item(webhook), ...webhookKey(webhook.userId, webhook.webhookId) };
      const put = new PutItemCommand({
        ...{ TableName, Item: item, ConditionExpression: 'attribute_not_exists(pk)' },
      });
      try {
        await client.send(put);
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
    async get(userId, webhookId) {
      const item = await getItem(client, TableName, webhookKey(userId, webhookId));
      return item === null ? null : webhooks.fromItem(item, `webhook ${webhookId}`);
    },
    async ofUser(userId) {
      const rows = underKey(client, TableName, userId, WEBHOOK_PREFIX);
      const all = await collect(rows, (item) => webhooks.fromItem(item, 'webhook'));
      const place = ({ createdAt, webhookId }: Webhook) => sortText(createdAt, webhookId);
      return all.sort((a, b) => (place(a) < place(b) ? -1 : 1));
    },
    async remove(userId, webhookId) {
      await client.send(new DeleteItemCommand({ TableName, Key: { ...webhookKey(userId, webhookId) } }));
    },
    async delivery(webhookId, eventId) {
      const item = await getItem(client, TableName, deliveryKey(webhookId, eventId));
      return item === null ? null : deliveries.fromItem(item, `delivery to ${webhookId}`);
    },
    async note(delivery) {
      const Item = {
        ...deliveries.item(delivery),
        ...deliveryKey(delivery.webhookId, delivery.eventId),
        expires_at: integers.encode(Math.ceil((now() + KEPT_MS) / 1000)),
      };
      await client.send(new PutItemCommand({ TableName, Item }));
    },
    deliveries: (webhookId, { limit, cursor }) =>
      readPageUnder(client, {
        table: TableName,
        ...{ pk: `deliveries#${webhookId}`, prefix: DELIVERY_PREFIX, limit, cursor },
        read: (item) => deliveries.fromItem(item, `delivery to ${webhookId}`),
      }),
  };
}
