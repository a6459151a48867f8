/** What a closed position must have made, from its fills alone: the smoke test's own reckoning. Pure. */
import { Decimal, decimal, sum } from '../../shared/domain/money/decimal.ts';

export interface SmokeFill {
  readonly role: 'entry' | 'exit';
  readonly amount: string;
  readonly price: string;
  readonly fee: string;
  readonly fee_currency: string;
  readonly fee_quote_value: string | null;
}

/** What is left below the venue's minimum, with its cost. */
export interface SmokeDust {
  readonly amount: string;
  readonly cost: string;
}

const worth = ({ amount, price }: SmokeFill): Decimal => decimal(amount).times(price);

/**
 * Of a long position that is closed, in quote asset: received - paid - fees that were not taken in base (those are in what
 * there was to sell already); what is left as dust keeps its cost. Null: a fee in a third asset has no value.
 */
export function expectedProfit(
  fills: readonly SmokeFill[],
  dust: SmokeDust | null,
  symbol: string,
): Decimal | null {
  const [base = '', quote = ''] = symbol.split('/');
  const fees: Decimal[] = [];
  for (const { fee, fee_currency: asset, fee_quote_value: value } of fills) {
    if (asset === base) continue;
    if (asset === quote) fees.push(decimal(fee));
    else if (value !== null) fees.push(decimal(value));
    else if (!decimal(fee).isZero()) return null;
  }
  const of = (role: SmokeFill['role']): Decimal => sum(fills.filter((fill) => fill.role === role).map(worth));
  const kept = dust === null ? new Decimal(0) : decimal(dust.cost);
  return of('exit').minus(of('entry').minus(kept)).minus(sum(fees));
}

/** Two figures of which one is a sum of divisions to 18 decimals. */
const ROUNDING = decimal('0.00000000000001');

export const isSameAmount = (a: Decimal, b: Decimal): boolean => a.minus(b).abs().lessThanOrEqualTo(ROUNDING);
