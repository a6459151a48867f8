/** What lies under one key, read in one call: an order with its fills, a position with its actions. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Fill, Order, Position, PositionAction } from '../../domain/types.ts';
import { fills } from './common-entities.ts';
import { ACTION_PREFIX, FILL_PREFIX, type Item, orderKey, positionKey } from './items.ts';
import { orders } from './order-entity.ts';
import { actions, positions } from './position-entity.ts';
import { collect, queryAll } from './reads.ts';

const byTradeId = new Intl.Collator('en', { numeric: true });

/** Oldest first; trades of one instant by their running number. */
export const inOrder = (a: Fill, b: Fill): number => a.at - b.at || byTradeId.compare(a.tradeId, b.tradeId);

/** Strongly consistent: the items of a key from the first of a prefix to the one that the key is about. */
const upTo = (
  client: DynamoDBClient,
  table: string,
  { pk, sk }: ReturnType<typeof orderKey>,
  prefix: string,
): Promise<readonly Item[]> =>
  collect(
    queryAll(client, {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :prefix AND :sk',
      ExpressionAttributeValues: { ':pk': pk, ':prefix': { S: prefix }, ':sk': sk },
    }),
    (item) => item,
  );

/** The item itself, and those of the prefix; others that lie between (calls under a key of their own) are left out. */
const sorted = (items: readonly Item[], prefix: string, sk: string) => ({
  own: items.find((item) => item['sk']?.S === sk) ?? null,
  parts: items.filter((item) => item['sk']?.S?.startsWith(prefix) === true),
});

/** Null when there is no such order. */
export async function readOrderWithFills(
  client: DynamoDBClient,
  table: string,
  orderId: string,
): Promise<{ readonly order: Order; readonly fills: readonly Fill[] } | null> {
  const key = orderKey(orderId);
  const { own, parts } = sorted(await upTo(client, table, key, FILL_PREFIX), FILL_PREFIX, key.sk.S);
  if (own === null) return null;
  const booked = parts.map((item) => fills.fromItem(item, `fill of ${orderId}`));
  return { order: orders.fromItem(own, `order ${orderId}`), fills: booked.sort(inOrder) };
}

/** Null when there is no such position. */
export async function readPositionWithActions(
  client: DynamoDBClient,
  table: string,
  positionId: string,
): Promise<{ readonly position: Position; readonly actions: readonly PositionAction[] } | null> {
  const key = positionKey(positionId);
  const { own, parts } = sorted(await upTo(client, table, key, ACTION_PREFIX), ACTION_PREFIX, key.sk.S);
  if (own === null) return null;
  return {
    position: positions.fromItem(own, `position ${positionId}`),
    actions: parts.map((item) => actions.fromItem(item, `action of ${positionId}`)),
  };
}
