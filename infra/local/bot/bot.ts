/** A bot in one function: it buys on a demo wallet, protected, and follows the position until it is out. */
import type { ApiClient } from '../../../shared/client/client.ts';
import type { AnswerTo } from '../../../shared/client/contract.ts';

export interface BotPlan {
  readonly symbol: string;
  /** In quote asset. */
  readonly spend: string;
  /** How far the stop follows the best price, in percent. */
  readonly trailingPercent: string;
  /** After so many seconds the position is closed whatever its price. */
  readonly seconds: number;
}

/** Trades once; answers the closed position. */
export async function runBot(
  client: ApiClient,
  { symbol, spend, trailingPercent, seconds }: BotPlan,
  say: (line: string) => void,
  sleep: (ms: number) => Promise<void>,
): Promise<AnswerTo<'getPosition'>> {
  const { wallet_id } = await client.call('createWallet', {
    body: { name: 'bot', type: 'demo', starting_balances: { USDT: '10000' } },
  });
  const order = {
    wallet_id,
    symbol,
    side: 'buy',
    type: 'market',
    quote_quantity: spend,
    protection: { trailing_stop: { distance_percent: trailingPercent }, time_stop: { max_seconds: seconds } },
  } as const;
  const { accepted, refusal } = await client.call('previewOrder', { body: order });
  if (!accepted) throw new Error(`it would be refused: ${refusal?.detail}`);

  const bought = await client.call('createOrder', { body: order, waitSeconds: 5 });
  say(`bought ${bought.filled_amount} ${symbol} at ${bought.average_fill_price}`);

  const params = { position_id: bought.position_id };
  let position = await client.call('getPosition', { params });
  for (
    let shown = '';
    position.status !== 'closed';
    position = await client.call('getPosition', { params })
  ) {
    const { price, unrealized_pnl } = position.current;
    const line = `${position.status}: price ${price}, P&L ${unrealized_pnl}`;
    if (line !== shown) say(line);
    shown = line;
    await sleep(1_000);
  }
  say(`out by ${position.exit?.reason}: P&L ${position.exit?.realized_pnl}`);
  return position;
}
