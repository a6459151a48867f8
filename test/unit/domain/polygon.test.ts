import { describe, expect, it } from 'vitest';
import {
  isPolygonSession,
  POLYGON_CHANNELS,
  polygonInstrument,
  polygonName,
  polygonTopic,
  splitPolygonTopic,
} from '../../../shared/domain/polygon.ts';

const named = (symbol: string) => {
  const [base = '', quote = 'USD'] = symbol.split('/');
  return polygonInstrument({ symbol, base, quote });
};

describe('what Polygon calls a symbol', () => {
  it.each([
    ['BTC/USD', 'crypto', 'BTC-USD', 'X:BTCUSD', 'USD', null],
    ['BTC/USDT', 'crypto', 'BTC-USD', 'X:BTCUSD', 'USD', 'USDT-USD'],
    ['ETH/USDC', 'crypto', 'ETH-USD', 'X:ETHUSD', 'USD', 'USDC-USD'],
    ['BTC/EUR', 'crypto', 'BTC-EUR', 'X:BTCEUR', 'EUR', null],
    ['USDT/USD', 'crypto', 'USDT-USD', 'X:USDTUSD', 'USD', null],
    ['EUR/USD', 'forex', 'EUR/USD', 'C:EURUSD', 'USD', null],
    ['EUR/USDT', 'forex', 'EUR/USD', 'C:EURUSD', 'USD', 'USDT-USD'],
    ['XAU/USD', 'forex', 'XAU/USD', 'C:XAUUSD', 'USD', null],
    ['AAPL', 'stocks', 'AAPL', 'AAPL', 'USD', null],
    ['BRK.B', 'stocks', 'BRK.B', 'BRK.B', 'USD', null],
  ])('%s is %s %s', (symbol, assetClass, name, ticker, quote, rate) => {
    expect(named(symbol)).toEqual({ assetClass, name, ticker, quote, rate });
  });

  it.each(['ETH/BTC', 'XRP/ETH', 'USD/USDT', 'BTC/FDUSD'])('has nothing like %s', (symbol) => {
    expect(named(symbol)).toBeNull();
  });

  it('has the bare letter for seconds of stocks, and for minutes of everything else', () => {
    expect(POLYGON_CHANNELS).toEqual({
      crypto: { trade: 'XT', quote: 'XQ', second: 'XAS', minute: 'XA' },
      stocks: { trade: 'T', quote: 'Q', second: 'A', minute: 'AM' },
      forex: { trade: null, quote: 'C', second: 'CAS', minute: 'CA' },
    });
  });

  it('splits topics at the first dot', () => {
    expect(splitPolygonTopic(polygonTopic('T', 'BRK.B'))).toEqual({ channel: 'T', name: 'BRK.B' });
    for (const none of ['T', 'T.', '.A', '']) expect(splitPolygonTopic(none)).toBeNull();
  });

  it('takes forex names with a slash or a hyphen', () => {
    expect(polygonName('forex', 'XAU-USD')).toBe('XAU/USD');
    expect(polygonName('crypto', 'X:BTC/USD')).toBe('BTC-USD');
    expect(polygonName('stocks', 'BRK.B')).toBe('BRK.B');
  });
});

describe('sessions', () => {
  // 2026-11-27 is a Friday; New York is 5 h behind UTC then, and 4 h in July.
  it.each([
    ['crypto', 'BTC-USD', '2026-11-28T12:00:00Z', true],
    ['forex', 'EUR/USD', '2026-11-27T21:59:00Z', true],
    ['forex', 'EUR/USD', '2026-11-27T22:00:00Z', false],
    ['forex', 'EUR/USD', '2026-11-28T12:00:00Z', false],
    ['forex', 'EUR/USD', '2026-11-29T22:00:00Z', true],
    ['forex', 'XAU/USD', '2026-11-29T22:30:00Z', false],
    ['forex', 'XAU/USD', '2026-11-29T23:00:00Z', true],
    ['stocks', 'AAPL', '2026-11-27T08:59:00Z', false],
    ['stocks', 'AAPL', '2026-11-27T09:00:00Z', true],
    ['stocks', 'AAPL', '2026-11-28T00:59:00Z', true],
    ['stocks', 'AAPL', '2026-11-28T01:00:00Z', false],
    ['stocks', 'AAPL', '2026-11-29T15:00:00Z', false],
    ['stocks', 'AAPL', '2026-07-01T08:00:00Z', true],
  ] as const)('%s %s at %s: %s', (assetClass, name, at, open) => {
    expect(isPolygonSession({ assetClass, name }, Date.parse(at))).toBe(open);
  });
});
