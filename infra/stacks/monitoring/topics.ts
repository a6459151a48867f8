/**
 * Two topics, one per severity: whoever is woken by what is critical needs no filter, and can never be kept asleep by one.
 */
import { CfnOutput, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription, UrlSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import type { Stage } from '../settings.ts';
import type { AlarmRecipients, Recipients } from './recipients.ts';

export type Severity = 'critical' | 'warning';
export type Topics = Readonly<Record<Severity, Topic>>;

const ID: Readonly<Record<Severity, string>> = { critical: 'CriticalAlarms', warning: 'WarningAlarms' };

export function makeTopics(scope: Construct, stage: Stage, { all, critical }: AlarmRecipients): Topics {
  const topics = {
    critical: makeTopic(scope, stage, 'critical'),
    warning: makeTopic(scope, stage, 'warning'),
  };
  subscribe(topics.critical, all);
  subscribe(topics.critical, critical);
  subscribe(topics.warning, all);
  return topics;
}

function makeTopic(scope: Construct, stage: Stage, severity: Severity): Topic {
  const topic = new Topic(scope, ID[severity], {
    displayName: `Moniqo ${stage} ${severity}`,
    enforceSSL: true,
  });
  // A topic with a policy of its own has lost the one that lets the account's alarms speak.
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'Alarms',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  );
  // Whoever wants to be told by other means subscribes by hand.
  new CfnOutput(scope, `${ID[severity]}Topic`, { value: topic.topicArn });
  return topic;
}

function subscribe(topic: Topic, { emails, webhooks }: Recipients): void {
  for (const email of emails) topic.addSubscription(new EmailSubscription(email));
  for (const webhook of webhooks) topic.addSubscription(new UrlSubscription(webhook));
}
