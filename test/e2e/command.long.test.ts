/** `npm start` as the README says it, with a small recording: first line, first trade, exit by itself, clean stop. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeBinary } from '../../infra/local/processes/node-binary.ts';
import { alive, descendants } from '../integration/infra-local/processes.ts';
import { PriceTape } from '../support/price-tape.ts';
import { startTestSystem } from '../support/system.ts';
import { soleExit, Trader } from '../support/trader.ts';
import { until } from '../support/until.ts';

const MAIN = fileURLToPath(new URL('../../infra/local/main.ts', import.meta.url));

let directory: string;
const started: ReturnType<typeof spawn>[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moniqo-e2e-'));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

function run(...args: string[]) {
  const child = spawn(nodeBinary(), [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  const [stdout, stderr]: [string[], string[]] = [[], []];
  createInterface({ input: child.stdout }).on('line', (line) => stdout.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => stderr.push(line));
  return { child, stdout, stderr };
}

describe('npm start', () => {
  it('plays a recording; the specification’s example comes out; a stop comes; SIGTERM leaves nothing', async () => {
    const tape = new PriceTape();
    const { child, stdout, stderr } = run(
      ...['--port', '0', '--json', '--speed', 'max', '--feed', `replay:${tape.file}`],
    );
    await until(
      'ready',
      () => stdout.length,
      (lines) => lines > 0,
      60_000,
    );
    await tape.open();
    tape.push('BTC/USDT', '50000');
    tape.push('ETH/USDT', '2000');
    const line = JSON.parse(stdout[0] ?? '') as { ready: boolean; api: string; token: string };
    expect(line.ready).toBe(true);
    const children = descendants(child.pid ?? 0);
    const trader = new Trader(line.api, line.token);
    await until(
      'prices',
      async () => (await trader.price('ETH/USDT')).status,
      (status) => status === 200,
    );
    const wallet = await trader.wallet();
    const protection = { stop_loss: '49000', take_profit: '51500', trailing_stop: { distance_percent: '5' } };
    const [btc, eth] = await Promise.all([
      trader.buy(wallet, 'BTC/USDT', '0.5', protection),
      trader.buy(wallet, 'ETH/USDT', '1', { stop_loss: '1980' }),
    ]);
    tape.push('BTC/USDT', '51000');
    const risen = await trader.until(btc.positionId, 'risen', (p) => p.current.price === '51000');
    expect(risen.current).toMatchObject({ unrealized_pnl: '475', unrealized_pnl_percent: '1.9' });
    tape.push('BTC/USDT', '51500');
    const won = await trader.closed(btc.positionId);
    expect(won.exit).toMatchObject({ realized_pnl: '699.25', realized_pnl_percent: '2.797', fees: '25.75' });
    tape.push('ETH/USDT', '1970');
    const lost = await trader.closed(eth.positionId);
    expect(soleExit(lost).exit?.trigger).toMatchObject({ level: '1980', price: '1970' });

    // A taken port is said, and what was started for it is gone with it.
    const second = run('--port', new URL(line.api).port);
    const [code] = await once(second.child, 'exit');
    expect([code, second.stderr.join('\n')]).toEqual([1, expect.stringMatching(/port \d+ is taken/)]);
    expect(descendants(second.child.pid ?? 0)).toEqual([]);

    tape.remove();
    const stoppedAt = Date.now();
    child.kill('SIGTERM');
    const [exit] = await once(child, 'exit');
    expect(exit).toBe(0);
    expect(Date.now() - stoppedAt).toBeLessThan(5_000);
    expect(children.length).toBeGreaterThan(8);
    expect(alive(children)).toEqual([]);
    expect(stdout).toHaveLength(1);
    expect(stderr.join('\n')).not.toMatch(/"level":"ERROR"/);
  });

  it('ends a strict replay at a malformed line and names it; otherwise skips and counts it', async () => {
    const rows = [
      'time_ms,symbol,price,qty,is_buyer_maker,trade_id',
      '1,BTCUSDT,50000,,,',
      '2,BTCUSDT,-1,,,',
    ];
    const file = join(directory, 'broken.csv');
    writeFileSync(file, `${[...rows, '3,BTCUSDT,50001,,,'].join('\n')}\n`);
    for (const strict of [true, false]) {
      const system = await startTestSystem({ feed: `replay:${file}`, speed: 'max', strict });
      try {
        const log = () => system.log('streamer');
        await until('the malformed line', log, (text) => text.includes('line 3'));
        if (strict) {
          await until('the end of the streamer', log, (text) => text.includes('streamer_failed'));
          expect((await system.trader.price('BTC/USDT')).body.last).not.toBe('50001');
        } else {
          const read = async () => (await system.trader.price('BTC/USDT')).body.last;
          expect(await until('the line after it', read, (last) => last === '50001')).toBe('50001');
          // Told to the cache each second.
          const health = () => system.trader.good('GET', '/health/services');
          await until('the count', health, (seen) => JSON.stringify(seen).includes('"errors":1'));
        }
      } finally {
        await system.stop();
      }
    }
  });
});

describe('a data folder', () => {
  it('keeps orders, positions and wallets over a restart, and an open position’s stop still comes', async () => {
    const tape = new PriceTape();
    const options = { dataDirectory: join(directory, 'data'), tape };
    const first = await startTestSystem(options);
    let opened: { wallet: string; positionId: string; orderId: string };
    try {
      await first.trade('BTC/USDT', '50000');
      const wallet = await first.trader.wallet();
      const { positionId, order } = await first.trader.buy(wallet, 'BTC/USDT', '0.1', { stop_loss: '49000' });
      opened = { wallet, positionId, orderId: order.order_id };
    } finally {
      await first.stop();
    }
    const second = await startTestSystem(options);
    try {
      const { wallet, positionId, orderId } = opened;
      expect(await second.trader.getOrder(orderId)).toMatchObject({ status: 'filled', filled_amount: '0.1' });
      expect(await second.trader.position(positionId)).toMatchObject({ status: 'open' });
      expect((await second.trader.balances(wallet))['BTC']).toMatchObject({ total: '0.1' });
      const tick = second.tape.push('BTC/USDT', '48900');
      const closed = await second.trader.closed(positionId, 30_000);
      expect(closed.exit_trigger).toMatchObject({ tick_id: tick, level: '49000', price: '48900' });
      expect(soleExit(closed)).toMatchObject({ status: 'filled', filled_amount: '0.1' });
    } finally {
      await second.stop();
      tape.remove();
    }
  });
});
