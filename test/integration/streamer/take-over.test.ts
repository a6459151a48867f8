/** A writer that dies without a word: what touched a level before the next one took over is found, and nothing twice. */
import { afterEach, describe, expect, it } from 'vitest';
import type { TrailingLevel } from '../../../shared/domain/triggers/types.ts';
import { dynamoDbMissing } from '../../support/dynamodb.ts';
import { until } from '../../support/until.ts';
import { fixed } from './support.ts';
import { LEASE_MS, SYMBOLS, takingOver } from './taking-over.ts';

const [BTC, ETH] = SYMBOLS;
const UNITS = 10_000;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const trailing = (member: string, bp: number): TrailingLevel => ({
  ...{ kind: 'trailing', member, version: 1, source: 'last', side: 'long', distance: { bp } },
  ...{ activation: null, peak: null, armedTick: -1, armedAt: 1 },
});

describe.skipIf(dynamoDbMissing !== null)('a standby whose writer was killed', () => {
  it('applies once what came meanwhile, and goes on', { timeout: 90_000 }, async () => {
    const place = await takingOver();
    stops.push(() => place.stop());
    const { applied, index, market, tape } = place;
    const first = place.start('first');
    /** Looks each time after the market has spoken once more. */
    const goingOn =
      <T>(prices: Readonly<Record<string, number>>, look: () => T | Promise<T>) =>
      async (): Promise<T> => {
        await market(prices);
        return look();
      };
    const shown = goingOn({ BTC: 60_000, ETH: 3_000 }, () => place.cache.prices(SYMBOLS));
    await until('prices', shown, (prices) => prices.size === 2);
    const second = place.start('second');
    await until(
      'a standby',
      () => second.world.logged,
      (codes) => codes.includes('standby_follows'),
    );
    // One minute's row shall hold both writers' ticks.
    const isEarly = () => Date.now() % 60_000 < 40_000;
    await until('a young minute', goingOn({ BTC: 60_000, ETH: 3_000 }, isEarly), Boolean, 25_000);

    await index.arm(BTC, [fixed('touched|stop_loss', 'falls', 59_000 * UNITS)], [], Date.now());
    await index.arm(ETH, [trailing('rising|trailing_stop', 100)], [], Date.now());
    // A low, then a peak more than the distance above it: were the low told again, it would reach the stop.
    // The highest price lies in a second of which the next writer finds no open bar.
    for (let i = 0; i < 60; i++) await market({ BTC: i === 3 ? 60_500 : 60_100, ETH: 3_000 });
    for (let i = 0; i < 8; i++) await market({ BTC: 60_200, ETH: 3_050 + i });
    await until(
      'the peak',
      goingOn({ BTC: 60_200, ETH: 3_057 }, () => index.levels(ETH)),
      ([level]) => level?.kind === 'trailing' && (level.peak ?? 0) >= 3_057 * UNITS,
    );
    expect(await place.leaseHolder()).toBe('first');
    first.kill();
    const killedAt = Date.now();

    for (let i = 0; i < 10; i++) await market({ BTC: 60_000, ETH: 3_050 });
    const touchedAt = Date.now();
    await market({ BTC: 58_500, ETH: 3_050 });
    for (let i = 0; i < 10; i++) await market({ BTC: 60_000, ETH: 3_050 });
    // Armed when the touch is over, while nobody writes: it is none of its own.
    const armedAt = Date.now();
    const younger = { ...fixed('younger|stop_loss', 'falls', 59_500 * UNITS), armedAt };
    expect(await index.arm(BTC, [younger], [], armedAt)).toMatchObject({ outcome: 'armed', hits: 0 });
    expect(applied.filter(({ by }) => by === 'second')).toEqual([]);
    expect(await place.leaseHolder()).toBe('first');

    const byNext = () => applied.filter(({ by, symbol }) => by === 'second' && symbol === BTC);
    await until(
      'the next writer',
      goingOn({ BTC: 60_000, ETH: 3_050 }, byNext),
      (found) => found.length > 30,
    );
    const tookAt = byNext()[0]?.at ?? 0;
    for (let i = 0; i < 20; i++) await market({ BTC: 60_000 + 20 * i, ETH: 3_050 });

    const hits = [
      ...(await index.takeHits(BTC, 9, Date.now(), 1)),
      ...(await index.takeHits(ETH, 9, Date.now(), 1)),
    ];
    expect(hits).toMatchObject([
      { member: 'touched|stop_loss', cause: 'tick', tick: { at: expect.any(Number) } },
    ]);
    const [hit] = hits;
    expect(hit?.tick.unproven).toBeUndefined();
    expect(hit?.tick.at).toBeGreaterThanOrEqual(touchedAt);
    expect(hit?.tick.at).toBeLessThan(armedAt);
    expect((await index.levels(BTC)).map(({ member }) => member)).toEqual(['younger|stop_loss']);
    expect((await index.levels(ETH)).map(({ member }) => member)).toEqual(['rising|trailing_stop']);

    for (const symbol of SYMBOLS) {
      const ticks = applied.filter((one) => one.symbol === symbol).map(({ tick }) => tick);
      for (const [i, { id, mark = [-1, -1] }] of ticks.entries()) {
        const before = ticks[i - 1];
        if (before === undefined) continue;
        expect(id).toBeGreaterThan(before.id);
        const [quote, trade] = before.mark ?? [-1, -1];
        expect(mark[0] > quote || mark[1] > trade, `${symbol} ${mark} after ${before.mark}`).toBe(true);
        expect([mark[0] >= quote, mark[1] >= trade]).toEqual([true, true]);
      }
    }

    const holes = applied
      .filter(({ symbol }) => symbol === BTC)
      .map(({ tick }) => tick.at)
      .map((at, i, all) => at - (all[i - 1] ?? at));
    const last = applied.filter(({ by }) => by === 'first').at(-1)?.tick.at ?? 0;
    process.stdout.write(
      `lease of ${LEASE_MS} ms: nothing was written for ${tookAt - last} ms (killed after ${killedAt - last}); ` +
        `longest hole between two ticks ${Math.max(...holes)} ms; ` +
        `touch decided ${tookAt - (hit?.tick.at ?? 0)} ms after it came\n`,
    );
    // The market spoke all the while, and nothing of it is missing.
    expect(Math.max(...holes)).toBeLessThan(market.longestSilence() + 250);
    // A hole as long as the lease would be seen.
    expect(market.longestSilence()).toBeLessThan(LEASE_MS - 250);
    expect(tookAt - last).toBeLessThan(LEASE_MS + 10_000);

    // The row of the minute holds the first one's highest price and the second one's lowest.
    const rows = await until(
      'the tape',
      () => tape.since(BTC, Math.floor(killedAt / 60_000)),
      ([row]) => (row?.low.last ?? 0) < 58_600 * UNITS,
    );
    const [row] = rows;
    expect(Math.floor((row?.high.last ?? 0) / UNITS)).toBe(60_500);
    const ofMinute = applied.find(
      ({ symbol, tick }) => symbol === BTC && Math.floor(tick.at / 60_000) === row?.minute,
    );
    expect(ofMinute?.by).toBe('first');
    expect(row?.firstTick).toBe(ofMinute?.tick.id);
  });
});
