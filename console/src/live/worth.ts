/**
 * What a wallet is worth and what today has brought, in US dollars by the API's convention (coins kept at a dollar count as
 * one). Pure and exact; what has no value here is named, never left out silently.
 */

import type { AnswerTo } from '../../../shared/client/contract.ts';
import { Decimal, decimal, decimalText } from '../../../shared/domain/money/decimal.ts';
import { inDollars } from '../../../shared/domain/usd.ts';
import { quoteOf } from '../format/symbol-text.ts';
import type { Position } from './positions.ts';
import { figuresAt } from './positions.ts';

export type Balances = AnswerTo<'getBalances'>;
export type Limits = AnswerTo<'getLimits'>;

/** Pairs that tell an asset's price in dollars, the first that has a price counts. */
const DOLLARS = ['USDT', 'USDC', 'USD', 'FDUSD'] as const;

export interface Worth {
  /** Null: nothing of it is known. */
  readonly total: string | null;
  /** Assets and positions that are not in the total for want of a price. */
  readonly unvalued: readonly string[];
}

/** A mark by symbol; null: there is none. */
export type MarkOf = (symbol: string) => string | null;

/** An asset's worth in dollars; null: it has no price here. */
export function inUsd(amount: Decimal, asset: string, markOf: MarkOf): Decimal | null {
  const own = inDollars(amount, asset);
  if (own !== null || amount.isZero()) return own ?? amount;
  for (const dollar of DOLLARS) {
    const mark = markOf(`${asset}/${dollar}`);
    if (mark !== null) return amount.times(decimal(mark));
  }
  return null;
}

/** Symbols that would value these assets: to be followed. */
export const valuingSymbols = (
  assets: readonly string[],
  isKnown: (symbol: string) => boolean,
): readonly string[] =>
  assets
    .filter((asset) => inDollars(new Decimal(1), asset) === null)
    .flatMap((asset) => DOLLARS.map((dollar) => `${asset}/${dollar}`).find(isKnown) ?? []);

/**
 * All coins at their marks, and the gain of what is on margin: balances show neither what is held there nor what is owed, and
 * its fees have been paid from them already.
 */
export function equityOf(balances: Balances, positions: readonly Position[], markOf: MarkOf): Worth {
  const unvalued: string[] = [];
  let total = new Decimal(0);
  const add = (worth: Decimal | null, name: string): void => {
    if (worth === null) unvalued.push(name);
    else total = total.plus(worth);
  };
  for (const { asset, total: amount } of balances.balances) add(inUsd(decimal(amount), asset, markOf), asset);
  for (const position of positions.filter(isOnMargin)) {
    const mark = markOf(position.symbol);
    const [amount, cost] = [decimal(position.current.amount), decimal(position.current.cost)];
    const value = mark === null ? null : amount.times(decimal(mark));
    const gain = value && (position.side === 'long' ? value.minus(cost) : cost.minus(value));
    add(gain && inUsd(gain, quoteOf(position), markOf), position.symbol);
  }
  return { total: decimalText(total), unvalued };
}

const isOnMargin = ({ side, entry }: Position): boolean => side === 'short' || entry.leverage > 1;

export interface Today {
  /** Null: something of it is not known. */
  readonly total: string | null;
  readonly realized: string;
  /** How the unrealized P&L has changed since the UTC day began. */
  readonly change: string | null;
  readonly unvalued: readonly string[];
}

/**
 * What today (UTC) has brought: realized, and by how much the unrealized P&L of what is open has changed. `dayStart`: the mark
 * of a symbol when the day began, for positions from before; those of today began with nothing. `limits.used.results`, which
 * the API counts while a limit of loss is set, knows the day's start itself.
 */
export function todayOf(
  limits: Limits,
  positions: readonly Position[],
  markOf: MarkOf,
  dayStart: MarkOf,
  now: number,
): Today {
  const realized = limits.used.realized_today;
  const unvalued: string[] = [];
  let change = new Decimal(0);
  for (const position of positions) {
    const live = figuresAt(position, markOf(position.symbol));
    const before = isOfToday(position, now)
      ? '0'
      : (figuresAt(position, dayStart(position.symbol))?.pnl ?? null);
    const pnl = live === null || before === null ? null : decimal(live.pnl).minus(decimal(before));
    const worth = inDollars(pnl, quoteOf(position));
    if (decimal(position.current.amount).isZero()) continue;
    if (worth === null) unvalued.push(position.symbol);
    else change = change.plus(worth);
  }
  const isKnown = unvalued.length === 0;
  return {
    realized,
    change: isKnown ? decimalText(change) : null,
    total: isKnown ? decimalText(change.plus(decimal(realized))) : null,
    unvalued: [...new Set(unvalued)],
  };
}

const DAY_MS = 86_400_000;
/** The start of the UTC day of a time. */
export const dayStartOf = (now: number): number => now - (now % DAY_MS);

export const isOfToday = ({ opened_at }: Position, now: number): boolean =>
  opened_at === null || Date.parse(opened_at) >= dayStartOf(now);
