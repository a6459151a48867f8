/** What a load of the price stream has shown: figures, lines to read, and what is wrong. */
import { distribution } from '../report.ts';
import type { LoadFigures, LoadShape } from './load.ts';

const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** What is printed of a load. */
export function loadRow({
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
      live_from: Math.round(memory.liveFrom),
      live_to: Math.round(memory.liveTo),
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
function countedDistribution(counts: readonly number[]) {
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

export function loadLines(row: ReturnType<typeof loadRow>, shape: LoadShape): readonly string[] {
  const { readable_ms: readable, shown_age_ms: age, tick_to_hit_ms: hit, memory_mb: memory } = row;
  const share = (core: number): string => `${Math.round(core * 100)} %`;
  return [
    `${shape.symbols} symbols, ${row.sent_per_second.toLocaleString('en-US')} messages/s for ${shape.seconds} s: ` +
      `${row.ticks.toLocaleString('en-US')} ticks, about ${row.price_calls_per_second.toLocaleString('en-US')} calls of the price script a second`,
    `receipt to readable: p50 ${readable.p50} ms, p99 ${readable.p99} ms, max ${readable.max} ms`,
    `age of a price when read: p50 ${age.p50} ms, p99 ${age.p99} ms, max ${age.max} ms; ${row.reads_without_price} reads found none`,
    `tick to hit (${row.hits} levels): p50 ${hit.p50} ms, p99 ${hit.p99} ms, max ${hit.max} ms`,
    `of a core: streamer ${share(row.streamer_core)}, Redis ${share(row.redis_core)}, market and reader ${share(row.bench_core)}`,
    `memory of the streamer: ${memory.from} to ${memory.to} MB, at most ${memory.most}, ${memory.per_minute} MB a minute; alive ${memory.live_from} to ${memory.live_to} MB`,
    ...(row.kept_up ? [] : ['THE MACHINE DID NOT KEEP UP: bars and hits were not judged']),
    `bars compared with their ticks: ${row.seconds_compared.toLocaleString('en-US')}; errors ${String(row.errors)}, ticks reduced ${String(row.ticks_reduced)}`,
  ];
}

/** What is not as it has to be; nothing of a machine that did not keep up. */
export function wrongOf({ told, sentAtAll, missing }: LoadFigures, shape: LoadShape): readonly string[] {
  if (isBehind({ told, sentAtAll })) return [];
  const asked = shape.symbols * shape.dips;
  return [
    ...told.wrong,
    ...(told.hits.length === asked ? [] : [`${told.hits.length} of ${asked} levels were reached`]),
    ...(missing === 0 ? [] : [`${missing} reads found no price`]),
    ...(told.secondsCompared > 0 ? [] : ['no bar was compared']),
  ];
}
