/** What a wallet's venue has: its orders that are ours, their trades, and everything that moved the balances else. */

import type { JsonObject } from '../../../infra/local/venues/binance/contract.ts';
import { type Decimal, decimal, ZERO } from '../../../shared/domain/money/decimal.ts';
import type { ExecutionReport } from '../../../shared/domain/types.ts';
import { parseVenueClientId } from '../../../shared/usecases/derive-ids.ts';
import { readStatus } from '../../../shared/venues/binance/statuses.ts';
import { isVoid } from '../../../shared/venues/demo/placing.ts';
import type { TakenCheck } from './check-commits.ts';
import type { Outside, WalletPlan } from './outside.ts';

export interface BookTrade {
  readonly tradeId: string;
  readonly side: 'buy' | 'sell';
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly feeAsset: string;
  readonly fee: Decimal;
}

export interface BookOrder {
  readonly orderId: string;
  readonly clientId: string;
  readonly status: ExecutionReport['status'];
  readonly executed: Decimal;
  readonly quote: Decimal;
  readonly trades: readonly BookTrade[];
}

export interface Books {
  /** Legs of a list are two of one order. */
  readonly orders: readonly BookOrder[];
  /** Trades of orders that somebody made elsewhere. */
  readonly foreign: readonly BookTrade[];
  /** Free and locked together, by asset. */
  readonly balances: ReadonlyMap<string, Decimal>;
}

const text = (row: JsonObject, name: string): string => String(row[name]);

const tradeOf = (row: JsonObject): BookTrade => ({
  tradeId: text(row, 'id'),
  side: row['isBuyer'] === true ? 'buy' : 'sell',
  price: decimal(text(row, 'price')),
  quantity: decimal(text(row, 'qty')),
  feeAsset: text(row, 'commissionAsset'),
  fee: decimal(text(row, 'commission')),
});

function exchangeBooks({ venue }: Outside, { uid }: WalletPlan, taken: TakenCheck): Books {
  const { orders, trades, balances } = venue.exchange.books(uid);
  const byOrder = Map.groupBy(trades, (row) => text(row, 'orderId'));
  const own = orders.flatMap((row): BookOrder[] => {
    const id = text(row, 'orderId');
    const known = taken.byVenueId.get(`${uid} ${id}`);
    if (known === undefined) return [];
    const executed = decimal(text(row, 'executedQty'));
    return [
      {
        ...known,
        status: readStatus(text(row, 'status'), executed, null).status,
        executed,
        quote: decimal(text(row, 'cummulativeQuoteQty')),
        trades: (byOrder.get(id) ?? []).map(tradeOf),
      },
    ];
  });
  const foreign = trades.filter((row) => !taken.byVenueId.has(`${uid} ${text(row, 'orderId')}`)).map(tradeOf);
  const held = Object.entries(balances).map(
    ([asset, { free, locked }]) => [asset, decimal(free).plus(locked)] as const,
  );
  return { orders: own, foreign, balances: new Map(held) };
}

function demoBooks({ demo }: Outside, { walletId, balances: starting }: WalletPlan): Books {
  const book = demo.book(walletId);
  const placed = [...book.orders.values()].filter((order) => !isVoid(order));
  const orders = placed.map((order): BookOrder => {
    const trades = book.booked.get(order.clientId) ?? [];
    return {
      orderId: parseVenueClientId(order.clientId)?.orderId ?? order.clientId,
      clientId: order.clientId,
      status: order.status,
      executed: order.executedQuantity,
      quote: order.executedQuote,
      trades: trades.map((fill) => ({
        tradeId: fill.tradeId,
        side: order.side,
        price: fill.price,
        quantity: fill.quantity,
        feeAsset: fill.fee.asset,
        fee: fill.fee.amount,
      })),
    };
  });
  const opened = Object.entries(starting).map(([asset, amount]) => [asset, decimal(amount)] as const);
  const held = [...book.held.values()].map(({ asset, free, locked }) => [asset, free.plus(locked)] as const);
  return { orders, foreign: [], balances: new Map(held.length === 0 ? opened : held) };
}

export const booksOf = (outside: Outside, plan: WalletPlan, taken: TakenCheck): Books =>
  plan.isDemo ? demoBooks(outside, plan) : exchangeBooks(outside, plan, taken);

/** What trades make of balances, by asset. */
export function movements(
  trades: readonly BookTrade[],
  base: string,
  quote: string,
): ReadonlyMap<string, Decimal> {
  const moved = new Map<string, Decimal>();
  const add = (asset: string, by: Decimal): void => {
    moved.set(asset, (moved.get(asset) ?? ZERO).plus(by));
  };
  for (const { side, price, quantity, fee, feeAsset } of trades) {
    const worth = price.times(quantity);
    add(base, side === 'buy' ? quantity : quantity.negated());
    add(quote, side === 'buy' ? worth.negated() : worth);
    add(feeAsset, fee.negated());
  }
  return moved;
}
