/** A preview as the API shows it: what would be sent, each rule with its figures, and why it would be refused. */
import { collateralOf } from '../../domain/margin.ts';
import type { RuleCheck } from '../../domain/rule-check.ts';
import type { Preview } from '../preview-order.ts';
import { amountsView } from './order-view.ts';
import { money, moneyOrNull } from './text.ts';

export function previewView(preview: Preview) {
  const { command, wallet, spec, sent, market, refusal } = preview;
  const price = sent.limitPrice ?? sent.stopPrice ?? market;
  return {
    /** True: placing it now would pass every check made here. The venue has the last word. */
    accepted: refusal === null,
    refusal: refusal && {
      code: refusal.code,
      field: refusal.field,
      detail: refusal.message,
      next_action: refusal.fix,
      ...(refusal.facts !== undefined && { facts: refusal.facts }),
    },
    user_wallet_id: wallet.walletId,
    exchange: wallet.environment,
    position_id: command.positionId,
    symbol: spec.symbol,
    venue_symbol: spec.venueSymbol,
    side: command.side,
    type: command.type,
    role: preview.role,
    time_in_force: command.timeInForce,
    asked: amountsView(preview.asked),
    sent: amountsView(sent),
    market_price: moneyOrNull(market),
    /** In quote asset, before fees, at the order's own price or the market's. */
    estimated_value: moneyOrNull(sent.quoteQuantity ?? (price && sent.quantity.times(price))),
    quote: spec.quote,
    checks: preview.checks.map(checkView),
    /** What it would tie up, in quote and before fees, and where it would be liquidated; null without margin. */
    margin: preview.margin && {
      leverage: preview.margin.leverage,
      margin_used: money(collateralOf(preview.margin.worth, preview.margin.leverage)),
      liquidation_price: moneyOrNull(preview.margin.liquidation),
    },
    /** What the wallet's limits say of it; null of an exit, and where something else refuses first. */
    risk: preview.risk && { allowed: preview.risk.broken.length === 0, broken: preview.risk.broken },
    warnings: preview.warnings,
    protection: preview.protection && {
      stop_loss: moneyOrNull(preview.protection.stopLoss?.price ?? null),
      take_profits: preview.protection.takeProfits.map((rung) => ({
        price: money(rung.price),
        share: money(rung.share),
      })),
    },
  };
}

const checkView = ({ rule, outcome, figures, error, why }: RuleCheck) => ({
  rule,
  outcome,
  figures,
  ...(error !== null && {
    code: error.code,
    field: error.field,
    detail: error.message,
    next_action: error.fix,
  }),
  ...(why !== null && { why }),
});
