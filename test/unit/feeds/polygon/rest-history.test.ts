/** Polygon's one-minute bars over HTTP, against a server of 127.0.0.1 that answers as the facts say. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { symbolRegistry } from '../../../../shared/domain/symbols.ts';
import {
  createPolygonRest,
  type PolygonRest,
  type PolygonRestOptions,
} from '../../../../shared/feeds/polygon/rest/client.ts';
import { createPolygonHistory } from '../../../../shared/feeds/polygon/rest/history.ts';
import { createPace } from '../../../../shared/feeds/polygon/rest/pace.ts';
import {
  type Answer,
  type ScriptedServer,
  startScriptedServer,
} from '../../venues/binance/scripted-server.ts';

const KEY = 'k3y_AbCdEfGh';
const DAY = Date.UTC(2026, 0, 5);
const FROM = DAY - 3_600_000;
const TO = DAY + 3_600_000;
const ROUTE = `GET /v2/aggs/ticker/X:BTCUSD/range/1/minute/${FROM}/${TO}`;

let server: ScriptedServer;
let waits: number[];
const never = new AbortController().signal;

beforeEach(async () => {
  server = await startScriptedServer();
  waits = [];
});
afterEach(() => server.stop());

const client = (more: Partial<PolygonRestOptions> = {}): PolygonRest => {
  let clock = 0;
  return createPolygonRest({
    url: server.url,
    key: KEY,
    requestsPerMinute: 1000,
    timeoutMs: 300,
    now: () => clock,
    random: () => 0.5,
    pause: async (ms) => {
      waits.push(ms);
      clock += ms;
    },
    ...more,
  });
};
const ask = (rest = client(), signal = never) => rest.minuteBars('X:BTCUSD', FROM, TO, signal);

const bar = (minutes: number, price: string) =>
  `{"o":${price},"h":${price},"l":${price},"c":${price},"v":1,"n":3,"t":${FROM + minutes * 60_000}}`;
const page = (bars: readonly string[], next?: string): Answer => ({
  text: `{"status":"OK","resultsCount":${bars.length},"results":[${bars.join()}]${next ? `,"next_url":"${next}"` : ''}}`,
});

describe('bars of Polygon', () => {
  it('are asked for with the key in its header only, and read from their own digits', async () => {
    const price = '0.1234567890123456789';
    server.on(ROUTE, page([bar(0, price), bar(1, '6.5E4')]));
    const answer = await ask();
    expect(answer.ok && answer.value.map(({ close }) => close)).toEqual([price, '6.5E4']);
    expect(answer.ok && answer.value[0]).toMatchObject({ trades: '3', at: String(FROM) });
    expect(server.asked[0]).toMatchObject({
      authorization: `Bearer ${KEY}`,
      params: { sort: 'asc', limit: '50000', adjusted: 'true' },
    });
    expect(`${server.asked[0]?.route}${server.asked[0]?.rawQuery}`).not.toContain(KEY);
  });

  it('are none where the results are left out', async () => {
    server.on(ROUTE, { json: { status: 'OK', resultsCount: 0 } });
    expect(await ask()).toEqual({ ok: true, value: [] });
  });

  it('go on over pages of the configured host', async () => {
    const next = '/v2/aggs/next?cursor=abc';
    server.on(ROUTE, page([bar(0, '1')], server.url + next));
    server.on('GET /v2/aggs/next', page([bar(1, '2')]));
    const answer = await ask();
    expect(answer.ok && answer.value.map(({ open }) => open)).toEqual(['1', '2']);
    expect(server.asked.map(({ authorization }) => authorization)).toEqual([
      `Bearer ${KEY}`,
      `Bearer ${KEY}`,
    ]);
    expect(server.asked[1]?.rawQuery).toBe('cursor=abc');
  });

  it.each(['https://evil.example/v2?cursor=a', 'https://api.massive.com/v2?cursor=a', 'no url'])(
    'send the key nowhere else: %s',
    async (next) => {
      server.on(ROUTE, page([bar(0, '1')], next));
      expect(await ask()).toMatchObject({ ok: false, error: { code: 'foreign_page' } });
      expect(server.asked).toHaveLength(1);
    },
  );

  it('follow no redirect', async () => {
    const other = await startScriptedServer();
    server.on(ROUTE, { status: 302, headers: { Location: `${other.url}/x` } });
    expect(await ask(client({ tries: 1 }))).toMatchObject({ ok: false });
    expect(other.asked).toHaveLength(0);
    await other.stop();
  });

  it('end where a page names itself, and after so many', async () => {
    server.on(ROUTE, page([], `${server.url}/loop`));
    server.on('GET /loop', page([], `${server.url}/loop`));
    expect(await ask()).toMatchObject({ ok: false, error: { code: 'unreadable' } });
    expect(server.asked).toHaveLength(2);
    server.on('GET /loop', ({ query }) => page([], `${server.url}/loop?n=${query.get('n') ?? ''}1`));
    expect(await ask()).toMatchObject({ ok: false, error: { code: 'unreadable' } });
    expect(server.asked).toHaveLength(2 + 20);
  });

  it.each<[string, Answer, string]>([
    ['a wrong key', { status: 401, json: { status: 'ERROR', error: 'Unknown API Key' } }, 'bad_key'],
    ['a wrong key under 200', { json: { status: 'ERROR', error: 'Unknown API Key' } }, 'bad_key'],
    [
      'no right',
      { status: 403, json: { status: 'NOT_AUTHORIZED', message: 'You are not entitled' } },
      'not_entitled',
    ],
    ['no right under 200', { json: { status: 'NOT_AUTHORIZED', message: 'upgrade' } }, 'not_entitled'],
    ['an unknown ticker', { status: 404, json: { status: 'NOT_FOUND' } }, 'unknown_ticker'],
    ['a bad request', { status: 400, json: { status: 'ERROR', error: 'from' } }, 'bad_request'],
  ])('tell %s at once', async (_what, answer, code) => {
    server.on(ROUTE, answer);
    expect(await ask()).toMatchObject({ ok: false, error: { code } });
    expect(server.asked).toHaveLength(1);
  });

  it.each<[string, Answer, string]>([
    ['a gateway page', { status: 502, text: '<html>Bad gateway</html>' }, 'unavailable'],
    ['a page under 200', { text: '<html>hello</html>' }, 'unreadable'],
    ['a status that is new', { json: { status: 'MAYBE' } }, 'unreadable'],
    ['a shape that is new', { json: { status: 'OK', results: [{ o: 'x' }] } }, 'unreadable'],
    ['a cut answer', 'cut', 'unavailable'],
    ['a reset', 'reset', 'unavailable'],
    ['silence', 'hang', 'unavailable'],
  ])('try %s again, a bounded number of times, later each time', async (_what, answer, code) => {
    server.on(ROUTE, answer);
    expect(await ask(client({ tries: 3 }))).toMatchObject({ ok: false, error: { code } });
    expect(server.asked).toHaveLength(3);
    expect(waits).toEqual([1250, 2500]);
  });

  it('wait as long as they are told when it was too much, and a minute where nothing is told', async () => {
    const error = "You've exceeded the maximum requests per minute, please wait or upgrade";
    const tooMany = { status: 429, json: { status: 'ERROR', error } };
    server.on(ROUTE, { ...tooMany, headers: { 'Retry-After': '7' } }, tooMany, page([bar(0, '1')]));
    expect(await ask()).toMatchObject({ ok: true });
    expect(waits).toEqual([8750, 75_000]);
  });

  it('never show the key', async () => {
    server.on(ROUTE, { status: 400, json: { status: 'ERROR', error: `bad ${KEY}` } });
    const answer = await ask();
    expect(JSON.stringify(answer)).not.toContain(KEY);
  });

  it('end when nobody needs them any more', async () => {
    server.on(ROUTE, 'hang');
    const stop = new AbortController();
    const asked = ask(client({ timeoutMs: 5_000 }), stop.signal);
    setTimeout(() => stop.abort(), 30);
    expect(await asked).toMatchObject({ ok: false, error: { code: 'stopped' } });
  });

  it('are asked for at the pace of the plan', async () => {
    let clock = 0;
    const left: number[] = [];
    const pace = createPace({
      perMinute: 5,
      now: () => clock,
      pause: async (ms) => {
        clock += ms;
      },
    });
    for (let i = 0; i < 12; i++) {
      await pace.turn(never);
      left.push(clock);
      clock += 1_000;
    }
    for (const [i, at] of left.entries())
      expect(at - (left[i - 5] ?? -60_000)).toBeGreaterThanOrEqual(60_000);
    expect(left.slice(0, 5)).toEqual([0, 1000, 2000, 3000, 4000]);
  });
});

describe('the history of a symbol', () => {
  const history = (now = TO) =>
    createPolygonHistory({ rest: client(), registry: symbolRegistry(), now: () => now });
  const minutes = (symbol: string, now = TO) => history(now).minutes(symbol, FROM, TO, never);
  const LAST = `GET /v2/aggs/ticker/X:BTCUSD/range/1/minute/${FROM}/${TO - 1}`;

  it('is of the dollar pair, in units, without the running minute and without nonsense', async () => {
    const odd = (o: number, h: number, l: number, c: number) =>
      `{"o":${o},"h":${h},"l":${l},"c":${c},"v":1,"t":${FROM + 240_000}}`;
    const bars = [
      `{"o":10.5,"h":12,"l":10,"c":11.00005,"v":2,"t":${FROM}}`,
      bar(1, '5'),
      ...[odd(0, 1, 0, 1), odd(5, 4, 3, 4), odd(5, 6, 5.5, 6), bar(-1, '5'), bar(1.5, '5')],
      bar(119, '7'),
    ];
    server.on(LAST, page(bars));
    expect(await minutes('BTC/USDT', TO - 1)).toEqual({
      outcome: 'minutes',
      ticker: 'X:BTCUSD',
      skipped: 5,
      minutes: [
        { minute: FROM / 60_000, open: 105_000, high: 120_000, low: 100_000, close: 110_000, count: null },
        { minute: FROM / 60_000 + 1, open: 50_000, high: 50_000, low: 50_000, close: 50_000, count: 3 },
      ],
    });
  });

  it('reaches to the last whole day where today is not told', async () => {
    server.on(LAST, { status: 403, json: { status: 'NOT_AUTHORIZED', message: 'this data timeframe' } });
    server.on(`GET /v2/aggs/ticker/X:BTCUSD/range/1/minute/${FROM}/${DAY - 1}`, page([bar(0, '5')]));
    expect(await minutes('BTC/USDT')).toMatchObject({ outcome: 'minutes', minutes: [{ close: 50_000 }] });
  });

  it('is none where Polygon has none, and failed where it cannot be asked', async () => {
    server.on(LAST, { status: 404, json: { status: 'NOT_FOUND' } });
    expect(await minutes('BTC/USDT')).toMatchObject({ outcome: 'none' });
    server.on(LAST, { status: 401, json: { status: 'ERROR', error: 'Unknown API Key' } });
    expect(await minutes('BTC/USDT')).toMatchObject({ outcome: 'failed', hopeless: true });
    server.on(LAST, { status: 400, json: { status: 'ERROR' } });
    expect(await minutes('BTC/USDT')).toMatchObject({ outcome: 'failed', hopeless: false });
    expect(await minutes('NOPE/USDT')).toMatchObject({ outcome: 'failed', hopeless: false });
  });
});
