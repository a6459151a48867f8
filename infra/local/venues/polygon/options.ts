/** The simulator's command line, and the one line that `--json` writes. */
import { OptionError, readJsonFile, readOptions, wholeNumber } from '../../../command-line.ts';
import { PLANS } from './keys.ts';

export const DEFAULT_POLYGON_PORT = 9610;
const DEFAULT_RATE = 100;
const MOST_RATE = 100_000;
const MOST_SYMBOLS = 2_000;
const PORTS = 4;

export interface PolygonCommand {
  readonly port: number;
  readonly tls: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly seed: number;
  readonly rate: number;
  readonly moreSymbols: number;
  readonly windowMs: number;
  readonly alwaysOpen: boolean;
  /** The parsed fault script; null: none. */
  readonly faults: unknown;
  readonly certificateFile: string | null;
  /** A running system's cache, whose prices are followed; null: prices of its own. */
  readonly prices: string | null;
}

/** The one line on stdout of `main.ts --json`, which whoever started the simulator reads. */
export interface PolygonReady {
  readonly ready: true;
  /** Without a path: `/crypto`, `/stocks`, `/forex` follow. */
  readonly wsUrl: string;
  readonly delayedUrl: string;
  readonly restUrl: string;
  readonly controlUrl: string;
  /** Keys by the plan they stand for (keys.ts). */
  readonly keys: Readonly<Record<string, string>>;
}

export const HELP = `A Polygon (Massive) market-data service of your own on 127.0.0.1: WebSocket clusters, REST, and a control port.

  npm run simulator:polygon -- [options]

  --port N          first of four ports: WebSocket N, delayed N+1, REST N+2, control N+3
                    (default ${DEFAULT_POLYGON_PORT}; 0: any that are free)
  --tls             wss and https with a self-signed certificate (the control port stays plain)
  --cert FILE       with --tls: write the certificate here, for NODE_EXTRA_CA_CERTS and the like
  --faults FILE     a fault script: JSON list of {"when": ..., "times": ..., "do": {"kind": ...}}
  --seed N          other made-up prices and other test keys (default 1)
  --rate N          trades and quotes per second and cluster (default ${DEFAULT_RATE}, at most ${MOST_RATE})
  --symbols N       so many made-up crypto pairs more, SIMAAA-USD and on (default 0, at most ${MOST_SYMBOLS})
  --window MS       messages of so long go into one frame, 0 to 100 (default 20)
  --prices URL      crypto follows the pairs in USDT that a running system has from Binance (redis://host:port)
  --always-open     stocks and forex never close
  --json            one line on stdout: {"ready":true,"wsUrl":...,"keys":{...}}
  --help            this text

Keys are printed at the start, one per plan: ${Object.keys(PLANS).join(', ')}. Ctrl-C stops it.
`;

const KNOWN = {
  withValue: new Set([
    '--port',
    '--cert',
    '--seed',
    '--rate',
    '--symbols',
    '--window',
    '--faults',
    '--prices',
  ]),
  flags: new Set(['--tls', '--json', '--help', '--always-open']),
};

/**
 * Reads the command line, and the fault script that it names.
 * @throws OptionError naming the option that is unknown or wrong
 */
export function readPolygonCommand(argv: readonly string[]): PolygonCommand {
  const given = readOptions(argv, KNOWN);
  const number = (name: string, usual: number, from: number, to: number): number =>
    wholeNumber(name, given.get(name) ?? String(usual), from, to);
  const tls = given.has('--tls');
  if (given.has('--cert') && !tls) throw new OptionError('--cert goes with --tls only');
  return {
    port: number('--port', DEFAULT_POLYGON_PORT, 0, 65_535 - PORTS + 1),
    tls,
    json: given.has('--json'),
    help: given.has('--help'),
    seed: number('--seed', 1, 0, Number.MAX_SAFE_INTEGER),
    rate: number('--rate', DEFAULT_RATE, 0, MOST_RATE),
    moreSymbols: number('--symbols', 0, 0, MOST_SYMBOLS),
    windowMs: number('--window', 20, 0, 100),
    alwaysOpen: given.has('--always-open'),
    faults: readJsonFile('--faults', given.get('--faults')),
    certificateFile: given.get('--cert') ?? null,
    prices: readPrices(given.get('--prices')),
  };
}

function readPrices(url: string | undefined): string | null {
  if (url === undefined) return null;
  if (/^rediss?:\/\/\S+$/.test(url)) return url;
  throw new OptionError(`--prices ${url}: redis://host:port is expected`);
}
