/** How much faster than real time `npm run replay` is: the command itself, in a process of its own. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import * as z from 'zod';
import { PROJECT_ROOT } from '../../../infra/local/services/synth.ts';
import { recording } from '../../support/recordings.ts';

const RECORDED_DAY = 'gemini-ethusd-20210701.csv.gz';
const MOST_BYTES = 1 << 28;

const Document = z.object({
  figures: z.object({
    ticks: z.int(),
    positions: z.int(),
    span_seconds: z.number(),
    seconds: z.number(),
    times_real_time: z.number(),
  }),
  digest: z.string(),
});

export interface ReplayRow {
  readonly day: string;
  readonly ticks: number;
  readonly positions: number;
  readonly spanHours: number;
  readonly seconds: number;
  readonly timesRealTime: number;
  readonly wrong: readonly string[];
}

/** Two runs, which have to decide the same; the figures are the second one's. @throws where its own checks fail */
function measure(day: string, words: readonly string[]): ReplayRow {
  const run = () => {
    const argv = [join(PROJECT_ROOT, 'infra/replay/main.ts'), ...words, '--json'];
    const text = execFileSync(process.execPath, argv, {
      ...{ encoding: 'utf8', maxBuffer: MOST_BYTES, stdio: ['ignore', 'pipe', 'ignore'] },
    });
    return Document.parse(JSON.parse(text));
  };
  const [first, { figures, digest }] = [run(), run()];
  return {
    ...{ day, ticks: figures.ticks, positions: figures.positions, seconds: figures.seconds },
    spanHours: Math.round(figures.span_seconds / 360) / 10,
    timesRealTime: figures.times_real_time,
    wrong: first.digest === digest ? [] : [`replay: two runs of ${day} differ`],
  };
}

export function measureReplay(): readonly ReplayRow[] {
  const { file, missing } = recording(RECORDED_DAY);
  return [
    measure('made-up', []),
    measure('made-up, ten times the ticks', ['--ticks-per-second', '10', '--every', '5']),
    measure('made-up, leveraged shorts', ['--side', 'short', '--leverage', '10', '--every', '5']),
    ...(missing ? [] : [measure('recorded', [file])]),
  ];
}
