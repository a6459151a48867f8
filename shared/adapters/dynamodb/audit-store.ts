/** The audit record on DynamoDB: by user in time order, deleted by the table after so many days (design section 14). */
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { AuditRecord, AuditStore } from '../../ports/audit.ts';
import { integers, lists, nullable, objects, texts } from './codec.ts';
import { type Item, key, sortText } from './items.ts';
import { readPageUnder } from './reads.ts';

interface Named {
  readonly name: string;
  readonly id: string;
}

type Kept = Omit<AuditRecord, 'ids'> & { readonly ids: readonly Named[] };

const records = objects<Kept>({
  userId: texts,
  clientId: nullable(texts),
  at: integers,
  requestId: texts,
  operation: texts,
  ids: lists(objects<Named>({ name: texts, id: texts })),
  status: integers,
  code: nullable(texts),
});

const PREFIX = 'call#';
const DAY_SECONDS = 86_400;

const read = (item: Item): AuditRecord => {
  const { ids, ...facts } = records.fromItem(item, `audit of ${item['pk']?.S}`);
  return { ...facts, ids: Object.fromEntries(ids.map(({ name, id }) => [name, id])) };
};

export interface AuditStoreOptions {
  readonly client: DynamoDBClient;
  readonly auditTable: string;
  /** How long a record is kept. */
  readonly days: number;
}

export function createAuditStore({ client, auditTable, days }: AuditStoreOptions): AuditStore {
  return {
    async add({ ids, ...facts }) {
      const named = Object.entries(ids).map(([name, id]) => ({ name, id }));
      const item = {
        ...records.item({ ...facts, ids: named }),
        ...key(facts.userId, `${PREFIX}${sortText(facts.at, facts.requestId)}`),
        expires_at: integers.encode(Math.floor(facts.at / 1_000) + days * DAY_SECONDS),
      };
      await client.send(new PutItemCommand({ TableName: auditTable, Item: item }));
    },

    ofUser: (userId, { limit, cursor }) =>
      readPageUnder(client, { table: auditTable, pk: userId, prefix: PREFIX, limit, cursor, read }),
  };
}
