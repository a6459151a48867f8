/** `npm run simulator:polygon`: a Polygon on this machine until Ctrl-C. */
import { writeFileSync } from 'node:fs';
import { OptionError } from '../../../command-line.ts';
import { stopOnSignals } from '../common/stop-on-signals.ts';
import { FaultScriptError } from './faults/rules.ts';
import { followPrices } from './followed-prices.ts';
import { PLANS, seededKey } from './keys.ts';
import { HELP, type PolygonReady, readPolygonCommand } from './options.ts';
import { type PolygonSimulator, startPolygon } from './start.ts';

const EXIT_USAGE = 2;

const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

function announceReady(simulator: PolygonSimulator, keys: PolygonReady['keys'], json: boolean): void {
  const { wsUrl, delayedUrl, restUrl, controlUrl } = simulator;
  const ready: PolygonReady = { ready: true, wsUrl, delayedUrl, restUrl, controlUrl, keys };
  if (json) {
    process.stdout.write(`${JSON.stringify(ready)}\n`);
    return;
  }
  const insecure = simulator.certificate === null ? '' : ' -k';
  process.stdout.write(`
A Polygon (Massive) on this machine. Its data are made up. Ctrl-C stops it.

  WebSocket  ${wsUrl}/crypto  /stocks  /forex
  delayed    ${delayedUrl}/stocks
  REST       ${restUrl}
  control    ${controlUrl}/control

${Object.entries(keys)
  .map(([plan, key]) => `  ${plan.padEnd(9)}  ${key}`)
  .join('\n')}

Try:
  curl -s${insecure} -H "Authorization: Bearer ${keys['full']}" ${restUrl}/v1/last/crypto/BTC/USD

`);
}

async function main(): Promise<void> {
  const command = readPolygonCommand(process.argv.slice(2));
  if (command.help) {
    process.stdout.write(HELP);
    return;
  }
  const stopWith = stopOnSignals();
  const { seed, windowMs, faults, certificateFile, port, tls, rate, moreSymbols, alwaysOpen } = command;
  const keys = Object.fromEntries(
    Object.keys(PLANS).map((plan) => [plan, seededKey(`moniqo polygon simulator ${seed} ${plan}`)]),
  );
  const simulator = await startPolygon({
    port,
    tls,
    seed,
    rate,
    moreSymbols,
    alwaysOpen,
    sockets: { windowMs },
    keys: Object.entries(PLANS).map(([plan, covers]) => ({
      ...covers,
      key: keys[plan] ?? plan,
      account: plan,
    })),
    ...(faults === null ? {} : { faults }),
  });
  const followed =
    command.prices === null ? null : followPrices(simulator.market, { url: command.prices, note });
  stopWith(async () => {
    await followed?.stop();
    await simulator.stop();
  });
  if (certificateFile !== null) writeFileSync(certificateFile, simulator.certificate ?? '');
  announceReady(simulator, keys, command.json);
}

try {
  await main();
} catch (error) {
  note(error instanceof Error ? error.message : String(error));
  const isUsage = error instanceof OptionError || error instanceof FaultScriptError;
  process.exit(isUsage ? EXIT_USAGE : 1);
}
