import { expect, it } from 'vitest';
import type { UserDataStatus } from '../../../../shared/ports/user-data.ts';
import { countUnsubscribed } from '../../../../shared/usecases/stream-user-data/unsubscribed.ts';

const said = (walletId: string, subscribedSince: number | null): UserDataStatus['wallets'][number] => ({
  ...{ walletId, subscribedSince, at: 1, lastEventAt: null, lastBalancesAt: null, problem: null, events: {} },
  ...{ reportsSent: 0, buffered: 0, foreignOrders: 0, gapOpen: false },
});

it('counts who is not subscribed, and of whom no process says anything; not who is nobody to listen to any more', async () => {
  const board = {
    read: async () => ({
      ...{ connections: [], shards: [] },
      wallets: [said('heard', 5), said('refused by the exchange', null), said('deleted', 5)],
    }),
  };
  const count = (walletIds: readonly string[]) => countUnsubscribed(board, 'binance', { walletIds, now: 10 });
  expect(await count(['heard', 'refused by the exchange', 'of a shard that is gone'])).toBe(2);
  expect(await count(['heard'])).toBe(0);
  expect(await count([])).toBe(0);
});
