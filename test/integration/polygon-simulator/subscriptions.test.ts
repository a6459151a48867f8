import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PolygonSimulator } from '../../../infra/local/venues/polygon/start.ts';
import { until } from '../../support/until.ts';
import { ACK, aPolygon, type Client, live } from './client.ts';

let simulator: PolygonSimulator;
beforeAll(async () => {
  simulator = await aPolygon();
});
afterAll(() => simulator.stop());

const on = (cluster: string, topics: readonly string[] = [], key?: string): Promise<Client> =>
  live(`${simulator.wsUrl}/${cluster}`, topics, key);

/** Statuses after the handshake, up to the answer to a last topic. */
async function answersTo(client: Client, params: string, last: string): Promise<readonly string[]> {
  const before = client.statuses.length;
  client.send('subscribe', params);
  client.send('subscribe', last);
  await client.status(`${ACK}${last}`);
  return client.statuses.slice(before, -1);
}

describe('a subscription', () => {
  it('is confirmed topic by topic; what is held, unknown or of another cluster is passed over', async () => {
    const client = await on('crypto');
    expect(await answersTo(client, 'XA.BTC-USD, XA.ETH-USD', 'XA.SOL-USD')).toEqual([
      `${ACK}XA.BTC-USD`,
      `${ACK}XA.ETH-USD`,
    ]);
    expect(await answersTo(client, 'XA.BTC-USD', 'XA.BNB-USD')).toEqual([]);
    expect(
      await answersTo(client, 'XAM.BTC-USD,CAM.EUR/USD,T.AAPL,XL2.BTC-USD,nonsense', 'XAS.SOL-USD'),
    ).toEqual([]);
    client.send('unsubscribe', 'XT.BTC-USD');
    client.send('unsubscribe', 'XA.BTC-USD');
    await client.status('success: unsubscribed to: XA.BTC-USD');
    expect(client.statuses.filter((text) => text.includes('unsubscribed'))).toHaveLength(1);
    client.end();
  });

  it('of a ticker that does not exist is confirmed and stays silent', async () => {
    const client = await on('crypto', ['XT.BTC-USDT', 'XT.NO-USD', 'XT.BTC-USD']);
    await client.some('XT', 10);
    expect(new Set(client.of('XT').map(({ pair }) => pair))).toEqual(new Set(['BTC-USD']));
    client.end();
  });

  it('is refused in part: refusals first, the rest is live', async () => {
    const client = await on('crypto', [], 'bars-key');
    client.send('subscribe', 'XAS.BTC-USD,XT.BTC-USD,XQ.BTC-USD,XA.BTC-USD');
    await client.status(`${ACK}XA.BTC-USD`);
    expect(client.statuses.slice(2)).toEqual([
      'error: not authorized',
      'error: not authorized',
      `${ACK}XAS.BTC-USD`,
      `${ACK}XA.BTC-USD`,
    ]);
    await client.some('XAS', 1, 10_000);
    expect(client.of('XT')).toEqual([]);
    client.end();
  });

  it('of all is one topic, and a message comes once', async () => {
    const client = await on('crypto', ['XT.*', 'XT.BTC-USD']);
    await until(
      'all symbols',
      () => new Set(client.of('XT').map(({ pair }) => pair)).size,
      (n) => n === 9,
    );
    const keys = client.of('XT').map(({ x, i, pair }) => `${x} ${i} ${pair}`);
    expect(new Set(keys).size).toBe(keys.length);
    client.send('unsubscribe', 'XT.*');
    await client.status('success: unsubscribed to: XT.*');
    const before = client.of('XT').length;
    await client.some('XT', before + 20);
    expect(
      new Set(
        client
          .of('XT')
          .slice(before)
          .map(({ pair }) => pair),
      ),
    ).toEqual(new Set(['BTC-USD']));
    client.end();
  });

  it('of a forex pair may have a hyphen; its data have a slash', async () => {
    const client = await on('forex', ['C.XAU-USD']);
    client.send('subscribe', 'C.XAU/USD');
    const [quote] = await client.some('C', 3);
    expect(quote).toEqual({
      ev: 'C',
      p: 'XAU/USD',
      x: 48,
      a: expect.any(Number),
      b: expect.any(Number),
      i: 0,
      t: expect.any(Number),
    });
    expect(client.statuses.filter((text) => text.startsWith(ACK))).toEqual([`${ACK}C.XAU-USD`]);
    client.end();
  });

  it('splits a topic at its first dot only', async () => {
    const client = await on('stocks', ['T.BRK.B']);
    const [trade] = await client.some('T');
    expect(trade).toMatchObject({ sym: 'BRK.B' });
    client.end();
  });

  it('may be confirmed in frames of its own, and is gone with the connection', async () => {
    const single = await aPolygon({ sockets: { acks: 'single' } });
    try {
      const client = await live(`${single.wsUrl}/crypto`, []);
      client.send('subscribe', 'XA.BTC-USD,XA.ETH-USD');
      await client.status(`${ACK}XA.ETH-USD`);
      expect(client.frames.slice(2)).toHaveLength(2);
      client.end();
      const again = await live(`${single.wsUrl}/crypto`, ['XAS.SOL-USD']);
      await again.some('XAS', 2, 10_000);
      expect(again.of('XA')).toEqual([]);
      again.end();
    } finally {
      await single.stop();
    }
  });

  it('at the delayed listener is of stocks only', async () => {
    const client = await live(`${simulator.delayedUrl}/crypto`, []);
    client.send('subscribe', 'XT.BTC-USD');
    await client.status('error: not authorized');
    client.end();
    const stocks = await live(`${simulator.delayedUrl}/stocks`, ['T.AAPL']);
    const [trade] = await stocks.some('T');
    const age = Date.now() - Number(trade?.['t']);
    expect(age).toBeGreaterThan(899_000);
    expect(age).toBeLessThan(910_000);
    stocks.end();
  });
});
