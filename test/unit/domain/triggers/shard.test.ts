import { expect, it } from 'vitest';
import { shardOf } from '../../../../shared/domain/triggers/shard.ts';

it('puts a symbol into the same shard every time, and spreads many over all', () => {
  const symbols = Array.from({ length: 500 }, (_, i) => `S${i}/USDT`);
  expect(symbols.map((s) => shardOf(s, 1))).toEqual(symbols.map(() => 0));
  const shards = symbols.map((s) => shardOf(s, 8));
  expect(symbols.map((s) => shardOf(s, 8))).toEqual(shards);
  for (let shard = 0; shard < 8; shard++) {
    expect(shards.filter((s) => s === shard).length).toBeGreaterThan(30);
  }
});
