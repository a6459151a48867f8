/** The factory: a wallet's venue, read once in a while. */
import { expect, it } from 'vitest';
import { builtInDirectory } from '../../../shared/adapters/symbols/built-in.ts';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import { createVenueFactory } from '../../../shared/venues/factory.ts';
import { T0, workbench } from './bench.ts';

it('gives a wallet its venue, remembers it for a minute, and throws for a stranger', async () => {
  const { store, wallet } = workbench();
  let reads = 0;
  let now = T0;
  const factory = createVenueFactory({
    wallets: {
      get: async (walletId) => {
        reads += 1;
        return walletId === wallet.walletId ? wallet : null;
      },
    },
    store,
    prices: { price: async () => null },
    outbox: { executions: () => Promise.reject(new Error('nothing is to be told')) },
    symbols: builtInDirectory(symbolRegistry()),
    binance: null,
    clock: { now: () => now },
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  const venue = await factory.forWallet('w1');
  await (await factory.demoBook('w1')).open([{ asset: 'USDT', amount: decimal('5') }]);
  expect(await venue.balances()).toMatchObject([{ asset: 'USDT', free: decimal('5') }]);
  expect(reads).toBe(1);
  now += 60_000;
  await factory.forWallet('w1');
  expect(reads).toBe(2);
  await expect(factory.forWallet('w2')).rejects.toThrow('no wallet w2');
});
