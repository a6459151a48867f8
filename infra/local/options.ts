/** The command line of `npm start`. Pure apart from looking whether a replay file is there. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseLiveSources } from '../../shared/domain/prices/live-sources.ts';
import { OptionError, readOptions } from '../command-line.ts';
import type { DeployedBinance } from '../stacks/settings.ts';
import {
  handedOn,
  hasPolygon,
  isBinanceFirst,
  POLYGON_KEY,
  type PolygonChoice,
  readPolygonChoice,
} from './polygon-choice.ts';

export const DEFAULT_PORT = 8787;

export interface ConsoleOptions {
  /** 0: any that is free. */
  readonly port: number;
}

export interface FeedOptions {
  /** `synthetic`, `binance`, `polygon`, `binance+polygon`, `polygon+binance`, or `replay:` and an absolute path. */
  readonly feed?: string;
  /** Where Polygon is a source: the real one, whose key is in the environment, or a simulator beside the system. */
  readonly polygon?: PolygonChoice;
  /** Variables of the streamer from the environment of `npm start`. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Base URL of Polygon's sockets; its key comes from the environment (POLYGON_API_KEY). */
  readonly polygonUrl?: string;
  /** Replay speed: a factor above 0, or `max`. */
  readonly speed?: string;
  readonly strict?: boolean;
  /** Seed of the synthetic feed. */
  readonly seed?: string;
}

/** Where `binance` wallets trade: at the simulator beside the system, or at an exchange in the world outside. */
export type ExchangeChoice = 'simulator' | DeployedBinance;

export interface CommandLine extends FeedOptions {
  /** Absent: only the demo wallet. */
  readonly exchange?: ExchangeChoice;
  readonly port: number;
  /** Absent: none is served. */
  readonly console?: ConsoleOptions;
  readonly dataDirectory?: string;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly help: boolean;
}

export const HELP = `Moniqo on this machine: API, queues, tables, functions and the streamer, as the CDK template declares them.

  npm start -- [options]

  --port N              port of the API on 127.0.0.1 (default ${DEFAULT_PORT}; 0: any that is free)
  --console-port N      port of the console, the web page (default: the one after the API's; 0: any that is free)
  --no-console          without the console
  --feed synthetic      prices that are made up, BTC ETH BNB SOL against USDT (default)
  --feed replay:FILE    recorded trades from a CSV or CSV.gz file
  --feed binance        the public stream of the exchange in use (the default with --binance); with --no-simulator
                        that of the real one, for demo wallets
  --feed polygon        Polygon (Massive) in real time, with the key in the environment variable POLYGON_API_KEY; without
                        one a Polygon simulator is started beside the system. Pairs in USDT show dollar prices as they
                        are. For demo wallets and the simulator only
  --feed binance+polygon
                        both: the first one gives the prices, the second one checks them and takes over while the first
                        is away; or polygon+binance. Without a key both are simulators
  --polygon-url URL     polygon: another address, for instance a simulator's ws://127.0.0.1:PORT or the old
                        wss://socket.polygon.io (default wss://socket.massive.com)
  --speed N|max         replay: how many times faster than recorded (default 1)
  --strict              replay: a malformed line ends the replay instead of being skipped and counted
  --seed N              synthetic: another seed, other prices
  --no-simulator        without the Binance simulator and its wallet
  --binance testnet     binance wallets trade at Binance's testnet instead of the simulator; or: demo, production.
                        Keys are added with POST /api/v1/wallets, never on the command line
  --i-understand-real-money
                        goes with --binance production: its orders spend real money
  --data DIR            keep the tables in DIR over a restart
  --json                first line on stdout: {"ready":true,"console":"...","api":"...","token":"...",...}; the rest on stderr
                        (npm start --silent -- --json keeps npm's own lines out)
  --verbose             every log line on the terminal, not only warnings and errors
  --help                this text

Handed on from the environment: POLYGON_API_KEY, POLYGON_WS_URL, POLYGON_REST_URL, POLYGON_REQUESTS_PER_MINUTE (5),
CORS_ORIGINS (http://localhost:5173: web pages that may call the API),
FEED_SYMBOLS (BTC/USDT,AAPL: always followed), FEED_POLICIES (BTC/USDT=polygon+binance: who gives its price).

Ctrl-C stops everything; a second Ctrl-C does not wait.
`;

