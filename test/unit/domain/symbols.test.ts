import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtInDirectory } from '../../../shared/adapters/symbols/built-in.ts';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { SymbolSpec } from '../../../shared/domain/symbol-spec.ts';
import {
  asciiUpperCase,
  bearsName,
  dollarRival,
  parseSymbolName,
  polygonNames,
  symbolRegistry,
  toDashSymbol,
  toPolygonTicker,
  toVenueSymbol,
  unitExponentOf,
} from '../../../shared/domain/symbols.ts';
import { unitExponent } from '../../../shared/domain/triggers/units.ts';
import { BadCursorError, type Page } from '../../../shared/ports/ledger.ts';
import { parseExchangeInfo } from '../../../shared/venues/binance/exchange-info.ts';
import { recordedJson } from '../../support/recordings.ts';
import { BTC } from './builders.ts';

const RECORDED = ['20211012', '20250807'].flatMap((day) => {
  const info = recordedJson(`exchange-info/binance-spot-exchangeInfo-${day}.json`);
  return info === null ? [] : [parseExchangeInfo(info)];
});

const registry = symbolRegistry();

/** A pair as an exchange might list it. */
const pair = (base: string, quote: string): SymbolSpec => ({
  ...BTC,
  symbol: `${base}/${quote}`,
  base,
  quote,
  venueSymbol: `${base}${quote}`,
});
const namesOf = (spec: SymbolSpec): readonly string[] => [
  spec.symbol,
  toVenueSymbol(spec),
  toDashSymbol(spec),
  toPolygonTicker(spec),
  `X:${toDashSymbol(spec)}`,
];
/** Every name that the symbol has in a list, as the API shows them too. */
const namesAmong = (spec: SymbolSpec, listed: readonly SymbolSpec[]): readonly string[] => {
  const isRivalListed = listed.some(({ venueSymbol }) => venueSymbol === dollarRival(spec));
  const { dash, ticker } = polygonNames(spec, isRivalListed);
  return [...namesOf(spec), dash, ticker];
};

