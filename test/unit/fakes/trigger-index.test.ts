/** The trigger index in memory is held to the contract of the real one. */
import { describe, expect, it } from 'vitest';
import { describeTriggerIndex } from '../../contracts/trigger-index.ts';
import { MemoryPrices } from '../../support/fakes/memory-cache.ts';
import { MemoryIndex } from '../../support/fakes/memory-index.ts';
import { aBatch } from '../../support/index-model.ts';
import { aTick } from '../../support/trigger-histories.ts';

describeTriggerIndex(
  'the trigger index in memory',
  async ({ shards }) => {
    const tape = new MemoryPrices({ now: () => 5 });
    const index = new MemoryIndex({ shards, tape });
    const flush = async (): Promise<void> => {
      index.flush();
      tape.flush();
    };
    return { index, flush, writeBars: (symbol, bars, writer) => tape.writeBars(symbol, bars, writer) };
  },
  { histories: 300 },
);

describe('the trigger index in memory', () => {
  it('shows the last price of a batch, and none of a batch that was refused', async () => {
    const prices = new MemoryPrices({ now: () => 5 });
    const index = new MemoryIndex({ prices });
    const batch = aBatch('BTC/USDT', 1, [aTick(1, 100)], 5);
    expect(await index.applyBatch(batch)).toEqual({ outcome: 'rebuild' });
    expect(await prices.price('BTC/USDT')).toBeNull();
    index.build('BTC/USDT');
    await index.applyBatch(batch);
    expect(await prices.price('BTC/USDT')).toEqual(batch.display);
  });
});
