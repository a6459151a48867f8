/** The command line of `npm run soak`. */
import { OptionError, readOptions, wholeNumber } from '../../infra/command-line.ts';
import { CALM_SHARE, KILLS_SHARE } from './shares.ts';

export const HELP = `The streamer at half of its rate; then the laptop system under random kills.

  npm run soak -- [options]

  --minutes N  minutes of the stream that are measured (default 10); then bots trade undisturbed for a quarter as long, and
               under random kills for half as long
  --hours N    all three in so many hours instead: 24 before a release
  --seed N     the plan of bots, kills and faults (default: another each time; it is printed)
  --json       one JSON document on stdout; everything else on stderr
  --help       this text

No extreme and no hit may be missing, the stream has no error, undisturbed trading has none either, and the ledger has to be what the
simulator's books are. Of undisturbed trading each second has its sweep: more than 1 % without one, or more than five in a row, is
wrong. With --hours (30 minutes of the stream or more) the streamer's memory may not grow by more than 50 MB. Exit code 1: something is
wrong. In less the growth is a figure with a target, as in a benchmark; a machine that does not keep up is said.
`;

const MOST_SEED = 999_999_999;
const DEFAULT_MINUTES = 10;
const LONGEST_MINUTES = 24 * 60;
const LONGEST_HOURS = 7 * 24;
/** Of the whole: the stream, a quarter of it undisturbed, half of it under kills. */
const STREAM_SHARE = 1 / (1 + CALM_SHARE + KILLS_SHARE);
const KNOWN = {
  withValue: new Set(['--minutes', '--hours', '--seed']),
  flags: new Set(['--json', '--help']),
};

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
  const seed = given.get('--seed');
  return {
    minutes: minutesOf(given.get('--minutes'), given.get('--hours')),
    seed: seed === undefined ? null : wholeNumber('--seed', seed, 0, MOST_SEED),
    json: given.has('--json'),
    help: given.has('--help'),
  };
}

function minutesOf(minutes: string | undefined, hours: string | undefined): number {
  if (hours === undefined) {
    return minutes === undefined ? DEFAULT_MINUTES : wholeNumber('--minutes', minutes, 1, LONGEST_MINUTES);
  }
  if (minutes !== undefined) throw new OptionError('--hours goes without --minutes');
  return Math.floor(wholeNumber('--hours', hours, 1, LONGEST_HOURS) * 60 * STREAM_SHARE);
}
