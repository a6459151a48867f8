/**
 * The small form of `npm run bench -- scale`: what the steps ask of the tables with 200 and with 2,000 positions that do nothing.
 * Units are counted, not timed, so a busy machine changes nothing.
 */
import { describe, expect, it } from 'vitest';
import { measureScale } from '../../bench/scale/scale.ts';
import { ALL, ONE } from '../../bench/scale/steps.ts';
import { dynamoDbMissing } from '../../support/dynamodb.ts';
import { realRedisMissing } from '../../support/redis.ts';

const SHAPE = { populations: [200, 2_000], bursts: [2, 8], symbols: 20, runs: 3, listUpTo: 2_000 };
/** A page that ends elsewhere, an index that is read at its edge. */
const MARGIN = 1.1;

describe.skipIf(dynamoDbMissing !== null || realRedisMissing !== null)('growth', () => {
  it('costs nothing for positions that do nothing, and no more than its share for each that does something', {
    timeout: 120_000,
  }, async () => {
    const { idle, bursts, wrong } = await measureScale(SHAPE, () => undefined);
    expect(wrong).toEqual([]);
    const [few, many] = idle;
    if (few === undefined || many === undefined) throw new Error('two populations were to be measured');
    const grown = ONE.filter((step) => many.steps[step].units > few.steps[step].units * MARGIN);
    expect(grown).toEqual([]);
    // What looks at everything asks for more, and for no more than ten times as much.
    const units = (row: typeof few, step: (typeof ALL)[number]) => row.steps[step]?.units ?? Number.NaN;
    const faster = ALL.filter((step) => !(units(many, step) <= units(few, step) * 10 * MARGIN));
    expect(faster).toEqual([]);
    expect(many.steps.gauges.units).toBeGreaterThan(few.steps.gauges.units * 2);
    const [two, eight] = bursts;
    expect(eight?.units).toBeLessThanOrEqual((two?.units ?? 0) * MARGIN);
    expect(two?.units).toBeGreaterThan(0);
  });
});
