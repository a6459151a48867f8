/** Execution reports into orders, fills and positions (design section 7): how fast, and that an order does not age. */
import { table } from '../../infra/local/demo/table.ts';
import { type ExecutionFigures, type Reported, runExecutions, type Sizes } from './executions-run.ts';
import { atMost, type BenchResult, distribution, targetLine } from './report.ts';

export const SIZES: Sizes = {
  fills: 10_000,
  orders: 200,
  fillsEach: 10,
  atOnce: 10,
  report: 10_000,
  pairs: 300,
};

const round = (n: number, digits = 1): number => Math.round(n * 10 ** digits) / 10 ** digits;
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const rowOf = ({ latencies, allCalls, seconds, cpuSeconds, ownShare }: Reported, fills: number) => {
  const { p50, p90, p99, max } = distribution(latencies.map((ms) => round(ms)));
  return {
    reports: latencies.length,
    fills,
    seconds: round(seconds, 2),
    fills_per_second: Math.round(fills / seconds),
    calls_per_fill: round(allCalls / fills, 3),
    cpu_ms_per_fill: round((cpuSeconds * 1000) / fills, 2),
    own_share_percent: ownShare === null ? null : round(ownShare * 100),
    ms: { p50, p90, p99, max },
  };
};

/** The first and the last of an order's fills beside each other: a tenth of them each. */
export function ageing({ latencies, calls }: Reported) {
  const count = Math.max(1, Math.floor(latencies.length / 10));
  const part = (values: readonly number[]) => ({ first: values.slice(0, count), last: values.slice(-count) });
  const [ms, made] = [part(latencies), part(calls)];
  return {
    fills: count,
    p50_ms: { first: round(distribution(ms.first).p50, 2), last: round(distribution(ms.last).p50, 2) },
    mean_ms: { first: round(mean(ms.first), 2), last: round(mean(ms.last), 2) },
    /** The very first fill also opens the position and arms its levels. */
    calls: { first: round(mean(made.first.slice(1)), 3), last: round(mean(made.last), 3) },
  };
}

export async function benchExecutions(
  note: (line: string) => void,
  sizes: Sizes = SIZES,
): Promise<BenchResult> {
  const figures = await runExecutions(sizes, note);
  const age = ageing(figures.oneOrder);
  const rows = {
    one_order: rowOf(figures.oneOrder, sizes.fills),
    many_orders: rowOf(figures.manyOrders, sizes.orders * sizes.fillsEach),
    ...Object.fromEntries(
      figures.queries.map(({ booked, report }) => [`query_${booked}_booked`, rowOf(report, sizes.report)]),
    ),
  };
  const turns = {
    fills: sizes.pairs,
    of_an_order_with: sizes.report,
    p50_ms: {
      first: round(distribution(figures.inTurns.young).p50, 2),
      last: round(distribution(figures.inTurns.old).p50, 2),
    },
  };
  const targets = [
    atMost(
      'a fill of an order with many, against one of a young order, p50',
      ratio(turns.p50_ms),
      1.2,
      'times',
    ),
  ];
  const wrong = [...figures.wrong, ...wrongOf(age, figures)];
  return {
    document: { ...rows, ageing: age, in_turns: turns, targets, wrong },
    text: textOf(rows, age, turns, targets),
    wrong,
  };
}

const ratio = ({ first, last }: { readonly first: number; readonly last: number }): number =>
  round(last / first, 2);

function wrongOf({ calls }: ReturnType<typeof ageing>, { queries }: ExecutionFigures): readonly string[] {
  const wrong: string[] = [];
  if (calls.last > calls.first) {
    wrong.push(`later fills need more calls: ${calls.first} of the first, ${calls.last} of the last`);
  }
  const known = queries.find(({ booked }) => booked === 'all')?.report.calls[0] ?? 0;
  if (known > 30) wrong.push(`${known} calls for a report of which everything is booked`);
  return wrong;
}

function textOf(
  rows: Readonly<Record<string, ReturnType<typeof rowOf>>>,
  age: ReturnType<typeof ageing>,
  turns: {
    readonly fills: number;
    readonly of_an_order_with: number;
    readonly p50_ms: { first: number; last: number };
  },
  targets: readonly Parameters<typeof targetLine>[0][],
): string {
  const cells = Object.entries(rows).map(([name, row]) => [
    name.replaceAll('_', ' '),
    ...[
      row.reports,
      row.fills,
      row.seconds,
      row.fills_per_second,
      row.calls_per_fill,
      row.cpu_ms_per_fill,
    ].map(String),
    row.own_share_percent === null ? '-' : `${row.own_share_percent} %`,
    ...[row.ms.p50, row.ms.p99, row.ms.max].map(String),
  ]);
  const columns = [
    'reports',
    'fills',
    's',
    'fills/s',
    'calls/fill',
    'cpu ms/fill',
    'own',
    'p50',
    'p99',
    'max',
  ];
  const line = (what: string, { first, last }: { first: number; last: number }): string =>
    `${what}: first ${age.fills} fills ${first}, last ${age.fills} ${last}`;
  return [
    table(['run', ...columns], cells, columns),
    '',
    'p50, p99, max: ms per report; cpu: of this process; own: time that was not spent in calls of the database',
    line('one order, p50 ms', age.p50_ms),
    line('one order, mean ms', age.mean_ms),
    line('one order, calls of the database', age.calls),
    `in turns, ${turns.fills} fills each, p50 ms: a young order ${turns.p50_ms.first}, one with ${turns.of_an_order_with} ${turns.p50_ms.last}`,
    '',
    ...targets.map(targetLine),
  ].join('\n');
}
