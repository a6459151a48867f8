/** The demo wallet, order by order: prices, fees, reservations, refusals, what is told and when. */
import { describe, expect, it } from 'vitest';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import { aRequest, holdings, sought, T0, triggerOf, workbench } from './bench.ts';

describe('a market order', () => {
  it('fills at the live ask and the live bid, with fees in quote', async () => {
    const b = workbench();
    b.show({ bid: '49999.99', ask: '50000' });
    const bought = await b.venue.placeOrder(aRequest());
    expect(bought).toMatchObject({
      kind: 'accepted',
      report: { status: 'new', fills: [], source: 'answer' },
    });
    expect(holdings(b)).toEqual({ USDT: '74975', BTC: '0.5' });
    b.show({ bid: '51500', ask: '51500.01' });
    await b.venue.placeOrder(aRequest({ clientId: 'mqOrder2-1', side: 'sell' }));
    expect(holdings(b)).toEqual({ USDT: '100699.25', BTC: '0' });
    expect(b.reports).toMatchObject([
      { status: 'filled', source: 'stream', cumulativeQuantity: decimal('0.5') },
      { status: 'filled', clientId: 'mqOrder2-1' },
    ]);
    expect(
      b.reports.map((r) => r.fills.map((f) => [f.price.toFixed(), f.fee.amount.toFixed(), f.tickId])),
    ).toEqual([[['50000', '25', 101]], [['51500', '25.75', 102]]]);
  });

  it('pays the fee of a buy in base where the wallet says so', async () => {
    const b = workbench({ buyFeeIn: 'base' });
    b.show({ bid: '49999.99', ask: '50000' });
    await b.venue.placeOrder(aRequest());
    expect(holdings(b)).toEqual({ USDT: '75000', BTC: '0.4995' });
    expect(b.reports[0]?.fills[0]?.fee).toEqual({ asset: 'BTC', amount: decimal('0.0005') });
  });

  it('fills a triggered exit at its own tick, whatever the price is by then', async () => {
    const b = workbench({ balances: { BTC: '1' } });
    const tick = triggerOf(b.show({ bid: '49500', ask: '49510' }), 'bid');
    b.show({ bid: '48000', ask: '48010' });
    await b.venue.placeOrder(aRequest({ side: 'sell', trigger: tick }));
    expect(b.reports[0]?.fills).toMatchObject([{ price: decimal('49500'), tickId: 101 }]);
  });

  it('is not sent while there is no price, and asks to come again', async () => {
    const b = workbench();
    const noPrice = { kind: 'not_sent', code: 'no_price', retryAfterMs: 1000 };
    expect(await b.venue.placeOrder(aRequest())).toEqual(noPrice);
    b.state.priceDown = true;
    expect(await b.venue.placeOrder(aRequest())).toEqual(noPrice);
    expect(b.logged).toEqual(['demo_price_unreadable']);
    expect(b.store.orders.size).toBe(0);
  });

  it('fills what a tick has on offer and works the rest at the next ticks', async () => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000', askSize: '0.2000099' });
    await b.venue.placeOrder(aRequest());
    expect(b.reports).toMatchObject([{ status: 'partially_filled', cumulativeQuantity: decimal('0.2') }]);
    expect(holdings(b)).toEqual({ USDT: '74975 + 15015', BTC: '0.2' });

    const second = triggerOf(b.show({ bid: '50999', ask: '51000', askSize: '0.1' }), 'ask');
    expect(await b.venue.work('BTC/USDT', 'mqOrder1-1', second)).toEqual({ live: true });
    expect(await b.venue.work('BTC/USDT', 'mqOrder1-1', second)).toEqual({ live: true });
    const third = triggerOf(b.show({ bid: '50999', ask: '51000' }), 'ask');
    expect(await b.venue.work('BTC/USDT', 'mqOrder1-1', third)).toEqual({ live: false });
    expect(holdings(b)).toEqual({ USDT: '74674.7', BTC: '0.5' });

    const told = b.reports.flatMap((r) =>
      r.fills.map((f) => [f.tradeId, f.quantity.toFixed(), f.fee.amount.toFixed()]),
    );
    const id = b.reports[0]?.venueOrderId;
    const [one, two, three] = [
      [`${id}-1`, '0.2', '10'],
      [`${id}-2`, '0.1', '5.1'],
      [`${id}-3`, '0.2', '10.2'],
    ];
    // The doubled second tick told of everything again and filled nothing.
    expect(told).toEqual([one, two, one, two, three]);
    expect(b.reports.at(-1)).toMatchObject({ status: 'filled', cumulativeQuantity: decimal('0.5') });
  });

  it('ends when a risen price makes the rest too dear, with what could be paid', async () => {
    const b = workbench({ balances: { USDT: '25025' } });
    b.show({ bid: '49999', ask: '50000', askSize: '0.1' });
    await b.venue.placeOrder(aRequest());
    const risen = triggerOf(b.show({ bid: '59999', ask: '60000' }), 'ask');
    expect(await b.venue.work('BTC/USDT', 'mqOrder1-1', risen)).toEqual({ live: false });
    expect(b.reports.at(-1)).toMatchObject({ status: 'expired', reason: 'insufficient_balance' });
    // 20,020 buys 0.33333 at 60,000 with its fee; the rest of the money is free again.
    expect(holdings(b)).toEqual({ USDT: '0.2002', BTC: '0.43333' });
  });

  it.each([
    ['IOC', '0.2', 'expired', { USDT: '89990', BTC: '0.2' }],
    ['FOK', '0.2', 'expired', { USDT: '100000' }],
    ['FOK', '0.5', 'filled', { USDT: '74975', BTC: '0.5' }],
  ] as const)('honours %s with %s on offer', async (timeInForce, askSize, status, left) => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000', askSize });
    expect(await b.venue.placeOrder(aRequest({ timeInForce }))).toMatchObject({ kind: 'accepted' });
    expect(b.reports.at(-1)?.status).toBe(status);
    expect(holdings(b)).toMatchObject(left);
    expect(await b.venue.openOrders(null)).toEqual([]);
  });
});

