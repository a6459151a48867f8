/** What GET of a symbol says of one that is not found. */
import { describe, expect, it } from 'vitest';
import { symbolOrRefuse } from '../../../functions/api/known-symbols.ts';
import { symbolOperations } from '../../../functions/api/symbols.ts';
import { builtInDirectory } from '../../../shared/adapters/symbols/built-in.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import type { UserRequest } from '../../../shared/http/types.ts';
import type { SymbolDirectory } from '../../../shared/ports/symbols.ts';
import { World } from '../../support/fakes/world.ts';

const request = (symbol: string, environment: string): UserRequest => ({
  requestId: 'r',
  userId: 'user',
  clientId: null,
  scopes: new Set(['read'] as const),
  params: { symbol },
  query: { environment },
  headers: {},
  body: undefined,
});

describe('a symbol that is not found', () => {
  it.each([
    [true, 'NOPE/USDT is not a symbol of binance_simulator.'],
    [false, "The exchange's trading rules have not been read yet, try again in a minute."],
  ])('rules read: %s', async (hasRules, detail) => {
    const world = new World({ exchange: {} });
    world.hasRules = hasRules;
    const { symbols, wallets, served } = world.ports;
    const { getSymbol } = symbolOperations({ symbols, wallets, served });
    await expect(getSymbol(request('NOPE/USDT', 'binance_simulator'))).rejects.toMatchObject({
      complaints: [{ code: 'not_found', field: 'symbol', detail }],
    });
  });
});

describe('a name where no environment is given', () => {
  it('is that of the symbol that bears it, before one that Polygon calls so', async () => {
    const specs = symbolRegistry().all();
    const at = (only: readonly string[]) =>
      symbolRegistry(specs.filter(({ symbol }) => only.includes(symbol)));
    const [demo, exchange] = [at(['SOL/USDT', 'BTC/USDT']), at(['BTC/USDT', 'BTC/USD'])];
    const symbols: SymbolDirectory = {
      ...builtInDirectory(demo),
      find: async (environment, text) => (environment === 'demo' ? demo : exchange).find(text),
    };
    const known = { symbols, served: ['demo', 'binance_simulator'] as const };
    expect(await symbolOrRefuse(known, 'BTC-USD')).toBe('BTC/USD');
    expect(await symbolOrRefuse(known, 'X:SOLUSD')).toBe('SOL/USDT');
    await expect(symbolOrRefuse(known, 'ETH-USD')).rejects.toThrow('not a symbol');
  });
});
