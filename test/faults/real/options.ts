/** The command line of `npm run faults -- --real`. */

export const HELP = `Minutes of trading on the laptop system while its processes are killed and the exchange misbehaves.

  npm run faults -- --real [options]

  --minutes N  minutes of trading (default 5; parts of a minute are taken)
  --seed N     the plan of bots, kills and faults (default: another each time; it is printed)
  --json       one JSON document on stdout; everything else on stderr
  --verbose    every log line of the system
  --help       this text

Afterwards the ledger has to be what the simulator's books are. Exit code 1: something is wrong.
`;

const DEFAULT_MINUTES = 5;
const LONGEST_MINUTES = 24 * 60;
const FLAGS = new Set(['--json', '--verbose', '--help', '--real']);

export class RealOptionError extends Error {
  override readonly name = 'RealOptionError';
}

export interface RealCommand {
  readonly minutes: number;
  /** Null: any. */
  readonly seed: number | null;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly help: boolean;
}

/** @throws RealOptionError naming the option that is unknown or wrong */
export function parseRealOptions(words: readonly string[]): RealCommand {
  const flags = new Set<string>();
  let minutes = DEFAULT_MINUTES;
  let seed: number | null = null;
  for (let at = 0; at < words.length; at += 1) {
    const [name = '', inline] = (words[at] ?? '').split('=', 2);
    if (FLAGS.has(name) && inline === undefined) {
      flags.add(name);
      continue;
    }
    if (name !== '--minutes' && name !== '--seed') throw new RealOptionError(`unknown option ${words[at]}`);
    if (inline === undefined) at += 1;
    const text = inline ?? words[at] ?? '';
    if (name === '--seed') seed = readSeed(text);
    else minutes = readMinutes(text);
  }
  return {
    minutes,
    seed,
    json: flags.has('--json'),
    verbose: flags.has('--verbose'),
    help: flags.has('--help'),
  };
}

function readSeed(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number.parseInt(text, 10); // not money: a seed
  throw new RealOptionError(`--seed ${text}: a whole number of at most nine digits is expected`);
}

function readMinutes(text: string): number {
  const minutes = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number.parseFloat(text) : 0; // not money: a time
  if (minutes > 0 && minutes <= LONGEST_MINUTES) return minutes;
  throw new RealOptionError(`--minutes ${text}: more than 0 and at most ${LONGEST_MINUTES} are expected`);
}
