/**
 * The soak (design section 21): ten minutes of the streamer at half of its rate, whose memory must not grow; then bots trade on the
 * laptop system, first undisturbed, when nothing may fail and no second be without its sweep, then while its processes are killed
 * at random. One after the other: all at once are more than two cores can do, and what is measured then is how they wait for each
 * other.
 */
import { atMost, type Target } from '../bench/report.ts';
import { type LoadShape, measureLoad } from '../bench/stream/load.ts';
import { loadRow, wrongOf } from '../bench/stream/load-report.ts';
import type { RealDocument } from '../faults/real/report.ts';
import { runReal } from '../faults/real/run.ts';
import { CALM_SHARE, KILLS_SHARE } from './shares.ts';

export interface SoakOptions {
  readonly seed: number;
  /** Of the streamer's load that are measured; the bots trade for a quarter and then a half as long. */
  readonly minutes: number;
  readonly note: (line: string) => void;
}

export interface SoakResult {
  readonly document: {
    readonly minutes: number;
    readonly stream: LoadShape & ReturnType<typeof loadRow>;
    readonly calm: RealDocument;
    readonly real: RealDocument;
    readonly targets: readonly Target[];
  };
  readonly shape: LoadShape;
  /** What must not be, of both. */
  readonly wrong: readonly string[];
  readonly redis: string;
}

const HALF_RATE = 10_000;
const SYMBOLS = 500;
/** Memory has found its size by then: bars are kept for less, so that they are all there. */
const WARM_UP_SECONDS = 90;
const BARS_MS = 60_000;
/** In MB a minute: some 2 % of the bytes that come in. */
export const MOST_GROWTH = 2;

/** Half of the rate for so long. */
export const soakShape = (seconds: number): LoadShape => ({
  ...{ symbols: SYMBOLS, perSecond: HALF_RATE, seconds, dips: 4 },
  ...{ warmUpSeconds: WARM_UP_SECONDS, comparedSeconds: 45, barsMs: BARS_MS },
});

/** Half an hour of the stream (`--hours 1`): what is kept for a time has come and gone many times over. */
const LONG_MINUTES = 30;
const MOST_GROWTH_MB = 50;

/** What the figures of the load must not be, beside what it has lost. */
export function streamWrong(
  minutes: number,
  { errors, memory_mb: memory }: Pick<ReturnType<typeof loadRow>, 'errors' | 'memory_mb'>,
): readonly string[] {
  const grown = memory.to - memory.from;
  return [
    ...(errors === 0 ? [] : [`the stream had ${String(errors)} errors`]),
    ...(minutes >= LONG_MINUTES && grown > MOST_GROWTH_MB
      ? [`the streamer's memory grew by ${grown} MB in ${minutes} minutes`]
      : []),
  ];
}

/** @throws when any of them cannot be run at all */
export async function runSoak({ seed, minutes, note }: SoakOptions): Promise<SoakResult> {
  const shape = soakShape(minutes * 60);
  const load = await measureLoad(shape, note);
  const { document: calm } = await runReal({ seed, minutes: minutes * CALM_SHARE, note, calm: true });
  const { document: real, redis } = await runReal({ seed, minutes: minutes * KILLS_SHARE, note });
  const stream = { ...shape, ...loadRow(load) };
  return {
    document: {
      minutes,
      stream,
      calm,
      real,
      targets: [
        atMost('memory of the streamer at half rate', stream.memory_mb.per_minute, MOST_GROWTH, 'MB/min'),
        atMost('seconds of undisturbed trading without a sweep', calm.sweeps?.holes ?? 0, 0, ''),
      ],
    },
    shape,
    wrong: [
      ...wrongOf(load, shape),
      ...streamWrong(minutes, stream),
      ...calm.violations.map((one) => `undisturbed: ${one}`),
      ...real.violations,
    ],
    redis,
  };
}
