/** 500 open positions whose prices change twice a second: the page keeps up. Its figure: `npm run bench -- console`. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../shared/client/client.ts';
import { percentile } from '../../bench/report.ts';
import { measureCrowd } from '../../console/crowd.ts';
import { noChromium, startChromium } from '../../support/chromium.ts';
import { startTestSystem, type TestSystem } from '../../support/system.ts';

/** Ten times the target: what a busy machine does not exceed, and drawing every row anew does. */
const FRAME_MS = 500;
/** Of the page's own thread, which no other work on the machine makes longer. */
const WORK_MS = 50;
const MEASURE_MS = 10_000;
/** Ten a second. */
const FEWEST_FRAMES = 100;

describe.skipIf(noChromium !== null)('500 open positions', () => {
  let system: TestSystem;
  let browser: Browser;

  beforeAll(async () => {
    [system, browser] = await Promise.all([startTestSystem({ console: { port: 0 } }), startChromium()]);
    await system.trade('BTC/USDT', '50000');
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  });

  it('follow prices at 2 Hz, scrolled or not', async () => {
    const { trader, running } = system;
    const wallet = await trader.wallet();
    const { positionId } = await trader.buy(wallet, 'BTC/USDT', '0.1', {
      stop_loss: '49000',
      take_profit: '60000',
    });
    const { frames, emptyFrames, workMs, updates, errors, rows } = await measureCrowd({
      ...{ browser, url: running.console ?? '', positionId, symbol: 'BTC/USDT', ms: MEASURE_MS },
      client: createClient({ api: running.api, token: running.token }),
    });
    const [p50, p95, longest] = [0.5, 0.95, 1].map((share) => percentile(frames, share).toFixed(1));
    const empty = percentile(emptyFrames, 0.95).toFixed(1);
    console.log(
      `${frames.length} frames, ${updates} updates: p50 ${p50} ms, p95 ${p95} ms (an empty page: ${empty} ms), longest ${longest} ms; ${workMs.toFixed(1)} ms of work per update`,
    );
    expect(rows).toBeLessThan(80);
    expect(updates).toBeGreaterThanOrEqual(15);
    expect(frames.length).toBeGreaterThan(FEWEST_FRAMES);
    expect(workMs).toBeLessThanOrEqual(WORK_MS);
    expect(percentile(frames, 0.95)).toBeLessThanOrEqual(FRAME_MS);
    expect(errors).toEqual([]);
  });
});
