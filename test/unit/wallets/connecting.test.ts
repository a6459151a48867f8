import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKeyCipher } from '../../../shared/adapters/keys/cipher.ts';
import type { KeyProblem } from '../../../shared/domain/types.ts';
import { type KeyCipher, KeysUnavailableError } from '../../../shared/ports/keys.ts';
import { ed25519Keys, hmacKeys, rsaKeys } from '../../support/exchange-keys.ts';
import { keysBody, testCipher, WALLETS, WalletWorld, walletBody } from '../../support/wallet-world.ts';

let cipher: KeyCipher;
let remove: () => void;
let world: WalletWorld;

beforeAll(async () => {
  ({ cipher, remove } = await testCipher());
});
afterAll(() => remove());
beforeEach(() => {
  world = new WalletWorld(cipher);
});

const problem = (code: KeyProblem['code']): KeyProblem => ({ code, message: `because of ${code}` });

describe('connecting an account', () => {
  it('answers the active wallet, with warnings, without keys', async () => {
    for (const [i, keys] of [hmacKeys(), ed25519Keys(), rsaKeys(2048)].entries()) {
      world.exchange.knows(keys, `uid-${i}`, { warnings: ['no_ip_restriction'] });
      const made = await world.call('POST', WALLETS, { body: walletBody(keys), key: `k${i}` });
      expect(made.status).toBe(201);
      expect(made.headers['location']).toBe(`${WALLETS}/${made.body.wallet_id}`);
      expect(made.body).toMatchObject({
        type: 'binance',
        exchange: 'binance',
        environment: 'binance_testnet',
        status: 'active',
        problem: null,
        warnings: ['no_ip_restriction'],
        key_type: keys.keyType,
        key_hint: keys.apiKey.slice(-4),
        account_uid: `uid-${i}`,
        check_under_way: false,
        paused: false,
      });
      expect(made.body).not.toHaveProperty('sealed_keys');
      const stored = JSON.stringify(world.wallet(made.body.wallet_id));
      expect(stored).not.toContain(keys.apiKey);
      expect(stored).not.toContain(keys.secret);
    }
  });

  it.each([
    'key_rejected',
    'withdraw_permission',
    'no_trade_permission',
    'ip_not_allowed',
    'clock_skew',
  ] as const)('names %s, marks the wallet, and loses nothing', async (code) => {
    const keys = hmacKeys();
    world.exchange.knows(keys, 'uid-1', { problem: problem(code) });
    const made = await world.call('POST', WALLETS, { body: walletBody(keys), key: 'k' });
    expect(made.status).toBe(422);
    expect(made.body).toMatchObject({
      code: 'wallet_refused',
      problem: { code },
      wallet: { status: 'refused', problem: { code } },
    });
    const { body } = await world.call('GET', `${WALLETS}/${made.body.wallet.wallet_id}`);
    expect(body).toMatchObject({ status: 'refused', problem: { code } });
    const kept = world.account(body.wallet_id).sealedKeys !== '';
    expect(kept).toBe(code !== 'withdraw_permission');
    const again = await world.call('POST', WALLETS, { body: walletBody(keys), key: 'k' });
    expect([again.status, again.body.code]).toEqual([422, 'wallet_refused']);
    expect(world.wallets.items.size).toBe(1);
  });

  it('names a wrong format before anything is stored', async () => {
    const keys = hmacKeys();
    const wrong = await world.call('POST', WALLETS, { body: walletBody({ ...keys, apiKey: 'short' }) });
    expect([wrong.status, wrong.body.code, wrong.body.field]).toEqual([422, 'key_format', 'api_key']);
    const none = await world.call('POST', WALLETS, {
      body: { name: 'x', type: 'binance', api_key: keys.apiKey },
    });
    expect([none.status, none.body.code, none.body.field]).toEqual([422, 'key_format', 'secret_key']);
    const missing = await world.call('POST', WALLETS, { body: { name: 'x', type: 'binance' } });
    expect([missing.status, missing.body.code, missing.body.field]).toEqual([
      400,
      'missing_field',
      'api_key',
    ]);
    const other = await world.call('POST', WALLETS, { body: { name: 'x', type: 'kraken' } });
    expect([other.status, other.body.code, other.body.field]).toEqual([400, 'invalid_field', 'type']);
    expect(other.body.detail).toBe('type must be one of: demo, binance.');
    const untyped = await world.call('POST', WALLETS, { body: { name: 'x' } });
    expect([untyped.status, untyped.body.code, untyped.body.field]).toEqual([400, 'missing_field', 'type']);
    expect(world.wallets.items.size).toBe(0);
  });

  it('serves one environment, and says which', async () => {
    const keys = hmacKeys();
    world.exchange.knows(keys, 'uid-1');
    const body = walletBody(keys, { environment: 'binance' });
    const other = await world.call('POST', WALLETS, { body });
    expect([other.status, other.body.code, other.body.field]).toEqual([
      422,
      'environment_not_served',
      'environment',
    ]);
    expect(other.body.next_action).toContain('binance_testnet');
    const same = walletBody(keys, { environment: 'binance_testnet' });
    expect((await world.call('POST', WALLETS, { body: same })).status).toBe(201);
    const demoOnly = new WalletWorld(cipher, ['demo']);
    const none = await demoOnly.call('POST', WALLETS, { body: walletBody(keys) });
    expect([none.status, none.body.code]).toEqual([422, 'environment_not_served']);
  });

  it('is the same wallet for the same key and body, and refuses another body without saying what differs', async () => {
    const keys = hmacKeys();
    world.exchange.knows(keys, 'uid-1');
    const first = await world.call('POST', WALLETS, { body: walletBody(keys), key: 'k' });
    const again = await world.call('POST', WALLETS, { body: walletBody(keys), key: 'k' });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body.wallet_id).toBe(first.body.wallet_id);
    for (const body of [
      walletBody({ ...keys, secret: hmacKeys().secret }),
      walletBody({ ...keys, apiKey: hmacKeys().apiKey }),
      walletBody(keys, { name: 'other' }),
      { name: 'mine', type: 'demo', starting_balances: { USDT: '1' } },
    ]) {
      const refused = await world.call('POST', WALLETS, { body, key: 'k' });
      expect([refused.status, refused.body.code]).toEqual([422, 'idempotency_mismatch']);
      expect(refused.body.detail).toBe('Another wallet was made under this key.');
    }
    expect(world.exchange.checks).toBe(1);
  });

  it('gives an account to one wallet only, whoever asks', async () => {
    const first = await world.connect(hmacKeys(), 'uid-1');
    const second = hmacKeys();
    world.exchange.knows(second, 'uid-1');
    const taken = await world.call('POST', WALLETS, { body: walletBody(second), user: 'bob' });
    expect([taken.status, taken.body.problem.code]).toEqual([422, 'account_already_connected']);
    expect(taken.body.wallet.account_uid).toBeNull();
    expect(JSON.stringify(taken.body)).not.toContain(first);

    expect((await world.call('DELETE', `${WALLETS}/${first}`)).status).toBe(200);
    const tested = await world.call('POST', `${WALLETS}/${taken.body.wallet.wallet_id}/test`, {
      user: 'bob',
    });
    expect([tested.status, tested.body.status]).toEqual([200, 'active']);
  });

  it('answers while the check is under way, and the wallet becomes active later', async () => {
    world.isWorked = false;
    const keys = hmacKeys();
    world.exchange.knows(keys, 'uid-1');
    const made = await world.call('POST', WALLETS, { body: walletBody(keys), prefer: 'wait=1' });
    expect([made.status, made.body.status, made.body.check_under_way]).toEqual([201, 'checking', true]);
    expect(made.headers['preference-applied']).toBe('wait=1');
    await world.work();
    expect(world.account(made.body.wallet_id).status).toBe('active');
  });

  it('keeps the wallet when the exchange cannot be reached, says so, and tries again by itself', async () => {
    const keys = hmacKeys();
    world.exchange.knows(keys, 'uid-1');
    world.exchange.isDown = true;
    const made = await world.call('POST', WALLETS, { body: walletBody(keys) });
    expect([made.status, made.body.status]).toEqual([201, 'checking']);
    expect(made.body.problem.code).toBe('venue_unreachable');
    world.exchange.isDown = false;
    world.now += 2_000;
    expect(await world.redriveWallets()).toBe(1);
    expect(await world.redriveWallets()).toBe(0);
    await world.work();
    expect(world.account(made.body.wallet_id)).toMatchObject({ status: 'active', problem: null });
    world.now += 60_000;
    expect(await world.redriveWallets()).toBe(0);
  });

  it('is finished by the sweep when the message was never sent', async () => {
    const keys = hmacKeys();
    world.exchange.knows(keys, 'uid-1');
    world.outbox.submit = () => Promise.reject(new Error('queue away'));
    const made = await world.call('POST', WALLETS, { body: walletBody(keys), prefer: 'wait=0' });
    expect([made.status, made.body.status]).toEqual([201, 'checking']);
    expect(world.logs.map((entry) => entry.code)).toContain('MESSAGE_NOT_TAKEN');
    world.outbox.submit = async (message) => {
      world.outbox.queue.push({ queue: 'submit', message, delaySeconds: 0 });
    };
    world.now += 2_500;
    await world.redriveWallets();
    await world.work();
    expect(world.account(made.body.wallet_id).status).toBe('active');
  });

  it('is harmless when messages are doubled, and when the check loses a race', async () => {
    world.outbox.fate = () => 'double';
    const keys = hmacKeys();
    world.exchange.knows(keys, 'uid-1');
    let id = '';
    world.exchange.meanwhile = async () => {
      id = [...world.wallets.items.keys()][0] ?? '';
      await world.commands.pause({ userId: 'alice', walletId: id, reason: null });
    };
    const made = await world.call('POST', WALLETS, { body: walletBody(keys) });
    await world.work();
    expect(made.body.wallet_id).toBe(id);
    expect(made.body).toMatchObject({ status: 'active', paused: true });
    expect(world.exchange.checks).toBe(2);
    expect(world.wallets.claims.size).toBe(1);
  });

  it('says of stored keys that cannot be opened any more that they must be given again', async () => {
    const other = await testCipher();
    try {
      const id = await world.connect(hmacKeys(), 'uid-1');
      const sealed = await other.cipher.seal(hmacKeys(), { walletId: id, userId: 'alice' });
      const wallet = world.wallet(id);
      world.wallets.items.set(id, { ...wallet, exchange: { ...world.account(id), sealedKeys: sealed } });
      const tested = await world.call('POST', `${WALLETS}/${id}/test`);
      expect([tested.status, tested.body.problem.code]).toEqual([422, 'key_unreadable']);
    } finally {
      other.remove();
    }
  });

  it('answers a typed refusal when keys cannot be sealed now, and stores nothing', async () => {
    const away = new WalletWorld(createKeyCipher('file:/nowhere/key'));
    const keys = hmacKeys();
    const made = await away.call('POST', WALLETS, { body: walletBody(keys) });
    expect([made.status, made.body.code]).toEqual([503, 'keys_unavailable']);
    expect(away.wallets.items.size).toBe(0);
  });

  it('leaves everything as it is, still owed, when the keys cannot be opened now', async () => {
    const keys = hmacKeys();
    world.exchange.knows(keys, 'uid-1');
    const { forKeyCheck } = world.exchange;
    world.exchange.forKeyCheck = () => Promise.reject(new KeysUnavailableError('service away'));
    world.isWorked = false;
    const made = await world.call('POST', WALLETS, { body: walletBody(keys), prefer: 'wait=0' });
    await expect(world.work()).rejects.toThrow(KeysUnavailableError);
    expect(world.account(made.body.wallet_id)).toMatchObject({ status: 'checking', problem: null });
    world.exchange.forKeyCheck = forKeyCheck;
    world.now += 2_500;
    expect(await world.redriveWallets()).toBe(1);
    await world.work();
    expect(world.account(made.body.wallet_id).status).toBe('active');
  });

  it('is not asked of an exchange that is no longer served, and says so', async () => {
    const id = await world.connect(hmacKeys(), 'uid-1');
    const moved = new WalletWorld(cipher, ['demo', 'binance_demo']);
    moved.wallets.items.set(id, world.wallet(id));
    const tested = await moved.call('POST', `${WALLETS}/${id}/test`);
    expect([tested.status, tested.body.code]).toEqual([422, 'environment_not_served']);
    const held = await moved.call('GET', `${WALLETS}/${id}/balances`);
    expect([held.status, held.body.code]).toEqual([422, 'environment_not_served']);
    moved.wallets.items.set(id, {
      ...world.wallet(id),
      exchange: { ...world.account(id), checkWantedAt: moved.now },
    });
    await moved.checkKeys(id);
    expect(moved.account(id)).toMatchObject({ status: 'active', problem: { code: 'venue_unreachable' } });
    expect(moved.exchange.checks).toBe(0);
  });

  it('does nothing for wallets that are gone, demo or settled', async () => {
    await world.checkKeys('nobody');
    expect(world.logs.at(-1)?.code).toBe('WORK_FOR_UNKNOWN_WALLET');
    const demo = await world.call('POST', WALLETS, {
      body: { name: 'demo', type: 'demo', starting_balances: { USDT: '1' } },
    });
    expect(demo.status).toBe(201);
    await world.checkKeys(demo.body.wallet_id);
    expect(world.exchange.checks).toBe(0);
  });
});

