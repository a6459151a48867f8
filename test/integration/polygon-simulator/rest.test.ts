import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { REST_OPERATIONS } from '../../../infra/local/venues/polygon/rest/rest.ts';
import type { PolygonSimulator } from '../../../infra/local/venues/polygon/start.ts';
import { until } from '../../support/until.ts';
import { type Answer, aPolygon, arm, control, KEY, live, rest } from './client.ts';

/** A Wednesday at noon in New York. */
const NOON = Date.UTC(2026, 6, 1, 16);
const ahead = NOON - Date.now();
const now = (): number => Date.now() + ahead;
const MINUTE = 60_000;

let simulator: PolygonSimulator;
beforeAll(async () => {
  simulator = await aPolygon({ now, alwaysOpen: false });
});
afterEach(() => control(simulator, 'DELETE', '/faults'));
afterAll(() => simulator.stop());

const get = (path: string, key?: string | null): Promise<Answer> => rest(simulator.restUrl, path, key);
const number = expect.any(Number);
type Row = Readonly<Record<string, number>>;
const rows = ({ body }: Answer): readonly Row[] => (body['results'] ?? []) as Row[];

describe('keys and limits', () => {
  it.each([
    ['no key', null, 401, { status: 'ERROR', error: 'API Key was not provided' }],
    ['a wrong key', 'nobody', 401, { status: 'ERROR', error: 'Unknown API Key' }],
    [
      'a plan without the data',
      'none-key',
      403,
      { status: 'NOT_AUTHORIZED', message: expect.stringContaining('not entitled') },
    ],
  ])('%s', async (_what, key, status, body) => {
    expect(await get('/v1/marketstatus/now', key)).toMatchObject({
      status,
      body: { ...body, request_id: expect.any(String) },
    });
  });

  it('takes the key in the query too', async () => {
    expect((await get(`/v1/marketstatus/now?apiKey=${KEY}`, null)).status).toBe(200);
  });

  it('the free plan has five requests a minute', async () => {
    const first = Math.floor(Date.now() / MINUTE);
    const statuses: number[] = [];
    for (let nth = 0; nth < 6; nth += 1)
      statuses.push((await get('/v1/marketstatus/now', 'free-key')).status);
    // Unless the minute has just ended.
    if (Math.floor(Date.now() / MINUTE) === first) expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  });

  it.each(['/', '/v9/nothing', '/v2/aggs/ticker/X:NOUSD/prev', '/v1/last/crypto/NO/USD'])(
    '404 for %s',
    async (path) => {
      expect(await get(path)).toMatchObject({ status: 404, body: { status: 'NOT_FOUND' } });
    },
  );
});

