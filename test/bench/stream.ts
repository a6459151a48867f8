/** The price stream: one connection's message rate, and 500 symbols at 20,000 messages a second (design section 22). */
import { table } from '../../infra/local/demo/table.ts';
import { STREAM_DEFAULTS } from '../../shared/usecases/stream-prices/settings.ts';
import { atLeast, atMost, type BenchResult, distribution, type Target, targetLine } from './report.ts';
import { type LoadShape, measureLoad } from './stream/load.ts';
import { loadLines, loadRow, wrongOf } from './stream/load-report.ts';
import { measureThroughput, type Pair, type Throughput } from './stream/throughput.ts';

const SHAPE: LoadShape = {
  ...{ symbols: 500, perSecond: 20_000, seconds: 60, dips: 4 },
  ...{ warmUpSeconds: 10, comparedSeconds: 60, barsMs: STREAM_DEFAULTS.barsMs },
};
const LEAST_SHARE = 0.6;
const MOST_HIT_MS = 50;
const MOST_READABLE_MS = 300;
/** Of the pace that was asked for: a machine that cannot send it measures something else. */
const CLOSE_ENOUGH = 0.98;

const RATE_COLUMNS = [
  ...['stream', 'bare/s', 'ours/s', 'share', 'lowest to highest'],
  ...['bare us', 'ours us', 'share of core time'],
];

export async function benchStream(note: (line: string) => void): Promise<BenchResult> {
  note('one connection against bare ws and JSON.parse, in turns ...');
  const rates = (await measureThroughput()).map(rateOf);
  note(`${SHAPE.symbols} symbols at ${SHAPE.perSecond} messages/s into the streamer ...`);
  const load = await measureLoad(SHAPE, note);
  const row = loadRow(load);
  const targets: readonly Target[] = [
    ...rates.map(({ stream, share }) =>
      atLeast(`share of bare ws + JSON.parse's message rate: ${stream}`, share, LEAST_SHARE, ''),
    ),
    atLeast('messages sent', row.sent_per_second, SHAPE.perSecond * CLOSE_ENOUGH, 'messages/s'),
    atMost('tick to hit, p99', row.tick_to_hit_ms.p99, MOST_HIT_MS, 'ms'),
    atMost('receipt to readable, p99', row.readable_ms.p99, MOST_READABLE_MS, 'ms'),
  ];
  return {
    document: { rates, load: { ...SHAPE, ...row }, targets },
    text: [
      table(RATE_COLUMNS, rates.map(rateCells), RATE_COLUMNS),
      '',
      ...loadLines(row, SHAPE),
      '',
      ...targets.map(targetLine),
    ].join('\n'),
    wrong: wrongOf(load, SHAPE),
  };
}

const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** The shares are medians over pairs of rounds: a round that other work struck moves its own pair alone. */
function rateOf({ stream, messages, pairs, ticks }: Throughput) {
  const median = (of: (pair: Pair) => number): number => distribution(pairs.map(of)).p50;
  const shares = pairs.map(({ bare, ours }) => ours.perSecond / bare.perSecond);
  return {
    stream,
    messages,
    ticks,
    rounds: pairs.length,
    bare_per_second: Math.round(median(({ bare }) => bare.perSecond)),
    ours_per_second: Math.round(median(({ ours }) => ours.perSecond)),
    share: round(distribution(shares).p50, 3),
    share_lowest: round(Math.min(...shares), 2),
    share_highest: round(Math.max(...shares), 2),
    bare_core_us: round(
      median(({ bare }) => bare.coreMicros),
      2,
    ),
    ours_core_us: round(
      median(({ ours }) => ours.coreMicros),
      2,
    ),
    core_share: round(
      median(({ bare, ours }) => bare.coreMicros / ours.coreMicros),
      2,
    ),
  };
}

const rateCells = (rate: ReturnType<typeof rateOf>): readonly string[] => [
  rate.stream,
  rate.bare_per_second.toLocaleString('en-US'),
  rate.ours_per_second.toLocaleString('en-US'),
  rate.share.toFixed(2),
  `${rate.share_lowest.toFixed(2)} to ${rate.share_highest.toFixed(2)}`,
  rate.bare_core_us.toFixed(2),
  rate.ours_core_us.toFixed(2),
  rate.core_share.toFixed(2),
];
