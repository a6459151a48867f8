/** What every store of those who follow prices keeps to. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Follower, FollowerStore } from '../../shared/ports/push.ts';

const follower = (connectionId: string, symbols: readonly string[], since = 1): Follower => ({
  ...{ userId: 'user-1', connectionId, symbols, tokenUntil: 10, since },
});

export function describeFollowers(
  name: string,
  open: () => Promise<
    FollowerStore & { remove(id: { userId: string; connectionId: string }): Promise<void> }
  >,
): void {
  describe(name, () => {
    let store: Awaited<ReturnType<typeof open>>;
    beforeEach(async () => {
      store = await open();
    });

    it('keeps who follows what, in the order of the connections, until they follow nothing or are gone', async () => {
      expect(await store.followers()).toEqual([]);
      await store.follow(follower('b', ['BTC/USDT']));
      await store.follow(follower('a', ['ETH/USDT', 'BTC/USDT']));
      await store.follow(follower('b', ['SOL/USDT'], 2));
      await store.follow(follower('c', ['SOL/USDT']));
      expect(await store.followers()).toEqual([
        follower('a', ['ETH/USDT', 'BTC/USDT']),
        follower('b', ['SOL/USDT'], 2),
        follower('c', ['SOL/USDT']),
      ]);
      await store.follow(follower('a', []));
      await store.follow(follower('never there', []));
      await store.remove({ userId: 'user-1', connectionId: 'c' });
      expect(await store.followers()).toEqual([follower('b', ['SOL/USDT'], 2)]);
    });
  });
}