describe('a limit order', () => {
  const limit = (limitPrice: string, changes = {}) =>
    aRequest({ type: 'limit', limitPrice: decimal(limitPrice), ...changes });

  it('crosses at once at the better price', async () => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000' });
    await b.venue.placeOrder(limit('50100'));
    expect(b.reports[0]?.fills).toMatchObject([{ price: decimal('50000'), maker: false }]);
    expect(holdings(b)).toEqual({ USDT: '74975', BTC: '0.5' });
  });

  it('rests with its money reserved until its price is touched, then fills at its limit', async () => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000' });
    await b.venue.placeOrder(limit('49000'));
    expect(b.reports).toEqual([]);
    expect(holdings(b)).toEqual({ USDT: '75475.5 + 24524.5' });
    expect(await b.venue.openOrders('BTC/USDT')).toMatchObject([{ clientId: 'mqOrder1-1', status: 'new' }]);
    expect(await b.venue.openOrders('ETH/USDT')).toEqual([]);

    const near = triggerOf(b.show({ bid: '49000', ask: '49000.01' }), 'ask');
    expect(await b.venue.work('BTC/USDT', 'mqOrder1-1', near)).toEqual({ live: true });
    expect(b.reports).toEqual([]);
    const half = triggerOf(b.show({ bid: '48000', ask: '48500', askSize: '0.25' }), 'ask');
    expect(await b.venue.work('BTC/USDT', 'mqOrder1-1', half)).toEqual({ live: true });
    const touched = triggerOf(b.show({ bid: '48999', ask: '49000' }), 'ask');
    expect(await b.venue.work('BTC/USDT', 'mqOrder1-1', touched)).toEqual({ live: false });
    expect(b.reports.flatMap((r) => r.fills)).toMatchObject([
      { price: decimal('49000'), quantity: decimal('0.25'), maker: true },
      { price: decimal('49000'), quantity: decimal('0.25'), maker: true },
    ]);
    expect(holdings(b)).toEqual({ USDT: '75475.5', BTC: '0.5' });
  });

  it('that has to fill at once and cannot is ended', async () => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000' });
    await b.venue.placeOrder(limit('49000', { timeInForce: 'IOC' }));
    expect(b.reports).toMatchObject([{ status: 'expired', reason: 'IOC', fills: [] }]);
    expect(holdings(b)).toEqual({ USDT: '100000' });
  });

  it('lets go of its reservation when cancelled, once', async () => {
    const b = workbench({ balances: { BTC: '1' } });
    b.show({ bid: '50000', ask: '50001', bidSize: '0.1' });
    await b.venue.placeOrder(limit('50000', { side: 'sell' }));
    expect(holdings(b)).toEqual({ BTC: '0.5 + 0.4', USDT: '4995' });
    expect(await b.venue.cancelOrder('BTC/USDT', 'mqOrder1-1', 'limit')).toMatchObject({
      kind: 'cancelled',
      report: {
        status: 'cancelled',
        cumulativeQuantity: decimal('0.1'),
        fills: [{ quantity: decimal('0.1') }],
      },
    });
    expect(holdings(b)).toEqual({ BTC: '0.9', USDT: '4995' });
    expect(await b.venue.cancelOrder('BTC/USDT', 'mqOrder1-1', 'limit')).toEqual({ kind: 'not_live' });
    expect(await b.venue.cancelOrder('BTC/USDT', 'mqNever-1', 'limit')).toEqual({ kind: 'not_live' });
    const tick = triggerOf(b.show({ bid: '60000', ask: '60001' }), 'bid');
    expect(await b.venue.work('BTC/USDT', 'mqOrder1-1', tick)).toEqual({ live: false });
    expect(b.reports.at(-1)).toMatchObject({ status: 'cancelled', cumulativeQuantity: decimal('0.1') });
  });
});

