/** The command line of `npm run faults -- --real`. */
import { OptionError, readOptions, wholeNumber } from '../../../infra/command-line.ts';

export const HELP = `Minutes of trading on the laptop system while its processes are killed and the exchange misbehaves.

  npm run faults -- --real [options]

  --minutes N  minutes of trading (default 5; parts of a minute are taken)
  --seed N     the plan of bots, kills and faults (default: another each time; it is printed)
  --json       one JSON document on stdout; everything else on stderr
  --verbose    every log line of the system
  --help       this text

Afterwards the ledger has to be what the simulator's books are. Exit code 1: something is wrong.
`;

const MOST_SEED = 999_999_999;
const DEFAULT_MINUTES = 5;
const LONGEST_MINUTES = 24 * 60;
const KNOWN = {
  withValue: new Set(['--minutes', '--seed']),
  flags: new Set(['--json', '--verbose', '--help', '--real']),
};

export interface RealCommand {
  readonly minutes: number;
  /** Null: any. */
  readonly seed: number | null;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly help: boolean;
}

/** @throws OptionError naming the option that is unknown or wrong */
export function parseRealOptions(words: readonly string[]): RealCommand {
  const given = readOptions(words, KNOWN);
  const minutes = given.get('--minutes');
  const seed = given.get('--seed');
  return {
    minutes: minutes === undefined ? DEFAULT_MINUTES : readMinutes(minutes),
    seed: seed === undefined ? null : wholeNumber('--seed', seed, 0, MOST_SEED),
    json: given.has('--json'),
    verbose: given.has('--verbose'),
    help: given.has('--help'),
  };
}

function readMinutes(text: string): number {
  const minutes = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number.parseFloat(text) : 0; // not money: a time
  if (minutes > 0 && minutes <= LONGEST_MINUTES) return minutes;
  throw new OptionError(`--minutes ${text}: more than 0 and at most ${LONGEST_MINUTES} are expected`);
}
