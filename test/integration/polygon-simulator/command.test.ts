import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Logs } from '../../../infra/local/processes/logs.ts';
import { nodeBinary } from '../../../infra/local/processes/node-binary.ts';
import { startPolygonSimulator } from '../../../infra/local/services/polygon-simulator.ts';
import { type PolygonReady, readPolygonCommand } from '../../../infra/local/venues/polygon/options.ts';
import { until } from '../../support/until.ts';
import { live, rest } from './client.ts';

const running: ChildProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), 'polygon-'));
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]) {
  const child = spawn(nodeBinary(), ['infra/local/venues/polygon/main.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString();
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const ready = async (): Promise<PolygonReady> => {
    await until(
      'the line',
      () => out,
      (seen) => seen.includes('\n'),
      30_000,
    );
    return JSON.parse(out) as PolygonReady;
  };
  return { child, ended, ready, output: () => ({ out, err }) };
}

describe('npm run simulator:polygon', () => {
  it('starts with prices and a key per plan, and stops when it is told to', async () => {
    const one = run('--port', '0', '--json', '--rate=300', '--symbols', '30');
    const { wsUrl, restUrl, keys } = await one.ready();
    expect(Object.keys(keys)).toEqual(['full', 'business', 'bars', 'free', 'none']);
    for (const key of Object.values(keys)) expect(key).toMatch(/^[A-Za-z0-9]{32}$/);
    const client = await live(`${wsUrl}/crypto`, ['XT.*'], keys['full']);
    await until('the more', () => client.of('XT').some(({ pair }) => pair === 'SIMABD-USD'), Boolean);
    expect((await rest(restUrl, '/v1/last/crypto/BTC/USD', keys['full'] ?? null)).status).toBe(200);
    one.child.kill('SIGTERM');
    expect(await one.ended).toBe(0);
    expect(await client.closing()).toBe(1006);
    expect(one.output().err).toBe('');
  });

  it('speaks TLS with a certificate that can be trusted', async () => {
    const file = join(folder, 'cert.pem');
    const one = run('--port=0', '--tls', '--cert', file, '--json');
    const { wsUrl } = await one.ready();
    const socket = new WebSocket(`${wsUrl}/crypto`, { ca: readFileSync(file, 'utf8') });
    const [first] = await once(socket, 'message');
    expect(String(first)).toContain('Connected Successfully');
    socket.terminate();
    const [error] = await once(new WebSocket(`${wsUrl}/crypto`), 'error');
    expect(String(error)).toMatch(/self-signed/);
    one.child.kill('SIGTERM');
    expect(await one.ended).toBe(0);
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

describe('beside the laptop system', () => {
  it('tells addresses and a key that work, and no log has them', async () => {
    const directory = join(folder, 'logs');
    const logs = new Logs({ directory, verbose: true, show: () => undefined });
    const polygon = await startPolygonSimulator({ logs, args: ['--rate', '50'] });
    const client = await live(`${polygon.wsUrl}/crypto`, ['XT.BTC-USD'], polygon.key);
    await client.some('XT');
    await polygon.stop();
    expect(await client.closing()).toBe(1006);
    await logs.close();
    const texts = readdirSync(directory).map((name) => readFileSync(join(directory, name), 'utf8'));
    expect(texts.join()).not.toContain(polygon.key);
  });
});

describe('its options', () => {
  it('have defaults', () => {
    expect(readPolygonCommand([])).toEqual({
      port: 9610,
      tls: false,
      json: false,
      help: false,
      seed: 1,
      rate: 100,
      moreSymbols: 0,
      windowMs: 20,
      alwaysOpen: false,
      faults: null,
      certificateFile: null,
      prices: null,
    });
  });

  it.each([
    [['--port', '70000'], '--port 70000'],
    [['--port'], '--port needs a value'],
    [['--tls', '--tls'], 'given twice'],
    [['--json=yes'], 'takes no value'],
    [['--cert', 'x'], '--cert goes with --tls'],
    [['--rate', '100001'], '--rate 100001'],
    [['--window=101'], '--window 101'],
    [['--faults', '/nowhere.json'], '/nowhere.json'],
    [['--prices', '127.0.0.1:6379'], '--prices 127.0.0.1:6379: redis://'],
  ])('%j is refused', (args, words) => {
    expect(() => readPolygonCommand(args)).toThrow(words);
  });
});
