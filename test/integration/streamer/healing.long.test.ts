/** A socket that falls silent, by the wall clock and with the settings of production: both sources at once. */
import { expect, it } from 'vitest';
import { CONNECTION_DEFAULTS } from '../../../shared/adapters/ws/settings.ts';
import { binancePlace, follow, KNOWN_WITHIN_MS, polygonPlace } from './healing.ts';

it('a silence is known within 30 s, healed, and a gap in the tape', { timeout: 150_000 }, async () => {
  const places = await Promise.all([binancePlace(), polygonPlace()]);
  const streamers = await Promise.all(places.map((place) => follow(place)));
  try {
    const took = await Promise.all(streamers.map((streamer) => streamer.heal('silence')));
    console.log(`silence to prices again: Binance ${took[0]} ms, Polygon ${took[1]} ms`);
    for (const ms of took) {
      expect(ms).toBeGreaterThan(CONNECTION_DEFAULTS.silenceMs - CONNECTION_DEFAULTS.pingMs);
      // The first wait of a reconnect is random, up to 1 s; the rest is for a machine that has other things to do.
      expect(ms).toBeLessThan(KNOWN_WITHIN_MS + CONNECTION_DEFAULTS.firstWaitMs + 10_000);
    }
    const gaps = await Promise.all(streamers.map((streamer) => streamer.expectGaps()));
    const whole = Math.floor(CONNECTION_DEFAULTS.silenceMs / 1000) - 3;
    for (const seconds of gaps) expect(seconds).toBeGreaterThan(2 * whole);
  } finally {
    for (const streamer of streamers) await streamer.stop();
    for (const place of places) await place.stop();
  }
});
