/** All commands on wallets that are there, over one set of ports. */
import type { KeySealer } from '../ports/keys.ts';
import { makeAskBalances } from './ask-balances.ts';
import { makeChangeAccount } from './change-account.ts';
import { makeChangeWallet } from './change-wallet.ts';
import { makeRotateKeys, makeTestWallet } from './check-wallet.ts';
import { makeConnectWallet } from './connect-wallet.ts';
import { makeDeleteWallet } from './delete-wallet.ts';
import { makePauseWallet, makeResumeWallet } from './pause-wallet.ts';
import type { Ports } from './ports.ts';
import type { StopWallet } from './stop-wallet.ts';
import { makeReadLimits, makeSetLimits } from './wallet-limits.ts';

type Needs = Pick<
  Ports,
  'wallets' | 'ledger' | 'prices' | 'symbols' | 'outbox' | 'served' | 'clock' | 'ids' | 'sleep' | 'log'
>;

export type WalletCommands = ReturnType<typeof makeWalletCommands>;

/** Without a sealer (a deployment that serves no exchange) no keys are taken. */
export function makeWalletCommands(ports: Needs, sealer: KeySealer | null, stopWallet: StopWallet) {
  const changeAccount = makeChangeAccount(ports);
  return {
    connect: makeConnectWallet(ports, sealer),
    change: makeChangeWallet(ports),
    test: makeTestWallet(ports, changeAccount),
    rotateKeys: makeRotateKeys(ports, changeAccount, sealer),
    delete: makeDeleteWallet(ports, changeAccount),
    pause: makePauseWallet(ports, stopWallet),
    resume: makeResumeWallet(ports),
    limits: makeReadLimits(ports),
    setLimits: makeSetLimits(ports),
    askBalances: makeAskBalances(ports),
  };
}
