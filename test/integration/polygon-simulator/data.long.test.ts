import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PolygonSimulator } from '../../../infra/local/venues/polygon/start.ts';
import { until } from '../../support/until.ts';
import { aPolygon, type Client, control, live, type Message } from './client.ts';

let simulator: PolygonSimulator;
beforeAll(async () => {
  simulator = await aPolygon({ rate: 1_000, resend: { share: 1, minMs: 100, maxMs: 200 } });
});
afterAll(() => simulator.stop());

const on = (cluster: string, topics: readonly string[]): Promise<Client> =>
  live(`${simulator.wsUrl}/${cluster}`, topics);
const number = expect.any(Number);

/** Every kind of message, with the members that it has and no others. */
const SHAPES: readonly (readonly [cluster: string, topic: string, shape: Message])[] = [
  [
    'crypto',
    'XT.BTC-USD',
    {
      ev: 'XT',
      pair: 'BTC-USD',
      p: number,
      t: number,
      s: number,
      c: [number],
      i: expect.any(String),
      x: number,
      r: number,
    },
  ],
  [
    'crypto',
    'XQ.BTC-USD',
    {
      ev: 'XQ',
      pair: 'BTC-USD',
      bp: number,
      bs: number,
      ap: number,
      as: number,
      t: number,
      x: number,
      r: number,
    },
  ],
  [
    'crypto',
    'XAS.BTC-USD',
    {
      ev: 'XAS',
      pair: 'BTC-USD',
      v: number,
      vw: number,
      z: 0,
      o: number,
      c: number,
      h: number,
      l: number,
      s: number,
      e: number,
    },
  ],
  ['crypto', 'FMV.X:BTC-USD', { ev: 'FMV', fmv: number, sym: 'X:BTC-USD', t: number }],
  [
    'stocks',
    'T.AAPL',
    {
      ev: 'T',
      sym: 'AAPL',
      x: number,
      i: expect.any(String),
      z: 3,
      p: number,
      s: number,
      t: number,
      q: number,
      ds: expect.any(String),
    },
  ],
  [
    'stocks',
    'Q.AAPL',
    {
      ev: 'Q',
      sym: 'AAPL',
      bx: number,
      bp: number,
      bs: number,
      ax: number,
      ap: number,
      as: number,
      c: 1,
      t: number,
      q: number,
      z: 3,
    },
  ],
  [
    'stocks',
    'A.AAPL',
    {
      ev: 'A',
      sym: 'AAPL',
      v: number,
      dv: expect.any(String),
      av: number,
      dav: expect.any(String),
      op: number,
      vw: number,
      o: number,
      c: number,
      h: number,
      l: number,
      a: number,
      z: number,
      s: number,
      e: number,
    },
  ],
  [
    'stocks',
    'LULD.AAPL',
    { ev: 'LULD', T: 'AAPL', h: number, l: number, i: [16], z: 3, t: number, q: number },
  ],
  ['forex', 'C.EUR/USD', { ev: 'C', p: 'EUR/USD', x: 48, a: number, b: number, i: 0, t: number }],
  [
    'forex',
    'CAS.EUR/USD',
    {
      ev: 'CAS',
      pair: 'EUR/USD',
      o: number,
      c: number,
      h: number,
      l: number,
      v: number,
      s: number,
      e: number,
    },
  ],
];

describe('messages', () => {
  it.each(SHAPES)('%s %s', async (cluster, topic, shape) => {
    const client = await on(cluster, [topic]);
    const ev = topic.split('.')[0] ?? '';
    const [message] = await client.some(ev, 1, 15_000);
    expect(message).toEqual(shape);
    client.end();
  });

  it('come as arrays that mix kinds and symbols', async () => {
    const client = await on('crypto', ['XT.*', 'XQ.*']);
    await client.some('XT', 100);
    const kinds = client.frames.map((frame) => {
      const list = JSON.parse(frame) as Message[];
      return `${new Set(list.map(({ ev }) => ev)).size}${new Set(list.map(({ pair }) => pair)).size > 1}`;
    });
    expect(kinds).toContain('2true');
    expect(client.odd).toEqual([]);
    client.end();
  });

  it('of one venue never go back in time; quotes are per venue and never crossed', async () => {
    const client = await on('crypto', ['XT.BTC-USD', 'XQ.BTC-USD']);
    await client.some('XQ', 100);
    const last = new Map<unknown, number>();
    for (const message of [...client.of('XT'), ...client.of('XQ')]) {
      const key = `${message['ev']} ${message['x']}`;
      expect(message['t']).toBeGreaterThanOrEqual(last.get(key) ?? 0);
      expect(message['r']).toBeGreaterThan(Number(message['t']));
      last.set(key, Number(message['t']));
    }
    expect(new Set(client.of('XQ').map(({ x }) => x))).toEqual(new Set([1, 2, 6, 10, 23]));
    for (const { bp, ap } of client.of('XQ')) expect(Number(bp)).toBeLessThan(Number(ap));
    client.end();
  });

  it("number trades uniquely per venue, Kraken's with UUIDs, small sizes with exponents", async () => {
    const client = await on('crypto', ['XT.BTC-USD']);
    await client.some('XT', 300);
    const trades = client.of('XT');
    const ids = trades.map(({ x, i }) => `${x} ${i}`);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { x, i } of trades) {
      expect(i).toMatch(
        x === 23 ? /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/ : /^\d+$/,
      );
    }
    client.end();
  });
});

