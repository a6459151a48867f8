/**
 * The page of a position in a browser, on the laptop system with a market of this test's own: its chart, its stop moved by typing,
 * by keys and by dragging, the exit drawn when the price falls through it, and a part closed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiClient, createClient } from '../../../shared/client/client.ts';
import { noChromium, startChromium } from '../../support/chromium.ts';
import { startTestSystem, type TestSystem } from '../../support/system.ts';
import { until } from '../../support/until.ts';

const WAIT = { timeout: 20_000 };
/** Prices in the cache live for a minute; the last one is repeated, so that bars come too. */
const REPEAT_MS = 400;

describe.skipIf(noChromium !== null)('the page of a position', () => {
  let system: TestSystem;
  let browser: Browser;
  let page: Page;
  let client: ApiClient;
  let repeat: NodeJS.Timeout;
  let price = '50000';
  let walletId: string;
  let positionId: string;
  const complaints: string[] = [];

  const buy = async (stop: string): Promise<string> => {
    const order = await client.call('createOrder', {
      body: {
        ...{ wallet_id: walletId, symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '0.5' },
        protection: { stop_loss: stop, take_profits: [{ price: '52000', share: '1' }] },
      },
    });
    const armed = async () => (await read(order.position_id)).risk_management.armed;
    await until('its levels are armed', armed, (is) => is);
    return order.position_id;
  };
  const read = (id: string) => client.call('getPosition', { params: { position_id: id } });
  const stopNow = async (): Promise<string | null> =>
    (await read(positionId)).risk_management.current_stop_loss;

  const grip = (): Locator => page.getByRole('slider', { name: 'Stop loss' });
  const drawnOn = (): Locator => page.getByRole('list', { name: 'Drawn on the chart' });
  const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
  const fact = (name: string): Locator => page.locator('.fact', { hasText: name }).locator('dd').first();

  beforeAll(async () => {
    system = await startTestSystem({ console: { port: 0 } });
    client = createClient({ api: system.running.api, token: system.running.token });
    browser = await startChromium();
    repeat = setInterval(() => system.tape.push('BTC/USDT', price), REPEAT_MS);
    await system.trade('BTC/USDT', price);
    const starting_balances = { USDT: '100000' };
    walletId = (
      await client.call('createWallet', { body: { name: 'Mine', type: 'demo', starting_balances } })
    ).wallet_id;
    positionId = await buy('49000');
    page = await browser.newPage({ locale: 'en-US', viewport: { width: 1280, height: 1000 } });
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${system.running.console}/positions/${positionId}`);
    await button('Sign in').click();
    await grip().waitFor(WAIT);
  });
  afterAll(async () => {
    clearInterval(repeat);
    await browser?.close();
    await system?.stop();
  });

  /** What the question says, and yes to it. */
  const confirmed = async (): Promise<string> => {
    const dialog = page.getByRole('dialog');
    const said = (await dialog.textContent()) ?? '';
    await dialog.getByRole('button', { name: 'Change it' }).click();
    await dialog.waitFor({ ...WAIT, state: 'detached' });
    return said;
  };

  it('shows entry, stop and target on a chart that is drawn, and the figures', async () => {
    await expect
      .poll(() => drawnOn().textContent(), WAIT)
      .toMatch(/entry at 50,000[\s\S]*target at 52,000[\s\S]*Buy 0\.5 at 50,000/);
    expect(await grip().getAttribute('aria-valuetext')).toBe('49,000.00');
    await expect.poll(() => coloursOf(page), WAIT).toBeGreaterThan(20);
    await expect.poll(() => fact('Unrealized P&L').textContent(), WAIT).toMatch(/-25\.00\s?USDT/);
    expect(await fact('Distance to stop').textContent()).toMatch(/2\.00\s?%/);
    expect(await page.getByRole('link', { name: 'TradingView, Inc.' }).getAttribute('href')).toBe(
      'https://www.tradingview.com/',
    );
  });

  it('moves the stop by typing: to the tick, shown before it is sent', async () => {
    const field = page.getByRole('textbox', { name: 'Stop loss' });
    await field.fill('49200.001');
    await button('Preview the change').click();
    expect(await confirmed()).toMatch(/49,000[\s\S]*49,200\.01[\s\S]*Demo wallet Mine/);
    await expect.poll(stopNow, WAIT).toBe('49200.01');
    await expect.poll(() => grip().getAttribute('aria-valuetext'), WAIT).toBe('49,200.01');
  });

  it('says beside the field why a stop is refused', async () => {
    const field = page.getByRole('textbox', { name: 'Stop loss' });
    await field.fill('60000');
    await button('Preview the change').click();
    await confirmed();
    await expect.poll(() => field.getAttribute('aria-invalid'), WAIT).toBe('true');
    expect(await page.getByText('would trigger at once').first().isVisible()).toBe(true);
    await button('Undo').click();
    expect(await field.inputValue()).toBe('49200.01');
    expect(await stopNow()).toBe('49200.01');
  });

  it('moves it by the keys, a tick at a time, and Escape takes that back', async () => {
    await grip().focus();
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => grip().getAttribute('aria-valuetext'), WAIT).toBe('49,200.02');
    await page.keyboard.press('Escape');
    await expect.poll(() => grip().getAttribute('aria-valuetext'), WAIT).toBe('49,200.01');
  });

  it('moves it by dragging: what is shown is on the tick and is what is sent', async () => {
    const box = await grip().boundingBox();
    if (box === null) throw new Error('the grip is nowhere');
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x, y - 60, { steps: 6 });
    await page.mouse.up();
    const shown = await page.getByRole('textbox', { name: 'Stop loss' }).inputValue();
    expect(shown).toMatch(/^49[2-9]\d\d(\.\d{1,2})?$/);
    expect(shown).not.toBe('49200.01');
    expect(await drawnOn().textContent()).toContain('new stop at');
    expect(await stopNow()).toBe('49200.01');
    await page.keyboard.press('Enter');
    await confirmed();
    await expect.poll(stopNow, WAIT).toBe(shown);
  });

  it('draws the exit when the price falls through it, and is then a page of what was', async () => {
    price = '48900';
    await expect
      .poll(() => drawnOn().textContent(), WAIT)
      .toMatch(/exit at 48,900[\s\S]*Sell 0\.5 · stop loss at 48,900/);
    expect(await fact('Exit reason').textContent()).toBe('stop loss');
    expect(await fact('Realized P&L').textContent()).toMatch(/-599\.45\s?USDT/);
    expect(await button('Close…').count()).toBe(0);
    expect(await grip().count()).toBe(0);
    await page.getByRole('button', { name: 'stop', exact: true }).click();
    await expect
      .poll(() => page.locator('.timeline').first().textContent(), WAIT)
      .toMatch(/Exit claimed[\s\S]*the bid was 48,900/);
  });

  it('closes a part of another, after what the market would give', async () => {
    price = '50000';
    await system.trade('BTC/USDT', price);
    const other = await buy('49000');
    await page.goto(`${system.running.console}/positions/${other}`);
    await button('Close a part…').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'How much' }).fill('0.7');
    expect(await dialog.textContent()).toContain('more than is held');
    await dialog.getByRole('button', { name: '25 %' }).click();
    await expect
      .poll(() => dialog.textContent(), WAIT)
      .toMatch(/sell at the market, 0\.125\s?BTC[\s\S]*6,250\.00\s?USDT/);
    const route = `**/api/v1/positions/${other}/close`;
    await page.route(route, async (one) => {
      // The API has it; the page never hears of that.
      await one.fetch();
      await one.abort();
    });
    await dialog.getByRole('button', { name: 'Close a part' }).click();
    await dialog.getByText('It is not known whether this was taken').waitFor(WAIT);
    await page.unroute(route);
    await expect.poll(async () => (await read(other)).current.amount, WAIT).toBe('0.375');
    // Sent again it is the same sale, not another one.
    await dialog.getByRole('button', { name: 'Close a part' }).click();
    await dialog.waitFor({ ...WAIT, state: 'detached' });
    complaints.splice(0, complaints.length, ...complaints.filter((text) => !text.includes('ERR_FAILED')));
    expect((await read(other)).current.amount).toBe('0.375');
    await expect.poll(() => fact('Held').textContent(), WAIT).toMatch(/0\.375\s?BTC/);
    await expect.poll(() => drawnOn().textContent(), WAIT).toContain('Sell 0.125');
  });

  it('names the wallet before anything is sent, where it is not a demo wallet', async () => {
    const real = { type: 'binance_testnet', exchange: 'binance_testnet', environment: 'binance_testnet' };
    await page.route('**/api/v1/wallets?*', async (route) => {
      const response = await route.fetch();
      const { items, ...rest } = (await response.json()) as { items: readonly object[] };
      await route.fulfill({ response, json: { ...rest, items: items.map((one) => ({ ...one, ...real })) } });
    });
    await page.reload();
    await button('Close…').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Close the position on Mine', exact: true }).waitFor(WAIT);
    expect(await dialog.textContent()).toMatch(/wallet Mine \(binance testnet\), at a real exchange/);
    await dialog.getByRole('button', { name: 'Back' }).click();
    await page.unroute('**/api/v1/wallets?*');
  });

  it('says that there is no such position', async () => {
    // Chromium logs each refused read by itself.
    const before = complaints.filter((text) => !text.includes('422'));
    expect(before).toEqual([]);
    await page.goto(`${system.running.console}/positions/none`);
    await page.getByText('There is no such position.').waitFor(WAIT);
    await sleep(200);
    expect(complaints.filter((text) => !/status of (404|422)/.test(text))).toEqual([]);
  });
});

/** How many colours the chart's canvases have: one that drew nothing has a few. As text: it runs in the page. */
const coloursOf = (page: Page): Promise<number> =>
  page.evaluate(`(() => {
    const colours = new Set();
    for (const canvas of document.querySelectorAll('.chart canvas')) {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      for (let at = 0; at < data.length; at += 4) colours.add(data[at] << 16 | data[at + 1] << 8 | data[at + 2]);
    }
    return colours.size;
  })()`);
