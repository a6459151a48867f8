import type { Wallet } from '../../domain/types.ts';
import type { Balance } from '../../ports/venue.ts';
import { money, time } from './text.ts';

export const walletView = (wallet: Wallet) => ({
  wallet_id: wallet.walletId,
  user_id: wallet.userId,
  name: wallet.name,
  type: wallet.environment,
  exchange: wallet.environment,
  fee_rate: money(wallet.demo.feeRate),
  buy_fee_in: wallet.demo.buyFeeIn,
  starting_balances: Object.fromEntries(
    wallet.demo.startingBalances.map((balance) => [balance.asset, money(balance.amount)]),
  ),
  created_at: time(wallet.createdAt),
  updated_at: time(wallet.updatedAt),
});

/** `locked` is reserved by resting orders; total = free + locked. */
export const balanceView = (balance: Balance) => ({
  asset: balance.asset,
  free: money(balance.free),
  locked: money(balance.locked),
  total: money(balance.free.plus(balance.locked)),
});
