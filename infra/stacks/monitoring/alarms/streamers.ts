/**
 * The streamer's tasks: one that ends by itself is replaced by itself, and told with the reason; one that keeps ending is an
 * alarm. By ECS's own events, which cost nothing; the figures of Container Insights would cost more than all alarms together.
 */

import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import type { AlarmSet } from '../alarm-set.ts';
import type { Topics } from '../topics.ts';
import type { Watched } from '../watched.ts';
import { above } from './shapes.ts';

/** A task that was ended by a deployment, by scaling or by hand ended in order. */
const IN_ORDER = ['ServiceSchedulerInitiated', 'UserInitiated'];

/** The scheduler also ends what fails its health check; only the reason says so. */
const FAILED = 'Task failed';

const RESTARTS = 2;

/** The rule tells its topic of each stop. */
const stopsOf = ({ ruleName }: Rule): Metric =>
  new Metric({
    namespace: 'AWS/Events',
    metricName: 'Invocations',
    dimensionsMap: { RuleName: ruleName },
    statistic: 'Sum',
    period: Duration.minutes(15),
  });

export function addStreamerAlarms(
  scope: Construct,
  alarms: AlarmSet,
  topics: Topics,
  { streamers }: Watched,
): void {
  const rule = new Rule(scope, 'StreamerStops', {
    description: 'A task of the streamer ended, and not in order',
    eventPattern: {
      source: ['aws.ecs'],
      detailType: ['ECS Task State Change'],
      detail: {
        lastStatus: ['STOPPED'],
        group: streamers.map(({ serviceName }) => `service:${serviceName}`),
        $or: [{ stopCode: [{ 'anything-but': IN_ORDER }] }, { stoppedReason: [{ prefix: FAILED }] }],
      },
    },
  });
  const [code, reason] = [
    EventField.fromPath('$.detail.stopCode'),
    EventField.fromPath('$.detail.stoppedReason'),
  ];
  const [group, task] = [EventField.fromPath('$.detail.group'), EventField.fromPath('$.detail.taskArn')];
  // Leaves a statement in the topic's policy that is not narrowed to this rule or this account. EventBridge tells SNS neither:
  // with a condition on them nothing is delivered, and nothing says so (AWS: no condition blocks for EventBridge in policies of
  // topics). What another account could do with it is to send warnings; the critical topic has no such statement.
  rule.addTarget(
    new SnsTopic(topics.warning, {
      message: RuleTargetInput.fromText(
        `warning: a task of ${group} ended (${code}): ${reason} A new one is started. First thing to do: docs/monitoring.md, StreamerRestarts. ${task}`,
      ),
    }),
  );
  alarms.add('StreamerRestarts', {
    severity: 'critical',
    says: 'Tasks of the streamer ended by themselves more than twice within a quarter of an hour: it does not stay up.',
    ...above(RESTARTS, stopsOf(rule)),
  });
}
