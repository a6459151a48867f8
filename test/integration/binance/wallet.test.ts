/** The wallet against the simulated exchange: every order type, every outcome, and what is found afterwards. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Decimal, sum } from '../../../shared/domain/money/decimal.ts';
import type { ExecutionReport } from '../../../shared/domain/types.ts';
import type { PlaceOutcome, PlaceRequest, QueryOutcome } from '../../../shared/ports/venue.ts';
import { createHttpTransport } from '../../../shared/venues/binance/http.ts';
import { type Bench, startBench, UID } from './bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(async () => {
  await bench.stop();
});

const d = (text: string): Decimal => new Decimal(text);
const accepted = (outcome: PlaceOutcome): ExecutionReport => {
  if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
  return outcome.report;
};
const found = (outcome: QueryOutcome): ExecutionReport => {
  if (outcome.kind !== 'found') throw new Error(JSON.stringify(outcome));
  return outcome.report;
};
const place = async (change: Partial<PlaceRequest>) => {
  const request = await bench.request(change);
  return { request, outcome: await bench.wallet.placeOrder(request) };
};
const filledOf = (report: ExecutionReport) => sum(report.fills.map((fill) => fill.quantity)).toFixed();
const fault = (rule: unknown) => bench.simulator.addFaults([rule]);
const ofPlacement = { when: { operation: 'order.place' }, times: 1 };

describe('placing', () => {
  it('a market order: its fills with their fees, and the same by query', async () => {
    const { request, outcome } = await place({});
    const report = accepted(outcome);
    expect(report).toMatchObject({
      clientId: request.clientId,
      status: 'filled',
      source: 'answer',
      walletId: 'w1',
      symbol: 'BTC/USDT',
    });
    expect(filledOf(report)).toBe('0.01');
    expect(report.fills[0]?.fee.asset).toBe('BTC');
    for (const id of [null, report.venueOrderId]) {
      const query = found(await bench.wallet.orderStatus(bench.sought(request, id)));
      expect(query).toMatchObject({
        clientId: request.clientId,
        status: 'filled',
        source: 'query',
        venueOrderId: report.venueOrderId,
      });
      expect(
        query.fills.map((f) => [f.tradeId, f.price.toFixed(), f.quantity.toFixed(), f.fee.amount.toFixed()]),
      ).toEqual(
        report.fills.map((f) => [f.tradeId, f.price.toFixed(), f.quantity.toFixed(), f.fee.amount.toFixed()]),
      );
    }
  });

  it('a market order by quote amount', async () => {
    const { outcome } = await place({ quantity: d('0'), quoteQuantity: d('1000') });
    expect(accepted(outcome).status).toBe('filled');
    expect(accepted(outcome).cumulativeQuantity.greaterThan('0.019')).toBe(true);
  });

  const LIVE: readonly (readonly [string, Partial<PlaceRequest>])[] = [
    ['limit', { type: 'limit', limitPrice: d('49000') }],
    ['limit_maker', { type: 'limit_maker', limitPrice: d('49000') }],
    ['stop_loss', { type: 'stop_loss', side: 'sell', stopPrice: d('49000') }],
    ['stop_limit', { type: 'stop_limit', side: 'sell', stopPrice: d('49000'), limitPrice: d('48900') }],
    ['take_profit', { type: 'take_profit', side: 'sell', stopPrice: d('51000') }],
    [
      'take_profit_limit',
      { type: 'take_profit_limit', side: 'sell', stopPrice: d('51000'), limitPrice: d('50900') },
    ],
    ['trailing_stop', { type: 'trailing_stop', side: 'sell', trailingDelta: 200 }],
    [
      'trailing_stop from a price on',
      { type: 'trailing_stop', side: 'sell', trailingDelta: 200, stopPrice: d('49000') },
    ],
    ['oco', { type: 'oco', side: 'sell', limitPrice: d('51000'), stopPrice: d('49000') }],
    [
      'oco with a limit behind its stop',
      {
        type: 'oco',
        side: 'sell',
        limitPrice: d('51000'),
        stopPrice: d('49000'),
        stopLimitPrice: d('48900'),
      },
    ],
    ['oco that buys', { type: 'oco', side: 'buy', limitPrice: d('49000'), stopPrice: d('51000') }],
  ];

  it.each(LIVE)('%s rests, is found, is cancelled, and is found cancelled', async (_, change) => {
    const { request, outcome } = await place(change);
    const report = accepted(outcome);
    expect(report).toMatchObject({ clientId: request.clientId, status: 'new', fills: [] });
    const open = await bench.wallet.openOrders('BTC/USDT');
    expect(open).toHaveLength(request.type === 'oco' ? 2 : 1);
    expect(new Set(open.map((o) => o.venueOrderId))).toEqual(new Set([report.venueOrderId]));
    for (const id of [null, report.venueOrderId]) {
      expect(found(await bench.wallet.orderStatus(bench.sought(request, id)))).toMatchObject({
        clientId: request.clientId,
        venueOrderId: report.venueOrderId,
        status: 'new',
      });
    }
    const cancel = await bench.wallet.cancelOrder('BTC/USDT', request.clientId, request.type);
    expect(cancel).toMatchObject({
      kind: 'cancelled',
      report: { clientId: request.clientId, venueOrderId: report.venueOrderId, status: 'cancelled' },
    });
    expect(await bench.wallet.cancelOrder('BTC/USDT', request.clientId, request.type)).toEqual({
      kind: 'not_live',
    });
    for (const id of [null, report.venueOrderId]) {
      expect(found(await bench.wallet.orderStatus(bench.sought(request, id)))).toMatchObject({
        clientId: request.clientId,
        venueOrderId: report.venueOrderId,
        status: 'cancelled',
      });
    }
    expect(found(await bench.wallet.secondLook(bench.sought(request)))).toMatchObject({
      status: 'cancelled',
    });
    expect(await bench.wallet.openOrders(null)).toEqual([]);
  });

  it('an oco is over when one leg has filled, with that leg’s trades', async () => {
    const change = {
      type: 'oco',
      side: 'sell',
      quantity: d('0.5'),
      limitPrice: d('51000'),
      stopPrice: d('49000'),
    } as const;
    const up = await place(change);
    bench.simulator.exchange.feedPrice('BTCUSDT', { last: '51500.00' });
    const sold = found(await bench.wallet.orderStatus(bench.sought(up.request)));
    expect([sold.status, filledOf(sold)]).toEqual(['filled', '0.5']);
    const down = await place({ ...change, limitPrice: d('52000'), stopPrice: d('50000') });
    bench.simulator.exchange.feedPrice('BTCUSDT', { last: '49500.00' });
    const stopped = found(
      await bench.wallet.orderStatus(bench.sought(down.request, accepted(down.outcome).venueOrderId)),
    );
    expect([stopped.status, filledOf(stopped)]).toEqual(['filled', '0.5']);
  });

  it('an oco whose limit leg filled in part and was then cancelled has ended cancelled, with its trades', async () => {
    const { request } = await place({
      type: 'oco',
      side: 'sell',
      quantity: d('0.5'),
      limitPrice: d('51000'),
      stopPrice: d('49000'),
    });
    bench.simulator.exchange.feedPrice('BTCUSDT', { last: '51000.01', size: '0.2' });
    const partly = found(await bench.wallet.orderStatus(bench.sought(request)));
    expect([partly.status, filledOf(partly)]).toEqual(['partially_filled', '0.2']);
    const cancel = await bench.wallet.cancelOrder('BTC/USDT', request.clientId, 'oco');
    expect(cancel).toMatchObject({ kind: 'cancelled', report: { status: 'cancelled' } });
    const after = found(await bench.wallet.orderStatus(bench.sought(request)));
    expect([after.status, filledOf(after), after.cumulativeQuantity.toFixed()]).toEqual([
      'cancelled',
      '0.2',
      '0.2',
    ]);
  });

  it('a fill in part tells its trades, at rest as a maker', async () => {
    const { request } = await place({ type: 'limit', limitPrice: d('49000'), quantity: d('1') });
    bench.simulator.exchange.feedPrice('BTCUSDT', { last: '48999.99', size: '0.3' });
    const report = found(await bench.wallet.orderStatus(bench.sought(request)));
    expect([report.status, filledOf(report), report.fills[0]?.maker]).toEqual([
      'partially_filled',
      '0.3',
      true,
    ]);
    const cancel = await bench.wallet.cancelOrder('BTC/USDT', request.clientId, 'limit');
    if (cancel.kind !== 'cancelled') throw new Error(cancel.kind);
    // Its trades come by a query: the gap to the total says so.
    expect([cancel.report.cumulativeQuantity.toFixed(), cancel.report.fills.length]).toEqual(['0.3', 0]);
  });
});

describe('refusals', () => {
  const REFUSED: readonly (readonly [string, Partial<PlaceRequest>, object])[] = [
    ['funds', { quantity: d('50') }, { code: 'insufficient_balance', venueCode: -2010 }],
    [
      'step',
      { type: 'limit', limitPrice: d('49000'), quantity: d('0.0000015') },
      { code: 'filter', filter: 'lot_size' },
    ],
    ['tick', { type: 'limit', limitPrice: d('49000.001') }, { code: 'filter', filter: 'price' }],
    [
      'worth',
      { type: 'limit', limitPrice: d('49000'), quantity: d('0.00001') },
      { code: 'filter', filter: 'notional' },
    ],
    [
      'trailing distance',
      { type: 'trailing_stop', side: 'sell', trailingDelta: 5 },
      { code: 'filter', filter: 'trailing_delta' },
    ],
    ['trigger', { type: 'stop_loss', side: 'sell', stopPrice: d('51000') }, { code: 'would_trigger' }],
    ['match', { type: 'limit_maker', limitPrice: d('51000') }, { code: 'would_match' }],
    [
      'oco prices',
      { type: 'oco', side: 'sell', limitPrice: d('49000'), stopPrice: d('51000') },
      { code: 'invalid' },
    ],
    ['unknown symbol', { symbol: 'NOPE/USDT' }, { code: 'unknown_symbol' }],
  ];

  it.each(REFUSED)('%s', async (_, change, expected) => {
    const { outcome } = await place(change);
    expect(outcome).toMatchObject({ kind: 'refused', ...expected });
  });

  it('an id that is open', async () => {
    const { request } = await place({ type: 'limit', limitPrice: d('49000') });
    expect(await bench.wallet.placeOrder(request)).toMatchObject({ kind: 'refused', code: 'duplicate' });
  });

  it('a closed market, and a symbol without stops that become market orders', async () => {
    bench.simulator.exchange.changeSymbol('BTCUSDT', { status: 'HALT' });
    expect((await place({})).outcome).toMatchObject({ kind: 'refused', code: 'market_closed' });
    const poor = [...bench.specs.values()].find((s) => !s.rules.orderTypes.includes('stop_loss'));
    if (poor === undefined) throw new Error('every symbol of the simulator has STOP_LOSS');
    const before = bench.budget.asks.length;
    const request = await bench.request({
      symbol: poor.symbol,
      type: 'stop_loss',
      side: 'sell',
      stopPrice: d('1'),
    });
    const outcome = await bench.wallet.placeOrder(request);
    expect(outcome).toMatchObject({ kind: 'refused', code: 'invalid' });
    expect(JSON.stringify(outcome)).toContain('STOP_LOSS_LIMIT');
    expect(bench.budget.asks).toHaveLength(before);
  });

  it('a signature that is too old or from the future was not executed, and is not signed again', async () => {
    const old = await bench.request({ signedAt: (await bench.wallet.venueTime()) - 5_000 });
    expect((await bench.wallet.placeOrder(old)).kind).toBe('not_executed');
    const early = await bench.request({ signedAt: (await bench.wallet.venueTime()) + 5_000 });
    expect((await bench.wallet.placeOrder(early)).kind).toBe('not_executed');
    expect(bench.simulator.requests()['order.place']?.requests).toBe(2);
    expect(bench.simulator.exchange.books(UID).orders).toEqual([]);
  });

  it('a late check that counts the order is no execution either', async () => {
    fault({ ...ofPlacement, do: { kind: 'late_timestamp' } });
    expect((await place({})).outcome.kind).toBe('not_executed');
  });
});

describe('lost and spoiled answers', () => {
  const UNKNOWN: readonly (readonly [string, object, boolean])[] = [
    ['the request is lost', { kind: 'lose_request' }, false],
    ['the reply is lost', { kind: 'lose_reply' }, true],
    ['503 and executed', { kind: 'server_error', executed: true }, true],
    ['503 and not executed', { kind: 'server_error', executed: false }, false],
    ['-1007 and executed', { kind: 'timeout', ms: 10, executed: true }, true],
    ['-1007 and not executed', { kind: 'timeout', ms: 10, executed: false }, false],
    ['-1006 with 400', { kind: 'refuse', code: -1006, msg: 'Execution status unknown.' }, false],
    ['a cut answer', { kind: 'malformed_body' }, true],
  ];

  it.each(UNKNOWN)('%s is unknown, sent once, and settled by what is found', async (_, what, wasExecuted) => {
    fault({ ...ofPlacement, do: what });
    const { request, outcome } = await place({});
    expect(outcome.kind).toBe('unknown');
    expect(bench.simulator.exchange.books(UID).orders).toHaveLength(wasExecuted ? 1 : 0);
    const status = await bench.wallet.orderStatus(bench.sought(request));
    const second = await bench.wallet.secondLook(bench.sought(request));
    for (const look of [status, second]) {
      expect(look.kind).toBe(wasExecuted ? 'found' : 'absent');
      if (look.kind === 'absent') expect(Math.abs(look.venueNow - Date.now())).toBeLessThan(20_000);
      if (look.kind === 'found')
        expect(look.report).toMatchObject({ status: 'filled', clientId: request.clientId });
    }
    const attempts = bench.simulator.requests()['order.place']?.requests;
    expect(attempts).toBe(1);
  });

  it.each([
    ['429', { kind: 'rate_limited', retryAfterSeconds: 7 }, 7_000, { account: null, reason: '429' }],
    [
      '-1015',
      { kind: 'too_many_orders', retryAfterSeconds: 3 },
      3_000,
      { account: `binance_simulator:${UID}`, reason: 'orders' },
    ],
    ['418', { kind: 'banned', seconds: 120 }, 120_000, { account: null, reason: '418' }],
  ])('%s was not sent, and all behind this address are told', async (_, what, wait, block) => {
    fault({ ...ofPlacement, do: what });
    const { outcome } = await place({});
    expect(outcome).toMatchObject({ kind: 'not_sent', code: 'rate_limited' });
    if (outcome.kind === 'not_sent') expect(Math.abs(outcome.retryAfterMs - wait)).toBeLessThan(2_000);
    expect(bench.budget.blocks).toMatchObject([block]);
    const left = (bench.budget.blocks[0]?.until ?? 0) - Date.now();
    expect(Math.abs(left - wait)).toBeLessThan(20_000);
  });

  it('the firewall’s 403 was not sent', async () => {
    fault({ ...ofPlacement, do: { kind: 'blocked' } });
    expect((await place({})).outcome).toMatchObject({ kind: 'not_sent', code: 'venue_firewall' });
  });

  it('a lost cancel is unknown, and what it did is found', async () => {
    const { request } = await place({ type: 'limit', limitPrice: d('49000') });
    fault({ when: { operation: 'order.cancel' }, times: 1, do: { kind: 'lose_reply' } });
    expect((await bench.wallet.cancelOrder('BTC/USDT', request.clientId, 'limit')).kind).toBe('unknown');
    expect(found(await bench.wallet.orderStatus(bench.sought(request))).status).toBe('cancelled');
  });

  it('queries are asked again after a loss, never after a 429', async () => {
    const { request } = await place({});
    fault({ when: { operation: 'order.status' }, times: 2, do: { kind: 'lose_reply' } });
    expect((await bench.wallet.orderStatus(bench.sought(request))).kind).toBe('found');
    const before = bench.simulator.requests()['order.status']?.requests ?? 0;
    fault({ when: { operation: 'order.status' }, do: { kind: 'rate_limited', retryAfterSeconds: 1 } });
    expect((await bench.wallet.orderStatus(bench.sought(request))).kind).toBe('unknown');
    expect((bench.simulator.requests()['order.status']?.requests ?? 0) - before).toBe(1);
  });

  it('an order that queries do not show yet is absent to them, and its trades that lag are no end', async () => {
    const { request } = await place({});
    bench.simulator.exchange.setQueryLag(60_000);
    expect((await bench.wallet.orderStatus(bench.sought(request))).kind).toBe('absent');
    bench.simulator.exchange.setQueryLag(0);
    expect((await bench.wallet.orderStatus(bench.sought(request))).kind).toBe('found');
  });
});

describe('orders that somebody else touched', () => {
  const rested = async () => {
    const { request, outcome } = await place({ type: 'limit', limitPrice: d('49000'), quantity: d('1') });
    return { request, id: accepted(outcome).venueOrderId };
  };
  const inTheApp = (operation: 'order.cancel' | 'order.amend.keepPriority', params: Record<string, string>) =>
    bench.simulator.exchange.execute(operation, UID, { symbol: 'BTCUSDT', ...params });

  it('cancelled in the app before it traded: whosever it was, ours has not traded and is over', async () => {
    const { request, id } = await rested();
    inTheApp('order.cancel', { orderId: id });
    expect((await bench.wallet.orderStatus(bench.sought(request))).kind).toBe('absent');
    expect(found(await bench.wallet.secondLook(bench.sought(request)))).toMatchObject({
      ...{ clientId: request.clientId, status: 'cancelled', fills: [] },
    });
  });

  it('cancelled in the app after it traded: known by its number; without it, undecidable', async () => {
    const { request, id } = await rested();
    bench.simulator.exchange.feedPrice('BTCUSDT', { last: '48990.00', size: '0.3' });
    inTheApp('order.cancel', { orderId: id });
    expect(found(await bench.wallet.orderStatus(bench.sought(request, id)))).toMatchObject({
      status: 'cancelled',
      cumulativeQuantity: d('0.3'),
    });
    expect((await bench.wallet.orderStatus(bench.sought(request))).kind).toBe('absent');
    expect(await bench.wallet.secondLook(bench.sought(request))).toMatchObject({ kind: 'unknown' });
  });

  it('amended in the app: its history tells', async () => {
    const { request, id } = await rested();
    inTheApp('order.amend.keepPriority', { orderId: id, newQty: '0.4' });
    expect((await bench.wallet.orderStatus(bench.sought(request))).kind).toBe('absent');
    expect(found(await bench.wallet.secondLook(bench.sought(request)))).toMatchObject({
      venueOrderId: id,
      status: 'new',
    });
  });

  it('amended in the app: a cancel finds it by its number, and only where its history says that it is ours', async () => {
    const { request, id } = await rested();
    inTheApp('order.amend.keepPriority', { orderId: id, newQty: '0.4' });
    expect(await bench.wallet.cancelOrder('BTC/USDT', request.clientId, 'limit')).toEqual({
      kind: 'not_live',
    });
    const foreign = bench.simulator.exchange.execute('order.place', UID, {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'LIMIT',
      timeInForce: 'GTC',
      price: '48000',
      quantity: '0.1',
    });
    const number = String((foreign as { orderId: number }).orderId);
    expect(await bench.wallet.cancelOrder('BTC/USDT', request.clientId, 'limit', number)).toEqual({
      kind: 'not_live',
    });
    expect(await bench.wallet.cancelOrder('BTC/USDT', request.clientId, 'limit', id)).toMatchObject({
      kind: 'cancelled',
      report: { clientId: request.clientId, venueOrderId: id, status: 'cancelled' },
    });
    expect(await bench.wallet.openOrders('BTC/USDT')).toHaveLength(1);
  });

  it('another of ours, or of another side, is not taken for it', async () => {
    const { request } = await rested();
    await place({ type: 'limit', side: 'sell', limitPrice: d('60000') });
    bench.simulator.exchange.execute('order.place', UID, {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'LIMIT',
      timeInForce: 'GTC',
      price: '49000',
      quantity: '1',
      newClientOrderId: 'app1',
    });
    const stranger = { ...bench.sought(request), clientId: `mq${'Z'.repeat(22)}-1` };
    expect((await bench.wallet.secondLook(stranger)).kind).toBe('absent');
  });

  it('a reset of the exchange leaves nothing, and its new numbers are not ours', async () => {
    const { request, id } = await rested();
    bench.simulator.exchange.reset();
    expect((await bench.wallet.orderStatus(bench.sought(request, id))).kind).toBe('absent');
    bench.simulator.exchange.feedPrice('BTCUSDT', { last: '50000.00' });
    const { outcome } = await place({ type: 'limit', limitPrice: d('48000') });
    const stale = bench.sought(request, accepted(outcome).venueOrderId);
    expect((await bench.wallet.orderStatus(stale)).kind).toBe('absent');
  });
});

describe('the account', () => {
  it('balances, market price, time', async () => {
    const balances = await bench.wallet.balances();
    expect(balances.find((b) => b.asset === 'USDT')?.free.toFixed()).toBe('100000');
    const price = await bench.wallet.marketPrice('BTC/USDT');
    expect(price?.last.toFixed()).toBe('50000');
    expect(price?.bid.lessThan(price.ask)).toBe(true);
    expect(await bench.wallet.marketPrice('NOPE/USDT')).toBeNull();
    expect(await bench.wallet.testConnection()).toEqual({ ok: true });
  });

  it('the clock of the exchange is followed, however wrong our own is', async () => {
    fault({ do: { kind: 'clock_skew', ms: 3_600_000 } });
    // The first signature is wrong by an hour; the query measures anew and is signed once more.
    expect(await bench.wallet.testConnection()).toEqual({ ok: true });
    expect(Math.abs((await bench.wallet.venueTime()) - Date.now() - 3_600_000)).toBeLessThan(20_000);
    expect((await place({})).outcome.kind).toBe('accepted');
  });

  it('trades from a point on, every one', async () => {
    for (let i = 0; i < 3; i += 1) await place({});
    const all = await bench.wallet.trades('BTC/USDT', null);
    expect(all.length).toBeGreaterThanOrEqual(3);
    const second = all[1]?.fill.tradeId ?? '';
    const later = await bench.wallet.trades('BTC/USDT', { fromTradeId: second });
    expect(later.map((t) => t.fill.tradeId)).toEqual(all.slice(1).map((t) => t.fill.tradeId));
    expect(all.every((t) => t.side === 'buy')).toBe(true);
  });

  it('amends keep the id; all open orders can be cancelled at once', async () => {
    const { request, outcome } = await place({ type: 'limit', limitPrice: d('49000'), quantity: d('1') });
    const client = bench.wallets.venue.clientFor(await signer(), null);
    const amend = await client.amendKeepPriority(
      'BTCUSDT',
      { orderId: accepted(outcome).venueOrderId },
      d('0.5'),
      request.clientId,
    );
    expect(amend).toMatchObject({
      kind: 'ok',
      value: { order: { clientOrderId: request.clientId, status: 'NEW' } },
    });
    await place({ type: 'oco', side: 'sell', limitPrice: d('51000'), stopPrice: d('49000') });
    const all = await client.cancelAll('BTCUSDT');
    expect(all.kind === 'ok' && all.value.map((c) => c.kind).sort()).toEqual(['list', 'order']);
  });

  async function signer() {
    const { createSigner } = await import('../../../shared/venues/binance/signing.ts');
    const key = bench.simulator.createKey({ uid: UID });
    return createSigner({ keyType: 'hmac', apiKey: key.apiKey, secret: key.secret ?? '' });
  }

  it('lists that wait for a working order; market data', async () => {
    const client = bench.wallets.venue.clientFor(await signer(), `binance_simulator:${UID}`);
    const rules = bench.specs.get('BTCUSDT')?.rules;
    if (rules === undefined) throw new Error('no rules');
    const options = async () => ({
      signedAt: await bench.wallet.venueTime(),
      recvWindowMs: 2_000,
      rank: 'entry' as const,
    });
    const head = (n: number) => ({
      venueSymbol: 'BTCUSDT',
      listClientId: `list-${n}`,
      selfTradePreventionMode: null,
    });
    const working = (n: number) =>
      ({
        clientId: `w-${n}`,
        type: 'LIMIT',
        side: 'buy',
        price: d('49000'),
        quantity: d('0.01'),
        timeInForce: 'GTC',
      }) as const;
    const legs = (n: number) =>
      ({
        side: 'sell',
        limit: { clientId: `l-${n}`, price: d('52000') },
        stop: { clientId: `s-${n}`, stopPrice: d('48000'), limitPrice: null },
      }) as const;
    const pending = (n: number) =>
      ({
        clientId: `p-${n}`,
        type: 'LIMIT',
        side: 'sell',
        price: d('52000'),
        stopPrice: null,
        trailingDelta: null,
      }) as const;
    const quantity = d('0.01');
    const placed = [
      await client.placeOrderList(
        head(1),
        rules,
        { kind: 'oto', working: working(1), pending: pending(1), quantity },
        await options(),
      ),
      await client.placeOrderList(
        head(2),
        rules,
        { kind: 'otoco', working: working(2), pending: legs(2), quantity },
        await options(),
      ),
      await client.placeOrderList(
        head(3),
        rules,
        { kind: 'opo', working: working(3), pending: pending(3) },
        await options(),
      ),
      await client.placeOrderList(
        head(4),
        rules,
        { kind: 'opoco', working: working(4), pending: legs(4) },
        await options(),
      ),
    ];
    expect(placed.map((p) => (p.kind === 'ok' ? p.value.reports.length : JSON.stringify(p)))).toEqual([
      2, 3, 2, 3,
    ]);
    const none = await client.placeOrderList(
      head(5),
      { ...rules, opoAllowed: false },
      { kind: 'opo', working: working(5), pending: pending(5) },
      await options(),
    );
    expect(none).toMatchObject({ kind: 'refused', problem: { status: 0, meaning: { code: 'invalid' } } });
    expect(await client.commission('BTCUSDT', 'query')).toMatchObject({ kind: 'ok' });
    expect(await client.depth('BTCUSDT', 5)).toMatchObject({ kind: 'ok' });
    expect(await client.klines('BTCUSDT', { interval: '1m', limit: 5 })).toMatchObject({ kind: 'ok' });
    expect(await client.bookTickers('BTCUSDT')).toMatchObject({ kind: 'ok', value: [{ symbol: 'BTCUSDT' }] });
  });
});

describe('the budget', () => {
  it('is asked with rank, weight, orders and account, and corrected by every answer', async () => {
    bench.budget.asks.length = 0;
    bench.budget.facts.length = 0;
    const { request } = await place({ rank: 'exit' });
    const account = `binance_simulator:${UID}`;
    expect(bench.budget.asks.at(-1)).toEqual({ account, rank: 'exit', weight: 1, orders: 1 });
    expect(bench.budget.facts.at(-1)).toMatchObject({
      account,
      freed: true,
      usedWeight: [{ intervalMs: 60_000 }],
    });
    expect(
      bench.budget.facts
        .at(-1)
        ?.orderCounts.map((c) => c.intervalMs)
        .sort(),
    ).toEqual([10_000, 86_400_000]);
    await place({ quantity: d('50') });
    expect(bench.budget.facts.at(-1)).toMatchObject({ freed: false });
    await bench.wallet.orderStatus({ ...bench.sought(request), rank: 'exit' });
    expect(bench.budget.asks.at(-1)).toEqual({ account, rank: 'exit', weight: 5, orders: 0 });
    await place({ type: 'oco', side: 'sell', limitPrice: d('51000'), stopPrice: d('49000') });
    expect(bench.budget.asks.at(-1)).toMatchObject({ orders: 2 });
  });

  it('says no: nothing leaves', async () => {
    const request = await bench.request({});
    bench.budget.refusals.push({ granted: false, code: 'orders_exhausted', retryAfterMs: 1234 });
    expect(await bench.wallet.placeOrder(request)).toEqual({
      kind: 'not_sent',
      code: 'orders_exhausted',
      retryAfterMs: 1234,
    });
    expect(bench.simulator.requests()['order.place']?.requests ?? 0).toBe(0);
  });

  it('fails after the order has left: the order is accepted all the same', async () => {
    const request = await bench.request({});
    bench.budget.failure = new Error('cache away');
    expect((await bench.wallet.placeOrder(request)).kind).toBe('accepted');
    expect(bench.logged.some((line) => line.startsWith('BUDGET_NOT_CORRECTED'))).toBe(true);
  });
});

it('an exchange that is away: nothing was sent, nothing is known', async () => {
  const request = await bench.request({});
  await bench.simulator.stop();
  // What finds a connection of before, just closed, cannot know whether it was heard: this query takes it.
  await bench.wallet.testConnection();
  expect(await bench.wallet.placeOrder(request)).toMatchObject({ kind: 'not_sent', code: 'network' });
  expect((await bench.wallet.orderStatus(bench.sought(request))).kind).toBe('unknown');
  await expect(bench.wallet.balances()).rejects.toThrow('network');
  expect(await bench.wallet.testConnection()).toMatchObject({ ok: false });
  expect(await bench.wallet.checkKey()).toMatchObject({
    ok: false,
    retry: true,
    problem: { code: 'venue_unreachable' },
  });
});

it('over TLS, where the certificate is trusted; nothing leaves where it is not', async () => {
  const secure = await startBench({ tls: true });
  try {
    const request = await secure.request({});
    expect((await secure.wallet.placeOrder(request)).kind).toBe('accepted');
    const stranger = createHttpTransport(secure.simulator.restUrl);
    const get = { method: 'GET', path: '/api/v3/time', headers: {}, body: '' } as const;
    expect((await stranger.send(get)).kind).toBe('not_sent');
    stranger.close();
  } finally {
    await secure.stop();
  }
});
