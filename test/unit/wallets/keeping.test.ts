import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { decimal, ZERO } from '../../../shared/domain/money/decimal.ts';
import type { Order, Position } from '../../../shared/domain/types.ts';
import type { Credentials, KeyCipher } from '../../../shared/ports/keys.ts';
import { hmacKeys } from '../../support/exchange-keys.ts';
import {
  balance,
  keysBody,
  testCipher,
  WALLETS,
  WalletWorld,
  walletBody,
} from '../../support/wallet-world.ts';

let cipher: KeyCipher;
let remove: () => void;
let world: WalletWorld;
let keys: Credentials;
let id: string;
let path: string;

beforeAll(async () => {
  ({ cipher, remove } = await testCipher());
});
afterAll(() => remove());
beforeEach(async () => {
  world = new WalletWorld(cipher);
  keys = hmacKeys();
  id = await world.connect(keys, 'uid-1');
  path = `${WALLETS}/${id}`;
});

const inWallet = (more: object): unknown => ({
  walletId: id,
  userId: 'alice',
  version: 1,
  symbol: 'BTC/USDT',
  createdAt: 1,
  venueQuantity: ZERO,
  filledQuantity: ZERO,
  ...more,
});
const order = (orderId: string, status: Order['status']): void => {
  world.ledger.orderItems.set(orderId, inWallet({ orderId, status }) as Order);
};
const position = (positionId: string, status: Position['status']): void => {
  world.ledger.positionItems.set(positionId, inWallet({ positionId, status }) as Position);
};

describe('the page of a wallet', () => {
  const said = {
    ...{ walletId: '', at: 1, lastBalancesAt: null, events: {}, foreignOrders: 2, gapOpen: false },
    ...{ subscribedSince: Date.UTC(2026, 10, 22, 11), lastEventAt: null, reportsSent: 7, buffered: 1 },
    problem: null,
  };

  it('shows how the news of its orders arrive', async () => {
    expect((await world.call('GET', path)).body.stream).toBeNull();
    world.streams?.set(id, said);
    expect((await world.call('GET', path)).body.stream).toEqual({
      ...{ subscribed_since: '2026-11-22T11:00:00.000Z', last_event_at: null, last_error: null },
      ...{ reports_sent: 7, buffered: 1 },
    });
    const problem = { code: 'venue_-2015', message: 'Invalid API-key', at: Date.UTC(2026, 10, 22, 11, 30) };
    const lastEventAt = Date.UTC(2026, 10, 22, 11, 29);
    world.streams?.set(id, { ...said, subscribedSince: null, lastEventAt, problem });
    expect((await world.call('GET', path)).body.stream).toMatchObject({
      ...{ subscribed_since: null, last_event_at: '2026-11-22T11:29:00.000Z' },
      last_error: { code: 'venue_-2015', message: 'Invalid API-key', at: '2026-11-22T11:30:00.000Z' },
    });
    expect((await world.call('GET', WALLETS)).body.items[0]).not.toHaveProperty('stream');
  });

  it('is shown without that while the cache is away', async () => {
    world.streams = null;
    const page = await world.call('GET', path);
    expect([page.status, page.body.status, page.body.stream]).toEqual([200, 'active', null]);
    expect(world.logs.map(({ code }) => code)).toContain('WALLET_STREAM_UNKNOWN');
  });
});

describe('testing keys', () => {
  it('asks the exchange now, and shows what it says', async () => {
    const before = world.account(id).checkedAt;
    world.now += 5_000;
    const tested = await world.call('POST', `${path}/test`);
    expect([tested.status, tested.body.status]).toEqual([200, 'active']);
    expect(world.account(id).checkedAt).toBeGreaterThan(before ?? 0);
    world.exchange.accounts.delete(keys.apiKey);
    const revoked = await world.call('POST', `${path}/test`);
    expect([revoked.status, revoked.body.code, revoked.body.problem.code]).toEqual([
      422,
      'wallet_refused',
      'key_rejected',
    ]);
    world.exchange.knows(keys, 'uid-1');
    const good = await world.call('POST', `${path}/test`);
    expect([good.status, good.body.status, good.body.problem]).toEqual([200, 'active', null]);
  });

  it('leaves an active wallet active when the exchange cannot be reached, and says so', async () => {
    world.exchange.isDown = true;
    const tested = await world.call('POST', `${path}/test`);
    expect([tested.status, tested.body.status, tested.body.problem.code]).toEqual([
      200,
      'active',
      'venue_unreachable',
    ]);
    world.now += 120_000;
    expect(await world.redriveWallets()).toBe(0);
  });

  it('has nothing to test where the keys were not kept', async () => {
    const greedy = hmacKeys();
    const problem = { code: 'withdraw_permission', message: 'may withdraw' } as const;
    world.exchange.knows(greedy, 'uid-2', { problem });
    const made = await world.call('POST', WALLETS, { body: walletBody(greedy) });
    const own = `${WALLETS}/${made.body.wallet.wallet_id}`;
    const tested = await world.call('POST', `${own}/test`);
    expect([tested.status, tested.body.code]).toEqual([409, 'keys_missing']);
    const better = hmacKeys();
    world.exchange.knows(better, 'uid-2');
    const given = await world.call('PUT', `${own}/keys`, { body: keysBody(better) });
    expect([given.status, given.body.status]).toEqual([200, 'active']);
  });
});

