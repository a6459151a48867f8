/** The command line of `npm run replay`. */
import { existsSync } from 'node:fs';
import { MOST_LEVERAGE } from '../../shared/domain/margin.ts';
import { OptionError, readArguments, wholeNumber } from '../command-line.ts';
import { CHANGES_HELP, type Changes, parseChanges } from './changes.ts';
import type { Opened } from './plan.ts';

export interface ReplayOptions {
  /** Empty: a made-up day. */
  readonly files: readonly string[];
  readonly plan: string | null;
  /** What the counterfactual has otherwise; null = none is wanted. */
  readonly changes: Changes | null;
  /** Of the standard plan; null = the usual protection. */
  readonly protection: Changes | null;
  readonly everyMs: number | null;
  /** Of the standard plan. */
  readonly opened: Opened;
  readonly seed: number;
  readonly ticksPerSecond: number;
  readonly strict: boolean;
  readonly summary: boolean;
  readonly json: boolean;
}

export const HELP = `Runs positions and their protections over recorded or made-up days, and says why each one got out.

  npm run replay -- [FILE...] [options]

  FILE                  recorded trades, CSV or CSV.gz, as --feed replay:FILE reads them; several in the order of time.
                        Without one: a made-up day
  --plan FILE           the positions, as JSON (docs/replay.md); without it one of every symbol is opened every so often
  --with KEY=VALUE      the same positions once more with another protection, beside the first; may be repeated
${CHANGES_HELP}
  --protect KEY=VALUE   without --plan: what the positions are protected by; may be repeated
  --every MINUTES       without --plan: how often one is opened (default: 24 times over all)
  --side short          without --plan: they are shorts, on margin as on a demo wallet (default long)
  --leverage N          without --plan: so many times their collateral, 1 to ${MOST_LEVERAGE} (default 1); with their liquidation
  --seed N              made-up day: another seed, other prices (default 1)
  --ticks-per-second N  made-up day: of each symbol (default 1)
  --strict              a line that cannot be read ends the replay instead of being skipped and counted
  --summary             only the tables, not each decision
  --json                one JSON document on stdout; everything else on stderr
  --help                this text

No queues, no network, no Redis. The text on stdout is the same in every run, byte for byte.
Exit code 0: every number agrees; 1: one does not, or a file cannot be read; 2: usage.
`;

const KNOWN = {
  withValue: new Set(['--plan', '--every', '--side', '--leverage', '--seed', '--ticks-per-second']),
  flags: new Set(['--strict', '--summary', '--json']),
  repeatable: new Set(['--with', '--protect']),
};

const MINUTE_MS = 60_000;
const DEFAULT_SEED = 1;

/** @throws OptionError naming the argument that is unknown or wrong. Null: help was asked for. */
export function parseReplayOptions(argv: readonly string[]): ReplayOptions | null {
  if (argv.includes('--help')) return null;
  const { words: files, given, repeated } = readArguments(argv, KNOWN);
  const changes = (name: string): Changes | null => {
    const values = repeated.get(name);
    return values === undefined ? null : parseChanges(name, values);
  };
  const number = (name: string, from: number, to: number, otherwise: number): number => {
    const text = given.get(name);
    return text === undefined ? otherwise : wholeNumber(name, text, from, to);
  };
  const plan = given.get('--plan') ?? null;
  const side = given.get('--side') ?? 'long';
  if (side !== 'long' && side !== 'short') throw new OptionError(`--side ${side}: long or short is expected`);
  for (const name of ['--every', '--protect', '--side', '--leverage']) {
    if (plan !== null && (given.has(name) || repeated.has(name))) {
      throw new OptionError(`${name} goes without --plan: the plan says it`);
    }
  }
  for (const name of ['--seed', '--ticks-per-second']) {
    if (files.length > 0 && given.has(name))
      throw new OptionError(`${name} is of a made-up day, not of a file`);
  }
  if (given.has('--strict') && files.length === 0) throw new OptionError('--strict goes with a file');
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined) throw new OptionError(`there is no file ${missing}`);
  return {
    files,
    plan,
    changes: changes('--with'),
    protection: changes('--protect'),
    everyMs: given.has('--every') ? number('--every', 1, 100_000, 1) * MINUTE_MS : null,
    opened: { side, leverage: number('--leverage', 1, MOST_LEVERAGE, 1) },
    seed: number('--seed', 0, 2 ** 32 - 1, DEFAULT_SEED),
    ticksPerSecond: number('--ticks-per-second', 1, 1_000, 1),
    strict: given.has('--strict'),
    summary: given.has('--summary'),
    json: given.has('--json'),
  };
}
