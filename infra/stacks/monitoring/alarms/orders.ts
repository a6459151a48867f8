/** The order monitor, orders and positions: whether stops fire, and whether what was ordered is known. */
import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmSet } from '../alarm-set.ts';
import { FIVE_MINUTES, type Own } from '../metrics.ts';
import { above, none } from './shapes.ts';

/** The bound of the specification of invariants: what is longer unknown, or overdue, is somebody's to look at. */
const LATE_SECONDS = 60;

export function addOrderAlarms(alarms: AlarmSet, own: Own): void {
  alarms.add('OrderMonitorDown', {
    severity: 'critical',
    says: 'No order monitor check for two minutes: stops may not fire.',
    ...none(own('om_checks_total', { statistic: 'Sum' }), 2, TreatMissingData.BREACHING),
  });
  alarms.add('PositionsUnprotected', {
    severity: 'critical',
    says: 'A position has had no protection for more than 15 s (log code POSITIONS_UNPROTECTED says which).',
    // What is shorter is told as 0: a task that was killed is replaced by then.
    ...above(0, own('positions_unprotected_longest_seconds', { statistic: 'Maximum' })),
  });
  alarms.add('OrdersUnknown', {
    severity: 'critical',
    says: 'It has not been known for more than 60 s what became of an order (log code ORDER_STILL_UNKNOWN says which).',
    ...above(LATE_SECONDS, own('orders_unknown_seconds', { statistic: 'Maximum' }), 3),
    // It is looked at again after at most a minute, which need not fall into each minute.
    breaching: 1,
  });
  alarms.add('ExitStuck', {
    severity: 'critical',
    says: 'A position that is to be closed cannot be sold: its exits end unfinished, or its coins are not there (log code EXIT_PLAN_ALARM says which).',
    // It is tried again each half minute, and told each time.
    ...above(0, own('exits_stuck_total', { statistic: 'Sum', period: FIVE_MINUTES })),
  });
  alarms.add('WorkOverdue', {
    severity: 'critical',
    says: 'Something that an order or a position is owed was found more than 60 s late: sweeps or their workers lag behind.',
    ...above(LATE_SECONDS, own('work_overdue_seconds', { statistic: 'Maximum' }), 3),
    breaching: 2,
  });
}
