/** `npm run simulator`: a Binance Spot on this machine until Ctrl-C. */
import { writeFileSync } from 'node:fs';
import { OptionError } from '../../../command-line.ts';
import { stopOnSignals } from '../common/stop-on-signals.ts';
import type { SimulatorReady } from './contract.ts';
import { FaultScriptError } from './server/fault-rules.ts';
import { type KeyType, seededText } from './server/keys.ts';
import { HELP, readCommand, type SimulatorCommand } from './server/options.ts';
import { cachedPrices, type PriceSource, syntheticPrices } from './server/prices.ts';
import { type Simulator, startSimulator } from './start.ts';

const EXIT_USAGE = 2;
const PRICES_EVERY_MS = 50;

const BALANCES = { USDT: '100000', BTC: '1', ETH: '10', BNB: '10', SOL: '100' };
const ACCOUNTS = [
  { uid: 1, balances: BALANCES },
  { uid: 2, balances: BALANCES },
];
/** An Ed25519 key too: only those may log on to the WebSocket API. */
const KEYS: readonly { readonly uid: number; readonly keyType: KeyType }[] = [
  { uid: 1, keyType: 'hmac' },
  { uid: 2, keyType: 'hmac' },
  { uid: 1, keyType: 'ed25519' },
];

const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

function createKeys(simulator: Simulator, seed: number): SimulatorReady['accounts'] {
  return KEYS.map(({ uid, keyType }) => {
    const name = `moniqo simulator ${seed} ${uid} ${keyType}`;
    const key = simulator.createKey({
      uid,
      type: keyType,
      apiKey: seededText(`${name} key`),
      ...(keyType === 'hmac' ? { secret: seededText(`${name} secret`) } : {}),
    });
    return { uid, keyType, apiKey: key.apiKey, secret: key.secret ?? '' };
  });
}

async function follow(simulator: Simulator, command: SimulatorCommand): Promise<PriceSource> {
  const { exchange, prices } = simulator;
  if (command.prices !== null) {
    return cachedPrices(exchange, prices, { url: command.prices, everyMs: PRICES_EVERY_MS, note });
  }
  const { seed, ticksPerSecond } = command;
  return syntheticPrices(exchange, prices, { seed, ticksPerSecond, now: Date.now });
}

function announce(simulator: Simulator, accounts: SimulatorReady['accounts'], json: boolean): void {
  const { restUrl, wsApiUrl, streamUrl, controlUrl } = simulator;
  const ready: SimulatorReady = { ready: true, restUrl, wsApiUrl, streamUrl, controlUrl, accounts };
  if (json) {
    process.stdout.write(`${JSON.stringify(ready)}\n`);
    return;
  }
  const [first] = accounts;
  const insecure = simulator.certificate === null ? '' : ' -k';
  process.stdout.write(`
A Binance Spot on this machine. Ctrl-C stops it.

  REST            ${restUrl}
  WebSocket API   ${wsApiUrl}
  streams         ${streamUrl}/ws/btcusdt@bookTicker
  control         ${controlUrl}/control

  account ${first?.uid} (HMAC key)
  KEY=${first?.apiKey}
  SECRET=${first?.secret}

Try:
  Q="timestamp=$(date +%s000)"; curl -s${insecure} -H "X-MBX-APIKEY: $KEY" \\
    "${restUrl}/api/v3/account?$Q&signature=$(printf %s "$Q" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/.* //')"

`);
}

async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2));
  if (command.help) {
    process.stdout.write(HELP);
    return;
  }
  const stopWith = stopOnSignals();
  const { port, tls, sapi, faults, certificateFile } = command;
  const simulator = await startSimulator({
    port,
    tls,
    sapi,
    accounts: ACCOUNTS,
    ...(faults === null ? {} : { faults }),
  });
  stopWith(() => simulator.stop());
  if (certificateFile !== null) writeFileSync(certificateFile, simulator.certificate ?? '');
  const source = await follow(simulator, command);
  stopWith(async () => {
    await source.stop();
    await simulator.stop();
  });
  announce(simulator, createKeys(simulator, command.seed), command.json);
}

try {
  await main();
} catch (error) {
  note(error instanceof Error ? error.message : String(error));
  const isUsage = error instanceof OptionError || error instanceof FaultScriptError;
  process.exit(isUsage ? EXIT_USAGE : 1);
}
