/**
 * Every page for those who do not use it as we do: nothing that an automated checker (axe, WCAG 2.2 A and AA) finds, light and dark,
 * on a desktop and on a phone; the keyboard alone reaches what is done there; a dialog keeps the focus and gives it back.
 */
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../shared/client/client.ts';
import { FedMarket } from '../../bench/fed-market.ts';
import { goTo, LOOKS, openLook, pagesOf } from '../../console/browse.ts';
import { walk } from '../../console/demo-market.ts';
import { type DemoWorld, makeDemoWorld } from '../../console/demo-world.ts';
import { noChromium, startChromium } from '../../support/chromium.ts';
import type { ConsolePage } from '../../support/console-browser.ts';
import { startTestSystem, type TestSystem } from '../../support/system.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** Of one page: more than any of them needs to come to its main actions. */
const MOST_TABS = 80;

let system: TestSystem;
let browser: Browser;
let world: DemoWorld;
let url: string;
let stopWalk: (() => void) | undefined;
const market = new FedMarket();

/** What is wrong, and where; as text: it runs in the page, whose types are not ours here. */
async function violations(page: Page, where: string): Promise<readonly string[]> {
  // Told by the browser's own door: the page's policy lets no other script in.
  await page.evaluate(axe.source);
  const found = await page.evaluate<readonly string[]>(`(async () => {
    const { violations } = await axe.run(document, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, any, all }) =>
        id + ': ' + html.slice(0, 160) + ' ' + [...any, ...all].map(({ message }) => message).join('; ')));
  })()`);
  return found.map((one) => `${where}: ${one}`);
}

interface Focused {
  readonly name: string;
  /** Somebody who looks sees where the focus is. */
  readonly isSeen: boolean;
  readonly inDialog: boolean;
  readonly isNowhere: boolean;
}

const FOCUSED = `(() => {
  const one = document.activeElement;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
  return {
    name: (one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent ?? one.textContent ?? '').trim().slice(0, 80),
    isSeen: (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none',
    inDialog: one.closest('dialog') !== null,
    isNowhere: one === document.body,
  };
})()`;

const focused = (page: Page): Promise<Focused> => page.evaluate<Focused>(FOCUSED);

/** Goes on by the keyboard until the focus is on that. @throws Error that says where it has been */
async function tabTo(page: Page, wanted: RegExp): Promise<void> {
  const been: string[] = [];
  for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    if (!at.isNowhere && !at.isSeen) throw new Error(`nobody sees that the focus is on ${at.name}`);
    if (wanted.test(at.name)) return;
    been.push(at.name);
  }
  throw new Error(`no ${wanted} among ${been.join(' | ')}`);
}

describe.skipIf(noChromium !== null)('every page', () => {
  beforeAll(async () => {
    [system, browser] = await Promise.all([
      startTestSystem({ ...market.feed, console: { port: 0 } }),
      startChromium(),
    ]);
    url = system.running.console ?? '';
    stopWalk = await walk(market);
    world = await makeDemoWorld(createClient({ api: system.running.api, token: system.running.token }));
  }, 150_000);
  afterAll(async () => {
    stopWalk?.();
    await browser?.close();
    await system?.stop();
    await market.close();
  });

  const open = async (look = LOOKS[0]): Promise<ConsolePage> => {
    if (look === undefined) throw new Error('there is no look');
    return openLook(browser, url, look);
  };

  it.each(LOOKS)('has no violation, $device, $theme', async (look) => {
    const { page, errors, close } = await open(look);
    const wrong: string[] = [];
    for (const [name, path] of Object.entries(pagesOf(world))) {
      await goTo(page, url, path);
      wrong.push(...(await violations(page, name)));
      const beyond = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth');
      if (beyond > 0) wrong.push(`${name}: ${beyond} px beyond the edge`);
    }
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    wrong.push(...(await violations(page, 'sign-in')));
    expect(wrong).toEqual([]);
    expect(errors).toEqual([]);
    await close();
  });

  it('is reached by the keyboard: the way past the navigation, the pages, what is done on each', async () => {
    const { page, errors, close } = await open();
    await goTo(page, url, '/');
    await tabTo(page, /^Skip to the page$/);
    await tabTo(page, /^Orders$/);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${url}/orders`);
    await tabTo(page, /^New order/);
    await page.keyboard.press('Enter');
    await tabTo(page, /^(Wallet|Symbol)/);
    await goTo(page, url, '/');
    await tabTo(page, /^BTC\/USDT$/);
    await page.keyboard.press('Enter');
    await page.getByRole('slider', { name: 'Stop loss' }).waitFor();
    await tabTo(page, /^Close…$/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    expect(await violations(page, 'the close dialog')).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(async () => (await focused(page)).name, { timeout: 5_000 }).toBe('Close…');
    await tabTo(page, /^Stop loss/);
    expect(errors).toEqual([]);
    await close();
  });

  it('pauses a wallet and lets it go on, by the keyboard alone: the dialog keeps the focus and gives it back', async () => {
    const client = createClient({ api: system.running.api, token: system.running.token });
    const isPaused = async () =>
      (await client.call('getWallet', { params: { wallet_id: world.walletId } })).paused;
    const { page, errors, close } = await open();
    await goTo(page, url, `/wallets?wallet=${world.walletId}`);
    await tabTo(page, /^Pause$/);
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    expect(await violations(page, 'the pause dialog')).toEqual([]);
    for (let tabs = 0; tabs < 12; tabs += 1) {
      const { inDialog, isNowhere, name } = await focused(page);
      // From its last one on the browser itself has the turn, then the dialog again; the page behind it never.
      expect(inDialog || isNowhere, name).toBe(true);
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(async () => (await focused(page)).name, { timeout: 5_000 }).toBe('Pause');
    expect(await isPaused()).toBe(false);

    await page.keyboard.press('Enter');
    await dialog.waitFor();
    await tabTo(page, /^Reason/);
    await page.keyboard.type('lunch');
    await tabTo(page, /^Pause$/);
    await page.keyboard.press('Enter');
    await expect.poll(isPaused, { timeout: 20_000 }).toBe(true);
    await page.getByText('lunch').first().waitFor();
    await tabTo(page, /^Resume$/);
    await page.keyboard.press('Enter');
    await dialog.waitFor();
    await tabTo(page, /^Take entries again$/);
    await page.keyboard.press('Enter');
    await expect.poll(isPaused, { timeout: 20_000 }).toBe(false);
    expect(errors).toEqual([]);
    await close();
  });
});
