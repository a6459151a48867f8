/**
 * Without wake-ups the sweeps alone take the hits, each second; doubled and late sweeps change nothing
 * (design section 10).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Interception, startTestSystem, type TestSystem } from '../support/system.ts';
import { soleExit, type Trader } from '../support/trader.ts';

let system: TestSystem;
let trader: Trader;
/** Kinds of trigger messages that evaluate got. */
const kinds = new Map<string, number>();
let onSweep: () => Interception = () => 'deliver';

beforeAll(async () => {
  system = await startTestSystem({ environment: { streamer: { MONIQO_WAKE_UPS: 'off' } } });
  trader = system.trader;
  system.intercept((queue, { Body = '' }) => {
    if (queue !== 'triggers') return 'deliver';
    const kind = /"kind":\s*"(\w+)"/.exec(Body)?.[1] ?? 'unknown';
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    return kind === 'sweep' ? onSweep() : 'deliver';
  });
});
afterAll(() => system?.stop());

async function stopOut(symbol: string) {
  await system.trade(symbol, '100');
  const wallet = await trader.wallet();
  const { positionId } = await trader.buy(wallet, symbol, '10', { stop_loss: '99' });
  const tick = system.tape.push(symbol, '98');
  const closed = await trader.closed(positionId, 25_000);
  expect(closed.exit_trigger).toMatchObject({ tick_id: tick, price: '98', cause: 'tick' });
  const exit = soleExit(closed);
  expect(exit).toMatchObject({ status: 'filled', filled_amount: '10' });
  return exit.timings.tick_to_sent_ms ?? Number.POSITIVE_INFINITY;
}

const checksPerformed = async (): Promise<number> => {
  const health = (await (await fetch(`${system.running.api}/api/v1/health/services`)).json()) as {
    order_monitor: { checks_performed: number };
  };
  return health.order_monitor.checks_performed;
};

describe('with wake-ups switched off', () => {
  it('a stop still comes, by the next sweep', async () => {
    const tookMs = await stopOut('BTC/USDT');
    console.log(`tick to exit order by sweep: ${tookMs} ms (target 1500)`);
    expect(tookMs).toBeLessThan(15_000);
    expect(kinds.get('wake') ?? 0).toBe(0);
    expect(kinds.get('sweep') ?? 0).toBeGreaterThan(0);
  });

  it('a dispatch that fires again and again makes no second exit, and each second is swept once', async () => {
    for (let i = 0; i < 3; i += 1) system.running.fireRules();
    const [from, startedAt] = [await checksPerformed(), Date.now()];
    await stopOut('ETH/USDT');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const seconds = (Date.now() - startedAt) / 1_000;
    const swept = (await checksPerformed()) - from;
    expect(swept).toBeGreaterThan(1);
    // Late ones may be made up for; doubles would be four per second.
    expect(swept).toBeLessThanOrEqual(seconds + 8);
  });

  it('sweeps that come twice and late are no hole', async () => {
    let count = 0;
    onSweep = () => {
      count += 1;
      return count % 2 === 0 ? 'double' : { delayMs: 3_000 };
    };
    await stopOut('SOL/USDT');
  });

  it('sweeps of which most are lost are no hole', async () => {
    let count = 0;
    onSweep = () => {
      count += 1;
      return count % 4 === 0 ? 'deliver' : 'drop';
    };
    await stopOut('BNB/USDT');
  });

  it('an evaluate that dies in the middle of its sweeps loses nothing', async () => {
    let count = 0;
    onSweep = () => {
      count += 1;
      if (count % 2 === 0 && count <= 8) system.running.killFunction('evaluate');
      return 'deliver';
    };
    await stopOut('LTC/USDT');
  });
});
