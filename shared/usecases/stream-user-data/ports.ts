/** What the streaming of user data needs of the outside. */
import type { BinanceEnvironment } from '../../domain/types.ts';
import type { Ledger, WalletStore } from '../../ports/ledger.ts';
import type { Outbox } from '../../ports/messages.ts';
import type { Clock, Ids, Log } from '../../ports/runtime.ts';
import type { UserDataBoard, UserDataHandlers, UserDataSource } from '../../ports/user-data.ts';

export interface UserDataPorts {
  /** The one that this deployment serves. */
  readonly environment: BinanceEnvironment;
  readonly wallets: Pick<WalletStore, 'exchangeWallets'>;
  readonly ledger: Pick<Ledger, 'liveOrdersOfWallet' | 'livePositionsOfWallet'>;
  readonly outbox: Pick<Outbox, 'executionsBatch' | 'exits' | 'submit' | 'reconcile'>;
  readonly board: Pick<UserDataBoard, 'write'>;
  readonly openSource: (handlers: UserDataHandlers) => UserDataSource;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** One line of metrics, each minute. */
  readonly metrics: (values: Readonly<Record<string, number>>) => void;
}

export interface UserDataStreamSettings {
  /** [0] Which of the `shards` this process is: it listens to the wallets whose id falls into that one, and to no other. */
  readonly shard: number;
  /** [1] Among how many processes the wallets are divided. */
  readonly shards: number;
  /** [2 s] How often is looked which wallets there are. */
  readonly walletsMs: number;
  /** [250 ms] How often is looked whether a gap waits. */
  readonly gapsMs: number;
  /** [1 s] After a gap, before its orders are listed: the index of live orders lags a little behind the orders. */
  readonly askAfterMs: number;
  /**
   * [5 s] After that, before the account is compared: the looks at its orders go first, they settle the ledger, and all
   * wallets share the venue's budget.
   */
  readonly compareAfterMs: number;
  /** [4] Wallets whose comparisons begin in a second, those with most at stake first. */
  readonly comparesASecond: number;
  /** [5 s] Between tries to ask after the same gap. */
  readonly askRetryMs: number;
  /** [2 s] After a list of orders has ended, before its order is looked at: mostly the reports have told it by then. */
  readonly listDoneMs: number;
  /** [10,000] Orders to look at that are kept; those beyond open the gap of their wallet. */
  readonly mostLooks: number;
  /** [10,000] Reports kept while the queue is away. */
  readonly mostReports: number;
  /** [8] Calls to the queue under way. */
  readonly sendsAtOnce: number;
  /** [100 ms], [5 s] Between tries while the queue is away; doubles. */
  readonly sendRetryMs: number;
  readonly longestSendRetryMs: number;
  readonly boardMs: number;
  readonly metricsMs: number;
  /** [1.5 s] Longest flush at the stop. */
  readonly flushMs: number;
}

export const USER_DATA_STREAM_DEFAULTS: UserDataStreamSettings = {
  shard: 0,
  shards: 1,
  walletsMs: 2_000,
  gapsMs: 250,
  askAfterMs: 1_000,
  compareAfterMs: 5_000,
  comparesASecond: 4,
  askRetryMs: 5_000,
  listDoneMs: 2_000,
  mostLooks: 10_000,
  mostReports: 10_000,
  sendsAtOnce: 8,
  sendRetryMs: 100,
  longestSendRetryMs: 5_000,
  boardMs: 5_000,
  metricsMs: 60_000,
  flushMs: 1_500,
};
