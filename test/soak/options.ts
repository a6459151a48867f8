/** The command line of `npm run soak`. */
import { readOptions, wholeNumber } from '../../infra/command-line.ts';

export const HELP = `The streamer at half of its rate; then the laptop system under random kills.

  npm run soak -- [options]

  --minutes N  minutes that are measured (default 10); then bots trade for half as long
  --seed N     the plan of bots, kills and faults (default: another each time; it is printed)
  --json       one JSON document on stdout; everything else on stderr
  --help       this text

No extreme and no hit may be missing, and the ledger has to be what the simulator's books are. Exit code 1: something is
wrong. Growth of the memory is a figure with a target, as in a benchmark; a machine that does not keep up is said.
`;

const MOST_SEED = 999_999_999;
const DEFAULT_MINUTES = 10;
const LONGEST_MINUTES = 24 * 60;
const KNOWN = { withValue: new Set(['--minutes', '--seed']), flags: new Set(['--json', '--help']) };

export interface SoakCommand {
  readonly minutes: number;
  /** Null: any. */
  readonly seed: number | null;
  readonly json: boolean;
  readonly help: boolean;
}

/** @throws OptionError naming the option that is unknown or wrong */
export function parseSoakOptions(words: readonly string[]): SoakCommand {
  const given = readOptions(words, KNOWN);
  const [minutes, seed] = [given.get('--minutes'), given.get('--seed')];
  return {
    minutes: minutes === undefined ? DEFAULT_MINUTES : wholeNumber('--minutes', minutes, 1, LONGEST_MINUTES),
    seed: seed === undefined ? null : wholeNumber('--seed', seed, 0, MOST_SEED),
    json: given.has('--json'),
    help: given.has('--help'),
  };
}
