/** The ledger on DynamoDB: orders with their fills, positions with their actions (design section 14). */
import { type DynamoDBClient, paginateScan, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import type { Fill, Order, Position } from '../../domain/types.ts';
import type { Commit, CommitResult, Ledger, ListQuery, Page } from '../../ports/ledger.ts';
import { clientUpdate } from './client-store.ts';
import { type LedgerPut, putsOf } from './commit-puts.ts';
import { calls, fills } from './common-entities.ts';
import { createDueIndex } from './due-index.ts';
import { dueIn, moveDueTime } from './due-wallets.ts';
import {
  ACTION_PREFIX,
  callKey,
  FILL_PREFIX,
  fillKey,
  type Item,
  orderKey,
  positionKey,
  riskKey,
  SIGNAL_PREFIX,
  signalKey,
  sortText,
} from './items.ts';
import { orders } from './order-entity.ts';
import { pauseCheck } from './pause-gate.ts';
import { actions, positions, signals } from './position-entity.ts';
import {
  collect,
  getItem,
  getItems,
  queryAll,
  readPage,
  readPageUnder,
  readTold,
  underKey,
} from './reads.ts';
import { lossShard, noteMark, readRealized, readRisk, riskUpdates, setLimits, tableOf } from './risk-item.ts';
import {
  type ConditionalUpdate,
  INSISTENT,
  isBusy,
  STUBBORN,
  type TransactResult,
  transactPut,
  transactPutOnce,
} from './transact.ts';
import { inOrder, readOrderWithFills, readPositionWithActions } from './whole-reads.ts';

export interface LedgerOptions {
  readonly client: DynamoDBClient;
  readonly ordersTable: string;
  readonly positionsTable: string;
  /** Whose pauses a claim asks for, and whose use a commit counts; null where neither is done. */
  readonly walletsTable: string | null;
  /** Whose use an entry of a machine client is counted to; absent where none is placed. */
  readonly clientsTable?: string;
  /** Number of due shards (SWEEP_SHARDS). */
  readonly sweepShards: number;
}

const readOrder = (item: Item): Order => orders.fromItem(item, `order ${item['pk']?.S}`);
const readPosition = (item: Item): Position => positions.fromItem(item, `position ${item['pk']?.S}`);

/** Fills looked for one by one, in one call: above it a query costs less, which pays by size and not by item. */
const MOST_BY_KEY = 100;

/** Of more orders than this, those without a fill are told apart in one call first. */
const MOST_BY_ORDER = 8;

const only = (value: string | undefined): readonly string[] | undefined =>
  value === undefined ? undefined : [value];

function indexOf(isOrders: boolean, userId: string, { positionId, flowId }: ListQuery) {
  if (isOrders && positionId !== undefined) {
    return { index: 'by_position', by: 'position_id', value: positionId };
  }
  if (!isOrders && flowId !== undefined) return { index: 'by_flow', by: 'flow_id', value: flowId };
  return { index: 'by_user', by: 'user_id', value: userId };
}

export function createLedger(options: LedgerOptions): Ledger {
  const { client, ordersTable, positionsTable, walletsTable, clientsTable } = options;

  const liveQuery = (table: string, symbol: string, more: Partial<QueryCommandInput> = {}) => ({
    TableName: table,
    IndexName: 'live',
    KeyConditionExpression: 'live_symbol = :symbol',
    ExpressionAttributeValues: { ':symbol': { S: symbol } },
    ...more,
  });
  const liveIds = async (table: string, symbol: string): Promise<readonly string[]> => {
    const rows = queryAll(client, liveQuery(table, symbol, { ProjectionExpression: 'pk' }));
    return (await collect(rows, (item) => item['pk']?.S ?? [])).flat();
  };

  const liveOfWallet = <T>(
    table: string,
    walletId: string,
    read: (item: Item) => T,
  ): Promise<readonly T[]> => {
    const query = {
      TableName: table,
      IndexName: 'live_by_wallet',
      KeyConditionExpression: 'live_wallet = :wallet',
      ExpressionAttributeValues: { ':wallet': { S: walletId } },
    };
    return collect(queryAll(client, query), read);
  };

  /** By the narrowest index that the query names; whose it is is looked at in each. */
  const listOf = <T>(
    table: string,
    sk: string,
    userId: string,
    query: ListQuery,
    read: (item: Item) => T,
  ): Promise<Page<T>> => {
    const index = indexOf(table === ordersTable, userId, query);
    return readPage(client, {
      table,
      ...index,
      sk,
      limit: query.limit,
      cursor: query.cursor,
      span: { from: query.from, to: query.to },
      filters: {
        // An index's own key cannot be filtered by.
        user_id: index.by === 'user_id' ? undefined : [userId],
        status: query.status,
        symbol: only(query.symbol),
        wallet_id: only(query.walletId),
        flowId: only(query.flowId),
      },
      read,
    });
  };

  /**
   * The writers of a wallet meet at its sums: each has to get through between the others. An entry that does not is
   * decided anew; whether an earlier try of it was written after all shows by its own items then.
   */
  const commitAll = async (
    puts: readonly LedgerPut[],
    updates: readonly ConditionalUpdate[],
    isEntry: boolean,
  ): Promise<TransactResult | 'crowded'> => {
    if (updates.length === 0) return transactPut(client, puts);
    if (!isEntry) return transactPut(client, puts, STUBBORN, updates);
    try {
      return await transactPut(client, puts, INSISTENT, updates);
    } catch (error) {
      if (isBusy(error)) return 'crowded';
      throw error;
    }
  };

  const usedByClient = ({ client: gate = null }: Commit): readonly ConditionalUpdate[] => {
    if (gate === null) return [];
    if (clientsTable === undefined) throw new Error('this ledger was given no table of clients to count in');
    return [clientUpdate(gate, clientsTable)];
  };

  const fillsOf = async (orderId: string): Promise<readonly Fill[]> => {
    const rows = underKey(client, ordersTable, orderId, FILL_PREFIX);
    return (await collect(rows, (item) => fills.fromItem(item, `fill of ${orderId}`))).sort(inOrder);
  };

  const due = createDueIndex(options);
  return {
    due: due.due,
    moveDue: due.moveDue,
    async order(orderId) {
      const item = await getItem(client, ordersTable, orderKey(orderId));
      return item === null ? null : readOrder(item);
    },
    async position(positionId) {
      const item = await getItem(client, positionsTable, positionKey(positionId));
      return item === null ? null : readPosition(item);
    },
    async orders(orderIds) {
      return (await getItems(client, ordersTable, orderIds.map(orderKey))).map(readOrder);
    },
    async positions(positionIds) {
      return (await getItems(client, positionsTable, positionIds.map(positionKey))).map(readPosition);
    },
    fills: fillsOf,
    async ordersWithFills(orderIds) {
      const ids = [...new Set(orderIds)];
      if (ids.length <= MOST_BY_ORDER) {
        const found = await Promise.all(ids.map((id) => readOrderWithFills(client, ordersTable, id)));
        return found.filter((one) => one !== null);
      }
      const known = (await getItems(client, ordersTable, ids.map(orderKey))).map(readOrder);
      return Promise.all(
        known.map(async (order) => ({
          order,
          fills: order.fillCount === 0 ? [] : await fillsOf(order.orderId),
        })),
      );
    },
    positionWithActions: (positionId) => readPositionWithActions(client, positionsTable, positionId),
    async booked(orderId, tradeIds) {
      const asked = new Set(tradeIds);
      const keys = [...asked].map((tradeId) => fillKey(orderId, tradeId));
      const rows =
        keys.length > MOST_BY_KEY
          ? await collect(underKey(client, ordersTable, orderId, FILL_PREFIX, 'sk'), (item) => item)
          : await getItems(client, ordersTable, keys, 'sk');
      const found = rows.flatMap((item) => item['sk']?.S?.slice(FILL_PREFIX.length) ?? []);
      return new Set(found.filter((tradeId) => asked.has(tradeId)));
    },
    actions(positionId) {
      const rows = underKey(client, positionsTable, positionId, ACTION_PREFIX);
      return collect(rows, (item) => actions.fromItem(item, `action of ${positionId}`));
    },
    actionsBetween: (positionId, query) =>
      readTold(client, {
        table: positionsTable,
        ...{ ...query, pk: positionId, prefix: ACTION_PREFIX },
        read: (item) => actions.fromItem(item, `action of ${positionId}`),
      }),
    signalsBetween: (positionId, query) =>
      readTold(client, {
        table: positionsTable,
        ...{ ...query, pk: positionId, prefix: SIGNAL_PREFIX },
        read: (item) => signals.fromItem(item, `signal of ${positionId}`),
      }),
    async signal(positionId, { at, signalId }) {
      const item = await getItem(client, positionsTable, signalKey(positionId, at, signalId));
      return item === null ? null : signals.fromItem(item, `signal of ${positionId}`);
    },
    signals: (positionId, query) =>
      readPageUnder(client, {
        ...{ ...query, table: positionsTable, pk: positionId, prefix: SIGNAL_PREFIX },
        read: (item) => signals.fromItem(item, `signal of ${positionId}`),
      }),
    async callOf(ownerId, key) {
      const item = await getItem(client, ordersTable, callKey(ownerId, key));
      return item === null ? null : { ...calls.fromItem(item, `call of ${ownerId}`), ownerId, key };
    },
    async commit(commit): Promise<CommitResult> {
      const puts = putsOf(commit, options);
      const updates = [...riskUpdates(commit, walletsTable), ...usedByClient(commit)];
      const result = await commitAll(puts, updates, commit.risk != null || commit.client != null);
      if (result === 'crowded') return { outcome: 'risk_changed' };
      if (result.outcome === 'done') return result;
      const failed = puts.filter((put) => result.puts.includes(put));
      // What the first call did explains every other conflict of its repeat.
      if (failed.some((put) => put.isCall === true)) return { outcome: 'key_taken' };
      const tradeIds = failed.flatMap((put) => put.tradeId ?? []);
      // A booked fill says more than the version conflict that its booking caused.
      if (tradeIds.length > 0) return { outcome: 'duplicate_fill', tradeIds };
      if (failed.length === 0 && result.updates.length > 0) return { outcome: 'risk_changed' };
      return { outcome: 'conflict', items: failed.map((put) => put.name) };
    },
    risk: (walletId) => readRisk(client, walletsTable, walletId),
    setLimits: (change) => setLimits(client, options, change),
    realizedOn: (walletId, day) => readRealized(client, walletsTable, { walletId, day }),
    noteMark: (mark) => noteMark(client, walletsTable, mark),
    dueLossChecks: (shard, now, limit) =>
      dueIn(client, tableOf(walletsTable), { shard: lossShard(shard), now, limit }),
    moveLossCheck: ({ walletId, dueAt }, to) =>
      moveDueTime(client, tableOf(walletsTable), { key: riskKey(walletId), from: dueAt, to }),
    async claim(change, gate) {
      // A claim changes nothing that limits are measured against; one transaction that did would not be counted.
      if (riskUpdates({ orders: [change] }, walletsTable).length > 0)
        throw new Error('a claim changes amounts');
      const checks = gate === null ? [] : [pauseCheck(gate, walletsTable)];
      const result = await transactPutOnce(client, putsOf({ orders: [change] }, options), checks);
      if (result.outcome !== 'failed') return result.outcome;
      // Somebody else's claim says more than the wallet's state.
      return result.puts.length > 0 ? 'conflict' : 'paused';
    },
    ordersOfUser: (userId, query) => listOf(ordersTable, 'order', userId, query, readOrder),
    positionsOfUser: (userId, query) => listOf(positionsTable, 'position', userId, query, readPosition),
    livePositionIds: (symbol) => liveIds(positionsTable, symbol),
    liveOrderIds: (symbol) => liveIds(ordersTable, symbol),
    liveOrdersOfWallet: (walletId) => liveOfWallet(ordersTable, walletId, readOrder),
    livePositionsOfWallet: (walletId) => liveOfWallet(positionsTable, walletId, readPosition),
    ordersOfWallet: (walletId, since) =>
      collect(
        queryAll(client, {
          TableName: ordersTable,
          IndexName: 'by_wallet',
          KeyConditionExpression: 'wallet_id = :wallet AND #sort >= :since',
          ExpressionAttributeNames: { '#sort': 'sort' },
          ExpressionAttributeValues: { ':wallet': { S: walletId }, ':since': { S: sortText(since, '') } },
        }),
        readOrder,
      ),
    async isLive(symbol) {
      for (const table of [positionsTable, ordersTable]) {
        // One is enough, and of that only that it is there.
        const query = liveQuery(table, symbol, { Limit: 1, ProjectionExpression: 'pk' });
        for await (const _ of queryAll(client, query)) return true;
      }
      return false;
    },
    async liveSymbols() {
      const symbols = new Set<string>();
      for (const TableName of [ordersTable, positionsTable]) {
        const input = { TableName, IndexName: 'live', ProjectionExpression: 'live_symbol' };
        for await (const page of paginateScan({ client }, input)) {
          for (const item of page.Items ?? []) if (item['live_symbol']?.S) symbols.add(item['live_symbol'].S);
        }
      }
      return [...symbols].sort();
    },
  };
}
