/** Prices and symbols as the API shows them (design sections 11, 16). */
import { type Decimal, decimal } from '../../domain/money/decimal.ts';
import type { CachedPrice } from '../../ports/trigger-index.ts';
import { money, time, timeOrNull } from './text.ts';

/** A quote older than this no longer makes the mark. */
export const FRESH_QUOTE_MS = 60_000;

/** The middle of the market; exact. */
export const midOf = (price: CachedPrice): Decimal => decimal(price.bid).plus(decimal(price.ask)).div(2);

/** The mark: mid where a quote is fresh, else last; null without a price. */
export function markOf(price: CachedPrice | null, now: number): Decimal | null {
  if (price === null) return null;
  return price.quoted && now - price.at <= FRESH_QUOTE_MS ? midOf(price) : decimal(price.last);
}

export const priceView = (price: CachedPrice, now: number) => {
  const [bid, ask] = [decimal(price.bid), decimal(price.ask)];
  return {
    symbol: price.symbol,
    bid: money(bid),
    ask: money(ask),
    last: money(decimal(price.last)),
    mid: money(midOf(price)),
    mark: money(markOf(price, now) ?? decimal(price.last)),
    spread: money(ask.minus(bid)),
    bid_size: price.bidSize === '' ? null : price.bidSize,
    ask_size: price.askSize === '' ? null : price.askSize,
    /** False: the feed has no quotes, so bid = ask = last. */
    quoted: price.quoted,
    source: price.source,
    tick_id: price.tickId,
    timestamp: time(price.at),
    age_ms: Math.max(0, now - price.at),
    recorded_at: timeOrNull(price.recordedAt === 0 ? null : price.recordedAt),
  };
};
