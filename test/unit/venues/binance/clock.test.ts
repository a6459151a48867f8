import { describe, expect, it } from 'vitest';
import { VenueUnavailableError } from '../../../../shared/ports/venue.ts';
import { createServerClock } from '../../../../shared/venues/binance/clock.ts';

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A machine whose wall clock is wrong, and a venue that is `trips` away (round trips in ms, one per question). */
function machine(trips: number[] = [20]) {
  const world = { wall: 5_000_000, monotonic: 100, venue: 5_012_345, asked: 0, isAway: false };
  const pass = (ms: number): void => {
    world.wall += ms;
    world.monotonic += ms;
    world.venue += ms;
  };
  const clock = createServerClock({
    now: () => world.wall,
    monotonic: () => world.monotonic,
    log: quiet,
    readTime: async () => {
      if (world.isAway) throw new VenueUnavailableError('away');
      const trip = trips[world.asked % trips.length] ?? 0;
      world.asked += 1;
      // The way there takes longer than the way back.
      pass(trip * 0.6);
      const answer = world.venue;
      pass(trip * 0.4);
      return answer;
    },
  });
  return { world, pass, clock };
}

describe('venue time', () => {
  it('is that of the quickest round trip, from its midpoint', async () => {
    const { world, clock } = machine([400, 20, 300]);
    const time = await clock.venueTime();
    expect(Math.abs(time - world.venue)).toBeLessThanOrEqual(2);
    expect(clock.offset()?.errorMs).toBe(10);
    expect(world.asked).toBe(3);
    expect(await clock.venueTime()).toBe(time);
    expect(world.asked).toBe(3);
  });

  it('is measured anew after five minutes, after a refusal, and after a jump of the wall clock', async () => {
    const { world, pass, clock } = machine();
    await clock.venueTime();
    pass(5 * 60_000 + 1);
    await clock.venueTime();
    expect(world.asked).toBe(6);
    clock.distrust();
    await clock.venueTime();
    expect(world.asked).toBe(9);
    world.wall += 3_000;
    expect(Math.abs((await clock.venueTime()) - world.venue)).toBeLessThanOrEqual(2);
    expect(world.asked).toBe(12);
    // A frozen process whose monotonic clock stood still.
    world.wall += 60_000;
    world.venue += 60_000;
    expect(Math.abs((await clock.venueTime()) - world.venue)).toBeLessThanOrEqual(2);
    expect(world.asked).toBe(15);
  });

  it('is refused where it was never measured, or cannot be trusted any more', async () => {
    const { world, pass, clock } = machine();
    world.isAway = true;
    await expect(clock.venueTime()).rejects.toThrow(VenueUnavailableError);
    expect(clock.offset()).toBeNull();
    world.isAway = false;
    await clock.venueTime();
    world.isAway = true;
    pass(10 * 60_000);
    expect(Math.abs((await clock.venueTime()) - world.venue)).toBeLessThanOrEqual(2);
    pass(25 * 60_000);
    await expect(clock.venueTime()).rejects.toThrow(VenueUnavailableError);
  });

  it('a jump or a refusal is not lived with while the venue is away', async () => {
    const { world, clock } = machine();
    await clock.venueTime();
    world.isAway = true;
    clock.distrust();
    await expect(clock.venueTime()).rejects.toThrow(VenueUnavailableError);
  });

  it('many who ask at once are served by one measurement', async () => {
    const { world, clock } = machine();
    await Promise.all(Array.from({ length: 20 }, () => clock.venueTime()));
    expect(world.asked).toBe(3);
  });
});
