import { pauseOf } from '../../domain/pauses.ts';
import type { ExchangeAccount, PauseState, Wallet } from '../../domain/types.ts';
import { isCheckOwed } from '../../domain/wallets.ts';
import type { BalanceSnapshot } from '../../ports/ledger.ts';
import type { WalletStreamStatus } from '../../ports/user-data.ts';
import type { Balance } from '../../ports/venue.ts';
import type { PausedWallet } from '../pause-wallet.ts';
import { policyView } from './signal-view.ts';
import { money, time, timeOrNull } from './text.ts';

/** Never a key and never its ciphertext: the hint is the API key's last four characters. */
const accountView = (account: ExchangeAccount) => ({
  status: account.status,
  problem: account.problem,
  warnings: account.warnings,
  key_type: account.keyType,
  key_hint: account.keyHint,
  account_uid: account.accountUid,
  checked_at: timeOrNull(account.checkedAt),
  check_under_way: isCheckOwed(account),
  pending_key_hint: account.pendingKeys?.keyHint ?? null,
});

const pauseView = ({ pausedAt, pauseReason, stop }: PauseState) => ({
  paused: pausedAt !== null,
  paused_at: timeOrNull(pausedAt),
  pause_reason: pauseReason,
  /** What the pause is still at work on; null = nothing. */
  stopping: stop && { cancel_entries: true, flatten: stop.flatten, since: time(stop.since) },
});

export const walletView = (wallet: Wallet) => ({
  wallet_id: wallet.walletId,
  user_id: wallet.userId,
  name: wallet.name,
  type: wallet.exchange === null ? wallet.environment : 'binance',
  exchange: wallet.exchange === null ? wallet.environment : 'binance',
  environment: wallet.environment,
  ...(wallet.demo !== null && {
    fee_rate: money(wallet.demo.feeRate),
    buy_fee_in: wallet.demo.buyFeeIn,
    /** Null = nothing is lent: no leverage, no shorts. */
    max_leverage: wallet.demo.maxLeverage,
    starting_balances: Object.fromEntries(
      wallet.demo.startingBalances.map((balance) => [balance.asset, money(balance.amount)]),
    ),
  }),
  ...(wallet.exchange !== null && accountView(wallet.exchange)),
  ...pauseView(pauseOf(wallet)),
  /** What AI signals may do to its positions by themselves. */
  signal_policy: policyView(wallet.signalPolicy),
  /** Resident protection of new positions that say nothing of it. */
  resident: wallet.resident,
  created_at: time(wallet.createdAt),
  updated_at: time(wallet.updatedAt),
});

/** What a pause stops, what goes on, and what its first look has cancelled and closed (design section 12). */
export const pausedView = ({ wallet, cancelled, flattened }: PausedWallet) => {
  const { stop } = pauseOf(wallet);
  const isCancelling = stop !== null || cancelled.length > 0;
  return {
    ...walletView(wallet),
    stops: ['new entries'],
    continues: [...(isCancelling ? [] : ['entries that rest']), 'exits and protection', 'closes', 'cancels'],
    /** Ids of entries whose cancel this call has asked for; what is on its way is told by `stopping`. */
    cancelled,
    /** Ids of positions that this call has begun to close. */
    flattened,
  };
};

/** How its orders' news arrive; null when no streamer has said anything of it within the minute. */
export const streamView = (status: WalletStreamStatus | null) =>
  status && {
    /** Since when nothing was missed; null = not subscribed. */
    subscribed_since: timeOrNull(status.subscribedSince),
    last_event_at: timeOrNull(status.lastEventAt),
    last_error: status.problem && {
      code: status.problem.code,
      message: status.problem.message,
      at: time(status.problem.at),
    },
    reports_sent: status.reportsSent,
    /** Execution reports that wait for the queue. */
    buffered: status.buffered,
  };

/** `locked` is reserved by resting orders; total = free + locked. */
export const balanceView = (balance: Balance) => ({
  asset: balance.asset,
  free: money(balance.free),
  locked: money(balance.locked),
  total: money(balance.free.plus(balance.locked)),
});

/** By asset name; `as_of` is when the venue was asked. */
export const balancesView = (walletId: string, { asOf, balances }: BalanceSnapshot) => ({
  wallet_id: walletId,
  as_of: time(asOf),
  balances: balances.toSorted((a, b) => (a.asset < b.asset ? -1 : 1)).map(balanceView),
});
