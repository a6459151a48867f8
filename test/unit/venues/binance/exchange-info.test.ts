import { describe, expect, it } from 'vitest';
import { parseExchangeInfo } from '../../../../shared/venues/binance/exchange-info.ts';
import { ParseError } from '../../../../shared/venues/binance/parse/fields.ts';
import { recordedJson } from '../../../support/recordings.ts';

type Raw = Record<string, unknown>;
interface RawInfo {
  serverTime: number;
  rateLimits: Raw[];
  symbols: (Raw & { filters: Raw[] })[];
}

const SYMBOL: Raw & { filters: Raw[] } = {
  symbol: 'BTCUSDT',
  status: 'TRADING',
  baseAsset: 'BTC',
  baseAssetPrecision: 8,
  quoteAsset: 'USDT',
  quotePrecision: 8,
  quoteAssetPrecision: 8,
  baseCommissionPrecision: 8,
  quoteCommissionPrecision: 8,
  orderTypes: [
    'LIMIT',
    'LIMIT_MAKER',
    'MARKET',
    'STOP_LOSS',
    'STOP_LOSS_LIMIT',
    'TAKE_PROFIT',
    'TAKE_PROFIT_LIMIT',
  ],
  icebergAllowed: true,
  ocoAllowed: true,
  otoAllowed: true,
  opoAllowed: true,
  quoteOrderQtyMarketAllowed: true,
  allowTrailingStop: true,
  cancelReplaceAllowed: true,
  amendAllowed: true,
  isSpotTradingAllowed: true,
  filters: [
    {
      filterType: 'PRICE_FILTER',
      minPrice: '0.01000000',
      maxPrice: '1000000.00000000',
      tickSize: '0.01000000',
    },
    { filterType: 'LOT_SIZE', minQty: '0.00001000', maxQty: '9000.00000000', stepSize: '0.00001000' },
    { filterType: 'MARKET_LOT_SIZE', minQty: '0.00000000', maxQty: '100.05381873', stepSize: '0.00000000' },
    {
      filterType: 'NOTIONAL',
      minNotional: '5.00000000',
      applyMinToMarket: true,
      maxNotional: '9000000.00000000',
      applyMaxToMarket: false,
      avgPriceMins: 5,
    },
    { filterType: 'MAX_NUM_ORDER_AMENDS', maxNumOrderAmends: 10 },
    { filterType: 'MAX_NUM_ORDER_LISTS', maxNumOrderLists: 20 },
    { filterType: 'NEW_FILTER', thing: '1' },
  ],
  permissionSets: [['SPOT', 'MARGIN'], ['TRD_GRP_004']],
  permissions: [],
  defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
  allowedSelfTradePreventionModes: ['EXPIRE_TAKER', 'EXPIRE_MAKER'],
};
const info = (symbols: unknown[]) => ({ serverTime: 1, rateLimits: [], exchangeFilters: [], symbols });
const one = (change: Raw) => parseExchangeInfo(info([{ ...SYMBOL, ...change }])).symbols[0];

