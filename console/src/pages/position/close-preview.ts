/** Closing a position, whole or in part: how much, and what that would bring at the market's price. */
import type { AnswerTo, BodyOf } from '../../../../shared/client/contract.ts';
import { decimal, decimalText, floorTo, parseDecimal } from '../../../../shared/domain/money/decimal.ts';
import { figuresAt } from '../../live/positions.ts';

type Detail = AnswerTo<'getPosition'>;

/** A share of what is held, down to the step of the symbol. */
export function partOf(amount: string, percent: string, step: string): string {
  return decimalText(floorTo(decimal(amount).times(decimal(percent)).dividedBy(100), decimal(step)));
}

/** Why an amount cannot be sold; null = it can be asked for. */
export function amountError(text: string, held: string): string | null {
  const amount = parseDecimal(text.trim());
  if (amount === null || !amount.greaterThan(0)) return 'This is not an amount. Write it like 0.25.';
  if (amount.greaterThan(decimal(held))) return `That is more than is held (${held}).`;
  return null;
}

/** The sale as an order, for the API's preview of it: nothing of this is sent as an order. */
export function saleOf(
  position: Pick<Detail, 'user_wallet_id' | 'symbol' | 'side' | 'position_id'>,
  quantity: string,
): BodyOf<'previewOrder'> {
  return {
    wallet_id: position.user_wallet_id,
    symbol: position.symbol,
    side: position.side === 'long' ? 'sell' : 'buy',
    type: 'market',
    quantity,
    position_id: position.position_id,
  };
}

/** P&L of that much sold at the price, before the fee of the sale; null: there is no price. */
export function pnlOfSale(position: Detail, quantity: string, price: string | null): string | null {
  const whole = figuresAt(position, price);
  const held = decimal(position.current.amount);
  if (whole === null || held.isZero()) return null;
  return decimalText(decimal(whole.pnl).times(decimal(quantity)).dividedBy(held).toDecimalPlaces(8));
}
