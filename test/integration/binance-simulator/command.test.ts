import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { nodeBinary } from '../../../infra/local/processes/node-binary.ts';
import type { SimulatorReady } from '../../../infra/local/venues/binance/contract.ts';
import { readCommand } from '../../../infra/local/venues/binance/server/options.ts';
import { createValkey } from '../../../shared/adapters/valkey/client.ts';
import { priceKey } from '../../../shared/adapters/valkey/keys.ts';
import { startJsRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';
import { Socket, send, signed } from './client.ts';

const running: ChildProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly child: ChildProcess;
  readonly output: () => { readonly out: string; readonly err: string };
  readonly ended: Promise<number | null>;
}

function run(...args: string[]): Run {
  const child = spawn(nodeBinary(), ['infra/local/venues/binance/main.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let [out, err] = ['', ''];
  child.stdout?.on('data', (data: Buffer) => {
    out += data.toString();
  });
  child.stderr?.on('data', (data: Buffer) => {
    err += data.toString();
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, output: () => ({ out, err }), ended };
}

async function ready({ output }: Run): Promise<SimulatorReady> {
  const { out } = await until('the line', output, (seen) => seen.out.includes('\n'), 30_000);
  return JSON.parse(out) as SimulatorReady;
}

async function stop({ child, ended }: Run): Promise<void> {
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
}

describe('npm run simulator', () => {
  it('starts with prices, accounts and keys, and stops when it is told to', async () => {
    const one = run('--port', '0', '--json', '--speed=50');
    const { restUrl, wsApiUrl, accounts } = await ready(one);
    expect(accounts.map(({ uid, keyType }) => [uid, keyType])).toEqual([
      [1, 'hmac'],
      [2, 'hmac'],
      [1, 'ed25519'],
    ]);
    for (const account of accounts) {
      const answer = await signed(restUrl, account, {
        path: '/api/v3/account',
        values: { timestamp: Date.now() },
      });
      expect(answer).toMatchObject({ status: 200, body: { uid: account.uid } });
    }
    const price = async (): Promise<unknown> =>
      (await send(restUrl, { path: '/api/v3/ticker/price?symbol=BTCUSDT' })).body['price'];
    const first = await until('a price', price, (seen) => seen !== undefined);
    await until('another', price, (seen) => seen !== first);
    const socket = await Socket.open(wsApiUrl);
    await stop(one);
    await until(
      'the cut',
      () => socket.closed,
      (closed) => closed !== null,
    );
    expect(one.output().err).toBe('');
  });

  it('the same seed has the same HMAC keys, another has others', async () => {
    const [one, same, other] = [
      run('--port=0', '--json'),
      run('--port=0', '--json'),
      run('--port=0', '--json', '--seed=2'),
    ];
    const [a, b, c] = await Promise.all([ready(one), ready(same), ready(other)]);
    const keys = (of: SimulatorReady) => of.accounts.map(({ apiKey }) => apiKey);
    expect(keys(b)).toEqual(keys(a));
    expect(keys(c)).not.toEqual(keys(a));
    await Promise.all([stop(one), stop(same), stop(other)]);
  });

  it('speaks TLS with a certificate that can be trusted', async () => {
    const file = join(folder, 'cert.pem');
    const one = run('--port', '0', '--tls', '--cert', file, '--json');
    const { restUrl, wsApiUrl, streamUrl } = await ready(one);
    const ca = readFileSync(file, 'utf8');
    const get = request(`${restUrl}/api/v3/ping`, { ca, agent: false }).end();
    const [response] = await once(get, 'response');
    expect(response.statusCode).toBe(200);
    response.resume();
    for (const url of [wsApiUrl, `${streamUrl}/ws`]) (await Socket.open(url, { ca })).close();
    await expect(Socket.open(wsApiUrl)).rejects.toThrow(/self-signed/);
    await stop(one);
  });

  it('takes a fault script, and follows the prices of a running system', async () => {
    const redis = await startJsRedis();
    const valkey = createValkey(redis.url);
    try {
      const file = join(folder, 'faults.json');
      writeFileSync(file, JSON.stringify([{ when: { operation: 'time' }, do: { kind: 'blocked' } }]));
      const one = run('--port=0', '--json', `--faults=${file}`, '--prices', redis.url);
      const { restUrl } = await ready(one);
      expect((await send(restUrl, { path: '/api/v3/time' })).status).toBe(403);
      const last = async (): Promise<unknown> =>
        (await send(restUrl, { path: '/api/v3/ticker/price?symbol=ETHUSDT' })).body['price'];
      for (const [tickId, price] of [
        ['1', '2500.5'],
        ['2', '2600'],
      ] as const) {
        const fields = ['tickId', tickId, 'bid', price, 'ask', price, 'last', price];
        await valkey.command(['HSET', priceKey('ETH/USDT'), ...fields]);
        await until('the price', last, (seen) => Number(seen) === Number(price));
      }
      await stop(one);
      expect(one.output().err).toBe('');
    } finally {
      await valkey.close();
      await redis.stop();
    }
  });

  it('refuses what it does not know in words, before anything starts', async () => {
    const one = run('--colour');
    expect(await one.ended).toBe(2);
    expect(one.output()).toEqual({ out: '', err: 'unknown option --colour\n' });
    const file = join(folder, 'wrong.json');
    writeFileSync(file, JSON.stringify([{ do: { kind: 'explode' } }]));
    const two = run('--port=0', '--json', '--faults', file);
    expect(await two.ended).toBe(2);
    expect(two.output()).toEqual({ out: '', err: expect.stringContaining('kind') });
  });
});

describe('its options', () => {
  it('have defaults', () => {
    expect(readCommand([])).toEqual({
      port: 9600,
      tls: false,
      json: false,
      help: false,
      seed: 1,
      ticksPerSecond: 10,
      prices: null,
      faults: null,
      certificateFile: null,
      sapi: true,
    });
  });

  it.each([
    [['--port', '70000'], '--port 70000'],
    [['--port=65533'], '--port 65533'],
    [['--port'], '--port needs a value'],
    [['--port', '--tls'], '--port needs a value'],
    [['--tls', '--tls'], 'given twice'],
    [['--json=yes'], 'takes no value'],
    [['--cert', 'x'], '--cert goes with --tls'],
    [['--prices', 'http://x'], '--prices http://x'],
    [['--prices', 'redis://127.0.0.1:1', '--speed', '2'], '--speed goes with'],
    [['--faults', '/nowhere.json'], '/nowhere.json'],
    [['--seed', 'x'], '--seed x'],
    [['--speed', '0'], '--speed 0'],
  ])('%j is refused', (args, words) => {
    expect(() => readCommand(args)).toThrow(words);
  });
});
