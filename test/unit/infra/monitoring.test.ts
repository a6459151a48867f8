/** What is alarmed and shown, by which metrics, and whom it is told (design section 18, docs/monitoring.md). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../../infra/bundle/bundle.ts';
import { QUEUE_NAMES } from '../../../infra/queues.ts';
import { ownMetrics } from '../../../infra/stacks/monitoring/metrics.ts';
import { METRICS } from '../../../shared/adapters/metrics/catalogue.ts';
import { METRIC_NAMESPACE } from '../../../shared/adapters/metrics/emf.ts';
import { AWS_METRICS } from '../../support/aws-metrics.ts';
import { type Looked, metricsOfAlarm, metricsOfDashboard } from '../../support/metric-names.ts';
import { mentions, type Synthesised, synthesise } from './synthesised.ts';

let sandbox: Synthesised;
let prod: Synthesised;
let two: Synthesised;

beforeAll(() => {
  sandbox = synthesise('sandbox', {
    'alarm-email': 'ops@example.com',
    'alarm-webhook-critical': 'https://wake.example.com/now?key=1',
  });
  prod = synthesise('prod');
  two = synthesise('prod', { feed: 'binance+polygon' });
});

afterAll(() => {
  for (const one of [sandbox, prod, two]) one.remove();
});

const ALARM = 'AWS::CloudWatch::Alarm';
const DASHBOARD = 'AWS::CloudWatch::Dashboard';
const TOPIC = 'AWS::SNS::Topic';

const alarmsOf = (from: Synthesised, stage = 'sandbox') =>
  new Map(
    from
      .ofType(ALARM)
      .map(({ properties }) => [String(properties['AlarmName']).replace(`moniqo-${stage}-`, ''), properties]),
  );
const alarm = (name: string) => alarmsOf(sandbox).get(name);

const lookedAt = (from: Synthesised): readonly Looked[] => [
  ...from.ofType(ALARM).flatMap(({ properties }) => metricsOfAlarm(properties)),
  ...from.ofType(DASHBOARD).flatMap(({ properties }) => metricsOfDashboard(properties)),
];

const ours = { Namespace: 'Moniqo', Dimensions: [{ Name: 'stage', Value: 'sandbox' }] };
const critical = { AlarmDescription: expect.stringMatching(/^critical: /) };
const warning = { AlarmDescription: expect.stringMatching(/^warning: /) };
const moreThan = (Threshold: number) => ({
  ComparisonOperator: 'GreaterThanThreshold',
  Threshold,
  TreatMissingData: 'notBreaching',
});

describe('the alarms of the specification', () => {
  it('socket disconnected for more than a minute: critical, and silence is as bad', () => {
    expect(alarm('WebSocketDisconnected')).toMatchObject({
      ...ours,
      ...critical,
      MetricName: 'ws_connected',
      Statistic: 'Maximum',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      Period: 60,
      EvaluationPeriods: 1,
      TreatMissingData: 'breaching',
    });
  });

  it('order monitor silent for more than two minutes: critical, and silence is what it is about', () => {
    expect(alarm('OrderMonitorDown')).toMatchObject({
      ...ours,
      ...critical,
      MetricName: 'om_checks_total',
      Statistic: 'Sum',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      Period: 60,
      EvaluationPeriods: 2,
      DatapointsToAlarm: 2,
      TreatMissingData: 'breaching',
    });
  });

  it('more than 10 errors in five minutes: a warning', () => {
    expect(alarm('HighErrorRate')).toMatchObject({
      ...ours,
      ...warning,
      ...moreThan(10),
      MetricName: 'ws_errors_total',
      Statistic: 'Sum',
      Period: 300,
    });
  });
});

describe('the alarms of the invariants', () => {
  it.each([
    ['PositionsUnprotected', critical, 'positions_unprotected_longest_seconds', 0],
    ['OrdersUnknown', critical, 'orders_unknown_seconds', 60],
    ['ExitStuck', critical, 'exits_stuck_total', 0],
    ['WorkOverdue', critical, 'work_overdue_seconds', 60],
    ['LossesUnseen', critical, 'risk_unseen_total', 0],
    ['KeysRefused', critical, 'wallets_refused', 0],
    ['BudgetBlocked', critical, 'budget_blocked_seconds', 0],
    ['PricesStale', warning, 'prices_stale', 0],
    ['LedgerDiffers', warning, 'reconcile_differences_total', 0],
    ['WalletsPaused', warning, 'wallets_paused', 0],
    ['RiskBreached', warning, 'risk_breaches_total', 0],
    ['ComparisonsWait', warning, 'reconcile_oldest_wait_seconds', 1800],
    ['AuditNotWritten', warning, 'api_audit_failed_total', 0],
    ['RequestsUnlimited', warning, 'api_rate_limit_unknown_total', 5],
  ] as const)('%s', (name, severity, metric, threshold) => {
    expect(alarm(name)).toMatchObject({ ...ours, ...severity, ...moreThan(threshold), MetricName: metric });
  });

  it('user data that nobody tells of ring too, where there is an exchange to tell of', () => {
    expect(alarm('UserDataSilent')).toMatchObject({
      ...{ ...ours, ...warning, ...moreThan(0), MetricName: 'user_data_unsubscribed' },
      ...{ TreatMissingData: 'breaching', EvaluationPeriods: 5 },
    });
    const nowhere = synthesise('sandbox', { binance: 'none' });
    const names = [...alarmsOf(nowhere).keys()];
    nowhere.remove();
    expect(names).not.toContain('UserDataSilent');
    expect(names).toContain('WalletsPaused');
  });

  it('an order that is looked at once a minute stays alarmed from look to look', () => {
    expect(alarm('OrdersUnknown')).toMatchObject({ Period: 60, EvaluationPeriods: 3, DatapointsToAlarm: 1 });
  });

  it('tell of one source of two by itself; the critical one means that prices are missing', () => {
    const names = [...alarmsOf(sandbox).keys()];
    expect(names.filter((name) => name.startsWith('SourceDisconnected'))).toEqual([]);
    for (const venue of ['binance', 'polygon']) {
      expect(alarmsOf(two, 'prod').get(`SourceDisconnected-${venue}`)).toMatchObject({
        ...warning,
        MetricName: 'ws_connected',
        Dimensions: [
          { Name: 'stage', Value: 'prod' },
          { Name: 'venue', Value: venue },
        ],
        Threshold: 1,
        ComparisonOperator: 'LessThanThreshold',
      });
    }
  });
});

describe('the alarms of what it runs on', () => {
  it('ring for every dead-letter queue there is, for late work and for much of it', () => {
    const dead = sandbox.ofType('AWS::SQS::Queue').filter(({ id }) => id.includes('DeadLetters'));
    const watched = [...alarmsOf(sandbox)]
      .filter(([name]) => name.startsWith('DeadLetters-'))
      .map(([, properties]) => properties);
    for (const { id } of dead) {
      const watching = watched.filter((properties) => mentions(properties['Dimensions'], id));
      expect(watching).toHaveLength(1);
      expect(watching[0]).toMatchObject({
        ...critical,
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Threshold: 0,
      });
    }
    for (const name of QUEUE_NAMES) {
      expect(alarm(`LateWork-${name}`)).toMatchObject({ MetricName: 'ApproximateAgeOfOldestMessage' });
      expect(alarm(`Backlog-${name}`)).toMatchObject({
        ...moreThan(1000),
        MetricName: 'ApproximateNumberOfMessagesVisible',
      });
    }
  });

  it('ring for the errors of every function, and for throttles of whichever', () => {
    const functions = sandbox
      .ofType('AWS::Lambda::Function')
      .filter(({ properties }) => String(properties['Description']).startsWith('Moniqo '));
    expect(functions.length).toBeGreaterThan(10);
    for (const { id } of functions) {
      const watching = sandbox
        .ofType(ALARM)
        .filter(({ properties }) => properties['MetricName'] === 'Errors')
        .filter(({ properties }) => mentions(properties['Dimensions'], id));
      expect([id, watching.length]).toEqual([id, 1]);
    }
    const throttles = alarm('FunctionsThrottled');
    expect(throttles).toMatchObject({ MetricName: 'Throttles', Namespace: 'AWS/Lambda', ...moreThan(0) });
    expect(throttles).not.toHaveProperty('Dimensions');
    expect(alarm('ApiFailing')).toMatchObject({ MetricName: '5xx', ...moreThan(5) });
  });

  it('ring before the cache is full, and when it throws out or refuses', () => {
    const { properties } = sandbox.one('AWS::ElastiCache::ServerlessCache', 'Cache');
    const limits = properties['CacheUsageLimits'] as { DataStorage: { Maximum: number } };
    const ofCache = { Dimensions: [{ Name: 'clusterId', Value: 'moniqo-sandbox' }] };
    expect(alarm('CacheNearlyFull')).toMatchObject({
      ...ofCache,
      ...critical,
      ...moreThan(Math.floor(limits.DataStorage.Maximum * 1e9 * 0.8)),
      MetricName: 'BytesUsedForCache',
    });
    expect(alarm('CacheEvicts')).toMatchObject({ ...ofCache, ...critical, MetricName: 'Evictions' });
    expect(alarm('CacheThrottled')).toMatchObject({ ...ofCache, ...warning, MetricName: 'ThrottledCmds' });
  });

  it('ring for throttled reads and writes of the tables that orders and prices go through', () => {
    interface Told {
      readonly MetricName: string;
      readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
    }
    const told = (table: string): readonly string[] => {
      const metrics = alarm(`TableThrottled-${table}`)?.['Metrics'] as { MetricStat?: { Metric: Told } }[];
      // More than ten CloudWatch does not take.
      expect(metrics.filter(({ MetricStat }) => MetricStat !== undefined).length).toBeLessThanOrEqual(10);
      return metrics.flatMap(({ MetricStat }) => {
        if (MetricStat === undefined) return [];
        const { MetricName, Dimensions } = MetricStat.Metric;
        const index = Dimensions.find(({ Name }) => Name === 'GlobalSecondaryIndexName')?.Value ?? 'table';
        return [`${MetricName.replace('ThrottleEvents', '')} ${String(index)}`];
      });
    };
    // A table's own events do not hold those of its indexes.
    for (const table of ['orders', 'positions']) {
      expect(told(table)).toEqual(
        expect.arrayContaining(['Read table', 'Write table', 'Read due', 'Read live']),
      );
      expect(told(table).filter((name) => name.startsWith('Write'))).toHaveLength(7);
    }
    expect(told('wallets')).toEqual(
      expect.arrayContaining(['Read table', 'Write table', 'Read due', 'Write due']),
    );
    expect(told('priceTape')).toEqual(['Read table', 'Write table']);
  });

  it('tell the reason of a task of the streamer that ended by itself, and ring when it keeps ending', () => {
    const rule = sandbox.one('AWS::Events::Rule', 'StreamerStops');
    const pattern = rule.properties['EventPattern'] as {
      source: string[];
      detail: { group: unknown[]; lastStatus: string[] };
    };
    expect(pattern).toMatchObject({ source: ['aws.ecs'], 'detail-type': ['ECS Task State Change'] });
    expect(pattern.detail.lastStatus).toEqual(['STOPPED']);
    for (const { id } of sandbox.ofType('AWS::ECS::Service'))
      expect(mentions(pattern.detail.group, id)).toBe(true);
    const [target] = rule.properties['Targets'] as {
      Arn: unknown;
      InputTransformer: { InputTemplate: string };
    }[];
    expect(mentions(target?.Arn, topicId('Warning'))).toBe(true);
    expect(target?.InputTransformer.InputTemplate).toContain('<detail-stoppedReason>');
    expect(alarm('StreamerRestarts')).toMatchObject({
      ...critical,
      ...moreThan(2),
      MetricName: 'Invocations',
      Period: 900,
    });
    expect(mentions(alarm('StreamerRestarts')?.['Dimensions'], rule.id)).toBe(true);
  });
});

const topicId = (severity: 'Critical' | 'Warning'): string => sandbox.one(TOPIC, `${severity}Alarms`).id;

describe('whom it is told', () => {
  it('is one topic per severity: when it begins, and when it is over', () => {
    for (const properties of alarmsOf(sandbox).values()) {
      const isCritical = String(properties['AlarmDescription']).startsWith('critical: ');
      for (const actions of [properties['AlarmActions'], properties['OKActions']]) {
        expect(actions).toHaveLength(1);
        expect(mentions(actions, topicId(isCritical ? 'Critical' : 'Warning'))).toBe(true);
      }
    }
  });

  it('is whoever is named, for everything or for what is critical', () => {
    const told = sandbox
      .ofType('AWS::SNS::Subscription')
      .map(({ properties }) => [
        properties['Protocol'],
        properties['Endpoint'],
        mentions(properties['TopicArn'], topicId('Critical')) ? 'critical' : 'warning',
      ]);
    expect(told.toSorted()).toEqual([
      ['email', 'ops@example.com', 'critical'],
      ['email', 'ops@example.com', 'warning'],
      ['https', 'https://wake.example.com/now?key=1', 'critical'],
    ]);
    expect(prod.ofType('AWS::SNS::Subscription')).toEqual([]);
  });

  it('lets alarms speak: a topic with a policy of its own has lost the one that does', () => {
    const policies = sandbox.ofType('AWS::SNS::TopicPolicy');
    for (const severity of ['Critical', 'Warning'] as const) {
      const own = policies.filter(({ properties }) => mentions(properties['Topics'], topicId(severity)));
      const statements = own.flatMap(
        ({ properties }) => (properties['PolicyDocument'] as { Statement: unknown[] }).Statement,
      );
      expect(statements).toContainEqual(
        expect.objectContaining({
          Effect: 'Allow',
          Action: 'sns:Publish',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        }),
      );
      expect(statements).toContainEqual(expect.objectContaining({ Effect: 'Deny', Principal: '*' }));
      // EventBridge tells SNS neither rule nor account: a condition would let nothing through. Only warnings come this way.
      const byRule = {
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sns:Publish',
        Effect: 'Allow',
      };
      const ofRules = statements.filter((one) => mentions(one, 'events.amazonaws.com'));
      expect(ofRules).toEqual(severity === 'Critical' ? [] : [expect.objectContaining(byRule)]);
      for (const one of ofRules) expect(one).not.toHaveProperty('Condition');
    }
  });
});

describe('the dashboards', () => {
  const boards = (from: Synthesised) =>
    from.ofType(DASHBOARD).map(({ properties }) => String(properties['DashboardName']));

  it('are health, trading with latency, and cost; a fourth one is paid for, in prod', () => {
    expect(boards(sandbox).toSorted()).toEqual(
      ['cost-drivers', 'monitor-health', 'trading'].map((name) => `moniqo-sandbox-${name}`),
    );
    expect(boards(prod).toSorted()).toEqual(
      ['cost-drivers', 'latency', 'monitor-health', 'trading'].map((name) => `moniqo-prod-${name}`),
    );
  });

  it('show no more than the 50 metrics that one is free with', () => {
    for (const from of [sandbox, prod, two])
      for (const { properties } of from.ofType(DASHBOARD)) {
        const shown = new Set(metricsOfDashboard(properties).map(({ by: _, ...one }) => JSON.stringify(one)));
        expect([properties['DashboardName'], shown.size > 50]).toEqual([properties['DashboardName'], false]);
      }
  });

  it('begin with what rings and with the monitor, and show every alarm', () => {
    const { properties } = sandbox.one(DASHBOARD, 'MonitorHealth');
    const text = JSON.stringify(properties['DashboardBody']);
    for (const { id } of sandbox.ofType(ALARM)) expect([id, text.includes(`"${id}"`)]).toEqual([id, true]);
    expect(text.indexOf('Monitor checks per minute')).toBeLessThan(text.indexOf('Price stream connected'));
  });
});

describe('the metrics', () => {
  it('of ours are those that are told, and all that are told are looked at', () => {
    const own = lookedAt(two).filter(({ namespace }) => namespace === METRIC_NAMESPACE);
    const looked = new Set(
      own.map(({ name, dimensions }) => {
        const [part = 'stage'] = Object.keys(dimensions).filter((key) => key !== 'stage');
        return `${name} ${part}`;
      }),
    );
    const told = Object.entries(METRICS).flatMap(([name, parts]) => parts.map((part) => `${name} ${part}`));
    expect([...looked].toSorted()).toEqual(told.toSorted());
    for (const { dimensions } of own) expect(dimensions['stage']).toBe('prod');
  });

  it('of ours cannot be asked for by what they are not told by', () => {
    const own = ownMetrics('sandbox');
    expect(() => own('om_checks_total', { statistic: 'Sum', venue: 'binance' })).toThrow('not told by venue');
    expect(() => own('orders_placed_total', { statistic: 'Sum' })).toThrow('not told by stage');
  });

  it('of AWS are those that its documentation has, by the dimensions that it has them by', () => {
    const unknown = [sandbox, prod, two]
      .flatMap(lookedAt)
      .filter(({ namespace }) => namespace !== METRIC_NAMESPACE)
      .filter(({ namespace, name, dimensions }) => {
        const sets = AWS_METRICS[namespace]?.[name] ?? [];
        const keys = Object.keys(dimensions).toSorted().join();
        return !sets.some((set) => set.toSorted().join() === keys);
      });
    expect(unknown).toEqual([]);
  });
});

it('docs/monitoring.md says of every alarm what to do first, and of every metric and dashboard what it is', () => {
  const page = readFileSync(join(PROJECT_ROOT, 'docs/monitoring.md'), 'utf8');
  const kinds = new Set([...alarmsOf(two, 'prod').keys()].map((name) => name.split('-')[0] ?? ''));
  const boards = prod.ofType(DASHBOARD).map(({ properties }) => String(properties['DashboardName']));
  const names = [
    ...kinds,
    ...Object.keys(METRICS),
    ...boards.map((name) => name.replace('moniqo-prod-', '')),
  ];
  expect(names.filter((name) => !page.includes(`\`${name}`))).toEqual([]);
});
