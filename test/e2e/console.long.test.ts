/** The built console in a browser, on the laptop system: one click signs in, and the policy of the page refuses nothing it needs. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noChromium, startChromium } from '../support/chromium.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

const WAIT = { timeout: 20_000 };

describe.skipIf(noChromium !== null)('the console', () => {
  let system: TestSystem;
  let browser: Browser;
  let address: string;

  beforeAll(async () => {
    system = await startTestSystem({ console: { port: 0 } });
    address = system.running.console ?? '';
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  });

  /** A page with what it and the browser complain of. */
  const opened = async (path: string): Promise<{ page: Page; complaints: string[] }> => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('requestfailed', (failed) => {
      // A page that is left lets go of what it had asked for.
      if (failed.failure()?.errorText !== 'net::ERR_ABORTED') complaints.push(`${failed.url()}: failed`);
    });
    await page.goto(`${address}${path}`);
    return { page, complaints };
  };

  it('signs in with one click, speaks to both APIs, and nothing is refused', async () => {
    const { page, complaints } = await opened('/');
    const answered: number[] = [];
    page.on('response', (response) => {
      if (response.url().startsWith(`${system.running.api}/api/v1/`)) answered.push(response.status());
    });
    const socket = page.waitForEvent('websocket', WAIT);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor(WAIT);
    expect((await socket).url().startsWith(system.running.push ?? 'none')).toBe(true);
    await expect.poll(() => answered.length, WAIT).toBeGreaterThan(0);
    expect(answered.filter((status) => status >= 400)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('opens at the address of any page of its own', async () => {
    const { page, complaints } = await opened('/orders');
    await page.getByRole('button', { name: 'Sign in' }).waitFor(WAIT);
    expect(new URL(page.url()).pathname).toBe('/orders');
    expect(complaints).toEqual([]);
    await page.close();
  });

  /** As text: it runs in a page, whose types are not ours here. */
  const askForToken = (): string => `(async () => {
    const ask = (mode, type) =>
      fetch(${JSON.stringify(`${address}/local-sign-in/token`)}, {
        method: 'POST', mode, body: '{}', headers: { 'content-type': type },
      }).then(async (answer) => answer.status + ' ' + (await answer.text()), (error) => error.name);
    return [await ask('cors', 'application/json'), await ask('no-cors', 'text/plain')];
  })()`;

  it('gives a token to its own pages, for JSON', async () => {
    const { page } = await opened('/');
    expect(await page.evaluate(askForToken())).toEqual([
      expect.stringMatching(/^200 \{"access_token":"/),
      expect.stringMatching(/^415 /),
    ]);
    await page.close();
  });

  it('gives no token to a page of another origin, nor lets it frame the console', async () => {
    const page = await browser.newPage();
    // The API's own port is another origin of this machine.
    await page.goto(`${system.running.api}/api/v1/health/services`);
    expect(await page.evaluate(askForToken())).toEqual(['TypeError', 'TypeError']);
    await page.setContent(`<iframe src="${address}/"></iframe>`);
    await expect
      .poll(() => page.frames().map((frame) => frame.url()), WAIT)
      .toContain('chrome-error://chromewebdata/');
    await page.close();
  });

  it('runs nothing that somebody would write into the page', async () => {
    const { page, complaints } = await opened('/');
    await page.evaluate(`{
      const script = document.createElement('script');
      script.textContent = 'document.title = "owned"';
      document.head.append(script);
    }`);
    expect(await page.title()).not.toBe('owned');
    expect(complaints.join()).toContain('Content Security Policy');
    await page.close();
  });
});

it('is not served unless it is asked for', async () => {
  const system = await startTestSystem();
  try {
    expect(system.running.console).toBeNull();
  } finally {
    await system.stop();
  }
});
