/** User data of many wallets on one connection, against a server that has bad days. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decimalText } from '../../../../../shared/domain/money/decimal.ts';
import { until } from '../../../../support/until.ts';
import { clientIdOf, fillEvent, reportEvent } from '../../../../support/user-data-server.ts';
import { apiKeyOf, SourceWorld } from './world.ts';

let world: SourceWorld;
beforeEach(() => {
  world = new SourceWorld();
});
afterEach(() => world.stop());

const subscribedTo = (count: number) =>
  until(
    'subscribed',
    () => world.server.active(),
    (active) => active.length === count,
  );

const reported = (count: number) =>
  until(
    'reports',
    () => world.reports.length,
    (length) => length >= count,
  );

describe('user data', () => {
  it('subscribes many wallets on one connection, each told apart, with a signed integer timestamp', async () => {
    const source = await world.start();
    const wallets = Array.from({ length: 30 }, (_, i) => world.wallet(i));
    source.watch(wallets);
    await subscribedTo(30);
    await until(
      'gaps',
      () => world.gaps.length,
      (length) => length === 30,
    );
    expect(world.server.sockets.accepted()).toBe(1);
    expect(world.server.timestamps.every((time) => typeof time === 'number')).toBe(true);
    for (const wallet of wallets) world.server.push(apiKeyOf(wallet), fillEvent(clientIdOf(1), 1));
    await reported(30);
    expect(world.reports.map(({ walletId }) => walletId).sort()).toEqual(
      wallets.map(({ walletId }) => walletId).sort(),
    );
    const [first] = world.reports;
    expect(first).toMatchObject({
      environment: 'binance_testnet',
      symbol: 'BTC/USDT',
      clientId: clientIdOf(1),
      venueOrderId: '1001',
      status: 'partially_filled',
      source: 'stream',
    });
    expect(first?.fills.map(({ tradeId, quantity }) => `${tradeId} ${decimalText(quantity)}`)).toEqual([
      '9001 0.1',
    ]);
    expect(world.corrections[0]?.usedWeight).toEqual([{ intervalMs: 60_000, count: 7 }]);
    expect(source.health().connections).toMatchObject([{ connected: true, name: 'user-data 1' }]);
  });

  it('opens another connection when one is full, and closes it when it is empty', async () => {
    const source = await world.start({ walletsPerConnection: 3 });
    const wallets = Array.from({ length: 7 }, (_, i) => world.wallet(i));
    source.watch(wallets);
    await subscribedTo(7);
    expect(world.server.sockets.sockets.size).toBe(3);
    source.watch(wallets.slice(0, 6));
    await until(
      'closed',
      () => world.server.sockets.sockets.size,
      (size) => size === 2,
    );
    await subscribedTo(6);
  });

  it('adds and removes wallets while it runs', async () => {
    const source = await world.start();
    const [a, b] = [world.wallet(1), world.wallet(2)];
    source.watch([a]);
    await subscribedTo(1);
    source.watch([a, b]);
    await subscribedTo(2);
    source.watch([b]);
    await until(
      'only b',
      () => world.server.active(),
      (active) => active.join() === apiKeyOf(b),
    );
    expect(world.health('w1')).toBeNull();
    expect(world.health('w2')?.subscribedSince).not.toBeNull();
    expect(world.server.sockets.accepted()).toBe(1);
  });

  it('takes over rotated keys: the old subscription goes, the new one comes, and the gap is told', async () => {
    const source = await world.start();
    source.watch([world.wallet(1, 1)]);
    await subscribedTo(1);
    const rotated = world.wallet(1, 2);
    source.watch([rotated]);
    await until(
      'new key',
      () => world.server.active(),
      (active) => active.join() === apiKeyOf(rotated),
    );
    await until(
      'gap',
      () => world.gaps.length,
      (length) => length === 2,
    );
    expect(world.server.unsubscribed).toHaveLength(1);
  });

  it('keeps the trouble of one wallet away from the others, and tries it again with longer waits', async () => {
    const source = await world.start();
    const [good, bad] = [world.wallet(1), world.wallet(2)];
    const tries: number[] = [];
    world.server.refuse = (apiKey) => {
      if (apiKey !== apiKeyOf(bad)) return null;
      tries.push(Date.now());
      return { status: 401, code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' };
    };
    source.watch([good, bad]);
    await subscribedTo(1);
    await until(
      'tries',
      () => tries.length,
      (length) => length >= 3,
    );
    expect(world.health('w1')?.problem).toBeNull();
    expect(world.health('w2')).toMatchObject({
      subscribedSince: null,
      problem: { code: 'venue_-2015', message: 'Invalid API-key, IP, or permissions for action.' },
    });
    const [first = 0, second = 0, third = 0] = tries;
    expect(second - first).toBeGreaterThanOrEqual(60);
    expect(third - second).toBeGreaterThanOrEqual(120);
    expect(world.codes().filter((code) => code === 'user_data_not_subscribed')).toHaveLength(1);
    world.server.refuse = () => null;
    await subscribedTo(2);
    await until(
      'well',
      () => world.health('w2')?.problem ?? null,
      (problem) => problem === null,
    );
  });

  it('says when keys cannot be opened, without their content', async () => {
    const source = await world.start();
    source.watch([{ ...world.wallet(1), sealedKeys: 'sealed-for-another' }]);
    await until(
      'problem',
      () => world.health('w1')?.problem ?? null,
      (problem) => problem !== null,
    );
    expect(world.health('w1')?.problem).toMatchObject({ code: 'key_unreadable' });
    expect(JSON.stringify(world.logged)).not.toContain('sealed-for-another');
  });

  it('tries again soon while the keys cannot be opened by anybody', async () => {
    const source = await world.start();
    world.keysAway = true;
    source.watch([world.wallet(1)]);
    await until(
      'problem',
      () => world.health('w1')?.problem?.code,
      (code) => code === 'keys_unavailable',
    );
    world.keysAway = false;
    await subscribedTo(1);
  });

  it('measures the clock again when a timestamp is refused, and signs a fresh one', async () => {
    const source = await world.start();
    world.venueOffset = 20_000;
    world.server.refuse = () =>
      world.remeasured > 0
        ? null
        : {
            status: 400,
            code: -1021,
            msg: "Timestamp for this request was 1000ms ahead of the server's time.",
          };
    source.watch([world.wallet(1)]);
    await subscribedTo(1);
    expect(world.remeasured).toBe(1);
  });

  it('waits as long as the budget says', async () => {
    const source = await world.start();
    let asked = 0;
    world.grant = () => {
      asked += 1;
      // The first is for the connection, the second for the subscription.
      return asked !== 2
        ? { granted: true, grantId: 'g' }
        : { granted: false, code: 'blocked', retryAfterMs: 150 };
    };
    const began = Date.now();
    source.watch([world.wallet(1)]);
    await subscribedTo(1);
    expect(Date.now() - began).toBeGreaterThanOrEqual(150);
    expect(asked).toBe(3);
  });

  it('blocks the address for all when the venue says 429', async () => {
    const source = await world.start();
    const until429 = Date.now() + 200;
    let refused = 0;
    world.server.refuse = () => {
      refused += 1;
      const data = { serverTime: Date.now(), retryAfter: until429 };
      return refused > 1 ? null : { status: 429, code: -1003, msg: 'Too much request weight used.', data };
    };
    source.watch([world.wallet(1)]);
    await subscribedTo(1);
    expect(world.blocks).toEqual([until429]);
    expect(Date.now()).toBeGreaterThanOrEqual(until429);
  });

  it('finds its subscription again when the venue says that there is one', async () => {
    const source = await world.start();
    const wallet = world.wallet(1);
    let tries = 0;
    world.server.refuse = (apiKey, socket) => {
      tries += 1;
      if (tries > 1) return null;
      // Subscribed, and the answer names it as a repeat.
      world.server.adopt(socket, apiKey);
      return null;
    };
    source.watch([wallet]);
    await until(
      'found',
      () => world.health('w1')?.subscribedSince ?? null,
      (since) => since !== null,
    );
    world.server.push(apiKeyOf(wallet), fillEvent(clientIdOf(3), 1));
    await reported(1);
    expect(tries).toBe(1);
  });

  it('renews the connection when its subscriptions are used up', async () => {
    const source = await world.start();
    let refusals = 0;
    world.server.refuse = () => {
      refusals += 1;
      return refusals === 2
        ? { status: 400, code: -2042, msg: 'Too many subscriptions on this connection.' }
        : null;
    };
    source.watch([world.wallet(1)]);
    await subscribedTo(1);
    source.watch([world.wallet(1), world.wallet(2)]);
    await until(
      'second connection',
      () => world.server.sockets.accepted(),
      (count) => count === 2,
    );
    await subscribedTo(2);
    expect(world.gaps.filter((gap) => gap.startsWith('w1'))).toHaveLength(1);
  });

  it('does not renew again and again where a new connection is used up from its beginning on', async () => {
    await world.start({ retryMs: 150 });
    let isUsedUp = true;
    world.server.refuse = () =>
      isUsedUp ? { status: 400, code: -2042, msg: 'Too many subscriptions on this connection.' } : null;
    world.source?.watch([world.wallet(1)]);
    await until(
      'told',
      () => world.health('w1')?.problem?.code,
      (code) => code === 'used_up',
    );
    await sleep(500);
    // Replaced after 150 and 300 ms more, not with every look each 20 ms.
    expect(world.server.sockets.accepted()).toBeLessThanOrEqual(3);
    isUsedUp = false;
    await subscribedTo(1);
    await until(
      'well',
      () => world.health('w1')?.problem ?? null,
      (problem) => problem === null,
    );
  });

  it('subscribes everybody anew after a cut, with a gap for each', async () => {
    const source = await world.start();
    const wallets = Array.from({ length: 5 }, (_, i) => world.wallet(i));
    source.watch(wallets);
    await until(
      'gaps',
      () => world.gaps.length,
      (length) => length === 5,
    );
    world.server.sockets.cut();
    await until(
      'gaps again',
      () => world.gaps.length,
      (length) => length === 10,
    );
    await subscribedTo(5);
    expect(new Set(world.server.timestamps).size).toBeGreaterThan(1);
  });

  it('takes a silent socket for dead', async () => {
    const source = await world.start({}, { silenceMs: 200 });
    source.watch([world.wallet(1)]);
    await subscribedTo(1);
    // It reads nothing any more, so no ping is answered.
    for (const socket of world.server.sockets.sockets) socket.pause();
    await until(
      'gap again',
      () => world.gaps.length,
      (length) => length === 2,
    );
    expect(source.health().connections[0]?.lastError).toMatch(/^silent/);
  });

  it('renews without a gap when the server says that it shuts down: no event lost', async () => {
    const source = await world.start();
    const wallet = world.wallet(1);
    source.watch([wallet]);
    await subscribedTo(1);
    let pushed = 0;
    const timer = setInterval(() => {
      pushed += 1;
      world.server.push(apiKeyOf(wallet), fillEvent(clientIdOf(1), pushed));
    }, 2);
    await sleep(50);
    world.server.shutdown();
    await until(
      'renewed',
      () => source.health().connections[0]?.reconnects,
      (reconnects) => reconnects === 1,
    );
    await sleep(50);
    clearInterval(timer);
    await until(
      'one socket',
      () => world.server.sockets.sockets.size,
      (size) => size === 1,
    );
    await until(
      'every trade',
      () => new Set(world.reports.flatMap(({ fills }) => fills.map(({ tradeId }) => tradeId))).size,
      (trades) => trades === pushed,
      5_000,
    );
    expect(world.gaps).toEqual(['w1: subscribed']);
  });

  it('closes the old session of a renewal only when each of its wallets is on the new one', async () => {
    const source = await world.start();
    const [a, b] = [world.wallet(1), world.wallet(2)];
    source.watch([a, b]);
    await until(
      'gaps',
      () => world.gaps.length,
      (length) => length === 2,
    );
    let asked = 0;
    world.grant = () => {
      asked += 1;
      // The first is for the new connection; one wallet has to wait.
      return asked !== 2
        ? { granted: true, grantId: 'g' }
        : { granted: false, code: 'blocked', retryAfterMs: 400 };
    };
    let pushed = 0;
    const timer = setInterval(() => {
      pushed += 1;
      for (const wallet of [a, b]) world.server.push(apiKeyOf(wallet), fillEvent(clientIdOf(1), pushed));
    }, 5);
    world.server.shutdown();
    await until(
      'renewed',
      () => source.health().connections[0]?.reconnects,
      (reconnects) => reconnects === 1,
    );
    await sleep(30);
    clearInterval(timer);
    for (const walletId of ['w1', 'w2']) {
      const trades = () =>
        new Set(
          world.reports
            .filter((report) => report.walletId === walletId)
            .flatMap(({ fills }) => fills.map(({ tradeId }) => tradeId)),
        ).size;
      await until(`every trade of ${walletId}`, trades, (count) => count === pushed, 5_000);
    }
    expect(pushed).toBeGreaterThan(20);
    expect(world.gaps).toHaveLength(2);
  });

  it('does not wait for a wallet whose key the new session refuses', async () => {
    const source = await world.start();
    const [good, bad] = [world.wallet(1), world.wallet(2)];
    source.watch([good, bad]);
    await subscribedTo(2);
    world.server.refuse = (apiKey) =>
      apiKey === apiKeyOf(bad) ? { status: 401, code: -2015, msg: 'Invalid API-key.' } : null;
    world.server.shutdown();
    await until(
      'renewed',
      () => source.health().connections[0]?.reconnects,
      (reconnects) => reconnects === 1,
    );
    expect(world.health('w2')).toMatchObject({ problem: { code: 'venue_-2015' } });
    expect(world.gaps.filter((gap) => gap.startsWith('w1'))).toHaveLength(1);
  });

  it('waits for no wallet longer than agreed', async () => {
    const source = await world.start({ handoverMs: 200 });
    const [good, slow] = [world.wallet(1), world.wallet(2)];
    source.watch([good, slow]);
    await subscribedTo(2);
    let isSlow = true;
    world.server.refuse = (apiKey) =>
      isSlow && apiKey === apiKeyOf(slow) ? { status: 500, code: -1000, msg: 'An unknown error.' } : null;
    const began = performance.now();
    world.server.shutdown();
    await until(
      'renewed',
      () => source.health().connections[0]?.reconnects,
      (reconnects) => reconnects === 1,
    );
    expect(performance.now() - began).toBeGreaterThanOrEqual(200);
    isSlow = false;
    await until(
      'a gap of the slow one',
      () => world.gaps.filter((gap) => gap.startsWith('w2')).length,
      (count) => count === 2,
    );
    expect(world.gaps.filter((gap) => gap.startsWith('w1'))).toHaveLength(1);
  });

  it('subscribes a wallet again when the venue ends its subscription', async () => {
    const source = await world.start();
    const [a, b] = [world.wallet(1), world.wallet(2)];
    source.watch([a, b]);
    await until(
      'gaps',
      () => world.gaps.length,
      (length) => length === 2,
    );
    world.server.terminate(apiKeyOf(a));
    await until(
      'gap',
      () => world.gaps,
      (gaps) => gaps.filter((gap) => gap.startsWith('w1')).length === 2,
    );
    expect(world.gaps.filter((gap) => gap.startsWith('w2'))).toHaveLength(1);
    expect(world.server.sockets.accepted()).toBe(1);
  });

  it('keeps events that come before the answer of their subscription, in their order', async () => {
    const source = await world.start();
    world.server.answerAfterMs = 60;
    world.server.early = () => [1, 2, 3].map((nth) => fillEvent(clientIdOf(1), nth));
    source.watch([world.wallet(1)]);
    await reported(3);
    expect(world.reports.map(({ fills }) => fills[0]?.tradeId)).toEqual(['9001', '9002', '9003']);
  });

  it('subscribes again when the end of a subscription comes before its answer', async () => {
    await world.start();
    world.server.answerAfterMs = 30;
    let ended = 0;
    world.server.early = (apiKey) => {
      if (ended > 0) return [];
      ended += 1;
      world.server.terminate(apiKey);
      return [];
    };
    const wallet = world.wallet(1);
    world.source?.watch([wallet]);
    await until(
      'subscribed',
      () => world.health('w1')?.subscribedSince ?? null,
      (since) => since !== null,
    );
    expect(world.server.subscribed).toHaveLength(2);
    expect(world.gaps).toEqual(['w1: subscribed']);
    world.server.push(apiKeyOf(wallet), fillEvent(clientIdOf(1), 1));
    await reported(1);
  });

  it("lets go of what still comes of a subscription that it gave back, and tells what is nobody's", async () => {
    const source = await world.start({ earlyMs: 50 });
    const [a, b] = [world.wallet(1), world.wallet(2)];
    source.watch([a, b]);
    await subscribedTo(2);
    source.watch([b]);
    await until(
      'given back',
      () => world.server.unsubscribed.length,
      (count) => count === 1,
    );
    const [id = 0] = world.server.unsubscribed;
    const say = (subscriptionId: number): void =>
      world.server.sockets.broadcast(JSON.stringify({ subscriptionId, event: fillEvent(clientIdOf(1), 1) }));
    say(id);
    await sleep(120);
    expect(world.codes()).not.toContain('user_events_unclaimed');
    say(999);
    await until('told', world.codes.bind(world), (codes) => codes.includes('user_events_unclaimed'));
    expect(world.reports).toEqual([]);
  });

  it('drops a session that does not answer', async () => {
    const source = await world.start({ requestTimeoutMs: 80 });
    world.server.mute = true;
    source.watch([world.wallet(1)]);
    await until(
      'a second try',
      () => world.server.sockets.accepted(),
      (count) => count >= 2,
    );
    world.server.mute = false;
    await subscribedTo(1);
  });

  it('counts other events, tells of orders that are not ours, and sees what it cannot read as a gap', async () => {
    const source = await world.start();
    const wallet = world.wallet(1);
    source.watch([wallet]);
    await until(
      'gaps',
      () => world.gaps.length,
      (length) => length === 1,
    );
    const apiKey = apiKeyOf(wallet);
    world.server.push(apiKey, {
      e: 'outboundAccountPosition',
      E: 1,
      u: 1,
      B: [{ a: 'BTC', f: '1', l: '0' }],
    });
    world.server.push(apiKey, { e: 'balanceUpdate', E: 1, a: 'BTC', d: '-1', T: 1 });
    world.server.push(apiKey, { e: 'somethingNew', E: 1 });
    world.server.push(apiKey, reportEvent({ c: 'web_abc', s: 'NEWUSDT', i: 77 }));
    world.server.push(apiKey, { e: 'executionReport', E: 1 });
    world.server.push(
      apiKey,
      reportEvent({ c: `${clientIdOf(1)}c`, C: clientIdOf(1), x: 'CANCELED', X: 'CANCELED' }),
    );
    await reported(1);
    expect(world.reports[0]).toMatchObject({ clientId: clientIdOf(1), status: 'cancelled' });
    expect(world.foreign).toEqual([
      { walletId: 'w1', venueSymbol: 'NEWUSDT', venueOrderId: '77', clientId: 'web_abc' },
    ]);
    expect(world.gaps).toEqual(['w1: subscribed', 'w1: an event could not be read']);
    const health = world.health('w1');
    expect(health?.events).toMatchObject({
      outboundAccountPosition: 1,
      balanceUpdate: 1,
      'unknown:somethingNew': 1,
      executionReport: 2,
      unreadable: 1,
    });
    expect(health?.lastBalancesAt).not.toBeNull();
  });

  it('tells that a list of ours is done, and no other', async () => {
    const source = await world.start();
    const wallet = world.wallet(1);
    source.watch([wallet]);
    await subscribedTo(1);
    const say = (C: string, l: string, L: string): void => {
      const more = { s: 'BTCUSDT', g: 3, c: 'OCO', r: 'NONE', T: 1, O: [] };
      world.server.push(apiKeyOf(wallet), { e: 'listStatus', E: 1, l, L, C, ...more });
    };
    say(clientIdOf(1), 'EXEC_STARTED', 'EXECUTING');
    say('web_list', 'ALL_DONE', 'ALL_DONE');
    say(clientIdOf(2), 'ALL_DONE', 'ALL_DONE');
    world.server.push(apiKeyOf(wallet), fillEvent(clientIdOf(1), 1));
    await reported(1);
    expect(world.listsDone).toEqual([`w1 ${clientIdOf(2)}`]);
    expect(world.gaps).toEqual(['w1: subscribed']);
  });

  it('sees a gap of everybody where it cannot be read whose message it was', async () => {
    const source = await world.start();
    const wallets = [world.wallet(1), world.wallet(2)];
    source.watch(wallets);
    await until(
      'gaps',
      () => world.gaps.length,
      (length) => length === 2,
    );
    world.gaps.length = 0;
    const [socket] = world.server.sockets.sockets;
    for (const text of ['{"subscriptionId":0,"ev', '{"event":{"e":"executionReport"}}']) {
      socket?.send(text);
      await until(
        'gaps',
        () => world.gaps.splice(0).sort(),
        (gaps) => gaps.join() === 'w1: a message could not be read,w2: a message could not be read',
      );
    }
  });

  it('asks for the rules of a symbol once, keeping the order of the events that wait', async () => {
    const source = await world.start();
    const wallet = world.wallet(1);
    const { find } = world;
    let asked = 0;
    world.find = async (text) => {
      asked += 1;
      if (asked === 1) throw new Error('the table is away');
      await sleep(20);
      return find(text);
    };
    source.watch([wallet]);
    await subscribedTo(1);
    for (const nth of [1, 2, 3, 4]) world.server.push(apiKeyOf(wallet), fillEvent(clientIdOf(1), nth));
    await reported(4);
    expect(world.reports.map(({ fills }) => fills[0]?.tradeId)).toEqual(['9001', '9002', '9003', '9004']);
    expect(asked).toBe(2);
  });

  it('has the order looked at when its symbol cannot be known', async () => {
    const source = await world.start();
    const wallet = world.wallet(1);
    world.find = async () => null;
    source.watch([wallet]);
    await subscribedTo(1);
    world.server.push(apiKeyOf(wallet), fillEvent(clientIdOf(8), 1, { s: 'ODDUSDT' }));
    await until(
      'a look',
      () => world.looks,
      (looks) => looks.length === 1,
    );
    expect(world.looks[0]).toBe(`w1 ${clientIdOf(8)} unknown symbol ODDUSDT`);
  });

  it('tells nothing after it was stopped', async () => {
    const source = await world.start();
    const wallet = world.wallet(1);
    source.watch([wallet]);
    await subscribedTo(1);
    const timer = setInterval(() => world.server.push(apiKeyOf(wallet), fillEvent(clientIdOf(1), 1)), 1);
    await reported(3);
    await source.stop();
    const count = world.reports.length;
    await sleep(40);
    clearInterval(timer);
    expect(world.reports).toHaveLength(count);
  });
});
