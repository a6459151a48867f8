/** What is due of wallets: their own items, and their risk items, each kind in shards of its own (design section 14). */
import { randomUUID } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionConflictException,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DueWallet } from '../../ports/ledger.ts';
import { integers } from './codec.ts';
import type { Key } from './items.ts';
import { queryAll } from './reads.ts';

/** What is due in this shard by `now`, the longest due first, at most `limit`. */
export async function dueIn(
  client: DynamoDBClient,
  walletsTable: string,
  { shard, now, limit }: { readonly shard: string; readonly now: number; readonly limit: number },
): Promise<readonly DueWallet[]> {
  const found: DueWallet[] = [];
  const rows = queryAll(client, {
    TableName: walletsTable,
    IndexName: 'due',
    Limit: limit,
    KeyConditionExpression: 'due_shard = :shard AND due_at <= :now',
    ExpressionAttributeValues: { ':shard': { S: shard }, ':now': integers.encode(now) },
    ProjectionExpression: 'pk, due_at',
  });
  for await (const { pk, due_at: dueAt } of rows) {
    if (pk?.S === undefined || dueAt === undefined) continue; // an index row without its own keys cannot be
    found.push({ walletId: pk.S, dueAt: integers.decode(dueAt, `due_at of ${pk.S}`) });
    if (found.length === limit) break;
  }
  return found;
}

/** Leaves the version alone, as for orders: whoever writes the item sets the due time anew anyway. */
export async function moveDueTime(
  client: DynamoDBClient,
  walletsTable: string,
  { key, from, to }: { readonly key: Key; readonly from: number; readonly to: number },
): Promise<boolean> {
  const mark = randomUUID();
  try {
    await client.send(
      new UpdateItemCommand({
        TableName: walletsTable,
        Key: { ...key },
        ConditionExpression: 'due_at = :from',
        UpdateExpression: 'SET due_at = :to, due_moved_by = :mark',
        ExpressionAttributeValues: {
          ':from': integers.encode(from),
          ':to': integers.encode(to),
          ':mark': { S: mark },
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return true;
  } catch (error) {
    // An entry's claim, or a commit, is at the item this moment: the next sweep moves it on.
    if (error instanceof TransactionConflictException) return false;
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return error.Item?.['due_moved_by']?.S === mark; // an earlier try of this call whose reply was lost
  }
}
