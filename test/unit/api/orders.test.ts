import { beforeEach, describe, expect, it } from 'vitest';
import { ApiWorld } from './world.ts';

let world: ApiWorld;
let wallet: string;
beforeEach(async () => {
  world = new ApiWorld();
  wallet = await world.wallet();
});

const ORDERS = '/api/v1/orders';
const aBuy = (change: Record<string, unknown> = {}) => ({
  wallet_id: wallet,
  symbol: 'BTC/USDT',
  side: 'buy',
  type: 'market',
  quantity: '0.5',
  ...change,
});
const place = (change: Record<string, unknown> = {}, call: Parameters<ApiWorld['call']>[2] = {}) =>
  world.call('POST', ORDERS, { key: 'k1', body: aBuy(change), ...call });

describe('creating an order', () => {
  it('answers the filled order, in the shape of the specification', async () => {
    const answer = await place({ ai_reasoning: 'support', ai_confidence: 85, tags: ['x'], flow_id: 'f1' });
    expect(answer.status).toBe(201);
    expect(answer.headers['location']).toBe(`${ORDERS}/${answer.body.order_id}`);
    expect(answer.body).toMatchObject({
      user_id: 'alice',
      user_wallet_id: wallet,
      flow_id: 'f1',
      execution_id: null,
      symbol: 'BTC/USDT',
      side: 'buy',
      type: 'market',
      time_in_force: 'GTC',
      requested_amount: '0.5',
      filled_amount: '0.5',
      remaining_amount: '0',
      limit_price: null,
      stop_price: null,
      average_fill_price: '50000',
      status: 'filled',
      exchange: 'demo',
      total_fees: '25',
      fees_by_asset: { USDT: '25' },
      ai_reasoning: 'support',
      ai_confidence: 85,
      metadata: { tags: ['x'] },
    });
    expect(answer.body.fills).toHaveLength(1);
    expect(answer.body.fills[0]).toMatchObject({ amount: '0.5', price: '50000', fee_currency: 'USDT' });
    const stored = await world.call('GET', `${ORDERS}/${answer.body.order_id}`);
    expect(stored).toMatchObject({ status: 200, body: { status: 'filled' } });
  });

  it('answers a repeat with the order as it stands, sends it once, and refuses another body', async () => {
    const first = await place();
    const again = await place();
    expect([again.status, again.body.order_id]).toEqual([200, first.body.order_id]);
    expect(world.venues.venue(wallet).placed).toHaveLength(1);
    const other = await place({ quantity: '0.6' });
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } });
  });

  it('takes a client_order_id for a key, and needs one of the two', async () => {
    const named = await place({ client_order_id: 'mine-1' }, { headers: {} });
    expect(named.body.metadata.client_order_id).toBe('mine-1');
    const without = await world.call('POST', ORDERS, { body: aBuy() });
    expect(without).toMatchObject({ status: 400, body: { code: 'idempotency_key_required' } });
  });

  it.each(['client_order_id', 'tags', 'notes'])('refuses %s as a member of metadata', async (name) => {
    const refused = await place({ metadata: { [name]: 'mine' } });
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_field', field: 'metadata' } });
    expect(refused.body.detail).toContain('they are fields of the order');
    expect(await place({ metadata: { note: 'mine' } })).toMatchObject({ status: 201 });
  });

  it('answers after the wait with the order as it stands', async () => {
    world.isWorked = false;
    const started = world.now;
    const answer = await place();
    expect(answer).toMatchObject({ status: 201, body: { status: 'pending', filled_amount: '0' } });
    expect(world.now - started).toBe(2_000);
    const hurried = await place({}, { key: 'k2', headers: { Prefer: 'respond-async, wait=0' } });
    expect(hurried).toMatchObject({ status: 201, headers: { 'preference-applied': 'wait=0' } });
    expect(world.now - started).toBe(2_000);
  });

  it('answers a resting order as soon as it rests', async () => {
    const answer = await place({ type: 'limit', limit_price: '49000.004' });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        status: 'open',
        limit_price: '49000',
        asked: { limit_price: '49000.004' },
        sent: { limit_price: '49000' },
      },
    });
  });

  it('finds a symbol in any format', async () => {
    for (const [i, symbol] of ['BTCUSDT', 'BTC-USDT', 'btc/usdt'].entries()) {
      expect((await place({ symbol }, { key: `s${i}` })).body.symbol).toBe('BTC/USDT');
    }
  });

  it('tells what the venue refused', async () => {
    world.venues.venue(wallet).faults = [{ refuse: 'insufficient_balance' }];
    expect(await place()).toMatchObject({
      status: 201,
      body: { status: 'rejected', reject: { code: 'insufficient_balance' } },
    });
  });
});

