/**
 * What lies beside the tape's own minutes, each under a key of its own, so that a rebuild and a position's figures,
 * which read the symbol's own key, can never meet it: quarters of an hour (`quarters#SYMBOL`, 90 days), and what
 * another source told (`history#SYMBOL`, `history15#SYMBOL`).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchWriteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Bar } from '../../domain/triggers/types.ts';
import type { FilledLength, FilledRow, TapeHistory, TapeQuarter, TapeQuarters } from '../../ports/tape.ts';
import { prices, units } from './bar-codec.ts';
import { integers, nullable, objects, texts, words } from './codec.ts';
import type { Item } from './items.ts';
import { collect, getItem, queryAll } from './reads.ts';
import { pauseMs } from './transact.ts';

type Quarter = Omit<TapeQuarter, 'from' | 'open'> & { readonly open: Bar['low'] | null };
const quarters = objects<Quarter>({
  open: nullable(prices),
  low: prices,
  high: prices,
  close: prices,
  firstTick: integers,
  lastTick: integers,
  count: integers,
  minutes: integers,
  firstMinute: integers,
  lastMinute: integers,
});

const rows = objects<Omit<FilledRow, 'minute' | 'length'>>({
  minutes: integers,
  firstMinute: integers,
  lastMinute: integers,
  source: words(['polygon']),
  ticker: texts,
  open: units,
  high: units,
  low: units,
  close: units,
  count: nullable(integers),
});

/** DynamoDB's limit per call. */
const BATCH = 25;
/** All rows of a symbol are one partition's, which takes 1,000 a second: half of that, so that others have room. */
const BATCH_EACH_MS = 50;
const MAX_TRIES = 8;
/** Where the note lies of when a symbol was filled: before every minute. */
const NOTE = -1;
const MINUTES_PER_DAY = 24 * 60;
const QUARTERS_KEEP_DAYS = 90;
const NAME = { 1: 'history', 15: 'history15' } as const;

export interface HistoryOptions {
  readonly client: DynamoDBClient;
  readonly priceTapeTable: string;
  readonly keepDays: number;
}

export function createHistory({
  client,
  priceTapeTable,
  keepDays,
}: HistoryOptions): TapeHistory & TapeQuarters {
  const keysOf = (name: string, symbol: string, sk: number) => ({
    pk: { S: `${name}#${symbol}` },
    sk: integers.encode(sk),
  });
  const keys = (symbol: string, sk: number, length: FilledLength = 1) => keysOf(NAME[length], symbol, sk);
  const quarterKeys = (symbol: string, sk: number) => keysOf('quarters', symbol, sk);
  const expiry = (minute: number, days = keepDays): Item => ({
    expires_at: integers.encode((minute + days * MINUTES_PER_DAY) * 60),
  });

  const range = (key: Item, fromMinute: number, toMinute: number) =>
    queryAll(client, {
      TableName: priceTapeTable,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: {
        ':pk': key['pk'] ?? { NULL: true },
        ':from': integers.encode(Math.max(0, fromMinute)),
        ':to': integers.encode(toMinute - 1),
      },
    });

  const write = async (symbol: string, items: readonly Item[]): Promise<void> => {
    let left = items.map((item) => ({ PutRequest: { Item: item } }));
    for (let attempt = 1; left.length > 0; attempt++) {
      if (attempt > MAX_TRIES) throw new Error(`history of ${symbol}: ${left.length} rows were not taken`);
      if (attempt > 1) await sleep(pauseMs(attempt));
      const answer = await client.send(
        new BatchWriteItemCommand({ RequestItems: { [priceTapeTable]: left } }),
      );
      left = (answer.UnprocessedItems?.[priceTapeTable] ?? []).flatMap(({ PutRequest }) =>
        PutRequest?.Item === undefined ? [] : [{ PutRequest: { Item: PutRequest.Item } }],
      );
    }
  };

  return {
    async fill(symbol, filled) {
      const items = filled.map(
        ({ minute, length, ...row }): Item => ({
          ...rows.item(row),
          ...keys(symbol, minute, length),
          ...expiry(minute),
        }),
      );
      for (let start = 0; start < items.length; start += BATCH) {
        if (start > 0) await sleep(BATCH_EACH_MS);
        await write(symbol, items.slice(start, start + BATCH));
      }
    },
    filled(symbol, length, fromMinute, toMinute) {
      if (toMinute <= fromMinute) return Promise.resolve([]);
      return collect(range(keys(symbol, 0, length), fromMinute, toMinute), (item) => ({
        ...rows.fromItem(item, `history of ${symbol}`),
        minute: integers.decode(item['sk'] ?? { NULL: true }, `history of ${symbol}.sk`),
        length,
      }));
    },
    async putQuarter(symbol, { from, open = null, ...row }) {
      const Item = {
        ...quarters.item({ ...row, open }),
        ...quarterKeys(symbol, from),
        ...expiry(from, QUARTERS_KEEP_DAYS),
      };
      await client.send(new PutItemCommand({ TableName: priceTapeTable, Item }));
    },
    quarters(symbol, fromMinute, toMinute) {
      if (toMinute <= fromMinute) return Promise.resolve([]);
      return collect(range(quarterKeys(symbol, 0), fromMinute, toMinute), (item) => {
        const { open, ...row } = quarters.fromItem(item, `quarter of ${symbol}`);
        const from = integers.decode(item['sk'] ?? { NULL: true }, `quarter of ${symbol}.sk`);
        return { ...row, ...(open !== null && { open }), from };
      });
    },
    async newestQuarter(symbol) {
      const newest = queryAll(client, {
        TableName: priceTapeTable,
        ConsistentRead: true,
        Limit: 1,
        ScanIndexForward: false,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': quarterKeys(symbol, 0).pk },
      });
      for await (const item of newest) {
        return integers.decode(item['sk'] ?? { NULL: true }, `quarter of ${symbol}.sk`);
      }
      return null;
    },
    async filledAt(symbol) {
      const item = await getItem(client, priceTapeTable, keys(symbol, NOTE));
      return item === null ? null : integers.decode(item['at'] ?? { NULL: true }, `history of ${symbol}.at`);
    },
    async noteFilled(symbol, at) {
      const Item = { ...keys(symbol, NOTE), at: integers.encode(at), ...expiry(Math.floor(at / 60_000)) };
      await client.send(new PutItemCommand({ TableName: priceTapeTable, Item }));
    },
  };
}
