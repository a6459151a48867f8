/** One data line of a recording. */
import { describe, expect, it } from 'vitest';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import { parseReplayLine } from '../../../shared/feeds/replay-line.ts';

const kindOf = (symbol: string) =>
  parseReplayLine(`1767614400000,${symbol},100.5,1,,`, symbolRegistry()).kind;

describe('the symbol of a recorded trade', () => {
  it.each(['SOLUSDT', 'SOL/USDT', 'SOL-USDT', 'BTC-USD', 'X:BTCUSD'])('%s is known', (symbol) => {
    expect(kindOf(symbol)).toBe('trade');
  });

  it.each(['SOL-USD', 'X:SOLUSD', 'SOLUSD'])('%s, a price in dollars, is none of SOL/USDT', (symbol) => {
    expect(kindOf(symbol)).toBe('unknown_symbol');
  });
});
