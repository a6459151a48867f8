/**
 * Figures of an open position at a live price: exact, by the API's own rules, between two reads of the position.
 *
 * The API has reckoned the unrealized P&L at its price (after the entry fees of what is held). At another price it is that
 * sum, plus what the held amount has gained or lost on the way from one price to the other.
 */

import type { PushedPrice } from '../../../shared/client/push.ts';
import { Decimal, decimal, decimalText, percentOf } from '../../../shared/domain/money/decimal.ts';
import { type RiskLevel, riskLevelAt } from '../../../shared/domain/risk-level.ts';
import type { Position } from './rows.ts';

export type { Position, RiskLevel };

/** A quote older than this no longer makes the mark (as in the API). */
export const FRESH_QUOTE_MS = 60_000;

type Prices = Pick<PushedPrice, 'mark' | 'last' | 'quoted' | 'timestamp' | 'bid' | 'ask' | 'mid'>;

/** The mark: the middle of a fresh quote, else the last trade. */
export const markAt = (price: Prices, now: number): string =>
  price.quoted && now - Date.parse(price.timestamp) > FRESH_QUOTE_MS ? price.last : price.mark;

/**
 * Whether a price takes the place of one that is known. Ticks of a symbol are counted; where the count has begun anew (another
 * cache), the time tells.
 */
export const isNewer = (
  price: Pick<PushedPrice, 'tick_id' | 'timestamp'>,
  known: Pick<PushedPrice, 'tick_id' | 'timestamp'>,
): boolean => price.tick_id > known.tick_id || Date.parse(price.timestamp) > Date.parse(known.timestamp);

/** A figure may have so many, and no more: what is reckoned here is read again as one. */
const DECIMALS = 18;

export interface LiveFigures {
  readonly mark: string;
  readonly value: string;
  readonly pnl: string;
  /** Of the cost of what is held. */
  readonly pnlPercent: string;
}

/** Null while there is no price, or the API had none to start from. */
export function figuresAt(position: Position, mark: string | null): LiveFigures | null {
  const { current, side } = position;
  if (mark === null || current.price === null || current.unrealized_pnl === null) return null;
  const [amount, at] = [decimal(current.amount), decimal(mark)];
  const moved = at.minus(decimal(current.price)).times(amount);
  const pnl = decimal(current.unrealized_pnl).plus(side === 'long' ? moved : moved.negated());
  return {
    mark,
    value: decimalText(amount.times(at).toDecimalPlaces(DECIMALS)),
    pnl: decimalText(pnl.toDecimalPlaces(DECIMALS)),
    pnlPercent: decimalText(percentOf(pnl, decimal(current.cost))),
  };
}

/** The price that the position's levels are compared with. */
export function triggerPriceOf(position: Position, price: Prices): string {
  switch (position.risk_management.trigger_price) {
    case 'bid_ask':
      return position.side === 'long' ? price.bid : price.ask;
    case 'last':
      return price.last;
    case 'mid':
      return price.mid;
  }
}

export interface StopNow {
  readonly price: string;
  readonly kind: 'stop_loss' | 'break_even' | 'trailing' | 'liquidation';
}

/** The stop that comes first. `trailing`: where the trailing one stands, which only the position's own view knows. */
export function stopOf(position: Position, trailing: string | null): StopNow | null {
  const risk = position.risk_management;
  const stops: StopNow[] = [];
  if (risk.current_stop_loss !== null)
    stops.push({ price: risk.current_stop_loss, kind: risk.current_stop_level ?? 'stop_loss' });
  // Where it was seen last says nothing once there is none.
  if (trailing !== null && risk.trailing_stop.enabled) stops.push({ price: trailing, kind: 'trailing' });
  if (risk.liquidation_price !== null) stops.push({ price: risk.liquidation_price, kind: 'liquidation' });
  const isTighter = (a: Decimal, b: Decimal) => (position.side === 'long' ? a.greaterThan(b) : a.lessThan(b));
  return stops.reduce<StopNow | null>(
    (best, one) => (best === null || isTighter(decimal(one.price), decimal(best.price)) ? one : best),
    null,
  );
}

/** How far the price is from the stop, in percent of the price: above zero while the stop has not been reached. */
export function distancePercent(position: Position, stop: string, price: string): string {
  const [at, to] = [decimal(price), decimal(stop)];
  const way = position.side === 'long' ? at.minus(to) : to.minus(at);
  return decimalText(percentOf(way, at));
}

/** As the API says it of one position (`current.risk_level`), at a live mark. */
export function riskOf(position: Position, stop: StopNow | null, mark: string | null): RiskLevel {
  const { amount, cost } = position.current;
  const held = decimal(amount).isZero() ? null : decimal(cost).dividedBy(decimal(amount));
  return riskLevelAt({
    side: position.side,
    held,
    mark: mark === null ? null : decimal(mark),
    stop: stop === null ? null : decimal(stop.price),
  });
}

/** The sum of decimal texts; null where one of them is unknown. */
export function sumOf(texts: readonly (string | null)[]): string | null {
  let total = new Decimal(0);
  for (const text of texts) {
    if (text === null) return null;
    total = total.plus(decimal(text));
  }
  return decimalText(total);
}
