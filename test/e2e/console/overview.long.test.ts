/** The console's overview in a browser, beside the laptop system: what it shows is what the API says, and it follows the market. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureConsole } from '../../../infra/console/ensure.ts';
import { noChromium, startChromium } from '../../support/chromium.ts';
import { type ConsolePage, openConsole } from '../../support/console-browser.ts';
import { startTestSystem, type TestSystem } from '../../support/system.ts';
import { until } from '../../support/until.ts';

/** By how many pixels the page is wider than the window. */
const BEYOND = 'document.documentElement.scrollWidth - window.innerWidth';
/** Texts that have less room than they need. */
const CUT_OFF = `[...document.querySelectorAll('td, dd, .monitor, nav a, button')]
  .filter((one) => one.offsetParent !== null && one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.textContent)`;

let system: TestSystem;
let browser: Browser;
let url: string;
let walletId: string;
let positionId: string;

describe.skipIf(noChromium !== null)('the overview', () => {
  beforeAll(async () => {
    const dist = await ensureConsole();
    [system, browser] = await Promise.all([startTestSystem({ console: { port: 0, dist } }), startChromium()]);
    url = system.running.console ?? '';
    await system.trade('BTC/USDT', '50000');
    const { trader } = system;
    walletId = await trader.wallet({ USDT: '100000', BTC: '0.5' });
    const protection = { stop_loss: '49000', take_profit: '55000', trailing_stop: { distance_percent: '1' } };
    ({ positionId } = await trader.buy(walletId, 'BTC/USDT', '0.25', protection));
    await trader.order({
      ...{ wallet_id: walletId, symbol: 'BTC/USDT', side: 'buy', type: 'limit', quantity: '0.1' },
      limit_price: '45000',
    });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  });

  const opened: ConsolePage[] = [];
  const open = async (more: Partial<Parameters<typeof openConsole>[1]> = {}): Promise<ConsolePage> => {
    const one = await openConsole(browser, { url, viewport: { width: 1280, height: 900 }, ...more });
    opened.push(one);
    return one;
  };
  /** The text of a position's cell, below the title of its column. */
  const cell = async ({ page }: ConsolePage, table: string, row: number, title: string): Promise<string> => {
    const body = page.getByRole('region', { name: table }).locator('tbody tr').nth(row);
    return ((await body.locator(`td[data-title="${title}"]`).textContent()) ?? '').trim();
  };
  const shows = (console_: ConsolePage, title: string, wanted: string | RegExp) =>
    until(
      `${title} ${wanted}`,
      () => cell(console_, 'Open positions', 1, title),
      (text) => (typeof wanted === 'string' ? text === wanted : wanted.test(text)),
    );

  it('shows positions, orders and wallets as the API tells them, and follows the price', async () => {
    const shown = await open();
    const { page, errors } = shown;
    await page.getByText('All monitors work').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    // The resting order's own position is the newer one.
    await shows(shown, 'Amount', '0.25');
    expect(await cell(shown, 'Open positions', 0, 'Status')).toBe('opening');
    expect(await cell(shown, 'Open positions', 1, 'Target')).toBe('55,000');
    await shows(shown, 'Stop', /^49,500 trailing$/);
    expect(await cell(shown, 'Open orders', 0, 'Limit')).toBe('45,000');
    const before = await system.trader.position(positionId);

    await system.trade('BTC/USDT', '50400');
    await shows(shown, 'Mark', '50,400');
    // To the cent what the API reckons at that price.
    const { current } = await system.trader.position(positionId);
    expect(current.price).toBe('50400');
    const signed = new Intl.NumberFormat('en-US', {
      ...{ minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: 'exceptZero' },
    });
    await shows(shown, 'P&L', signed.format(current.unrealized_pnl as `${number}`));
    expect(current.unrealized_pnl).not.toBe(before.current.unrealized_pnl);
    // The trailing stop has followed: nobody is told, it is read.
    await shows(shown, 'Stop', /^49,896 trailing$/);
    expect(await cell(shown, 'Open positions', 1, 'Risk')).toBe('low');
    expect(errors).toEqual([]);
  });

  it('follows a link to the position and comes back, without loading anew', async () => {
    const { page, errors } = await open();
    const rows = page.getByRole('region', { name: 'Open positions' }).locator('tbody tr');
    await rows.nth(1).getByRole('link', { name: 'BTC/USDT' }).click();
    expect(new URL(page.url()).pathname).toBe(`/positions/${positionId}`);
    await page.goBack();
    await page.getByRole('region', { name: 'Open positions' }).first().waitFor();
    expect(await page.getByRole('button', { name: 'Sign in' }).count()).toBe(0);
    // Of the tab: loading anew asks for nothing.
    await page.reload();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(errors).toEqual([]);
  });

  it('polls while the push connection is away, says so, and is live again after it', async () => {
    const shown = await open({ expected: /WebSocket/ });
    const { page, errors } = shown;
    await page.getByText('Live', { exact: true }).waitFor();
    let isAway = true;
    await page.routeWebSocket(/push/, (socket) => {
      if (isAway) void socket.close();
      else socket.connectToServer();
    });
    await page.reload();
    await page.getByText('Polling', { exact: true }).waitFor();
    await system.trade('BTC/USDT', '50450');
    await shows(shown, 'Mark', '50,450');
    isAway = false;
    await page.getByText('Live', { exact: true }).waitFor();
    expect(errors).toEqual([]);
  });

  it.each([
    { width: 1280, height: 900 },
    { width: 390, height: 844 },
    { width: 360, height: 640 },
  ])('has nothing beyond the edge at $width px, and every letter has its room', async (viewport) => {
    const { page, errors, close } = await open({ viewport });
    await page.getByText('Sweeps').waitFor();
    await page.getByRole('table', { name: 'Wallets' }).waitFor();
    await page.getByText('trailing').waitFor();
    expect(await page.evaluate<number>(BEYOND)).toBeLessThanOrEqual(0);
    const cut = await page.evaluate<readonly string[]>(CUT_OFF);
    expect(cut).toEqual([]);
    expect(errors).toEqual([]);
    await close();
  });

  it('tells of a paused wallet, and of a position that closes', async () => {
    const shown = await open();
    const { page, errors } = shown;
    const wallet = page.getByRole('table', { name: 'Wallets' }).locator('tbody tr').first();
    await wallet.getByText('active').waitFor();
    await shows(shown, 'Amount', '0.25');
    await system.trader.good('POST', `/wallets/${walletId}/pause`, { body: { reason: 'holiday' } });
    await system.trader.good('POST', `/positions/${positionId}/close`, { body: {}, key: 'out' });
    await until(
      'one position',
      () => page.getByRole('region', { name: 'Open positions' }).locator('tbody tr').count(),
      (count) => count === 1,
    );
    await wallet.getByText('paused').waitFor({ timeout: 20_000 });
    await wallet.getByText('holiday').waitFor();
    const limits = await system.trader.good<{ used: { realized_today: string } }>(
      'GET',
      `/wallets/${walletId}/limits`,
    );
    const { current } = await system.trader.closed(positionId);
    expect(limits.used.realized_today).toBe(current.realized_pnl);
    expect(errors).toEqual([]);
  });

  it('is worked by the keyboard: first the way past the navigation', async () => {
    const { page } = await open();
    await page.reload();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
  });
});
