/** Reading: whole queries, batches of keys, and pages that are never short because of a filter. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Page, SpanQuery, Told, ToldQuery } from '../../ports/ledger.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type Item, type Key, sortText } from './items.ts';
import { pauseMs } from './transact.ts';

export async function getItem(
  client: DynamoDBClient,
  table: string,
  itemKey: Readonly<Item>,
): Promise<Item | null> {
  const answer = await client.send(
    new GetItemCommand({ TableName: table, Key: { ...itemKey }, ConsistentRead: true }),
  );
  return answer.Item ?? null;
}

const projecting = (attributes: string | undefined) =>
  attributes === undefined ? {} : { ProjectionExpression: attributes };

/** DynamoDB's limit per call. */
const BATCH = 100;
const MAX_TRIES = 6;

/**
 * Strongly consistent; missing items are left out, the order of the answer is not that of the keys. `attributes`: what
 * of them is answered, comma-separated; none = all.
 */
export async function getItems(
  client: DynamoDBClient,
  table: string,
  keys: readonly Key[],
  attributes?: string,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  const unique = [...new Map(keys.map((k) => [`${k.pk.S}\n${k.sk.S}`, k])).values()];
  for (let start = 0; start < unique.length; start += BATCH) {
    let wanted: Item[] = unique.slice(start, start + BATCH).map((k) => ({ ...k }));
    for (let attempt = 1; wanted.length > 0; attempt++) {
      if (attempt > MAX_TRIES) throw new Error(`${table}: ${wanted.length} items were not answered`);
      if (attempt > 1) await sleep(pauseMs(attempt));
      const answer = await client.send(
        new BatchGetItemCommand({
          RequestItems: {
            [table]: { Keys: wanted, ConsistentRead: true, ...projecting(attributes) },
          },
        }),
      );
      items.push(...(answer.Responses?.[table] ?? []));
      wanted = answer.UnprocessedKeys?.[table]?.Keys ?? [];
    }
  }
  return items;
}

/** Every item of a query, page after page. */
export async function* queryAll(client: DynamoDBClient, input: QueryCommandInput): AsyncGenerator<Item> {
  let from: Item | undefined;
  do {
    const answer = await client.send(
      new QueryCommand({ ...input, ...(from === undefined ? {} : { ExclusiveStartKey: from }) }),
    );
    yield* answer.Items ?? [];
    from = answer.LastEvaluatedKey;
  } while (from !== undefined);
}

/** One page of a query: what DynamoDB answers at once, at most `Limit`. */
export async function queryPage(client: DynamoDBClient, input: QueryCommandInput): Promise<readonly Item[]> {
  return (await client.send(new QueryCommand(input))).Items ?? [];
}

/** How many there are, page after page, without reading them. */
export async function countAll(client: DynamoDBClient, input: QueryCommandInput): Promise<number> {
  let count = 0;
  let from: Item | undefined;
  do {
    const more = from === undefined ? {} : { ExclusiveStartKey: from };
    const answer = await client.send(new QueryCommand({ ...input, ...more, Select: 'COUNT' }));
    count += answer.Count ?? 0;
    from = answer.LastEvaluatedKey;
  } while (from !== undefined);
  return count;
}

export async function collect<T, U>(rows: AsyncIterable<T>, read: (row: T) => U): Promise<U[]> {
  const found: U[] = [];
  for await (const row of rows) found.push(read(row));
  return found;
}

/** All items under one partition key whose sort keys begin with `prefix`; strongly consistent. `attributes` as above. */
export const underKey = (
  client: DynamoDBClient,
  table: string,
  pk: string,
  prefix: string,
  attributes?: string,
) =>
  queryAll(client, {
    ...projecting(attributes),
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':pk': { S: pk }, ':prefix': { S: prefix } },
  });

