/**
 * Tries a wallet's keys at the venue, where they may be opened: in submit (design section 13).
 *
 * A message is only a pointer: doubled and late ones find nothing owed. Always true:
 * - an account becomes this wallet's in the same transaction in which the wallet becomes active;
 * - the verdict is written only over the very state whose keys were tried.
 */
import type { ExchangeAccount, KeyProblem } from '../domain/types.ts';
import { hasUsableKeys, type KeyVerdict, withKeyProblem, withVerdict } from '../domain/wallets.ts';
import { VenueUnavailableError, WalletUnusableError } from '../ports/venue.ts';
import { atExchange, type ChangeAccount, type ExchangeWalletFacts, withAccount } from './change-account.ts';
import { untilWritten } from './conflicts.ts';
import { tell } from './owed.ts';
import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'wallets' | 'venues' | 'served' | 'clock' | 'ids' | 'sleep' | 'log'>;

/** A balance snapshot younger than this answers a doubled message too. */
const FRESH_MS = 1_000;

const alreadyConnected: KeyProblem = {
  code: 'account_already_connected',
  message: 'another wallet trades with this account already',
};

export type CheckKeys = ReturnType<typeof makeCheckKeys>;

/** Does what the wallet calls for: the check that is owed, then its balances as the venue says now. */
export function makeCheckKeys(ports: Needs) {
  const { wallets, venues, served, clock, log } = ports;

  async function ask(wallet: ExchangeWalletFacts): Promise<KeyVerdict> {
    if (!served.includes(wallet.environment)) {
      const message = `${wallet.environment} is not served here`;
      return { ok: false, retry: true, problem: { code: 'venue_unreachable', message } };
    }
    try {
      return await (await venues.forKeyCheck(wallet.walletId)).checkKey();
    } catch (error) {
      if (!(error instanceof WalletUnusableError)) throw error;
      const message = 'the stored keys cannot be opened any more: give them again';
      return { ok: false, retry: false, problem: { code: 'key_unreadable', message } };
    }
  }

  /** Writes what the verdict means; a good one takes the account too. */
  async function conclude(before: ExchangeWalletFacts, verdict: KeyVerdict): Promise<ExchangeAccount | null> {
    const now = clock.now();
    const write = async (said: KeyVerdict): Promise<ExchangeAccount | 'taken' | null> => {
      const account = withVerdict(before.exchange, said, now);
      const change = { before, after: withAccount(before, account, now) };
      const isOwn = said.ok && account.status === 'active' && account.accountUid === said.accountUid;
      if (!isOwn) return (await wallets.update(change)) ? account : null;
      const claimed = await wallets.claimAccount(change);
      if (claimed === 'taken') return 'taken';
      return claimed === 'done' ? account : null;
    };
    const written = await write(verdict);
    if (written !== 'taken') return written;
    const refused = await write({ ok: false, retry: false, problem: alreadyConnected });
    return refused === 'taken' ? null : refused;
  }

  function report(walletId: string, verdict: KeyVerdict, account: ExchangeAccount): void {
    const fields = { walletId, status: account.status, keyVersion: account.keyVersion };
    if (account.problem === null && verdict.ok) {
      log.info('KEYS_CHECKED', { ...fields, warnings: account.warnings.join() });
      return;
    }
    const why = account.problem?.code ?? (verdict.ok ? '' : verdict.problem.code);
    log.warn(verdict.ok || !verdict.retry ? 'KEYS_REFUSED' : 'KEYS_NOT_CHECKED', { ...fields, why });
  }

  const check = (walletId: string): Promise<void> =>
    untilWritten(ports, `key check of wallet ${walletId}`, async () => {
      const before = atExchange(await wallets.get(walletId));
      if (before === null || before.exchange.checkWantedAt === null) return undefined;
      const verdict = await ask(before);
      const account = await conclude(before, verdict);
      if (account === null) return 'conflict';
      return report(walletId, verdict, account);
    });

  async function refreshBalances(walletId: string): Promise<void> {
    const wallet = atExchange(await wallets.get(walletId));
    if (wallet === null || !hasUsableKeys(wallet.exchange) || !served.includes(wallet.environment)) return;
    const asOf = clock.now();
    const known = await wallets.balances(walletId);
    if (known !== null && asOf - known.asOf < FRESH_MS) return;
    try {
      const held = await (await venues.forWallet(walletId)).balances();
      const balances = held.filter(({ free, locked }) => !free.isZero() || !locked.isZero());
      await wallets.saveBalances(walletId, { asOf, balances });
    } catch (error) {
      if (!(error instanceof VenueUnavailableError || error instanceof WalletUnusableError)) throw error;
      log.warn('BALANCES_NOT_READ', { walletId, error: error.message });
    }
  }

  return async (walletId: string): Promise<void> => {
    const wallet = await wallets.get(walletId);
    if (wallet === null) {
      log.error('WORK_FOR_UNKNOWN_WALLET', { walletId });
      return;
    }
    if (wallet.exchange === null || wallet.exchange.status === 'deleted') return;
    if (wallet.exchange.checkWantedAt !== null) await check(walletId);
    await refreshBalances(walletId);
  };
}

/**
 * A signed request was refused because of its key: the wallet shows it at once, and a check is asked for that says what
 * is true. Where the key itself is not accepted, entries wait for it.
 */
export function makeMarkKeyProblem(
  { outbox, log }: Pick<Ports, 'outbox' | 'log'>,
  changeAccount: ChangeAccount,
) {
  return async (walletId: string, problem: KeyProblem, keyVersion: number | null): Promise<void> => {
    let isMarked = false;
    await changeAccount(walletId, (account, now) => {
      const marked = withKeyProblem(account, problem, keyVersion, now);
      isMarked = marked !== account;
      return marked;
    });
    if (!isMarked) return;
    log.warn('KEY_PROBLEM', { walletId, why: problem.code });
    await tell(log, outbox.submit({ walletId }), { walletId });
  };
}
export type MarkKeyProblem = ReturnType<typeof makeMarkKeyProblem>;