describe('a key that an order found refused', () => {
  it('shows at once, stops entries, and is asked about', async () => {
    world.exchange.accounts.delete(keys.apiKey);
    await world.markKeyProblem(id, { code: 'key_rejected', message: 'gone' }, 1);
    expect(world.account(id)).toMatchObject({ status: 'refused', problem: { code: 'key_rejected' } });
    expect(await world.wallets.exchangeWallets('binance_testnet')).toEqual([]);
    await world.work();
    expect(world.account(id)).toMatchObject({ status: 'refused', checkWantedAt: null });
  });

  it('is active again when it was a mistake', async () => {
    await world.markKeyProblem(id, { code: 'key_rejected', message: 'gone' }, 1);
    await world.markKeyProblem(id, { code: 'key_rejected', message: 'gone' }, 1);
    expect(world.logs.filter((entry) => entry.code === 'KEY_PROBLEM')).toHaveLength(1);
    await world.work();
    expect(world.account(id)).toMatchObject({ status: 'active', problem: null });
    expect(await world.wallets.exchangeWallets('binance_testnet')).toHaveLength(1);
  });
});

describe('rotating keys', () => {
  it('takes good keys of the same account over', async () => {
    const next = hmacKeys();
    world.exchange.knows(next, 'uid-1');
    const rotated = await world.call('PUT', `${path}/keys`, { body: keysBody(next) });
    expect([rotated.status, rotated.body.status]).toEqual([200, 'active']);
    expect(rotated.body).toMatchObject({ key_hint: next.apiKey.slice(-4), pending_key_hint: null });
    expect(world.account(id).keyVersion).toBe(2);
    const again = await world.call('PUT', `${path}/keys`, { body: keysBody(next) });
    expect(again.status).toBe(200);
    expect(world.account(id).keyVersion).toBe(2);
  });

  it('keeps the keys in use when the new ones are refused or of another account', async () => {
    const unknown = await world.call('PUT', `${path}/keys`, { body: keysBody(hmacKeys()) });
    expect([unknown.status, unknown.body.code, unknown.body.problem.code]).toEqual([
      422,
      'keys_refused',
      'key_rejected',
    ]);
    const foreign = hmacKeys();
    world.exchange.knows(foreign, 'uid-2');
    const other = await world.call('PUT', `${path}/keys`, { body: keysBody(foreign) });
    expect([other.status, other.body.problem.code]).toEqual([422, 'account_changed']);
    expect(other.body.wallet).toMatchObject({ status: 'active', key_hint: keys.apiKey.slice(-4) });
    expect((await world.call('POST', `${path}/test`)).body).toMatchObject({
      status: 'active',
      problem: null,
    });
  });

  it('goes on with the keys in use while the new ones cannot be tried', async () => {
    const next = hmacKeys();
    world.exchange.knows(next, 'uid-1');
    world.exchange.isDown = true;
    const rotated = await world.call('PUT', `${path}/keys`, { body: keysBody(next) });
    expect([rotated.status, rotated.body.status]).toEqual([202, 'active']);
    expect(rotated.body).toMatchObject({
      key_hint: keys.apiKey.slice(-4),
      pending_key_hint: next.apiKey.slice(-4),
    });
    world.exchange.isDown = false;
    world.now += 4_000;
    await world.redriveWallets();
    await world.work();
    expect(world.account(id)).toMatchObject({ keyHint: next.apiKey.slice(-4), pendingKeys: null });
  });

  it('judges the keys that were given last when they are given while others are tried', async () => {
    const first = hmacKeys();
    const second = hmacKeys();
    for (const next of [first, second]) world.exchange.knows(next, 'uid-1');
    world.exchange.meanwhile = async () => {
      const given = { apiKey: second.apiKey, secretKey: second.secret, privateKey: null };
      await world.commands.rotateKeys({ userId: 'alice', walletId: id, keys: given });
    };
    const replaced = await world.call('PUT', `${path}/keys`, { body: keysBody(first) });
    expect([replaced.status, replaced.body.code]).toEqual([409, 'keys_replaced']);
    await world.work();
    expect(world.account(id)).toMatchObject({ keyHint: second.apiKey.slice(-4), pendingKeys: null });
  });

  it('refuses a wrong format by field', async () => {
    const wrong = await world.call('PUT', `${path}/keys`, { body: { api_key: 'x', secret_key: 'y' } });
    expect([wrong.status, wrong.body.code, wrong.body.field]).toEqual([422, 'key_format', 'api_key']);
  });
});

