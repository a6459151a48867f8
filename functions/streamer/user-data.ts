/** Composes the user-data part: keys, budget, venue clock, connections, queues. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createWalletStore } from '../../shared/adapters/dynamodb/wallet-store.ts';
import { createKeyOpener } from '../../shared/adapters/keys/opener.ts';
import { createSqsClient } from '../../shared/adapters/sqs/client.ts';
import { createOutbox } from '../../shared/adapters/sqs/outbox.ts';
import type { Valkey } from '../../shared/adapters/valkey/client.ts';
import { createUserDataBoard } from '../../shared/adapters/valkey/user-data-board.ts';
import type { OpenConnection } from '../../shared/ports/connection.ts';
import type { Ledger } from '../../shared/ports/ledger.ts';
import type { Clock, Ids, Log } from '../../shared/ports/runtime.ts';
import type { SymbolDirectory } from '../../shared/ports/symbols.ts';
import { USER_DATA_STREAM_DEFAULTS } from '../../shared/usecases/stream-user-data/ports.ts';
import { UserDataStreamer } from '../../shared/usecases/stream-user-data/user-data-streamer.ts';
import { createUserDataSource } from '../../shared/venues/binance/user-data/user-data-source.ts';
import type { BinanceVenue } from '../../shared/venues/binance/venue.ts';
import type { UserDataConfig } from './config.ts';
import type { Part } from './part.ts';

export interface UserDataOutside {
  readonly client: DynamoDBClient;
  readonly valkey: Valkey;
  readonly ledger: Pick<Ledger, 'liveOrdersOfWallet' | 'livePositionsOfWallet'>;
  readonly venue: BinanceVenue;
  readonly symbols: Pick<SymbolDirectory, 'find'>;
  readonly openConnection: OpenConnection;
  readonly triggersQueueUrl: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: (values: Readonly<Record<string, number>>) => void;
}

export interface UserDataParts {
  /** Made anew for each run. */
  readonly make: () => Part;
  readonly close: () => void;
}

export function composeUserData(config: UserDataConfig, outside: UserDataOutside): UserDataParts {
  const { client, valkey, ledger, venue, symbols, openConnection, clock, ids, log, metrics } = outside;
  const { environment, endpoints } = config.binance;
  const keys = createKeyOpener(config.keyCipher);
  const sqs = createSqsClient();
  const wallets = createWalletStore({ client, walletsTable: config.walletsTable });
  const outbox = createOutbox({
    client: sqs,
    submitQueueUrl: config.submitQueueUrl,
    exitsQueueUrl: config.exitsQueueUrl,
    executionsQueueUrl: config.executionsQueueUrl,
    reconcileQueueUrl: config.reconcileQueueUrl,
    triggersQueueUrl: outside.triggersQueueUrl,
  });
  const board = createUserDataBoard(valkey);
  const make = (): Part =>
    new UserDataStreamer(
      {
        environment,
        wallets,
        ledger,
        outbox,
        board,
        clock,
        ids,
        log,
        metrics,
        openSource: (handlers) =>
          createUserDataSource({
            environment,
            url: endpoints.wsApi,
            openConnection,
            keys,
            venueClock: venue.clock,
            symbols,
            budget: venue.budget,
            clock,
            log,
            handlers,
          }),
      },
      { ...USER_DATA_STREAM_DEFAULTS, shard: config.shard, shards: config.shards },
    );
  return { make, close: () => sqs.destroy() };
}