describe('bars', () => {
  it('come late, hold their trades, and are told again with other values', async () => {
    const client = await on('crypto', ['XT.BTC-USD', 'XAS.BTC-USD']);
    const since = Date.now();
    const bars = await until(
      'a bar twice',
      () => {
        const seen = client.of('XAS').filter(({ s }) => Number(s) >= since);
        return seen.filter(({ s }) => s === seen[0]?.['s']);
      },
      (seen) => seen.length === 2,
    );
    const [first, again] = bars as [Message, Message];
    expect(Number(first['e']) - Number(first['s'])).toBe(1_000);
    expect(again).not.toEqual(first);
    expect(again).toMatchObject({ o: first['o'], c: first['c'], s: first['s'], e: first['e'] });
    expect(Number(again['v'])).toBeGreaterThan(Number(first['v']));
    const trades = client
      .of('XT')
      .filter(({ t }) => Number(t) >= Number(first['s']) + 200 && Number(t) < Number(first['e']) - 200);
    expect(trades.length).toBeGreaterThan(0);
    for (const { p } of trades) {
      expect(Number(p)).toBeLessThanOrEqual(Number(first['h']));
      expect(Number(p)).toBeGreaterThanOrEqual(Number(first['l']));
    }
    client.end();
  });

  it('are missing where nothing was traded', async () => {
    await control(simulator, 'POST', '/rate', { cluster: 'crypto', perSecond: 0 });
    const client = await on('crypto', ['XAS.*']);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const before = client.of('XAS').length;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(client.of('XAS').length).toBe(before);
    await control(simulator, 'POST', '/rate', { cluster: 'crypto', perSecond: 1_000 });
    await client.some('XAS', before + 1);
    client.end();
  });
});

describe('prices', () => {
  it('are set by hand, told at once at every venue, and let go', async () => {
    const client = await on('crypto', ['XT.BTC-USD', 'XQ.BTC-USD']);
    await client.some('XT');
    expect((await control(simulator, 'POST', '/price', { symbol: 'BTC-USD', price: '61000.5' })).status).toBe(
      200,
    );
    const before = client.messages.length;
    const later = () => client.messages.slice(before + 50).filter(({ ev }) => ev === 'XT');
    await until('held trades', later, (seen) => seen.length > 10);
    expect(new Set(later().map(({ p }) => p))).toEqual(new Set([61000.5]));
    await control(simulator, 'POST', '/follow', { symbol: 'BTC-USD', home: false });
    await until(
      'other prices',
      () => client.of('XT').at(-1)?.['p'],
      (p) => p !== 61000.5,
    );
    expect(Number(client.of('XT').at(-1)?.['p']) / 61000.5).toBeCloseTo(1, 2);
    await control(simulator, 'POST', '/follow', { symbol: 'BTC-USD' });
    client.end();
  });

  it.each([
    { symbol: 'NO-USD', price: '1' },
    { symbol: 'BTC-USD', price: '1.001' },
    { symbol: 'BTC-USD', price: '0' },
    { symbol: 'BTC-USD', price: 1 },
  ])('%j is refused in words', async (body) => {
    const { status, body: answer } = await control(simulator, 'POST', '/price', body);
    expect([status, typeof answer['error']]).toEqual([400, 'string']);
  });

  it('are the same for the same seed and time, other ones for another seed', async () => {
    const now = () => 1_790_000_000_000;
    const started = await Promise.all([1, 1, 2].map((seed) => aPolygon({ seed, now, rate: 0 })));
    const [one, same, other] = await Promise.all(started.map((s) => control(s, 'GET', '/prices')));
    await Promise.all(started.map((s) => s.stop()));
    expect(same?.body).toEqual(one?.body);
    expect(other?.body).not.toEqual(one?.body);
    expect(Math.abs(Number(one?.body['USDT-USD']) - 1)).toBeLessThan(0.001);
  });
});
