/** The demo venue's own book of a wallet, read from its table as it stands there, in the shape of the exchange's books. */
import { type AttributeValue, DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { LOCAL_CREDENTIALS } from '../../../infra/local/services/dynamodb.ts';
import type { RunningSystem } from '../../../infra/local/system.ts';
import { REGION } from '../../../infra/local/template/intrinsics.ts';
import type { AccountBooks, JsonObject } from '../../../infra/local/venues/binance/contract.ts';
import { Decimal, decimal } from '../../../shared/domain/money/decimal.ts';
import { venueSymbol } from './market.ts';

const TABLE = 'demo-venue';
const ORDER = 'order#';
const TRADE = /^trade#(.+)#\d+$/;
const BALANCE = 'balance#';

type Item = Record<string, AttributeValue>;

/** In the exchange's words. */
const WORD_OF: Readonly<Record<string, string>> = {
  new: 'NEW',
  partially_filled: 'PARTIALLY_FILLED',
  filled: 'FILLED',
  cancelled: 'CANCELED',
  rejected: 'REJECTED',
  expired: 'EXPIRED',
};

const NO_LIST = -1;

/** @throws when an item is not as the venue writes it */
export async function readDemoBooks(system: RunningSystem, walletId: string): Promise<AccountBooks> {
  const items = await itemsOf(system, walletId);
  // A client id that no order may have any more is an item there, and no order.
  const orders = items.filter(
    (item) => text(item, 'sk').startsWith(ORDER) && !item['reason']?.S?.startsWith('void:'),
  );
  const byClientId = new Map(orders.map((item) => [text(item, 'clientId'), item]));
  return {
    balances: Object.fromEntries(
      items
        .filter((item) => text(item, 'sk').startsWith(BALANCE))
        .map((item) => [text(item, 'asset'), { free: number(item, 'free'), locked: number(item, 'locked') }]),
    ),
    orders: orders.map(orderRow),
    trades: items.flatMap((item) => {
      const clientId = TRADE.exec(text(item, 'sk'))?.[1];
      if (clientId === undefined) return [];
      const order = byClientId.get(clientId);
      if (order === undefined) throw new Error(`a trade of ${clientId}, which the demo venue does not have`);
      return [tradeRow(item, order)];
    }),
  };
}

async function itemsOf(system: RunningSystem, walletId: string): Promise<readonly Item[]> {
  const TableName = system.tableNames[TABLE];
  if (TableName === undefined) throw new Error(`there is no table ${TABLE}`);
  const client = new DynamoDBClient({
    endpoint: system.dynamoEndpoint,
    region: REGION,
    credentials: LOCAL_CREDENTIALS,
  });
  try {
    const query = {
      TableName,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :wallet',
      ExpressionAttributeValues: { ':wallet': { S: walletId } },
    };
    const items: Item[] = [];
    for await (const page of paginateQuery({ client }, query)) items.push(...(page.Items ?? []));
    return items;
  } finally {
    client.destroy();
  }
}

const orderRow = (item: Item): JsonObject => ({
  symbol: venueSymbol(text(item, 'symbol')),
  orderId: text(item, 'venueOrderId'),
  orderListId: NO_LIST,
  clientOrderId: text(item, 'clientId'),
  status: WORD_OF[text(item, 'status')] ?? text(item, 'status'),
  executedQty: number(item, 'executedQuantity'),
  cummulativeQuoteQty: number(item, 'executedQuote'),
});

function tradeRow(item: Item, order: Item): JsonObject {
  const fee = item['fee']?.M ?? {};
  const [price, quantity] = [number(item, 'price'), number(item, 'quantity')];
  return {
    symbol: venueSymbol(text(order, 'symbol')),
    id: text(item, 'tradeId'),
    orderId: text(order, 'venueOrderId'),
    price,
    qty: quantity,
    quoteQty: decimal(price).times(quantity).toFixed(),
    commission: number(fee, 'amount'),
    commissionAsset: text(fee, 'asset'),
    isBuyer: text(order, 'side') === 'buy',
  };
}

function text(item: Item, name: string): string {
  const value = item[name]?.S;
  if (value === undefined) throw new Error(`the demo venue's item has no ${name}: ${JSON.stringify(item)}`);
  return value;
}

/** An exact number, as plain decimal text. */
function number(item: Item, name: string): string {
  const value = item[name]?.N;
  if (value === undefined) throw new Error(`the demo venue's item has no ${name}: ${JSON.stringify(item)}`);
  return new Decimal(value).toFixed();
}
