/** What the exchange refuses, in its own codes and words; a refusal changes nothing. */
import { describe, expect, it } from 'vitest';
import type { Params } from '../../../../infra/local/venues/binance/contract.ts';
import { ALICE, atMarket, bench, limit } from './world.ts';

const SYMBOL = 'BTCUSDT';
const ok = { symbol: SYMBOL, ...limit('BUY', '0.1', '49000') };
const without = (name: string): Params =>
  Object.fromEntries(Object.entries(ok).filter(([key]) => key !== name));
const stop = { side: 'SELL', type: 'STOP_LOSS', quantity: '0.1', symbol: SYMBOL };

describe('parameters', () => {
  const illegal = (name: string, range: string): string =>
    `-1100 Illegal characters found in parameter '${name}'; legal range is '${range}'.`;
  it.each<[Params, string]>([
    [without('symbol'), "-1102 Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."],
    [without('side'), "-1102 Mandatory parameter 'side' was not sent, was empty/null, or malformed."],
    [without('type'), "-1102 Mandatory parameter 'type' was not sent, was empty/null, or malformed."],
    [without('price'), "-1102 Mandatory parameter 'price' was not sent, was empty/null, or malformed."],
    [
      without('timeInForce'),
      "-1102 Mandatory parameter 'timeInForce' was not sent, was empty/null, or malformed.",
    ],
    [
      { ...ok, quantity: '' },
      "-1102 Mandatory parameter 'quantity' was not sent, was empty/null, or malformed.",
    ],
    [{ ...ok, newClientOrderId: '' }, "-1105 Parameter 'newClientOrderId' was empty."],
    [{ ...ok, symbol: 'NOSUCH' }, '-1121 Invalid symbol.'],
    [{ ...ok, side: 'buy' }, '-1117 Invalid side.'],
    [{ ...ok, type: 'TRAILING_STOP_MARKET' }, '-1116 Invalid orderType.'],
    [{ ...ok, timeInForce: 'GTX' }, '-1115 Invalid timeInForce.'],
    [{ ...ok, quantity: '1e-3' }, illegal('quantity', '^([0-9]{1,20})(\\.[0-9]{1,20})?$')],
    [{ ...ok, quantity: '-1' }, illegal('quantity', '^([0-9]{1,20})(\\.[0-9]{1,20})?$')],
    [{ ...ok, newClientOrderId: 'a b' }, illegal('newClientOrderId', '^[a-zA-Z0-9-_]{1,36}$')],
    [{ ...ok, newClientOrderId: 'x'.repeat(37) }, illegal('newClientOrderId', '^[a-zA-Z0-9-_]{1,36}$')],
    [{ ...ok, quantity: '99999999999999' }, "-1108 Parameter 'quantity' overflowed."],
    [{ ...ok, stopPrice: '48000' }, "-1106 Parameter 'stopPrice' sent when not required."],
    [{ ...ok, quoteOrderQty: '10' }, "-1106 Parameter 'quoteOrderQty' sent when not required."],
    [{ ...ok, strategyType: '999999' }, '-1134 `strategyType` was less than 1000000.'],
    [
      { ...ok, icebergQty: '0.01', timeInForce: 'IOC' },
      "-1130 Data sent for parameter 'timeInForce' is not valid.",
    ],
    [
      { ...ok, colour: 'red' },
      "-1104 Not all sent parameters were read; read '6' parameter(s) but was sent '7'.",
    ],
    [
      { symbol: SYMBOL, side: 'BUY', type: 'MARKET' },
      "-1102 Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!",
    ],
    [
      { symbol: SYMBOL, ...atMarket('BUY', '0.1'), timeInForce: 'GTC' },
      "-1106 Parameter 'timeInForce' sent when not required.",
    ],
    [
      { symbol: SYMBOL, ...atMarket('BUY', '0.1'), price: '1' },
      "-1106 Parameter 'price' sent when not required.",
    ],
    [stop, "-1102 Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!"],
    [
      { ...ok, selfTradePreventionMode: 'TRANSFER' },
      '-1013 This symbol does not allow the specified self-trade prevention mode.',
    ],
    [{ ...ok, pegPriceType: 'PRIMARY_PEG' }, '-1013 Pegged orders are not supported for this symbol.'],
  ])('%o', (params, text) => {
    const world = bench();
    world.price('50000');
    expect(world.refusal('order.place', params)).toBe(text);
    expect(world.exchange.books(ALICE).orders).toEqual([]);
  });

  it('ignores what every request may carry', () => {
    const world = bench();
    world.price('50000');
    expect(
      world.run('order.place', { ...ok, timestamp: '1', recvWindow: '5000', apiKey: 'k', signature: 's' }),
    ).toMatchObject({ status: 'NEW' });
  });
});

