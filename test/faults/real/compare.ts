/**
 * The ledger against the exchange's books, account by account and digit by digit (design section 4, invariants 1, 2, 5).
 *
 * Pure: what was read goes in, what differs comes out, in words that name the order. Amounts are text as the API and
 * the exchange write them; they are compared as exact decimals.
 */
import type { AccountBooks, JsonObject } from '../../../infra/local/venues/binance/contract.ts';
import { type Decimal, decimal, sum, ZERO } from '../../../shared/domain/money/decimal.ts';
import { parseVenueClientId } from '../../../shared/usecases/derive-ids.ts';
import type { OrderView } from '../../../shared/usecases/views/order-view.ts';
import { venueSymbol } from './market.ts';

export interface Account {
  /** For the messages. */
  readonly name: string;
  /** What it held before the run, by asset. */
  readonly start: Readonly<Record<string, string>>;
  /** Our orders with their fills. */
  readonly orders: readonly OrderView[];
}

const same = (a: string, b: string): boolean => decimal(a).equals(b);
const textOf = (row: JsonObject, name: string): string => {
  const value = row[name];
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new Error(`the exchange's books have no ${name} in ${JSON.stringify(row)}`);
};
/** Ids of orders and trades count within a symbol. */
const venueKey = (row: JsonObject): string => `${textOf(row, 'symbol')}:${textOf(row, 'orderId')}`;

const LIST = /^list:(.+)$/;

/** Is this row of the books the order, or a leg of it? By the venue's own id: a cancel changes the client id. */
function isOf(order: OrderView, row: JsonObject): boolean {
  if (textOf(row, 'symbol') !== venueSymbol(order.symbol)) return false;
  const id = order.external_order_id;
  if (id === null) return false;
  const list = LIST.exec(id)?.[1];
  return list === undefined ? textOf(row, 'orderId') === id : textOf(row, 'orderListId') === list;
}

const STATUS_OF: Readonly<Record<string, readonly OrderView['status'][]>> = {
  NEW: ['open'],
  PARTIALLY_FILLED: ['partially_filled'],
  FILLED: ['filled'],
  CANCELED: ['cancelled'],
  REJECTED: ['rejected'],
  EXPIRED: ['expired'],
  EXPIRED_IN_MATCH: ['expired'],
};

/** Rows of the books that were made for this order: by the venue's id, or by our client id where we know none. */
function rowsOf(order: OrderView, rows: readonly JsonObject[]): readonly JsonObject[] {
  return rows.filter(
    (row) => isOf(order, row) || parseVenueClientId(textOf(row, 'clientOrderId'))?.orderId === order.order_id,
  );
}

function fillText(fill: {
  trade_id: string;
  amount: string;
  price: string;
  fee: string;
  fee_currency: string;
}): string {
  const [amount, price, fee] = [fill.amount, fill.price, fill.fee].map((text) => decimal(text).toFixed());
  return `trade ${fill.trade_id}: ${amount} at ${price}, fee ${fee} ${fill.fee_currency}`;
}

const tradeText = (row: JsonObject): string =>
  fillText({
    trade_id: textOf(row, 'id'),
    amount: textOf(row, 'qty'),
    price: textOf(row, 'price'),
    fee: textOf(row, 'commission'),
    fee_currency: textOf(row, 'commissionAsset'),
  });

/** Every difference between what we have of an account and what the exchange has; `foreign`: orders made in the app. */
export function compareAccount(
  account: Account,
  books: AccountBooks,
  foreign: ReadonlySet<string>,
): readonly string[] {
  const known = new Set<string>(foreign);
  const found: string[] = [];
  for (const order of account.orders) {
    const rows = rowsOf(order, books.orders);
    for (const row of rows) known.add(venueKey(row));
    const keys = new Set(rows.map(venueKey));
    const trades = books.trades.filter((trade) => keys.has(venueKey(trade)));
    found.push(...compareOrder(order, rows, trades));
  }
  for (const row of books.orders) {
    if (!known.has(venueKey(row))) {
      found.push(
        `order ${venueKey(row)} (${textOf(row, 'clientOrderId')}) at the exchange is not in the ledger`,
      );
    }
  }
  const theirs = books.trades.filter((trade) => foreign.has(venueKey(trade)));
  const moved = [...account.orders.flatMap(movesOf), ...theirs.flatMap(movesOfTrade)];
  found.push(...compareBalances(account.start, moved, totalsOf(books)));
  return found.map((text) => `${account.name}: ${text}`);
}

