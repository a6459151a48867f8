/**
 * DynamoDB Local in memory, on a free port: one of its own, stopped by its handle, or the one that all files of a run
 * share (shared-dynamodb.ts starts it), each with tables of its own.
 *
 * Its tables have the shapes that the deployed ones have (infra/stacks/data-stack.ts), so an index that a
 * reader needs and the template lacks fails here too.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Logs } from '../../infra/local/processes/logs.ts';
import { createAbsent, type DynamoOptions, startDynamo } from '../../infra/local/services/dynamodb.ts';
import { holdsKeysOnly, TABLE_NAMES, TABLE_SHAPES, type TableName } from '../../infra/stacks/data-stack.ts';
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';

export type TableNames = Readonly<Record<TableName, string>>;

export interface DynamoDb {
  readonly endpoint: string;
  readonly client: DynamoDBClient;
  /** Makes a fresh set of all tables; each call's names are its own. */
  createTables(): Promise<TableNames>;
  stop(): Promise<void>;
}

const java = spawnSync('java', ['-version'], { timeout: 20_000 });

/** Why DynamoDB Local cannot run here; null when it can. */
export const dynamoDbMissing: string | null =
  java.status === 0 ? null : 'DynamoDB Local needs Java 17 or newer on the PATH: these tests did not run';

if (dynamoDbMissing !== null) console.warn(dynamoDbMissing);

/** One of its own, for what no other may be beside. */
export async function startDynamoDb(options: Pick<DynamoOptions, 'lasting'> = {}): Promise<DynamoDb> {
  const folder = mkdtempSync(join(tmpdir(), 'moniqo-dynamodb-'));
  const logs = new Logs({ directory: folder, verbose: false, show: (line) => console.warn(line) });
  // Under the laptop runner's supervisor: it goes when this process goes, however that happens.
  const { endpoint, program } = await startDynamo(logs, options);
  const handle = openDynamoDb(endpoint);
  return {
    ...handle,
    stop: async () => {
      await handle.stop();
      await program.stop(0);
      await logs.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A way to one that runs; `stop` closes the way alone. */
export function openDynamoDb(endpoint: string): DynamoDb {
  const client = createDynamoClient({
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const own = randomBytes(6).toString('hex');
  let sets = 0;
  return {
    endpoint,
    client,
    stop: async () => client.destroy(),
    async createTables() {
      sets += 1;
      const names = Object.fromEntries(TABLE_NAMES.map((name) => [name, `${name}-${own}-${sets}`]));
      const tables = names as Record<TableName, string>; // one entry for each of TABLE_NAMES
      for (const name of TABLE_NAMES) await createTable(client, tables[name], name);
      return tables;
    },
  };
}

async function createTable(client: DynamoDBClient, tableName: string, shapeName: TableName): Promise<void> {
  const shape = TABLE_SHAPES[shapeName];
  const { key, indexes } = shape;
  const types = new Map<string, 'S' | 'N'>();
  const schema = (pair: readonly string[]) =>
    pair.map((declaration, position) => {
      const [name = '', type] = declaration.split(':');
      types.set(name, type === 'N' ? 'N' : 'S');
      return { AttributeName: name, KeyType: position === 0 ? ('HASH' as const) : ('RANGE' as const) };
    });
  const KeySchema = schema(key);
  const secondary = Object.entries<readonly string[]>(indexes).map(([IndexName, pair]) => ({
    IndexName,
    KeySchema: schema(pair),
    Projection: {
      ProjectionType: holdsKeysOnly(shape, IndexName) ? ('KEYS_ONLY' as const) : ('ALL' as const),
    },
  }));
  await createAbsent(client, {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema,
    AttributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    ...(secondary.length === 0 ? {} : { GlobalSecondaryIndexes: secondary }),
  });
}
