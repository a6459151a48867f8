/** The demo venue on DynamoDB Local, its reports through a local SQS: the parts as they are deployed. */
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createDemoStore } from '../../../shared/adapters/dynamodb/demo-store.ts';
import { createWalletStore } from '../../../shared/adapters/dynamodb/wallet-store.ts';
import { decodeReport } from '../../../shared/adapters/sqs/messages.ts';
import { createOutbox } from '../../../shared/adapters/sqs/outbox.ts';
import { builtInDirectory } from '../../../shared/adapters/symbols/built-in.ts';
import { decimal, sum } from '../../../shared/domain/money/decimal.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import type { ExecutionReport } from '../../../shared/domain/types.ts';
import type { DemoStore } from '../../../shared/ports/demo-store.ts';
import type { CachedPrice } from '../../../shared/ports/trigger-index.ts';
import type { VenueFactory } from '../../../shared/ports/venue.ts';
import { createVenueFactory } from '../../../shared/venues/factory.ts';
import { type DynamoDb, dynamoDbMissing, openDynamoDb } from '../../support/dynamodb.ts';
import { type Sqs, startSqs } from '../../support/sqs.ts';
import { aRequest, sought, triggerOf } from '../../unit/venues/bench.ts';
import { aWallet } from '../dynamodb/samples.ts';

const PRICE: CachedPrice = {
  symbol: 'BTC/USDT',
  bid: '49999.99',
  ask: '50000',
  last: '50000',
  bidSize: '',
  askSize: '',
  source: 'test',
  quoted: true,
  tickId: 100,
  at: 0,
  recordedAt: 0,
};

