/**
 * `npm run faults -- --real`: minutes of trading on the laptop system's real parts under kills and faults. Prints
 * figures and what is wrong; fails when anything is.
 */
import { OptionError } from '../../../infra/command-line.ts';
import { machine, machineLoad, versions } from '../../../infra/local/demo/machine.ts';
import { HELP, parseRealOptions } from './options.ts';
import { textOf } from './report.ts';
import { runReal } from './run.ts';

const EXIT_USAGE = 2;
const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** The command; `words` are what follows `--real`. Answers the exit code. */
export async function realFaults(words: readonly string[]): Promise<number> {
  let options: ReturnType<typeof parseRealOptions>;
  try {
    options = parseRealOptions(words);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    note(error.message);
    return EXIT_USAGE;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const startedAt = new Date().toISOString();
  const before = machineLoad();
  const seed = options.seed ?? Date.now() % 1_000_000;
  const { document, redis } = await runReal({ ...options, seed, note });
  const head = { faults: 'real', started_at: startedAt, machine: machine(), versions: versions(redis) };
  const busy = { load_before: before, load_after: machineLoad() };
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...head, ...busy, ...document }, null, 2)}\n`);
  } else {
    const { cpu, cores, memory_gb: memory } = head.machine;
    const on = `${cpu}, ${cores} cores, ${memory} GB, load ${before} before; Node ${head.versions.node}`;
    process.stdout.write(`\nfaults --real (${on})\n\n${textOf(document)}\n\n`);
  }
  for (const one of document.violations) note(`WRONG: ${one}`);
  return document.violations.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    process.exitCode = await realFaults(process.argv.slice(2));
  } catch (error) {
    note(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  }
}
