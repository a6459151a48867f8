/**
 * `npm run bench -- NAME`: measures, prints figures and whether targets are met (design section 22). Fails when
 * something is wrong (an exit missing, a hit that must not be), never because the machine is slow.
 */
import { machine, machineLoad, versions } from '../../infra/local/demo/machine.ts';
import { importLuaAsText } from '../support/lua-as-text.ts';
import { benchApi } from './api/api.ts';
import { benchPlacing } from './binance-place.ts';
import { benchCold } from './cold/cold.ts';
import { benchConsole } from './console.ts';
import { benchExecutions } from './executions.ts';
import { benchLatency } from './latency.ts';
import { benchPolygonSimulator } from './polygon-simulator.ts';
import { benchRebuild } from './rebuild.ts';
import { benchRecovery } from './recovery.ts';
import type { BenchResult } from './report.ts';
import { benchStream } from './stream.ts';
import { benchSymbols } from './symbols.ts';
import { benchUserData } from './user-data.ts';

const HELP = `Benchmarks.

  npm run bench -- api        50 users on the laptop system: a read, an order to its final answer, 200 requests a second
  npm run bench -- binance    an order through API, submit queue and the Binance simulator, on the laptop system
  npm run bench -- cold       each deployed bundle in fresh processes: its size, and how long it takes to load
  npm run bench -- console    500 live positions in a browser: times between frames; what the first load weighs
  npm run bench -- executions execution reports into orders, fills and positions on DynamoDB Local; ten thousand of one order
  npm run bench -- latency    tick to exit order on the wire, on the laptop system: by wake-up, and by sweeps alone
  npm run bench -- polygon-simulator  what the Polygon simulator sends: 500 symbols, 20,000 and 50,000 messages a second
  npm run bench -- rebuild    levels of one symbol over a day and a week of bars, as a rebuild of the index replays them
  npm run bench -- recovery   a lost user-data stream of 50 wallets: noticed, and ledger = venue again
  npm run bench -- scale      100,000 positions of 10,000 wallets: what grows with idle ones, and with stops reached at once
  npm run bench -- stream     one connection against bare ws; 500 symbols at 20,000 messages a second into the streamer
  npm run bench -- symbols    a whole exchange's trading rules: read, stored, and stored again unchanged
  npm run bench -- triggers   a tick's cost with a million levels, pure core and Redis; sweep, rebuild, list, replay
  npm run bench -- user-data  200 wallets on one connection, 500 execution reports a second into the queue

  --json       one JSON document on stdout; everything else on stderr
  --verbose    every log line of the system
  --help       this text
`;

const EXIT_USAGE = 2;
const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const BENCHES: Readonly<Record<string, (verbose: boolean) => Promise<BenchResult & { redis?: string }>>> = {
  api: (verbose) => benchApi(note, verbose),
  binance: (verbose) => benchPlacing(note, verbose),
  cold: () => benchCold(note),
  console: (verbose) => benchConsole(note, verbose),
  executions: () => benchExecutions(note),
  latency: (verbose) => benchLatency(note, verbose),
  'polygon-simulator': () => benchPolygonSimulator(note),
  rebuild: () => benchRebuild(),
  recovery: (verbose) => benchRecovery(note, verbose),
  scale: async () => {
    importLuaAsText();
    return (await import('./scale/scale.ts')).benchScale(note);
  },
  stream: () => benchStream(note),
  symbols: () => benchSymbols(note),
  triggers: async () => {
    importLuaAsText();
    return (await import('./triggers/triggers.ts')).benchTriggers(note);
  },
  'user-data': () => benchUserData(note),
};

const FLAGS = ['--json', '--verbose', '--help'];

async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  const [name, ...others] = words.filter((word) => !FLAGS.includes(word));
  const bench = BENCHES[name ?? ''];
  if (name === undefined || bench === undefined || others.length > 0) {
    note(`which benchmark? one of ${Object.keys(BENCHES).join(', ')}`);
    return EXIT_USAGE;
  }
  const startedAt = new Date().toISOString();
  const before = machineLoad();
  const { document, text, wrong, redis } = await bench(words.includes('--verbose'));
  const head = { bench: name, started_at: startedAt, machine: machine(), versions: versions(redis ?? null) };
  const busy = { load_before: before, load_after: machineLoad() };
  if (words.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ ...head, ...busy, ...document }, null, 2)}\n`);
  } else {
    const { cpu, cores, memory_gb: memory } = head.machine;
    const on = `${cpu}, ${cores} cores, ${memory} GB, load ${before} before; Node ${head.versions.node}`;
    process.stdout.write(`\n${name} (${on})\n\n${text}\n\n`);
  }
  for (const one of wrong) note(`WRONG: ${one}`);
  return wrong.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
}
