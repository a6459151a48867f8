/** All alarms of a stage: each tells the topic of its severity when it begins and when it is over. */
import {
  Alarm,
  type ComparisonOperator,
  type IMetric,
  type TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Construct } from 'constructs';
import type { Stage } from '../settings.ts';
import type { Severity, Topics } from './topics.ts';

export interface AlarmShape {
  readonly severity: Severity;
  /** What it means for whoever is told of it; what to do first stands in docs/monitoring.md. */
  readonly says: string;
  readonly metric: IMetric;
  readonly when: ComparisonOperator;
  readonly threshold: number;
  /** Of the last so many periods ... */
  readonly periods: number;
  /** ... so many; all of them where it is left out. */
  readonly breaching?: number;
  readonly missing: TreatMissingData;
}

export class AlarmSet {
  readonly #scope: Construct;
  readonly #stage: Stage;
  readonly #topics: Topics;
  readonly #alarms: { readonly severity: Severity; readonly alarm: Alarm }[] = [];

  constructor(scope: Construct, stage: Stage, topics: Topics) {
    this.#scope = scope;
    this.#stage = stage;
    this.#topics = topics;
  }

  add(
    name: string,
    { severity, says, metric, when, threshold, periods, breaching, missing }: AlarmShape,
  ): void {
    const alarm = new Alarm(this.#scope, name, {
      alarmName: `moniqo-${this.#stage}-${name}`,
      alarmDescription: `${severity}: ${says} First thing to do: docs/monitoring.md, ${name.split('-')[0]}.`,
      metric,
      comparisonOperator: when,
      threshold,
      evaluationPeriods: periods,
      datapointsToAlarm: breaching ?? periods,
      treatMissingData: missing,
    });
    const action = new SnsAction(this.#topics[severity]);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    this.#alarms.push({ severity, alarm });
  }

  of(severity: Severity): readonly Alarm[] {
    return this.#alarms.filter((one) => one.severity === severity).map(({ alarm }) => alarm);
  }
}