describe('bars', () => {
  const path = (span: string, from: number | string, to: number | string, query = ''): string =>
    `/v2/aggs/ticker/X:BTCUSD/range/${span}/${from}/${to}${query}`;

  it("have the vendor's members, and none in the future", async () => {
    const { body } = await get(path('1/minute', NOON - 10 * MINUTE, NOON + 60 * MINUTE));
    expect(body).toMatchObject({
      ticker: 'X:BTCUSD',
      adjusted: true,
      status: 'OK',
      request_id: expect.any(String),
    });
    const all = body['results'] as Row[];
    expect(all[0]).toEqual({
      o: number,
      h: number,
      l: number,
      c: number,
      v: number,
      vw: number,
      n: number,
      t: NOON - 10 * MINUTE,
    });
    expect(Math.max(...all.map(({ t }) => t ?? 0))).toBeLessThanOrEqual(now());
  });

  it.each(['asc', 'desc'])('in pages are the same bars: %s', async (sort) => {
    const [from, to] = [NOON - 100 * MINUTE, NOON - 60 * MINUTE];
    const whole = rows(await get(path('5/minute', from, to, `?sort=${sort}`)));
    const one = rows(await get(path('1/minute', from, to, `?sort=${sort}`)));
    const pages: Row[] = [];
    let next: unknown = path('1/minute', from, to, `?sort=${sort}&limit=7`);
    let count = 0;
    while (typeof next === 'string') {
      expect(next).not.toContain(KEY);
      const page = await get(next);
      pages.push(...rows(page));
      next = page.body['next_url'];
      count += 1;
    }
    expect([count, pages]).toEqual([6, one]);
    expect(whole).toHaveLength(9);
    const low = Math.min(...one.filter(({ t }) => (t ?? 0) < from + 5 * MINUTE).map(({ l }) => l ?? 0));
    expect(whole.find(({ t }) => t === from)?.['l']).toBe(low);
  });

  it('meet the live price without a step, and show what has just been traded', async () => {
    await control(simulator, 'POST', '/price', { symbol: 'ETH-USD', price: '2222.22' });
    const answer = await until(
      'the bar in progress',
      () =>
        get(
          `/v2/aggs/ticker/X:ETHUSD/range/1/second/${NOON - MINUTE}/${NOON + 60 * MINUTE}?sort=desc&limit=3`,
        ),
      (seen) => rows(seen)[0]?.['c'] === 2222.22,
    );
    expect(rows(answer)).toHaveLength(3);
    await control(simulator, 'POST', '/follow', { symbol: 'ETH-USD' });
    const [past] = rows(await get(path('1/minute', NOON - MINUTE, NOON - 1)));
    const { body } = await get('/v1/last/crypto/BTC/USD');
    const { price } = body['last'] as { price: number };
    expect(price / (past?.['c'] ?? 0)).toBeCloseTo(1, 2);
  });

  it('of forex stop for the weekend; an empty answer has no results', async () => {
    const closed = await get('/v2/aggs/ticker/C:EURUSD/range/1/minute/2026-06-27/2026-06-27');
    expect(closed.body).toMatchObject({ resultsCount: 0, status: 'OK' });
    expect('results' in closed.body).toBe(false);
    expect(rows(await get('/v2/aggs/ticker/C:EURUSD/range/1/hour/2026-06-25/2026-06-25'))).toHaveLength(24);
  });

  it.each([
    ['0/minute', '2026-06-01', '2026-06-02'],
    ['1/fortnight', '2026-06-01', '2026-06-02'],
    ['1/day', 'yesterday', '2026-06-02'],
    ['1/day', '2026-06-02', '2026-06-01'],
    ['1/day', '2026-06-01', '2026-06-02?sort=up'],
    ['1/day', '2026-06-01', '2026-06-02?limit=0'],
    ['1/day', '2026-06-01', '2026-06-02?cursor=x'],
  ])('%s from %s to %s is refused', async (span, from, to) => {
    expect(await get(path(span, from, to))).toMatchObject({
      status: 400,
      body: { status: 'ERROR', error: expect.any(String) },
    });
  });
});

describe('trades and quotes', () => {
  it('before and after the start are one list, with whole ns, in pages', async () => {
    const from = new Date(NOON - 10_000).toISOString();
    // About ten from before the start; the rest has to be traded first.
    await until(
      'trades',
      () => get(`/v3/trades/X:BTCUSD?limit=40&timestamp.gte=${from}`),
      (seen) => rows(seen).length === 40,
    );
    const first = await get(`/v3/trades/X:BTCUSD?order=asc&limit=15&timestamp.gte=${from}`);
    expect(first.text).toMatch(/"participant_timestamp":\d{13}000000,"received_timestamp":\d{13}000000,/);
    expect(rows(first)[0]).toEqual({
      conditions: [number],
      exchange: number,
      id: expect.any(String),
      participant_timestamp: number,
      received_timestamp: number,
      price: number,
      size: number,
    });
    const whole = rows(await get(`/v3/trades/X:BTCUSD?order=asc&limit=28&timestamp.gte=${from}`));
    for (const limit of [7, 2, 1]) {
      const paged: Row[] = [];
      let next: unknown = `/v3/trades/X:BTCUSD?order=asc&limit=${limit}&timestamp.gte=${from}`;
      while (typeof next === 'string' && paged.length < 28) {
        const page = await get(next);
        expect(rows(page)).toHaveLength(limit);
        paged.push(...rows(page));
        next = page.body['next_url'];
      }
      expect(paged).toEqual(whole);
    }
    const times = whole.map((row) => row['participant_timestamp'] ?? 0);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const after = `${NOON - 5_000}000000`;
    const narrow = await get(`/v3/trades/X:BTCUSD?timestamp.gt=${after}&timestamp.lt=${NOON - 1_000}000000`);
    expect(rows(narrow).length).toBeLessThanOrEqual(5);
  });

  it('forex has quotes and no trades', async () => {
    const [quote] = rows(await get('/v3/quotes/C:EURUSD?limit=1'));
    expect(quote).toEqual({
      ask_exchange: 48,
      ask_price: number,
      bid_exchange: 48,
      bid_price: number,
      participant_timestamp: number,
    });
    expect((await get('/v3/trades/C:EURUSD')).status).toBe(404);
  });

  it('are what the stream told', async () => {
    const client = await live(`${simulator.wsUrl}/crypto`, ['XT.SOL-USD']);
    const [told] = await client.some('XT', 3);
    client.end();
    const answer = await get('/v3/trades/X:SOLUSD?limit=1000');
    expect(
      rows(answer).find((row) => row['id'] === told?.['i'] && row['exchange'] === told?.['x']),
    ).toMatchObject({ price: told?.['p'], size: told?.['s'] });
  });
});

