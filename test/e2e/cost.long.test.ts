/** What is measured today has the form, and about the counts, of the table that the bill is made of (infra/cost/measured.json). */
import { expect, inject, it } from 'vitest';
import { OPERATIONS, readMeasured } from '../../infra/cost/measured.ts';
import { measureCost } from '../bench/cost/measure.ts';

const SHORT = { runInSeconds: 5, idleSeconds: 20, operations: 4, positions: 8, ticksPerSecond: 10 };
const WITHIN_MS = 600_000;

/** What one of them writes does not depend on how many there are. */
const EXACT = ['entry', 'change_protection', 'limit_order_and_cancel', 'closed_by_hand'] as const;

it(
  'the measured table is that of this version',
  async () => {
    const { operations, metrics } = await measureCost(SHORT, () => undefined, {
      assembly: inject('assembly'),
    });
    const kept = readMeasured();
    expect(Object.keys(operations).sort()).toEqual([...OPERATIONS].sort());
    for (const name of EXACT) {
      const [now, then] = [
        operations[name]?.dynamodb.write_units ?? 0,
        kept.operations[name].dynamodb.write_units,
      ];
      expect(now / then, `${name}: ${now}, in the table ${then}: npm run cost:measure`).toBeGreaterThan(0.7);
      expect(now / then, `${name}: ${now}, in the table ${then}: npm run cost:measure`).toBeLessThan(1.4);
      expect(Object.keys(operations[name]?.lambda ?? {})).toEqual(
        expect.arrayContaining(['api', ...(name === 'change_protection' ? [] : ['publish'])]),
      );
    }
    for (const name of kept.idle_metrics) expect(metrics).toContain(name);
  },
  WITHIN_MS,
);
