/** As many seeds as the build machine runs; 100,000 are run by hand (docs/faults.md). */
import { expect, it } from 'vitest';
import { bundleWorker } from './bundle.ts';
import { runRange } from './crew.ts';

const SEEDS = 2_000;
const FROM = 10_001;

it(
  `finds no violation in ${SEEDS} seeds`,
  async () => {
    const failed: string[] = [];
    const bundle = await bundleWorker('test-long');
    let runs = 0;
    await runRange(
      { from: FROM, to: FROM + SEEDS },
      {
        bundle,
        workers: 2,
        onResult: ({ seed, violations }) => {
          runs += 1;
          for (const { kind, text } of violations)
            failed.push(`npm run faults -- --seed ${seed}: ${kind}: ${text}`);
          return true;
        },
      },
    );
    expect(failed).toEqual([]);
    expect(runs).toBe(SEEDS);
  },
  20 * 60_000,
);
