/** `npm start`: the whole system in this terminal until Ctrl-C (design section 19). */
import { type CommandLine, HELP, OptionError, parseOptions } from './options.ts';
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

function announce(running: RunningSystem, options: CommandLine, startedMs: number): void {
  const { api, token } = running;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ready: true, api, token })}\n`);
    return;
  }
  const feed = options.feed ?? 'synthetic';
  process.stdout.write(`
Moniqo is running (started in ${(startedMs / 1000).toFixed(1)} s). Ctrl-C stops it.

  API     ${api}/api/v1
  feed    ${feed}
  user    demo-user, token valid for 24 h:
  TOKEN=${token}

Try:
  curl -s ${api}/api/v1/health/services
  curl -s -H "Authorization: Bearer $TOKEN" ${api}/api/v1/prices
  curl -s -X POST -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '{"name":"my wallet","type":"demo","starting_balances":{"USDT":"10000"}}' ${api}/api/v1/wallets

A token for another user:
  curl -s -X POST -H 'Content-Type: application/json' -d '{"sub":"somebody"}' ${api}/local-issuer/token

`);
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
  system = await startSystem({ ...options, show: note });
  announce(system, options, Date.now() - startedAt);
}

try {
  await main();
} catch (error) {
  note(error instanceof Error ? error.message : String(error));
  process.exit(error instanceof OptionError ? EXIT_USAGE : 1);
}