const REAL_MONEY = '--i-understand-real-money';
const KNOWN = {
  withValue: new Set([
    ...['--port', '--console-port', '--feed', '--speed', '--seed', '--data', '--binance'],
    '--polygon-url',
  ]),
  flags: new Set(['--strict', '--json', '--verbose', '--help', '--no-simulator', '--no-console', REAL_MONEY]),
};

/**
 * Reads the command line; of the environment whether there is a key, and what is handed on.
 * @throws OptionError naming the option that is unknown or wrong
 */
export function parseOptions(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): CommandLine {
  const given = readOptions(argv, KNOWN);
  const exchange = readExchange(given);
  const feed = readFeedFor(exchange, given.get('--feed'));
  const speed = given.get('--speed');
  const seed = given.get('--seed');
  const data = given.get('--data');
  const polygonUrl = readPolygonUrl(given.get('--polygon-url'), feed);
  const variables = handedOn(environment);
  const isAddressed = polygonUrl !== undefined || variables['POLYGON_WS_URL'] !== undefined;
  const polygon = readPolygonChoice(feed, exchange, isAddressed, environment);
  const isReplay = feed?.startsWith('replay:') ?? false;
  for (const name of ['--speed', '--strict']) {
    if (given.has(name) && !isReplay) throw new OptionError(`${name} goes with --feed replay:FILE only`);
  }
  const isSynthetic = (feed ?? 'synthetic') === 'synthetic';
  if (seed !== undefined && !isSynthetic) throw new OptionError('--seed goes with --feed synthetic only');
  const port = readPort('--port', given.get('--port'));
  return {
    port,
    ...readConsole(given, port),
    ...(exchange === undefined ? {} : { exchange }),
    ...(feed === undefined ? {} : { feed: readFeed(feed) }),
    ...(polygonUrl === undefined ? {} : { polygonUrl }),
    ...(polygon === undefined ? {} : { polygon }),
    ...(Object.keys(variables).length === 0 ? {} : { variables }),
    ...(speed === undefined ? {} : { speed: readSpeed(speed) }),
    ...(seed === undefined ? {} : { seed: readSeed(seed) }),
    ...(given.has('--strict') ? { strict: true } : {}),
    ...(data === undefined ? {} : { dataDirectory: resolve(data) }),
    json: given.has('--json'),
    verbose: given.has('--verbose'),
    help: given.has('--help'),
  };
}

const HIGHEST_PORT = 65_535;

function readPort(name: string, text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= HIGHEST_PORT)) throw new OptionError(`${name} ${text}: a number from 0 to 65535 is expected`);
  return port;
}

/** Beside the API, unless it is told otherwise; where the API takes any port, so does the console. */
function readConsole(
  given: ReadonlyMap<string, string>,
  apiPort: number,
): { readonly console?: ConsoleOptions } {
  const text = given.get('--console-port');
  if (given.has('--no-console')) {
    if (text !== undefined) throw new OptionError('--console-port does not go with --no-console');
    return {};
  }
  if (text === undefined) {
    return { console: { port: apiPort === 0 || apiPort === HIGHEST_PORT ? 0 : apiPort + 1 } };
  }
  const port = readPort('--console-port', text);
  if (port !== 0 && port === apiPort) throw new OptionError(`--console-port ${text}: that is the API's`);
  return { console: { port } };
}

const REAL: Readonly<Record<string, DeployedBinance>> = {
  testnet: 'binance_testnet',
  demo: 'binance_demo',
  production: 'binance',
};

