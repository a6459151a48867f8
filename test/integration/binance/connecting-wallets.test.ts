/** Wallets connected to the simulated exchange: real sealing, signing and checking, no fake between. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CreatedKey, KeyOptions } from '../../../infra/local/venues/binance/server/keys.ts';
import { type Simulator, startSimulator } from '../../../infra/local/venues/binance/start.ts';
import type { Credentials, KeyCipher } from '../../../shared/ports/keys.ts';
import type { VenueFactory } from '../../../shared/ports/venue.ts';
import { type BinanceWallets, createBinanceWallets } from '../../../shared/venues/binance/wallets.ts';
import { hmacKeys } from '../../support/exchange-keys.ts';
import { RecordingBudget } from '../../support/recording-budget.ts';
import { keysBody, testCipher, WALLETS, WalletWorld, walletBody } from '../../support/wallet-world.ts';

let simulator: Simulator;
let cipher: KeyCipher;
let remove: () => void;
let world: WalletWorld;
let venue: BinanceWallets | null = null;

beforeAll(async () => {
  ({ cipher, remove } = await testCipher());
});
afterAll(() => remove());

beforeEach(async () => {
  simulator = await startSimulator({
    accounts: [
      { uid: 1, balances: { USDT: '100000.12345678', BTC: '0.00000001' } },
      { uid: 2, balances: { USDT: '5' } },
    ],
  });
  const served = ['demo', 'binance_simulator'] as const;
  world = new WalletWorld(cipher, served, (wallets, log): VenueFactory => {
    const exchange = createBinanceWallets({
      environment: 'binance_simulator',
      endpoints: { rest: simulator.restUrl },
      budget: new RecordingBudget(),
      clock: { now: () => Date.now() },
      log,
      opener: cipher,
      symbols: { find: async () => null },
    });
    venue = exchange;
    const read = async (walletId: string) => {
      const wallet = await wallets.get(walletId);
      if (wallet === null) throw new Error(`no wallet ${walletId}`);
      return wallet;
    };
    return {
      forWallet: async (walletId) => exchange.wallet(await read(walletId)),
      forKeyCheck: async (walletId) => exchange.forKeyCheck(await read(walletId)),
      demoBook: async () => {
        throw new Error('no demo wallet here');
      },
    };
  });
  return async () => {
    venue?.venue.close();
    await simulator.stop();
  };
});

const credentials = ({ keyType, apiKey, secret }: CreatedKey): Credentials => {
  if (secret === null) throw new Error('the simulator keeps no secret of this key');
  return { keyType, apiKey, secret };
};
const keyOf = (options: KeyOptions): Credentials => credentials(simulator.createKey(options));
const connect = (keys: Credentials) => world.call('POST', WALLETS, { body: walletBody(keys) });

describe('a wallet at the simulated exchange', () => {
  it.each(['hmac', 'ed25519', 'rsa'] as const)(
    'is connected with %s keys, and shows exact balances',
    async (type) => {
      const made = await connect(keyOf({ uid: 1, type }));
      expect([made.status, made.body.status, made.body.account_uid]).toEqual([201, 'active', '1']);
      expect(made.body.warnings).toEqual(['no_ip_restriction']);
      const { body } = await world.call('GET', `${WALLETS}/${made.body.wallet_id}/balances`);
      expect(body.balances).toEqual([
        { asset: 'BTC', free: '0.00000001', locked: '0', total: '0.00000001' },
        { asset: 'USDT', free: '100000.12345678', locked: '0', total: '100000.12345678' },
      ]);
    },
  );

  it('refuses each kind of bad key with its own code', async () => {
    const known = keyOf({ uid: 1 });
    const table: readonly [Credentials, string][] = [
      [hmacKeys(), 'key_rejected'],
      [{ ...known, secret: hmacKeys().secret }, 'bad_signature'],
      [keyOf({ uid: 1, enableWithdrawals: true }), 'withdraw_permission'],
      [keyOf({ uid: 1, permissions: ['USER_DATA'] }), 'no_trade_permission'],
    ];
    for (const [keys, code] of table) {
      const { status, body } = await connect(keys);
      expect([status, body.code, body.problem?.code]).toEqual([422, 'wallet_refused', code]);
    }
    const elsewhere = await connect(keyOf({ uid: 1, ipWhitelist: ['203.0.113.7'] }));
    expect(['ip_not_allowed', 'key_rejected']).toContain(elsewhere.body.problem?.code);
    // None of them took the account.
    expect((await connect(known)).status).toBe(201);
  });

  it('notices a revoked key, and takes new ones of the same account only', async () => {
    const keys = keyOf({ uid: 1 });
    const made = await connect(keys);
    const path = `${WALLETS}/${made.body.wallet_id}`;
    const foreign = await world.call('PUT', `${path}/keys`, { body: keysBody(keyOf({ uid: 2 })) });
    expect([foreign.status, foreign.body.problem.code]).toEqual([422, 'account_changed']);
    simulator.revokeKey(keys.apiKey);
    const tested = await world.call('POST', `${path}/test`);
    expect([tested.status, tested.body.problem.code]).toEqual([422, 'key_rejected']);
    const next = keyOf({ uid: 1, type: 'ed25519' });
    const rotated = await world.call('PUT', `${path}/keys`, { body: keysBody(next) });
    expect([rotated.status, rotated.body.status, rotated.body.key_type]).toEqual([200, 'active', 'ed25519']);
  });

  it('stays as it is while the exchange cannot be reached', async () => {
    const keys = keyOf({ uid: 1 });
    const made = await connect(keys);
    await simulator.stop();
    const tested = await world.call('POST', `${WALLETS}/${made.body.wallet_id}/test`);
    expect([tested.status, tested.body.status, tested.body.problem.code]).toEqual([
      200,
      'active',
      'venue_unreachable',
    ]);
  });

  it('says nothing of keys and signatures, whatever goes wrong', async () => {
    const keys = keyOf({ uid: 1 });
    await connect(keys);
    await connect({ ...keys, secret: hmacKeys().secret });
    await simulator.stop();
    await connect(keys);
    const said = world.said.join('\n');
    expect(said).not.toContain(keys.apiKey);
    expect(said).not.toContain(keys.secret);
    expect(said).not.toMatch(/signature=[0-9A-Za-z]/);
  });
});
