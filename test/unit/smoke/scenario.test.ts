/** What `npm run smoke` lets pass, and what it leaves behind when something fails. */
import { describe, expect, it } from 'vitest';
import { detailOf, FakeApi, failedOf, refusal, unreachable, walk } from './fake-api.ts';

describe('a system without trouble', () => {
  it.each(['demo', 'binance_testnet'] as const)('passes at %s', async (venue) => {
    const api = new FakeApi(venue);
    const steps = await walk(api, { events: api.events });
    expect(failedOf(steps)).toEqual([]);
    expect(api.position).toBe('closed');
    if (venue !== 'demo') expect(api.walletName).toBeNull();
  });
});

describe('what it opened is put away', () => {
  it('closes the position of an order whose answer was lost, before the wallet goes', async () => {
    const api = new FakeApi('binance_testnet');
    api.changed.createOrder = ({ body }) => {
      api.place(body);
      throw unreachable('createOrder');
    };
    const steps = await walk(api);
    expect(failedOf(steps)).toHaveLength(1);
    expect(detailOf(steps, 'put away')).toContain('position p closed');
    expect([api.position, api.walletName]).toEqual(['closed', null]);
  });

  it('finds an order that was taken a moment after the answer was lost', async () => {
    const api = new FakeApi();
    api.changed.createOrder = ({ body }) => {
      setTimeout(() => api.place(body), 15);
      throw unreachable('createOrder');
    };
    await walk(api, { walletId: 'w' });
    expect(api.position).toBe('closed');
  });

  it('looks once for an order that was refused, and closes nothing', async () => {
    const api = new FakeApi();
    api.changed.createOrder = () => {
      throw refusal('createOrder', 422, 'insufficient_funds');
    };
    const steps = await walk(api, { walletId: 'w' });
    expect(failedOf(steps)).toEqual([expect.stringContaining('insufficient_funds')]);
    expect(api.calls.filter((name) => name === 'listOrders')).toHaveLength(1);
    expect(api.calls).not.toContain('closePosition');
  });

  it('waits until the position is closed and the wallet is free', async () => {
    const api = new FakeApi('binance_testnet');
    api.changed.getOrder = () => ({ ...api.order(), filled_amount: '9' });
    api.changed.closePosition = () => {
      setTimeout(() => {
        api.position = 'closed';
      }, 15);
      return {};
    };
    let refused = 0;
    api.changed.deleteWallet = () => {
      if (api.isLive || refused++ < 2) throw refusal('deleteWallet', 409, 'wallet_in_use');
      api.walletName = null;
      return {};
    };
    const steps = await walk(api);
    expect(failedOf(steps)).toEqual([expect.stringMatching(/^fill: /)]);
    expect([api.position, api.walletName]).toEqual(['closed', null]);
  });

  it('deletes a wallet whose making was not answered', async () => {
    const api = new FakeApi('binance_testnet');
    api.changed.createWallet = ({ body }) => {
      api.walletName = String(body?.['name']);
      throw unreachable('createWallet');
    };
    expect(failedOf(await walk(api))).toHaveLength(1);
    expect(api.walletName).toBeNull();
  });

  it('says what is left where it could not', async () => {
    const api = new FakeApi('binance_testnet');
    api.changed.closePosition = () => {
      throw refusal('closePosition', 503, 'unavailable');
    };
    const left = failedOf(await walk(api)).filter((line) => line.startsWith('put away'));
    expect(left).toEqual([
      expect.stringContaining('position p of wallet w may still be open'),
      expect.stringContaining('wallet w stays, with its keys'),
    ]);
  });

  it('is put away on Ctrl-C as well, in the middle of a wait', async () => {
    const api = new FakeApi('binance_testnet');
    const stop = new AbortController();
    api.changed.getOrder = () => {
      stop.abort();
      return { ...api.order(), status: 'submitted' };
    };
    const steps = await walk(api, {}, stop.signal);
    expect(failedOf(steps)).toEqual(['fill: interrupted']);
    expect([api.position, api.walletName]).toEqual(['closed', null]);
  });
});

describe('the statement', () => {
  it.each([
    ['moving', { status: 'moving', in_agreement: false }],
    ['correcting', { status: 'correcting', in_agreement: false }],
    ['a comparison from before', { started_at: new Date(Date.now() - 5_000).toISOString() }],
  ])('%s is no agreement', async (_name, statement) => {
    const api = new FakeApi('binance_testnet');
    api.statement = statement;
    expect(failedOf(await walk(api))).toEqual([expect.stringMatching(/^statement: waited/)]);
  });

  it('is asked for until it agrees', async () => {
    const api = new FakeApi('binance_testnet');
    api.changed.reconcileWallet = () => {
      const statement = api.stated();
      const asked = api.calls.filter((name) => name === 'reconcileWallet').length;
      return {
        done: true,
        statement: asked < 3 ? { ...statement, status: 'moving', in_agreement: false } : statement,
      };
    };
    expect(failedOf(await walk(api))).toEqual([]);
  });

  it('has compared the trades that were made', async () => {
    const api = new FakeApi('binance_testnet');
    api.trades = 1;
    expect(failedOf(await walk(api))).toEqual([
      expect.stringContaining('1 trades were compared, 2 were made'),
    ]);
  });

  it('a difference fails at once', async () => {
    const api = new FakeApi();
    const counts = { orders: 0, trades: 0, differences: 1, corrections: 0 };
    api.statement = {
      status: 'differences',
      in_agreement: false,
      counts,
      differences: [{ kind: 'balance' }],
    };
    expect(failedOf(await walk(api))).toEqual([expect.stringMatching(/^statement: 1 differences.*balance/)]);
  });
});

describe('the balance after', () => {
  it('says where it was not checked', async () => {
    expect(detailOf(await walk(new FakeApi()), 'balance after')).toContain('and the profit');
    const others = [await walk(new FakeApi(), { walletId: 'w' }), await walk(new FakeApi('binance_testnet'))];
    for (const steps of others)
      expect(detailOf(steps, 'balance after')).toContain('NOT CHECKED against the profit');
  });
});

describe('health of an exchange', () => {
  it.each([
    ['nobody listens', { subscribed: 0 }, {}, 'user data'],
    ['one of two is not listened to', { wallets: 2 }, {}, 'user data'],
    ['the connection is not healthy', { healthy: 0 }, {}, 'user data'],
    ['the exchange is not asked', {}, { blocked: true, blocked_until: '2026-01-01T00:00:00Z' }, 'budget'],
    ['the budget is not known', {}, null, 'budget'],
  ])('fails where %s', async (_name, userData, budget, what) => {
    const api = new FakeApi('binance_testnet');
    api.userData = userData;
    api.budget = budget;
    expect(failedOf(await walk(api))).toEqual([
      expect.stringMatching(new RegExp(`^health: waited.*${what}`)),
    ]);
  });
});

describe('events over the WebSocket', () => {
  it('fails where the order or the close is not told', async () => {
    for (const lost of ['order', 'position']) {
      const api = new FakeApi();
      const steps = await walk(api, {
        events: (heard) => api.events((event) => (event.type === lost ? undefined : heard(event))),
      });
      expect(failedOf(steps)).toEqual([expect.stringMatching(/^events: waited/)]);
    }
  });

  it('fails before the order where nobody lets it in', async () => {
    const api = new FakeApi();
    const steps = await walk(api, { events: () => Promise.reject(new Error('could not be opened')) });
    expect(failedOf(steps)).toEqual([expect.stringMatching(/^socket: /)]);
    expect(api.calls).not.toContain('createOrder');
  });
});
