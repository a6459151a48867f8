/** The cache and the tables: what is full, thrown out, or not let in. */
import { MathExpression, type Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { TABLE_SHAPES, type TableName, type Tables } from '../../data-stack.ts';
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

/** Read at each sweep, with few partitions: one for each shard, one for each symbol. */
const HOT_INDEXES = ['due', 'live'];

/** A table's own events do not hold those of its indexes. An alarm takes ten metrics: of reads, those of the hot indexes. */
function throttled(tables: Tables, name: TableName): MathExpression {
  const sum = { statistic: 'Sum', period: FIVE_MINUTES } as const;
  const table = tables[name];
  const indexes = Object.keys(TABLE_SHAPES[name].indexes);
  const ofIndex = (kind: 'Read' | 'Write', index: string): Metric =>
    table.metric(`${kind}ThrottleEvents`, {
      ...sum,
      dimensionsMap: { TableName: table.tableName, GlobalSecondaryIndexName: index },
    });
  const usingMetrics = {
    reads: table.metric('ReadThrottleEvents', sum),
    writes: table.metric('WriteThrottleEvents', sum),
    ...Object.fromEntries(indexes.map((index) => [`writes_${index}`, ofIndex('Write', index)])),
    ...Object.fromEntries(
      indexes
        .filter((index) => HOT_INDEXES.includes(index))
        .map((index) => [`reads_${index}`, ofIndex('Read', index)]),
    ),
  };
  return new MathExpression({
    // DynamoDB tells nothing while there is nothing to tell.
    expression: `SUM([${Object.keys(usingMetrics).join(', ')}])`,
    usingMetrics,
    label: `${name}: throttled`,
    period: FIVE_MINUTES,
  });
}
