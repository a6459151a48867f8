/** May this order be on margin, and on what terms (design sections 5, 8)? */
import { liquidationAt, MAINTENANCE_RATE } from '../domain/margin.ts';
import type { MarginTerms } from '../domain/margin-facts.ts';
import type { Decimal } from '../domain/money/decimal.ts';
import { checkPrice } from '../domain/normalise.ts';
import { ok, type Result } from '../domain/result.ts';
import type { SymbolSpec } from '../domain/symbol-spec.ts';
import type { PositionSide, Wallet } from '../domain/types.ts';
import type { PlaceOrderCommand } from './place-command.ts';
import { type Refusal, refuse } from './refusal.ts';

type Asked = Pick<PlaceOrderCommand, 'side' | 'positionSide' | 'leverage' | 'positionId'>;

export const asksForShort = ({ side, positionSide }: Asked): boolean =>
  side === 'sell' && positionSide === 'short';

/** Whatever is on margin was decided when the position was opened. */
export function checkExitMargin({ positionSide, leverage }: Asked): Result<null, Refusal> {
  const field = positionSide !== null ? 'position_side' : leverage !== null ? 'leverage' : null;
  if (field === null) return ok(null);
  const message = 'is that of an entry, and position_id makes this an exit';
  return refuse('margin_forbidden', field, `${field} ${message}`, `leave ${field} out`);
}

/** The terms of an entry; null = with coins of the account's own. A long without leverage borrows nothing. */
export function marginTerms(command: Asked, wallet: Wallet): Result<MarginTerms | null, Refusal> {
  const { positionSide } = command;
  const leverage = command.leverage ?? 1;
  if (command.side === 'buy' && positionSide === 'short') {
    const fix = 'send side sell to open a short, or the position_id of the short to close';
    return refuse('wrong_side', 'side', 'a short is opened by a sell', fix);
  }
  const isShort = asksForShort(command);
  if (!isShort && leverage === 1) return ok(null);
  const field = isShort ? 'position_side' : 'leverage';
  if (wallet.demo === null) {
    const message = `${wallet.environment} lends nothing here: no shorts, no leverage`;
    return refuse(
      'margin_not_allowed',
      field,
      message,
      `leave ${field} out, or use a demo wallet with max_leverage`,
    );
  }
  const { maxLeverage, feeRate } = wallet.demo;
  if (maxLeverage === null) {
    const message = 'this wallet was made without max_leverage: no shorts, no leverage';
    return refuse(
      'margin_not_allowed',
      field,
      message,
      `leave ${field} out, or make a wallet with max_leverage`,
    );
  }
  if (leverage > maxLeverage) {
    const message = `a leverage of ${leverage} is above the wallet's ${maxLeverage}`;
    const facts = { max_leverage: String(maxLeverage) };
    return refuse('leverage_too_high', 'leverage', message, `send at most ${maxLeverage}`, facts);
  }
  return ok({ leverage, maintenanceRate: MAINTENANCE_RATE, feeRate });
}

/**
 * Where a position that opens at this price would be liquidated; null without margin. Refused where no price of the
 * symbol can lie so far away.
 */
export function liquidationOf(
  side: PositionSide,
  entry: Decimal,
  terms: MarginTerms | null,
  spec: SymbolSpec,
): Result<Decimal | null, Refusal> {
  if (terms === null) return ok(null);
  const at = liquidationAt(side, { cost: entry, quantity: entry.div(entry) }, terms, spec);
  if (at === null || checkPrice(spec, at, 'leverage') === null) return ok(at);
  const message = `the position would be liquidated at ${at.toFixed()}, which is no price of ${spec.symbol}`;
  return refuse('out_of_range', 'leverage', message, 'send more leverage');
}
