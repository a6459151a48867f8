/** Every page of the console, on both devices and in both themes: for pictures and for checks that look at all of them. */
import type { Browser, Page } from 'playwright-core';
import { type ConsolePage, openConsole } from '../support/console-browser.ts';
import type { DemoWorld } from './demo-world.ts';

export const DEVICES = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
} as const;
export type Device = keyof typeof DEVICES;
export const THEMES = ['light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export interface Look {
  readonly device: Device;
  readonly theme: Theme;
}

export const LOOKS: readonly Look[] = (Object.keys(DEVICES) as Device[]).flatMap((device) =>
  THEMES.map((theme) => ({ device, theme })),
);

const WAIT = { timeout: 30_000 };

/** By the name that its pictures have. */
export const pagesOf = (world: DemoWorld): Readonly<Record<string, string>> => ({
  overview: '/',
  position: `/positions/${world.positionId}`,
  'position-closed': `/positions/${world.closedId}`,
  orders: '/orders',
  order: `/orders?order=${world.orderId}`,
  'new-order': '/orders?new=1',
  wallets: '/wallets',
  wallet: `/wallets?wallet=${world.walletId}`,
  health: '/health',
});

/** A window that looks so, signed in. Whoever opens it closes it. */
export const openLook = (browser: Browser, url: string, { device, theme }: Look): Promise<ConsolePage> =>
  openConsole(browser, {
    ...{ url, viewport: DEVICES[device], colorScheme: theme, timezoneId: 'UTC', reducedMotion: 'reduce' },
    ...(device === 'phone' && { hasTouch: true, isMobile: true }),
  });

/** Goes there and waits until it is live and everything has been read once. */
export async function goTo(page: Page, url: string, path: string): Promise<void> {
  await page.goto(`${url}${path}`);
  await page.getByText('Live', { exact: true }).waitFor(WAIT);
  await page
    .locator('main h1')
    .first()
    .waitFor({ ...WAIT, state: 'attached' });
  await page
    .locator('main .spinner')
    .first()
    .waitFor({ ...WAIT, state: 'detached' });
}
