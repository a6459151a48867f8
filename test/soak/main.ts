/** `npm run soak`: prints figures and what is wrong; fails when anything is, never because the machine is slow. */
import { OptionError } from '../../infra/command-line.ts';
import { machine, machineLoad, versions } from '../../infra/local/demo/machine.ts';
import { targetLine } from '../bench/report.ts';
import { loadLines } from '../bench/stream/load-report.ts';
import { textOf } from '../faults/real/report.ts';
import { HELP, parseSoakOptions } from './options.ts';
import { runSoak } from './run.ts';

const EXIT_USAGE = 2;
const note = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(words: readonly string[]): Promise<number> {
  const options = parseSoakOptions(words);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const startedAt = new Date().toISOString();
  const before = machineLoad();
  const seed = options.seed ?? Date.now() % 1_000_000;
  const { document, shape, wrong, redis } = await runSoak({ ...options, seed, note });
  const head = { soak: 'all', started_at: startedAt, machine: machine(), versions: versions(redis) };
  const busy = { load_before: before, load_after: machineLoad() };
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...head, ...busy, ...document }, null, 2)}\n`);
  } else {
    const { cpu, cores, memory_gb: memory } = head.machine;
    process.stdout.write(
      [
        `\nsoak (${cpu}, ${cores} cores, ${memory} GB, load ${before} before; Node ${head.versions.node})\n`,
        ...loadLines(document.stream, shape),
        ...document.targets.map(targetLine),
        '',
        'undisturbed:',
        textOf(document.calm),
        '',
        'under random kills:',
        textOf(document.real),
        '\n',
      ].join('\n'),
    );
  }
  for (const one of wrong) note(`WRONG: ${one}`);
  return wrong.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof OptionError;
  note(isUsage ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = isUsage ? EXIT_USAGE : 1;
}
