/**
 * `npm run screenshots`: each page of the console, light and dark, on a desktop and on a phone, into docs/screenshots. The
 * laptop system runs with a market of its own (demo-market.ts) and a believable account (demo-world.ts). Fails where a page
 * complains, so that no picture is of something broken.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { startSystem } from '../../infra/local/system.ts';
import { createClient } from '../../shared/client/client.ts';
import { FedMarket } from '../bench/fed-market.ts';
import { noChromium, startChromium } from '../support/chromium.ts';
import { DEVICES, goTo, LOOKS, type Look, openLook, pagesOf } from './browse.ts';
import { walk } from './demo-market.ts';
import { makeDemoWorld } from './demo-world.ts';
import { writeSmallPng } from './small-png.ts';

const FOLDER = resolve(import.meta.dirname, '../../docs/screenshots');
/** Together: they lie in the repository. */
const MOST_BYTES = 2 * 1024 * 1024;
/** Bars are of a second: a chart wants some. */
const WALK_MS = 75_000;
/** Charts and figures settle. */
const SETTLE_MS = 1_500;
/** A picture of a page is no scroll. */
const TALLEST = { desktop: 1_400, phone: 2_000 } as const;

const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

async function shoot(
  browser: Browser,
  address: string,
  pages: Readonly<Record<string, string>>,
  look: Look,
): Promise<void> {
  const { device, theme } = look;
  const { page, errors, close } = await openLook(browser, address, look);
  try {
    for (const [name, path] of Object.entries(pages)) {
      await goTo(page, address, path);
      await sleep(SETTLE_MS);
      const height = await page.evaluate<number>('document.documentElement.scrollHeight');
      await page.setViewportSize({
        width: DEVICES[device].width,
        height: Math.min(TALLEST[device], Math.max(height, DEVICES[device].height)),
      });
      await sleep(SETTLE_MS / 5);
      await writeSmallPng(await page.screenshot(), join(FOLDER, `${name}-${device}-${theme}.png`));
      await page.setViewportSize(DEVICES[device]);
    }
    if (errors.length > 0) throw new Error(`the console complains:\n${errors.join('\n')}`);
  } finally {
    await close();
  }
}

async function main(): Promise<void> {
  if (noChromium !== null) throw new Error(noChromium);
  const market = new FedMarket();
  let stopWalk = (): void => undefined;
  const system = await startSystem({ ...market.feed, console: { port: 0 }, lasting: true, show: note });
  let browser: Browser | undefined;
  try {
    stopWalk = await walk(market);
    const world = await makeDemoWorld(createClient({ api: system.api, token: system.token }));
    browser = await startChromium();
    await sleep(WALK_MS);
    await rm(FOLDER, { recursive: true, force: true });
    await mkdir(FOLDER, { recursive: true });
    for (const look of LOOKS) {
      await shoot(browser, system.console ?? '', pagesOf(world), look);
      note(`${look.device}, ${look.theme}`);
    }
  } finally {
    await browser?.close();
    stopWalk();
    await system.stop();
    await market.close();
  }
  const files = await readdir(FOLDER);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(FOLDER, file))).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  note(`${files.length} pictures, ${(bytes / 1024).toFixed(0)} kB, in docs/screenshots`);
  if (bytes > MOST_BYTES) throw new Error(`they may have ${MOST_BYTES} bytes together`);
}

await main();
