/** `npm run bench -- console`: frames with 500 live positions, and what the page weighs before anything is clicked. */
import { ensureConsole } from '../../infra/console/ensure.ts';
import { table } from '../../infra/local/demo/table.ts';
import { startSystem } from '../../infra/local/system.ts';
import { createClient } from '../../shared/client/client.ts';
import { type Crowd, measureCrowd, POSITIONS, SYMBOLS, UPDATE_MS } from '../console/crowd.ts';
import { noChromium, startChromium } from '../support/chromium.ts';
import { firstLoad, gzippedBytes, partsOf } from '../support/first-load.ts';
import { until } from '../support/until.ts';
import { FedMarket } from './fed-market.ts';
import { atMost, type BenchResult, distribution, percentile, targetLine } from './report.ts';

const FRAME_MS = 50;
const FIRST_LOAD_KB = 300;
const MEASURE_MS = 20_000;
const SYMBOL = 'BTC/USDT';
const PAGES = ['overview', 'position', 'orders', 'wallets', 'health'];

const kilobytes = (bytes: number): number => bytes / 1_000;

/** @throws Error where there is no Chromium */
export async function benchConsole(
  note: (line: string) => void,
  verbose: boolean,
): Promise<BenchResult & { redis: string }> {
  if (noChromium !== null) throw new Error(noChromium);
  const folder = await ensureConsole();
  const market = new FedMarket();
  const system = await startSystem({
    ...{ ...market.feed, lasting: true, console: { port: 0, dist: folder }, show: note, verbose },
  });
  try {
    await market.open({ [SYMBOL]: '50000' });
    const client = createClient({ api: system.api, token: system.token });
    await until(
      'a price',
      async () => (await client.call('listPrices', { query: { symbols: [SYMBOL] } })).items,
      (items) => items.length > 0,
    );
    const positionId = await openOne(client);
    const browser = await startChromium();
    try {
      note(`${MEASURE_MS / 1_000} s of ${POSITIONS} positions`);
      const crowd = await measureCrowd({
        ...{ browser, url: system.console ?? '', client, positionId, symbol: SYMBOL, ms: MEASURE_MS },
      });
      return { ...report(crowd, folder, browser.version()), redis: system.redisKind };
    } finally {
      await browser.close();
    }
  } finally {
    await system.stop();
    await market.close();
  }
}

async function openOne(client: ReturnType<typeof createClient>): Promise<string> {
  const body = { name: 'Bench', type: 'demo' as const, starting_balances: { USDT: '100000' } };
  const { wallet_id } = await client.call('createWallet', { body });
  const order = await client.call('createOrder', {
    body: {
      ...{ wallet_id, symbol: SYMBOL, side: 'buy', type: 'market', quantity: '0.1' },
      protection: { stop_loss: '49000', take_profit: '60000' },
    },
  });
  await until(
    'an open position',
    () => client.call('getPosition', { params: { position_id: order.position_id } }),
    ({ status }) => status === 'open',
  );
  return order.position_id;
}

function report(
  { frames, emptyFrames, workMs, updates, errors, rows }: Crowd,
  folder: string,
  chromium: string,
): BenchResult {
  const p95 = percentile(frames, 0.95);
  const [page, empty] = [distribution(frames), distribution(emptyFrames)];
  const emptyP95 = percentile(emptyFrames, 0.95);
  const overview = gzippedBytes(folder, firstLoad(folder, partsOf(folder, 'overview')));
  const sizes = PAGES.map((page) => [page, gzippedBytes(folder, partsOf(folder, page))] as const);
  const targets = [
    atMost(`frame, p95, ${POSITIONS} positions at ${1_000 / UPDATE_MS} Hz`, p95, FRAME_MS, 'ms'),
    atMost('first load with the overview, compressed', kilobytes(overview), FIRST_LOAD_KB, 'kB'),
  ];
  const shown = (ms: number): string => ms.toFixed(1);
  return {
    document: {
      ...{ chromium, positions: POSITIONS, symbols: SYMBOLS, update_ms: UPDATE_MS, updates, rows },
      frames_ms: { ...page, p95 },
      empty_page_frames_ms: { ...empty, p95: emptyP95 },
      work_per_update_ms: workMs,
      first_load_bytes: overview,
      own_parts_bytes: Object.fromEntries(sizes),
      targets,
    },
    text: [
      `Chromium ${chromium}, headless; ${POSITIONS} positions of ${SYMBOLS} symbols, ${updates} updates, ${rows} rows in the page`,
      '',
      table(
        ['frames', 'count', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'],
        [
          ['the overview', String(page.count), ...[page.p50, p95, page.p99, page.max].map(shown)],
          ['an empty page', String(empty.count), ...[empty.p50, emptyP95, empty.p99, empty.max].map(shown)],
        ],
        ['count', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'],
      ),
      '',
      `work of the page's thread per update: ${shown(workMs)} ms`,
      '',
      table(
        ['compressed', 'kB'],
        [
          ['first load, with the overview', kilobytes(overview).toFixed(1)],
          ...sizes.map(([page, bytes]) => [`own part of ${page}`, kilobytes(bytes).toFixed(1)]),
        ],
        ['kB'],
      ),
      '',
      ...targets.map(targetLine),
    ].join('\n'),
    wrong: errors,
  };
}
