/** Symbols that are watched and not traded: their names, their units, and what Polygon calls them. */
import { describe, expect, it } from 'vitest';
import { BUILT_IN } from '../../../shared/domain/built-in-symbols.ts';
import { tradingRefusal } from '../../../shared/domain/filters.ts';
import { polygonInstrument } from '../../../shared/domain/polygon.ts';
import { polygonNames, symbolRegistry, toDashSymbol } from '../../../shared/domain/symbols.ts';
import { isWatchOnly, WATCHED } from '../../../shared/domain/watched-symbols.ts';

const registry = symbolRegistry();

describe('symbols that are only watched', () => {
  it.each([
    ['AAPL', 'AAPL'],
    ['aapl', 'AAPL'],
    ['brk.b', 'BRK.B'],
    ['EUR/USD', 'EUR/USD'],
    ['EUR-USD', 'EUR/USD'],
    ['eurusd', 'EUR/USD'],
    ['C:EURUSD', 'EUR/USD'],
    ['c:xauusd', 'XAU/USD'],
    ['USDT/USD', 'USDT/USD'],
    // These mean what they meant.
    ['SOL-USD', 'SOL/USDT'],
    ['X:SOLUSD', 'SOL/USDT'],
    ['BTC-USD', 'BTC/USD'],
  ])('%s is %s', (text, symbol) => {
    expect(registry.find(text)?.symbol).toBe(symbol);
  });

  it('are none of those that are traded, and bear each name once', () => {
    const all = [...BUILT_IN, ...WATCHED];
    for (const name of ['symbol', 'venueSymbol'] as const) {
      expect(new Set(all.map((spec) => spec[name])).size).toBe(all.length);
    }
    expect(BUILT_IN.some(isWatchOnly)).toBe(false);
  });

  it('are known to Polygon, and refused where somebody trades them', () => {
    for (const spec of WATCHED) {
      expect(polygonInstrument(spec)?.rate).toBeNull();
      expect(polygonNames(spec, false).ticker).toBe(polygonInstrument(spec)?.ticker);
      expect(registry.find(toDashSymbol(spec))).toBe(spec);
      expect(registry.find(polygonNames(spec, false).ticker)).toBe(spec);
      expect(tradingRefusal(spec)?.code).toBe('symbol_watch_only');
    }
    const ticker = (symbol: string) => polygonNames(registry.get(symbol) ?? expect.unreachable(), false);
    expect(ticker('BRK.B')).toEqual({ dash: 'BRK.B', ticker: 'BRK.B' });
    expect(ticker('XAU/USD')).toEqual({ dash: 'XAU-USD', ticker: 'C:XAUUSD' });
    expect(ticker('USDT/USD')).toEqual({ dash: 'USDT-USD', ticker: 'X:USDTUSD' });
  });
});
