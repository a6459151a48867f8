/** What is kept of wallets (design section 13). Times are epoch milliseconds. */

import type { Environment } from './environments.ts';
import type { Decimal } from './money/decimal.ts';
import type { ExitCause, FeeAmount } from './order-facts.ts';
import type { ResidentMode } from './resident-facts.ts';
import type { SignalPolicy } from './signal-facts.ts';

export interface DemoSettings {
  /** Fraction, for instance 0.001. */
  readonly feeRate: Decimal;
  /** Which asset pays the fee of a buy. A sell's fee is always in quote. */
  readonly buyFeeIn: 'quote' | 'base';
  readonly startingBalances: readonly FeeAmount[];
  /** The most leverage of a position, at least 1; null = nothing is lent: no leverage, no shorts. */
  readonly maxLeverage: number | null;
}

/** What a pause owes: resting entries to be cancelled, and where it flattens all positions to be closed. */
export interface OwedStop {
  readonly flatten: boolean;
  /** Of the closes. */
  readonly cause: Extract<ExitCause, 'manual' | 'risk_breach'>;
  /** When it was asked for, epoch ms. */
  readonly since: number;
}

/** Of wallets of either kind (pauses.ts). */
export interface PauseState {
  /** Entries are refused while paused; exits and cancels never are (invariant 9). */
  readonly pausedAt: number | null;
  /** Whoever paused it says why; null while not paused, or when nothing was said. */
  readonly pauseReason: string | null;
  /** How often it was paused: an entry leaves only under the count that it was written under. */
  readonly pauses: number;
  /** Null = nothing is owed beside the pause itself. */
  readonly stop: OwedStop | null;
}

/** A demo wallet's settings, and how it stands. */
export type DemoAccount = DemoSettings & PauseState;

export const KEY_TYPES = ['hmac', 'ed25519', 'rsa'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

/**
 * `checking`: the key is stored and not yet tried. `active`: it may trade. `refused`: the venue or a rule refuses the
 * key (`reason` says which). `deleted`: the keys are gone; the orders stay as history.
 */
export const ACCOUNT_STATUSES = ['checking', 'active', 'refused', 'deleted'] as const;
export type AccountStatus = (typeof ACCOUNT_STATUSES)[number];

/** Why a key cannot be used; stable code first. */
export interface KeyProblem {
  readonly code:
    | 'key_rejected'
    | 'bad_signature'
    | 'withdraw_permission'
    | 'no_trade_permission'
    | 'ip_not_allowed'
    | 'clock_skew'
    | 'account_already_connected'
    | 'account_changed'
    /** What is stored cannot be opened any more (another key of ours, a damaged item): the keys must be given again. */
    | 'key_unreadable'
    | 'venue_unreachable';
  readonly message: string;
}

/** A wallet's account at an exchange. Keys are kept as ciphertext only (design section 13). */
export interface ExchangeAccount extends PauseState {
  /** Hash of the request that made the wallet, with the keys as their fingerprint only. */
  readonly bodyHash: string;
  readonly keyType: KeyType;
  /** Last four characters of the API key: enough to recognise it. */
  readonly keyHint: string;
  /** Ciphertext (base64) of the credentials, bound to this wallet; empty once deleted. */
  readonly sealedKeys: string;
  /** One-way fingerprint of the keys: tells whether the same ones are given again. */
  readonly keyFingerprint: string;
  /** Grows with each rotation: whoever remembers decrypted keys compares it. */
  readonly keyVersion: number;
  readonly status: AccountStatus;
  readonly problem: KeyProblem | null;
  /** For instance `no_ip_restriction`, `key_restrictions_unknown`. */
  readonly warnings: readonly string[];
  /** The venue's account id; null before the first good check. */
  readonly accountUid: string | null;
  /** When the venue was last asked about the keys, whatever came of it; null = not yet. */
  readonly checkedAt: number | null;
  /** A check is owed since then; null = none is. */
  readonly checkWantedAt: number | null;
  /** New keys that wait for their check: taken over when it is good, thrown away when it is not. */
  readonly pendingKeys: {
    readonly keyType: KeyType;
    readonly keyHint: string;
    readonly sealedKeys: string;
    readonly keyFingerprint: string;
  } | null;
}

export interface Wallet {
  readonly walletId: string;
  readonly version: number;
  readonly userId: string;
  readonly environment: Environment;
  readonly name: string;
  /** Exactly one of the two, by environment. */
  readonly demo: DemoAccount | null;
  readonly exchange: ExchangeAccount | null;
  /** What AI signals may do to its positions by themselves. */
  readonly signalPolicy: SignalPolicy;
  /** Resident protection of new positions that say nothing of it. */
  readonly resident: ResidentMode;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A wallet at our own demo venue. */
export type DemoWallet = Wallet & { readonly demo: DemoAccount };