describe('a symbol', () => {
  it('has its sizes from the filters, and all rules', () => {
    const spec = one({});
    expect(spec).toMatchObject({
      symbol: 'BTC/USDT',
      base: 'BTC',
      quote: 'USDT',
      venueSymbol: 'BTCUSDT',
      unitExponent: 4,
    });
    expect(
      [
        spec?.tickSize,
        spec?.stepSize,
        spec?.minQuantity,
        spec?.maxQuantity,
        spec?.minNotional,
        spec?.maxNotional,
      ].map(String),
    ).toEqual(['0.01', '0.00001', '0.00001', '9000', '5', '9000000']);
    expect(spec?.rules).toMatchObject({
      status: 'trading',
      opoAllowed: true,
      amendAllowed: true,
      permissionSets: [['SPOT', 'MARGIN'], ['TRD_GRP_004']],
      orderTypes: [
        'limit',
        'limit_maker',
        'market',
        'stop_loss',
        'stop_limit',
        'take_profit',
        'take_profit_limit',
        'trailing_stop',
        'oco',
      ],
    });
    expect(spec?.rules.filters[2]).toMatchObject({ kind: 'market_lot_size', min: null, step: null });
    expect(spec?.rules.filters.at(-1)).toMatchObject({ kind: 'unknown', name: 'NEW_FILTER' });
  });

  it.each([
    ['TRADING', 'trading'],
    ['HALT', 'halt'],
    ['BREAK', 'break'],
    ['CANCEL_ONLY', 'cancel_only'],
    ['END_OF_DAY', 'end_of_day'],
    ['NEW_PHASE', 'unknown'],
    ['constructor', 'unknown'],
  ])('status %s is %s', (word, status) => {
    expect(one({ status: word })?.rules).toMatchObject({ status, venueStatus: word });
  });

  it('has a trailing stop and an oco only where types and flags allow them', () => {
    const types = one({ orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS_LIMIT', 'NEW_TYPE'] })
      ?.rules.orderTypes;
    expect(types).toEqual(['limit', 'limit_maker', 'market', 'stop_limit', 'oco']);
    expect(one({ ocoAllowed: false })?.rules.orderTypes).not.toContain('oco');
  });

  it('without bounds goes as fine and as far as the venue can say; its unit is the built-in one where there is one', () => {
    const spec = one({ filters: [] });
    expect([spec?.tickSize, spec?.stepSize, spec?.minQuantity, spec?.minNotional].map(String)).toEqual([
      '0.00000001',
      '0.00000001',
      '0.00000001',
      '0',
    ]);
    expect(spec?.unitExponent).toBe(4);
    expect(one({ baseAsset: '这是测试币', quoteAsset: '456', filters: [] })).toMatchObject({
      symbol: '这是测试币/456',
      unitExponent: 10,
    });
  });

  it('that cannot be read is named, and costs no other', () => {
    const read = parseExchangeInfo(
      info([SYMBOL, { ...SYMBOL, symbol: 'BAD', filters: 'none' }, { symbol: 'WORSE' }]),
    );
    expect(read.symbols).toHaveLength(1);
    expect(read.unreadable.map((u) => u.venueSymbol)).toEqual(['BAD', 'WORSE']);
  });
});

it('what is no exchangeInfo is no exchangeInfo', () => {
  for (const value of [null, [], {}, { symbols: 1 }, { serverTime: 1, symbols: [] }]) {
    expect(() => parseExchangeInfo(value)).toThrow(ParseError);
  }
});

const NAMES: Readonly<Record<string, string>> = {
  PRICE_FILTER: 'price',
  MIN_NOTIONAL: 'min_notional',
  PERCENT_PRICE: 'percent_price',
  NOTIONAL: 'notional',
};

for (const file of ['20211012', '20250807']) {
  const recorded = recordedJson(`exchange-info/binance-spot-exchangeInfo-${file}.json`) as RawInfo | null;

  describe.runIf(recorded !== null)(`recorded ${file}`, () => {
    const raw = recorded ?? { serverTime: 0, rateLimits: [], symbols: [] };
    const read = recorded === null ? null : parseExchangeInfo(recorded);

    it('is read whole, every filter and value', () => {
      expect(read?.unreadable).toEqual([]);
      expect(read?.serverTime).toBe(raw.serverTime);
      expect(read?.rateLimits).toHaveLength(raw.rateLimits.length);
      expect(read?.rateLimits.find((l) => l.type === 'REQUEST_WEIGHT')?.intervalMs).toBe(60_000);
      for (const [i, symbol] of raw.symbols.entries()) {
        const spec = read?.symbols[i];
        expect(spec?.venueSymbol).toBe(symbol['symbol']);
        expect(spec?.rules.filters).toHaveLength(symbol.filters.length);
        for (const [j, filter] of symbol.filters.entries()) {
          const parsed = spec?.rules.filters[j];
          const name = String(filter['filterType']);
          expect(parsed?.kind).toBe(NAMES[name] ?? name.toLowerCase());
          // Every value of the filter is somewhere in the parsed one; 0 may be null.
          const values = Object.values(parsed ?? {}).map((v) => (v === null ? '0' : String(v)));
          for (const [key, value] of Object.entries(filter)) {
            if (key === 'filterType') continue;
            const text = typeof value === 'string' ? value.replace(/\.?0+$/, '') || '0' : String(value);
            const found = values.includes(text) || values.includes(String(value));
            expect([symbol['symbol'], name, key, found]).toEqual([symbol['symbol'], name, key, true]);
          }
        }
      }
    });
  });
}

it('reads 3,000 symbols quickly, and keeps what they share once', () => {
  const groups = Array.from({ length: 250 }, (_, i) => `TRD_GRP_${i}`);
  const symbols = Array.from({ length: 3_000 }, (_, i) => ({
    ...SYMBOL,
    symbol: `C${i}USDT`,
    baseAsset: `C${i}`,
    permissionSets: [groups],
  }));
  const text = JSON.stringify(info(symbols));
  const started = performance.now();
  const read = parseExchangeInfo(JSON.parse(text));
  expect(performance.now() - started).toBeLessThan(20_000);
  expect(read.symbols).toHaveLength(3_000);
  expect(read.symbols[2_999]?.rules.permissionSets).toBe(read.symbols[0]?.rules.permissionSets);
});
