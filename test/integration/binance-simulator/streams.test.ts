import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CreatedKey } from '../../../infra/local/venues/binance/server/keys.ts';
import type { Simulator } from '../../../infra/local/venues/binance/start.ts';
import { until } from '../../support/until.ts';
import { aSimulator, MARKET_BUY, type Message, place, Socket } from './client.ts';

let simulator: Simulator;
let key: CreatedKey;
const sockets: Socket[] = [];
beforeEach(async () => {
  ({ simulator, key } = await aSimulator({
    exchange: { book: { spreadTicks: 1, levels: 20, levelNotional: '6000', stepTicks: 1 } },
  }));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await simulator.stop();
});

async function open(path: string): Promise<Socket> {
  const socket = await Socket.open(`${simulator.streamUrl}${path}`);
  sockets.push(socket);
  return socket;
}

const of = (type: string) => (message: Message) => message['e'] === type;

describe('real-time streams', () => {
  it('trades one by one, and gathered by taker order', async () => {
    const [raw, gathered] = [await open('/ws/btcusdt@trade'), await open('/ws/btcusdt@aggTrade')];
    // Three levels of the book.
    await place(simulator.restUrl, key, { ...MARKET_BUY, quantity: '0.25' });
    await until(
      'three trades',
      () => raw.heard.length,
      (count) => count === 3,
    );
    for (const trade of raw.heard) {
      expect(trade).toMatchObject({ e: 'trade', s: 'BTCUSDT', m: false, M: true, p: expect.any(String) });
    }
    expect(raw.heard.map((trade) => trade['p'])).toEqual([
      '60000.01000000',
      '60000.02000000',
      '60000.03000000',
    ]);
    await until(
      'their aggregates',
      () => gathered.heard.length,
      (count) => count === 3,
    );
    const query = await fetch(`${simulator.restUrl}/api/v3/aggTrades?symbol=BTCUSDT&limit=3`);
    const asked = (await query.json()) as Message[];
    expect(gathered.heard.map(({ e, E, s, ...aggregate }) => aggregate)).toEqual(asked);
  });

  it('the best prices, without type and time', async () => {
    const socket = await open('/ws/btcusdt@bookTicker');
    simulator.exchange.feedPrice('BTCUSDT', { last: '61000', bid: '60999.5', ask: '61000.5' });
    const best = await socket.wait('best prices', (message) => message['b'] === '60999.50000000');
    expect(Object.keys(best).sort()).toEqual(['A', 'B', 'a', 'b', 's', 'u']);
    expect(best['a']).toBe('61000.50000000');
  });
});

describe('periodic streams', () => {
  it.each([
    ['btcusdt@kline_1m', 'kline'],
    ['btcusdt@miniTicker', '24hrMiniTicker'],
    ['btcusdt@ticker', '24hrTicker'],
    ['btcusdt@avgPrice', 'avgPrice'],
  ])('%s', async (name, type) => {
    const socket = await open(`/ws/${name}`);
    const message = await socket.wait(name, of(type));
    expect(message).toMatchObject({ E: expect.any(Number), s: 'BTCUSDT' });
    expect(JSON.stringify(message)).not.toContain('null');
  });

  it('partial depth of 5, 10 and 20 levels', async () => {
    for (const levels of [5, 10, 20]) {
      const socket = await open(`/ws/btcusdt@depth${levels}@100ms`);
      const book = await socket.wait('a book', (message) => message['lastUpdateId'] !== undefined);
      expect([book['bids'], book['asks']]).toEqual([
        expect.objectContaining({ length: levels }),
        expect.objectContaining({ length: levels }),
      ]);
    }
  });

  it('depth changes lead from one snapshot to the next', async () => {
    type Level = [string, string];
    const socket = await open('/ws/btcusdt@depth@100ms');
    const ask = async () => {
      const answer = await fetch(`${simulator.restUrl}/api/v3/depth?symbol=BTCUSDT&limit=5000`);
      return (await answer.json()) as { lastUpdateId: number; bids: Level[]; asks: Level[] };
    };
    await socket.ask('LIST_SUBSCRIPTIONS');
    const first = await ask();
    simulator.exchange.feedPrice('BTCUSDT', { last: '60000.05' });
    await place(simulator.restUrl, key, MARKET_BUY);
    const second = await ask();
    const isLast = (message: Message): boolean => message['u'] === second.lastUpdateId;
    await socket.wait('the changes', isLast);
    const book = { b: new Map(first.bids), a: new Map(first.asks) };
    let known = first.lastUpdateId;
    for (const change of socket.heard.filter(of('depthUpdate'))) {
      if (Number(change['u']) <= first.lastUpdateId) continue;
      expect(Number(change['U'])).toBeLessThanOrEqual(known + 1);
      known = Number(change['u']);
      for (const side of ['b', 'a'] as const) {
        for (const [price, quantity] of change[side] as Level[]) {
          if (Number(quantity) === 0) book[side].delete(price);
          else book[side].set(price, quantity);
        }
      }
    }
    expect(book).toEqual({ b: new Map(second.bids), a: new Map(second.asks) });
  });

  it('all mini tickers: only those that changed', async () => {
    simulator.exchange.feedPrice('ETHUSDT', { last: '2500' });
    const socket = await open('/ws/!miniTicker@arr');
    await until(
      'the first',
      () => socket.heard.length,
      (count) => count >= 1,
    );
    const names = (at: number): unknown[] =>
      (socket.heard[at] as unknown as Message[]).map((message) => message['s']);
    expect(names(0)).toContain('ETHUSDT');
    simulator.exchange.feedPrice('ETHUSDT', { last: '2501' });
    await until(
      'the second',
      () => socket.heard.length,
      (count) => count >= 2,
    );
    expect(names(1)).toEqual(['ETHUSDT']);
  });

  it('a kline is told once more when it has closed', async () => {
    const socket = await open('/ws/btcusdt@kline_1s');
    const isClosed = (message: Message): boolean => (message['k'] as { x: boolean } | undefined)?.x === true;
    const timer = setInterval(() => simulator.exchange.feedPrice('BTCUSDT', { last: '60001' }), 100);
    try {
      const closed = (await socket.wait('a closed one', isClosed)) as unknown as {
        E: number;
        k: { T: number };
      };
      expect(closed.k.T).toBeLessThan(closed.E);
    } finally {
      clearInterval(timer);
    }
  });
});

