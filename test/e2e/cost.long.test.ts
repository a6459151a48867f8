/**
 * What is measured today has the form, and about the counts, of the table that the bill is made of (infra/cost/measured.json).
 * On the way every request of a table is compared with what the role of its process lets it ask: the laptop has no roles.
 */
import { expect, inject, it } from 'vitest';
import {
  OPERATIONS,
  type OperationFigures,
  type OperationName,
  readMeasured,
} from '../../infra/cost/measured.ts';
import { TABLE_NAMES } from '../../infra/stacks/data-stack.ts';
import { measureCost } from '../bench/cost/measure.ts';
import { allowedIn } from '../support/allowed.ts';

const SHORT = { runInSeconds: 5, idleSeconds: 20, operations: 4, positions: 8, ticksPerSecond: 10 };
const WITHIN_MS = 600_000;

/**
 * What one of them writes does not depend on how many there are, so it is bounded. A position whose entry minute is over keeps the
 * seconds of that minute in which a price came: between none and 59, so between 1 and some 4 KB in the table and each of the
 * indexes that hold it whole, by the second in which the run opened it. A change of protection writes little else.
 */
const BOUNDED = {
  entry: [0.7, 1.4],
  change_protection: [0.3, 3],
  limit_order_and_cancel: [0.7, 1.4],
  closed_by_hand: [0.6, 1.7],
} as const satisfies Partial<Record<OperationName, readonly [number, number]>>;

const writesBeside = (of: OperationFigures['dynamodb'] | undefined): number =>
  Object.entries(of?.by_table ?? {})
    .filter(([table]) => table !== 'positions')
    .reduce((sum, [, { write_units }]) => sum + write_units, 0);

it(
  'the measured table is that of this version',
  async () => {
    let taken: readonly string[] = [];
    const { operations, metrics } = await measureCost(SHORT, () => undefined, {
      assembly: inject('assembly'),
      onRights: (rights) => {
        taken = rights;
      },
    });
    const allowed = allowedIn(inject('assembly'), TABLE_NAMES);
    expect(taken.length).toBeGreaterThan(50);
    expect(taken.filter((right) => !allowed.has(right))).toEqual([]);
    const kept = readMeasured();
    expect(Object.keys(operations).sort()).toEqual([...OPERATIONS].sort());
    for (const [name, [least, most]] of Object.entries(BOUNDED)) {
      const measured = operations[name]?.dynamodb;
      const { dynamodb: then } = kept.operations[name as keyof typeof BOUNDED];
      const isWithin = (what: string, now: number, kept: number, from: number, to: number): void => {
        const said = `${name}, ${what}: ${now}, in the table ${kept}: npm run cost:measure`;
        expect(now / kept, said).toBeGreaterThan(from);
        expect(now / kept, said).toBeLessThan(to);
      };
      isWithin('all', measured?.write_units ?? 0, then.write_units, least, most);
      // Of all other tables the entry minute says nothing.
      isWithin('beside positions', writesBeside(measured), writesBeside(then), 0.7, 1.4);
      expect(Object.keys(operations[name]?.lambda ?? {})).toEqual(
        expect.arrayContaining(['api', ...(name === 'change_protection' ? [] : ['publish'])]),
      );
    }
    for (const name of kept.idle_metrics) expect(metrics).toContain(name);
  },
  WITHIN_MS,
);
