/** The command itself, with the real template: what it prints, and that nothing outlives it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { nodeBinary } from '../../../infra/local/processes/node-binary.ts';
import { alive, descendants } from './processes.ts';

const MAIN = fileURLToPath(new URL('../../../infra/local/main.ts', import.meta.url));
/** Generous: other tests may have the machine. */
const START = { timeout: 60_000, interval: 50 };
const TEST_TIMEOUT_MS = 90_000;
const WAIT = { timeout: 5_000, interval: 50 };

const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

function run(...args: string[]) {
  const child = spawn(nodeBinary(), [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  const output = { stdout: [] as string[], stderr: [] as string[] };
  for (const name of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[name] }).on('line', (line) => output[name].push(line));
  }
  return { child, output };
}

async function ready(args: string[]) {
  const { child, output } = run('--port', '0', '--json', ...args);
  const gone = once(child, 'exit').then(() => {
    throw new Error(`it ended: ${output.stderr.join('\n')}`);
  });
  const line = vi.waitFor(() => expect(output.stdout.length).toBeGreaterThan(0), START);
  gone.catch(() => undefined);
  await Promise.race([line, gone]);
  return { child, output, children: descendants(child.pid ?? 0) };
}

describe('npm start', { timeout: TEST_TIMEOUT_MS }, () => {
  it('prints one JSON line, answers, and stops everything within 5 s of SIGTERM', async () => {
    const { child, output, children } = await ready(['--no-simulator']);
    const line = JSON.parse(output.stdout[0] ?? '') as { ready: boolean; api: string; token: string };
    expect(Object.keys(line)).toEqual(['ready', 'api', 'token']);
    expect(line.ready).toBe(true);
    expect((await fetch(`${line.api}/api/v1/orders`)).status).toBe(401);
    expect(children.length).toBeGreaterThan(8);

    const second = run('--port', new URL(line.api).port);
    const [taken] = await once(second.child, 'exit');
    expect(taken).toBe(1);
    expect(second.output.stderr.join('\n')).toMatch(/port \d+ is taken/);

    const stoppedAt = Date.now();
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect([code, output.stderr.slice(-6)]).toEqual([0, expect.anything()]);
    expect(Date.now() - stoppedAt).toBeLessThan(5_000);
    expect(alive(children)).toEqual([]);
    expect(output.stdout).toHaveLength(1);
  });

  it('leaves nothing behind when it is killed', async () => {
    const { child, children } = await ready(['--seed', '7', '--no-simulator']);
    child.kill('SIGKILL');
    await vi.waitFor(() => expect(alive(children)).toEqual([]), WAIT);
  });

  it('leaves nothing behind when it is interrupted while starting', async () => {
    const { child, output } = run('--port', '0');
    await vi.waitFor(() => expect(descendants(child.pid ?? 0).length).toBeGreaterThan(4), START);
    const children = descendants(child.pid ?? 0);
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    expect(code).toBe(130);
    expect(output.stderr.join('\n')).toContain('interrupted while starting');
    await vi.waitFor(() => expect(alive(children)).toEqual([]), WAIT);
  });

  it.each([
    [['--feeed', 'synthetic'], 'unknown option --feeed'],
    [['--binance', 'production'], 'real money'],
    [['--binance', 'testnet', '--feed', 'synthetic'], 'does not go with --binance'],
  ])('refuses %j before anything starts, and exits with 2', async (args, why) => {
    const { child, output } = run(...args);
    const [code] = await once(child, 'exit');
    expect(code).toBe(2);
    expect(output.stderr.join('\n')).toContain(why);
  });
});
