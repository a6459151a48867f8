import { Decimal, ZERO } from '../../../shared/domain/money/decimal.ts';
import type { World } from './world.ts';

/** An account with these coins, whatever the ledger says of them: it refuses to sell more. */
export function holding(world: World, coins: string): { free: Decimal; looks: number } {
  const { venue } = world;
  const account = { free: new Decimal(coins), looks: 0 };
  const place = venue.placeOrder.bind(venue);
  venue.placeOrder = async (request) => {
    if (request.side === 'sell' && request.quantity.greaterThan(account.free)) {
      return { kind: 'refused', code: 'insufficient_balance', message: 'insufficient balance' };
    }
    const outcome = await place(request);
    if (outcome.kind === 'accepted' && request.side === 'sell') {
      account.free = account.free.minus(request.quantity);
    }
    return outcome;
  };
  venue.balances = async () => {
    account.looks += 1;
    return [{ asset: 'BTC', free: account.free, locked: ZERO }];
  };
  return account;
}