describe('bad input', () => {
  it.each<[string, Record<string, unknown>, number, string, string | null]>([
    ['an unknown symbol', { symbol: 'NOPE/USDT' }, 422, 'unknown_symbol', 'symbol'],
    ['a symbol that is only watched', { symbol: 'AAPL' }, 422, 'symbol_watch_only', 'symbol'],
    ['a negative quantity', { quantity: '-1' }, 422, 'not_positive', 'quantity'],
    ['no quantity', { quantity: undefined }, 400, 'missing_field', 'quantity'],
    ['9 decimals of a bitcoin', { quantity: '0.123456789' }, 422, 'over_precise', 'quantity'],
    ['19 decimals', { quantity: '0.1234567890123456789' }, 422, 'over_precise', 'quantity'],
    ['less than the least', { quantity: '0.000001' }, 422, 'below_min_quantity', 'quantity'],
    ['next to nothing', { quantity: '0.00002' }, 422, 'below_min_notional', 'quantity'],
    ['a number for an amount', { quantity: 0.5 }, 400, 'number_not_text', 'quantity'],
    ['a limit order without price', { type: 'limit' }, 422, 'price_required', 'limit_price'],
    ['a market order with one', { limit_price: '1' }, 422, 'price_forbidden', 'limit_price'],
    [
      'a stop below a buyer',
      { type: 'stop_loss', stop_price: '49000' },
      422,
      'stop_wrong_side',
      'stop_price',
    ],
    ['an unknown field', { stoploss: '1' }, 400, 'unknown_field', 'stoploss'],
    ['an unknown side', { side: 'long' }, 400, 'invalid_field', 'side'],
    ['an unknown type', { type: 'iceberg' }, 400, 'invalid_field', 'type'],
    [
      'a stop loss above',
      { protection: { stop_loss: '51000' } },
      422,
      'stop_wrong_side',
      'protection.stop_loss',
    ],
    [
      'a take profit below',
      { protection: { take_profit: '49000' } },
      422,
      'target_wrong_side',
      'protection.take_profit',
    ],
    [
      'a rung below',
      { protection: { take_profits: [{ price: '49000', share: '1' }] } },
      422,
      'target_wrong_side',
      'protection.take_profits.0.price',
    ],
    [
      'both kinds of take profit',
      { protection: { take_profit: '51000', take_profits: [] } },
      400,
      'invalid_field',
      'protection.take_profit',
    ],
    [
      'a trailing stop without distance',
      { protection: { trailing_stop: {} } },
      400,
      'invalid_field',
      'protection.trailing_stop',
    ],
    [
      'a trailing stop of 100 %',
      { protection: { trailing_stop: { distance_percent: '100' } } },
      422,
      'percent_out_of_range',
      'protection.trailing_stop.distance_percent',
    ],
    ['no figure of the market at all', { market_conditions: {} }, 400, 'invalid_field', 'market_conditions'],
    [
      'a strength index above 100',
      { market_conditions: { rsi_14: '100.1' } },
      400,
      'invalid_field',
      'market_conditions.rsi_14',
    ],
    [
      'a market price of zero',
      { market_conditions: { price: '0' } },
      422,
      'not_positive',
      'market_conditions.price',
    ],
    [
      'a volume that cannot be kept exactly',
      { market_conditions: { volume_24h: '1000000000000000000' } },
      400,
      'invalid_field',
      'market_conditions.volume_24h',
    ],
    [
      'a volatility of its own',
      { market_conditions: { volatility: 'wild' } },
      400,
      'invalid_field',
      'market_conditions.volatility',
    ],
    [
      'the market of an entry with an exit',
      { position_id: 'p1', market_conditions: { rsi_14: '45' } },
      400,
      'invalid_field',
      'market_conditions',
    ],
    [
      'a time stop that names neither or both',
      { protection: { time_stop: { max_seconds: 60, until: '2026-01-05T13:00:00Z' } } },
      400,
      'invalid_field',
      'protection.time_stop',
    ],
    [
      'a time that is none',
      { protection: { time_stop: { until: 'tomorrow' } } },
      400,
      'invalid_field',
      'protection.time_stop.until',
    ],
    [
      'a time stop that is over',
      { protection: { time_stop: { until: '2020-01-05T13:00:00Z' } } },
      422,
      'time_stop_past',
      'protection.time_stop.until',
    ],
    [
      'a delay that is no whole number',
      { protection: { confirm_seconds: 1.5 } },
      400,
      'invalid_field',
      'protection.confirm_seconds',
    ],
    [
      'a delay that is too long',
      { protection: { stop_loss: '49000', confirm_seconds: 301 } },
      422,
      'confirm_out_of_range',
      'protection.confirm_seconds',
    ],
    [
      'a bound that is none',
      { protection: { stop_loss: '49000', confirm_seconds: 5, confirm_max_percent: '100' } },
      422,
      'percent_out_of_range',
      'protection.confirm_max_percent',
    ],
    ['an unknown level', { protection: { stop: '1' } }, 400, 'unknown_field', 'protection.stop'],
    ['a sell without position', { side: 'sell' }, 422, 'no_position', 'position_id'],
    ['an unknown wallet', { wallet_id: 'nobody' }, 404, 'not_found', 'wallet_id'],
    ['too much confidence', { ai_confidence: 101 }, 400, 'invalid_field', 'ai_confidence'],
  ])('%s is refused and changes nothing', async (_what, change, status, code, field) => {
    const answer = await place(change);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer).toMatchObject({
      status,
      body: { status, code, field, request_id: expect.stringMatching(/^req-/) },
    });
    expect(answer.body.next_action).toMatch(/.\.$/);
    expect(world.ledger.commits).toBe(0);
    expect(world.outbox.sent).toEqual([]);
  });

  it('no JSON is refused, and so is a large body', async () => {
    expect(await place({}, { raw: 'quantity=1' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_json' },
    });
    const large = JSON.stringify(aBuy({ notes: 'x'.repeat(1_000_000) }));
    expect(await place({}, { raw: large })).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
  });

  it('a market order needs a price, and asks for it', async () => {
    world.prices.shown.clear();
    const answer = await place();
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: { code: 'no_price', field: 'symbol' },
    });
    expect(world.prices.wantedSymbols).toContain('BTC/USDT');
  });

  it('a key that is none is named', async () => {
    const answer = await place({}, { key: 'two words' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_field', field: 'Idempotency-Key' } });
  });
});

