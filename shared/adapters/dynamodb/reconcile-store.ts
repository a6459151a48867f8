/**
 * Reconciliation on DynamoDB, in the wallets' table: `reconcile` is where a wallet's last pass left off, `statement#TIME`
 * what each pass found (design sections 13, 14). A pass writes both in one transaction.
 */
import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { ReconcileState } from '../../domain/reconcile/types.ts';
import type { ReconcileStatement, ReconcileStore } from '../../ports/reconcile.ts';
import { integers } from './codec.ts';
import { type Item, key } from './items.ts';
import { getItem, getItems } from './reads.ts';
import { reconcileStates, statements } from './reconcile-entities.ts';
import { type ConditionalPut, transactPut } from './transact.ts';

export interface ReconcileStoreOptions {
  readonly client: DynamoDBClient;
  readonly walletsTable: string;
}

const STATEMENT_PREFIX = 'statement#';
const padded = (at: number): string => String(at).padStart(15, '0');
const stateKey = (walletId: string) => key(walletId, 'reconcile');
const statementKey = (walletId: string, startedAt: number) =>
  key(walletId, `${STATEMENT_PREFIX}${padded(startedAt)}`);

const DAY_MS = 24 * 3_600_000;
/** Days for which a statement is kept: one that found something is looked at later. */
const keptMs = ({ status, counts }: ReconcileStatement): number =>
  status === 'in_agreement' && counts.corrections === 0 ? 7 * DAY_MS : 90 * DAY_MS;

const readState = (item: Item): ReconcileState =>
  reconcileStates.fromItem(item, `reconcile of ${item['pk']?.S}`);
const readStatement = (item: Item): ReconcileStatement =>
  statements.fromItem(item, `statement of ${item['pk']?.S}`);

export function createReconcileStore({ client, walletsTable }: ReconcileStoreOptions): ReconcileStore {
  async function list(walletId: string, limit: number, before: number | null): Promise<readonly Item[]> {
    // The sort key before a time is that of the millisecond before it.
    const last = before === null ? `${STATEMENT_PREFIX}~` : `${STATEMENT_PREFIX}${padded(before - 1)}`;
    const answer = await client.send(
      new QueryCommand({
        TableName: walletsTable,
        ConsistentRead: true,
        ScanIndexForward: false,
        Limit: limit,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
        ExpressionAttributeValues: {
          ':pk': { S: walletId },
          ':first': { S: STATEMENT_PREFIX },
          ':last': { S: last },
        },
      }),
    );
    return answer.Items ?? [];
  }

  return {
    async state(walletId) {
      const item = await getItem(client, walletsTable, stateKey(walletId));
      return item === null ? null : readState(item);
    },
    async states(walletIds) {
      return (await getItems(client, walletsTable, walletIds.map(stateKey))).map(readState);
    },
    async save({ before, after }, statement) {
      const version = (before?.version ?? 0) + 1;
      const puts: ConditionalPut[] = [
        {
          table: walletsTable,
          item: { ...reconcileStates.item({ ...after, version }), ...stateKey(after.walletId) },
          name: `reconcile ${after.walletId}`,
          expects: before === null ? 'new' : { version: before.version },
        },
      ];
      if (statement !== null) {
        const expires = Math.ceil((statement.startedAt + keptMs(statement)) / 1000);
        puts.push({
          table: walletsTable,
          item: {
            ...statements.item(statement),
            ...statementKey(statement.walletId, statement.startedAt),
            expires_at: integers.encode(expires),
          },
          name: `statement ${statement.walletId}`,
          expects: 'any',
        });
      }
      return (await transactPut(client, puts)).outcome === 'done';
    },
    async latest(walletId) {
      const [item] = await list(walletId, 1, null);
      return item === undefined ? null : readStatement(item);
    },
    async statements(walletId, limit, before) {
      return (await list(walletId, limit, before)).map(readStatement);
    },
  };
}