describe('what is said about wallets', () => {
  it('never has a key, a secret or a line of a PEM in it', async () => {
    const used = [hmacKeys(), ed25519Keys(), rsaKeys(2048), rsaKeys(4096)].map((keys) => ({
      keys,
      next: keys.keyType === 'hmac' ? hmacKeys() : ed25519Keys(),
    }));
    for (const [i, { keys, next }] of used.entries()) {
      const path = `${WALLETS}/${await world.connect(keys, `uid-${i}`)}`;
      await world.call('PUT', `${path}/keys`, { body: keysBody(next) });
      world.exchange.knows(next, `uid-${i}`);
      await world.call('PUT', `${path}/keys`, { body: keysBody(next) });
      await world.call('POST', `${path}/test`);
      await world.call('POST', WALLETS, { body: walletBody(keys), key: 'same' });
      await world.call('POST', WALLETS, { body: { ...walletBody(keys), extra: keys.secret } });
      await world.call('POST', WALLETS, { body: { ...walletBody(keys), environment: keys.secret } });
      await world.call('POST', WALLETS, { body: walletBody({ ...keys, apiKey: `${keys.apiKey}x` }) });
      await world.call('POST', WALLETS, { body: walletBody({ ...keys, secret: `x${keys.secret}` }) });
      await world.call('POST', WALLETS, { body: { ...walletBody(keys), api_key: [keys.secret] } });
      await world.call('GET', path);
      await world.call('DELETE', path);
    }
    await world.call('GET', WALLETS);
    const said = world.said.join('\n');
    expect(said.length).toBeGreaterThan(5_000);
    for (const { apiKey, secret, keyType } of used.flatMap(({ keys, next }) => [keys, next])) {
      const lines = secret.split('\n').filter((line) => line.length > 20 && !line.startsWith('-----'));
      for (const part of [apiKey, ...(keyType === 'hmac' ? [secret] : lines)]) {
        expect(said).not.toContain(part);
      }
    }
  });
});
