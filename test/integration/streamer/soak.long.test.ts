/** The streamer at half of its rate for minutes: its memory does not grow (`npm run soak` for ten of them). */
import { expect, it } from 'vitest';
import { measureLoad } from '../../bench/stream/load.ts';
import { loadRow, wrongOf } from '../../bench/stream/load-report.ts';
import { MOST_GROWTH, soakShape } from '../../soak/run.ts';

const SECONDS = 240;
/** To begin with, and until all that waited is through. */
const MORE_MS = 300_000;

it(
  'no extreme and no hit is missing, and memory stays as it is',
  async () => {
    const shape = soakShape(SECONDS);
    const load = await measureLoad(shape, () => undefined);
    const row = loadRow(load);
    const { memory_mb: memory } = row;
    console.log(
      `${row.sent_per_second} messages/s: ${memory.from} to ${memory.to} MB, at most ${memory.most}, ` +
        `${memory.per_minute} MB a minute`,
    );
    expect(wrongOf(load, shape)).toEqual([]);
    // Behind its work, it keeps what waits: that is another thing than what grows for ever.
    if (row.kept_up && Number(row.ticks_reduced) === 0) {
      expect(memory.per_minute).toBeLessThanOrEqual(MOST_GROWTH);
    }
  },
  SECONDS * 1_000 + MORE_MS,
);
