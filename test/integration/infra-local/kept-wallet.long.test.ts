/** `npm start -- --data DIR`: the wallet on the simulator, and what seals its keys, outlive a restart. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { killStarted, ready, untilActive } from './start-command.ts';

const TEST_TIMEOUT_MS = 180_000;
let data: string;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'moniqo-kept-wallet-'));
});
afterEach(() => {
  killStarted();
  rmSync(data, { recursive: true, force: true });
});

it('is the same after a restart, with keys that still open', { timeout: TEST_TIMEOUT_MS }, async () => {
  const ids = new Set<string>();
  for (const _start of ['first', 'second']) {
    const { child, told } = await ready(['--data', data]);
    const { wallet_id: id } = told.simulator;
    ids.add(id);
    await untilActive(told, id);
    const headers = { authorization: `Bearer ${told.token}` };
    const balances = await fetch(`${told.api}/api/v1/wallets/${id}/balances`, { headers });
    expect(JSON.stringify(await balances.json())).toContain('"asset":"USDT"');
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  expect(ids.size).toBe(1);
  expect(statSync(join(data, 'wallet-key')).mode & 0o777).toBe(0o600);
});
