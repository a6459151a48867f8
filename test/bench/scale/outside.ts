/** What the steps run on: DynamoDB Local and a real Redis, with the product's own use cases and adapters; venue and queues in memory. */
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { LOCAL_CREDENTIALS } from '../../../infra/local/services/dynamodb.ts';
import { createDynamoClient } from '../../../shared/adapters/dynamodb/client.ts';
import { walletItem } from '../../../shared/adapters/dynamodb/items.ts';
import { createLedger } from '../../../shared/adapters/dynamodb/ledger.ts';
import { createReconcileStore } from '../../../shared/adapters/dynamodb/reconcile-store.ts';
import { createWalletStore } from '../../../shared/adapters/dynamodb/wallet-store.ts';
import { createValkey, type Valkey } from '../../../shared/adapters/valkey/client.ts';
import { createCounters } from '../../../shared/adapters/valkey/counters.ts';
import { createLeases } from '../../../shared/adapters/valkey/leases.ts';
import { createTriggerIndex } from '../../../shared/adapters/valkey/trigger-index.ts';
import type { Ledger } from '../../../shared/ports/ledger.ts';
import type { SymbolDirectory } from '../../../shared/ports/symbols.ts';
import type { TriggerIndex } from '../../../shared/ports/trigger-index.ts';
import type { Ports } from '../../../shared/usecases/ports.ts';
import { makeScheduleReconciles } from '../../../shared/usecases/reconcile/schedule.ts';
import { makeReadPositions } from '../../../shared/usecases/views/read-positions.ts';
import { startDynamoDb, type TableNames } from '../../support/dynamodb.ts';
import { BTC, WALLET, World } from '../../support/fakes/world.ts';
import { startRealRedis } from '../../support/redis.ts';
import { makeUseCases, type UseCases } from '../../support/use-cases.ts';
import { type Meter, meterOf } from './meter.ts';

/** A machine that is busy answers late: what is measured is how figures compare, not how long the product would wait. */
const PATIENCE_MS = 120_000;

export interface Outside {
  readonly world: World;
  readonly useCases: UseCases;
  /** What the use cases run on. */
  readonly ports: Ports;
  readonly ledger: Ledger;
  readonly index: TriggerIndex;
  readonly valkey: Valkey;
  readonly client: DynamoDBClient;
  readonly tables: TableNames;
  readonly positions: ReturnType<typeof makeReadPositions>;
  readonly schedule: ReturnType<typeof makeScheduleReconciles>;
  readonly meter: Meter;
  close(): Promise<void>;
}

/** Symbols beside BTC/USDT, under its rules. */
export const symbolOf = (nth: number): string => `SYM${nth}/USDT`;
const OURS = /^SYM\d+\/USDT$/;

const withOurs = (known: SymbolDirectory): SymbolDirectory => ({
  ...known,
  find: async (environment, text) => {
    if (!OURS.test(text)) return known.find(environment, text);
    const like = await known.find(environment, BTC);
    return like === null ? null : { ...like, symbol: text };
  },
});

/**
 * `symbols`: those that there are. The list of those with something live is not asked of the database in the steps but taken as known:
 * DynamoDB Local sorts the whole index anew for each page of a scan (minutes at 100,000 rows), which DynamoDB does not. It is a step
 * of its own, up to what can be waited for.
 */
export async function openOutside(symbols: readonly string[]): Promise<Outside> {
  const redis = await startRealRedis();
  const dynamo = await startDynamoDb({ lasting: true });
  const valkey = createValkey(redis.url, { commandTimeoutMs: PATIENCE_MS });
  const client = createDynamoClient({
    ...{ endpoint: dynamo.endpoint, region: 'local', requestTimeoutMs: PATIENCE_MS },
    credentials: LOCAL_CREDENTIALS,
  });
  const close = async (): Promise<void> => {
    client.destroy();
    await valkey.close();
    await dynamo.stop();
    await redis.stop();
  };
  try {
    const tables = await dynamo.createTables();
    const world = new World();
    const index = createTriggerIndex(valkey);
    const ledger = createLedger({
      client,
      ...{ ordersTable: tables.orders, positionsTable: tables.positions, walletsTable: tables.wallets },
      sweepShards: 1,
    });
    const listed = { ...ledger, liveSymbols: async () => symbols };
    const own = { ledger: listed, index, leases: createLeases(valkey), counters: createCounters(valkey) };
    const ports = { ...world.ports, ...own, symbols: withOurs(world.ports.symbols) };
    const useCases = makeUseCases(ports, { monitorEnabled: true });
    world.workers = useCases;
    // An order is claimed on the condition that its wallet's row, which is read there, is not paused.
    const wallet = world.wallets.items.get(WALLET);
    if (wallet === undefined) throw new Error('the world has no wallet');
    await client.send(new PutItemCommand({ TableName: tables.wallets, Item: walletItem(wallet) }));
    const ofWallets = { client, walletsTable: tables.wallets };
    return {
      ...{ world, useCases, ports, ledger, index, valkey, client, tables, close },
      positions: makeReadPositions(ports),
      schedule: makeScheduleReconciles({
        ...ports,
        wallets: createWalletStore(ofWallets),
        reconciles: createReconcileStore(ofWallets),
      }),
      meter: meterOf(client),
    };
  } catch (error) {
    await close();
    throw error;
  }
}
