/**
 * What an entry of a wallet that may open nothing is told (design section 12): of one that is paused every limit that
 * the entry would break as well, with its figures, so that nobody resumes a wallet only to be refused again.
 */
import type { Decimal } from '../domain/money/decimal.ts';
import { worthLeft } from '../domain/risk/use.ts';
import { entryAsks } from './check-addition.ts';
import type { CheckedAmounts, Target } from './check-order.ts';
import { riskOf, riskRefusal } from './check-risk.ts';
import type { Ports } from './ports.ts';
import type { Refusal } from './refusal.ts';

type Needs = Pick<Ports, 'ledger' | 'prices' | 'clock' | 'sleep'>;

/**
 * `barred`: why the wallet may not. It stays the answer where nothing else is broken, or the order makes no sense.
 * `held`: what the position that it adds to is worth; null = it opens one.
 */
export async function refusePaused(
  ports: Needs,
  { wallet, spec }: Target,
  { sent, market, refusal }: CheckedAmounts,
  barred: Refusal,
  held: Decimal | null = null,
): Promise<Refusal> {
  if (barred.code !== 'wallet_paused' || refusal !== null) return barred;
  const { walletId } = wallet;
  const asks = entryAsks(worthLeft(sent, market), held);
  const { broken } = await riskOf(ports, { walletId, symbol: spec.symbol, quote: spec.quote, ...asks });
  if (broken.length === 0) return barred;
  const { error } = riskRefusal(broken);
  return {
    ...error,
    message: `${barred.message}; and ${error.message}`,
    fix: `resume it once its limits allow it: ${error.fix}`,
    facts: { ...error.facts, ...barred.facts },
  };
}
