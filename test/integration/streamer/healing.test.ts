/**
 * Socket cut, silence, kick, with both sources: noticed and healed with every subscription back, and what was missed is a
 * gap. Waits are shortened here (silence for 2 s, 1 s after a kick); with those of production: healing.long.test.ts.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { binancePlace, type Followed, follow, KNOWN_WITHIN_MS, type Place, polygonPlace } from './healing.ts';

const SHORT = { silenceMs: 2_000, pingMs: 500, firstWaitMs: 200, longestWaitMs: 400 };
const TIMEOUT = { timeout: 90_000 };

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function followed(place: Place): Promise<Followed> {
  stops.unshift(() => place.stop());
  const streamer = await follow(place, SHORT);
  stops.unshift(() => streamer.stop());
  return streamer;
}

describe.each([
  ['Binance', () => binancePlace()],
  ['Polygon', () => polygonPlace({ coolDownMs: 1_000, longestCoolDownMs: 2_000 })],
] as const)('a link to %s', (_, placed) => {
  it(
    'heals after a cut, a silence and a kick; seconds without a tick are gaps, and no others',
    TIMEOUT,
    async () => {
      const streamer = await followed(await placed());
      expect(await streamer.heal('cut')).toBeLessThan(KNOWN_WITHIN_MS);
      const silent = await streamer.heal('silence');
      expect(silent).toBeGreaterThanOrEqual(SHORT.silenceMs - SHORT.pingMs);
      expect(silent).toBeLessThan(KNOWN_WITHIN_MS);
      expect(await streamer.heal('kick')).toBeLessThan(KNOWN_WITHIN_MS);
      // Two seconds of silence hold at least one whole second.
      expect(await streamer.expectGaps()).toBeGreaterThan(0);
    },
  );

  it('misses no exit that the prices after a silence still call for', TIMEOUT, async () => {
    const place = await placed();
    const streamer = await followed(place);
    const level = await streamer.armStop();
    await streamer.heal('silence', () => place.fall());
    const [hit, ...others] = await streamer.hits();
    expect(others).toEqual([]);
    expect(hit).toMatchObject({ member: 'p|stop_loss', cause: 'tick', level });
    expect(hit?.price).toBeLessThanOrEqual(level);
  });
});
