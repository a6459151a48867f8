/**
 * The first dashboard and alarms (design section 18): the specification's three, one per price source where there are two,
 * and some per queue for work that was given up or is late.
 */
import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmStatusWidget,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IWidget,
  Metric,
  SingleValueWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { parseLiveSources } from '../../shared/domain/prices/live-sources.ts';
import type { FunctionName } from '../bundle/entries.ts';
import { WORK_QUEUES } from '../queues.ts';
import type { QueueName, Queues } from './queues-stack.ts';
import { METRIC_NAMESPACE } from './service-function.ts';
import type { Settings } from './settings.ts';

export interface MonitoringStackProps extends StackProps {
  readonly settings: Settings;
  readonly queues: Queues;
  readonly dispatchDeadLetters: Queue;
  readonly publishDeadLetters: Queue;
  readonly functions: Readonly<Record<FunctionName, LambdaFunction>>;
}

/** The specification's metrics, emitted by `stage`, and of two sources each also by `venue`. */
type MetricName =
  | 'api_audit_failed_total'
  | 'api_rate_limit_unknown_total'
  | 'ws_connected'
  | 'ws_errors_total'
  | 'ws_latency_ms'
  | 'om_checks_total'
  | 'positions_unprotected'
  | 'reconcile_differences_total'
  | 'reconcile_oldest_wait_seconds'
  | 'risk_breaches_total'
  | 'risk_unseen_total';

type Severity = 'critical' | 'warning';

interface AlarmShape {
  readonly severity: Severity;
  readonly says: string;
  readonly metric: Metric;
  readonly when: ComparisonOperator;
  readonly threshold: number;
  readonly periods: number;
  readonly missing: TreatMissingData;
}

/** Messages that wait for a worker: more are not worked off within the minute that makes them late. */
const BACKLOG = 1_000;

/** A process asks once a second while the cache is away: one that blinked rings nobody. */
const RATE_LIMIT_GAPS = 5;

/** Twice the time after which a comparison takes the rank of other queries. */
const HALF_AN_HOUR_S = 1_800;

const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);

export class MonitoringStack extends Stack {
  readonly topic: Topic;
  private readonly stage: Settings['stage'];
  private readonly alarms: Alarm[] = [];

