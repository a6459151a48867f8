/**
 * The trigger engine (design section 22): a tick's cost with many levels on the pure core and on a real Redis, a sweep, a
 * rebuild, a list of positions, and a replay's speed. What a row is measured on is in its own file.
 */
import { table } from '../../../infra/local/demo/table.ts';
import { createValkey } from '../../../shared/adapters/valkey/client.ts';
import { createTriggerIndex } from '../../../shared/adapters/valkey/trigger-index.ts';
import { startRealRedis } from '../../support/redis.ts';
import { atLeast, atMost, type BenchResult, type Target, targetLine } from '../report.ts';
import { type CoreRow, measureCore } from './core.ts';
import { COUNTS } from './levels.ts';
import { measureListing } from './listing.ts';
import { RECORDED_FILE, recorded } from './paths.ts';
import { measureRebuild } from './rebuild-load.ts';
import { measureIndex, type RedisRow } from './redis-index.ts';
import { measureReplay } from './replay-speed.ts';
import { measureSweep } from './sweep.ts';

/** A million levels take a while to arm, and others may need the core. */
const PATIENCE_MS = 60_000;
const FEWEST = COUNTS[0];
const MOST = COUNTS[2];

const whole = (n: number): string => n.toLocaleString('en-US', { maximumFractionDigits: 0 });
const tenth = (n: number): string => n.toLocaleString('en-US', { maximumFractionDigits: 1 });
const hundredth = (n: number): number => Math.round(n * 100) / 100;

/** How much dearer the largest index makes a tick, for each kind of prices and distances. */
function ratios<T extends { readonly levels: number }>(
  where: string,
  rows: readonly T[],
  { nameOf, costOf }: { readonly nameOf: (row: T) => string; readonly costOf: (row: T) => number },
): readonly Target[] {
  return [...Map.groupBy(rows, nameOf)].map(([name, own]) => {
    const cost = (levels: number): number => {
      const row = own.find((one) => one.levels === levels);
      if (row === undefined) throw new Error(`${name}: ${levels} levels were not measured`);
      return costOf(row);
    };
    const title = `${where}, ${name}: cost of a tick with ${whole(MOST)} levels against ${whole(FEWEST)}`;
    return atMost(title, hundredth(cost(MOST) / cost(FEWEST)), 2, 'times');
  });
}

const coreName = ({ prices, distances }: CoreRow): string => `${prices}, ${distances} distances`;
const redisName = ({ prices, sending, distances }: RedisRow): string =>
  `${prices} (${sending}), ${distances} distances`;

function coreTable(rows: readonly CoreRow[]): string {
  const right = ['distances', 'levels', 'ticks/s', 'ns per tick'];
  const cells = rows.map(({ prices, distances, levels, ticksPerSecond, nanosecondsPerTick }) => [
    prices,
    ...[distances, levels, ticksPerSecond, nanosecondsPerTick].map(whole),
  ]);
  return table(['prices', ...right], cells, right);
}

function redisTable(rows: readonly RedisRow[]): string {
  const right = ['distances', 'levels', 'ticks', 'batches', 'us per tick', 'call p50 ms', 'p99', 'max'];
  const cells = rows.map(
    ({ prices, sending, distances, levels, ticks, batches, microsecondsPerTick, call }) => [
      ...[prices, sending],
      ...[distances, levels, ticks, batches].map(whole),
      tenth(microsecondsPerTick),
      ...[call.p50, call.p99, call.max].map((ms) => hundredth(ms).toString()),
    ],
  );
  return table(['prices', 'sent', ...right], cells, right);
}

async function onRedis(note: (line: string) => void) {
  const redis = await startRealRedis();
  const valkey = createValkey(redis.url, { commandTimeoutMs: PATIENCE_MS });
  try {
    const server = { valkey, index: createTriggerIndex(valkey) };
    const figures = await measureIndex(server, note);
    note('a sweep of 500 symbols ...');
    const sweep = await measureSweep(server);
    note('a rebuild of 100,000 levels ...');
    const rebuild = await measureRebuild(server);
    note('listing 1,000 positions ...');
    const listing = await measureListing(server);
    return { figures, sweep, rebuild, listing };
  } finally {
    await valkey.close();
    await redis.stop();
  }
}

