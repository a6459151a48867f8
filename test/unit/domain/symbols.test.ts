import { describe, expect, it } from 'vitest';
import {
  symbolRegistry,
  toDashSymbol,
  toPolygonTicker,
  toVenueSymbol,
} from '../../../shared/domain/symbols.ts';
import { unitExponent } from '../../../shared/domain/triggers/units.ts';
import { BTC } from './builders.ts';

const registry = symbolRegistry();

describe('symbols', () => {
  it.each(['BTC/USDT', 'BTCUSDT', 'BTC-USDT', 'X:BTCUSDT', 'X:BTC-USDT', ' btcusdt ', 'x:btc/usdt'])(
    'finds %j',
    (text) => {
      expect(registry.find(text)).toBe(BTC);
    },
  );

  it.each(['', 'BTC', 'BTC/EUR', 'BTC//USDT', 'BTC_USDT', 'BTC/USDT/USDT', '__proto__', 'Y:BTCUSDT'])(
    'does not find %j',
    (text) => {
      expect(registry.find(text)).toBeNull();
    },
  );

  it('has one name per dialect, and each leads back', () => {
    expect([toVenueSymbol(BTC), toDashSymbol(BTC), toPolygonTicker(BTC)]).toEqual([
      'BTCUSDT',
      'BTC-USDT',
      'X:BTCUSDT',
    ]);
    for (const spec of registry.all()) {
      for (const name of [spec.symbol, toVenueSymbol(spec), toDashSymbol(spec), toPolygonTicker(spec)]) {
        expect(registry.find(name)).toBe(spec);
      }
      expect(registry.get(spec.symbol)).toBe(spec);
    }
    expect(registry.get('BTCUSDT')).toBeNull();
  });

  it('tells BTC-USD from BTC-USDT', () => {
    expect([registry.find('BTC-USD')?.symbol, registry.find('X:BTCUSD')?.symbol]).toEqual([
      'BTC/USD',
      'BTC/USD',
    ]);
  });

  it('has filters that fit together', () => {
    for (const spec of registry.all()) {
      expect(spec.unitExponent).toBe(unitExponent(spec.tickSize.toFixed()));
      expect(spec.minQuantity.modulo(spec.stepSize).isZero()).toBe(true);
      expect(spec.minNotional.lessThan(spec.maxNotional)).toBe(true);
      expect(spec.symbol).toBe(`${spec.base}/${spec.quote}`);
    }
  });
});
