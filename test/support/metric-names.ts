/** Metrics that are looked at, in a synthesised template, and metrics that are told, in the logs of a running system. */
import { z } from 'zod';

export interface NamedMetric {
  readonly namespace: string;
  readonly name: string;
  /** By name; a value that only CloudFormation knows is null. */
  readonly dimensions: Readonly<Record<string, string | null>>;
}

/** `Moniqo ws_connected stage=sandbox`: the same for the same metric, in whatever order its dimensions are. */
export const nameOf = ({ namespace, name, dimensions }: NamedMetric): string =>
  [
    namespace,
    name,
    ...Object.entries(dimensions)
      .map(([key, value]) => `${key}=${value ?? '?'}`)
      .sort(),
  ].join(' ');

export interface Looked extends NamedMetric {
  /** The alarm or the dashboard. */
  readonly by: string;
}

const Dimensions = z.array(z.object({ Name: z.string(), Value: z.unknown() }));
const OneMetric = z.object({
  MetricName: z.string(),
  Namespace: z.string(),
  Dimensions: Dimensions.default([]),
});
const MetricsAlarm = z.object({
  AlarmName: z.string(),
  Metrics: z.array(z.object({ MetricStat: z.object({ Metric: OneMetric }).optional() })),
});
const OneMetricAlarm = OneMetric.extend({ AlarmName: z.string() });
const Alarm = z.union([MetricsAlarm, OneMetricAlarm]);

const DashboardText = z.union([
  z.string(),
  z
    .object({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) })
    // What only CloudFormation knows stands within quotes.
    .transform(({ 'Fn::Join': [, parts] }) =>
      parts.map((part) => (typeof part === 'string' ? part : UNKNOWN)).join(''),
    ),
]);
const UNKNOWN = '<known to CloudFormation>';

const Widget = z.object({
  type: z.string(),
  properties: z.object({ metrics: z.array(z.array(z.unknown())).optional() }),
});
const Body = z.object({ widgets: z.array(Widget) });

const textOrNull = (value: unknown): string | null =>
  typeof value === 'string' && !value.includes(UNKNOWN) ? value : null;

/** @throws where CloudFormation's properties are not as they are known here */
export function metricsOfAlarm(properties: unknown): readonly Looked[] {
  const alarm = Alarm.parse(properties);
  const metrics =
    'Metrics' in alarm ? alarm.Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []) : [alarm];
  return metrics.map(({ MetricName, Namespace, Dimensions: dimensions }) => ({
    by: alarm.AlarmName,
    namespace: Namespace,
    name: MetricName,
    dimensions: Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, textOrNull(Value)])),
  }));
}

/** @throws as above, and for the short forms of a widget's metrics, which are not read here */
export function metricsOfDashboard(properties: Readonly<Record<string, unknown>>): readonly Looked[] {
  const by = z.string().parse(properties['DashboardName']);
  const { widgets } = Body.parse(JSON.parse(DashboardText.parse(properties['DashboardBody'])));
  return widgets.flatMap(({ properties: { metrics = [] } }) =>
    metrics.flatMap((entry) => {
      const words = entry.filter((word) => typeof word === 'string');
      const [namespace, name, ...dimensions] = words;
      // An expression over others names none itself.
      if (namespace === undefined || name === undefined) return [];
      if (words.some((word) => /^\.+$/.test(word)))
        throw new Error(`${by}: a short form in ${words.join(' ')}`);
      const pairs = dimensions.flatMap((key, n) =>
        n % 2 === 0 ? [[key, textOrNull(dimensions[n + 1])] as const] : [],
      );
      return [{ by, namespace, name, dimensions: Object.fromEntries(pairs) }];
    }),
  );
}

interface AnyResource {
  readonly Type: string;
  readonly Properties?: unknown;
}

/** What alarms and widgets of a template look at. */
export const metricsLookedAt = (template: {
  readonly Resources: Readonly<Record<string, AnyResource>>;
}): readonly Looked[] =>
  Object.values(template.Resources).flatMap(({ Type, Properties }) => {
    if (Type === 'AWS::CloudWatch::Alarm') return metricsOfAlarm(Properties);
    if (Type !== 'AWS::CloudWatch::Dashboard') return [];
    return metricsOfDashboard(z.record(z.string(), z.unknown()).parse(Properties));
  });

const Told = z.looseObject({
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});

/**
 * What the lines of a log told as metrics, as CloudWatch reads them: a line without a value for a dimension or a metric
 * tells nothing of it.
 */
export function metricsTold(log: string): ReadonlySet<string> {
  const told = new Set<string>();
  for (const line of log.split('\n')) {
    if (!line.startsWith('{') || !line.includes('"_aws"')) continue;
    const { _aws, ...fields } = Told.parse(JSON.parse(line));
    for (const { Namespace: namespace, Dimensions: sets, Metrics: metrics } of _aws.CloudWatchMetrics) {
      for (const set of sets) {
        if (!set.every((key) => typeof fields[key] === 'string')) continue;
        const dimensions = Object.fromEntries(set.map((key) => [key, String(fields[key])]));
        for (const { Name: name } of metrics)
          if (typeof fields[name] === 'number') told.add(nameOf({ namespace, name, dimensions }));
      }
    }
  }
  return told;
}
