/** `npm start`: the whole system in this terminal until Ctrl-C (design section 19). */

import { OptionError } from '../command-line.ts';
import { announcement } from './announcement.ts';
import { HELP, parseOptions } from './options.ts';
import { offerSimulatorWallet, SIMULATOR_WALLET } from './simulator-wallet.ts';
import { type RunningSystem, startSystem } from './system.ts';

const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

let system: RunningSystem | undefined;
let isStopping = false;

/** The first one stops in order; the second one, or one during the start, does not wait. */
function onSignal(name: string): void {
  if (isStopping || !system) {
    // Children end by themselves when this process is gone (infra/local/processes/supervisor.ts).
    note(isStopping ? 'not waiting any longer' : 'interrupted while starting');
    process.exit(EXIT_INTERRUPTED);
  }
  isStopping = true;
  note(`${name}: stopping`);
  system.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      note(`stopping failed: ${String(error)}`);
      process.exit(1);
    },
  );
}

/** A mistake in the runner itself: everything is stopped, not left half alive. */
function onBug(error: unknown): void {
  note(`the runner failed: ${error instanceof Error ? error.stack : String(error)}`);
  process.exit(1);
}

/** Null where there is none, or where it could not be made: the system runs all the same. */
async function makeSimulatorWallet(running: RunningSystem): Promise<string | null> {
  if (running.simulator === null) return null;
  try {
    return await offerSimulatorWallet(running);
  } catch (error) {
    note(
      `the wallet "${SIMULATOR_WALLET}" could not be made: ${error instanceof Error ? error.message : error}`,
    );
    return null;
  }
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => onSignal(name));
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', onBug);
  const startedAt = Date.now();
  note('starting: bundles, template, tables, queues, functions ...');
  system = await startSystem({ ...options, lasting: true, show: note });
  const walletId = await makeSimulatorWallet(system);
  process.stdout.write(announcement(system, options, walletId, Date.now() - startedAt));
}

try {
  await main();
} catch (error) {
  note(error instanceof Error ? error.message : String(error));
  process.exit(error instanceof OptionError ? EXIT_USAGE : 1);
}
