/**
 * Trading rules on DynamoDB: one item per symbol of an environment, and one that tells of the last whole import
 * (design section 14).
 *
 * Always true:
 * - an import writes what changed and nothing else; one that broke off is finished by the next;
 * - a symbol that the venue no longer lists stays, with status `delisted`: orders and positions still refer to it;
 * - a list that lacks a good part of what traded is not believed: the rest of it counts, what is missing stays as it was;
 * - `savedAt` and the rate limits are those of an import that was written to its end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchWriteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import {
  isNamed,
  parseSymbolName,
  type SymbolName,
  type SymbolSpec,
  spellings,
  usdtPairOf,
} from '../../domain/symbols.ts';
import type { BinanceEnvironment, Environment } from '../../domain/types.ts';
import type { ExchangeInfo, SymbolImport, SymbolStore, SymbolSummary } from '../../ports/symbols.ts';
import { integers, objects, texts } from './codec.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type Item, type Key, key } from './items.ts';
import { collect, getItem, getItems, queryAll } from './reads.ts';
import { hashOf, limitsText, parseLimits, parseSpec, specText } from './symbol-codec.ts';
import { pauseMs } from './transact.ts';

export interface SymbolStoreOptions {
  readonly client: DynamoDBClient;
  readonly symbolsTable: string;
}

/** No venue names a symbol so; it sorts before all that venues do. */
const META = '#meta';
/** Longer than any name of a venue, shorter than what a key may be. */
const MAX_NAME = 100;
/** DynamoDB's limit per call. */
const BATCH = 25;
const LANES = 4;
const MAX_TRIES = 12;
/** More than so many of those that trade, and more than this share of them, are not delisted in one go. */
const MOST_DELISTED = 20;
const MOST_DELISTED_SHARE = 0.2;

interface Row {
  readonly status: string;
  readonly hash: string;
  readonly spec: string;
}
const rows = objects<Row>({ status: texts, hash: texts, spec: texts });
const marks = objects<Pick<Row, 'status' | 'hash'>>({ status: texts, hash: texts });
const metas = objects<SymbolSummary & { readonly rateLimits: string }>({
  savedAt: integers,
  listed: integers,
  trading: integers,
  rateLimits: texts,
});

/** Symbols that were known, with their status: are those that are gone too many to have been delisted? */
function isImplausible(before: ReadonlyMap<string, Pick<Row, 'status'>>, gone: readonly string[]): boolean {
  const trading = [...before.values()].filter(({ status }) => status === 'trading').length;
  const lost = gone.filter((name) => before.get(name)?.status === 'trading').length;
  return lost > MOST_DELISTED && lost > trading * MOST_DELISTED_SHARE;
}

/** The venue's answer cannot be what it lists: nothing was written. */
export class ImplausibleImportError extends Error {
  override readonly name = 'ImplausibleImportError';
}

const partition = (environment: Environment): string => `symbols#${environment}`;
const rowKey = (environment: Environment, venueSymbol: string): Key =>
  key(partition(environment), venueSymbol);

function itemOf(environment: Environment, spec: SymbolSpec): Item {
  const text = specText(spec);
  const row = { status: spec.rules.status, hash: hashOf(text), spec: text };
  return { ...rows.item(row), ...rowKey(environment, spec.venueSymbol) };
}

const nameOf = (item: Readonly<Item>): string => item['sk']?.S ?? '';
const readSpec = (item: Readonly<Item>): SymbolSpec => {
  const name = `symbol ${nameOf(item)}`;
  return parseSpec(rows.fromItem(item, name).spec, name);
};