describe('filters and precision', () => {
  it.each<[Params, string]>([
    [{ ...ok, price: '49000.123456789' }, "-1111 Parameter 'price' has too much precision."],
    [{ ...ok, quantity: '0.123456789' }, "-1111 Parameter 'quantity' has too much precision."],
    [{ ...ok, quantity: '0' }, '-1013 Price * QTY is zero or less.'],
    [{ ...ok, price: '49000.001' }, '-1013 Filter failure: PRICE_FILTER'],
    [{ ...ok, price: '1000000.01' }, '-1013 Filter failure: PRICE_FILTER'],
    [{ ...ok, price: '9999.99' }, '-1013 Filter failure: PERCENT_PRICE_BY_SIDE'],
    [{ ...ok, price: '250000.01' }, '-1013 Filter failure: PERCENT_PRICE_BY_SIDE'],
    [{ ...ok, quantity: '0.000011' }, '-1013 Filter failure: LOT_SIZE'],
    [{ ...ok, quantity: '9000.00001' }, '-1013 Filter failure: LOT_SIZE'],
    [{ ...ok, quantity: '0.0001', price: '49999' }, '-1013 Filter failure: NOTIONAL'],
    [{ ...ok, quantity: '184', price: '49999' }, '-1013 Filter failure: NOTIONAL'],
    [{ ...ok, icebergQty: '0.0001' }, '-1013 Filter failure: ICEBERG_PARTS'],
    [{ ...ok, icebergQty: '0.2' }, '-1013 IcebergQty exceeds QTY.'],
    [{ symbol: SYMBOL, ...atMarket('BUY', '120.00001') }, '-1013 Filter failure: MARKET_LOT_SIZE'],
    [{ symbol: SYMBOL, ...atMarket('BUY', '0.00009') }, '-1013 Filter failure: NOTIONAL'],
    [
      { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quoteOrderQty: '4.99' },
      '-1013 Filter failure: NOTIONAL',
    ],
    [{ ...stop, trailingDelta: '9' }, '-1013 Filter failure: TRAILING_DELTA'],
    [{ ...stop, trailingDelta: '2001' }, '-1013 Filter failure: TRAILING_DELTA'],
    [{ symbol: 'LTCUSDT', ...limit('BUY', '1', '19.99') }, '-1013 Filter failure: PERCENT_PRICE'],
    [{ symbol: 'LTCUSDT', ...limit('BUY', '0.05', '99') }, '-1013 Filter failure: MIN_NOTIONAL'],
    [{ symbol: 'DOTUSDT', ...limit('BUY', '500.01', '100') }, '-2010 Filter failure: MAX_POSITION'],
    [{ symbol: 'ETHUSDT', ...atMarket('BUY', '1') }, '-1013 Filter failure: NOTIONAL'],
  ])('%o', (params, text) => {
    const world = bench();
    world.price('50000');
    for (const symbol of ['LTCUSDT', 'DOTUSDT']) world.price('100', symbol);
    expect(world.refusal('order.place', params)).toBe(text);
  });

  it('counts open orders of the symbol, and of the waiting ones apart', () => {
    const world = bench();
    world.price('50000');
    for (let n = 0; n < 5; n += 1) world.place({ ...stop, stopPrice: '40000', quantity: '0.001' });
    expect(world.refusal('order.place', { ...stop, stopPrice: '40000' })).toBe(
      '-2010 Filter failure: MAX_NUM_ALGO_ORDERS',
    );
    for (let n = 0; n < 195; n += 1) world.place(limit('BUY', '0.001', '40000'));
    expect(world.refusal('order.place', ok)).toBe('-2010 Filter failure: MAX_NUM_ORDERS');
  });

  it('counts over all symbols where the exchange has a ceiling', () => {
    const filter = { filterType: 'EXCHANGE_MAX_NUM_ORDERS', maxNumOrders: 2 };
    const world = bench({ exchangeFilters: [filter] });
    world.price('50000');
    world.run('order.place', ok);
    world.run('order.place', { symbol: 'ETHUSDT', ...limit('BUY', '1', '100') });
    expect(world.refusal('order.place', ok)).toBe('-2010 Filter failure: EXCHANGE_MAX_NUM_ORDERS');
    expect(world.run('exchangeInfo', { symbol: SYMBOL })['exchangeFilters']).toEqual([filter]);
  });

  it('shows the tip of an iceberg and fills all of it', () => {
    const world = bench({ book: { levels: 0 } });
    world.price('50000');
    world.run('order.place', { ...ok, icebergQty: '0.01' });
    expect(world.run('depth', { symbol: SYMBOL })['bids']).toEqual([['49000.00000000', '0.01000000']]);
    world.price('49000');
    expect(world.exchange.books(ALICE).orders[0]).toMatchObject({
      status: 'FILLED',
      icebergQty: '0.01000000',
    });
  });

  it("shows and applies the account's MAX_ASSET", () => {
    const world = bench({}, { [ALICE]: { maxAsset: { USDT: '4000' } } });
    world.price('50000');
    expect(world.run('myFilters', { symbol: SYMBOL })).toMatchObject({
      exchangeFilters: [],
      assetFilters: [{ filterType: 'MAX_ASSET', asset: 'USDT', limit: '4000.00000000' }],
    });
    expect(world.refusal('order.place', ok)).toBe('-2010 Filter failure: MAX_ASSET');
  });

  it('obeys filters that changed at run time', () => {
    const world = bench();
    world.price('50000');
    world.exchange.changeSymbol(SYMBOL, {
      filters: [
        { filterType: 'LOT_SIZE', minQty: '1.00000000', maxQty: '2.00000000', stepSize: '1.00000000' },
      ],
    });
    expect(world.refusal('order.place', ok)).toBe('-1013 Filter failure: LOT_SIZE');
  });
});

