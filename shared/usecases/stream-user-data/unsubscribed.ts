/**
 * Who should be listened to and is not, whichever process it is whose wallet that would be: one that has gone says nothing of its
 * wallets, and neither does one that nobody has started.
 */
import type { BinanceEnvironment } from '../../domain/types.ts';
import type { UserDataBoard } from '../../ports/user-data.ts';

/** How many of these wallets no process has said within the minute to be subscribed. Throws when the cache cannot be asked. */
export async function countUnsubscribed(
  board: Pick<UserDataBoard, 'read'>,
  environment: BinanceEnvironment,
  { walletIds, now }: { readonly walletIds: readonly string[]; readonly now: number },
): Promise<number> {
  const { wallets } = await board.read(environment, now);
  const heard = new Set(wallets.flatMap((one) => (one.subscribedSince === null ? [] : one.walletId)));
  return walletIds.filter((walletId) => !heard.has(walletId)).length;
}
