/** The simulator's command line. */
import { OptionError, readJsonFile, readOptions, wholeNumber } from '../../../../command-line.ts';

export const DEFAULT_PORT = 9600;
const DEFAULT_TICKS_PER_SECOND = 10;
const PORTS = 4;

export interface SimulatorCommand {
  readonly port: number;
  readonly tls: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly seed: number;
  readonly ticksPerSecond: number;
  /** null: made up. */
  readonly prices: string | null;
  /** The parsed fault script; null: none. */
  readonly faults: unknown;
  readonly certificateFile: string | null;
  /** false: like the testnet, without `/sapi`. */
  readonly sapi: boolean;
}

export const HELP = `A Binance Spot of your own on 127.0.0.1: REST, WebSocket API, market streams, and a control port.

  npm run simulator -- [options]

  --port N          first of four ports: REST N, WebSocket API N+1, streams N+2, control N+3
                    (default ${DEFAULT_PORT}; 0: any that are free)
  --tls             https and wss with a self-signed certificate (the control port stays plain)
  --cert FILE       with --tls: write the certificate here, for NODE_EXTRA_CA_CERTS and the like
  --faults FILE     a fault script: JSON list of {"when": ..., "times": ..., "do": {"kind": ...}}
  --prices synthetic            made-up prices (default)
  --prices redis://HOST:PORT    follow the price cache of a running system
  --seed N          other made-up prices and other test keys (default 1)
  --speed N         made-up prices: ticks per second and symbol (default ${DEFAULT_TICKS_PER_SECOND})
  --testnet         without /sapi, as the testnet is
  --json            one line on stdout: {"ready":true,"restUrl":...,"accounts":[...]}
  --help            this text

Ctrl-C stops it.
`;

const KNOWN = {
  withValue: new Set(['--port', '--cert', '--faults', '--prices', '--seed', '--speed']),
  flags: new Set(['--tls', '--testnet', '--json', '--help']),
};

/**
 * Reads the command line, and the fault script that it names.
 * @throws OptionError naming the option that is unknown or wrong
 */
export function readCommand(argv: readonly string[]): SimulatorCommand {
  const given = readOptions(argv, KNOWN);
  const tls = given.has('--tls');
  const prices = readPrices(given.get('--prices'));
  if (given.has('--cert') && !tls) throw new OptionError('--cert goes with --tls only');
  if (given.has('--speed') && prices !== null) {
    throw new OptionError('--speed goes with --prices synthetic only');
  }
  return {
    port: readPort(given.get('--port')),
    tls,
    json: given.has('--json'),
    help: given.has('--help'),
    seed: wholeNumber('--seed', given.get('--seed') ?? '1', 0, Number.MAX_SAFE_INTEGER),
    ticksPerSecond: wholeNumber('--speed', given.get('--speed') ?? String(DEFAULT_TICKS_PER_SECOND), 1, 1000),
    prices,
    faults: readJsonFile('--faults', given.get('--faults')),
    certificateFile: given.get('--cert') ?? null,
    sapi: !given.has('--testnet'),
  };
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  return wholeNumber('--port', text, 0, 65_535 - PORTS + 1);
}

function readPrices(text: string | undefined): string | null {
  if (text === undefined || text === 'synthetic') return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ['redis:', 'rediss:'].includes(url.protocol) && url.hostname !== '') return text;
  throw new OptionError(`--prices ${text}: synthetic or redis://HOST:PORT is expected`);
}