  constructor(scope: Construct, id: string, { settings, ...props }: MonitoringStackProps) {
    super(scope, id, props);
    this.stage = settings.stage;
    this.topic = new Topic(this, 'Alarms', { displayName: `Moniqo ${settings.stage}`, enforceSSL: true });
    this.addSpecificationAlarms();
    this.addSourceAlarms(settings.feed);
    for (const [name, { queue, deadLetterQueue }] of Object.entries(props.queues) as Entry[]) {
      this.addDeadLetterAlarm(name, deadLetterQueue);
      this.addAgeAlarm(name, queue);
      this.addBacklogAlarm(name, queue);
    }
    this.addDeadLetterAlarm('dispatch', props.dispatchDeadLetters);
    this.addDeadLetterAlarm('publish', props.publishDeadLetters);
    this.addAlarm('EventsLate', {
      severity: 'warning',
      says: 'What happens to orders and positions is told to their users more than a minute late.',
      metric: props.functions.publish.metric('IteratorAge', { period: MINUTE, statistic: 'Maximum' }),
      when: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 60_000,
      periods: 2,
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.addAlarm('SymbolsNotRefreshed', {
      severity: 'warning',
      says: 'The trading rules of the venue could not be read for five minutes.',
      metric: props.functions.symbols.metricErrors({ period: MINUTE }),
      when: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      periods: 5,
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.addAlarm('LedgerDiffers', {
      severity: 'warning',
      says: 'The ledger and the venue differ: the statement of the wallet says in what.',
      metric: this.metric('reconcile_differences_total', 'Sum', FIVE_MINUTES),
      when: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      periods: 1,
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.addAlarm('RiskBreached', {
      severity: 'warning',
      says: 'A wallet lost more than a limit of its own: it is paused (log code RISK_BREACH says which).',
      metric: this.metric('risk_breaches_total', 'Sum', FIVE_MINUTES),
      when: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      periods: 1,
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.addAlarm('AuditNotWritten', {
      severity: 'warning',
      says: 'Calls that changed something are not in the audit record: they are in the log whole (log code AUDIT_NOT_WRITTEN).',
      metric: this.metric('api_audit_failed_total', 'Sum', FIVE_MINUTES),
      when: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      periods: 1,
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.addAlarm('RequestsUnlimited', {
      severity: 'warning',
      says: 'Requests pass without being counted, because the cache does not answer (log code RATE_LIMIT_UNKNOWN).',
      metric: this.metric('api_rate_limit_unknown_total', 'Sum', FIVE_MINUTES),
      when: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: RATE_LIMIT_GAPS,
      periods: 1,
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.addAlarm('LossesUnseen', {
      severity: 'critical',
      says: 'What a wallet has lost could not be looked at for a minute: its limits of loss stop nothing (log code LOSSES_UNSEEN).',
      metric: this.metric('risk_unseen_total', 'Sum', FIVE_MINUTES),
      when: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      periods: 1,
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.addAlarm('PositionsUnprotected', {
      severity: 'critical',
      says: 'A position has had no protection for more than 15 s (log code POSITIONS_UNPROTECTED says which).',
      metric: this.metric('positions_unprotected', 'Maximum', MINUTE),
      when: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      periods: 1,
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.addAlarm('ComparisonsWait', {
      severity: 'warning',
      says: 'A wallet that should be compared with its venue has waited for half an hour.',
      metric: this.metric('reconcile_oldest_wait_seconds', 'Maximum', MINUTE),
      when: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: HALF_AN_HOUR_S,
      periods: 2,
      missing: TreatMissingData.NOT_BREACHING,
    });
    new Dashboard(this, 'MonitorHealth', {
      dashboardName: `moniqo-${settings.stage}-monitor-health`,
      defaultInterval: Duration.hours(3),
      widgets: this.widgets(props.queues, props.functions),
    });
  }

  private addSpecificationAlarms(): void {
    this.addAlarm('WebSocketDisconnected', {
      severity: 'critical',
      says: 'No price stream is connected: prices are stale and nothing triggers by price.',
      // While a deployment overlaps, one connected task of the two is enough.
      metric: this.metric('ws_connected', 'Maximum', MINUTE),
      when: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      periods: 1,
      missing: TreatMissingData.BREACHING,
    });
    this.addAlarm('OrderMonitorDown', {
      severity: 'critical',
      says: 'No order monitor check for two minutes: stops may not fire.',
      metric: this.metric('om_checks_total', 'Sum', MINUTE),
      when: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      periods: 2,
      missing: TreatMissingData.BREACHING,
    });
    this.addAlarm('HighErrorRate', {
      severity: 'warning',
      says: 'More than 10 stream errors within five minutes.',
      metric: this.metric('ws_errors_total', 'Sum', FIVE_MINUTES),
      when: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 10,
      periods: 1,
      missing: TreatMissingData.NOT_BREACHING,
    });
  }

  /** Of two sources each: the specification's alarm rings when neither is left, or one serves only a part. */
  private addSourceAlarms(feed: string): void {
    const sources = parseLiveSources(feed) ?? [];
    if (sources.length < 2) return;
    for (const source of sources) {
      this.addAlarm(`SourceDisconnected-${source}`, {
        severity: 'warning',
        says: `${source} brings no prices: the other source serves alone, and nothing checks it.`,
        metric: this.metric('ws_connected', 'Maximum', MINUTE, source),
        when: ComparisonOperator.LESS_THAN_THRESHOLD,
        threshold: 1,
        periods: 1,
        missing: TreatMissingData.NOT_BREACHING,
      });
    }
  }

  private addDeadLetterAlarm(name: string, queue: Queue): void {
    this.addAlarm(`DeadLetters-${name}`, {
      severity: 'critical',
      says: `Work of ${name} was given up and lies in its dead-letter queue (docs/operations.md).`,
      metric: queue.metricApproximateNumberOfMessagesVisible({ period: MINUTE, statistic: 'Maximum' }),
      when: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      periods: 1,
      missing: TreatMissingData.NOT_BREACHING,
    });
  }

  private addAgeAlarm(name: QueueName, queue: Queue): void {
    const { lateAfterSeconds } = WORK_QUEUES[name];
    this.addAlarm(`LateWork-${name}`, {
      severity: 'warning',
      says: `The oldest message of ${name} waits for more than ${lateAfterSeconds} s.`,
      metric: queue.metricApproximateAgeOfOldestMessage({ period: MINUTE, statistic: 'Maximum' }),
      when: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: lateAfterSeconds,
      periods: 2,
      missing: TreatMissingData.NOT_BREACHING,
    });
  }

  private addBacklogAlarm(name: QueueName, queue: Queue): void {
    this.addAlarm(`Backlog-${name}`, {
      severity: 'warning',
      says: `More than ${BACKLOG} messages of ${name} wait for a worker.`,
      metric: queue.metricApproximateNumberOfMessagesVisible({ period: MINUTE, statistic: 'Maximum' }),
      when: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: BACKLOG,
      periods: 2,
      missing: TreatMissingData.NOT_BREACHING,
    });
  }

  private addAlarm(name: string, shape: AlarmShape): void {
    const alarm = new Alarm(this, name, {
      alarmName: `moniqo-${this.stage}-${name}`,
      alarmDescription: `${shape.severity}: ${shape.says}`,
      metric: shape.metric,
      comparisonOperator: shape.when,
      threshold: shape.threshold,
      evaluationPeriods: shape.periods,
      datapointsToAlarm: shape.periods,
      treatMissingData: shape.missing,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
    this.alarms.push(alarm);
  }

  private metric(
    metricName: MetricName,
    statistic: 'Maximum' | 'Sum',
    period: Duration,
    venue?: string,
  ): Metric {
    return new Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      dimensionsMap: { stage: this.stage, ...(venue !== undefined && { venue }) },
      statistic,
      period,
    });
  }

  private widgets(queues: Queues, functions: MonitoringStackProps['functions']): IWidget[][] {
    const entries = Object.entries(queues) as Entry[];
    const running = Object.values(functions);
    const graph = (title: string, left: Metric[]) => new GraphWidget({ title, left, width: 8, height: 6 });
    return [
      [
        new AlarmStatusWidget({ title: 'Alarms', alarms: this.alarms, width: 16, height: 4 }),
        new SingleValueWidget({
          title: 'Streams connected',
          metrics: [this.metric('ws_connected', 'Maximum', MINUTE)],
          width: 8,
          height: 4,
        }),
      ],
      [
        graph('Monitor checks per minute', [this.metric('om_checks_total', 'Sum', MINUTE)]),
        graph('Stream errors', [this.metric('ws_errors_total', 'Sum', MINUTE)]),
        graph('Price latency (ms)', [this.metric('ws_latency_ms', 'Maximum', MINUTE)]),
        graph(
          'Function errors',
          running.map((fn) => fn.metricErrors({ period: MINUTE })),
        ),
      ],
      [
        graph(
          'Age of the oldest message (s)',
          entries.map(([, { queue }]) => ageOf(queue)),
        ),
        graph(
          'Dead letters',
          entries.map(([, { deadLetterQueue }]) => depthOf(deadLetterQueue)),
        ),
        graph(
          'Function duration p99 (ms)',
          running.map((fn) => fn.metricDuration({ statistic: 'p99' })),
        ),
      ],
    ];
  }
}

type Entry = [QueueName, Queues[QueueName]];

const ageOf = (queue: Queue) => queue.metricApproximateAgeOfOldestMessage({ period: MINUTE });
const depthOf = (queue: Queue) => queue.metricApproximateNumberOfMessagesVisible({ period: MINUTE });
