/**
 * The naive design, as the specification draws it: each second every open position is read and written, in place of an index of
 * levels. The rest of the bill is ours. Arithmetic of the fact sheet (aws.md, line 310 on).
 */
import { Decimal, decimal, sum } from '../../shared/domain/money/decimal.ts';
import type { Bill, Line } from './bill.ts';
import { HOURS_PER_MONTH, PRICES } from './prices.ts';

const SECONDS = HOURS_PER_MONTH.times(3_600);
/** Of a position as it is read, and read units of a KB without strong consistency. */
const KB_OF_A_POSITION = decimal('0.6');
const KB_OF_HALF_A_UNIT = 8;
/** What a core writes in a second, and the memory that a core comes with. */
const UPDATES_OF_A_CORE = 2_500;
const GB_OF_A_CORE = decimal('1.73');
const LEAST_GB_SECONDS = decimal('0.05');

export interface Naive {
  readonly lines: readonly Line[];
  /** With all of ours that it would need as well. */
  readonly total: Decimal;
}

/** What it adds. */
export function naiveOf({ load, total }: Bill): Naive {
  const { positions } = load;
  const writes = SECONDS.times(positions);
  const readsEach = Decimal.max(
    decimal('0.5'),
    KB_OF_A_POSITION.times(positions).dividedBy(KB_OF_HALF_A_UNIT),
  );
  const reads = positions === 0 ? new Decimal(0) : SECONDS.times(readsEach);
  const gbSeconds = SECONDS.times(
    Decimal.max(LEAST_GB_SECONDS, GB_OF_A_CORE.times(positions).dividedBy(UPDATES_OF_A_CORE)),
  );
  const perMillion = (count: Decimal, price: Decimal): Decimal => count.times(price).dividedBy(1_000_000);
  const lines: readonly Line[] = [
    {
      name: 'DynamoDB: each position written each second',
      usd: perMillion(writes, PRICES.writeUnits.usd),
      arithmetic: `${positions} x 2,628,000 s x ${PRICES.writeUnits.usd}/M`,
      isExtra: false,
    },
    {
      name: 'DynamoDB: and read',
      usd: perMillion(reads, PRICES.readUnits.usd),
      arithmetic: `${readsEach.toSignificantDigits(4)} units/s (${KB_OF_A_POSITION} KB each) x 2,628,000 s x ${PRICES.readUnits.usd}/M`,
      isExtra: false,
    },
    {
      name: 'Lambda: to do it',
      usd: gbSeconds.times(PRICES.lambdaSeconds.usd),
      arithmetic: `${positions} / ${UPDATES_OF_A_CORE} updates of a core and second x ${GB_OF_A_CORE} GB x 2,628,000 s x ${PRICES.lambdaSeconds.usd}`,
      isExtra: false,
    },
  ];
  return { lines, total: total.plus(sum(lines.map(({ usd }) => usd))) };
}
