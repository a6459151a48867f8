/** When a process of the streamer is to be replaced, and who may ask. */
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Health, serveHealth, TOLERATED_MS } from '../../../functions/streamer/health.ts';
import { watched } from '../../../functions/streamer/part.ts';

describe('health', () => {
  it('gives a part time to recover, and names those that have not', () => {
    let now = 0;
    const well = { prices: true, userData: true };
    const health = new Health(
      [
        { name: 'prices', isWell: () => well.prices },
        { name: 'user data', isWell: () => well.userData },
      ],
      () => now,
    );
    expect(health.look()).toEqual([]);
    well.prices = false;
    expect(health.look()).toEqual([]);
    now = TOLERATED_MS;
    expect(health.look()).toEqual([]);
    now += 1;
    expect(health.look()).toEqual(['prices']);
    well.prices = true;
    expect(health.look()).toEqual([]);
    // Time that has passed before counts no more.
    well.prices = false;
    well.userData = false;
    now += TOLERATED_MS;
    expect(health.look()).toEqual([]);
    now += TOLERATED_MS + 1;
    expect(health.look()).toEqual(['prices', 'user data']);
  });

  it('answers on the own address, 503 with the names', async () => {
    let now = 0;
    const health = new Health([{ name: 'prices', isWell: () => false }], () => now);
    const server = await serveHealth(health, 0);
    const { port, address } = server.address() as AddressInfo;
    const ask = (): Promise<[number | undefined, string]> =>
      new Promise((resolve, reject) => {
        get({ port, host: '127.0.0.1' }, (answer) => {
          let body = '';
          answer.on('data', (chunk: Buffer) => {
            body += chunk.toString();
          });
          answer.on('end', () => resolve([answer.statusCode, body]));
        }).on('error', reject);
      });
    expect(address).toBe('127.0.0.1');
    expect(await ask()).toEqual([200, '{"unwell":[]}']);
    now = TOLERATED_MS + 1;
    expect(await ask()).toEqual([503, '{"unwell":["prices"]}']);
    server.close();
  });
});

describe('a watched part', () => {
  it('is well while it runs and says so, and never between two of its runs', async () => {
    let isWell = true;
    let end: () => void = () => undefined;
    const part = {
      run: () => new Promise<void>((resolve) => (end = resolve)),
      stop: () => end(),
    };
    const { make, watched: seen } = watched(
      'prices',
      () => part,
      () => isWell,
    );
    expect(seen.isWell()).toBe(false);
    const made = make();
    const running = made.run();
    expect(seen.isWell()).toBe(true);
    isWell = false;
    expect(seen.isWell()).toBe(false);
    isWell = true;
    made.stop();
    await running;
    expect(seen.isWell()).toBe(false);
  });
});
