/** The command line of `npm run faults`. */
import { parseArgs } from 'node:util';

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const HELP = `Fault runs in virtual time.

  npm run faults -- --seeds N [--from K]   N seeds from K (1) on; fails on the first violations, and says how to repeat
  npm run faults -- --seed S               one seed, with all that happened
  npm run faults -- --mutations            each protection switched off in turn: which seed finds it
  npm run faults -- --mutate NAME          one of them (with --seed S: that seed, with all that happened)
  npm run faults -- --real                 minutes on the laptop system's real parts (--real --help)

  --about ID   with --seed: only what concerns this order or position
  --workers N  threads (the machine's cores)
  --json       one JSON document on stdout; everything else on stderr
  --help       this text
`;

export type FaultOptions =
  | { readonly what: 'help'; readonly text: string }
  | {
      readonly what: 'seed';
      readonly seed: number;
      readonly mutation: string | null;
      readonly about: readonly string[];
    }
  | SeedsOptions
  | MutationsOptions;

export interface SeedsOptions {
  readonly what: 'seeds';
  readonly from: number;
  readonly seeds: number;
  readonly workers: number | null;
  readonly isJson: boolean;
}

export interface MutationsOptions {
  readonly what: 'mutations';
  /** Null = all of them. */
  readonly name: string | null;
  readonly from: number;
  readonly seeds: number;
  readonly workers: number | null;
  readonly isJson: boolean;
}

const DEFAULT_SEEDS = 1_000;
/** A mutation that is not found in so many is a gap of the harness. */
export const MUTATION_SEEDS = 2_000;

function count(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--${name}: a whole number from 1 on, not ${text}`);
  return Number(text);
}

function words(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string' },
        from: { type: 'string' },
        seed: { type: 'string' },
        about: { type: 'string', multiple: true },
        workers: { type: 'string' },
        mutate: { type: 'string' },
        mutations: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  }
}

/** @throws UsageError */
export function parseFaultOptions(args: readonly string[]): FaultOptions {
  const given = words(args);
  if (given.help === true) return { what: 'help', text: HELP };
  const seed = count('seed', given.seed);
  const mutation = given.mutate ?? null;
  if (seed !== null) return { what: 'seed', seed, mutation, about: given.about ?? [] };
  const from = count('from', given.from) ?? 1;
  const workers = count('workers', given.workers);
  const isJson = given.json === true;
  const seeds = count('seeds', given.seeds);
  if (mutation !== null || given.mutations === true) {
    return { what: 'mutations', name: mutation, from, seeds: seeds ?? MUTATION_SEEDS, workers, isJson };
  }
  return { what: 'seeds', from, seeds: seeds ?? DEFAULT_SEEDS, workers, isJson };
}
