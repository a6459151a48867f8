/** The demo venue's book on DynamoDB: one partition per wallet, each step one conditional transaction. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Decimal, sum, ZERO } from '../../domain/money/decimal.ts';
import type { DemoBalance, DemoMargin, DemoOrder, DemoStep, DemoStore } from '../../ports/demo-store.ts';
import type { MarginRequest } from '../../ports/venue.ts';
import { booleans, decimals, integers, nullable, nullableSince, objects, texts, words } from './codec.ts';
import { fills, orderTypes, sides, timesInForce } from './common-entities.ts';
import { type Item, key } from './items.ts';
import { collect, getItem, getItems, underKey } from './reads.ts';
import { type ConditionalPut, transactPut, transactPutOnce } from './transact.ts';

export interface DemoStoreOptions {
  readonly client: DynamoDBClient;
  readonly demoVenueTable: string;
}

const balances = objects<DemoBalance>({ asset: texts, version: integers, free: decimals, locked: decimals });

const positionSides = words(['long', 'short']);

const margins = objects<DemoMargin>({
  positionId: texts,
  version: integers,
  side: positionSides,
  quantity: decimals,
  cost: decimals,
  collateral: decimals,
  reserved: decimals,
});

const demoOrders = objects<DemoOrder>({
  clientId: texts,
  version: integers,
  venueOrderId: texts,
  symbol: texts,
  side: sides,
  type: orderTypes,
  timeInForce: timesInForce,
  margin: nullableSince(
    objects<MarginRequest>({ positionId: texts, side: positionSides, leverage: integers, closes: booleans }),
  ),
  quantity: decimals,
  quoteQuantity: nullableSince(decimals),
  limitPrice: nullable(decimals),
  stopPrice: nullable(decimals),
  status: words(['new', 'partially_filled', 'filled', 'cancelled', 'rejected', 'expired']),
  reason: nullable(texts),
  triggered: booleans,
  executedQuantity: decimals,
  executedQuote: decimals,
  feePaid: decimals,
  locked: decimals,
  lockPrice: decimals,
  tradeCount: integers,
  lastTickId: integers,
  createdAt: integers,
  updatedAt: integers,
});

const account = objects<{ openedAt: number }>({ openedAt: integers });

const ACCOUNT = 'account';
const balanceSk = (asset: string): string => `balance#${asset}`;
const marginSk = (positionId: string): string => `margin#${positionId}`;
const orderSk = (clientId: string): string => `order#${clientId}`;
const tradePrefix = (clientId: string): string => `trade#${clientId}#`;

const isLive = (order: DemoOrder): boolean => order.status === 'new' || order.status === 'partially_filled';

export function createDemoStore({ client, demoVenueTable: table }: DemoStoreOptions): DemoStore {
  const expects = (version: number): ConditionalPut['expects'] => (version === 0 ? 'new' : { version });

  const balancePut = (walletId: string, balance: DemoBalance): ConditionalPut => ({
    table,
    item: {
      ...balances.item({ ...balance, version: balance.version + 1 }),
      ...key(walletId, balanceSk(balance.asset)),
    },
    name: `balance ${walletId} ${balance.asset}`,
    expects: expects(balance.version),
  });

  const marginPut = (walletId: string, margin: DemoMargin): ConditionalPut => ({
    table,
    item: {
      ...margins.item({ ...margin, version: margin.version + 1 }),
      ...key(walletId, marginSk(margin.positionId)),
    },
    name: `margin of ${margin.positionId}`,
    expects: expects(margin.version),
  });

  const orderPut = (walletId: string, order: DemoOrder): ConditionalPut => ({
    table,
    item: {
      ...demoOrders.item({ ...order, version: order.version + 1 }),
      ...key(walletId, orderSk(order.clientId)),
      ...(isLive(order) ? { live_symbol: { S: order.symbol } } : {}),
    },
    name: `demo order ${order.clientId}`,
    expects: expects(order.version),
  });

  const putsOf = (
    walletId: string,
    { order, balances: changed, margin, fills: trades }: DemoStep,
  ): ConditionalPut[] => [
    orderPut(walletId, order),
    ...changed.map((balance) => balancePut(walletId, balance)),
    ...(margin === null ? [] : [marginPut(walletId, margin)]),
    ...trades.map((fill, index): ConditionalPut => {
      const number = String(order.tradeCount - trades.length + index + 1).padStart(8, '0');
      const item = { ...fills.item(fill), ...key(walletId, `${tradePrefix(order.clientId)}${number}`) };
      return { table, item, name: `trade ${fill.tradeId}`, expects: 'new' };
    }),
  ];

  return {
    async load(walletId, clientId, assets, positionId) {
      const ofMargin = positionId === null ? [] : [marginSk(positionId)];
      const sks = [ACCOUNT, orderSk(clientId), ...assets.map(balanceSk), ...ofMargin];
      const items = await getItems(
        client,
        table,
        sks.map((sk) => key(walletId, sk)),
      );
      const bySk = new Map(items.map((item) => [item['sk']?.S, item]));
      const order = bySk.get(orderSk(clientId));
      const margin = positionId === null ? undefined : bySk.get(marginSk(positionId));
      return {
        opened: bySk.has(ACCOUNT),
        order: order === undefined ? null : demoOrders.fromItem(order, `demo order ${clientId}`),
        balances: assets.map((asset) => {
          const item = bySk.get(balanceSk(asset));
          return item === undefined
            ? { asset, version: 0, free: ZERO, locked: ZERO }
            : balances.fromItem(item, `balance ${asset}`);
        }),
        margin: margin === undefined ? null : margins.fromItem(margin, `margin of ${positionId}`),
      };
    },
    trades(walletId, clientId) {
      const rows = underKey(client, table, walletId, tradePrefix(clientId));
      return collect(rows, (item: Item) => fills.fromItem(item, `trade of ${clientId}`));
    },
    balances(walletId) {
      const rows = underKey(client, table, walletId, balanceSk(''));
      return collect(rows, (item: Item) => balances.fromItem(item, `balance of ${walletId}`));
    },
    async liveOrders(walletId) {
      // From the partition itself: a resolver asks this for proof, and an index may lag behind.
      const rows = underKey(client, table, walletId, orderSk(''));
      const all = await collect(rows, (item) => demoOrders.fromItem(item, `demo order of ${walletId}`));
      return all.filter(isLive);
    },
    async commit(walletId, step) {
      const result = await transactPutOnce(client, putsOf(walletId, step));
      return result.outcome === 'done' ? 'done' : 'conflict';
    },
    async open(walletId, starting, now) {
      const byAsset = Map.groupBy(starting, ({ asset }) => asset);
      const free = (asset: string): Decimal => sum((byAsset.get(asset) ?? []).map(({ amount }) => amount));
      const result = await transactPut(client, [
        {
          table,
          item: { ...account.item({ openedAt: now }), ...key(walletId, ACCOUNT) },
          name: `account ${walletId}`,
          expects: 'new',
        },
        ...[...byAsset.keys()].map((asset) =>
          balancePut(walletId, { asset, version: 0, free: free(asset), locked: ZERO }),
        ),
      ]);
      if (result.outcome === 'done') return;
      if ((await getItem(client, table, key(walletId, ACCOUNT))) === null) {
        throw new Error(`the demo account ${walletId} has balances but was never opened`);
      }
    },
  };
}
