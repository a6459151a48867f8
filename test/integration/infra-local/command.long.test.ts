/** The command itself, with the real template: what it prints, and that nothing outlives it. */
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { alive, descendants } from './processes.ts';
import { killStarted, ready, run, START, untilActive } from './start-command.ts';

const TEST_TIMEOUT_MS = 90_000;
const WAIT = { timeout: 5_000, interval: 50 };

afterEach(killStarted);

describe('npm start', { timeout: TEST_TIMEOUT_MS }, () => {
  it('prints one JSON line, answers, and stops everything within 5 s of SIGTERM', async () => {
    const { child, output, told: line, children } = await ready(['--no-simulator']);
    expect(Object.keys(line)).toEqual(['ready', 'console', 'api', 'push', 'token']);
    expect(line.ready).toBe(true);
    expect((await fetch(`${line.api}/api/v1/orders`)).status).toBe(401);
    const page = await fetch(line.console);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<title>')]);
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

  it('offers a wallet on the simulator, and leaves nothing behind when it is killed', async () => {
    const { child, told, children } = await ready(['--seed', '7']);
    const { wallet_id, rest_url } = told.simulator;
    expect((await fetch(`${rest_url}/api/v3/ping`)).status).toBe(200);
    await untilActive(told, wallet_id);
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