describe('a stop order', () => {
  const stop = (changes = {}) =>
    aRequest({ side: 'sell', type: 'stop_loss', stopPrice: decimal('49500'), ...changes });

  it('rests, and fills at the price of the tick that reaches it, also through a gap', async () => {
    const b = workbench({ balances: { BTC: '1' } });
    b.show({ bid: '50000', ask: '50001' });
    await b.venue.placeOrder(stop());
    expect(holdings(b)).toEqual({ BTC: '0.5 + 0.5' });
    const gap = triggerOf(b.show({ bid: '48000', ask: '48001', bidSize: '0.3' }), 'bid');
    expect(await b.venue.work('BTC/USDT', 'mqOrder1-1', gap)).toEqual({ live: true });
    // Triggered once, it goes on like a market order, though the price is back above its stop.
    const back = triggerOf(b.show({ bid: '49900', ask: '49901' }), 'bid');
    expect(await b.venue.work('BTC/USDT', 'mqOrder1-1', back)).toEqual({ live: false });
    expect(b.reports.flatMap((r) => r.fills.map((f) => f.price.toFixed()))).toEqual(['48000', '49900']);
    expect(holdings(b)).toEqual({ BTC: '0.5', USDT: '24355.62' });
  });

  it.each([
    ['sell', 'stop_loss', '50000', 'would_trigger'],
    ['sell', 'take_profit', '50000', 'would_trigger'],
    ['buy', 'stop_loss', '50001', 'would_trigger'],
    ['buy', 'take_profit', '50001', 'would_trigger'],
    ['sell', 'stop_loss', '49999', null],
    ['sell', 'take_profit', '50001', null],
    ['buy', 'stop_loss', '50002', null],
    ['buy', 'take_profit', '50000', null],
  ] as const)('%s %s at %s: %s', async (side, type, price, refusal) => {
    const b = workbench({ balances: { BTC: '1', USDT: '100000' } });
    b.show({ bid: '50000', ask: '50001' });
    const outcome = await b.venue.placeOrder(stop({ side, type, stopPrice: decimal(price) }));
    expect(outcome).toMatchObject(
      refusal === null ? { kind: 'accepted' } : { kind: 'refused', code: refusal },
    );
    expect(await b.venue.openOrders(null)).toHaveLength(refusal === null ? 1 : 0);
  });
});

describe('what the venue refuses', () => {
  it.each([
    ['unknown_symbol', { symbol: 'FOO/BAR' }],
    ['insufficient_balance', { quantity: decimal('2') }],
    ['insufficient_balance', { side: 'sell' as const }],
    ['filter', { quantity: decimal('0.500001') }],
    ['filter', { quantity: decimal('0.00005') }],
    ['filter', { type: 'limit' as const, limitPrice: decimal('50000.001') }],
    ['invalid', { type: 'limit' as const }],
    ['invalid', { type: 'trailing_stop' as const, trailingDelta: 100 }],
    ['invalid', { type: 'oco' as const, side: 'sell' as const }],
  ])('%s: %j', async (code, changes) => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000' });
    expect(await b.venue.placeOrder(aRequest(changes))).toMatchObject({ kind: 'refused', code });
    expect(b.store.orders.size).toBe(0);
    expect(b.reports).toEqual([]);
  });

  it('takes the last cent, and not one more', async () => {
    const b = workbench({ balances: { USDT: '25025' } });
    b.show({ bid: '49999', ask: '50000.01' });
    expect(await b.venue.placeOrder(aRequest())).toMatchObject({ code: 'insufficient_balance' });
    b.show({ bid: '49999', ask: '50000' });
    expect(await b.venue.placeOrder(aRequest())).toMatchObject({ kind: 'accepted' });
    expect(holdings(b)).toEqual({ USDT: '0', BTC: '0.5' });
  });
});

