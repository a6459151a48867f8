/** What GET of a symbol says of one that is not found. */
import { describe, expect, it } from 'vitest';
import { symbolOperations } from '../../../functions/api/symbols.ts';
import type { UserRequest } from '../../../shared/http/types.ts';
import { World } from '../../support/fakes/world.ts';

const request = (symbol: string, environment: string): UserRequest => ({
  requestId: 'r',
  userId: 'user',
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