describe('orders of others', () => {
  it('are not there', async () => {
    const { body } = await place();
    expect(await place({}, { user: 'bob' })).toMatchObject({ status: 404, body: { field: 'wallet_id' } });
    const path = `${ORDERS}/${body.order_id}`;
    expect(await world.call('GET', path, { user: 'bob' })).toMatchObject({ status: 404 });
    expect(await world.call('POST', `${path}/cancel`, { user: 'bob' })).toMatchObject({ status: 404 });
    expect((await world.call('GET', ORDERS, { user: 'bob' })).body.items).toEqual([]);
    expect(await place({}, { user: null })).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });
});

describe('listing orders', () => {
  it('pages through them and filters', async () => {
    for (const i of [1, 2, 3]) {
      world.now += 1_000;
      await place(i === 2 ? { type: 'limit', limit_price: '49000' } : {}, { key: `k${i}` });
    }
    const first = await world.call('GET', `${ORDERS}?limit=2`);
    expect(first.body.items).toHaveLength(2);
    const rest = await world.call('GET', `${ORDERS}?limit=2&cursor=${first.body.next_cursor}`);
    expect([rest.body.items.length, rest.body.next_cursor]).toEqual([1, null]);
    const open = await world.call('GET', `${ORDERS}?status=open,partially_filled&symbol=BTC-USDT`);
    expect(open.body.items.map((o: { type: string }) => o.type)).toEqual(['limit']);
    expect((await world.call('GET', `${ORDERS}?wallet_id=other`)).body.items).toEqual([]);
  });

  it('lists those made in a span of time', async () => {
    for (const i of [1, 2, 3]) {
      world.now += 1_000;
      await place({ tags: [`${i}`] }, { key: `k${i}` });
    }
    const at = (index: number) => new Date(Date.UTC(2026, 0, 5, 12, 0, index)).toISOString();
    const tags = async (query: string) => {
      const { body } = await world.call('GET', `${ORDERS}?${query}`);
      return body.items.map((order: { metadata: { tags: string[] } }) => order.metadata.tags[0]);
    };
    expect(await tags(`from=${at(2)}`)).toEqual(['3', '2']);
    expect(await tags(`to=${at(2)}`)).toEqual(['1']);
    expect(await tags(`from=${at(1)}&to=${at(3)}`)).toEqual(['2', '1']);
  });

  it('finds the one that a client order id names', async () => {
    const { body: mine } = await place({ client_order_id: 'mine' });
    const found = await world.call('GET', `${ORDERS}?wallet_id=${wallet}&client_order_id=mine`);
    expect(found.body).toMatchObject({ items: [{ order_id: mine.order_id }], next_cursor: null });
    const none = await world.call('GET', `${ORDERS}?wallet_id=${wallet}&client_order_id=other`);
    expect(none.body).toEqual({ items: [], next_cursor: null });
    const stranger = { user: 'bob' };
    const theirs = await world.call('GET', `${ORDERS}?wallet_id=${wallet}&client_order_id=mine`, stranger);
    expect(theirs.body).toEqual({ items: [], next_cursor: null });
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=1e1', 'limit'],
    ['status=done', 'status.0'],
    ['page=2', 'page'],
    ['from=yesterday', 'from'],
    ['from=2026-01-05T12:00:00Z&to=2026-01-05T12:00:00Z', 'from'],
    ['client_order_id=mine', 'wallet_id'],
    ['client_order_id=mine&wallet_id=w&status=open', 'status'],
  ])('refuses ?%s', async (query, field) => {
    expect(await world.call('GET', `${ORDERS}?${query}`)).toMatchObject({ status: 400, body: { field } });
  });
});