/** One order against its rows and trades. */
function compareOrder(
  order: OrderView,
  rows: readonly JsonObject[],
  trades: readonly JsonObject[],
): readonly string[] {
  const found: string[] = [];
  const say = (text: string) => found.push(`order ${order.order_id} (${order.status}): ${text}`);
  const most = order.type === 'oco' ? 2 : 1;
  if (rows.length > most) say(`${rows.length} orders at the exchange: ${rows.map(venueKey).join(', ')}`);
  const [row] = rows;
  if (row === undefined) {
    const isNowhere = order.external_order_id === null && decimal(order.filled_amount).isZero();
    if (!isNowhere) say(`the exchange does not have ${order.external_order_id}`);
  } else if (order.type !== 'oco') {
    const word = textOf(row, 'status');
    if (!STATUS_OF[word]?.includes(order.status)) say(`the exchange says ${word}`);
  }
  const executed = sum(rows.map((one) => decimal(textOf(one, 'executedQty'))));
  const worth = sum(rows.map((one) => decimal(textOf(one, 'cummulativeQuoteQty'))));
  if (!executed.equals(order.filled_amount)) say(`filled ${order.filled_amount}, the exchange ${executed}`);
  if (!worth.equals(order.filled_value)) say(`worth ${order.filled_value}, the exchange ${worth}`);
  const ours = (order.fills ?? []).map(fillText).sort();
  const theirs = trades.map(tradeText).sort();
  for (const text of theirs) if (!ours.includes(text)) say(`not booked: ${text}`);
  for (const text of ours) if (!theirs.includes(text)) say(`the exchange does not know ${text}`);
  if (ours.length !== theirs.length) say(`${ours.length} fills, the exchange has ${theirs.length}`);
  return [...found, ...checkSums(order)];
}

/** An order's own sums are those of its fills. */
function checkSums(order: OrderView): readonly string[] {
  const found: string[] = [];
  const fills = order.fills ?? [];
  const say = (text: string) => found.push(`order ${order.order_id} (${order.status}): ${text}`);
  const amount = sum(fills.map((fill) => decimal(fill.amount)));
  const value = sum(fills.map((fill) => decimal(fill.amount).times(fill.price)));
  if (!amount.equals(order.filled_amount))
    say(`filled ${order.filled_amount}, its fills ${amount.toFixed()}`);
  if (!value.equals(order.filled_value)) say(`worth ${order.filled_value}, its fills ${value.toFixed()}`);
  if (fills.length !== order.fill_count) say(`${order.fill_count} fills counted, ${fills.length} there`);
  const byAsset = new Map<string, Decimal>();
  for (const { fee, fee_currency: asset } of fills) {
    byAsset.set(asset, (byAsset.get(asset) ?? ZERO).plus(fee));
  }
  for (const asset of new Set([...byAsset.keys(), ...Object.keys(order.fees_by_asset)])) {
    const told = order.fees_by_asset[asset] ?? '0';
    const summed = (byAsset.get(asset) ?? ZERO).toFixed();
    if (!same(told, summed)) say(`fees ${told} ${asset}, its fills ${summed}`);
  }
  return found;
}

interface Move {
  readonly asset: string;
  readonly amount: Decimal;
}

/** What an order's fills did to the account. */
function movesOf(order: OrderView): readonly Move[] {
  const [base = '', quote = ''] = order.symbol.split('/');
  return (order.fills ?? []).flatMap((fill) => {
    const amount = decimal(fill.amount);
    const value = amount.times(fill.price);
    return moves(order.side === 'buy', {
      base,
      quote,
      amount,
      value,
      fee: fill.fee,
      feeAsset: fill.fee_currency,
    });
  });
}

function movesOfTrade(row: JsonObject): readonly Move[] {
  const symbol = textOf(row, 'symbol');
  const quote = 'USDT';
  return moves(row['isBuyer'] === true, {
    base: symbol.slice(0, -quote.length),
    quote,
    amount: decimal(textOf(row, 'qty')),
    value: decimal(textOf(row, 'quoteQty')),
    fee: textOf(row, 'commission'),
    feeAsset: textOf(row, 'commissionAsset'),
  });
}

function moves(
  isBuy: boolean,
  trade: { base: string; quote: string; amount: Decimal; value: Decimal; fee: string; feeAsset: string },
): readonly Move[] {
  const { base, quote, amount, value, fee, feeAsset } = trade;
  return [
    { asset: base, amount: isBuy ? amount : amount.negated() },
    { asset: quote, amount: isBuy ? value.negated() : value },
    { asset: feeAsset, amount: decimal(fee).negated() },
  ];
}

const totalsOf = ({ balances }: AccountBooks): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(balances).map(([asset, { free, locked }]) => [
      asset,
      decimal(free).plus(locked).toFixed(),
    ]),
  );

/** Start and every move make what is there, asset by asset, to the last digit. */
function compareBalances(
  start: Account['start'],
  moved: readonly Move[],
  now: Readonly<Record<string, string>>,
): readonly string[] {
  const assets = new Set([...Object.keys(start), ...Object.keys(now), ...moved.map(({ asset }) => asset)]);
  return [...assets].sort().flatMap((asset) => {
    const own = moved.filter((move) => move.asset === asset).map(({ amount }) => amount);
    const expected = decimal(start[asset] ?? '0').plus(sum(own));
    const there = decimal(now[asset] ?? '0');
    if (there.equals(expected)) return [];
    const by = there.minus(expected).toFixed();
    return [
      `${asset}: ${there.toFixed()} is there, start and trades make ${expected.toFixed()} (off by ${by})`,
    ];
  });
}
