/**
 * The system's Chromium for tests in a browser, driven by playwright-core; where there is none they skip and say why.
 *
 * `it.skipIf(noChromium !== null)` or `describe.skipIf(...)`; `npm run test:all` installs it where it can.
 */
import { type Browser, chromium } from 'playwright-core';
import { findChromium } from '../../infra/local/setup.ts';

const executablePath = await findChromium();

/** Why tests in a browser cannot run here; null when they can. */
export const noChromium: string | null =
  executablePath === undefined
    ? 'there is no Chromium (CHROMIUM names one; `npm run test:all` as root installs it): tests in a browser did not run'
    : null;

if (noChromium !== null) console.warn(noChromium);

const LAUNCH_TIMEOUT_MS = 30_000;

/** A headless browser; whoever starts it closes it. @throws Error where there is none, or it does not start */
export async function startChromium(): Promise<Browser> {
  if (executablePath === undefined) throw new Error(noChromium ?? '');
  return chromium.launch({
    executablePath,
    timeout: LAUNCH_TIMEOUT_MS,
    // Root has no sandbox of its own, containers have a small /dev/shm, and nothing here needs the network outside.
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--no-proxy-server',
    ],
  });
}
