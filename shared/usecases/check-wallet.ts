/** Asks for the check of a wallet's keys, and gives it new ones; the checking itself is check-keys.ts. */
import { ok, type Result } from '../domain/result.ts';
import type { ExchangeAccount } from '../domain/types.ts';
import { withCheckWanted, withNewKeys } from '../domain/wallets.ts';
import type { KeySealer } from '../ports/keys.ts';
import type { ChangeAccount, ExchangeWalletFacts } from './change-account.ts';
import { type KeysGiven, readKeys } from './key-format.ts';
import { tell } from './owed.ts';
import { notServed, type OwnWalletCommand, ownExchangeWallet, walletDeleted } from './own-wallet.ts';
import type { Ports } from './ports.ts';
import { type Refusal, refuse } from './refusal.ts';
import { keysFingerprint, sealKeys } from './seal-keys.ts';

type Needs = Pick<Ports, 'wallets' | 'outbox' | 'served' | 'log'>;

/** The wallet with the check owed; `askedAt` tells a later check from the last one. */
export interface CheckAsked {
  readonly wallet: ExchangeWalletFacts;
}

export interface RotateKeysCommand extends OwnWalletCommand {
  readonly keys: KeysGiven;
}

/** What a check can be made with. */
const hasKeys = (account: ExchangeAccount): boolean =>
  account.sealedKeys !== '' || account.pendingKeys !== null;

const isDeletedNow = (wallet: ExchangeWalletFacts | null): boolean =>
  wallet === null || wallet.exchange.status === 'deleted';

export function makeTestWallet({ wallets, outbox, served, log }: Needs, changeAccount: ChangeAccount) {
  return async (command: OwnWalletCommand): Promise<Result<CheckAsked, Refusal>> => {
    const own = await ownExchangeWallet(wallets, command);
    if (!own.ok) return own;
    const { walletId, environment, exchange } = own.value;
    if (!served.includes(environment)) return notServed(environment, served);
    if (!hasKeys(exchange)) {
      const message = 'the wallet has no keys: those it had were not kept';
      return refuse('keys_missing', null, message, 'give it new ones: PUT /api/v1/wallets/{wallet_id}/keys');
    }
    const wallet = await changeAccount(walletId, (account, now) =>
      account.status === 'deleted' ? null : withCheckWanted(account, now),
    );
    if (wallet === null || isDeletedNow(wallet)) return walletDeleted();
    await tell(log, outbox.submit({ walletId }), { walletId });
    return ok({ wallet });
  };
}
export type TestWallet = ReturnType<typeof makeTestWallet>;

/**
 * New keys wait beside those in use until they are found good and of the same account. The keys that are in use or
 * waiting already are only checked again, so a repeat is harmless. Throws what the sealer throws.
 */
export function makeRotateKeys(
  { wallets, outbox, served, log }: Needs,
  changeAccount: ChangeAccount,
  sealer: KeySealer | null,
) {
  return async (command: RotateKeysCommand): Promise<Result<CheckAsked, Refusal>> => {
    const own = await ownExchangeWallet(wallets, command);
    if (!own.ok) return own;
    const { walletId, userId, environment } = own.value;
    if (sealer === null || !served.includes(environment)) return notServed(environment, served);
    const keys = readKeys(command.keys);
    if (!keys.ok) return keys;
    const fingerprint = keysFingerprint(keys.value, { walletId, userId });
    const sealed = await sealKeys(sealer, keys.value, { walletId, userId });
    let isTaken = false;
    const wallet = await changeAccount(walletId, (account, now) => {
      if (account.status === 'deleted') return null;
      const known = account.pendingKeys ?? account;
      isTaken = !(known.sealedKeys !== '' && known.keyFingerprint === fingerprint);
      return isTaken ? withNewKeys(account, sealed, now) : withCheckWanted(account, now);
    });
    if (wallet === null || isDeletedNow(wallet)) return walletDeleted();
    if (isTaken) log.info('KEYS_GIVEN', { walletId, keyType: keys.value.keyType });
    await tell(log, outbox.submit({ walletId }), { walletId });
    return ok({ wallet });
  };
}
export type RotateKeys = ReturnType<typeof makeRotateKeys>;
