/** The client against a server that misbehaves as scripted: what leaves, how often, and what is made of the answer. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Decimal } from '../../../../shared/domain/money/decimal.ts';
import { type SymbolSpec, symbolRegistry } from '../../../../shared/domain/symbols.ts';
import type { OrderSought, PlaceRequest } from '../../../../shared/ports/venue.ts';
import { createSigner } from '../../../../shared/venues/binance/signing.ts';
import { type BinanceVenue, createBinanceVenue } from '../../../../shared/venues/binance/venue.ts';
import { createBinanceWallet } from '../../../../shared/venues/binance/wallet.ts';
import { RecordingBudget } from '../../../support/recording-budget.ts';
import { type Answer, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

const ID = `mq${'A'.repeat(22)}-1`;
const SECRET = 'very-secret-text';
const BTC = symbolRegistry().get('BTC/USDT') as SymbolSpec;
const ORDER = 'POST /api/v3/order';
const STATUS = 'GET /api/v3/order';
const TRADES = 'GET /api/v3/myTrades';

let server: ScriptedServer;
let venue: BinanceVenue;
let budget: RecordingBudget;
let logged: string[];
const signer = createSigner({ keyType: 'hmac', apiKey: 'the-api-key', secret: SECRET });

const walletOf = () =>
  createBinanceWallet({
    walletId: 'w1',
    keyVersion: 1,
    environment: 'binance_testnet',
    client: venue.clientFor(signer, 'binance_testnet:1'),
    clock: venue.clock,
    dayVolume: venue.dayVolume,
    accountRank: 'comparison',
    symbols: { find: async () => BTC },
    selfTradePreventionMode: null,
    log: venueLog,
  });
const tell = (code: string, fields?: unknown): void => {
  logged.push(`${code} ${JSON.stringify(fields ?? {})}`);
};
const venueLog = { debug: tell, info: tell, warn: tell, error: tell };

beforeEach(async () => {
  server = await startScriptedServer();
  server.on('GET /api/v3/time', () => ({ json: { serverTime: Date.now() + 60_000 } }));
  budget = new RecordingBudget();
  logged = [];
  venue = createBinanceVenue({
    environment: 'binance_testnet',
    endpoints: { rest: server.url },
    budget,
    clock: { now: () => Date.now() },
    log: venueLog,
    http: { timeoutMs: 400, connectTimeoutMs: 400 },
    sleep: async () => undefined,
  });
});
afterEach(async () => {
  venue.close();
  await server.stop();
});

const request = (change: Partial<PlaceRequest> = {}): PlaceRequest => ({
  clientId: ID,
  symbol: 'BTC/USDT',
  side: 'buy',
  type: 'market',
  timeInForce: 'GTC',
  margin: null,
  quantity: new Decimal('1'),
  quoteQuantity: null,
  limitPrice: null,
  stopPrice: null,
  stopLimitPrice: null,
  trailingDelta: null,
  signedAt: 1_700_000_000_123,
  recvWindowMs: 2_000,
  rank: 'exit',
  trigger: null,
  ...change,
});
const sought = (venueOrderId: string | null = null): OrderSought => ({
  symbol: 'BTC/USDT',
  clientId: ID,
  venueOrderId,
  side: 'buy',
  type: 'market',
  quantity: new Decimal('1'),
  signedAt: 1_700_000_000_123,
  rank: 'query',
});
const answer = {
  symbol: 'BTCUSDT',
  orderId: 7,
  orderListId: -1,
  clientOrderId: ID,
  transactTime: 5,
  status: 'NEW',
  executedQty: '0',
  origQty: '1',
  type: 'MARKET',
  side: 'BUY',
};
const order = (executed: string, change: object = {}) => ({
  ...answer,
  time: 1_700_000_000_200,
  updateTime: 20,
  status: 'FILLED',
  executedQty: executed,
  ...change,
});
const trade = (id: number, qty = '1') => ({
  symbol: 'BTCUSDT',
  id,
  orderId: 7,
  price: '100',
  qty,
  quoteQty: '100',
  commission: '0.1',
  commissionAsset: 'USDT',
  time: 3,
  isBuyer: true,
  isMaker: false,
});

describe('a placement', () => {
  it('is signed with the time of its claim, in the body, and asks for all of the answer', async () => {
    server.on(ORDER, { json: answer });
    await walletOf().placeOrder(request());
    const [asked] = server.of(ORDER);
    expect(asked).toMatchObject({ rawQuery: '', apiKey: 'the-api-key' });
    expect(asked?.params).toMatchObject({
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'MARKET',
      quantity: '1',
      newClientOrderId: ID,
      newOrderRespType: 'FULL',
      timestamp: '1700000000123',
      recvWindow: '2000',
    });
    expect(asked?.params).not.toHaveProperty('selfTradePreventionMode');
    const [payload, signature] = (asked?.rawBody ?? '').split('&signature=');
    expect(signature).toBe(signer.sign(payload ?? ''));
  });

  it.each([
    ['reset', 'reset'],
    ['a cut answer', 'cut'],
    ['silence', 'hang'],
    ['no JSON', { text: '<html>' }],
    ['nothing', { text: '' }],
    ['another shape', { json: { orderId: 'x' } }],
    ['a list', { json: [] }],
    ['502', { status: 502, text: 'Bad gateway' }],
    ['a redirect', { status: 302, text: '' }],
    ['404 of a proxy', { status: 404, text: '<html>' }],
  ] as readonly (readonly [string, Answer])[])('%s is unknown, and it leaves once', async (_, script) => {
    server.on(ORDER, script);
    expect((await walletOf().placeOrder(request())).kind).toBe('unknown');
    expect(server.of(ORDER)).toHaveLength(1);
  });

  it('whatever the answer is, it is an outcome, and it leaves once', async () => {
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({ code: fc.constantFrom(-1000, -1006, -1007, -1021, -2010, -1003, -1, 5), msg: fc.string() })
        .map((b) => JSON.stringify(b)),
      fc.constant(JSON.stringify(answer)),
    );
    const status = fc.constantFrom(200, 201, 301, 400, 401, 403, 404, 409, 418, 429, 500, 503, 504);
    const wallet = walletOf();
    await fc.assert(
      fc.asyncProperty(status, body, async (code, text) => {
        server.on(ORDER, { status: code, text });
        const before = server.of(ORDER).length;
        const outcome = await wallet.placeOrder(request());
        expect(server.of(ORDER).length).toBe(before + 1);
        if (code >= 500) expect(outcome.kind).toBe('unknown');
        if (/^\{"code":-100[067],/.test(text) && code >= 300 && ![403, 418, 429].includes(code))
          expect(outcome.kind).toBe('unknown');
        if (outcome.kind === 'accepted') expect(code).toBeLessThan(300);
      }),
      { numRuns: 150 },
    );
  });

  it('-1021 has the clock measured anew before the next signature', async () => {
    server.on(ORDER, {
      status: 400,
      json: { code: -1021, msg: 'Timestamp for this request is outside of the recvWindow.' },
    });
    const wallet = walletOf();
    await wallet.venueTime();
    const measured = server.of('GET /api/v3/time').length;
    expect((await wallet.placeOrder(request())).kind).toBe('not_executed');
    expect(server.of(ORDER)).toHaveLength(1);
    expect(server.of('GET /api/v3/time')).toHaveLength(measured);
    await wallet.venueTime();
    expect(server.of('GET /api/v3/time').length).toBeGreaterThan(measured);
  });

  it.each([
    [{ status: 429, text: '{"code":-1003,"msg":"x"}' }, 60_000],
    [{ status: 429, text: 'x', headers: { 'Retry-After': '9' } }, 9_000],
    [{ status: 418, text: 'x' }, 120_000],
    [{ status: 400, text: '{"code":-1008,"msg":"busy"}' }, 60_000],
  ] as const)('%j was not sent: later', async (script, wait) => {
    server.on(ORDER, script);
    expect(await walletOf().placeOrder(request())).toMatchObject({ kind: 'not_sent', retryAfterMs: wait });
  });

  it('a ban until a time blocks until then', async () => {
    const until = Date.now() + 60_000 + 300_000;
    server.on(ORDER, {
      status: 418,
      json: { code: -1003, msg: `Way too much request weight used; IP banned until ${until}.` },
    });
    const wallet = walletOf();
    await wallet.venueTime();
    await wallet.placeOrder(request());
    expect(budget.blocks).toEqual([{ account: null, until, reason: '418' }]);
  });

  it('rules that cannot be read now: nothing leaves', async () => {
    const wallet = createBinanceWallet({
      walletId: 'w1',
      keyVersion: 1,
      environment: 'binance_testnet',
      client: venue.clientFor(signer, null),
      clock: venue.clock,
      dayVolume: venue.dayVolume,
      accountRank: 'comparison',
      symbols: { find: () => Promise.reject(new Error('table away')) },
      selfTradePreventionMode: null,
      log: venueLog,
    });
    expect(await wallet.placeOrder(request())).toMatchObject({
      kind: 'not_sent',
      code: 'symbols_unavailable',
    });
    expect(server.of(ORDER)).toEqual([]);
  });
});

describe('a lookup', () => {
  const notFound: Answer = { status: 400, json: { code: -2013, msg: 'Order does not exist.' } };

  it('joins every page of the trades', async () => {
    server.on(STATUS, { json: order('1500') });
    const pages = [0, 1].map((p) =>
      Array.from({ length: p === 0 ? 1_000 : 500 }, (_, i) => trade(100 + p * 1_000 + i)),
    );
    server.on(TRADES, { json: pages[0] }, { json: pages[1] });
    const look = await walletOf().orderStatus(sought('7'));
    expect(look.kind === 'found' && look.report.fills.length).toBe(1_500);
    expect(server.of(TRADES).map((a) => [a.params['orderId'], a.params['fromId']])).toEqual([
      ['7', undefined],
      ['7', '1100'],
    ]);
  });

  it('is unknown while trades are missing, or more keep coming', async () => {
    server.on(STATUS, { json: order('3') });
    server.on(TRADES, { json: [trade(1)] });
    expect((await walletOf().orderStatus(sought('7'))).kind).toBe('unknown');
    server.on(TRADES, { json: [trade(1), trade(2), trade(3), trade(4)] });
    expect((await walletOf().orderStatus(sought('7'))).kind).toBe('unknown');
    // The second look at the order knows of the trade that came in between.
    server.on(STATUS, { json: order('3') }, { json: order('4') });
    expect((await walletOf().orderStatus(sought('7'))).kind).toBe('found');
    server.on(TRADES, { status: 500, text: '' });
    expect((await walletOf().orderStatus(sought('7'))).kind).toBe('unknown');
  });

  it('takes allocations in where the order router was used', async () => {
    server.on(STATUS, { json: order('2', { usedSor: true }) });
    server.on(TRADES, { json: [trade(1)] });
    const { id: _, ...rest } = trade(1);
    server.on('GET /api/v3/myAllocations', { json: [{ ...rest, allocationId: 4 }] });
    const look = await walletOf().orderStatus(sought('7'));
    expect(look.kind === 'found' && look.report.fills.map((f) => f.tradeId)).toEqual(['1', 'a4']);
  });

  it('asks for the order, then for its cancel, and is absent as of a time before both', async () => {
    server.on(STATUS, notFound);
    const look = await walletOf().orderStatus(sought());
    expect(look.kind).toBe('absent');
    const asked = server.asked.filter((a) => a.route === STATUS || a.route === 'GET /api/v3/time').slice(-4);
    expect(asked.map((a) => a.params['origClientOrderId'] ?? a.route).slice(-2)).toEqual([ID, `${ID}c`]);
    const times = server.asked.map((a) => a.route);
    expect(times.lastIndexOf('GET /api/v3/time')).toBeLessThan(times.indexOf(STATUS) + 1);
  });

  it('an archived order has ended without a fill', async () => {
    server.on(STATUS, {
      status: 400,
      json: {
        code: -2026,
        msg: 'Order was canceled or expired with no executed qty over 90 days ago and has been archived.',
      },
    });
    expect(await walletOf().orderStatus(sought('7'))).toMatchObject({
      kind: 'found',
      report: { status: 'expired', reason: 'archived' },
    });
  });

  it('anything but "no such order" is no absence', async () => {
    for (const script of [
      { status: 400, json: { code: -2015, msg: 'x' } },
      { status: 503, text: '' },
      { text: 'x' },
      'reset',
    ] as const) {
      server.on(STATUS, script);
      expect((await walletOf().orderStatus(sought())).kind).toBe('unknown');
    }
    server.on(STATUS, notFound);
    server.on('GET /api/v3/time', { status: 500, text: '' });
    expect((await walletOf().orderStatus(sought())).kind).toBe('unknown');
  });

  it('is tried three times after a failure, once after a refusal; a wrong time is signed anew once', async () => {
    const tries = async (script: Answer): Promise<number> => {
      const before = server.of(STATUS).length;
      server.on(STATUS, script);
      await walletOf().orderStatus(sought('7'));
      return server.of(STATUS).length - before;
    };
    expect(await tries({ status: 503, text: '' })).toBe(3);
    expect(await tries('reset')).toBe(3);
    expect(await tries({ status: 429, text: '' })).toBe(1);
    expect(await tries({ status: 418, text: '' })).toBe(1);
    expect(await tries({ status: 400, json: { code: -1102, msg: 'x' } })).toBe(1);
    expect(await tries({ status: 400, json: { code: -1021, msg: 'x' } })).toBe(2);
    // Each try asks the budget for its own weight.
    expect(budget.asks.filter((ask) => ask.weight === 4)).toHaveLength(11);
  });
});

it('no log, no outcome and no budget entry has a key, a secret or a signature', async () => {
  server.on(
    ORDER,
    'reset',
    { status: 403, text: '<html>' },
    { status: 400, json: { code: -1022, msg: 'Signature for this request is not valid.' } },
  );
  const wallet = walletOf();
  const outcomes = [];
  for (let i = 0; i < 3; i += 1) outcomes.push(await wallet.placeOrder(request()));
  const signatures = server.of(ORDER).map((a) => a.params['signature'] ?? 'none');
  expect(signatures).toHaveLength(3);
  const told = JSON.stringify([logged, outcomes, budget]);
  for (const text of ['the-api-key', SECRET, ...signatures, 'signature=']) expect(told).not.toContain(text);
});