/** Path -> members of its answer. */
const SHAPES: readonly (readonly [path: string, shape: unknown])[] = [
  [
    '/v1/last/crypto/BTC/USD',
    {
      last: { conditions: [number], exchange: number, price: number, size: number, timestamp: number },
      status: 'success',
      symbol: 'BTC-USD',
    },
  ],
  [
    '/v1/last_quote/currencies/XAU/USD',
    { last: { ask: number, bid: number, exchange: 48, timestamp: number }, symbol: 'XAU/USD' },
  ],
  [
    '/v1/conversion/EUR/USD?amount=100&precision=4',
    { converted: number, from: 'EUR', initialAmount: 100, to: 'USD' },
  ],
  [
    '/v2/aggs/ticker/X:BTCUSD/prev',
    { resultsCount: 1, results: [{ T: 'X:BTCUSD', o: number, t: Date.UTC(2026, 5, 30) }] },
  ],
  ['/v2/aggs/grouped/locale/global/market/fx/2026-06-30', { resultsCount: 6 }],
  [
    '/v2/snapshot/locale/global/markets/crypto/tickers/X:BTCUSD',
    {
      status: 'OK',
      ticker: {
        ticker: 'X:BTCUSD',
        day: { o: number },
        min: { n: number, t: number },
        prevDay: { c: number },
        lastTrade: { c: [number], i: expect.any(String), p: number, s: number, t: number, x: number },
        todaysChange: number,
      },
    },
  ],
  [
    '/v2/snapshot/locale/global/markets/forex/tickers/C:EURUSD',
    { ticker: { lastQuote: { a: number, b: number, t: number, x: 48 } } },
  ],
  [
    '/v2/snapshot/locale/global/markets/crypto/tickers?tickers=X:BTCUSD,X:ETHUSD',
    { count: 2, tickers: [{ ticker: 'X:BTCUSD' }, { ticker: 'X:ETHUSD' }] },
  ],
  [
    '/v3/snapshot?ticker.any_of=X:BTCUSD,X:NOUSD',
    {
      results: [
        { ticker: 'X:BTCUSD', type: 'crypto', market_status: 'open' },
        { ticker: 'X:NOUSD', error: 'NOT_FOUND' },
      ],
    },
  ],
  [
    '/v1/open-close/crypto/BTC/USD/2026-06-30',
    { symbol: 'BTC-USD', isUTC: true, open: number, close: number },
  ],
  [
    '/v3/reference/exchanges?asset_class=crypto',
    {
      count: 5,
      results: expect.arrayContaining([
        { id: 23, name: 'Kraken', type: 'exchange', asset_class: 'crypto', locale: 'global' },
      ]),
    },
  ],
  [
    '/v3/reference/conditions?asset_class=crypto',
    {
      results: [
        { id: 1, name: 'Sell Side' },
        { id: 2, name: 'Buy Side' },
      ],
    },
  ],
  [
    '/v1/marketstatus/now',
    {
      market: 'open',
      serverTime: expect.stringMatching(/^2026-07-01T12:\d\d:\d\d-04:00$/),
      currencies: { crypto: 'open', fx: 'open' },
      exchanges: { nyse: 'open' },
    },
  ],
];

