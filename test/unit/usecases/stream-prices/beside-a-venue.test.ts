/** What Polygon calls a symbol beside an exchange, what its dollars are turned by, and when it is due. */
import { expect, it } from 'vitest';
import { symbolRegistry } from '../../../../shared/domain/symbols.ts';
import { besideAVenue } from '../../../../shared/usecases/stream-prices/beside-a-venue.ts';

const beside = besideAVenue(symbolRegistry());

it.each([
  ['BTC/USDT', 'USDT/USD', 'always'],
  ['BTC/USD', null, 'always'],
  ['USDT/USD', null, 'always'],
  ['AAPL', null, 'us_stocks'],
  ['EUR/USD', null, 'forex'],
  ['XAU/USD', null, 'forex'],
])('%s: rate %s, session %s', (symbol, rate, session) => {
  expect(beside.secondName(symbol)).toEqual({ symbol, rate });
  expect(beside.sessionOf(symbol)).toBe(session);
});

it.each(['ETH/BTC', 'NOPE/USDT'])('%s is none of Polygon’s', (symbol) => {
  expect(beside.secondName(symbol)).toBeNull();
  expect(beside.sessionOf(symbol)).toBe('always');
});
