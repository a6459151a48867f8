/**
 * What a wallet's limits are measured against: what its positions cost, and what its entries may still buy
 * (design section 12).
 *
 * Pure. What one order or one position takes up follows from how it stands alone, so the sum over a wallet changes by
 * what each written item took up before and takes up after, in the very transaction that writes it.
 * Always true:
 * - the sum over all changes of an item is what it takes up now: nothing is counted twice or forgotten;
 * - an entry takes up what it may still buy until it is settled; what it has bought is its position's cost;
 * - a closed position and an exit take up nothing.
 *
 * Figures are US dollars, by the convention of usd.ts. A position in another quote asset counts as a position, and
 * among the `unvalued`: its worth is not known.
 */
import { type Decimal, maxOf, ZERO } from '../money/decimal.ts';
import { isSettled } from '../orders.ts';
import { isClosed } from '../positions.ts';
import type { Order, OrderAmounts, Position } from '../types.ts';
import { inDollars } from '../usd.ts';
import { bothResults, type ResultChange, resultOf } from './results.ts';

/** A sum over orders and positions, or a change of one. */
export interface RiskSums {
  /** What entries may still buy. */
  readonly reserved: Decimal;
  /** What is held has cost. */
  readonly cost: Decimal;
  /** Positions that are not closed, those still opening too. */
  readonly open: number;
  /** Those of them whose quote asset has no value in dollars here. */
  readonly unvalued: number;
}

export const NO_SUMS: RiskSums = { reserved: ZERO, cost: ZERO, open: 0, unvalued: 0 };

export const plus = (a: RiskSums, b: RiskSums): RiskSums => ({
  reserved: a.reserved.plus(b.reserved),
  cost: a.cost.plus(b.cost),
  open: a.open + b.open,
  unvalued: a.unvalued + b.unvalued,
});

const minus = (a: RiskSums, b: RiskSums): RiskSums => ({
  reserved: a.reserved.minus(b.reserved),
  cost: a.cost.minus(b.cost),
  open: a.open - b.open,
  unvalued: a.unvalued - b.unvalued,
});

export const isNothing = ({ reserved, cost, open, unvalued }: RiskSums): boolean =>
  reserved.isZero() && cost.isZero() && open === 0 && unvalued === 0;

export const exposureOf = ({ reserved, cost }: Pick<RiskSums, 'reserved' | 'cost'>): Decimal =>
  reserved.plus(cost);

/** The asset that a symbol (`BTC/USDT`) is paid in. */
const quoteOf = (symbol: string): string => symbol.slice(symbol.indexOf('/') + 1);

const NOTHING_FILLED = { filledQuantity: ZERO, filledQuote: ZERO };

/** Worth in quote of what can still fill; at its own price, else at the market's when it was decided. */
export function worthLeft(
  amounts: OrderAmounts,
  market: Decimal | null,
  filled: Pick<Order, 'filledQuantity' | 'filledQuote'> = NOTHING_FILLED,
): Decimal {
  if (amounts.quoteQuantity !== null) return maxOf(amounts.quoteQuantity.minus(filled.filledQuote), ZERO);
  const price = amounts.limitPrice ?? amounts.stopPrice ?? market;
  if (price === null) return ZERO;
  return maxOf(amounts.quantity.minus(filled.filledQuantity), ZERO).times(price);
}

/** What an order may still buy, in quote: of one that is being amended the greater of what it is and is to be. */
export function reservedInQuote(order: Order): Decimal {
  if (order.role !== 'entry' || isSettled(order)) return ZERO;
  const own = worthLeft(order, order.referencePrice, order);
  const { amendment } = order;
  if (amendment === null || amendment.outcome !== 'under_way') return own;
  const market = amendment.referencePrice ?? order.referencePrice;
  return maxOf(own, worthLeft(amendment.wanted, market, order));
}

export const sumsOfOrder = (order: Order): RiskSums => ({
  ...NO_SUMS,
  reserved: inDollars(reservedInQuote(order), quoteOf(order.symbol)) ?? ZERO,
});

export function sumsOfPosition(p: Position): RiskSums {
  if (isClosed(p)) return NO_SUMS;
  const cost = inDollars(p.cost, p.quote);
  return { reserved: ZERO, cost: cost ?? ZERO, open: 1, unvalued: cost === null ? 1 : 0 };
}

interface Changed<T> {
  readonly before: T | null;
  readonly after: T;
}

export interface RiskChange {
  readonly walletId: string;
  readonly by: RiskSums;
  /** When something new came to be; null where all was there before. */
  readonly newAt: number | null;
  /** When it was written, on our clock. */
  readonly at: number;
  /** What was realized, and what has lost; null = nothing. */
  readonly result: ResultChange | null;
}

/** What a write of these orders and positions changes, by wallet; wallets whose sums stay are left out. */
export function riskChanges(
  orders: readonly Changed<Order>[],
  positions: readonly Changed<Position>[],
): readonly RiskChange[] {
  const changes = new Map<string, RiskChange>();
  const add = <T extends Order | Position>(
    { before, after }: Changed<T>,
    sumsOf: (of: T) => RiskSums,
    result: ResultChange | null = null,
  ): void => {
    const { walletId, createdAt, updatedAt } = after;
    const by = minus(sumsOf(after), before === null ? NO_SUMS : sumsOf(before));
    if (isNothing(by) && result === null) return;
    const former = changes.get(walletId) ?? { walletId, by: NO_SUMS, newAt: null, at: 0, result: null };
    const newAt = before === null ? Math.max(former.newAt ?? 0, createdAt) : former.newAt;
    const both = bothResults(former.result, result);
    const at = Math.max(former.at, updatedAt);
    changes.set(walletId, { walletId, by: plus(former.by, by), newAt, at, result: both });
  };
  for (const change of orders) add(change, sumsOfOrder);
  for (const change of positions) add(change, sumsOfPosition, resultOf(change.before, change.after));
  return [...changes.values()].filter(
    ({ by, newAt, result }) => newAt !== null || result !== null || !isNothing(by),
  );
}

/** The sums over these orders and positions. */
export const sumsOver = (orders: readonly Order[], positions: readonly Position[]): RiskSums =>
  [...orders.map(sumsOfOrder), ...positions.map(sumsOfPosition)].reduce(plus, NO_SUMS);
