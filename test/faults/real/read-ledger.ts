/** The whole ledger after a run: through the API, and from the tables what the API does not show. */
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { LOCAL_CREDENTIALS } from '../../../infra/local/services/dynamodb.ts';
import { sqsClient } from '../../../infra/local/services/sqs.ts';
import type { RunningSystem } from '../../../infra/local/system.ts';
import { REGION } from '../../../infra/local/template/intrinsics.ts';
import { noteOf } from '../../../shared/adapters/sqs/dead-letters.ts';
import type { OrderView } from '../../../shared/usecases/views/order-view.ts';
import type { PositionView } from '../../../shared/usecases/views/position-view.ts';
import type { StubbornClient } from './client.ts';
import type { Letter } from './letters.ts';

const AT_ONCE = 4;

export interface Ledger {
  /** With their fills. */
  readonly orders: readonly OrderView[];
  readonly positions: readonly PositionView[];
}

/** Every order with its fills, every position. */
export async function readLedger(client: StubbornClient): Promise<Ledger> {
  const listed = await client.all<OrderView>('/orders');
  const positions = await client.all<PositionView>('/positions');
  const orders: OrderView[] = [];
  for (let at = 0; at < listed.length; at += AT_ONCE) {
    const some = listed.slice(at, at + AT_ONCE);
    orders.push(
      ...(await Promise.all(some.map(({ order_id: id }) => client.read<OrderView>(`/orders/${id}`)))),
    );
  }
  return { orders, positions };
}

export interface Stored {
  /** Fills by order id. */
  readonly fills: ReadonlyMap<string, number>;
  readonly orderIds: ReadonlySet<string>;
  /** Orders and positions that owe something, and since when. */
  readonly owed: readonly string[];
  /** Items of the two tables that are of no kind known here: news of orders that nobody knows, for instance. */
  readonly others: readonly string[];
}

/** Beside orders and fills: positions, their timelines, and calls by their key (docs/tables.md). */
const KINDS = /^(position$|action#|key#)/;

/** What the tables of orders and positions hold. */
export async function readTables(system: RunningSystem): Promise<Stored> {
  const client = new DynamoDBClient({
    endpoint: system.dynamoEndpoint,
    region: REGION,
    credentials: LOCAL_CREDENTIALS,
  });
  const fills = new Map<string, number>();
  const orderIds = new Set<string>();
  const owed: string[] = [];
  const others: string[] = [];
  try {
    for (const name of ['orders', 'positions']) {
      const TableName = system.tableNames[name];
      if (TableName === undefined) throw new Error(`there is no table ${name}`);
      for await (const { Items = [] } of paginateScan({ client }, { TableName, ConsistentRead: true })) {
        for (const item of Items) {
          const [pk, sk] = [item['pk']?.S ?? '', item['sk']?.S ?? ''];
          const dueAt = item['due_at']?.N;
          if (dueAt !== undefined) owed.push(`${sk} ${pk} (${item['status']?.S}) since ${dueAt}`);
          if (sk === 'order') orderIds.add(pk);
          else if (sk.startsWith('fill#')) fills.set(pk, (fills.get(pk) ?? 0) + 1);
          else if (!KINDS.test(sk)) others.push(`${name}: ${pk} ${sk}`);
        }
      }
    }
  } finally {
    client.destroy();
  }
  return { fills, orderIds, owed, others };
}

/** Comparisons and sweeps go on for ever: what they are for is looked at by itself. */
const WORK_QUEUES = ['submit', 'exits', 'executions'];
const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

async function withQueues<T>(system: RunningSystem, work: (client: SQSClient) => Promise<T>): Promise<T> {
  const client = sqsClient(system.sqsEndpoint);
  try {
    return await work(client);
  } finally {
    client.destroy();
  }
}

/** Messages that wait or are being worked on, by queue. */
export const waitingWork = (system: RunningSystem): Promise<Readonly<Record<string, number>>> =>
  withQueues(system, async (client) => {
    const counts: Record<string, number> = {};
    for (const name of WORK_QUEUES) {
      const QueueUrl = system.queueUrls[name];
      if (QueueUrl === undefined) throw new Error(`there is no queue ${name}`);
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...COUNTS] }),
      );
      const count = COUNTS.reduce((all, one) => all + Number.parseInt(Attributes[one] ?? '0', 10), 0); // not money: a count
      if (count > 0) counts[name] = count;
    }
    return counts;
  });

/** What was given up: up to ten messages of each dead-letter queue. */
export const deadLetters = (system: RunningSystem): Promise<readonly Letter[]> =>
  withQueues(system, async (client) => {
    const arns = new Set(system.declared.queues.map(({ deadLetterArn }) => deadLetterArn));
    const queues = system.declared.queues.filter(({ arn }) => arns.has(arn));
    if (queues.length === 0) throw new Error('no dead-letter queue is declared');
    const found: Letter[] = [];
    for (const { url, shortName } of queues) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: url,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: 0,
          MessageAttributeNames: ['All'],
        }),
      );
      for (const message of Messages) {
        found.push({ queue: shortName, body: message.Body ?? '', reason: noteOf(message)?.reason ?? null });
      }
    }
    return found;
  });