describe('combined streams and control messages', () => {
  it('wraps what is subscribed by URL and by message, until told otherwise', async () => {
    const socket = await open('/stream?streams=btcusdt@trade/ethusdt@trade');
    expect(await socket.ask('LIST_SUBSCRIPTIONS')).toMatchObject({
      result: ['btcusdt@trade', 'ethusdt@trade'],
    });
    simulator.exchange.feedPrice('ETHUSDT', { last: '2500' });
    const wrapped = await socket.wait('wrapped', (message) => message['stream'] === 'ethusdt@trade');
    expect(wrapped['data']).toMatchObject({ e: 'trade', s: 'ETHUSDT' });
    socket.socket.send('{"method":"SET_PROPERTY","params":["combined",false],"id":50}');
    await socket.wait('set', ({ id }) => id === 50);
    simulator.exchange.feedPrice('ETHUSDT', { last: '2501' });
    await socket.wait('bare', of('trade'));
  });

  it('subscribes and unsubscribes', async () => {
    const socket = await open('/ws');
    const tell = async (method: string, params: unknown[], id: number | string): Promise<Message> => {
      socket.socket.send(JSON.stringify({ method, params, id }));
      return socket.wait(method, (message) => message.id === id);
    };
    expect(await tell('SUBSCRIBE', ['btcusdt@trade', 'nothing@nowhere'], 1)).toEqual({ result: null, id: 1 });
    simulator.exchange.feedPrice('BTCUSDT', { last: '60001' });
    await socket.wait('a trade', of('trade'));
    expect(await tell('UNSUBSCRIBE', ['btcusdt@trade'], 'abc')).toEqual({ result: null, id: 'abc' });
    const heard = socket.heard.length;
    simulator.exchange.feedPrice('BTCUSDT', { last: '60002' });
    expect(await tell('GET_PROPERTY', ['combined'], 3)).toEqual({ result: false, id: 3 });
    expect(socket.heard.slice(heard).filter(of('trade'))).toEqual([]);
  });

  it.each([
    ['{', { code: 3 }],
    ['{"id":1}', { code: 2 }],
    ['{"method":"SUBSCRIBBLE","id":1}', { code: 2 }],
    ['{"method":"SUBSCRIBE","params":["a"]}', { code: 2 }],
    ['{"method":"SET_PROPERTY","params":["colour",true],"id":1}', { code: 0, id: 1 }],
    ['{"method":"SET_PROPERTY","params":["combined","yes"],"id":1}', { code: 1, id: 1 }],
    ['{"method":"GET_PROPERTY","params":[],"id":1}', { code: 2, id: 1 }],
  ])('%s is answered with its error', async (text, error) => {
    const socket = await open('/ws');
    socket.socket.send(text);
    expect(await socket.wait('an error', (message) => message['code'] !== undefined)).toMatchObject(error);
  });

  it('cuts one who sends more than five frames in a second', async () => {
    const socket = await open('/ws');
    // Twelve, because the second may change in between.
    for (let n = 0; n < 12; n += 1) socket.socket.ping();
    await until(
      'the cut',
      () => socket.closed,
      (closed) => closed !== null,
    );
  });

  it('the shutdown notice, bare and wrapped', async () => {
    const [raw, combined] = [await open('/ws'), await open('/stream?streams=btcusdt@trade')];
    simulator.addFaults([{ do: { kind: 'server_shutdown', sockets: 'streams', ms: 100 } }]);
    await raw.wait('bare', of('serverShutdown'));
    await combined.wait('wrapped', (message) => message['stream'] === '!serverShutdown');
    await until(
      'the cut',
      () => raw.closed,
      (closed) => closed !== null,
    );
  });
});