describe.runIf(dynamoDbMissing === null)('the demo venue', () => {
  let db: DynamoDb;
  let sqs: Sqs;
  let store: DemoStore;
  let venues: VenueFactory;
  let price = PRICE;

  beforeAll(async () => {
    [db, sqs] = await Promise.all([openDynamoDb(inject('dynamoDb')), startSqs()]);
  });
  afterAll(async () => {
    await Promise.all([db?.stop(), sqs?.stop()]);
  });
  beforeEach(async () => {
    const tables = await db.createTables();
    price = PRICE;
    store = createDemoStore({ client: db.client, demoVenueTable: tables.demoVenue });
    const wallets = createWalletStore({ client: db.client, walletsTable: tables.wallets });
    await wallets.create(aWallet());
    venues = createVenueFactory({
      wallets,
      store,
      prices: { price: async () => price },
      outbox: createOutbox({ client: sqs.client, ...sqs.queues }),
      symbols: builtInDirectory(symbolRegistry()),
      binance: null,
      clock: { now: () => Date.now() },
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    });
  });

  const request = (changes = {}) => aRequest({ signedAt: Date.now(), recvWindowMs: 10_000, ...changes });

  /** Takes reports from the queue until none is left. */
  const reports = async (): Promise<ExecutionReport[]> => {
    const QueueUrl = sqs.queues.executionsQueueUrl;
    const found: ExecutionReport[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.client.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
      );
      if (Messages.length === 0) return found;
      for (const { Body = '', ReceiptHandle } of Messages) {
        const decoded = decodeReport(Body);
        if (!decoded.ok) throw new Error(decoded.error.reason);
        found.push(decoded.value);
        await sqs.client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
    }
  };

  const balances = async (): Promise<Record<string, string>> =>
    Object.fromEntries(
      (await store.balances('wallet-1')).map((b) => [b.asset, `${b.free.toFixed()} + ${b.locked.toFixed()}`]),
    );

  it('buys, tells by the queue what the query says, and keeps the account exact', async () => {
    const venue = await venues.forWallet('wallet-1');
    await venue.initialize();
    expect(await balances()).toEqual({ USDT: '100000 + 0' });
    const placed = await venue.placeOrder(request({ clientId: 'mqReal1-1' }));
    expect(placed).toMatchObject({ kind: 'accepted', report: { status: 'new', fills: [] } });
    expect(await balances()).toEqual({ USDT: '74975 + 0', BTC: '0.5 + 0' });
    const [told, ...more] = await reports();
    expect(more).toEqual([]);
    const asked = await venue.orderStatus(sought('mqReal1-1'));
    expect(asked).toEqual({ kind: 'found', report: { ...told, source: 'query' } });
  });

  it('rests a limit order, fills it in parts, and lists it while it is live', async () => {
    const venue = await venues.forWallet('wallet-1');
    const book = await venues.demoBook('wallet-1');
    const clientId = 'mqReal2-1';
    await venue.placeOrder(request({ clientId, type: 'limit', limitPrice: decimal('49000') }));
    expect(await balances()).toEqual({ USDT: '75475.5 + 24524.5' });
    expect(await venue.openOrders('BTC/USDT')).toMatchObject([{ clientId, status: 'new' }]);
    for (const [tickId, askSize, live] of [
      [101, '0.2', true],
      [102, '', false],
    ] as const) {
      const tick = triggerOf({ ...PRICE, ask: '48999', tickId, askSize }, 'ask');
      expect(await book.work('BTC/USDT', clientId, tick)).toEqual({ live });
      // A doubled hit fills nothing; its report is the same one, or drops out as a double.
      expect(await book.work('BTC/USDT', clientId, tick)).toEqual({ live });
    }
    expect(await balances()).toEqual({ USDT: '75475.5 + 0', BTC: '0.5 + 0' });
    expect(await venue.openOrders(null)).toEqual([]);
    const ids = (await reports()).flatMap((report) => report.fills.map((fill) => fill.tradeId));
    expect(new Set(ids).size).toBe(2);
  });

  it('lets many orders of one account at once end in an exact account', async () => {
    const venue = await venues.forWallet('wallet-1');
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        venue.placeOrder(request({ clientId: `mqMany${i}-1`, quantity: decimal('0.1') })),
      ),
    );
    const accepted = outcomes.filter((outcome) => outcome.kind === 'accepted').length;
    // Who met too much traffic was told so and has not been executed.
    for (const outcome of outcomes) {
      if (outcome.kind !== 'accepted') expect(outcome).toMatchObject({ kind: 'not_sent', code: 'busy' });
    }
    expect(accepted).toBeGreaterThan(4);
    const spent = decimal('5005').times(accepted);
    expect(await balances()).toEqual({
      USDT: `${decimal('100000').minus(spent).toFixed()} + 0`,
      BTC: `${decimal('0.1').times(accepted).toFixed()} + 0`,
    });
    expect(sum((await reports()).flatMap((r) => r.fills.map((f) => f.quantity))).toFixed()).toBe(
      decimal('0.1').times(accepted).toFixed(),
    );
  });

  it('fills once however often the same order is placed at the same time', async () => {
    const venue = await venues.forWallet('wallet-1');
    const same = request({ clientId: 'mqSame-1' });
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => venue.placeOrder(same)));
    expect(new Set(outcomes.map((outcome) => outcome.kind))).toEqual(new Set(['accepted']));
    expect(await balances()).toEqual({ USDT: '74975 + 0', BTC: '0.5 + 0' });
    expect(await reports()).toHaveLength(1);
  });

  it('opens an account once, and notices one that was never opened', async () => {
    const starting = [
      { asset: 'USDT', amount: decimal('5') },
      { asset: 'USDT', amount: decimal('1') },
      { asset: 'BTC', amount: decimal('2') },
    ];
    await Promise.all([store.open('w9', starting, 1), store.open('w9', starting, 2)]);
    await store.open('w9', [{ asset: 'USDT', amount: decimal('99') }], 3);
    expect((await store.balances('w9')).map((b) => [b.asset, b.free.toFixed()])).toEqual([
      ['BTC', '2'],
      ['USDT', '6'],
    ]);
    expect(await store.load('w8', 'x', ['BTC', 'USDT'], null)).toMatchObject({ opened: false, order: null });
  });
});
