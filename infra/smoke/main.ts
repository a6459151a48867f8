/** `npm run smoke`: is this deployment good? (docs/operations.md) */
import { OptionError } from '../command-line.ts';
import { HELP, parseSmokeOptions } from './options.ts';
import { askHidden } from './prompt.ts';
import { stepLine } from './report.ts';
import { runSmoke } from './run.ts';

const EXIT_USAGE = 2;
const note = (line: string): void => void process.stderr.write(`${line}\n`);

/** Aborted by the first signal; the second one ends the process, as it does without this. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  const names = ['SIGINT', 'SIGTERM'] as const;
  const onSignal = (name: string): void => {
    for (const one of names) process.off(one, onSignal);
    note(`${name}: putting away what was opened; once more, and it stays`);
    stop.abort();
  };
  for (const name of names) process.on(name, onSignal);
  return stop.signal;
}

async function main(): Promise<number> {
  const options = parseSmokeOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(HELP);
    return 0;
  }
  const say = options.json ? note : (line: string) => void process.stdout.write(`${line}\n`);
  const document = await runSmoke(options, {
    env: process.env,
    ask: askHidden,
    told: (step) => say(stepLine(step)),
    note,
    stop: stopSignal(),
  });
  if (options.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else process.stdout.write(document.passed ? '\nall steps passed\n' : '\nNOT GOOD: see the steps above\n');
  return document.passed ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  note(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof OptionError ? EXIT_USAGE : 1;
}
