import { describe, expect, it } from 'vitest';
import type { FeedTick } from '../../../../shared/ports/feed.ts';
import { TickBuffer } from '../../../../shared/usecases/stream-prices/tick-buffer.ts';
import { feedTick } from './support.ts';

const AT = 1_790_000_000_000;
const at = (ms: number, symbol = 'BTC/USDT'): FeedTick => {
  const tick = feedTick(ms, 600_000_000, { at: AT + ms });
  return { ...tick, spec: { ...tick.spec, symbol } };
};
const kept = (buffer: TickBuffer) =>
  Object.fromEntries(
    [...buffer.all()].map(([symbol, ticks]) => [symbol, Array.from(ticks, ({ tick }) => tick.id)]),
  );
const LIMITS = { keepMs: 1_000, mostOfSymbol: 4, most: 7 };

describe('the ticks that a standby keeps', () => {
  it('are the last ones of each symbol, in order; who is silent keeps nothing old at the end', () => {
    const buffer = new TickBuffer(LIMITS);
    for (const ms of [0, 10, 1_005, 1_010]) buffer.put(at(ms));
    buffer.put(at(1_020, 'ETH/USDT'));
    buffer.put(at(5, 'SOL/USDT'));
    expect(kept(buffer)).toEqual({ 'BTC/USDT': [10, 1_005, 1_010], 'ETH/USDT': [1_020], 'SOL/USDT': [5] });
    buffer.freeze(AT + 1_015);
    expect(kept(buffer)).toEqual({ 'BTC/USDT': [1_005, 1_010], 'ETH/USDT': [1_020] });
    expect(buffer.dropped).toBe(0);
  });

  it('are kept however long it takes from when the lease is ours', () => {
    const buffer = new TickBuffer(LIMITS);
    buffer.put(at(0));
    buffer.freeze(AT + 500);
    buffer.put(at(60_000));
    expect(kept(buffer)).toEqual({ 'BTC/USDT': [0, 60_000] });
  });

  it('are never more than so many of a symbol, and of all; what did not fit is counted', () => {
    const buffer = new TickBuffer(LIMITS);
    for (let ms = 1; ms <= 6; ms++) buffer.put(at(ms));
    expect(kept(buffer)).toEqual({ 'BTC/USDT': [3, 4, 5, 6] });
    expect(buffer.dropped).toBe(2);
    for (let ms = 7; ms <= 12; ms++) buffer.put(at(ms, 'ETH/USDT'));
    expect(kept(buffer)).toEqual({ 'BTC/USDT': [3, 4, 5, 6], 'ETH/USDT': [10, 11, 12] });
    expect(buffer.dropped).toBe(5);
    buffer.put(at(13, 'SOL/USDT'));
    expect(kept(buffer)['SOL/USDT']).toEqual([13]);
  });

  it('are not displaced by older ones of symbols that have gone silent, or have left', () => {
    const buffer = new TickBuffer(LIMITS);
    for (let ms = 1; ms <= 4; ms++) buffer.put(at(ms));
    for (let ms = 5; ms <= 7; ms++) buffer.put(at(ms, 'ETH/USDT'));
    for (let ms = 0; ms < 3; ms++) buffer.put(at(2_000 + ms, 'SOL/USDT'));
    expect(kept(buffer)).toEqual({ 'SOL/USDT': [2_000, 2_001, 2_002] });
    expect(buffer.dropped).toBe(0);
  });

  it('are let go when they are handed over', () => {
    const buffer = new TickBuffer(LIMITS);
    for (let ms = 1; ms <= 4; ms++) buffer.put(at(ms));
    expect([...buffer.drain().values()].map(({ length }) => length)).toEqual([4]);
    expect(kept(buffer)).toEqual({});
    for (let ms = 5; ms <= 8; ms++) buffer.put(at(ms));
    for (let ms = 9; ms <= 11; ms++) buffer.put(at(ms, 'ETH/USDT'));
    expect(buffer.dropped).toBe(0);
  });

  it('stay right over many', () => {
    const buffer = new TickBuffer({ keepMs: 100, mostOfSymbol: 1_000, most: 10_000 });
    for (let ms = 0; ms < 20_000; ms++) buffer.put(at(ms));
    expect(kept(buffer)['BTC/USDT']).toEqual(Array.from({ length: 101 }, (_, i) => 19_899 + i));
    expect(buffer.dropped).toBe(0);
  });
});