describe('the matching engine', () => {
  it.each<[Params, string]>([
    [{ ...ok, quantity: '3' }, '-2010 Account has insufficient balance for requested action.'],
    [
      { symbol: SYMBOL, ...atMarket('SELL', '10.00001') },
      '-2010 Account has insufficient balance for requested action.',
    ],
    [
      { symbol: SYMBOL, side: 'BUY', type: 'LIMIT_MAKER', quantity: '0.1', price: '50000.01' },
      '-2010 Order would immediately match and take.',
    ],
    [
      { symbol: 'AVAXUSDT', ...limit('BUY', '1', '100') },
      '-2010 This order type is not possible in this trading phase.',
    ],
    [{ symbol: 'NEARUSDT', ...limit('BUY', '1', '100') }, '-1013 Market is closed.'],
    [{ symbol: 'LUNAUSDT', ...limit('BUY', '1', '100') }, '-1013 Market is closed.'],
    [
      { symbol: 'PEPEUSDT', ...limit('BUY', '1', '100') },
      '-2010 This symbol is not permitted for this account.',
    ],
    [
      { ...stop, symbol: 'XRPUSDT', stopPrice: '1' },
      '-1013 Stop loss orders are not supported for this symbol.',
    ],
    [
      { symbol: 'LINKUSDT', ...limit('BUY', '1', '100', { icebergQty: '0.5' }) },
      '-1013 Iceberg orders are not supported for this symbol.',
    ],
    [
      { symbol: 'LINKUSDT', side: 'BUY', type: 'MARKET', quoteOrderQty: '10' },
      '-1013 Quote order qty market orders are not support for this symbol.',
    ],
    [
      { ...stop, symbol: 'LINKUSDT', trailingDelta: '100' },
      '-1013 Trailing stop orders are not supported for this symbol.',
    ],
  ])('%o', (params, text) => {
    const world = bench();
    world.price('50000');
    expect(world.refusal('order.place', params)).toBe(text);
  });

  it('refuses an account that may not trade, and lets one trade that has the permission', () => {
    const barred = bench({}, { [ALICE]: { canTrade: false } });
    expect(barred.refusal('order.place', ok)).toBe('-2010 This action is disabled on this account.');
    const granted = bench({}, { [ALICE]: { permissions: ['SPOT', 'TRD_GRP_900'] } });
    expect(granted.run('order.place', { symbol: 'PEPEUSDT', ...limit('BUY', '1', '100') })).toMatchObject({
      status: 'NEW',
    });
  });

  it('lets orders be cancelled and amended in CANCEL_ONLY, cancelled in HALT, filled in neither', () => {
    const world = bench();
    world.price('50000');
    world.place(limit('BUY', '0.2', '49000', { newClientOrderId: 'one' }));
    world.exchange.changeSymbol(SYMBOL, { status: 'CANCEL_ONLY' });
    world.price('48000');
    const amend = { symbol: SYMBOL, origClientOrderId: 'one', newClientOrderId: 'one' };
    expect(world.run('order.amend.keepPriority', { ...amend, newQty: '0.1' })).toMatchObject({
      amendedOrder: { status: 'NEW', executedQty: '0.00000000' },
    });
    world.exchange.changeSymbol(SYMBOL, { status: 'HALT' });
    expect(world.refusal('order.amend.keepPriority', { ...amend, newQty: '0.05' })).toBe(
      '-1013 Market is closed.',
    );
    expect(world.run('order.cancel', { symbol: SYMBOL, origClientOrderId: 'one' })).toMatchObject({
      status: 'CANCELED',
    });
  });
});

describe('order.test', () => {
  it('checks without placing', () => {
    const world = bench();
    world.price('50000');
    expect(world.run('order.test', ok)).toEqual({});
    expect(world.run('order.test', { ...ok, computeCommissionRates: 'true' })).toMatchObject({
      standardCommissionForOrder: { maker: '0.00100000', taker: '0.00100000' },
      discount: { enabledForAccount: false, discountAsset: 'BNB' },
    });
    expect(world.refusal('order.test', { ...ok, price: '49000.001' })).toBe(
      '-1013 Filter failure: PRICE_FILTER',
    );
    expect(world.exchange.books(ALICE).orders).toEqual([]);
  });
});
