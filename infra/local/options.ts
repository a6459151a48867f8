/** The command line of `npm start`. Pure apart from looking whether a replay file is there. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

export const DEFAULT_PORT = 8787;

export interface FeedOptions {
  /** `synthetic`, or `replay:` and an absolute path. */
  readonly feed?: string;
  /** Replay speed: a factor above 0, or `max`. */
  readonly speed?: string;
  readonly strict?: boolean;
  /** Seed of the synthetic feed. */
  readonly seed?: string;
}

export interface CommandLine extends FeedOptions {
  readonly port: number;
  readonly dataDirectory?: string;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly help: boolean;
}

export class OptionError extends Error {
  override readonly name = 'OptionError';
}

export const HELP = `Moniqo on this machine: API, queues, tables, functions and the streamer, as the CDK template declares them.

  npm start -- [options]

  --port N              port of the API on 127.0.0.1 (default ${DEFAULT_PORT}; 0: any that is free)
  --feed synthetic      prices that are made up, BTC ETH BNB SOL against USDT (default)
  --feed replay:FILE    recorded trades from a CSV or CSV.gz file
  --speed N|max         replay: how many times faster than recorded (default 1)
  --strict              replay: a malformed line ends the replay instead of being skipped and counted
  --seed N              synthetic: another seed, other prices
  --data DIR            keep the tables in DIR over a restart
  --json                first line on stdout: {"ready":true,"api":"...","token":"..."}; everything else on stderr
                        (npm start --silent -- --json keeps npm's own lines out)
  --verbose             every log line on the terminal, not only warnings and errors
  --help                this text

Ctrl-C stops everything; a second Ctrl-C does not wait.
`;

const WITH_VALUE = new Set(['--port', '--feed', '--speed', '--seed', '--data']);
const FLAGS = new Set(['--strict', '--json', '--verbose', '--help']);

/** Splits the arguments; both `--name value` and `--name=value` are read. */
function tokens(argv: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const [name = '', ...rest] = word.split('=');
    const inline = rest.length > 0 ? rest.join('=') : undefined;
    if (found.has(name)) throw new OptionError(`${name} is given twice`);
    if (FLAGS.has(name)) {
      if (inline !== undefined) throw new OptionError(`${name} takes no value`);
      found.set(name, '');
    } else if (WITH_VALUE.has(name)) {
      if (inline === undefined) at += 1;
      const value = inline ?? argv[at];
      if (value === undefined || value === '' || (inline === undefined && value.startsWith('--'))) {
        throw new OptionError(`${name} needs a value`);
      }
      found.set(name, value);
    } else {
      throw new OptionError(`unknown option ${word}`);
    }
  }
  return found;
}

/**
 * Reads the command line.
 * @throws OptionError naming the option that is unknown or wrong
 */
export function parseOptions(argv: readonly string[]): CommandLine {
  const given = tokens(argv);
  const feed = given.get('--feed');
  const speed = given.get('--speed');
  const seed = given.get('--seed');
  const data = given.get('--data');
  const isReplay = feed?.startsWith('replay:') ?? false;
  for (const name of ['--speed', '--strict']) {
    if (given.has(name) && !isReplay) throw new OptionError(`${name} goes with --feed replay:FILE only`);
  }
  if (seed !== undefined && isReplay) throw new OptionError('--seed goes with --feed synthetic only');
  return {
    port: readPort(given.get('--port')),
    ...(feed === undefined ? {} : { feed: readFeed(feed) }),
    ...(speed === undefined ? {} : { speed: readSpeed(speed) }),
    ...(seed === undefined ? {} : { seed: readSeed(seed) }),
    ...(given.has('--strict') ? { strict: true } : {}),
    ...(data === undefined ? {} : { dataDirectory: resolve(data) }),
    json: given.has('--json'),
    verbose: given.has('--verbose'),
    help: given.has('--help'),
  };
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new OptionError(`--port ${text}: a number from 0 to 65535 is expected`);
  return port;
}

function readFeed(text: string): string {
  if (text === 'synthetic') return text;
  const file = /^replay:(.+)$/.exec(text)?.[1];
  if (file === undefined) throw new OptionError(`--feed ${text}: synthetic or replay:FILE is expected`);
  const path = resolve(file);
  if (!existsSync(path)) throw new OptionError(`--feed ${text}: there is no file ${path}`);
  return `replay:${path}`;
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

/** The feed options as the streamer's environment names them. */
export const feedEnvironment = ({ feed, speed, strict, seed }: FeedOptions): Record<string, string> => ({
  ...(feed === undefined ? {} : { FEED: feed }),
  ...(speed === undefined ? {} : { REPLAY_SPEED: speed }),
  ...(strict === undefined ? {} : { REPLAY_STRICT: String(strict) }),
  ...(seed === undefined ? {} : { FEED_SEED: seed }),
});
