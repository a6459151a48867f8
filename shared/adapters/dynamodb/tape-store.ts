/**
 * The price tape's durable rows: one item per symbol and minute, kept for 7 days (design section 8).
 *
 * A merge only ever widens: lows go down, highs up, the close is the one of the latest tick. The count is kept
 * per writer run (by the first tick it saw in that minute), so that a streamer that writes its open minute again
 * and again counts once, and one that took over adds its own.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Bar, PriceSource, Units } from '../../domain/triggers/types.ts';
import type { TapeMinute, TapeStore } from '../../ports/tape.ts';
import { prices } from './bar-codec.ts';
import { integers, maps, nullableSince, objects } from './codec.ts';
import type { Item } from './items.ts';
import { collect, getItem, queryAll } from './reads.ts';
import { createHistory } from './tape-history.ts';
import { pauseMs, transactPut } from './transact.ts';

export interface TapeStoreOptions {
  readonly client: DynamoDBClient;
  readonly priceTapeTable: string;
  readonly keepDays?: number;
}

type Prices = Bar['low'];
type Row = Omit<TapeMinute, 'minute' | 'count' | 'open'> & {
  readonly version: number;
  /** Of the first tick; null in rows from before it was kept. */
  readonly open: Prices | null;
  readonly counts: Readonly<Record<string, number>>;
};

const rows = objects<Row>({
  version: integers,
  open: nullableSince(prices),
  low: prices,
  high: prices,
  close: prices,
  firstTick: integers,
  lastTick: integers,
  counts: maps(integers),
});

const SOURCES: readonly PriceSource[] = ['bid', 'ask', 'last', 'mid'];

const bySource = (a: Prices, b: Prices, pick: (x: Units, y: Units) => Units): Prices => ({
  bid: pick(a.bid, b.bid),
  ask: pick(a.ask, b.ask),
  last: pick(a.last, b.last),
  mid: pick(a.mid, b.mid),
});

const lower = (x: Units, y: Units): Units => (x < y ? x : y);
const higher = (x: Units, y: Units): Units => (x > y ? x : y);

/** The row with the news merged in. Merging the same news twice changes nothing. */
export function mergeRow(stored: Row, news: TapeMinute): Row {
  const run = String(news.firstTick);
  return {
    version: stored.version + 1,
    open: news.firstTick < stored.firstTick ? (news.open ?? null) : stored.open,
    low: bySource(stored.low, news.low, lower),
    high: bySource(stored.high, news.high, higher),
    close: news.lastTick >= stored.lastTick ? news.close : stored.close,
    firstTick: Math.min(stored.firstTick, news.firstTick),
    lastTick: Math.max(stored.lastTick, news.lastTick),
    counts: { ...stored.counts, [run]: Math.max(stored.counts[run] ?? 0, news.count) },
  };
}

const newRow = (news: TapeMinute): Row => ({
  version: 1,
  open: news.open ?? null,
  low: news.low,
  high: news.high,
  close: news.close,
  firstTick: news.firstTick,
  lastTick: news.lastTick,
  counts: { [String(news.firstTick)]: news.count },
});

const same = (a: Row, b: Row): boolean =>
  a.lastTick === b.lastTick &&
  a.firstTick === b.firstTick &&
  JSON.stringify(a.counts) === JSON.stringify(b.counts) &&
  SOURCES.every((s) => a.low[s] === b.low[s] && a.high[s] === b.high[s] && a.close[s] === b.close[s]);

const MAX_TRIES = 8;

export function createTapeStore({ client, priceTapeTable, keepDays = 7 }: TapeStoreOptions): TapeStore {
  const name = (symbol: string, minute: number): string => `tape ${symbol} ${minute}`;
  const read = (item: Item, symbol: string): TapeMinute => {
    const { counts, version: _, open, ...row } = rows.fromItem(item, `tape ${symbol}`);
    const minute = integers.decode(item['sk'] ?? { NULL: true }, `tape ${symbol}.sk`);
    const count = Object.values(counts).reduce((a, b) => a + b, 0);
    return { ...row, ...(open !== null && { open }), minute, count };
  };

  return {
    ...createHistory({ client, priceTapeTable, keepDays }),
    async merge(symbol, news) {
      const keys = { pk: { S: symbol }, sk: integers.encode(news.minute) };
      for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
        const item = await getItem(client, priceTapeTable, keys);
        const stored = item === null ? null : rows.fromItem(item, name(symbol, news.minute));
        const next = stored === null ? newRow(news) : mergeRow(stored, news);
        if (stored !== null && same(stored, next)) return;
        const expires = integers.encode((news.minute + keepDays * 24 * 60) * 60);
        const result = await transactPut(client, [
          {
            table: priceTapeTable,
            item: { ...rows.item(next), ...keys, expires_at: expires },
            name: name(symbol, news.minute),
            expects: stored === null ? 'new' : { version: stored.version },
          },
        ]);
        if (result.outcome === 'done') return;
        await sleep(pauseMs(attempt));
      }
      throw new Error(`${name(symbol, news.minute)}: others kept writing it`);
    },
    since(symbol, fromMinute) {
      const query = queryAll(client, {
        TableName: priceTapeTable,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :symbol AND sk >= :from',
        ExpressionAttributeValues: { ':symbol': { S: symbol }, ':from': integers.encode(fromMinute) },
      });
      return collect(query, (item) => read(item, symbol));
    },
    between(symbol, fromMinute, toMinute) {
      const query = queryAll(client, {
        TableName: priceTapeTable,
        KeyConditionExpression: 'pk = :symbol AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':symbol': { S: symbol },
          ':from': integers.encode(fromMinute),
          ':to': integers.encode(toMinute - 1),
        },
      });
      return toMinute <= fromMinute ? Promise.resolve([]) : collect(query, (item) => read(item, symbol));
    },
    async lastTick(symbol) {
      const newest = queryAll(client, {
        TableName: priceTapeTable,
        ConsistentRead: true,
        Limit: 1,
        ScanIndexForward: false,
        KeyConditionExpression: 'pk = :symbol',
        ExpressionAttributeValues: { ':symbol': { S: symbol } },
      });
      for await (const item of newest) return read(item, symbol).lastTick;
      return null;
    },
  };
}
