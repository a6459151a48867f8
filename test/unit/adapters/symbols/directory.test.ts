/** The directory of symbols: what is served, what is remembered, and for how long. */
import { beforeEach, describe, expect, it } from 'vitest';
import { builtInDirectory } from '../../../../shared/adapters/symbols/built-in.ts';
import { createSymbolDirectory } from '../../../../shared/adapters/symbols/directory.ts';
import { findSymbol, type SymbolSpec, symbolRegistry } from '../../../../shared/domain/symbols.ts';
import type { SymbolDirectory } from '../../../../shared/ports/symbols.ts';
import { ordinarySpec } from '../../../support/symbol-specs.ts';

let now = 0;
let reads: string[] = [];
let listed: readonly SymbolSpec[] = [];
let broken = false;
let hasRules = false;

const store: SymbolDirectory = {
  find: async (environment, text) => {
    reads.push(text);
    if (broken) throw new Error('the table is away');
    expect(environment).toBe('binance_testnet');
    return findSymbol(text, (name) => listed.find((spec) => spec.venueSymbol === name) ?? null);
  },
  hasRules: async () => {
    reads.push('has rules');
    return hasRules;
  },
  list: async () => ({ items: listed, cursor: 'more' }),
  all: async () => {
    reads.push('all');
    if (broken) throw new Error('the table is away');
    return listed;
  },
};
const make = (maxNames = 100) =>
  createSymbolDirectory({
    ...{ builtIn: builtInDirectory(symbolRegistry()), store, environment: 'binance_testnet' as const },
    ...{ now: () => now, maxNames },
  });

beforeEach(() => {
  now = 1000;
  reads = [];
  listed = [ordinarySpec('TEST', 'USDT')];
  broken = false;
});

describe('the directory of symbols', () => {
  it('knows the built-in ones of the demo venue, and none of an environment that is not served', async () => {
    const symbols = make();
    expect((await symbols.find('demo', 'btc-usdt'))?.symbol).toBe('BTC/USDT');
    expect(await symbols.find('demo', 'TESTUSDT')).toBeNull();
    expect(await symbols.find('binance', 'TESTUSDT')).toBeNull();
    expect(await symbols.all('binance')).toEqual([]);
    expect((await symbols.all('demo')).length).toBeGreaterThan(10);
    expect(await symbols.list('binance', { limit: 5, cursor: null })).toEqual({ items: [], cursor: null });
    expect(await symbols.list('binance_testnet', { limit: 5, cursor: null })).toMatchObject({
      cursor: 'more',
    });
    expect((await symbols.list('demo', { limit: 5, cursor: null })).items).toHaveLength(5);
    expect(reads).toEqual([]);
  });

  it('says whether rules were read; once they were they are', async () => {
    const symbols = make();
    hasRules = false;
    expect(await symbols.hasRules('demo')).toBe(true);
    expect(await symbols.hasRules('binance')).toBe(false);
    expect(reads).toEqual([]);
    expect(await symbols.hasRules('binance_testnet')).toBe(false);
    hasRules = true;
    expect(await symbols.hasRules('binance_testnet')).toBe(true);
    expect(await symbols.hasRules('binance_testnet')).toBe(true);
    expect(reads).toHaveLength(2);
  });

  it('remembers what it found for a minute, and what it did not for ten seconds', async () => {
    const symbols = make();
    for (const at of [1000, 60_999]) {
      now = at;
      expect((await symbols.find('binance_testnet', 'TEST/USDT'))?.symbol).toBe('TEST/USDT');
    }
    now = 61_000;
    listed = [];
    expect(await symbols.find('binance_testnet', 'TEST/USDT')).toBeNull();
    now = 70_999;
    listed = [ordinarySpec('TEST', 'USDT')];
    expect(await symbols.find('binance_testnet', 'TEST/USDT')).toBeNull();
    now = 71_000;
    expect(await symbols.find('binance_testnet', 'TEST/USDT')).not.toBeNull();
    expect(reads).toHaveLength(3);
  });

  it('asks once for those who ask together, and not again for what failed', async () => {
    const symbols = make();
    await Promise.all(Array.from({ length: 20 }, () => symbols.find('binance_testnet', 'TESTUSDT')));
    expect(reads).toEqual(['TESTUSDT']);
    broken = true;
    await expect(symbols.find('binance_testnet', 'X:TESTUSDT')).rejects.toThrow('away');
    await expect(symbols.all('binance_testnet')).rejects.toThrow('away');
    broken = false;
    expect(await symbols.find('binance_testnet', 'X:TESTUSDT')).not.toBeNull();
    expect(await symbols.all('binance_testnet')).toEqual(listed);
    expect(await symbols.all('binance_testnet')).toEqual(listed);
    expect(reads).toEqual(['TESTUSDT', 'X:TESTUSDT', 'all', 'X:TESTUSDT', 'all']);
  });

  it('forgets the longest unused name first, and never keeps what is no name', async () => {
    const symbols = make(2);
    for (const name of ['TESTUSDT', 'A', 'TESTUSDT', 'B', 'TESTUSDT', 'A']) {
      await symbols.find('binance_testnet', name);
    }
    expect(reads).toEqual(['TESTUSDT', 'A', 'B', 'A']);
    expect(await symbols.find('binance_testnet', 'A'.repeat(129))).toBeNull();
    expect(reads).toHaveLength(4);
  });
});
