/**
 * A wallet at an exchange (design section 13): the keys are sealed, stored as `checking`, and tried by submit, which
 * alone may open them. Idempotent by the caller's key.
 */

import { ok, type Result } from '../domain/result.ts';
import { DEFAULT_SIGNAL_POLICY } from '../domain/signals.ts';
import type { Wallet } from '../domain/types.ts';
import { newAccount } from '../domain/wallets.ts';
import type { KeySealer } from '../ports/keys.ts';
import { canonicalHash, walletIdFor } from './derive-ids.ts';
import { type KeysGiven, readKeys } from './key-format.ts';
import { tell } from './owed.ts';
import { notServed, servedExchange } from './own-wallet.ts';
import type { Ports } from './ports.ts';
import { type Refusal, refuse } from './refusal.ts';
import { keysFingerprint, sealKeys } from './seal-keys.ts';

type Needs = Pick<Ports, 'wallets' | 'outbox' | 'served' | 'clock' | 'ids' | 'log'>;

export interface ConnectWalletCommand {
  readonly userId: string;
  readonly name: string;
  /** The caller's key; null = every call makes a wallet of its own. */
  readonly key: string | null;
  /** What the caller expects to be served; null = whatever is. */
  readonly environment: string | null;
  readonly keys: KeysGiven;
}

export interface WalletConnected {
  /** As it was stored or found; its check is under way while `checkWantedAt` is set. */
  readonly wallet: Wallet;
  readonly repeated: boolean;
}

/** Throws what the sealer throws. */
export function makeConnectWallet(ports: Needs, sealer: KeySealer | null) {
  const { wallets, outbox, served, clock, ids, log } = ports;
  return async (command: ConnectWalletCommand): Promise<Result<WalletConnected, Refusal>> => {
    const environment = servedExchange(served);
    if (environment === null || sealer === null) return notServed(command.environment, served);
    if ((command.environment ?? environment) !== environment) return notServed(command.environment, served);
    const keys = readKeys(command.keys);
    if (!keys.ok) return keys;

    const { userId, name } = command;
    const walletId = walletIdFor(userId, command.key ?? ids.token());
    const context = { walletId, userId };
    const fingerprint = keysFingerprint(keys.value, context);
    const bodyHash = canonicalHash({ name, environment, keys: fingerprint });
    let isNew = false;
    if ((await wallets.get(walletId)) === null) {
      const now = clock.now();
      isNew = await wallets.create({
        walletId,
        version: 0,
        userId,
        environment,
        name,
        demo: null,
        exchange: newAccount(await sealKeys(sealer, keys.value, context), bodyHash, now),
        signalPolicy: DEFAULT_SIGNAL_POLICY,
        resident: 'none',
        createdAt: now,
        updatedAt: now,
      });
    }
    const wallet = await wallets.get(walletId);
    if (wallet === null) throw new Error(`wallet ${walletId} was written, yet it cannot be read`);
    if (wallet.exchange?.bodyHash !== bodyHash) {
      const fix = 'repeat the same body, or use a new key';
      return refuse('idempotency_mismatch', null, 'another wallet was made under this key', fix);
    }
    if (isNew) log.info('WALLET_CONNECTED', { walletId, environment, keyType: keys.value.keyType });
    // Also on a repeat: the first call may have died before it told anybody.
    if (wallet.exchange.checkWantedAt !== null) await tell(log, outbox.submit({ walletId }), { walletId });
    return ok({ wallet, repeated: !isNew });
  };
}
export type ConnectWallet = ReturnType<typeof makeConnectWallet>;
