/** The whole of `npm run smoke`, with everything that it takes from the world given. */
import { createClient } from '../../shared/client/client.ts';
import { type RunningSystem, startSystem } from '../local/system.ts';
import { type Ask, type Environment, tokenSource, venueKeys } from './access.ts';
import { eventsAt } from './events.ts';
import type { SmokeOptions } from './options.ts';
import { type SmokeDocument, type Step, Steps } from './report.ts';
import { PATIENCE, type Patience, runScenario } from './scenario.ts';

export interface SmokeWorld {
  readonly env: Environment;
  readonly ask: Ask;
  readonly told: (step: Step) => void;
  readonly note: (line: string) => void;
  /** Ctrl-C: no further step is taken, what was opened is put away. */
  readonly stop: AbortSignal;
  /** For tests. */
  readonly patience?: Patience;
}

/**
 * Takes every step it can; a step that failed is in the document.
 * @throws OptionError when it is not said who asks, or with which keys; what the laptop system did not start with
 */
export async function runSmoke(options: SmokeOptions, world: SmokeWorld): Promise<SmokeDocument> {
  if (options.url !== null) return smokeAt(options, options.url, tokenSource(options, world.env), world);
  world.note('no --url: starting the laptop system ...');
  const system = await startOwn(options, world.note);
  try {
    const own = { ...options, pushUrl: options.pushUrl ?? system.push };
    return await smokeAt(own, system.api, () => Promise.resolve(system.token), {
      ...world,
      env: { ...world.env, ...simulatorKeys(system) },
    });
  } finally {
    await system.stop();
  }
}

const startOwn = ({ venue, symbol }: SmokeOptions, show: (line: string) => void): Promise<RunningSystem> =>
  startSystem({
    show,
    ...(venue === 'binance_testnet' && {
      exchange: venue,
      feed: 'binance',
      variables: { FEED_SYMBOLS: symbol },
    }),
    ...(venue === 'binance_simulator' && { exchange: 'simulator' }),
  });

/** The simulator that was started with the system has told its own. */
function simulatorKeys({ simulator }: RunningSystem): Environment {
  const account = simulator?.accounts.find(({ keyType }) => keyType === 'hmac');
  return account === undefined
    ? {}
    : {
        BINANCE_TESTNET_API_KEY: account.apiKey,
        BINANCE_TESTNET_API_SECRET: account.secret,
        BINANCE_TESTNET_PRIVATE_KEY: '',
      };
}

async function smokeAt(
  options: SmokeOptions,
  url: string,
  token: () => Promise<string>,
  { env, ask, told, note, stop, patience = PATIENCE }: SmokeWorld,
): Promise<SmokeDocument> {
  const { venue, symbol, spend, walletId, pushUrl } = options;
  const steps = new Steps(told);
  const startedAt = new Date().toISOString();
  const keys = venue === 'demo' || walletId !== null ? null : await venueKeys(env, ask);
  const client = createClient({ api: url, token, timeoutMs: 30_000 });
  if (pushUrl === null) note('no --push-url: what is told over the WebSocket is NOT TESTED');
  const events = pushUrl === null ? null : eventsAt(pushUrl, token);
  const task = { venue, symbol, spend, walletId, keys, events };
  await runScenario(client, task, steps, stop, patience).catch((error: unknown) => {
    // What a step failed with is told already; anything else is a mistake of ours.
    if (steps.passed) throw error;
  });
  const { taken, passed } = steps;
  return { smoke: venue, url, symbol, started_at: startedAt, steps: taken, passed };
}
