/**
 * Machine clients on DynamoDB: one item each, with its settings and what it has used (design sections 14, 17).
 *
 * The settings are changed under their version, and use is added by commits of the ledger: neither ever writes the other.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type ApiClient, CLIENT_SCOPES, type ClientGate, type ClientLimits } from '../../domain/clients.ts';
import type { ClientStore } from '../../ports/clients.ts';
import { decimals, integers, lists, nullable, objects, texts, words } from './codec.ts';
import { type Item, key, sortText } from './items.ts';
import { getItem, readPage } from './reads.ts';
import { type ConditionalUpdate, INSISTENT, transactPut } from './transact.ts';

const limits = objects<ClientLimits>({
  allowedWallets: nullable(lists(texts)),
  allowedSymbols: nullable(lists(texts)),
  maxOrderNotional: nullable(decimals),
  maxDailyNotional: nullable(decimals),
  maxOrdersPerMinute: nullable(integers),
});

const clients = objects<ApiClient>({
  clientId: texts,
  version: integers,
  userId: texts,
  name: texts,
  scopes: lists(words(CLIENT_SCOPES)),
  limits,
  createdAt: integers,
  updatedAt: integers,
  revokedAt: nullable(integers),
  day: integers,
  dayNotional: decimals,
  minute: integers,
  minuteOrders: integers,
});

const clientKey = (clientId: string) => key(clientId, 'client');
const read = (item: Item): ApiClient => clients.fromItem(item, `client ${item['pk']?.S}`);

export interface ClientStoreOptions {
  readonly client: DynamoDBClient;
  readonly clientsTable: string;
}

export function createClientStore({ client, clientsTable }: ClientStoreOptions): ClientStore {
  return {
    async create(made) {
      const { clientId, userId, createdAt } = made;
      const item = {
        ...clients.item({ ...made, version: 1 }),
        ...clientKey(clientId),
        user_id: { S: userId },
        sort: { S: sortText(createdAt, clientId) },
      };
      const put = { table: clientsTable, item, name: `client ${clientId}`, expects: 'new' } as const;
      return (await transactPut(client, [put])).outcome === 'done';
    },

    async get(clientId) {
      const item = await getItem(client, clientsTable, clientKey(clientId));
      return item === null ? null : read(item);
    },

    ofUser: (userId, { limit, cursor }) =>
      readPage(client, {
        ...{ table: clientsTable, index: 'by_user', by: 'user_id', value: userId, sk: 'client' },
        ...{ limit, cursor, filters: {}, read },
      }),

    async update({ before, after }) {
      const { clientId, name, scopes, updatedAt, revokedAt } = after;
      const settings = clients.item({ ...after, version: before.version + 1 });
      const update: ConditionalUpdate = {
        table: clientsTable,
        key: clientKey(clientId),
        name: `client ${clientId}`,
        set: Object.fromEntries(
          Object.keys({ name, scopes, limits, updatedAt, revokedAt, version: 0 }).flatMap((attribute) => {
            const value = settings[attribute];
            return value === undefined ? [] : [[attribute, value]];
          }),
        ),
        add: {},
        condition: {
          expression: '#version = :if_version',
          names: ['version'],
          values: { ':if_version': integers.encode(before.version) },
        },
      };
      return (await transactPut(client, [], INSISTENT, [update])).outcome === 'done';
    },
  };
}

/** What a commit under a client's gate adds to the client; as `letsThrough` and `withUse` (domain/clients.ts) say it. */
export function clientUpdate(gate: ClientGate, table: string): ConditionalUpdate {
  const { day, minute } = gate;
  const parts = ['#version = :if_version'];
  const values: Item = {
    ':if_version': integers.encode(gate.version),
    ':if_day': integers.encode(day.day),
    ':if_minute': integers.encode(minute.minute),
  };
  parts.push(day.isNew ? '#day < :if_day' : '#day = :if_day');
  parts.push(minute.isNew ? '#minute < :if_minute' : '#minute = :if_minute');
  if (!day.isNew && day.most !== null) {
    parts.push('#dayNotional <= :if_notional');
    values[':if_notional'] = decimals.encode(day.most);
  }
  if (!minute.isNew && minute.most !== null) {
    parts.push('#minuteOrders <= :if_orders');
    values[':if_orders'] = integers.encode(minute.most);
  }
  return {
    table,
    key: clientKey(gate.clientId),
    name: `client ${gate.clientId}`,
    set: {
      ...(day.isNew && { day: integers.encode(day.day), dayNotional: decimals.encode(day.add) }),
      ...(minute.isNew && {
        minute: integers.encode(minute.minute),
        minuteOrders: integers.encode(minute.add),
      }),
    },
    add: {
      ...(!day.isNew && { dayNotional: decimals.encode(day.add) }),
      ...(!minute.isNew && { minuteOrders: integers.encode(minute.add) }),
    },
    condition: {
      expression: parts.join(' AND '),
      names: ['version', 'day', 'minute', 'dayNotional', 'minuteOrders'].filter((name) =>
        parts.some((part) => part.startsWith(`#${name} `)),
      ),
      values,
    },
  };
}
