/** A wallet's limits as the API shows them, against what is used of them. */
import { ordersInMinute } from '../../domain/risk/limits.ts';
import { exposureOf } from '../../domain/risk/use.ts';
import type { LimitsFound } from '../wallet-limits.ts';
import { money, moneyOrNull } from './text.ts';

export const limitsView = ({ walletId, risk, now }: LimitsFound) => ({
  wallet_id: walletId,
  /** Worth is in US dollars; a coin that is kept at a dollar counts as one. */
  currency: 'USD',
  limits: {
    max_position_notional: moneyOrNull(risk.limits.maxPositionNotional),
    max_total_exposure: moneyOrNull(risk.limits.maxTotalExposure),
    max_open_positions: risk.limits.maxOpenPositions,
    max_orders_per_minute: risk.limits.maxOrdersPerMinute,
    allowed_symbols: risk.limits.allowedSymbols,
  },
  used: {
    total_exposure: money(exposureOf(risk)),
    /** Of it: what entries may still buy, and what is held has cost. */
    reserved: money(risk.reserved),
    cost: money(risk.cost),
    open_positions: risk.open,
    /** Of these: positions of which no value in dollars is known; they are not in the exposure. */
    unvalued_positions: risk.unvalued,
    /** Counted while the limit is set; null without it. */
    orders_this_minute: risk.limits.maxOrdersPerMinute === null ? null : ordersInMinute(risk, now),
  },
});
