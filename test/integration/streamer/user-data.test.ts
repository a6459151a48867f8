/** The streamer as it is deployed, beside a simulated exchange: user data and prices in one process. */

import { join } from 'node:path';
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../../infra/local/venues/binance/start.ts';
import { createLedger } from '../../../shared/adapters/dynamodb/ledger.ts';
import { createSymbolStore } from '../../../shared/adapters/dynamodb/symbol-store.ts';
import { createWalletStore } from '../../../shared/adapters/dynamodb/wallet-store.ts';
import { createKeyFile } from '../../../shared/adapters/keys/key-file.ts';
import { createKeySealer } from '../../../shared/adapters/keys/sealer.ts';
import { decodeReport, decodeWork } from '../../../shared/adapters/sqs/messages.ts';
import { createUserDataBoard } from '../../../shared/adapters/valkey/user-data-board.ts';
import { NEVER_PAUSED } from '../../../shared/domain/pauses.ts';
import { DEFAULT_SIGNAL_POLICY } from '../../../shared/domain/signals.ts';
import type { ExecutionReport, Wallet } from '../../../shared/domain/types.ts';
import { parseExchangeInfo } from '../../../shared/venues/binance/exchange-info.ts';
import { dynamoDbMissing } from '../../support/dynamodb.ts';
import { anOrder } from '../dynamodb/samples.ts';
import { type Outside, startOutside, until } from './support.ts';

const CLIENT_ID = `mq${'7'.repeat(22)}-1`;
const ENVIRONMENT = 'binance_simulator';

describe.skipIf(dynamoDbMissing !== null)('the streamer beside an exchange', () => {
  let outside: Outside;
  let simulator: Simulator;
  beforeAll(async () => {
    outside = await startOutside();
  });
  beforeEach(async () => {
    simulator = await startSimulator({ sockets: { pingMs: 1_000 } });
    simulator.exchange.feedPrice('BTCUSDT', { last: '50000.00' });
  });
  afterEach(async () => {
    await outside.clear();
    await simulator.stop();
  });
  afterAll(() => outside.stop());

  const receive = async (url: string): Promise<readonly string[]> => {
    const { client } = outside.sqs;
    const command = new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 });
    const { Messages = [] } = await client.send(command);
    for (const { ReceiptHandle } of Messages) {
      await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
    }
    return Messages.map(({ Body = '' }) => Body);
  };

  it("brings the account's executions to the queue, asks for what is live, shows its health; prices go on", async () => {
    const { env, tables, cache, evaluator } = await outside.system();
    // Answers the questions for the empty index, as the evaluating function does.
    evaluator.start();
    const keyFile = join(outside.folder, `key-${Date.now()}`);
    await createKeyFile(keyFile);
    const keyCipher = `file:${keyFile}`;
    simulator.addAccount({ uid: 7, balances: { USDT: '1000000', BTC: '1' } });
    const { apiKey, secret } = simulator.createKey({ uid: 7 });
    if (secret === null) throw new Error('no secret');
    const credentials = { keyType: 'hmac', apiKey, secret } as const;
    const context = { walletId: 'wallet-7', userId: 'user-7' };
    const sealedKeys = await createKeySealer(keyCipher).seal(credentials, context);
    const wallets = createWalletStore({ client: outside.dynamo.client, walletsTable: tables.wallets });
    const exchange: NonNullable<Wallet['exchange']> = {
      keyType: 'hmac',
      keyHint: apiKey.slice(-4),
      sealedKeys,
      keyVersion: 1,
      status: 'active',
      problem: null,
      warnings: [],
      accountUid: '7',
      checkedAt: 1,
      pendingKeys: null,
      ...NEVER_PAUSED,
      bodyHash: '',
      keyFingerprint: '',
      checkWantedAt: null,
    };
    const facts = {
      version: 1,
      environment: ENVIRONMENT,
      name: 'exchange',
      createdAt: 1,
      updatedAt: 1,
    } as const;
    const signalPolicy = DEFAULT_SIGNAL_POLICY;
    await wallets.create({ ...context, ...facts, demo: null, exchange, signalPolicy, resident: 'none' });
    const symbols = createSymbolStore({ client: outside.dynamo.client, symbolsTable: tables.symbols });
    const info = parseExchangeInfo(simulator.exchange.execute('exchangeInfo', null, {}));
    await symbols.save(ENVIRONMENT, info, Date.now());
    const ledger = createLedger({
      client: outside.dynamo.client,
      ordersTable: tables.orders,
      positionsTable: tables.positions,
      walletsTable: tables.wallets,
      sweepShards: 1,
    });
    const live = anOrder({
      orderId: 'live-one',
      walletId: 'wallet-7',
      environment: ENVIRONMENT,
      status: 'open',
    });
    await ledger.commit({ orders: [{ before: null, after: live }] });

    const streamer = outside.start({
      ...env,
      FEED: 'binance',
      BINANCE_ENVIRONMENT: ENVIRONMENT,
      BINANCE_REST_URL: simulator.restUrl,
      BINANCE_WS_API_URL: simulator.wsApiUrl,
      BINANCE_STREAM_URL: simulator.streamUrl,
      KEY_CIPHER: keyCipher,
    });
    await streamer.said('user_data_gap_asked_after');
    const asked = [...(await receive(env.SUBMIT_QUEUE_URL)), ...(await receive(env.EXITS_QUEUE_URL))].map(
      decodeWork,
    );
    expect(asked).toEqual([{ ok: true, value: { orderId: 'live-one', look: true } }]);

    simulator.exchange.execute('order.place', 7, {
      ...{ symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.10000' },
      newClientOrderId: CLIENT_ID,
    });
    const reports: ExecutionReport[] = [];
    await until(async () => {
      for (const text of await receive(env.EXECUTIONS_QUEUE_URL)) {
        const decoded = decodeReport(text);
        if (decoded.ok) reports.push(decoded.value);
      }
      return reports.some(({ status }) => status === 'filled');
    });
    expect(reports.map(({ status }) => status)).toEqual(['new', 'filled']);
    expect(reports[1]).toMatchObject({ walletId: 'wallet-7', environment: ENVIRONMENT, symbol: 'BTC/USDT' });

    // Its symbol has a live order, so its prices are wanted.
    await streamer.said('feed_started');
    await until(async () => (await symbols.savedAt(ENVIRONMENT)) !== null);
    await cache.want(['BTC/USDT']);
    await until(
      async () => {
        simulator.exchange.feedPrice('BTCUSDT', {
          last: `5${String(Date.now() % 1000).padStart(4, '0')}.00`,
        });
        return (await cache.price('BTC/USDT'))?.source === 'binance';
      },
      () => streamer.lines.slice(-30).join('\n'),
    );

    const board = createUserDataBoard(outside.valkey);
    await until(async () => (await board.readWallet(ENVIRONMENT, 'wallet-7', Date.now()))?.reportsSent === 2);
    const { connections } = await board.read(ENVIRONMENT, Date.now());
    expect(connections).toMatchObject([{ name: 'user-data 1', connected: true }]);

    const began = Date.now();
    streamer.signal('SIGTERM');
    expect(await streamer.exited).toBe(0);
    expect(Date.now() - began).toBeLessThan(3_000);
    expect(simulator.connections()).toEqual({ wsApi: 0, streams: 0 });
    const printed = streamer.lines.join('\n');
    for (const hidden of [apiKey, secret, sealedKeys]) expect(printed).not.toContain(hidden);
  });
});
