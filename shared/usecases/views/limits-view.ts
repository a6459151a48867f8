/** A wallet's limits as the API shows them, against what is used of them. */
import { ordersInMinute, type WalletRisk } from '../../domain/risk/limits.ts';
import { cooldownUntil, type Results } from '../../domain/risk/results.ts';
import { exposureOf } from '../../domain/risk/use.ts';
import type { LimitsFound } from '../wallet-limits.ts';
import { money, moneyOrNull, time, timeOrNull } from './text.ts';

const resultsView = ({ dayStart }: WalletRisk, results: Results) => ({
  /** Realized and unrealized since the UTC day began; negative = lost. */
  day_pnl: moneyOrNull(results.dayPnl),
  realized_today: money(results.realizedToday),
  unrealized: moneyOrNull(results.unrealized),
  /** The unrealized P&L that the day began with, and when that was looked at. */
  day_start:
    dayStart?.day === results.day ? { unrealized: money(dayStart.unrealized), at: time(dayStart.at) } : null,
  /** Below the highest P&L since the limit was set. */
  drawdown: moneyOrNull(results.drawdown),
  /** What is open and has no value here; null = nothing. */
  unknown: results.unknown,
});

export const limitsView = ({ walletId, risk, results, realizedToday, now }: LimitsFound) => ({
  wallet_id: walletId,
  /** Worth is in US dollars; a coin that is kept at a dollar counts as one. */
  currency: 'USD',
  limits: {
    max_position_notional: moneyOrNull(risk.limits.maxPositionNotional),
    max_total_exposure: moneyOrNull(risk.limits.maxTotalExposure),
    max_open_positions: risk.limits.maxOpenPositions,
    max_orders_per_minute: risk.limits.maxOrdersPerMinute,
    allowed_symbols: risk.limits.allowedSymbols,
    max_daily_loss: moneyOrNull(risk.limits.maxDailyLoss),
    max_drawdown: moneyOrNull(risk.limits.maxDrawdown),
    cooldown_after_losses: risk.limits.cooldownAfterLosses,
    cooldown_minutes: risk.limits.cooldownMinutes,
    on_breach: risk.limits.onBreach,
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
    /** Positions in a row that lost, and until when entries wait; null = they do not. */
    losses_in_a_row: risk.lossRow,
    cooldown_until: timeOrNull(cooldownUntil(risk, risk.limits, now)),
    /** P&L of what was sold in this UTC day, after fees; of wallets without limits as well. */
    realized_today: money(realizedToday),
    /** Counted while a limit of loss is set; null without one, and where they cannot be counted right after one was set. */
    results: results && resultsView(risk, results),
  },
});