describe('the other answers', () => {
  it.each(SHAPES)('%s', async (path, shape) => {
    expect(await get(path)).toMatchObject({
      status: 200,
      body: { ...(shape as object), request_id: expect.any(String) },
    });
  });

  it('some are bare arrays', async () => {
    expect((await get('/v1/marketstatus/upcoming')).body).toEqual([]);
    expect((await get('/crypto/v1/exchanges')).body).toContainEqual({
      id: '1',
      type: 'exchange',
      market: 'crypto',
      name: 'Coinbase',
    });
  });

  it('tickers come in pages, chosen by market', async () => {
    const first = await get('/v3/reference/tickers?market=crypto&active=true&limit=5');
    const second = await get(String(first.body['next_url']));
    const names = [...rows(first), ...rows(second)].map((row) => String(row['ticker']));
    expect(names).toHaveLength(9);
    expect(names).toContain('X:USDTUSD');
    expect('next_url' in second.body).toBe(false);
    expect((await get('/v3/reference/tickers?market=moon')).status).toBe(400);
  });
});

/** Fault -> what a request for bars then sees. */
const FAULTS: readonly (readonly [fault: { kind: string; [name: string]: unknown }, seen: unknown])[] = [
  [
    { kind: 'rest_status', status: 429 },
    { status: 429, body: { status: 'ERROR', error: expect.stringContaining('maximum requests') } },
  ],
  [
    { kind: 'rest_status', status: 403 },
    { status: 403, body: { status: 'NOT_AUTHORIZED' } },
  ],
  [
    { kind: 'rest_status', status: 500 },
    { status: 500, body: { status: 'ERROR' } },
  ],
  [
    { kind: 'rest_status', status: 502, page: true },
    { status: 502, text: expect.stringContaining('<html>') },
  ],
  [{ kind: 'rest_ok_error' }, { status: 200, body: { status: 'ERROR' } }],
  [
    { kind: 'rest_ok_error', status: 'NOT_AUTHORIZED' },
    { status: 200, body: { status: 'NOT_AUTHORIZED' } },
  ],
  [
    { kind: 'rest_no_results' },
    { status: 200, body: expect.not.objectContaining({ results: expect.anything() }) },
  ],
  [
    { kind: 'rest_foreign_next' },
    { status: 200, body: { next_url: expect.stringMatching(/^https:\/\/attacker\.invalid\//) } },
  ],
  [{ kind: 'rest_malformed' }, { status: 200, body: { malformed: expect.stringMatching(/^\{"ticker"/) } }],
];

describe('a fault', () => {
  const path = '/v2/aggs/ticker/X:BTCUSD/range/1/day/2026-06-28/2026-06-29';

  it.each(FAULTS)('%j', async (fault, seen) => {
    await arm(simulator, { when: { operation: 'aggs', symbol: 'X:BTCUSD' }, times: 1, do: fault });
    expect(await get('/v1/last/crypto/BTC/USD')).toMatchObject({ status: 200, body: { status: 'success' } });
    expect(await get(path)).toMatchObject(seen as object);
    expect(await get(path)).toMatchObject({ status: 200, body: { status: 'OK', resultsCount: 2 } });
  });

  it('repeats next_url, without the key', async () => {
    await arm(simulator, { do: { kind: 'rest_repeat_next' } });
    const url = `${simulator.restUrl}${path}`;
    expect((await get(`${path}?apiKey=${KEY}`, null)).body['next_url']).toBe(url);
    expect((await get(url)).body['next_url']).toBe(url);
  });

  it('is slow, or breaks the connection', async () => {
    await arm(simulator, { times: 1, do: { kind: 'rest_slow', ms: 200 } });
    const from = Date.now();
    await get(path);
    expect(Date.now() - from).toBeGreaterThan(180);
    await arm(simulator, { times: 1, do: { kind: 'rest_break' } });
    await expect(get(path)).rejects.toThrow();
  });

  it('the control port names all operations', async () => {
    expect((await control(simulator, 'GET', '/kinds')).body['operations']).toEqual(REST_OPERATIONS);
  });
});
