/** The demo wallet's further order types: quote amounts, makers, stops with a limit. */
import { describe, expect, it } from 'vitest';
import { decimal, ZERO } from '../../../shared/domain/money/decimal.ts';
import { aRequest, holdings, triggerOf, type Workbench, workbench } from './bench.ts';

const ID = 'mqOrder1-1';
const work = (b: Workbench, bid: string, ask: string, source: 'bid' | 'ask', sizes = {}) =>
  b.venue.work('BTC/USDT', ID, triggerOf(b.show({ bid, ask, ...sizes }), source));
const at50000 = (settings: Parameters<typeof workbench>[0] = {}, sizes = {}): Workbench => {
  const b = workbench(settings);
  b.show({ bid: '49999', ask: '50000', ...sizes });
  return b;
};

describe('a market order by quote amount', () => {
  const forQuote = (amount: string) => aRequest({ quantity: ZERO, quoteQuantity: decimal(amount) });

  it('buys whole steps for at most the amount, with the fee on top, and frees the rest', async () => {
    const b = at50000();
    await b.venue.placeOrder(forQuote('1000.7'));
    // 0.02001 at 50,000 is 1,000.5; the fee is 1.0005.
    expect(b.reports).toMatchObject([{ status: 'filled', cumulativeQuantity: decimal('0.02001') }]);
    expect(holdings(b)).toEqual({ USDT: '98998.4995', BTC: '0.02001' });
  });

  it('goes on with the next tick as far as the amount still reaches', async () => {
    const b = at50000({}, { askSize: '0.01' });
    await b.venue.placeOrder(forQuote('1000'));
    expect(holdings(b)).toEqual({ USDT: '98999 + 500.5', BTC: '0.01' });
    expect(await work(b, '99999', '100000', 'ask')).toEqual({ live: false });
    expect(b.reports.at(-1)).toMatchObject({ status: 'filled', cumulativeQuantity: decimal('0.015') });
    expect(holdings(b)).toEqual({ USDT: '98999', BTC: '0.015' });
  });

  it('is done when what is left buys no step any more', async () => {
    const b = at50000({}, { askSize: '0.01' });
    await b.venue.placeOrder(forQuote('500.4'));
    expect(b.reports.at(-1)).toMatchObject({ status: 'filled', cumulativeQuantity: decimal('0.01') });
    expect(holdings(b)).toEqual({ USDT: '99499.5', BTC: '0.01' });
  });

  it('is done too when the price runs away from the rest', async () => {
    const b = at50000({}, { askSize: '0.01' });
    await b.venue.placeOrder(forQuote('501'));
    expect(await work(b, '499999', '500000', 'ask')).toEqual({ live: false });
    expect(b.reports.at(-1)).toMatchObject({ status: 'filled', cumulativeQuantity: decimal('0.01') });
    expect(holdings(b)).toEqual({ USDT: '99499.5', BTC: '0.01' });
  });

  it('needs its money and its fee', async () => {
    const b = at50000({ balances: { USDT: '1000' } });
    expect(await b.venue.placeOrder(forQuote('1000'))).toMatchObject({ code: 'insufficient_balance' });
    expect(await b.venue.placeOrder(forQuote('999'))).toMatchObject({ kind: 'accepted' });
  });

  it('found again is the same order; another amount is not', async () => {
    const b = at50000();
    await b.venue.placeOrder(forQuote('1000'));
    expect(await b.venue.placeOrder(forQuote('1000'))).toMatchObject({ kind: 'accepted' });
    expect(await b.venue.placeOrder(forQuote('1001'))).toMatchObject({ kind: 'refused', code: 'duplicate' });
  });
});

describe('a limit maker', () => {
  const maker = (limitPrice: string) => aRequest({ type: 'limit_maker', limitPrice: decimal(limitPrice) });

  it('is refused when it would take, and nothing is reserved', async () => {
    const b = at50000();
    for (const price of ['50000', '50001']) {
      expect(await b.venue.placeOrder(maker(price))).toMatchObject({ kind: 'refused', code: 'would_match' });
    }
    expect(holdings(b)).toEqual({ USDT: '100000' });
  });

  it('rests, and fills as a maker at its own price', async () => {
    const b = at50000();
    await b.venue.placeOrder(maker('49999.99'));
    expect(b.reports).toEqual([]);
    expect(await work(b, '49000', '49001', 'ask')).toEqual({ live: false });
    expect(b.reports.at(-1)?.fills).toMatchObject([{ price: decimal('49999.99'), maker: true }]);
  });
});

describe('a stop with a limit', () => {
  const stopBuy = (limitPrice: string, changes = {}) =>
    aRequest({
      type: 'stop_limit',
      stopPrice: decimal('51000'),
      limitPrice: decimal(limitPrice),
      ...changes,
    });

  it('waits for its stop, reserves at its limit, then takes at the limit or better', async () => {
    const b = at50000();
    await b.venue.placeOrder(stopBuy('51500'));
    expect(holdings(b)).toEqual({ USDT: '74224.25 + 25775.75' });
    expect(await work(b, '50998', '50999', 'ask')).toEqual({ live: true });
    expect(b.reports).toEqual([]);
    expect(await work(b, '51199', '51200', 'ask')).toEqual({ live: false });
    expect(b.reports.at(-1)?.fills).toMatchObject([{ price: decimal('51200'), maker: false }]);
    expect(holdings(b)).toEqual({ USDT: '74374.4', BTC: '0.5' });
  });

  it('rests at its limit when the market has run past it, and fills there as a maker', async () => {
    const b = at50000();
    await b.venue.placeOrder(stopBuy('51000'));
    expect(await work(b, '51999', '52000', 'ask')).toEqual({ live: true });
    // It works now, without a trade.
    expect(b.reports).toMatchObject([{ status: 'new', fills: [] }]);
    expect(await work(b, '50899', '50900', 'ask')).toEqual({ live: false });
    expect(b.reports.at(-1)?.fills).toMatchObject([{ price: decimal('51000'), maker: true }]);
  });

  it('that has to fill at once ends there instead', async () => {
    const b = at50000();
    await b.venue.placeOrder(stopBuy('51000', { timeInForce: 'IOC' }));
    expect(await work(b, '51999', '52000', 'ask')).toEqual({ live: false });
    expect(b.reports.at(-1)).toMatchObject({ status: 'expired', reason: 'IOC' });
    expect(holdings(b)).toEqual({ USDT: '100000' });
  });

  it('takes its profit on the way down for a buy, up for a sell', async () => {
    const b = at50000({ balances: { BTC: '1' } });
    const limitPrice = decimal('50900');
    await b.venue.placeOrder(
      aRequest({ type: 'take_profit_limit', side: 'sell', stopPrice: decimal('51000'), limitPrice }),
    );
    expect(await work(b, '50999', '51001', 'bid')).toEqual({ live: true });
    expect(await work(b, '51000', '51001', 'bid')).toEqual({ live: false });
    expect(b.reports.at(-1)?.fills).toMatchObject([{ price: decimal('51000') }]);
  });

  it('on the wrong side would trigger at once', async () => {
    const b = at50000();
    const wrong = stopBuy('50000', { stopPrice: decimal('49000') });
    expect(await b.venue.placeOrder(wrong)).toMatchObject({ kind: 'refused', code: 'would_trigger' });
  });
});
