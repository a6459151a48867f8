/**
 * The network goes and comes back: the page says so, asks by itself meanwhile, and goes on where it was, no event missed and
 * none told twice. A witness beside it, whose connection is never cut, holds what there was to hear.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noChromium, startChromium } from '../../support/chromium.ts';
import { type ConsolePage, openConsole } from '../../support/console-browser.ts';
import { PushClient } from '../../support/push-client.ts';
import { type SwitchedProxy, startSwitchedProxy } from '../../support/switched-proxy.ts';
import { startTestSystem, type TestSystem } from '../../support/system.ts';
import { until } from '../../support/until.ts';

const WAIT = { timeout: 40_000 };
/** Prices in the cache live for a minute. */
const REPEAT_MS = 1_000;

interface Frame {
  readonly type: string;
  readonly events?: readonly { readonly id: string }[];
}

describe.skipIf(noChromium !== null)('a connection that goes and comes back', () => {
  let system: TestSystem;
  let browser: Browser;
  let apiWay: SwitchedProxy;
  let pushWay: SwitchedProxy;
  let witness: PushClient;
  let walletId: string;
  let console_: ConsolePage;
  let page: Page;
  let repeat: NodeJS.Timeout | undefined;
  /** Ids of events as they came to the page, over all of its connections. */
  const heard: string[] = [];

  const rest = (price: string) =>
    system.trader.order({
      ...{ wallet_id: walletId, symbol: 'BTC/USDT', side: 'buy', type: 'limit', quantity: '0.1' },
      limit_price: price,
    });
  const orders = () => page.getByRole('region', { name: /^Open orders/ }).first();
  const says = (word: string) => page.getByText(word, { exact: true }).waitFor(WAIT);
  /** The page has heard what the witness has, in the same order. */
  const agree = () =>
    until(
      'the page has heard what there was',
      () => heard.join(),
      (ids) => ids === witness.events.map(({ id }) => id).join(),
      40_000,
    );

  beforeAll(async () => {
    [system, browser] = await Promise.all([startTestSystem({ console: { port: 0 } }), startChromium()]);
    [apiWay, pushWay] = await Promise.all([
      startSwitchedProxy(system.running.api),
      startSwitchedProxy(system.running.api),
    ]);
    await system.trade('BTC/USDT', '50000');
    repeat = setInterval(() => system.tape.push('BTC/USDT', '50000'), REPEAT_MS);
    walletId = await system.trader.wallet();
    console_ = await openConsole(browser, {
      url: system.running.console ?? '',
      viewport: { width: 1280, height: 900 },
      // The policy knows the system's own addresses, and these are of proxies before them.
      bypassCSP: true,
      expected: /net::ERR_|WebSocket|CORS policy/,
      prepare: async (opened) => {
        opened.on('websocket', (socket) =>
          socket.on('framereceived', ({ payload }) => {
            const frame = JSON.parse(String(payload)) as Frame;
            heard.push(...(frame.events ?? []).map(({ id }) => id));
          }),
        );
        await opened.route('**/config.json', async (route) => {
          const given = (await (await route.fetch()).json()) as object;
          const push = `${pushWay.url.replace('http', 'ws')}/push`;
          await route.fulfill({ json: { ...given, api: `${apiWay.url}/api/v1`, push } });
        });
      },
    });
    page = console_.page;
    await says('Live');
    witness = await PushClient.connect(system.running.push ?? '', { token: system.running.token });
    await witness.subscribe();
  }, 150_000);
  afterAll(async () => {
    clearInterval(repeat);
    witness?.socket.close();
    await browser?.close();
    await Promise.all([apiWay?.stop(), pushWay?.stop()]);
    await system?.stop();
  });

  it('hears of an order while it is live', async () => {
    await rest('45000');
    await orders().getByText('45,000').waitFor(WAIT);
    await agree();
  });

  it('asks by itself while the push connection is away, and says so', async () => {
    pushWay.cut();
    await says('Polling');
    const before = heard.length;
    await rest('44000');
    await orders().getByText('44,000').waitFor(WAIT);
    expect(heard.length).toBe(before);
  });

  it('is live again, with the events that came meanwhile, each once', async () => {
    pushWay.restore();
    await says('Live');
    await agree();
    expect(heard.length).toBeGreaterThan(1);
  });

  it('says that nothing can be reached, and shows what has happened as soon as it can', async () => {
    apiWay.cut();
    pushWay.cut();
    await says('Polling');
    await page.getByRole('alert').first().waitFor(WAIT);
    await rest('43000');
    expect(await orders().getByText('43,000').count()).toBe(0);
    apiWay.restore();
    pushWay.restore();
    await says('Live');
    await orders().getByText('43,000').waitFor(WAIT);
    await agree();
    await until(
      'nothing is wrong any more',
      () => page.getByRole('alert').count(),
      (count) => count === 0,
      30_000,
    );
    expect(console_.errors).toEqual([]);
  });
});