describe('an id that cannot be one', () => {
  it('is nobody’s, and no table is asked for it', async () => {
    const asked: string[] = [];
    const read = world.ledger.ordersWithFills.bind(world.ledger);
    world.ledger.ordersWithFills = async (ids) => {
      asked.push(...ids);
      return read(ids);
    };
    for (const id of ['x'.repeat(3_000), '%00', 'a%2Fb', '%C3%A4']) {
      const answer = await world.call('GET', `${ORDERS}/${id}`);
      expect(answer).toMatchObject({ status: 404, body: { code: 'not_found', field: 'order_id' } });
    }
    expect(asked).toEqual([]);
    expect((await world.call('GET', `${ORDERS}/nobodys`)).status).toBe(404);
    expect(asked).toEqual(['nobodys']);
  });
});

describe('cancelling', () => {
  it('ends a resting order', async () => {
    const { body } = await place({ type: 'limit', limit_price: '49000' });
    const answer = await world.call('POST', `${ORDERS}/${body.order_id}/cancel`, { body: {} });
    expect(answer).toMatchObject({ status: 200, body: { status: 'cancelled', remaining_amount: '0.5' } });
    expect(answer.body.cancelled_at).not.toBeNull();
  });

  it('says 202 while the venue has not answered', async () => {
    const { body } = await place({ type: 'limit', limit_price: '49000' });
    world.isWorked = false;
    const answer = await world.call('POST', `${ORDERS}/${body.order_id}/cancel`);
    expect(answer).toMatchObject({ status: 202, body: { status: 'cancelling' } });
  });

  it('of a filled order is too late', async () => {
    const { body } = await place();
    expect(await world.call('POST', `${ORDERS}/${body.order_id}/cancel`)).toMatchObject({
      status: 409,
      body: { code: 'already_final', facts: { status: 'filled' } },
    });
  });
});

describe('a race that is lost again and again', () => {
  it('asks the caller to try again', async () => {
    const { body } = await place({ type: 'limit', limit_price: '49000' });
    world.ledger.commit = async () => ({ outcome: 'conflict', items: [body.order_id] });
    expect(await world.call('POST', `${ORDERS}/${body.order_id}/cancel`)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: { code: 'conflict' },
    });
  });
});

describe('a table that does not answer', () => {
  /** As the SDK throws it: nothing of it is the caller's business. */
  const late = () =>
    Object.assign(new Error('the request socket did not establish a connection'), {
      name: 'TimeoutError',
      $metadata: { attempts: 3 },
    });

  it('asks the caller to try again, and says that nobody knows what was done', async () => {
    const { commit } = world.ledger;
    world.ledger.commit = async (...given: Parameters<typeof commit>) => {
      await commit.apply(world.ledger, given);
      throw late();
    };
    const answer = await place();
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: { code: 'temporarily_unavailable' },
    });
    expect(JSON.stringify(answer.body)).not.toContain('socket');
    world.ledger.commit = commit;
    const again = await place();
    expect(again.status).toBeLessThan(300);
    expect((await world.call('GET', ORDERS)).body.items).toHaveLength(1);
  });
});
