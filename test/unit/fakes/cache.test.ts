/** The cache in memory is held to the contracts of the real one. */
import { describe, expect, it } from 'vitest';
import { describeCounters, describeLeases, describePrices, type OpenCache } from '../../contracts/cache.ts';
import { NOW } from '../../integration/dynamodb/samples.ts';
import { MemoryCounters, MemoryLeases, MemoryPrices } from '../../support/fakes/memory-cache.ts';
import { displayOf } from '../../support/index-model.ts';
import { aTick } from '../../support/trigger-histories.ts';

function openCache() {
  const state = { now: NOW };
  const clock = { now: () => state.now };
  const prices = new MemoryPrices(clock);
  const leases = new MemoryLeases(clock);
  const counters = new MemoryCounters(clock);
  const cache: OpenCache = {
    ...{ prices, leases, counters },
    show: async (price) => prices.show(price),
    pass: async (ms) => {
      state.now += ms;
    },
    flush: async () => {
      for (const part of [prices, leases, counters]) part.flush();
    },
  };
  return { state, prices, cache };
}

const open = async (): Promise<OpenCache> => openCache().cache;
describePrices('prices in memory', open);
describeLeases('leases in memory', open);
describeCounters('counters in memory', open);

describe('prices in memory', () => {
  it('are shown for 60 seconds, and a tape that nobody writes to for two hours', async () => {
    const { state, prices } = openCache();
    prices.show(displayOf('BTC/USDT', aTick(1, 100)));
    await prices.writeBars('BTC/USDT', []);
    state.now += 59_999;
    expect(await prices.price('BTC/USDT')).not.toBeNull();
    state.now += 1;
    expect(await prices.price('BTC/USDT')).toBeNull();
  });
});
