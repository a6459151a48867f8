/** What is owed: the sparse, sharded due index over orders and positions (design section 14). */
import { randomUUID } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DueItem, Ledger } from '../../ports/ledger.ts';
import { integers } from './codec.ts';
import { orderKey, positionKey } from './items.ts';
import { queryAll } from './reads.ts';

export interface DueIndexOptions {
  readonly client: DynamoDBClient;
  readonly ordersTable: string;
  readonly positionsTable: string;
}

export function createDueIndex({
  client,
  ordersTable,
  positionsTable,
}: DueIndexOptions): Pick<Ledger, 'due' | 'moveDue'> {
  const dueOf = async (
    kind: DueItem['kind'],
    shard: number,
    now: number,
    limit: number,
  ): Promise<DueItem[]> => {
    const found: DueItem[] = [];
    const rows = queryAll(client, {
      TableName: kind === 'order' ? ordersTable : positionsTable,
      IndexName: 'due',
      Limit: limit,
      KeyConditionExpression: 'due_shard = :shard AND due_at <= :now',
      ExpressionAttributeValues: { ':shard': { S: String(shard) }, ':now': integers.encode(now) },
      ProjectionExpression: 'pk, due_at',
    });
    for await (const item of rows) {
      const { pk, due_at: dueAt } = item;
      if (pk?.S === undefined || dueAt === undefined) continue; // an index row without its own keys cannot be
      found.push({ kind, id: pk.S, dueAt: integers.decode(dueAt, `due_at of ${pk.S}`) });
      if (found.length === limit) break;
    }
    return found;
  };
  return {
    async due(shard, now, limit) {
      const both = await Promise.all([
        dueOf('order', shard, now, limit),
        dueOf('position', shard, now, limit),
      ]);
      return both
        .flat()
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(0, limit);
    },
    /**
     * Leaves `version` alone: moving the time on is no change that a writer has to see, and a writer that read
     * the item before sets its due time anew anyway. Each mover leaves its own mark, so that a lost reply is
     * not taken for somebody else's move.
     */
    async moveDue(item, to) {
      const mark = randomUUID();
      try {
        await client.send(
          new UpdateItemCommand({
            TableName: item.kind === 'order' ? ordersTable : positionsTable,
            Key: { ...(item.kind === 'order' ? orderKey(item.id) : positionKey(item.id)) },
            ConditionExpression: 'due_at = :from',
            UpdateExpression: 'SET due_at = :to, dueAt = :to, due_moved_by = :mark ADD dueTries :one',
            ExpressionAttributeValues: {
              ':from': integers.encode(item.dueAt),
              ':to': integers.encode(to),
              ':mark': { S: mark },
              ':one': { N: '1' },
            },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return true;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return error.Item?.['due_moved_by']?.S === mark;
      }
    },
  };
}
