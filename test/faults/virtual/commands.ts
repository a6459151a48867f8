/** What `npm run faults` does: ranges of seeds, one seed, the mutations; and what it prints. */
import { availableParallelism } from 'node:os';
import { machine, versions } from '../../../infra/local/demo/machine.ts';
import { bundleWorker } from './bundle.ts';
import { runRange, traceSeed } from './crew.ts';
import { MUTATIONS, type Mutation, mutationNamed } from './mutations.ts';
import type { FaultOptions, MutationsOptions, SeedsOptions } from './options.ts';
import type { SeedResult } from './run-seed.ts';
import { Tally } from './tally.ts';
import { explain, timeline } from './timeline.ts';

type Note = (text: string) => void;

/** So many failing seeds are explained; more of them are counted. */
const EXPLAINED = 3;
const ALL_NOTES = 1_000_000;

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export async function repeatSeed(options: FaultOptions & { what: 'seed' }): Promise<number> {
  const { seed, mutation, about } = options;
  const bundle = await bundleWorker(
    `seed-${mutation ?? 'plain'}`,
    mutation === null ? [] : mutationNamed(mutation).patches,
  );
  const result = await traceSeed(bundle, seed);
  for (const one of timeline(result.notes, about, ALL_NOTES)) print(one);
  print(`seed ${seed}: fingerprint ${result.fingerprint} ${JSON.stringify(result.figures)}`);
  for (const { kind, text } of result.violations) print(`VIOLATION ${kind}: ${text}`);
  return result.violations.length === 0 ? 0 : 1;
}

export async function runSeeds(options: SeedsOptions, note: Note): Promise<number> {
  const { from, seeds, isJson } = options;
  const workers = options.workers ?? availableParallelism();
  const bundle = await bundleWorker('plain');
  const tally = new Tally();
  const failed: SeedResult[] = [];
  await runRange(
    { from, to: from + seeds },
    {
      bundle,
      workers,
      onResult: (result) => {
        tally.add(result);
        if (result.violations.length > 0) {
          failed.push(result);
          for (const { kind, text } of result.violations) note(`seed ${result.seed}: ${kind}: ${text}`);
        }
        if (tally.seeds % 1_000 === 0) note(`${tally.seeds} of ${seeds} seeds, ${tally.rate()} a second`);
        return true;
      },
    },
  );
  for (const { seed } of failed.sort((a, b) => a.seed - b.seed).slice(0, EXPLAINED)) {
    const traced = await traceSeed(bundle, seed);
    for (const violation of traced.violations) note(`\n${explain(traced, violation)}`);
  }
  const document = {
    command: 'faults',
    machine: machine(),
    versions: versions(null),
    ...tally.document(options, workers),
  };
  print(isJson ? JSON.stringify(document, null, 2) : tally.text(options));
  return failed.length === 0 ? 0 : 1;
}

export interface MutationFound {
  readonly name: string;
  readonly what: string;
  /** Null = no violation in all of the seeds. */
  readonly seed: number | null;
  readonly kind: string;
  readonly text: string;
  readonly tried: number;
}

/** Runs seeds until one finds it: the lowest of the range, whichever thread was the first. */
export async function findMutation(
  mutation: Mutation,
  { from, seeds, workers }: { readonly from: number; readonly seeds: number; readonly workers: number },
): Promise<MutationFound> {
  const { name, what, patches } = mutation;
  const bundle = await bundleWorker(`mutation-${name}`, patches);
  const tried = new Set<number>();
  const failed: SeedResult[] = [];
  const lowest = (): number => failed.reduce((least, { seed }) => Math.min(least, seed), from + seeds);
  await runRange(
    { from, to: from + seeds },
    {
      bundle,
      workers,
      onResult: (result) => {
        tried.add(result.seed);
        if (result.violations.length > 0) failed.push(result);
        return result.seed < lowest();
      },
    },
  );
  const result = failed.find(({ seed }) => seed === lowest());
  const [first] = result?.violations ?? [];
  return {
    name,
    what,
    seed: result?.seed ?? null,
    kind: first?.kind ?? '',
    text: first?.text ?? '',
    tried: tried.size,
  };
}

export async function runMutations(options: MutationsOptions, note: Note): Promise<number> {
  const workers = options.workers ?? availableParallelism();
  const chosen = options.name === null ? MUTATIONS : [mutationNamed(options.name)];
  const rows: MutationFound[] = [];
  for (const mutation of chosen) {
    const row = await findMutation(mutation, { ...options, workers });
    note(`${row.name}: ${row.seed === null ? `NOT FOUND in ${row.tried}` : `seed ${row.seed}, ${row.kind}`}`);
    rows.push(row);
  }
  const document = { command: 'faults', machine: machine(), versions: versions(null), mutations: rows };
  print(options.isJson ? JSON.stringify(document, null, 2) : tableOf(rows));
  return rows.every((row) => row.seed !== null) ? 0 : 1;
}

/** As docs/faults.md shows it. */
export const tableOf = (rows: readonly MutationFound[]): string =>
  [
    '| Mutation | What is switched off | First seed | Violation |',
    '|---|---|---|---|',
    ...rows.map((r) => `| ${r.name} | ${r.what} | ${r.seed ?? `none in ${r.tried}`} | ${r.kind} |`),
  ].join('\n');
