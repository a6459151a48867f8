/** Is what trades at an exchange working: the right to ask it, and the news of its accounts. Pure. */
import type { AnswerTo } from '../../shared/client/contract.ts';

type BinanceHealth = NonNullable<AnswerTo<'healthServices'>['binance']>;

/**
 * What is not as it must be, in words; null: all is well. The counts are those of the system, whoever owns the wallets:
 * the route is open and names none.
 */
export function exchangeTrouble(binance: BinanceHealth | undefined): string | null {
  if (binance === undefined) return 'this system serves no Binance';
  const { budget, user_data: news } = binance;
  if (budget === null) return 'the budget for calls is not known';
  if (budget.blocked) return `the budget for calls is blocked until ${budget.blocked_until}`;
  const { connected, healthy, subscribed, wallets } = news;
  if (connected > 0 && healthy === connected && subscribed > 0 && subscribed === wallets) return null;
  return `user data: ${subscribed} of ${wallets} wallets subscribed, ${healthy} of ${connected} connections healthy`;
}