function readExchange(given: ReadonlyMap<string, string>): ExchangeChoice | undefined {
  const name = given.get('--binance');
  const isMeant = given.has(REAL_MONEY);
  if (isMeant && name !== 'production') {
    throw new OptionError(`${REAL_MONEY} goes with --binance production only`);
  }
  if (name === undefined) return given.has('--no-simulator') ? undefined : 'simulator';
  const real = Object.hasOwn(REAL, name) ? REAL[name] : undefined;
  if (real === undefined) {
    throw new OptionError(`--binance ${name}: testnet, demo or production is expected`);
  }
  if (real === 'binance' && !isMeant) {
    throw new OptionError(
      `--binance production trades with real money: orders, stops and take profits of this system are sent to the ` +
        `exchange and cannot be taken back. If that is what you want, add ${REAL_MONEY}; ` +
        `to try things out, use --binance testnet or --binance demo`,
    );
  }
  return real;
}

/**
 * A real exchange goes with its own prices and no others. The simulator follows the system's, or with `binance` the
 * system the simulator's; without either, `binance` is the public stream of the real one.
 */
function readFeedFor(exchange: ExchangeChoice | undefined, feed: string | undefined): string | undefined {
  if (exchange !== undefined && exchange !== 'simulator') {
    if (feed === undefined) return 'binance';
    if (isBinanceFirst(feed)) return feed;
    throw new OptionError(
      `--feed ${feed} does not go with --binance: stops at the real exchange would follow made-up or old prices`,
    );
  }
  return feed;
}

function readFeed(text: string): string {
  if (text === 'synthetic' || parseLiveSources(text) !== null) return text;
  const file = /^replay:(.+)$/.exec(text)?.[1];
  if (file === undefined)
    throw new OptionError(
      `--feed ${text}: synthetic, binance, polygon, binance+polygon, polygon+binance or replay:FILE is expected`,
    );
  const path = resolve(file);
  if (!existsSync(path)) throw new OptionError(`--feed ${text}: there is no file ${path}`);
  return `replay:${path}`;
}

function readPolygonUrl(text: string | undefined, feed: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!hasPolygon(feed)) throw new OptionError('--polygon-url goes with Polygon in --feed only');
  if (!/^wss?:\/\/[^\s?#@]+$/.test(text)) {
    throw new OptionError('--polygon-url: a ws or wss URL is expected, without query or user');
  }
  return text;
}

function readSpeed(text: string): string {
  const isFactor = /^\d+(\.\d+)?$/.test(text) && Number(text) > 0;
  if (text !== 'max' && !isFactor)
    throw new OptionError(`--speed ${text}: a number above 0 or max is expected`);
  return text;
}

function readSeed(text: string): string {
  if (!/^\d{1,15}$/.test(text)) throw new OptionError(`--seed ${text}: a whole number is expected`);
  return text;
}

/** The feed options as the streamer's environment names them; the template's own feed is not the laptop's. */
export const feedEnvironment = ({
  feed,
  polygonUrl,
  variables,
  speed,
  strict,
  seed,
}: FeedOptions): Record<string, string> => ({
  ...variables,
  FEED: feed ?? 'synthetic',
  ...(polygonUrl === undefined ? {} : { POLYGON_WS_URL: polygonUrl }),
  ...(speed === undefined ? {} : { REPLAY_SPEED: speed }),
  ...(strict === undefined ? {} : { REPLAY_STRICT: String(strict) }),
  ...(seed === undefined ? {} : { FEED_SEED: seed }),
});

/**
 * Secrets that the feed needs from the environment of `npm start`, also where the template declares none. Real prices of
 * Binance have a history at Polygon too; made-up ones have none.
 */
export const feedSecrets = ({
  feed,
  polygon,
  exchange,
}: Pick<CommandLine, 'feed' | 'polygon' | 'exchange'>): readonly string[] =>
  polygon === 'real' || (feed === 'binance' && exchange !== 'simulator') ? [POLYGON_KEY] : [];
