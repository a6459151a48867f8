/** The load of the benchmark, smaller: every fill once, and an order's later fills cost what its first cost. */
import { expect, it } from 'vitest';
import { ageing } from '../../bench/executions.ts';
import { runExecutions } from '../../bench/executions-run.ts';
import { dynamoDbMissing } from '../../support/dynamodb.ts';

it.skipIf(dynamoDbMissing !== null)(
  'books every fill once; a later fill of an order needs no more calls of the database than an early one',
  async () => {
    const sizes = { fills: 60, orders: 6, fillsEach: 3, atOnce: 3, report: 230, pairs: 3 };
    const { wrong, oneOrder, queries } = await runExecutions(sizes, () => undefined);
    expect(wrong).toEqual([]);
    const { calls } = ageing(oneOrder);
    // The order and its position are read, then all of it is one transaction.
    expect(calls).toEqual({ first: 3, last: 3 });
    const callsOf = (share: string) => queries.find(({ booked }) => booked === share)?.report.calls[0];
    // Five parts, each with its position read before; the order once, and what noting its levels takes.
    expect(callsOf('none')).toBeLessThanOrEqual(20);
    expect(callsOf('half')).toBeLessThanOrEqual(16);
    expect(callsOf('all')).toBeLessThanOrEqual(6);
  },
);