describe('deleting a wallet', () => {
  it('wipes the keys, frees the account, and takes it out of the lists', async () => {
    const gone = await world.call('DELETE', path);
    expect([gone.status, gone.body.status]).toEqual([200, 'deleted']);
    expect(world.account(id)).toMatchObject({ sealedKeys: '', pendingKeys: null });
    expect((await world.call('GET', WALLETS)).body.items).toEqual([]);
    expect((await world.call('GET', path)).body.status).toBe('deleted');
    const again = await world.connect(hmacKeys(), 'uid-1');
    expect(again).not.toBe(id);
    for (const [method, tail] of [
      ['DELETE', ''],
      ['POST', '/test'],
      ['POST', '/pause'],
      ['POST', '/resume'],
    ] as const) {
      const refused = await world.call(method, `${path}${tail}`);
      expect([refused.status, refused.body.code]).toEqual([409, 'wallet_deleted']);
    }
    const rotated = await world.call('PUT', `${path}/keys`, { body: keysBody(hmacKeys()) });
    expect([rotated.status, rotated.body.code]).toEqual([409, 'wallet_deleted']);
    await world.checkKeys(id);
    expect(world.account(id).status).toBe('deleted');
  });

  it('is refused, naming them, while orders or positions are live', async () => {
    order('o-1', 'open');
    order('o-2', 'filled');
    position('p-1', 'closing');
    position('p-2', 'closed');
    const refused = await world.call('DELETE', path);
    expect([refused.status, refused.body.code]).toEqual([409, 'wallet_in_use']);
    expect(refused.body.facts).toEqual({ orders: 'o-1', positions: 'p-1' });
    expect(world.account(id)).toMatchObject({ status: 'active', pausedAt: null });
  });

  it('is refused when an entry begins meanwhile, and the wallet goes on', async () => {
    const work = world.work.bind(world);
    world.work = async () => {
      expect(world.account(id).pausedAt).not.toBeNull();
      position('p-3', 'opening');
      await work();
    };
    const refused = await world.call('DELETE', path);
    expect([refused.status, refused.body.facts]).toEqual([409, { positions: 'p-3' }]);
    expect(world.account(id)).toMatchObject({ status: 'active', pausedAt: null, pauseReason: null });
  });

  it('looks twice also when the wallet was paused just now, and keeps that pause', async () => {
    await world.call('POST', `${path}/pause`, { body: { reason: 'holiday' } });
    const work = world.work.bind(world);
    world.work = async () => {
      order('o-9', 'pending');
      await work();
    };
    const refused = await world.call('DELETE', path);
    expect([refused.status, refused.body.facts]).toEqual([409, { orders: 'o-9' }]);
    expect(world.account(id)).toMatchObject({ status: 'active', pauseReason: 'holiday' });
  });

  it('looks again where its first look was long ago when it finds the wallet paused', async () => {
    const { ledger } = world;
    const look = ledger.liveOrdersOfWallet.bind(ledger);
    ledger.liveOrdersOfWallet = async (walletId) => {
      ledger.liveOrdersOfWallet = look;
      const seen = await look(walletId);
      // The process stands still, an entry begins, and then somebody pauses the wallet.
      order('o-9', 'pending');
      await world.call('POST', `${path}/pause`, { body: { reason: 'holiday' } });
      world.now += 5_000;
      return seen;
    };
    const refused = await world.call('DELETE', path);
    expect([refused.status, refused.body.facts]).toEqual([409, { orders: 'o-9' }]);
    expect(world.account(id)).toMatchObject({ status: 'active', pauseReason: 'holiday' });
    expect(world.account(id).sealedKeys).not.toBe('');
  });

  it('is refused when the wallet is resumed meanwhile: an entry may have begun since the look', async () => {
    const work = world.work.bind(world);
    world.work = async () => {
      world.work = work;
      expect((await world.call('POST', `${path}/resume`)).status).toBe(200);
      await work();
    };
    const refused = await world.call('DELETE', path);
    expect([refused.status, refused.body.code]).toEqual([503, 'conflict']);
    expect(world.account(id)).toMatchObject({ status: 'active', pausedAt: null });
    expect(world.account(id).sealedKeys).not.toBe('');
  });

  it('that gives up leaves a pause that came meanwhile, and what was written before it stays behind', async () => {
    const { pauses } = world.account(id);
    const work = world.work.bind(world);
    world.work = async () => {
      world.work = work;
      const paused = await world.call('POST', `${path}/pause`, { body: { reason: 'daily loss' } });
      expect(paused.body.pause_reason).toBe('daily loss');
      order('o-9', 'pending');
      await work();
    };
    const refused = await world.call('DELETE', path);
    expect([refused.status, refused.body.facts]).toEqual([409, { orders: 'o-9' }]);
    expect(world.account(id)).toMatchObject({
      ...{ status: 'active', pauseReason: 'daily loss', pauses: pauses + 2 },
    });
    expect(world.account(id).pausedAt).not.toBeNull();
  });

  it('is refused when the wallet is paused meanwhile, and that pause stays', async () => {
    const work = world.work.bind(world);
    world.work = async () => {
      world.work = work;
      world.now += 5;
      await world.call('POST', `${path}/pause`, { body: { reason: 'daily loss' } });
      await work();
    };
    const refused = await world.call('DELETE', path);
    expect([refused.status, refused.body.code]).toEqual([503, 'conflict']);
    expect(refused.body.detail).toContain('paused or resumed meanwhile');
    expect(world.account(id)).toMatchObject({ status: 'active', pauseReason: 'daily loss' });
  });

  it('that gives up takes back only its own pause, not that of a deletion after it', async () => {
    const work = world.work.bind(world);
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    let second: ReturnType<typeof world.call> | undefined;
    world.work = async () => {
      world.work = () => gate;
      await world.call('POST', `${path}/resume`);
      world.now += 5;
      second = world.call('DELETE', path);
      await vi.waitFor(() => expect(world.account(id).pausedAt).toBe(world.now - 1_000));
      order('o-9', 'pending');
    };
    const first = await world.call('DELETE', path);
    expect([first.status, first.body.facts]).toEqual([409, { orders: 'o-9' }]);
    expect(world.account(id).pausedAt).not.toBeNull();
    world.work = work;
    open();
    expect((await second)?.status).toBe(409);
    expect(world.account(id)).toMatchObject({ pausedAt: null, pauseReason: null });
  });

  it('says that there are more than it names', async () => {
    for (let i = 0; i < 25; i++) order(`o-${i}`, 'open');
    const { body } = await world.call('DELETE', path);
    expect(body.facts.orders).toMatch(/^o-0, .* and more$/);
  });
});

