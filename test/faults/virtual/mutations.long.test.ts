/** The harness finds each protection that is switched off, and docs/faults.md says by which seed. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findMutation } from './commands.ts';
import { MUTATIONS } from './mutations.ts';
import { MUTATION_SEEDS } from './options.ts';

const PAGE = new URL('../../../docs/faults.md', import.meta.url);

describe('a protection that is switched off', () => {
  const page = readFileSync(PAGE, 'utf8');

  it.each(MUTATIONS)('$name: is found', { timeout: 10 * 60_000 }, async (mutation) => {
    const found = await findMutation(mutation, { from: 1, seeds: MUTATION_SEEDS, workers: 2 });
    expect(found.seed, `no violation in ${found.tried} seeds`).not.toBeNull();
    // Which seed is the first changes with every change of timing; that there is one does not.
    expect(page).toContain(`| ${found.name} | ${found.what} | `);
  });
});
