/** `npm run soak`: how long its parts are, and what it calls wrong. */
import { describe, expect, it } from 'vitest';
import { holesIn } from '../../faults/real/run.ts';
import { Gaps } from '../../faults/real/sweeps.ts';
import { parseSoakOptions } from '../../soak/options.ts';
import { streamWrong } from '../../soak/run.ts';
import { CALM_SHARE, KILLS_SHARE } from '../../soak/shares.ts';

describe('the soak', () => {
  it('takes minutes of the stream, or hours of all its parts together', () => {
    expect(parseSoakOptions([]).minutes).toBe(10);
    const { minutes } = parseSoakOptions(['--hours', '24']);
    expect(minutes * (1 + CALM_SHARE + KILLS_SHARE)).toBeGreaterThan(24 * 60 - 2);
    expect(minutes * (1 + CALM_SHARE + KILLS_SHARE)).toBeLessThanOrEqual(24 * 60);
    expect(() => parseSoakOptions(['--hours', '1', '--minutes', '5'])).toThrow('without --minutes');
    expect(() => parseSoakOptions(['--hours', '0'])).toThrow('from 1 to 168');
  });

  it('counts seconds without a sweep, and the most in a row', () => {
    const gaps = new Gaps();
    for (const swept of [true, false, true, false, false, false, true]) gaps.note(swept);
    expect(gaps.found).toEqual({ seconds: 7, holes: 4, longest: 3 });
  });

  it('calls errors of the stream wrong, and in an hour or more a memory that grows', () => {
    const memory = { from: 250, to: 310, most: 320, per_minute: 1, live_from: 30, live_to: 31 };
    expect(streamWrong(10, { errors: 0, memory_mb: memory })).toEqual([]);
    expect(streamWrong(10, { errors: 2, memory_mb: memory })).toEqual(['the stream had 2 errors']);
    expect(streamWrong(30, { errors: 0, memory_mb: memory })).toEqual([
      "the streamer's memory grew by 60 MB in 30 minutes",
    ]);
    expect(streamWrong(30, { errors: 0, memory_mb: { ...memory, to: 299 } })).toEqual([]);
  });
});

it('undisturbed trading may be without a sweep for some seconds, not for many nor often', () => {
  const sweeps = (seconds: number, holes: number, longest: number) => holesIn({ seconds, holes, longest });
  expect(holesIn(null)).toBe('no sweep was looked for');
  expect(sweeps(0, 0, 0)).toBe('no sweep was looked for');
  expect(sweeps(100, 5, 5)).toBeNull();
  expect(sweeps(100, 6, 6)).toBe('6 seconds in a row had no sweep (6 of 100)');
  expect(sweeps(100, 6, 1)).toBe('6 of 100 seconds had no sweep');
  expect(sweeps(3_600, 36, 1)).toBeNull();
  expect(sweeps(3_600, 37, 1)).toBe('37 of 3600 seconds had no sweep');
});