describe('sending exactly once', () => {
  it('says of a stale or future signature that it did not execute it', async () => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000' });
    b.state.now = T0 + 2001;
    expect(await b.venue.placeOrder(aRequest())).toMatchObject({ kind: 'not_executed' });
    b.state.now = T0 - 1001;
    expect(await b.venue.placeOrder(aRequest())).toMatchObject({ kind: 'not_executed' });
    b.state.now = T0 + 2000;
    expect(await b.venue.placeOrder(aRequest())).toMatchObject({ kind: 'accepted' });
  });

  it('looks at the time anew after a conflict', async () => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000' });
    await b.venue.initialize();
    b.store.beforeCommit = () => {
      b.state.now = T0 + 2001;
      const usdt = b.store.held.get('USDT');
      if (usdt) b.store.held.set('USDT', { ...usdt, version: usdt.version + 1 });
    };
    expect(await b.venue.placeOrder(aRequest())).toMatchObject({ kind: 'not_executed' });
    expect(b.store.orders.size).toBe(0);
  });

  it('finds the order that stands for a repeat, and refuses another one under its id', async () => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000' });
    const first = await b.venue.placeOrder(aRequest());
    b.state.now = T0 + 60_000;
    expect(await b.venue.placeOrder(aRequest())).toEqual(first);
    const other = aRequest({ quantity: decimal('0.4') });
    expect(await b.venue.placeOrder(other)).toMatchObject({ kind: 'refused', code: 'duplicate' });
    expect(holdings(b)).toEqual({ USDT: '74975', BTC: '0.5' });
  });

  it('fills once when many place the same at the same time', async () => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000' });
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => b.venue.placeOrder(aRequest())));
    expect(outcomes.map((o) => o.kind)).toEqual(Array(5).fill('accepted'));
    expect(holdings(b)).toEqual({ USDT: '74975', BTC: '0.5' });
    expect(b.reports).toHaveLength(1);
  });

  it('answers unknown when the write may have happened, and a query tells', async () => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000' });
    b.store.afterCommit = () => {
      throw new Error('reply lost');
    };
    expect(await b.venue.placeOrder(aRequest())).toEqual({ kind: 'unknown', message: 'reply lost' });
    expect(await b.venue.orderStatus(sought('mqOrder1-1'))).toMatchObject({
      kind: 'found',
      report: { status: 'filled', source: 'query', fills: [{ quantity: decimal('0.5') }] },
    });
    expect(await b.venue.orderStatus(sought('mqOrder2-1'))).toEqual({ kind: 'absent', venueNow: T0 });
    expect(await b.venue.cancelOrder('BTC/USDT', 'mqOrder1-1', 'limit')).toEqual({ kind: 'not_live' });
  });

  it('places nothing any more that it has told to be absent for good, however late it comes', async () => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000' });
    await b.venue.initialize();
    const before = holdings(b);
    for (let i = 0; i < 2; i += 1) {
      expect(await b.venue.secondLook(sought('mqOrder1-1'))).toEqual({ kind: 'absent', venueNow: T0 });
    }
    expect(await b.venue.placeOrder(aRequest())).toMatchObject({ kind: 'not_executed' });
    expect(await b.venue.orderStatus(sought('mqOrder1-1'))).toMatchObject({ kind: 'absent' });
    expect(await b.venue.cancelOrder('BTC/USDT', 'mqOrder1-1', 'market')).toEqual({ kind: 'not_live' });
    expect(holdings(b)).toEqual(before);
    expect(b.reports).toEqual([]);
    // Who was first stands: a look that comes later finds the order.
    expect(await b.venue.placeOrder(aRequest({ clientId: 'mqOrder2-1' }))).toMatchObject({
      kind: 'accepted',
    });
    expect(await b.venue.secondLook(sought('mqOrder2-1'))).toMatchObject({ kind: 'found' });
  });

  it('lets the one that is written first stand, when a placement and the proof of its absence meet', async () => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000' });
    const [placed, looked] = await Promise.all([
      b.venue.placeOrder(aRequest()),
      b.venue.secondLook(sought('mqOrder1-1')),
    ]);
    expect([placed.kind, looked.kind]).toEqual(
      b.reports.length === 1 ? ['accepted', 'found'] : ['not_executed', 'absent'],
    );
  });

  it('does not know while the book of a proof cannot be written', async () => {
    const b = workbench();
    b.store.beforeCommit = () => {
      throw new Error('table away');
    };
    expect(await b.venue.secondLook(sought('mqOrder1-1'))).toMatchObject({ kind: 'unknown' });
  });

  it('knows that nothing was sent when the book could not even be read', async () => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000' });
    b.store.beforeLoad = () => {
      throw new Error('table away');
    };
    expect(await b.venue.placeOrder(aRequest())).toMatchObject({
      kind: 'not_sent',
      code: 'venue_unavailable',
    });
    expect(await b.venue.orderStatus(sought('mqOrder1-1'))).toEqual({
      kind: 'unknown',
      message: 'table away',
    });
  });

  it('never says that nothing was sent when the book cannot be read after a try to write it', async () => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000' });
    await b.venue.initialize();
    // Written, the answer lost, somebody wrote on: the repeated write hears of a conflict.
    const commit = b.store.commit.bind(b.store);
    b.store.commit = async (...args) => {
      await commit(...args);
      b.store.beforeLoad = () => {
        throw new Error('throttled');
      };
      return 'conflict';
    };
    expect(await b.venue.placeOrder(aRequest())).toMatchObject({ kind: 'unknown' });
    b.store.beforeLoad = () => undefined;
    expect(await b.venue.orderStatus(sought('mqOrder1-1'))).toMatchObject({ kind: 'found' });
  });

  it('gives way when others keep writing the account', async () => {
    const b = workbench();
    b.show({ bid: '49999', ask: '50000' });
    await b.venue.initialize();
    b.store.beforeCommit = () => {
      const usdt = b.store.held.get('USDT');
      if (usdt) b.store.held.set('USDT', { ...usdt, version: usdt.version + 1 });
    };
    expect(await b.venue.placeOrder(aRequest())).toMatchObject({ kind: 'not_sent', code: 'busy' });
  });

  it('stands by a placement whose report could not be sent, and tells it at the next work', async () => {
    const b = workbench();
    b.state.outboxDown = true;
    const price = b.show({ bid: '49999', ask: '50000', askSize: '0.1' });
    expect(await b.venue.placeOrder(aRequest())).toMatchObject({ kind: 'accepted' });
    expect(b.logged).toEqual(['demo_report_not_sent']);
    await expect(b.venue.work('BTC/USDT', 'mqOrder1-1', triggerOf(price, 'ask'))).rejects.toThrow(
      'queue away',
    );
    b.state.outboxDown = false;
    await b.venue.work('BTC/USDT', 'mqOrder1-1', triggerOf(price, 'ask'));
    expect(b.reports).toMatchObject([{ status: 'partially_filled', cumulativeQuantity: decimal('0.1') }]);
  });
});

