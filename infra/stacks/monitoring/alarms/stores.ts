/** The cache and the tables: what is full, thrown out, or not let in. */
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { TableName, Tables } from '../../data-stack.ts';
import type { AlarmSet } from '../alarm-set.ts';
import { cacheMetric, FIVE_MINUTES } from '../metrics.ts';
import type { Watched } from '../watched.ts';
import { above } from './shapes.ts';

/** Of the bytes that the cache may hold: time to raise the limit before writes are refused. */
const NEARLY_FULL = 0.8;

/** On the way of every order, and of every price. Of the others what is not let in costs nobody money. */
const ON_THE_WAY = ['orders', 'positions', 'wallets', 'priceTape'] as const satisfies readonly TableName[];

export function addStoreAlarms(alarms: AlarmSet, { cache, tables }: Watched): void {
  const { clusterId, maxBytes } = cache;
  const sum = { statistic: 'Sum', period: FIVE_MINUTES } as const;
  alarms.add('CacheNearlyFull', {
    severity: 'critical',
    says: 'The cache holds more than 80 % of what it may: when it is full prices and levels cannot be written.',
    ...above(
      Math.floor(maxBytes * NEARLY_FULL),
      cacheMetric(clusterId, 'BytesUsedForCache', { statistic: 'Maximum' }),
      3,
    ),
  });
  alarms.add('CacheEvicts', {
    severity: 'critical',
    says: 'The cache throws out keys that are still wanted: levels, hits or leases may be among them.',
    ...above(0, cacheMetric(clusterId, 'Evictions', sum)),
  });
  alarms.add('CacheThrottled', {
    severity: 'warning',
    says: 'The cache refuses commands, because there are more than it may be asked.',
    ...above(0, cacheMetric(clusterId, 'ThrottledCmds', sum)),
  });
  for (const name of ON_THE_WAY) {
    alarms.add(`TableThrottled-${name}`, {
      severity: 'warning',
      says: `DynamoDB refuses reads or writes of the table ${name}, because there are too many.`,
      ...above(0, throttled(tables, name)),
    });
  }
}

function throttled(tables: Tables, name: TableName): MathExpression {
  const sum = { statistic: 'Sum', period: FIVE_MINUTES } as const;
  return new MathExpression({
    // DynamoDB tells nothing while there is nothing to tell.
    expression: 'SUM([reads, writes])',
    usingMetrics: {
      reads: tables[name].metric('ReadThrottleEvents', sum),
      writes: tables[name].metric('WriteThrottleEvents', sum),
    },
    label: `${name}: throttled`,
    period: FIVE_MINUTES,
  });
}
