/**
 * The streamer's part of the soak (design section 21), for five of its ten minutes: `npm run test:all` has no room for
 * more. The other part, random kills of the laptop system, is real.long.test.ts.
 */
import { expect, it } from 'vitest';
import { measureLoad } from '../bench/stream/load.ts';
import { loadRow, wrongOf } from '../bench/stream/load-report.ts';
import { MOST_GROWTH, soakShape } from '../soak/run.ts';

const SECONDS = 5 * 60;
const WITHIN_MS = 900_000;
const SHAPE = soakShape(SECONDS);
const note = (): void => undefined;

it(
  'at half rate the streamer loses no extreme and no hit, and its memory stays as it is',
  async () => {
    const load = await measureLoad(SHAPE, note);
    const row = loadRow(load);
    console.info(JSON.stringify(row));
    expect(wrongOf(load, SHAPE)).toEqual([]);
    // What lives is what is kept of the last minute: it is there from the beginning of the measurement.
    expect(row.memory_mb.live_to - row.memory_mb.live_from).toBeLessThan(10);
    expect(row.memory_mb.per_minute).toBeLessThan(2 * MOST_GROWTH);
  },
  WITHIN_MS,
);
