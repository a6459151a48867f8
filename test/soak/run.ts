/**
 * The soak (design section 21): ten minutes of the streamer at half of its rate, whose memory must not grow; then five of the
 * laptop system, whose processes are killed at random while bots trade. One after the other: both at once are more than
 * two cores can do, and what is measured then is how they wait for each other.
 */
import { atMost, type Target } from '../bench/report.ts';
import { type LoadShape, measureLoad } from '../bench/stream/load.ts';
import { loadRow, wrongOf } from '../bench/stream/load-report.ts';
import type { RealDocument } from '../faults/real/report.ts';
import { runReal } from '../faults/real/run.ts';

export interface SoakOptions {
  readonly seed: number;
  /** Of the streamer's load that are measured; the bots trade for half as long. */
  readonly minutes: number;
  readonly note: (line: string) => void;
}

export interface SoakResult {
  readonly document: {
    readonly minutes: number;
    readonly stream: LoadShape & ReturnType<typeof loadRow>;
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

/** @throws when either of them cannot be run at all */
export async function runSoak({ seed, minutes, note }: SoakOptions): Promise<SoakResult> {
  const shape = soakShape(minutes * 60);
  const load = await measureLoad(shape, note);
  const { document: real, redis } = await runReal({ seed, minutes: minutes / 2, note });
  const stream = { ...shape, ...loadRow(load) };
  return {
    document: {
      minutes,
      stream,
      real,
      targets: [
        atMost('memory of the streamer at half rate', stream.memory_mb.per_minute, MOST_GROWTH, 'MB/min'),
      ],
    },
    shape,
    wrong: [...wrongOf(load, shape), ...real.violations],
    redis,
  };
}
