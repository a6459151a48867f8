/** Which wallets the factory serves at the exchange, and how often it opens their keys. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { symbolRegistry } from '../../../../shared/domain/symbols.ts';
import type { ExchangeAccount, Wallet } from '../../../../shared/domain/types.ts';
import { type Credentials, KeyUnreadableError, type SealContext } from '../../../../shared/ports/keys.ts';
import { WalletUnusableError } from '../../../../shared/ports/venue.ts';
import { createBinanceWallets } from '../../../../shared/venues/binance/wallets.ts';
import { createVenueFactory, type VenueFactoryParts } from '../../../../shared/venues/factory.ts';
import { aBinanceWallet } from '../../../support/exchange-wallet.ts';
import { RecordingBudget } from '../../../support/recording-budget.ts';
import { workbench } from '../bench.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

const CREDENTIALS: Credentials = { keyType: 'hmac', apiKey: 'key-in-use', secret: 's' };

let server: ScriptedServer;
let factory: VenueFactoryParts;
let wallet: Wallet;
let opened: { sealed: string; context: SealContext }[];
let opens: (sealed: string) => Promise<Credentials>;
let now: number;
let budget: RecordingBudget;

const change = (account: Partial<ExchangeAccount>, more: Partial<Wallet> = {}): void => {
  wallet = { ...aBinanceWallet(account), ...more };
};
const make = (served: 'binance_simulator' | 'binance_testnet' | null): VenueFactoryParts => {
  const { store } = workbench();
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  };
  const clock = { now: () => now };
  const opener = {
    open: async (sealed: string, context: SealContext) => {
      opened.push({ sealed, context });
      return opens(sealed);
    },
  };
  const registry = symbolRegistry();
  const symbols = {
    find: async (_: unknown, text: string) => registry.find(text),
    list: () => Promise.reject(new Error('not asked for')),
    all: () => Promise.reject(new Error('not asked for')),
  };
  return createVenueFactory({
    wallets: { get: async (id) => (id === wallet.walletId ? wallet : null) },
    store,
    prices: { price: async () => null },
    outbox: { executions: () => Promise.reject(new Error('nothing is to be told')) },
    symbols,
    clock,
    log,
    binance:
      served === null
        ? null
        : createBinanceWallets({
            environment: served,
            endpoints: { rest: server.url },
            opener,
            budget,
            symbols,
            clock,
            log,
          }),
  });
};

beforeEach(async () => {
  server = await startScriptedServer();
  server.on('GET /api/v3/time', () => ({ json: { serverTime: Date.now() } }));
  server.on('GET /api/v3/account', { json: { uid: 5, canTrade: true, balances: [] } });
  now = Date.now();
  budget = new RecordingBudget();
  opened = [];
  opens = async () => CREDENTIALS;
  change({});
  factory = make('binance_simulator');
});
afterEach(async () => {
  factory.close();
  await server.stop();
});

describe('an account', () => {
  it.each([
    [undefined, 'comparison'],
    ['comparison', 'comparison'],
    ['query', 'query'],
  ] as const)('that is asked for in the rank %s asks the venue as %s', async (rank, expected) => {
    const account = await factory.forAccount('w1', rank);
    await account.accountBalances();
    server.on('GET /api/v3/openOrders', { json: [] });
    await account.accountOrders(null);
    const ranks = budget.asks.map((ask) => ask.rank).filter((asked) => asked !== 'exit');
    expect(ranks).toEqual([expected, expected]);
  });
});

describe('keys', () => {
  it('are opened once per version, bound to their wallet', async () => {
    for (let i = 0; i < 3; i += 1) {
      await factory.forWallet('w1');
      now += 6_000;
    }
    expect(opened).toEqual([{ sealed: 'sealed', context: { walletId: 'w1', userId: 'u1' } }]);
    change({ keyVersion: 2, sealedKeys: 'sealed2' });
    await factory.forWallet('w1');
    expect(opened.map((o) => o.sealed)).toEqual(['sealed', 'sealed2']);
  });

  it('that were exchanged are used from the next request on: the old ones may be gone at once', async () => {
    await factory.forWallet('w1');
    change({ keyVersion: 2, sealedKeys: 'sealed2' });
    await factory.forWallet('w1');
    expect(opened.map((o) => o.sealed)).toEqual(['sealed', 'sealed2']);
  });

  it('of a wallet that was just read need no other read', async () => {
    const known = wallet;
    change({ keyVersion: 2, sealedKeys: 'sealed2' });
    const venue = await factory.forWallet('w1', known);
    expect(opened.map((o) => o.sealed)).toEqual(['sealed']);
    // What a refusal would be about: the keys that sign, whatever the wallet has by then.
    expect(venue.keyVersion).toBe(1);
    expect((await factory.forWallet('w1')).keyVersion).toBe(2);
  });

  it('that wait for their check are used for it, and for nothing else', async () => {
    opens = async (sealed) => ({ ...CREDENTIALS, apiKey: sealed });
    const pendingKeys = {
      keyType: 'hmac',
      keyHint: 'x',
      sealedKeys: 'waiting',
      keyFingerprint: 'f',
    } as const;
    change({ pendingKeys });
    await (await factory.forKeyCheck('w1')).testConnection();
    await (await factory.forWallet('w1')).balances();
    change({ pendingKeys: null });
    await (await factory.forKeyCheck('w1')).testConnection();
    expect(server.of('GET /api/v3/account').map((a) => a.apiKey)).toEqual(['waiting', 'sealed', 'sealed']);
  });

  it.each([
    ['deleted', { status: 'deleted', sealedKeys: '' }],
    ['none', { sealedKeys: '' }],
  ] as const)('%s: the wallet cannot be used', async (_, account) => {
    change(account);
    await expect(factory.forWallet('w1')).rejects.toThrow(WalletUnusableError);
  });

  it('that cannot be read, or cannot sign, make it unusable; a failing service does not, and is asked again', async () => {
    opens = () => Promise.reject(new KeyUnreadableError('of another wallet'));
    await expect(factory.forWallet('w1')).rejects.toThrow(WalletUnusableError);
    opens = async () => ({ keyType: 'rsa', apiKey: 'k', secret: 'no pem at all' });
    await expect(factory.forWallet('w1')).rejects.toThrow(WalletUnusableError);
    await expect(factory.forWallet('w1')).rejects.not.toThrow(/no pem/);
    opens = () => Promise.reject(new Error('service away'));
    await expect(factory.forWallet('w1')).rejects.toThrow('service away');
    opens = async () => CREDENTIALS;
    await factory.forWallet('w1');
  });
});

describe('environments', () => {
  it('a wallet of another one is refused, for trading and for its check', async () => {
    for (const served of ['binance_testnet', null] as const) {
      const other = make(served);
      await expect(other.forWallet('w1')).rejects.toThrow(WalletUnusableError);
      await expect(other.forKeyCheck('w1')).rejects.toThrow(WalletUnusableError);
      other.close();
    }
    expect(opened).toEqual([]);
  });

  it('a wallet at the exchange has no demo book, a demo wallet no keys', async () => {
    await expect(factory.demoBook('w1')).rejects.toThrow('no demo wallet');
    wallet = workbench().wallet;
    await expect(factory.forKeyCheck(wallet.walletId)).rejects.toThrow(WalletUnusableError);
    await expect(factory.forWallet('nobody')).rejects.toThrow('no wallet nobody');
  });
});