describe('names of any symbol', () => {
  const odd = [
    '1000SATS',
    '1INCH',
    '这是测试币456',
    'İSTANBUL',
    'straße',
    'ǅ',
    'C98',
    'X',
    'T',
    '牛',
    'µBTC',
  ];

  it('lead back to it in every format, odd ones too', () => {
    const letter = fc.constantFrom(...'ABCXZ019', '币', 'ß', 'ı', 'é');
    const asset = fc.oneof(fc.constantFrom(...odd), fc.string({ unit: letter, minLength: 1, maxLength: 10 }));
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(asset, fc.constantFrom('USDT', 'USD', 'AUSD', 'BTC', '测试')), {
          minLength: 1,
          maxLength: 30,
          // A venue has each name once.
          selector: ([base, quote]) => base + quote,
        }),
        (pairs) => {
          const specs = pairs.map(([base, quote]) => pair(base, quote));
          const listed = symbolRegistry(specs);
          for (const spec of specs) {
            for (const name of namesAmong(spec, specs)) expect(listed.find(name)).toBe(spec);
            expect(listed.get(spec.symbol)).toBe(spec);
          }
        },
      ),
    );
  });

  it.skipIf(RECORDED.length === 0)('of the recorded exchanges lead back too', () => {
    for (const { symbols } of RECORDED) {
      const listed = symbolRegistry(symbols);
      expect(symbols.length).toBeGreaterThan(20);
      const rivals = new Set(symbols.map(({ venueSymbol }) => venueSymbol));
      for (const spec of symbols) {
        const { dash, ticker } = polygonNames(spec, rivals.has(dollarRival(spec) ?? ''));
        for (const name of [...namesOf(spec), dash, ticker]) expect(listed.find(name)).toBe(spec);
      }
    }
  });

  it('small letters are found where they are a to z; other alphabets are left as they are', () => {
    const listed = symbolRegistry([
      pair('1000SATS', 'USDT'),
      pair('straße', 'USDT'),
      pair('STRASSE', 'USDT'),
    ]);
    expect(listed.find('1000sats/usdt')?.base).toBe('1000SATS');
    expect(listed.find('strasse-usdt')?.base).toBe('STRASSE');
    expect(listed.find('straße/USDT')?.base).toBe('straße');
    expect(asciiUpperCase('aßzı')).toBe('AßZı');
  });

  it('Polygon names a USDT pair in dollars, unless the dollar pair is listed itself', () => {
    const [usdt, usd] = [pair('BTC', 'USDT'), pair('BTC', 'USD')];
    expect(polygonNames(usdt, false)).toEqual({ dash: 'BTC-USD', ticker: 'X:BTCUSD' });
    expect(polygonNames(usdt, true)).toEqual({ dash: 'BTC-USDT', ticker: 'X:BTCUSDT' });
    expect(polygonNames(pair('ETH', 'BTC'), false)).toEqual({ dash: 'ETH-BTC', ticker: 'X:ETHBTC' });
    const alone = symbolRegistry([usdt]);
    for (const name of ['BTC-USD', 'X:BTCUSD', 'btc-usd', ' x:btcusd ', 'BTC-USDT', 'X:BTCUSDT']) {
      expect(alone.find(name)).toBe(usdt);
    }
    // What is no name of Polygon's means what it says.
    for (const name of ['BTC/USD', 'BTCUSD', 'X:BTC/USD', 'X:USD', '-USD', 'ETH-USD', 'BTC-USDC']) {
      expect(alone.find(name)).toBeNull();
    }
    const both = symbolRegistry([usdt, usd]);
    for (const name of ['BTC-USD', 'X:BTCUSD', 'btc-usd']) expect(both.find(name)).toBe(usd);
    for (const name of ['BTC-USDT', 'X:BTCUSDT']) expect(both.find(name)).toBe(usdt);
    expect([bearsName(usdt, 'BTC-USD'), bearsName(usdt, 'x:btcusdt'), bearsName(usd, 'btc-usd')]).toEqual([
      ...[false, true, true],
    ]);
    // A name that is somebody's already is not given away, whoever it is.
    const other = pair('BT', 'CUSD');
    const odd = symbolRegistry([usdt, other]);
    expect([odd.find('X:BTCUSD'), odd.find('BTC-USD')]).toEqual([other, null]);
  });

  it('a separator has to be where the assets part', () => {
    const listed = symbolRegistry([pair('BTC', 'USDT'), pair('AB', 'CD')]);
    for (const wrong of ['BT/CUSDT', 'BTCU-SDT', 'A/BCD', 'AB/C/D', '/ABCD', 'ABCD-', 'X:', '-']) {
      expect(listed.find(wrong)).toBeNull();
    }
    expect(parseSymbolName('AB/C-D')).toBeNull();
    expect(parseSymbolName('x:ab-cd')).toEqual({ base: 'ab', quote: 'cd', joined: 'abcd' });
  });

  it('the unit of a built-in symbol is the same wherever it is traded', () => {
    expect(unitExponentOf('BTC/USDT', new Decimal('0.1'))).toBe(BTC.unitExponent);
    expect(unitExponentOf('FOO/USDT', new Decimal('0.1'))).toBe(3);
    expect(unitExponentOf('FOO/USDT', new Decimal('10'))).toBe(2);
  });
});

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
      const isStock = spec.symbol === spec.base;
      expect(isStock ? spec.quote : spec.symbol).toBe(isStock ? 'USD' : `${spec.base}/${spec.quote}`);
    }
  });
});

describe('the built-in symbols as a directory', () => {
  const directory = builtInDirectory(registry);
  it('are those of the demo venue alone', async () => {
    expect(await directory.find('demo', 'btc-usdt')).toBe(BTC);
    expect(await directory.find('binance', 'BTC/USDT')).toBeNull();
    expect(await directory.all('demo')).toBe(registry.all());
    expect(await directory.all('binance_testnet')).toEqual([]);
    expect(await directory.list('binance', { limit: 5, cursor: null })).toEqual({ items: [], cursor: null });
  });

  it('come page by page, each once; a strange cursor is refused', async () => {
    for (const limit of [1, 5, 16, 17]) {
      const seen: SymbolSpec[] = [];
      let cursor: string | null = null;
      do {
        const page: Page<SymbolSpec> = await directory.list('demo', { limit, cursor });
        seen.push(...page.items);
        cursor = page.cursor;
      } while (cursor !== null);
      expect(seen).toEqual(registry.all());
    }
    await expect(directory.list('demo', { limit: 5, cursor: 'nonsense' })).rejects.toThrow(BadCursorError);
  });
});