interface Span {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** After every time that a sort key can hold. */
const LAST_SORT = '~';

/** What a list's cursors belong to: a place outside of its bounds is no place to go on from. */
export const listScope = (list: string, { from, to }: Span = {}): string =>
  from === undefined && to === undefined ? list : `${list}/${from ?? ''}-${to ?? ''}`;

export interface ListRequest<T> {
  readonly table: string;
  readonly index: string;
  /** The index's partition attribute and its value. */
  readonly by: string;
  readonly value: string;
  /** The sort key that all items of this list have in the table itself. */
  readonly sk: string;
  readonly limit: number;
  readonly cursor: string | null;
  /** Attribute -> the values that pass; none = everything passes. */
  readonly filters: Readonly<Record<string, readonly string[] | undefined>>;
  /** Made at or after `from` and before `to`, epoch ms. */
  readonly span?: Span;
  readonly read: (item: Item) => T;
}

function filterExpression(filters: ListRequest<unknown>['filters']): {
  text: string | null;
  names: Record<string, string>;
  values: Item;
} {
  const parts: string[] = [];
  const names: Record<string, string> = {};
  const values: Item = {};
  Object.entries(filters).forEach(([attribute, allowed], f) => {
    if (allowed === undefined) return;
    names[`#f${f}`] = attribute;
    const placeholders = allowed.map((value, v) => {
      values[`:f${f}v${v}`] = { S: value };
      return `:f${f}v${v}`;
    });
    parts.push(`#f${f} IN (${placeholders.join(', ')})`);
  });
  return { text: parts.length === 0 ? null : parts.join(' AND '), names, values };
}

/**
 * One page of a user's list, newest first. A filter does not make it short: pages are read until the limit is
 * reached or the list ends. Throws BadCursorError for a cursor that this list did not give.
 */
export async function readPage<T>(client: DynamoDBClient, request: ListRequest<T>): Promise<Page<T>> {
  const { table, index, by, value, sk, limit, cursor, span = {} } = request;
  const scope = listScope(`${table}/${index}/${value}`, span);
  const from = cursor === null ? null : decodeCursor(scope, cursor);
  const low = sortText(Math.max(span.from ?? 0, 0), '');
  const high = span.to === undefined ? LAST_SORT : sortText(Math.max(span.to, 0), '');
  if (low >= high || Object.values(request.filters).some((allowed) => allowed?.length === 0)) {
    return { items: [], cursor: null };
  }
  const filter = filterExpression(request.filters);
  const rows = queryAll(client, {
    TableName: table,
    IndexName: index,
    ScanIndexForward: false,
    // One more than asked tells whether there is a next page; a filter reads wider to save round trips.
    Limit: filter.text === null ? limit + 1 : Math.max(limit + 1, 100),
    KeyConditionExpression: '#by = :by AND #sort BETWEEN :low AND :high',
    ExpressionAttributeNames: { '#by': by, '#sort': 'sort', ...filter.names },
    ExpressionAttributeValues: {
      ':by': { S: value },
      ':low': { S: low },
      ':high': { S: high },
      ...filter.values,
    },
    ...(filter.text === null ? {} : { FilterExpression: filter.text }),
    ...(from === null
      ? {}
      : {
          ExclusiveStartKey: {
            pk: { S: from.pk },
            sk: { S: sk },
            [by]: { S: value },
            sort: { S: from.sort },
          },
        }),
  });
  const found: Item[] = [];
  for await (const item of rows) {
    if (found.length === limit) return { items: found.map(request.read), cursor: cursorAfter(scope, found) };
    found.push(item);
  }
  return { items: found.map(request.read), cursor: null };
}

function cursorAfter(scope: string, given: readonly Item[]): string | null {
  const last = given.at(-1);
  if (last?.['pk']?.S === undefined || last['sort']?.S === undefined) return null;
  return encodeCursor(scope, { pk: last['pk'].S, sort: last['sort'].S });
}

/**
 * One page of the items under one partition key whose sort keys begin with `prefix`: backwards, so the newest first
 * where the sort key begins with the time; strongly consistent. Throws BadCursorError for a foreign cursor.
 */
export async function readPageUnder<T>(
  client: DynamoDBClient,
  request: SpanQuery & {
    readonly table: string;
    readonly pk: string;
    readonly prefix: string;
    readonly read: (item: Item) => T;
  },
): Promise<Page<T>> {
  const { table, pk, prefix, limit, cursor, read } = request;
  const scope = listScope(`${table}/${prefix}/${pk}`, request);
  const from = cursor === null ? null : decodeCursor(scope, cursor);
  const rows = queryAll(client, {
    TableName: table,
    ConsistentRead: true,
    ScanIndexForward: false,
    Limit: limit + 1,
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
    ExpressionAttributeValues: {
      ':pk': { S: pk },
      ':first': { S: request.from === undefined ? prefix : `${prefix}${sortText(request.from, '')}` },
      // Before a time: up to the end of the millisecond before it.
      ':last': {
        S: `${prefix}${request.to === undefined ? '' : sortText(request.to - 1, '')}${LAST_SORT}`,
      },
    },
    ...(from === null ? {} : { ExclusiveStartKey: { pk: { S: pk }, sk: { S: from.sort } } }),
  });
  const found: Item[] = [];
  for await (const item of rows) {
    if (found.length === limit) {
      const last = found.at(-1)?.['sk']?.S;
      return {
        items: found.map(read),
        cursor: last === undefined ? null : encodeCursor(scope, { pk, sort: last }),
      };
    }
    found.push(item);
  }
  return { items: found.map(read), cursor: null };
}

/** Items under one partition key whose sort keys are `prefix`, then a time, then a name; strongly consistent. */
export async function readTold<T>(
  client: DynamoDBClient,
  request: ToldQuery & {
    readonly table: string;
    readonly pk: string;
    readonly prefix: string;
    readonly read: (item: Item) => T;
  },
): Promise<readonly Told<T>[]> {
  const { table, pk, prefix, from, to, after, limit, read } = request;
  if (from >= to || limit === 0) return [];
  const first = sortText(from, '');
  // Nothing sorts between a key and itself with a space behind it.
  const low = after !== null && after >= first ? `${after} ` : first;
  const high = sortText(to, '');
  if (low > high) return [];
  const rows = queryAll(client, {
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :low AND :high',
    ExpressionAttributeValues: {
      ':pk': { S: pk },
      ':low': { S: `${prefix}${low}` },
      ':high': { S: `${prefix}${high}` },
    },
    ...(limit !== null && { Limit: limit }),
  });
  const found: Told<T>[] = [];
  for await (const item of rows) {
    found.push({ key: item['sk']?.S?.slice(prefix.length) ?? '', item: read(item) });
    if (found.length === limit) break;
  }
  return found;
}
