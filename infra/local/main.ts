/** `npm start`: the whole system in this terminal until Ctrl-C (design section 19). */
import type { DeployedBinance } from '../stacks/settings.ts';
import { type CommandLine, HELP, OptionError, parseOptions } from './options.ts';
import { offerSimulatorWallet, SIMULATOR_WALLET } from './simulator-wallet.ts';
import { type RunningSystem, startSystem } from './system.ts';

const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const REAL_TITLE: Readonly<Record<DeployedBinance, string>> = {
  binance: 'production, REAL MONEY',
  binance_testnet: "Binance's testnet",
  binance_demo: "Binance's demo mode",
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

function announce(running: RunningSystem, options: CommandLine, walletId: string | null, ms: number): void {
  const { api, token, simulator } = running;
  if (options.json) {
    const more = simulator && {
      simulator: { rest_url: simulator.restUrl, control_url: simulator.controlUrl, wallet_id: walletId },
    };
    process.stdout.write(`${JSON.stringify({ ready: true, api, token, ...more })}\n`);
    return;
  }
  process.stdout.write(`
Moniqo is running (started in ${(ms / 1000).toFixed(1)} s). Ctrl-C stops it.

  API      ${api}/api/v1
  feed     ${options.feed ?? 'synthetic'}
  binance  ${exchangeLine(running, options, walletId)}
  user     demo-user, token valid for 24 h:
  TOKEN=${token}

Try:
  curl -s ${api}/api/v1/health/services
  curl -s -H "Authorization: Bearer $TOKEN" ${api}/api/v1/prices
  curl -s -X POST -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '{"name":"my wallet","type":"demo","starting_balances":{"USDT":"10000"}}' ${api}/api/v1/wallets
${addKeysLines(api, options)}
A token for another user:
  curl -s -X POST -H 'Content-Type: application/json' -d '{"sub":"somebody"}' ${api}/local-issuer/token

`);
}

function exchangeLine(
  { simulator }: RunningSystem,
  { exchange }: CommandLine,
  walletId: string | null,
): string {
  if (exchange === undefined) return 'none';
  if (exchange !== 'simulator') return REAL_TITLE[exchange];
  return `simulator at ${simulator?.restUrl}, wallet "${SIMULATOR_WALLET}": ${walletId ?? 'not made, see above'}`;
}

/** From a file, because what stands on a command line is seen by others and kept by the shell. */
function addKeysLines(api: string, { exchange }: CommandLine): string {
  if (exchange === undefined || exchange === 'simulator') return '';
  return `
Add your keys (a file that only you can read; "private_key" with the PEM instead for Ed25519 and RSA):
  (umask 077; cat > wallet.json)      {"name":"mine","type":"binance","api_key":"...","secret_key":"..."}
  curl -s -X POST -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -H 'Idempotency-Key: my-wallet' -d @wallet.json ${api}/api/v1/wallets
`;
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
  system = await startSystem({ ...options, show: note });
  const walletId = await makeSimulatorWallet(system);
  announce(system, options, walletId, Date.now() - startedAt);
}

try {
  await main();
} catch (error) {
  note(error instanceof Error ? error.message : String(error));
  process.exit(error instanceof OptionError ? EXIT_USAGE : 1);
}
