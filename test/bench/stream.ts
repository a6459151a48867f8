/** The price stream: one connection's message rate, and 500 symbols at 20,000 messages a second (design section 22). */
import { table } from '../../infra/local/demo/table.ts';
import { atLeast, atMost, type BenchResult, distribution, type Target, targetLine } from './report.ts';
import { type LoadFigures, type LoadShape, measureLoad } from './stream/load.ts';
import { measureThroughput, type Round, type Throughput } from './stream/throughput.ts';

const SHAPE: LoadShape = { symbols: 500, perSecond: 20_000, seconds: 60, dips: 4 };
const LEAST_SHARE = 0.6;
const MOST_HIT_MS = 50;
const MOST_READABLE_MS = 300;
/** Of the pace that was asked for: a machine that cannot send it measures something else. */
const CLOSE_ENOUGH = 0.98;

const RATE_COLUMNS = ['stream', 'bare/s', 'ours/s', 'share', 'bare us', 'ours us', 'share of core time'];

export async function benchStream(note: (line: string) => void): Promise<BenchResult> {
  note('one connection against bare ws and JSON.parse, in turns ...');
  const rates = (await measureThroughput()).map(rateOf);
  note(`${SHAPE.symbols} symbols at ${SHAPE.perSecond} messages/s into the streamer ...`);
  const load = await measureLoad(SHAPE, note);
  const row = loadRow(load);
  const targets: readonly Target[] = [
    ...rates.map(({ stream, share }) =>
      atLeast(`message rate of bare ws + JSON.parse: ${stream}`, share, LEAST_SHARE, ''),
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
      ...loadLines(row),
      '',
      ...targets.map(targetLine),
    ].join('\n'),
    wrong: wrongOf(load),
  };
}

const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

const median = (rounds: readonly Round[], of: (round: Round) => number): number =>
  distribution(rounds.map(of)).p50;

function rateOf({ stream, messages, bare, ours, ticks }: Throughput) {
  const [plain, full] = [
    median(bare, ({ perSecond }) => perSecond),
    median(ours, ({ perSecond }) => perSecond),
  ];
  const [plainCore, fullCore] = [
    median(bare, ({ coreMicros }) => coreMicros),
    median(ours, ({ coreMicros }) => coreMicros),
  ];
  return {
    stream,
    messages,
    ticks,
    rounds: bare.length,
    bare_per_second: Math.round(plain),
    ours_per_second: Math.round(full),
    share: round(full / plain, 2),
    bare_core_us: round(plainCore, 2),
    ours_core_us: round(fullCore, 2),
    core_share: round(plainCore / fullCore, 2),
  };
}

const rateCells = (rate: ReturnType<typeof rateOf>): readonly string[] => [
  rate.stream,
  rate.bare_per_second.toLocaleString('en-US'),
  rate.ours_per_second.toLocaleString('en-US'),
  rate.share.toFixed(2),
  rate.bare_core_us.toFixed(2),
  rate.ours_core_us.toFixed(2),
  rate.core_share.toFixed(2),
];

function loadRow({
  sent,
  sentAtAll,
  seconds,
  told,
  ages,
  missing,
  streamerCore,
  redisCore,
  benchCore,
  memory,
}: LoadFigures) {
  return {
    sent_per_second: Math.round(sent / seconds),
    ticks: told.ticks,
    price_calls_per_second: Math.round(told.calls / seconds),
    readable_ms: countedDistribution(told.readable),
    shown_age_ms: distributionOf(ages),
    reads_without_price: missing,
    tick_to_hit_ms: distributionOf(told.hits),
    hits: told.hits.length,
    seconds_compared: told.secondsCompared,
    streamer_core: round(streamerCore, 2),
    redis_core: round(redisCore, 2),
    bench_core: round(benchCore, 2),
    memory_mb: {
      from: Math.round(memory.from),
      to: Math.round(memory.to),
      most: Math.round(memory.most),
      per_minute: round(memory.slope, 1),
    },
    kept_up: !isBehind({ told, sentAtAll }),
    errors: told.stats['errors'],
    ticks_reduced: told.stats['ticks_reduced'],
    trust: told.stats['trust'],
    logged: told.logged,
  };
}

const NEVER = { count: 0, p50: Infinity, p90: Infinity, p99: Infinity, max: Infinity };

/** On a machine that is far behind there may be nothing at all. */
const distributionOf = (values: readonly number[]) => (values.length === 0 ? NEVER : distribution(values));

/** As `distribution`, of counts by whole ms. */
export function countedDistribution(counts: readonly number[]) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return NEVER;
  const at = (share: number): number => {
    let left = Math.max(1, Math.ceil(share * total));
    for (const [ms, count] of counts.entries()) {
      left -= count;
      if (left <= 0) return ms;
    }
    return counts.length - 1;
  };
  return { count: total, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: counts.length - 1 };
}

/** Not all that was sent has come out: nobody can say what is missing. */
const isBehind = ({ told, sentAtAll }: Pick<LoadFigures, 'told' | 'sentAtAll'>): boolean =>
  !told.settled || Number(told.stats['messages_received']) < sentAtAll; // not money: a count

function loadLines(row: ReturnType<typeof loadRow>): readonly string[] {
  const { readable_ms: readable, shown_age_ms: age, tick_to_hit_ms: hit, memory_mb: memory } = row;
  const share = (core: number): string => `${Math.round(core * 100)} %`;
  return [
    `${SHAPE.symbols} symbols, ${row.sent_per_second.toLocaleString('en-US')} messages/s for ${SHAPE.seconds} s: ` +
      `${row.ticks.toLocaleString('en-US')} ticks, about ${row.price_calls_per_second.toLocaleString('en-US')} calls of the price script a second`,
    `receipt to readable: p50 ${readable.p50} ms, p99 ${readable.p99} ms, max ${readable.max} ms`,
    `age of a price when read: p50 ${age.p50} ms, p99 ${age.p99} ms, max ${age.max} ms; ${row.reads_without_price} reads found none`,
    `tick to hit (${row.hits} levels): p50 ${hit.p50} ms, p99 ${hit.p99} ms, max ${hit.max} ms`,
    `of a core: streamer ${share(row.streamer_core)}, Redis ${share(row.redis_core)}, market and reader ${share(row.bench_core)}`,
    `memory of the streamer: ${memory.from} to ${memory.to} MB, at most ${memory.most}, ${memory.per_minute} MB a minute`,
    ...(row.kept_up ? [] : ['THE MACHINE DID NOT KEEP UP: bars and hits were not judged']),
    `bars compared with their ticks: ${row.seconds_compared.toLocaleString('en-US')}; errors ${String(row.errors)}, ticks reduced ${String(row.ticks_reduced)}`,
  ];
}

function wrongOf({ told, sentAtAll }: LoadFigures): readonly string[] {
  if (isBehind({ told, sentAtAll })) return [];
  const asked = SHAPE.symbols * SHAPE.dips;
  return [
    ...told.wrong,
    ...(told.hits.length === asked ? [] : [`${told.hits.length} of ${asked} levels were reached`]),
    ...(told.secondsCompared > 0 ? [] : ['no bar was compared']),
  ];
}
