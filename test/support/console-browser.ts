/** The console in a browser, beside the laptop system: signs in, and holds every error that the page tells. */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

export interface ConsolePage {
  readonly page: Page;
  /** What the page has told as errors: of its console, thrown by it, refused by its policy. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

export interface OpenOptions extends BrowserContextOptions {
  /** Of the running system's console. */
  readonly url: string;
  readonly path?: string;
  /** Errors that the test makes itself (a network that is away). */
  readonly expected?: RegExp;
  /** Before anything is loaded: answers of the test's own, scripts. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** A window of its own, signed in by one click. Whoever opens it closes it. */
export async function openConsole(browser: Browser, options: OpenOptions): Promise<ConsolePage> {
  const { url, path = '/', expected, prepare, ...more } = options;
  const context: BrowserContext = await browser.newContext({
    locale: 'en-US',
    timezoneId: 'Europe/Berlin',
    ...more,
  });
  const page = await context.newPage();
  const errors: string[] = [];
  const note = (text: string): void => {
    if (expected?.test(text) !== true) errors.push(text);
  };
  page.on('console', (message) => {
    if (message.type() === 'error') note(message.text());
  });
  page.on('pageerror', (error) => note(String(error.stack ?? error)));
  await prepare?.(page);
  await page.goto(`${url}${path}`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  return { page, errors, close: () => context.close() };
}
