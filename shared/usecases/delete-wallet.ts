/**
 * Deletes a wallet at an exchange: its keys are wiped and its account may be connected again; its orders and
 * positions stay as history (design section 14: deleting is soft).
 *
 * Refused while anything is live: without keys nobody could close it any more. A deletion that died on its way may leave
 * its pause: the next one takes it over, and takes it back when it gives up, at its first look too.
 */
import { BEING_DELETED, paused, pauseWithdrawn } from '../domain/pauses.ts';
import { ok, type Result } from '../domain/result.ts';
import { type ExchangeAccount, POSITION_STATUSES } from '../domain/types.ts';
import { deleted } from '../domain/wallets.ts';
import type { ChangeAccount, ExchangeWalletFacts } from './change-account.ts';
import { type OwnWalletCommand, ownExchangeWallet, walletDeleted } from './own-wallet.ts';
import type { Ports } from './ports.ts';
import { type Refusal, refuse } from './refusal.ts';

type Needs = Pick<Ports, 'wallets' | 'ledger' | 'sleep' | 'log'>;

/** Lists lag a little behind, and an entry that passed the check for a pause may be about to be written. */
const SETTLE_MS = 1_000;
/** So many are named; that there are more is said. */
const NAMED = 20;

const LIVE_POSITIONS = POSITION_STATUSES.filter((status) => status !== 'closed' && status !== 'liquidated');

const named = (what: string, ids: readonly string[], more: boolean): Record<string, string> =>
  ids.length === 0 ? {} : { [what]: `${ids.join(', ')}${more ? ' and more' : ''}` };

const isBeingDeleted = ({ status, pausedAt, pauseReason }: ExchangeAccount): boolean =>
  status !== 'deleted' && pausedAt !== null && pauseReason === BEING_DELETED;

export type DeleteWallet = ReturnType<typeof makeDeleteWallet>;

export function makeDeleteWallet({ wallets, ledger, sleep, log }: Needs, changeAccount: ChangeAccount) {
  async function liveIn({ walletId, userId }: ExchangeWalletFacts): Promise<Record<string, string>> {
    const [orders, positions] = await Promise.all([
      ledger.liveOrdersOfWallet(walletId),
      ledger.positionsOfUser(userId, { limit: NAMED, cursor: null, walletId, status: LIVE_POSITIONS }),
    ]);
    const orderIds = orders.slice(0, NAMED).map((order) => order.orderId);
    const positionIds = positions.items.map((position) => position.positionId);
    return {
      ...named('orders', orderIds, orders.length > NAMED),
      ...named('positions', positionIds, positions.cursor !== null),
    };
  }

  const inUse = (live: Record<string, string>) =>
    refuse(
      'wallet_in_use',
      'wallet_id',
      'the wallet has live orders or open positions',
      'close the positions and cancel the orders first',
      live,
    );

  return async (command: OwnWalletCommand): Promise<Result<ExchangeWalletFacts, Refusal>> => {
    const own = await ownExchangeWallet(wallets, command);
    if (!own.ok) return own;
    const { walletId } = own.value;
    const before = await liveIn(own.value);
    if (Object.keys(before).length > 0) {
      // Whoever is deleting it right now is told that the pause did not last, and looks again.
      await changeAccount(walletId, (account) => (isBeingDeleted(account) ? pauseWithdrawn(account) : null));
      return inUse(before);
    }

    // No entry may begin between the last look and the end of the keys.
    const stopped = await changeAccount(walletId, (account, now) => paused(account, now, BEING_DELETED));
    const isAsStopped = ({ pausedAt, pauseReason }: ExchangeAccount) =>
      pausedAt === stopped?.exchange.pausedAt && pauseReason === stopped?.exchange.pauseReason;
    const isOwn = (account: ExchangeAccount) => isBeingDeleted(account) && isAsStopped(account);
    // Whoever paused it, and whenever their clock says that was: an entry may have begun between the look and the pause.
    await sleep(SETTLE_MS);
    const after = await liveIn(own.value);
    if (Object.keys(after).length > 0) {
      await changeAccount(walletId, (account) => (isOwn(account) ? pauseWithdrawn(account) : null));
      return inUse(after);
    }
    const wallet = await changeAccount(walletId, (account) =>
      account.status === 'deleted' || !isAsStopped(account) ? null : deleted(account),
    );
    if (wallet === null) return walletDeleted();
    if (wallet.exchange.status !== 'deleted') {
      // Let go on by somebody, an entry may have begun since the look; paused by somebody, it is theirs to decide anew.
      return refuse('conflict', 'wallet_id', 'the wallet was paused or resumed meanwhile', 'delete it again');
    }
    log.info('WALLET_DELETED', { walletId });
    return ok(wallet);
  };
}