describe('pausing', () => {
  it('says what stops and what goes on, and keeps the keys in use', async () => {
    const paused = await world.call('POST', `${path}/pause`, { body: { reason: 'holiday' } });
    expect(paused.status).toBe(200);
    expect(paused.body).toMatchObject({ paused: true, pause_reason: 'holiday', status: 'active' });
    expect(paused.body.stops).toEqual(['new entries']);
    expect(paused.body.continues).toContain('cancels');
    expect(await world.wallets.exchangeWallets('binance_testnet')).toHaveLength(1);
    const again = await world.call('POST', `${path}/pause`, { body: { reason: 'other' } });
    expect(again.body.pause_reason).toBe('holiday');
    const resumed = await world.call('POST', `${path}/resume`);
    expect(resumed.body).toMatchObject({ paused: false, pause_reason: null, paused_at: null });
    expect((await world.call('POST', `${path}/resume`)).status).toBe(200);
  });

  it('takes demo wallets too, and says what it cancels and closes on top', async () => {
    const demo = await world.call('POST', WALLETS, {
      body: { name: 'demo', type: 'demo', starting_balances: { USDT: '1' } },
    });
    const own = `${WALLETS}/${demo.body.wallet_id}`;
    expect(demo.body).toMatchObject({ paused: false, paused_at: null, pause_reason: null, stopping: null });
    const paused = await world.call('POST', `${own}/pause`, { body: { cancel_entries: true } });
    expect(paused.body).toMatchObject({
      ...{ paused: true, stopping: { cancel_entries: true, flatten: false }, cancelled: [], flattened: [] },
      continues: ['exits and protection', 'closes', 'cancels'],
    });
    expect(world.stopsAsked).toEqual([demo.body.wallet_id]);
    const more = await world.call('POST', `${own}/pause`, { body: { flatten: true } });
    expect(more.body.stopping).toMatchObject({ flatten: true });
    expect((await world.call('POST', `${own}/pause`, { body: { flatten: 'yes' } })).status).toBe(400);
    const resumed = await world.call('POST', `${own}/resume`);
    expect(resumed.body).toMatchObject({ paused: false, stopping: null });
  });

  it('survives a check and a rotation', async () => {
    await world.call('POST', `${path}/pause`);
    const next = hmacKeys();
    world.exchange.knows(next, 'uid-1');
    const rotated = await world.call('PUT', `${path}/keys`, { body: keysBody(next) });
    expect(rotated.body).toMatchObject({ status: 'active', paused: true });
  });
});

