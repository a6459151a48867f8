/**
 * Exchange accounts: from new keys to a wallet that may trade, and back (design section 13).
 *
 * Pure. Always true:
 * - only a good check makes an account `active`; only one of the same venue account takes new keys over;
 * - a check that says nothing about the keys (network, rate limit) changes neither keys nor status;
 * - new keys that may withdraw are not kept; ones that were good before open nothing any more, but still close: what
 *   the wallet holds must not lose its way out;
 * - a deleted account has no keys and stays deleted.
 */
import { backoff, FOLLOW_UP_MS, MAX_BACKOFF_MS } from './due.ts';
import { NEVER_PAUSED, nextDueStop, pauseOf } from './pauses.ts';
import type { ExchangeAccount, KeyProblem, Wallet } from './types.ts';

/** What is kept of keys: ciphertext, and enough to recognise them. */
export type SealedKeys = NonNullable<ExchangeAccount['pendingKeys']>;

/** What the venue said about keys. `retry`: nothing about the keys themselves. */
export type KeyVerdict =
  | { readonly ok: true; readonly accountUid: string; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly retry: boolean; readonly problem: KeyProblem };

/** An account whose keys were given just now: nothing is known of them yet. */
export const newAccount = (keys: SealedKeys, bodyHash: string, now: number): ExchangeAccount => ({
  ...keys,
  bodyHash,
  keyVersion: 1,
  status: 'checking',
  problem: null,
  warnings: [],
  accountUid: null,
  checkedAt: null,
  checkWantedAt: now,
  pendingKeys: null,
  ...NEVER_PAUSED,
});

export const isDeleted = (wallet: Wallet): boolean => wallet.exchange?.status === 'deleted';

/** May requests be signed with its keys now? Paused accounts too: exits and cancels go on. */
export const hasUsableKeys = (account: ExchangeAccount): boolean =>
  account.status === 'active' && account.sealedKeys !== '';

/** A check of the keys is under way, or will be. */
export const isCheckOwed = (account: ExchangeAccount): boolean =>
  account.checkWantedAt !== null && account.status !== 'deleted';

/**
 * When a check of the keys is due again, epoch ms; null = none is owed. Its message goes out with the wish itself;
 * later tries are spaced out by how long the wish stands: 2 s, doubling to 60 s.
 */
export function nextDueCheck(account: ExchangeAccount): number | null {
  const { checkWantedAt: wantedAt, checkedAt, status } = account;
  if (wantedAt === null || status === 'deleted') return null;
  return checkedAt === null || checkedAt < wantedAt
    ? wantedAt + backoff(0)
    : nextCheckAfter(checkedAt, wantedAt);
}

/** When the wallet comes up again: its keys' check, or what its pause owes; null = nothing is owed. */
export function nextDueWallet(wallet: Wallet): number | null {
  const { exchange } = wallet;
  const dues = [exchange && nextDueCheck(exchange), nextDueStop(pauseOf(wallet))].filter((at) => at !== null);
  return dues.length === 0 ? null : Math.min(...dues);
}

/** The next try after one at `at`. */
export const nextCheckAfter = (at: number, wantedAt: number): number =>
  at + Math.min(Math.max(at - wantedAt, FOLLOW_UP_MS), MAX_BACKOFF_MS);

/** A check of the keys is asked for; one that is owed already stays as it is. */
export const withCheckWanted = (account: ExchangeAccount, now: number): ExchangeAccount => ({
  ...account,
  checkWantedAt: account.checkWantedAt ?? now,
});

/** New keys: at once where none ever worked, else they wait for their check beside the ones in use. */
export function withNewKeys(account: ExchangeAccount, keys: SealedKeys, now: number): ExchangeAccount {
  if (account.accountUid !== null) return { ...account, pendingKeys: keys, checkWantedAt: now };
  return {
    ...account,
    ...keys,
    keyVersion: account.keyVersion + 1,
    status: 'checking',
    problem: null,
    checkWantedAt: now,
  };
}

const accountChanged: KeyProblem = {
  code: 'account_changed',
  message: 'the keys belong to another account than the one this wallet trades with',
};

/** No ciphertext is left; whoever remembers opened keys sees a new version. */
const wiped = (account: ExchangeAccount): ExchangeAccount => ({
  ...account,
  sealedKeys: '',
  keyVersion: account.keyVersion + 1,
});

const refusedFor = (account: ExchangeAccount, problem: KeyProblem): ExchangeAccount => {
  const refused: ExchangeAccount = { ...account, status: 'refused', problem };
  const hasTraded = account.accountUid !== null;
  return problem.code === 'withdraw_permission' && !hasTraded ? wiped(refused) : refused;
};

/** The account after its keys (the waiting ones where there are any) were tried at the venue. */
export function withVerdict(account: ExchangeAccount, verdict: KeyVerdict, now: number): ExchangeAccount {
  if (account.status === 'deleted') return account;
  const tried = { ...account, checkedAt: now };
  if (!verdict.ok && verdict.retry) {
    // The check of a working key was a question, not a debt; anything else stays owed until it is answered.
    const isAnswered = account.status === 'active' && account.pendingKeys === null;
    return {
      ...tried,
      problem: account.status === 'refused' ? account.problem : verdict.problem,
      checkWantedAt: isAnswered ? null : account.checkWantedAt,
    };
  }
  const { pendingKeys, ...rest } = tried;
  const settled: ExchangeAccount = { ...rest, pendingKeys: null, checkWantedAt: null };
  // Waiting keys that are no good are thrown away; the ones in use stay what they were. Those that rest because an
  // order found them refused were not tried by this check: theirs is still to come.
  const isUntried = account.status === 'refused' && account.sealedKeys !== '';
  const refuse = (problem: KeyProblem): ExchangeAccount =>
    pendingKeys === null
      ? refusedFor(settled, problem)
      : { ...settled, problem, checkWantedAt: isUntried ? now : null };
  if (!verdict.ok) return refuse(verdict.problem);
  if (account.accountUid !== null && account.accountUid !== verdict.accountUid) return refuse(accountChanged);
  return {
    ...settled,
    ...(pendingKeys !== null && { ...pendingKeys, keyVersion: account.keyVersion + 1 }),
    status: 'active',
    problem: null,
    warnings: verdict.warnings,
    accountUid: verdict.accountUid,
  };
}

/**
 * A signed request was refused because of its key: a check, asked for at once, says what is true. Until then an account
 * whose key is not accepted rests; a missing permission may be one of a single symbol, so the account goes on. Only a
 * working account can lose its key, and only the one it works with: `keyVersion` is of the keys that were refused, and an
 * answer may come when others have been taken over.
 */
export function withKeyProblem(
  account: ExchangeAccount,
  problem: KeyProblem,
  keyVersion: number | null,
  now: number,
): ExchangeAccount {
  if (account.status !== 'active' || account.keyVersion !== keyVersion) return account;
  const asked = withCheckWanted({ ...account, problem }, now);
  return problem.code === 'no_trade_permission' ? asked : { ...asked, status: 'refused' };
}

/** The keys are gone; what happened stays. */
export const deleted = (account: ExchangeAccount): ExchangeAccount => ({
  ...wiped(account),
  status: 'deleted',
  pendingKeys: null,
  checkWantedAt: null,
  stop: null,
});
