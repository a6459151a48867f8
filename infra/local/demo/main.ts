/**
 * `npm run demo`: the whole system on this machine, some protected positions, and what became of them
 * (design section 22). Without questions, in less than a minute; exit code 1 when a number does not agree.
 */
import { decimal, decimalText } from '../../../shared/domain/money/decimal.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import { SYNTHETIC_DEFAULT_SYMBOLS } from '../../../shared/feeds/synthetic.ts';
import { OptionError } from '../../command-line.ts';
import { type RunningSystem, type SystemOptions, startSystem } from '../system.ts';
import { createApiClient } from './api-client.ts';
import { checkAll } from './checks.ts';
import { balanceEntries, positionEntry } from './document.ts';
import { machine, versions } from './machine.ts';
import { DEMO_HELP, type DemoOptions, parseDemoOptions } from './options.ts';
import { type Market, planPositions, startBalance } from './plan.ts';
import { surveyRecording } from './recording.ts';
import { balancesTable, checksText, exitsTable, positionsTable } from './table.ts';
import {
  awaitPrices,
  closeRest,
  letRun,
  openPosition,
  openWallet,
  readBalances,
  readPosition,
} from './trade.ts';

/** How long prices run. */
const RUN_MS = 28_000;
/** From this age of the process on what is open is closed, so that a slow start does not make the demo a long one. */
const CLOSE_AT_MS = 48_000;
const LEAST_RUN_MS = 8_000;
/** A replay lasts a little longer, so that what is closed by hand is closed at a moving price. */
const REPLAY_MS = 31_000;
/** Synthetic prices move faster than usual, so that there is something to see. */
const SYNTHETIC_TICKS_PER_SECOND = '40';
const SYNTHETIC_SWING_PERCENT = '0.5';

const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

interface Setting {
  readonly markets: readonly Market[];
  readonly system: SystemOptions;
  readonly feed: { readonly name: string; readonly speed: string | null };
}

/** What is traded, and how the streamer is started for it. */
async function prepare(options: DemoOptions): Promise<Setting> {
  const { feed = 'synthetic', speed, seed, strict, verbose } = options;
  const common = { feed, port: 0, verbose, show: note };
  if (!feed.startsWith('replay:')) {
    const registry = symbolRegistry();
    const markets = SYNTHETIC_DEFAULT_SYMBOLS.map((symbol) => {
      const spec = registry.get(symbol);
      if (spec === null) throw new Error(`the registry does not know ${symbol}`);
      return { spec, swingPercent: decimal(SYNTHETIC_SWING_PERCENT), usualSize: null };
    });
    const environment = { streamer: { FEED_TICKS_PER_SECOND: SYNTHETIC_TICKS_PER_SECOND } };
    return {
      markets,
      system: { ...common, environment, ...(seed !== undefined && { seed }) },
      feed: { name: feed, speed: null },
    };
  }
  const recording = await surveyRecording(feed.slice('replay:'.length));
  const factor = speed ?? (recording.spanMs / REPLAY_MS || 1).toFixed(3);
  return {
    markets: recording.symbols,
    system: {
      ...common,
      speed: factor,
      ...(strict !== undefined && { strict }),
      environment: { streamer: { REPLAY_START: 'on_demand' } },
    },
    feed: { name: feed, speed: factor },
  };
}

/** Trades, and answers the document. */
async function run(system: RunningSystem, { markets, feed }: Setting, startedAt: string) {
  const client = createApiClient(system.api, system.token);
  const plans = planPositions(markets);
  const start = Object.fromEntries(
    [...new Set(plans.map(({ market }) => market.spec.quote))].map((quote) => [
      quote,
      decimalText(startBalance(quote)),
    ]),
  );
  const walletId = await openWallet(client, start);
  await awaitPrices(client, [...new Set(plans.map(({ market }) => market.spec.symbol))]);
  const runningSince = performance.now();
  const runMs = Math.max(LEAST_RUN_MS, Math.min(RUN_MS, CLOSE_AT_MS - runningSince));
  const opened = await Promise.all(plans.map((plan, at) => openPosition(client, walletId, plan, at + 1)));
  note(`opened ${opened.length} positions; prices run for ${Math.round(runMs / 1000)} s`);
  await letRun(client, walletId, runMs - (performance.now() - runningSince), (open) => note(`${open} open`));
  const byHand = await closeRest(client, walletId);
  note(`closed ${byHand} by hand`);
  const details = await Promise.all(opened.map(({ positionId }) => readPosition(client, positionId)));
  const positions = details.flatMap((detail, at) => {
    const one = opened[at];
    return one === undefined ? [] : [positionEntry(one, detail)];
  });
  const balances = balanceEntries(start, await readBalances(client, walletId));
  return {
    feed: feed.name,
    speed: feed.speed,
    machine: machine(),
    versions: versions(system.redisKind),
    started_at: startedAt,
    positions,
    balances,
    checks: checkAll(positions, balances),
  };
}

type Document = Awaited<ReturnType<typeof run>>;

function print(document: Document): void {
  const { positions, balances, checks, feed, speed } = document;
  process.stdout.write(
    [
      '',
      `Positions (feed ${feed}${speed === null ? '' : `, ${speed} times as fast as recorded`}; all times UTC)`,
      '',
      positionsTable(positions),
      '',
      'How each one got out (a tick of a replay is the line of the file)',
      '',
      exitsTable(positions),
      '',
      balancesTable(balances),
      '',
      checksText(checks),
      '',
      '',
    ].join('\n'),
  );
}

let system: RunningSystem | undefined;

/** The children of a process that leaves end by themselves (infra/local/processes/supervisor.ts). */
function onSignal(name: string): void {
  note(`${name}: stopping`);
  if (system === undefined) process.exit(EXIT_INTERRUPTED);
  const leave = () => process.exit(EXIT_INTERRUPTED);
  system.stop().then(leave, leave);
}

async function main(): Promise<number> {
  const options = parseDemoOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(DEMO_HELP);
    return 0;
  }
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const startedAt = new Date().toISOString();
  const setting = await prepare(options);
  note('starting the system ...');
  system = await startSystem(setting.system);
  let document: Document;
  try {
    document = await run(system, setting, startedAt);
  } finally {
    await system.stop();
  }
  if (options.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else print(document);
  return document.checks.every(({ ok }) => ok) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  note(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  process.exitCode = error instanceof OptionError ? EXIT_USAGE : 1;
}