export function createSymbolStore({ client, symbolsTable: table }: SymbolStoreOptions): SymbolStore {
  const metaOf = async (environment: BinanceEnvironment) => {
    const item = await getItem(client, table, rowKey(environment, META));
    return item === null ? null : metas.fromItem(item, `symbols of ${environment}`);
  };

  async function listedAs(environment: Environment, { joined }: SymbolName): Promise<SymbolSpec | null> {
    if (joined === META || joined.length > MAX_NAME) return null;
    const item = await getItem(client, table, rowKey(environment, joined));
    return item === null ? null : readSpec(item);
  }

  /** All symbols of an environment in the order of their names, after `last`; an empty `last` = from the first. */
  const query = (environment: Environment, last: string, more: { Limit?: number; only?: string } = {}) =>
    queryAll(client, {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND sk > :last',
      ExpressionAttributeValues: { ':pk': { S: partition(environment) }, ':last': { S: last || META } },
      ...(more.Limit === undefined ? {} : { Limit: more.Limit }),
      // `status` and `hash` are words of DynamoDB's own.
      ...(more.only === undefined
        ? {}
        : {
            ProjectionExpression: 'sk, #status, #hash',
            ExpressionAttributeNames: { '#status': 'status', '#hash': 'hash' },
          }),
    });

  async function known(environment: BinanceEnvironment) {
    const found = new Map<string, Pick<Row, 'status' | 'hash'>>();
    for await (const item of query(environment, '', { only: 'marks' })) {
      found.set(nameOf(item), marks.fromItem(item, `symbol ${nameOf(item)}`));
    }
    return found;
  }

  /** Those that are no longer listed, as they are to be kept. */
  async function delisted(
    environment: BinanceEnvironment,
    names: readonly string[],
  ): Promise<readonly SymbolSpec[]> {
    const keys = names.map((name) => rowKey(environment, name));
    const specs = (await getItems(client, table, keys)).map(readSpec);
    return specs.map((spec) => ({ ...spec, rules: { ...spec.rules, status: 'delisted' } }));
  }

  async function writeBatch(items: readonly Item[]): Promise<void> {
    let waiting: WriteRequest[] = items.map((item) => ({ PutRequest: { Item: item } }));
    for (let attempt = 1; waiting.length > 0; attempt++) {
      if (attempt > MAX_TRIES) throw new Error(`${table}: ${waiting.length} items were not taken`);
      if (attempt > 1) await sleep(pauseMs(attempt));
      const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: waiting } }));
      waiting = answer.UnprocessedItems?.[table] ?? [];
    }
  }

  /** Items are made batch by batch: a whole exchange's at once would be many megabytes. */
  async function writeAll(environment: BinanceEnvironment, specs: readonly SymbolSpec[]): Promise<void> {
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < specs.length) {
        const from = next;
        next += BATCH;
        await writeBatch(specs.slice(from, from + BATCH).map((spec) => itemOf(environment, spec)));
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }

  async function save(
    environment: BinanceEnvironment,
    info: ExchangeInfo,
    now: number,
  ): Promise<SymbolImport> {
    const names = new Set(info.symbols.map((spec) => spec.venueSymbol));
    if (names.size === 0) throw new ImplausibleImportError(`${environment} lists no symbols`);
    if (names.size < info.symbols.length) throw new ImplausibleImportError(`${environment} lists one twice`);
    const before = await known(environment);
    const listed = new Set([...names, ...(info.unreadable ?? []).map((one) => one.venueSymbol)]);
    const gone = [...before].flatMap(([name, { status }]) =>
      listed.has(name) || status === 'delisted' ? [] : [name],
    );
    const isDoubted = isImplausible(before, gone);
    const leaving = isDoubted ? [] : gone;
    const changed: SymbolSpec[] = [];
    let added = 0;
    for (const spec of info.symbols) {
      const mark = before.get(spec.venueSymbol);
      if (mark?.hash === hashOf(specText(spec))) continue;
      if (mark === undefined) added += 1;
      changed.push(spec);
    }
    await writeAll(environment, [...changed, ...(await delisted(environment, leaving))]);
    const meta = metas.item({
      savedAt: now,
      listed: listed.size,
      trading: info.symbols.filter((spec) => spec.rules.status === 'trading').length,
      rateLimits: limitsText(info.rateLimits),
    });
    const item = { ...meta, ...rowKey(environment, META) };
    await client.send(new PutItemCommand({ TableName: table, Item: item }));
    return {
      added,
      changed: changed.length - added,
      unchanged: names.size - changed.length,
      delisted: leaving.length,
      missing: isDoubted ? gone.length : 0,
    };
  }

  return {
    save,
    async find(environment, anyFormat) {
      for (const spelling of spellings(anyFormat)) {
        const name = parseSymbolName(spelling);
        const spec = name && (await listedAs(environment, name));
        if (name !== null && spec !== null && isNamed(spec, name)) return spec;
        const pair = spec === null ? usdtPairOf(spelling) : null;
        const inUsdt = pair && (await listedAs(environment, pair));
        if (pair !== null && inUsdt !== null && isNamed(inUsdt, pair)) return inUsdt;
      }
      return null;
    },
    hasRules: async (environment) => environment !== 'demo' && (await metaOf(environment)) !== null,
    async list(environment, { limit, cursor }) {
      const scope = `${table}/${partition(environment)}`;
      const last = cursor === null ? '' : decodeCursor(scope, cursor).sort;
      const found: Item[] = [];
      for await (const item of query(environment, last, { Limit: limit + 1 })) {
        found.push(item);
        if (found.length > limit) break;
      }
      const shown = found.slice(0, limit);
      const end = shown.at(-1);
      const next = found.length > limit && end !== undefined ? nameOf(end) : null;
      return {
        items: shown.map(readSpec),
        cursor: next === null ? null : encodeCursor(scope, { pk: partition(environment), sort: next }),
      };
    },
    all: (environment) => collect(query(environment, ''), readSpec),
    async rateLimits(environment) {
      const meta = await metaOf(environment);
      return meta === null ? [] : parseLimits(meta.rateLimits, `rate limits of ${environment}`);
    },
    savedAt: async (environment) => (await metaOf(environment))?.savedAt ?? null,
    async summary(environment) {
      const meta = await metaOf(environment);
      if (meta === null) return null;
      const { savedAt, listed, trading } = meta;
      return { savedAt, listed, trading };
    },
  };
}