describe('the account', () => {
  it('opens once with its starting balances, and by itself where opening was never finished', async () => {
    const b = workbench({ balances: { USDT: '10', BTC: '1' } });
    b.show({ bid: '49999', ask: '50000' });
    await b.venue.placeOrder(aRequest({ side: 'sell' }));
    await b.venue.open([{ asset: 'USDT', amount: decimal('999') }]);
    expect(holdings(b)).toEqual({ USDT: '24984.5005', BTC: '0.5' });
    expect(await b.venue.balances()).toMatchObject([
      { asset: 'BTC', free: decimal('0.5') },
      { asset: 'USDT' },
    ]);
  });

  it('shows the market, its time, and whether it can be reached', async () => {
    const b = workbench();
    expect(await b.venue.marketPrice('BTC/USDT')).toBeNull();
    b.show({ bid: '49999', ask: '50000' });
    expect(await b.venue.marketPrice('BTC/USDT')).toMatchObject({ bid: decimal('49999'), at: T0 });
    expect(await b.venue.venueTime()).toBe(T0);
    expect(await b.venue.testConnection()).toEqual({ ok: true });
    b.store.balances = () => Promise.reject(new Error('table away'));
    expect(await b.venue.testConnection()).toEqual({ ok: false, reason: 'table away' });
  });

  it('refuses a fee rate that would eat the trade', () => {
    expect(() => workbench({ feeRate: '0.5' })).toThrow(RangeError);
    expect(() => workbench({ feeRate: '-0.1' })).toThrow(RangeError);
  });
});