export async function benchTriggers(note: (line: string) => void): Promise<BenchResult & { redis: string }> {
  const hasRecording = (await recorded(1)) !== null;
  note('the pure core ...');
  const core = await measureCore();
  const { figures, sweep, rebuild, listing } = await onRedis(note);
  note('replays ...');
  const replays = measureReplay();
  const slowest = Math.min(
    ...core.filter(({ prices }) => prices.includes('walk')).map((row) => row.ticksPerSecond),
  );
  const targets = [
    atLeast('pure core, ticks between levels, slowest row', slowest, 1_000_000, 'ticks/s'),
    ...ratios('pure core', core, { nameOf: coreName, costOf: (row) => row.nanosecondsPerTick }),
    ...ratios('Redis', figures.rows, { nameOf: redisName, costOf: (row) => row.microsecondsPerTick }),
    atMost('sweep of 500 symbols, p50', hundredth(sweep.sweep.p50), 50, 'ms'),
    atMost('sweep of 500 symbols, p99', hundredth(sweep.sweep.p99), 50, 'ms'),
    atMost(`rebuild of ${whole(rebuild.levels)} levels`, hundredth(rebuild.seconds), 30, 's'),
    atMost(
      `listing ${whole(listing.positions)} open positions, p50`,
      hundredth(listing.listing.p50),
      300,
      'ms',
    ),
    ...replays.map(({ day, timesRealTime }) => atLeast(`replay, ${day}`, timesRealTime, 500, 'x')),
  ];
  const wrong = [...core, ...figures.rows, sweep, rebuild, listing, ...replays].flatMap((one) => one.wrong);
  const absent = `no recorded prices: ${RECORDED_FILE} is not there, so their rows are missing`;
  const { sweep: swept } = sweep;
  const replayRight = ['ticks', 'positions', 'hours', 'seconds', 'times real time'];
  const replayTable = table(
    ['replay of a day', ...replayRight],
    replays.map(({ day, ticks, positions, spanHours, seconds, timesRealTime }) => [
      ...[day, whole(ticks), whole(positions), tenth(spanHours), hundredth(seconds).toString()],
      whole(timesRealTime),
    ]),
    replayRight,
  );
  const armed = figures.armingUs.map(({ levels, us }) => `${tenth(us)} us with ${whole(levels)}`).join(', ');
  const text = [
    ...(hasRecording ? [] : [absent, '']),
    'Pure core, time of a core',
    '',
    coreTable(core),
    '',
    'Redis, time of its core',
    '',
    redisTable(figures.rows),
    '',
    `arming a level: ${armed}; the largest index took ${whole(figures.memoryMb)} MB`,
    `sweep of ${sweep.symbols} symbols, ${whole(sweep.positions)} positions, ${whole(sweep.levels)} levels: ` +
      `p50 ${tenth(swept.p50)}, p99 ${tenth(swept.p99)}, max ${tenth(swept.max)} ms`,
    `listing in ${listing.pages} pages on DynamoDB Local: p50 ${tenth(listing.listing.p50)}, ` +
      `max ${tenth(listing.listing.max)} ms, ${tenth(listing.core.p50)} of them of this process's core; ` +
      `a page p50 ${tenth(listing.page.p50)} ms`,
    '',
    replayTable,
    '',
    ...targets.map(targetLine),
  ].join('\n');
  const recordedPrices = hasRecording ? RECORDED_FILE : null;
  const document = {
    ...{ recorded_prices: recordedPrices, core, redis: figures, sweep, rebuild, listing, replays },
    ...{ targets, wrong },
  };
  return { document, text, wrong, redis: 'redis-server' };
}
