/** Answers about wallets, their balances and limits (shared/usecases/views/wallet-view.ts, limits-view.ts). */
import * as z from 'zod';
import { ON_BREACH } from '../../../shared/domain/risk/limits.ts';
import { ACCOUNT_STATUSES, KEY_TYPES } from '../../../shared/domain/types.ts';
import * as f from './fields.ts';
import { SignalPolicy } from './signals.ts';

export const KeyProblem = z.strictObject({
  code: z.enum([
    'key_rejected',
    'bad_signature',
    'withdraw_permission',
    'no_trade_permission',
    'ip_not_allowed',
    'clock_skew',
    'account_already_connected',
    'account_changed',
    'key_unreadable',
    'venue_unreachable',
  ]),
  message: f.text,
});

export const Stopping = z.strictObject({ cancel_entries: f.flag, flatten: f.flag, since: f.instant });

export const Wallet = z.strictObject({
  wallet_id: f.id,
  user_id: f.id,
  name: f.text,
  type: f.environment,
  exchange: f.environment,
  environment: f.environment,
  fee_rate: f.amount.exactOptional(),
  buy_fee_in: z.enum(['quote', 'base']).exactOptional(),
  max_leverage: f.wholeOrNull.exactOptional(),
  starting_balances: f.byAsset.exactOptional(),
  status: z.enum(ACCOUNT_STATUSES).exactOptional(),
  problem: KeyProblem.nullable().exactOptional(),
  warnings: z.array(f.text).exactOptional(),
  key_type: z.enum(KEY_TYPES).exactOptional(),
  key_hint: f.text.exactOptional(),
  account_uid: f.idOrNull.exactOptional(),
  checked_at: f.instantOrNull.exactOptional(),
  check_under_way: f.flag.exactOptional(),
  pending_key_hint: f.textOrNull.exactOptional(),
  paused: f.flag,
  paused_at: f.instantOrNull,
  pause_reason: f.textOrNull,
  stopping: Stopping.nullable(),
  signal_policy: SignalPolicy,
  resident: f.residentMode,
  created_at: f.instant,
  updated_at: f.instant,
});

export const WalletStream = z.strictObject({
  subscribed_since: f.instantOrNull,
  last_event_at: f.instantOrNull,
  last_error: z.strictObject({ code: f.text, message: f.text, at: f.instant }).nullable(),
  reports_sent: f.count,
  buffered: f.count,
});

/** Of a wallet at an exchange also how its orders' news arrive. */
export const WalletDetail = Wallet.extend({ stream: WalletStream.nullable().exactOptional() });

export const PausedWallet = Wallet.extend({
  stops: z.array(f.text),
  continues: z.array(f.text),
  cancelled: z.array(f.id),
  flattened: z.array(f.id),
});

export const Balance = z.strictObject({ asset: f.text, free: f.amount, locked: f.amount, total: f.amount });

export const Balances = z.strictObject({
  wallet_id: f.id,
  as_of: f.instant,
  balances: z.array(Balance),
});

export const Limits = z.strictObject({
  max_position_notional: f.amountOrNull,
  max_total_exposure: f.amountOrNull,
  max_open_positions: f.count.nullable(),
  max_orders_per_minute: f.count.nullable(),
  allowed_symbols: z.array(f.text).nullable(),
  max_daily_loss: f.amountOrNull,
  max_drawdown: f.amountOrNull,
  cooldown_after_losses: f.count.nullable(),
  cooldown_minutes: f.count,
  on_breach: z.enum(ON_BREACH),
});

export const LimitResults = z.strictObject({
  day_pnl: f.amountOrNull,
  realized_today: f.amount,
  unrealized: f.amountOrNull,
  day_start: z.strictObject({ unrealized: f.amount, at: f.instant }).nullable(),
  drawdown: f.amountOrNull,
  unknown: f.textOrNull,
});

export const LimitsUsed = z.strictObject({
  total_exposure: f.amount,
  reserved: f.amount,
  cost: f.amount,
  open_positions: f.count,
  unvalued_positions: f.count,
  orders_this_minute: f.count.nullable(),
  losses_in_a_row: f.count,
  cooldown_until: f.instantOrNull,
  realized_today: f.amount,
  results: LimitResults.nullable(),
});

export const WalletLimits = z.strictObject({
  wallet_id: f.id,
  currency: f.text,
  limits: Limits,
  used: LimitsUsed,
});
