/**
 * Which processes make up the streamer (design section 20). Whatever signs leaves by the fixed address, because exchange keys
 * are bound to it. Where the way out is an instance, that costs nothing by the byte: one process does it all. Gateways are paid
 * by the byte, so prices come straight in, to a process of their own that holds no right to any key.
 */
import type { Access } from './service-function.ts';
import type { Settings } from './settings.ts';

export type StreamerPart = 'prices' | 'user-data';

export interface StreamerService {
  /** Of its constructs. */
  readonly prefix: '' | 'UserData' | `UserData${number}`;
  readonly container: 'streamer' | 'user-data' | `user-data-${number}`;
  readonly parts: readonly StreamerPart[];
  readonly access: Access;
  /** Private: behind the fixed addresses. Public: an address of its own, which changes with each start. */
  readonly subnet: 'private' | 'public';
  /** Of the wallets, where it listens to news of accounts. */
  readonly userDataShard: number;
}

/** Which symbols have live orders and positions is asked of the ledger; which there are, of their table. */
const PRICES: Access = {
  reads: ['orders', 'positions', 'symbols'],
  writes: ['priceTape'],
  listsLive: ['orders', 'positions'],
  sends: ['triggers'],
  cache: true,
};

const USER_DATA: Access = {
  reads: ['orders', 'positions', 'wallets', 'symbols'],
  // Execution reports; after a gap every live order is asked for, and the wallet compared.
  sends: ['triggers', 'executions', 'submit', 'exits', 'reconcile'],
  cache: true,
  // The subscription is signed.
  keys: 'open',
};

export function streamerServices({ nat, binance, userDataShards }: Settings): readonly StreamerService[] {
  const first = { prefix: '', container: 'streamer', userDataShard: 0 } as const;
  const listeners = binance === null ? [] : Array.from({ length: userDataShards }, (_, n) => listener(n));
  if (nat === 'instance') {
    const { writes = [], listsLive = [] } = PRICES;
    const access = { ...USER_DATA, writes, listsLive };
    // The first shard of wallets is its own.
    return [{ ...first, parts: ['prices', 'user-data'], access, subnet: 'private' }, ...listeners.slice(1)];
  }
  return [{ ...first, parts: ['prices'], access: PRICES, subnet: 'public' }, ...listeners];
}

/** Hears of the wallets of one shard. */
function listener(userDataShard: number): StreamerService {
  const parts = { parts: ['user-data'], access: USER_DATA, subnet: 'private', userDataShard } as const;
  if (userDataShard === 0) return { prefix: 'UserData', container: 'user-data', ...parts };
  return { prefix: `UserData${userDataShard}`, container: `user-data-${userDataShard}`, ...parts };
}
