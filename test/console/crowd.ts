/**
 * 500 open positions whose prices change twice a second: what the page bears, and how long it takes for a frame. The first
 * position is the API's own answer, as often as it takes; lists and push are answered in the browser's own network, so
 * that the system has nothing to do meanwhile.
 */
import type { Browser, Locator, Page, WebSocketRoute } from 'playwright-core';
import type { ApiClient } from '../../shared/client/client.ts';
import type { PushedPrice } from '../../shared/client/push.ts';
import { type ConsolePage, openConsole } from '../support/console-browser.ts';
import { until } from '../support/until.ts';

export const POSITIONS = 500;
/** As many as are pushed. */
export const SYMBOLS = 50;
export const UPDATE_MS = 500;
const PAGE = 200;
const EMPTY_MS = 3_000;
/** The first price of all; each update adds one. */
const FROM = 50_000;
const LATER_TICK = 1_000_000_000;

export interface Crowd {
  /** ms, in order of size. */
  readonly frames: readonly number[];
  /** The same of a page that draws nothing, right after it: what this machine takes, whatever the page does. */
  readonly emptyFrames: readonly number[];
  /** ms of the page's thread per update: no matter what else the machine has to do. */
  readonly workMs: number;
  readonly updates: number;
  /** What the page said was wrong. */
  readonly errors: readonly string[];
  /** Rows that were in the page at once. */
  readonly rows: number;
}

/** Times between frames, as the page itself sees them. */
const RECORD = `{
  const times = (window.frameTimes = []);
  let last = performance.now();
  const frame = (now) => { times.push(now - last); last = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
}`;

const symbolOf = (n: number): string => `C${n % SYMBOLS}/USDT`;

export interface CrowdOptions {
  readonly browser: Browser;
  readonly url: string;
  readonly client: ApiClient;
  /** Of one open position. */
  readonly positionId: string;
  readonly symbol: string;
  /** So long it is measured; half of it at the top of the list, half further down. */
  readonly ms: number;
}

/** @throws Error when the page does not keep up: no row in sight gets the last price */
export async function measureCrowd(options: CrowdOptions): Promise<Crowd> {
  const { browser, url, client, positionId, symbol, ms } = options;
  const open = await client.call('listPositions', { query: { status: 'open' } });
  const model = open.items.find(({ position_id: id }) => id === positionId);
  const [price] = (await client.call('listPrices', { query: { symbols: [symbol] } })).items;
  if (model === undefined || price === undefined) throw new Error('no position, or no price of it');
  const rows = Array.from({ length: POSITIONS }, (_, n) => ({
    ...model,
    ...{ position_id: `position-${n}`, symbol: symbolOf(n) },
  }));
  const { age_ms: _, ...told } = price;
  let updates = 0;
  const timers: NodeJS.Timeout[] = [];
  const tell = (socket: WebSocketRoute): void => {
    updates += 1;
    socket.send(JSON.stringify({ type: 'prices', prices: pricesAt(told, updates) }));
  };
  const shown = await openConsole(browser, {
    url,
    viewport: { width: 1280, height: 900 },
    prepare: async (page) => {
      await page.addInitScript(RECORD);
      await answerPositions(page, rows);
      await page.routeWebSocket(/push/, (socket) => {
        socket.onMessage((text) => {
          const { action } = JSON.parse(String(text)) as { readonly action: string };
          const answer =
            action === 'ping'
              ? { type: 'pong', cursor: '0' }
              : { type: 'subscribed', channels: [], cursor: '0' };
          socket.send(JSON.stringify(answer));
        });
        timers.push(setInterval(() => tell(socket), UPDATE_MS));
      });
    },
  });
  try {
    const seen = await follow(shown, ms, () => updates);
    return { ...seen, emptyFrames: await framesOfNothing(browser) };
  } finally {
    for (const timer of timers) clearInterval(timer);
    await shown.close();
  }
}

/** What this machine takes for frames on which nothing is drawn. */
async function framesOfNothing(browser: Browser): Promise<readonly number[]> {
  const page = await browser.newPage();
  await page.evaluate(RECORD);
  await page.waitForTimeout(EMPTY_MS);
  const frames = await framesOf(page);
  await page.close();
  return frames;
}

const framesOf = async (page: Page): Promise<readonly number[]> =>
  (await page.evaluate<readonly number[]>('window.frameTimes')).toSorted((a, b) => a - b);

/** Answers how many ms the page's thread has worked so far. */
async function workOf(page: Page): Promise<() => Promise<number>> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    const seconds = metrics.find(({ name }) => name === 'TaskDuration')?.value;
    if (seconds === undefined) throw new Error('the browser does not say how long it has worked');
    return seconds * 1_000;
  };
}

async function follow(
  { page, errors }: ConsolePage,
  ms: number,
  updates: () => number,
): Promise<Omit<Crowd, 'emptyFrames'>> {
  const table = page.getByRole('region', { name: 'Open positions: rows' });
  await table.locator('tbody tr').nth(20).waitFor();
  const rows = await table.locator('tbody tr').count();
  // What was loaded and drawn at first is no update.
  const worked = await workOf(page);
  await page.evaluate('window.frameTimes.length = 0');
  const [before, began] = [updates(), await worked()];
  await page.waitForTimeout(ms / 2);
  await table.evaluate('(one) => one.scrollTo(0, 9000)');
  await page.waitForTimeout(ms / 2);
  const frames = await framesOf(page);
  const told = updates() - before;
  const workMs = ((await worked()) - began) / told;
  await keepsUp(table, updates());
  return { frames, workMs, updates: told, errors, rows };
}

/** A row in sight, after scrolling, has a price at least as late as that. */
async function keepsUp(table: Locator, update: number): Promise<void> {
  const mark = table.locator('tbody tr:not(.gap)').nth(10).locator('td[data-title="Mark"]');
  await until(
    'a late price',
    async () => (await mark.textContent()) ?? '',
    (text) => Number.parseInt(text.replace(/\D/g, ''), 10) >= FROM + update, // not money: a count
  );
}

const pricesAt = (price: PushedPrice, update: number): readonly PushedPrice[] =>
  Array.from({ length: SYMBOLS }, (_, n) => {
    const now = String(FROM + update);
    return {
      ...price,
      ...{ symbol: symbolOf(n), tick_id: LATER_TICK + update, timestamp: new Date().toISOString() },
      ...{ bid: now, ask: now, last: now, mid: now, mark: now },
    };
  });

async function answerPositions(page: Page, rows: readonly object[]): Promise<void> {
  await page.route(/\/api\/v1\/positions\?/, async (route) => {
    const from = Number.parseInt(new URL(route.request().url()).searchParams.get('cursor') ?? '0', 10); // not money
    const next = from + PAGE < rows.length ? String(from + PAGE) : null;
    const headers = { 'access-control-allow-origin': '*' };
    await route.fulfill({ json: { items: rows.slice(from, from + PAGE), next_cursor: next }, headers });
  });
}
