/** What most alarms have in common. */
import { ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmShape } from '../alarm-set.ts';

/** More than so much, in every one of the periods; what says nothing is well. */
export const above = (
  threshold: number,
  metric: IMetric,
  periods = 1,
): Pick<AlarmShape, 'metric' | 'when' | 'threshold' | 'periods' | 'missing'> => ({
  metric,
  when: ComparisonOperator.GREATER_THAN_THRESHOLD,
  threshold,
  periods,
  missing: TreatMissingData.NOT_BREACHING,
});

/** Less than one, in every one of the periods; `missing` says what silence means. */
export const none = (
  metric: IMetric,
  periods: number,
  missing: TreatMissingData,
): Pick<AlarmShape, 'metric' | 'when' | 'threshold' | 'periods' | 'missing'> => ({
  metric,
  when: ComparisonOperator.LESS_THAN_THRESHOLD,
  threshold: 1,
  periods,
  missing,
});
