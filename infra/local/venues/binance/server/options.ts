/** The simulator's command line. */
import { readFileSync } from 'node:fs';

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

export class SimulatorOptionError extends Error {
  override readonly name = 'SimulatorOptionError';
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

const WITH_VALUE = new Set(['--port', '--cert', '--faults', '--prices', '--seed', '--speed']);
const FLAGS = new Set(['--tls', '--testnet', '--json', '--help']);

function tokens(argv: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const cut = word.indexOf('=');
    const name = cut < 0 ? word : word.slice(0, cut);
    const inline = cut < 0 ? null : word.slice(cut + 1);
    if (found.has(name)) throw new SimulatorOptionError(`${name} is given twice`);
    if (FLAGS.has(name)) {
      if (inline !== null) throw new SimulatorOptionError(`${name} takes no value`);
      found.set(name, '');
    } else if (WITH_VALUE.has(name)) {
      if (inline === null) at += 1;
      const value = inline ?? argv[at] ?? '';
      if (value === '' || (inline === null && value.startsWith('--'))) {
        throw new SimulatorOptionError(`${name} needs a value`);
      }
      found.set(name, value);
    } else {
      throw new SimulatorOptionError(`unknown option ${word}`);
    }
  }
  return found;
}

/**
 * Reads the command line, and the fault script that it names.
 * @throws SimulatorOptionError naming the option that is unknown or wrong
 */
export function readCommand(argv: readonly string[]): SimulatorCommand {
  const given = tokens(argv);
  const tls = given.has('--tls');
  const prices = readPrices(given.get('--prices'));
  if (given.has('--cert') && !tls) throw new SimulatorOptionError('--cert goes with --tls only');
  if (given.has('--speed') && prices !== null) {
    throw new SimulatorOptionError('--speed goes with --prices synthetic only');
  }
  return {
    port: readPort(given.get('--port')),
    tls,
    json: given.has('--json'),
    help: given.has('--help'),
    seed: wholeNumber('--seed', given.get('--seed') ?? '1', 0, Number.MAX_SAFE_INTEGER),
    ticksPerSecond: wholeNumber('--speed', given.get('--speed') ?? String(DEFAULT_TICKS_PER_SECOND), 1, 1000),
    prices,
    faults: readScript(given.get('--faults')),
    certificateFile: given.get('--cert') ?? null,
    sapi: !given.has('--testnet'),
  };
}

function wholeNumber(name: string, text: string, from: number, to: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= from && value <= to) return value;
  throw new SimulatorOptionError(`${name} ${text}: a whole number from ${from} to ${to} is expected`);
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  return wholeNumber('--port', text, 0, 65_535 - PORTS + 1);
}

function readPrices(text: string | undefined): string | null {
  if (text === undefined || text === 'synthetic') return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ['redis:', 'rediss:'].includes(url.protocol) && url.hostname !== '') return text;
  throw new SimulatorOptionError(`--prices ${text}: synthetic or redis://HOST:PORT is expected`);
}

function readScript(file: string | undefined): unknown {
  if (file === undefined) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SimulatorOptionError(`--faults ${file}: ${why}`);
  }
}