describe('balances', () => {
  it('are what the exchange says, exactly, with the time of the question', async () => {
    world.now += 10_000;
    world.exchange.held = [
      balance('USDT', decimal('0.00000001')),
      balance('BTC', decimal('123456789.123456789123456789'), decimal('0.1')),
      balance('DUST', ZERO),
    ];
    const { status, body } = await world.call('GET', `${path}/balances`);
    expect(status).toBe(200);
    expect(body.wallet_id).toBe(id);
    expect(Math.abs(Date.parse(body.as_of) - world.now)).toBeLessThan(1_000);
    expect(body.balances).toEqual([
      {
        asset: 'BTC',
        free: '123456789.123456789123456789',
        locked: '0.1',
        total: '123456789.223456789123456789',
      },
      { asset: 'USDT', free: '0.00000001', locked: '0', total: '0.00000001' },
    ]);
  });

  it('are asked for again only when they are old', async () => {
    world.now += 10_000;
    const first = await world.call('GET', `${path}/balances`);
    const reads = world.exchange.balanceReads;
    const second = await world.call('GET', `${path}/balances`);
    expect(second.body.as_of).toBe(first.body.as_of);
    expect(world.exchange.balanceReads).toBe(reads);
    world.now += 5_000;
    const third = await world.call('GET', `${path}/balances`);
    expect(third.body.as_of).not.toBe(first.body.as_of);
    expect(world.exchange.balanceReads).toBe(reads + 1);
  });

  it('are those known last when the exchange cannot be reached, or a typed refusal', async () => {
    const before = (await world.call('GET', `${path}/balances`)).body.as_of;
    world.now += 60_000;
    world.exchange.isDown = true;
    const old = await world.call('GET', `${path}/balances`, { prefer: 'wait=1' });
    expect([old.status, old.body.as_of]).toEqual([200, before]);
    world.wallets.snapshots.clear();
    const none = await world.call('GET', `${path}/balances`, { prefer: 'wait=1' });
    expect([none.status, none.body.code]).toEqual([503, 'balances_unavailable']);
  });

  it('need keys that work', async () => {
    world.exchange.accounts.delete(keys.apiKey);
    await world.call('POST', `${path}/test`);
    const refused = await world.call('GET', `${path}/balances`);
    expect([refused.status, refused.body.code]).toEqual([409, 'wallet_not_ready']);
    expect(refused.body.detail).toContain('does not know it');
  });
});

describe('a wallet of somebody else', () => {
  it('is one that does not exist', async () => {
    for (const [method, tail, body] of [
      ['GET', '', undefined],
      ['GET', '/balances', undefined],
      ['DELETE', '', undefined],
      ['POST', '/test', undefined],
      ['POST', '/pause', {}],
      ['POST', '/resume', undefined],
      ['PUT', '/keys', keysBody(hmacKeys())],
    ] as const) {
      const answer = await world.call(method, `${path}${tail}`, { user: 'bob', body });
      expect([method, tail, answer.status, answer.body.code, answer.body.field]).toEqual([
        method,
        tail,
        404,
        'not_found',
        'wallet_id',
      ]);
    }
    expect((await world.call('GET', WALLETS, { user: 'bob' })).body.items).toEqual([]);
  });

  it('that is a demo wallet takes no keys', async () => {
    const demo = await world.call('POST', WALLETS, {
      body: { name: 'demo', type: 'demo', starting_balances: { USDT: '1' } },
    });
    const tested = await world.call('POST', `${WALLETS}/${demo.body.wallet_id}/test`);
    expect([tested.status, tested.body.code]).toEqual([422, 'not_for_demo_wallets']);
  });
});
