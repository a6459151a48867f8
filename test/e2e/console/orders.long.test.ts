/**
 * Wallets and orders in a browser, on the laptop system with a market of this test's own: a demo wallet is made, an order is
 * previewed, placed through the form and watched to its fill, an answer that is lost does not make a second one, and a paused
 * wallet refuses the next entry with its reason.
 */
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiClient, createClient } from '../../../shared/client/client.ts';
import { noChromium, startChromium } from '../../support/chromium.ts';
import { startTestSystem, type TestSystem } from '../../support/system.ts';

const WAIT = { timeout: 20_000 };
/** Prices in the cache live for a minute; the last one is repeated. */
const REPEAT_MS = 400;

describe.skipIf(noChromium !== null)('wallets and orders', () => {
  let system: TestSystem;
  let browser: Browser;
  let page: Page;
  let client: ApiClient;
  let repeat: NodeJS.Timeout;
  const complaints: string[] = [];

  const button = (name: string | RegExp): Locator => page.getByRole('button', { name, exact: true });
  const field = (name: string): Locator => page.getByLabel(name, { exact: true });
  const go = (name: string): Promise<void> =>
    page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click();
  const says = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor(WAIT);
  const panel = (name: string): Locator => page.getByRole('region', { name, exact: true });
  const orders = async () => (await client.call('listOrders', { query: { limit: 50 } })).items;

  const openForm = async (): Promise<void> => {
    await go('Orders');
    await page.getByRole('link', { name: 'New order' }).click();
    await field('Symbol').fill('BTC/USDT');
  };

  beforeAll(async () => {
    system = await startTestSystem({ console: { port: 0 } });
    client = createClient({ api: system.running.api, token: system.running.token });
    repeat = setInterval(() => system.tape.push('BTC/USDT', '50000'), REPEAT_MS);
    await system.trade('BTC/USDT', '50000');
    browser = await startChromium();
    page = await browser.newPage({ locale: 'en-US', viewport: { width: 1280, height: 1000 } });
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${system.running.console}/wallets`);
    await button('Sign in').click();
  });
  afterAll(async () => {
    clearInterval(repeat);
    await browser?.close();
    await system?.stop();
  });

  it('a demo wallet is made by the form, which names what is wrong first', async () => {
    await button('Add a demo wallet').click(WAIT);
    await field('Starting balances').fill('100000');
    await button('Add the wallet').click();
    await says('Write assets with amounts');
    expect(await client.call('listWallets', {})).toMatchObject({ items: [] });
    await field('Name').fill('practice');
    await field('Starting balances').fill('USDT 100000');
    await button('Add the wallet').click();
    await page.getByRole('heading', { name: 'practice' }).waitFor(WAIT);
    await panel('Balances').getByText('100,000').first().waitFor(WAIT);
  });

  it('an order is previewed with its rules, and a wrong stop is told at its field', async () => {
    await openForm();
    await field('Quantity').fill('0.1234567');
    await field('Stop loss').fill('60000');
    const stop = page.locator('.field-bad', { has: field('Stop loss') });
    await stop.locator('.field-error').waitFor(WAIT);
    await panel('Preview').getByText('refused', { exact: true }).waitFor(WAIT);
    await field('Stop loss').fill('49000');
    await panel('Preview').getByText('would be taken').waitFor(WAIT);
    // Down to the step, and said so.
    await panel('Preview').getByText('asked 0.1234567').waitFor(WAIT);
    await panel('Preview')
      .getByText(/Rules of BTCUSDT: \d+ of \d+ hold/)
      .waitFor(WAIT);
    expect(await orders()).toEqual([]);
  });

  it('it is placed once by two clicks, fills, and is in the list', async () => {
    await field('Quantity').fill('0.1');
    await panel('Preview').getByText('would be taken').waitFor(WAIT);
    await button('Place order in practice').dblclick();
    const life = page.getByRole('list', { name: 'Life of the order' });
    await life.getByText('filled', { exact: true }).waitFor(WAIT);
    for (const status of ['pending', 'submitted']) expect(await life.getByText(status).count()).toBe(1);
    await panel('Fills (1)').getByText('50,000').waitFor(WAIT);
    const [order, ...others] = await orders();
    expect(others).toEqual([]);
    expect(order).toMatchObject({ status: 'filled', filled_amount: '0.1', average_fill_price: '50000' });
    await page.getByRole('link', { name: '← Orders' }).click();
    const row = page.getByRole('row', { name: /buy BTC\/USDT market/ });
    await row.getByText('filled', { exact: true }).waitFor(WAIT);
    // The filters leave it out, and let it in again.
    await field('Status').selectOption('live');
    await button('Filter').click();
    await says('No order is like that.');
    await button('Clear').click();
    await row.waitFor(WAIT);
  });

  it('an order whose answer is lost is unknown, and sent again it is the same one', async () => {
    await openForm();
    await field('Type').selectOption('limit');
    await field('Quantity').fill('0.2');
    await field('Limit price').fill('40000');
    await panel('Preview').getByText('would be taken').waitFor(WAIT);
    const route = '**/api/v1/orders';
    let lost = 0;
    await page.route(route, async (one) => {
      if (one.request().method() !== 'POST') return one.continue();
      lost += 1;
      // The API has it; the page never hears of that.
      await one.fetch();
      await one.abort();
    });
    await button('Place order in practice').click();
    await page.getByRole('heading', { name: 'Outcome not known' }).waitFor(WAIT);
    expect(lost).toBeGreaterThan(0);
    expect(await page.getByText(/failed|rejected/).count()).toBe(0);
    await page.unroute(route);
    // It is still known to be unknown after a reload.
    await page.reload();
    await button('Send it again').click(WAIT);
    await page
      .getByRole('list', { name: 'Life of the order' })
      .getByText('open', { exact: true })
      .waitFor(WAIT);
    expect((await orders()).filter(({ type }) => type === 'limit')).toHaveLength(1);
    complaints.splice(0, complaints.length, ...complaints.filter((text) => !text.includes('ERR_FAILED')));
  });

  it('it is amended, then cancelled', async () => {
    await button('Amend').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('limit price').fill('41000');
    await dialog.getByRole('button', { name: 'Amend the order' }).click();
    await panel('Figures').getByText('41,000').waitFor(WAIT);
    await button('Cancel order').click(WAIT);
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel it' }).click();
    await page.locator('.orders-life .badge', { hasText: 'cancelled' }).waitFor(WAIT);
  });

  it('a paused wallet refuses an entry with its reason, and takes one again when it was resumed', async () => {
    await go('Wallets & risk');
    await page.getByRole('link', { name: 'practice' }).click(WAIT);
    await button('Pause').click();
    await page.getByRole('dialog').getByLabel('Reason').fill('lunch');
    await page.getByRole('dialog').getByRole('button', { name: 'Pause', exact: true }).click();
    await says('Paused: no new entries.');
    await says(/lunch/);

    await openForm();
    await field('Quantity').fill('0.1');
    await panel('Preview').getByText('wallet_paused').first().waitFor(WAIT);
    const before = (await orders()).length;
    await button('Place order in practice').click();
    await page.locator('form > .orders-form-side > .note-bad').getByText('wallet_paused').waitFor(WAIT);
    expect(await orders()).toHaveLength(before);
    complaints.splice(0, complaints.length, ...complaints.filter((text) => !text.includes('409')));

    await go('Wallets & risk');
    await page.getByRole('link', { name: 'practice' }).click(WAIT);
    await button('Resume').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take entries again' }).click();
    await button('Pause').waitFor(WAIT);
    await says('pause wallet');
  });

  it('limits are set and shown against use; ledger and venue are compared', async () => {
    await button('Set limits').click();
    await page.getByRole('dialog').getByLabel('Most worth of all, USD').fill('10000');
    await page.getByRole('dialog').getByRole('button', { name: /^Set / }).click();
    await panel('Limits against use')
      .getByText(/10,000/)
      .waitFor(WAIT);
    await panel('Limits against use').getByText(/50/).first().waitFor(WAIT);
    await button('Compare now').click();
    await panel('Ledger and venue').getByText('in agreement').waitFor(WAIT);
  });

  it('health shows the services, the prices and the comparison', async () => {
    await go('Health');
    await panel('Price stream').getByText('running').waitFor(WAIT);
    await panel('Order monitor and sweeps').getByText('running').waitFor(WAIT);
    await panel('Ages of prices').getByText('BTC/USDT').waitFor(WAIT);
    await panel('Ledger and venue, by wallet').getByText('in agreement').waitFor(WAIT);
    await panel('Alarms').getByText('none', { exact: true }).waitFor(WAIT);
  });

  it('has nothing to complain about in the browser’s console', () => {
    expect(complaints).toEqual([]);
  });
});
