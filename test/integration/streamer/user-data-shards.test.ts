/** Two processes as they are deployed, each with its shard of the wallets at a simulated exchange. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../../infra/local/venues/binance/start.ts';
import { createWalletStore } from '../../../shared/adapters/dynamodb/wallet-store.ts';
import { createKeyFile } from '../../../shared/adapters/keys/key-file.ts';
import { createKeySealer } from '../../../shared/adapters/keys/sealer.ts';
import { createUserDataBoard } from '../../../shared/adapters/valkey/user-data-board.ts';
import { NEVER_PAUSED } from '../../../shared/domain/pauses.ts';
import { DEFAULT_SIGNAL_POLICY } from '../../../shared/domain/signals.ts';
import type { Wallet } from '../../../shared/domain/types.ts';
import { countUnsubscribed } from '../../../shared/usecases/stream-user-data/unsubscribed.ts';
import { dynamoDbMissing } from '../../support/dynamodb.ts';
import { type Outside, startOutside, until } from './support.ts';

const ENVIRONMENT = 'binance_simulator';
const WALLETS = 8;

describe.skipIf(dynamoDbMissing !== null)('two shards of user data', () => {
  let outside: Outside;
  let simulator: Simulator;
  beforeAll(async () => {
    outside = await startOutside();
  });
  beforeEach(async () => {
    simulator = await startSimulator({ sockets: { pingMs: 1_000 } });
  });
  afterEach(async () => {
    await outside.clear();
    await simulator.stop();
  });
  afterAll(() => outside.stop());

  const exchangeOf = (hint: string, uid: string, sealedKeys: string): NonNullable<Wallet['exchange']> => ({
    ...{ keyType: 'hmac', keyHint: hint, sealedKeys, keyVersion: 1, status: 'active', problem: null },
    ...{ warnings: [], accountUid: uid, checkedAt: 1, pendingKeys: null, ...NEVER_PAUSED },
    ...{ bodyHash: '', keyFingerprint: '', checkWantedAt: null },
  });

  it('listen to each wallet exactly once, and it is seen when one of them is gone', async () => {
    const { env, tables } = await outside.system();
    const keyFile = join(outside.folder, `key-${Date.now()}`);
    await createKeyFile(keyFile);
    const keyCipher = `file:${keyFile}`;
    const wallets = createWalletStore({ client: outside.dynamo.client, walletsTable: tables.wallets });
    const walletIds = Array.from({ length: WALLETS }, (_, n) => `wallet-${n}`);
    for (const [n, walletId] of walletIds.entries()) {
      const uid = 100 + n;
      simulator.addAccount({ uid, balances: { USDT: '1000' } });
      const { apiKey, secret } = simulator.createKey({ uid });
      if (secret === null) throw new Error('no secret');
      const context = { walletId, userId: 'user' };
      const sealed = await createKeySealer(keyCipher).seal({ keyType: 'hmac', apiKey, secret }, context);
      await wallets.create({
        ...{ ...context, version: 1, environment: ENVIRONMENT, name: walletId, createdAt: 1, updatedAt: 1 },
        ...{ demo: null, signalPolicy: DEFAULT_SIGNAL_POLICY, resident: 'none' },
        exchange: exchangeOf(apiKey.slice(-4), String(uid), sealed),
      });
    }
    const start = (shard: number) =>
      outside.start({
        ...env,
        ...{ STREAMER_PARTS: 'user-data', USER_DATA_SHARD: String(shard), USER_DATA_SHARDS: '2' },
        ...{ BINANCE_ENVIRONMENT: ENVIRONMENT, KEY_CIPHER: keyCipher },
        BINANCE_REST_URL: simulator.restUrl,
        BINANCE_WS_API_URL: simulator.wsApiUrl,
        BINANCE_STREAM_URL: simulator.streamUrl,
      });
    const processes = [start(0), start(1)];
    const board = createUserDataBoard(outside.valkey);
    const missing = () => countUnsubscribed(board, ENVIRONMENT, { walletIds, now: Date.now() });
    await until(async () => (await missing()) === 0);
    const heard = () =>
      processes.map(({ lines }) =>
        walletIds.filter((id) =>
          lines.some((line) => line.includes('user_data_gap_asked_after') && line.includes(`"${id}"`)),
        ),
      );
    await until(async () => heard().flat().length >= WALLETS);
    expect(heard().flat().toSorted()).toEqual(walletIds);
    for (const ids of heard()) expect(ids.length).toBeGreaterThan(0);
    const { shards } = await board.read(ENVIRONMENT, Date.now());
    expect(shards.map(({ shard, of }) => `${shard} of ${of}`).toSorted()).toEqual(['0 of 2', '1 of 2']);

    // One is gone, and does not come back: some seconds later its word is the older one, and a minute after it counts no more.
    const [, second] = heard();
    processes[1]?.signal('SIGKILL');
    await processes[1]?.exited;
    const soon = () => Date.now() + 52_000;
    await until(async () => {
      const left = (await board.read(ENVIRONMENT, soon())).shards;
      return left.length === 1 && left[0]?.shard === 0;
    });
    expect(await countUnsubscribed(board, ENVIRONMENT, { walletIds, now: soon() })).toBe(second?.length);
  });
});
