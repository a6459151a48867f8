/** What a user is told over the WebSocket and by webhooks while it trades, on the laptop system. */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createClient } from '@redis/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { leaseKey } from '../../shared/adapters/valkey/keys.ts';
import { follow, type PushedPrice } from '../../shared/client/push.ts';
import { makeAnswerCheck } from '../openapi/answer-check.ts';
import { PushClient, type PushedEvent } from '../support/push-client.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import type { Trader } from '../support/trader.ts';
import { until } from '../support/until.ts';
import { startReceiver } from '../support/webhook-receiver.ts';

let system: TestSystem;
let trader: Trader;
let url: string;

beforeAll(async () => {
  system = await startTestSystem();
  trader = system.trader;
  url = system.running.push ?? '';
  await system.trade('BTC/USDT', '50000');
  // The first order of a system is the slowest: each function compiles what it needs.
  await trader.buy(await trader.wallet(), 'BTC/USDT', '0.1', { stop_loss: '49000' });
});
afterAll(() => system?.stop());

/** Every event that was told is as the document says. */
const check = makeAnswerCheck();
const numbers = (events: readonly PushedEvent[]): readonly number[] => events.map(({ id }) => Number(id));
const statuses = (events: readonly PushedEvent[], orderId: string): readonly string[] =>
  events
    .filter((e) => e.type === 'order' && e.data['order_id'] === orderId)
    .map((e) => String(e.data['status']));
const changes = (events: readonly PushedEvent[], positionId: string): readonly string[] =>
  events
    .filter((e) => e.type === 'position' && e.data['position_id'] === positionId)
    .map((e) => String(e.data['change']));

it('a demo order is told in order and soon; who comes back with a cursor misses and repeats nothing', async () => {
  const wallet = await trader.wallet();
  const client = await PushClient.connect(url, { token: trader.token });
  expect(await client.subscribe()).toMatchObject({ type: 'subscribed' });

  const { order, positionId } = await trader.buy(wallet, 'BTC/USDT', '0.5', { stop_loss: '49000' });
  // What is still to be told of the order before comes first.
  const isOwn = (e: PushedEvent): boolean => e.data['position_id'] === positionId;
  await client.untilEvent('the fill', (e) => e.type === 'fill' && isOwn(e));
  await client.untilEvent(
    'the open position',
    (e) => e.type === 'position' && isOwn(e) && e.data['change'] === 'opened',
  );
  await client.untilEvent(
    'the filled order',
    (e) => e.type === 'order' && isOwn(e) && e.data['status'] === 'filled',
  );
  expect(statuses(client.events, order.order_id).at(0)).toBe('pending');
  expect(statuses(client.events, order.order_id).at(-1)).toBe('filled');
  const fill = client.events.find((e) => e.type === 'fill' && isOwn(e));
  expect(fill?.data).toMatchObject({
    ...{ order_id: order.order_id, position_id: positionId, wallet_id: wallet, symbol: 'BTC/USDT' },
    ...{ side: 'buy', role: 'entry', amount: '0.5', price: '50000' },
  });
  const late = client.events.map((event, n) => (client.cameAt[n] ?? 0) - Date.parse(event.at));
  // Within a second where the machine has nothing else to do (docs/push.md); here what is late is lost, not slow.
  const middle = late.toSorted((a, b) => a - b).at(Math.floor(late.length / 2));
  expect(middle, `ms after they happened: ${late.join(', ')}`).toBeLessThan(5_000);

  const last = client.events.at(-1)?.id;
  await client.close();
  await trader.good('POST', `/positions/${positionId}/close`, { body: {}, key: 'close' });
  await trader.closed(positionId);

  const back = await PushClient.connect(url, { token: trader.token });
  expect(await back.subscribe(last)).toMatchObject({ type: 'subscribed', cursor: last });
  await back.untilEvent(
    'the closed position',
    (e) => e.type === 'position' && isOwn(e) && e.data['change'] === 'closed',
  );
  // Of the exit too; order and position are told each in its own order.
  const ofExit = (e: PushedEvent) => e.data['role'] === 'exit' && isOwn(e);
  await back.untilEvent('the exit’s fill', (e) => e.type === 'fill' && ofExit(e));
  await back.untilEvent(
    'the filled exit',
    (e) => e.type === 'order' && ofExit(e) && e.data['status'] === 'filled',
  );
  const all = [...client.events, ...back.events];
  expect(all.flatMap(check.eventComplaints)).toEqual([]);
  // Numbered without a gap, each once.
  expect(numbers(all)).toEqual(all.map((_, n) => (numbers(all)[0] ?? 0) + n));
  expect(changes(all, positionId).at(0)).toBe('opening');
  expect(changes(all, positionId)).toContain('opened');
  expect(changes(all, positionId)).toContain('closing');
  expect(changes(all, positionId).at(-1)).toBe('closed');
  const closed = back.events.find((e) => e.type === 'position' && e.data['change'] === 'closed');
  expect(closed?.data).toMatchObject({ amount: '0', exit_cause: 'manual', status: 'closed' });
  await back.close();

  // The sample of docs/push.md is told the same.
  const seen: PushedEvent[] = [];
  const socket = (await sample('follow'))(url, trader.token, last, (event: PushedEvent) => seen.push(event));
  await until(
    'the same events',
    () => seen.length,
    (count) => count >= back.events.length,
  );
  expect(seen.slice(0, back.events.length)).toEqual(back.events);
  socket.close();
});

/** Who holds it. */
async function leaseOf(name: string): Promise<string | null> {
  const client = createClient({ url: system.running.valkeyUrl });
  await client.connect();
  const holder = await client.get(leaseKey(name));
  await client.close();
  return holder;
}

type Follow = (
  url: string,
  token: string,
  cursor: string | undefined,
  onEvent: (event: PushedEvent) => void,
) => WebSocket;

/** A function of the documentation, as whoever copies it has it. */
async function sample(name: string): Promise<Follow> {
  const page = readFileSync('docs/push.md', 'utf8');
  const [, code = ''] = new RegExp(`\`\`\`js\\n(// ${name}\\n[\\s\\S]*?)\`\`\``).exec(page) ?? [];
  const text = code.replace("from 'ws'", `from '${import.meta.resolve('ws')}'`);
  const module = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as Record<string, Follow>;
  const found = module[name];
  if (found === undefined) throw new Error(`docs/push.md has no function ${name}`);
  return found;
}

it('nobody is told of what is not theirs, and nobody comes in without a token that is good', async () => {
  const other = await system.userNamed('somebody else');
  const theirs = await PushClient.connect(url, { token: other.token });
  // As a browser sends it.
  const ours = await PushClient.connect(url, { protocols: ['moniqo.v1', `bearer.${trader.token}`] });
  expect(ours.socket.protocol).toBe('moniqo.v1');
  await theirs.subscribe();
  await ours.subscribe();
  const wallet = await trader.wallet();
  await trader.buy(wallet, 'BTC/USDT', '0.1', { stop_loss: '49000' });
  await ours.untilEvent('the filled order', (e) => e.type === 'order' && e.data['status'] === 'filled');
  const otherWallet = await other.wallet();
  await other.buy(otherWallet, 'BTC/USDT', '0.2', { stop_loss: '49000' });
  await theirs.untilEvent('the filled order', (e) => e.type === 'order' && e.data['status'] === 'filled');
  expect(new Set(theirs.events.map(({ data }) => data.wallet_id))).toEqual(new Set([otherWallet]));
  expect(ours.events.map(({ data }) => data.wallet_id)).not.toContain(otherWallet);

  expect(await theirs.subscribe('0000000000009999')).toMatchObject({ type: 'error', code: 'invalid_cursor' });
  theirs.say('no JSON');
  expect(await theirs.next('error')).toMatchObject({ code: 'invalid_message' });
  theirs.say({ action: 'ping' });
  expect(await theirs.next('pong')).toMatchObject({ cursor: theirs.events.at(-1)?.id });
  await theirs.close();
  await ours.close();

  await expect(PushClient.connect(url, {})).rejects.toThrow('answered 401');
  await expect(PushClient.connect(url, { token: `${trader.token}x` })).rejects.toThrow('answered 401');
  const expired = await system.running.issueToken({ sub: 'demo-user', expiresInSeconds: -10 });
  await expect(PushClient.connect(url, { token: expired })).rejects.toThrow('answered 401');
  const none = await system.running.issueToken({ sub: 'demo-user', scope: 'nothing' });
  await expect(PushClient.connect(url, { token: none })).rejects.toThrow('answered 403');
});

it('prices are told while somebody follows them: as they stand, then the latest, to each what it follows', async () => {
  const seen: PushedPrice[] = [];
  const errors: unknown[] = [];
  const eth: PushedPrice[] = [];
  await system.trade('ETH/USDT', '3000');
  const follower = await follow({
    ...{ url, token: trader.token },
    subscribe: { channels: ['prices'], symbols: ['BTC-USDT'] },
    onPrice: (price) => seen.push(price),
    onError: (error) => errors.push(error),
  });
  const other = await follow({
    ...{ url, token: trader.token, subscribe: { channels: ['orders', 'prices'], symbols: ['ETH/USDT'] } },
    onPrice: (price) => eth.push(price),
  });
  const last = () => seen.at(-1)?.last;
  await until(
    'how it stands',
    async () => last(),
    (price) => price === '50000',
  );
  // Faster than they are told: the last one counts.
  const began = Date.now();
  for (const price of ['50001', '50002', '50003', '50004', '50005', '50006'])
    await system.trade('BTC/USDT', price);
  const tradedIn = Date.now() - began;
  await until(
    'the last price',
    async () => last(),
    (price) => price === '50006',
  );
  const told = seen.filter(({ last: price }) => price !== '50000');
  expect(told.length).toBeLessThanOrEqual(Math.ceil(tradedIn / 500) + 2);
  expect(told.map(({ tick_id }) => tick_id)).toEqual(
    told.map(({ tick_id }) => tick_id).toSorted((a, b) => a - b),
  );
  const { age_ms: _, ...answered } = await trader.good<Record<string, unknown>>('GET', '/prices/BTC-USDT');
  expect(seen.at(-1)).toEqual(answered);
  expect(new Set(eth.map(({ symbol }) => symbol))).toEqual(new Set(['ETH/USDT']));

  follower.subscribe({ channels: ['prices'], symbols: Array(51).fill('BTC/USDT') });
  follower.subscribe({ channels: ['prices'], symbols: ['nothing'] });
  await until(
    'both refusals',
    async () => errors.length,
    (count) => count === 2,
  );
  // Each message is a call of its own: they may be answered in any order.
  const refusal = (trouble: object) => expect.objectContaining({ type: 'error', ...trouble });
  expect(errors).toEqual(
    expect.arrayContaining([
      refusal({ code: 'too_many_symbols', field: 'symbols', limit: 50 }),
      refusal({ code: 'unknown_symbol', field: 'symbols.0' }),
    ]),
  );
  follower.close();
  other.close();
  await until(
    'the end of the run',
    async () => system.log('prices'),
    (text) => text.includes('PRICES_TOLD'),
  );
  expect(system.log('prices')).not.toContain('PRICES_NOT_TOLD');
  // It beats for nobody: whoever asks finds no lease.
  expect(await leaseOf('push-prices')).toBeNull();
});

it('a connection ends with its token', async () => {
  const short = await system.running.issueToken({ sub: 'demo-user', expiresInSeconds: 3 });
  const client = await PushClient.connect(url, { token: short });
  await client.subscribe();
  await new Promise((done) => setTimeout(done, 3_200));
  const wallet = await trader.wallet();
  await trader.buy(wallet, 'BTC/USDT', '0.1', { stop_loss: '49000' });
  await until(
    'the end',
    async () => client.closed,
    (closed) => closed !== null,
  );
  expect(client.frames.at(-1)).toMatchObject({ type: 'closing', code: 'token_expired' });
  expect(client.events).toEqual([]);
});

it('a webhook is told of events, signed, and again where it did not take them', async () => {
  const receiver = await startReceiver();
  try {
    const hook = await trader.good<{ webhook_id: string; secret: string }>('POST', '/webhooks', {
      body: { url: receiver.url, channels: ['fills', 'positions'] },
    });
    receiver.answers.push(500);
    const wallet = await trader.wallet();
    const { positionId } = await trader.buy(wallet, 'BTC/USDT', '0.25', { stop_loss: '49000' });
    const fillOf = () => receiver.calls.filter(({ body }) => JSON.parse(body).type === 'fill');
    await until(
      'the fill',
      async () => fillOf(),
      (calls) => calls.length > 0,
    );
    // One of the calls was refused, and its event comes again.
    const ids = () => receiver.calls.map(({ headers }) => String(headers['moniqo-event-id']));
    await until(
      'the repeat',
      async () => ids(),
      (all) => new Set(all).size < all.length,
    );
    const [first] = receiver.calls;
    const again = receiver.calls.filter(({ body }) => body === first?.body);
    expect(again.map(({ headers }) => headers['moniqo-attempt'])).toEqual(['1', '2']);
    for (const { headers, body } of receiver.calls) {
      expect(check.deliveryComplaints({ headers, body: JSON.parse(body) })).toEqual([]);
      const [, t = '', v1 = ''] =
        /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['moniqo-signature'])) ?? [];
      expect(createHmac('sha256', hook.secret).update(`${t}.${body}`).digest('hex')).toBe(v1);
      expect(['fill', 'position']).toContain(JSON.parse(body).type);
    }
    const path = `/webhooks/${hook.webhook_id}/deliveries`;
    const list = () =>
      trader.good<{ items: readonly { event_id: string; status: string; attempts: number }[] }>('GET', path);
    const { items } = await until('all delivered', list, (page) =>
      page.items.every(({ status }) => status === 'delivered'),
    );
    expect(
      items
        .map(({ attempts }) => attempts)
        .sort()
        .at(-1),
    ).toBe(2);
    expect(await system.userNamed('a stranger').then((them) => them.send('GET', path))).toMatchObject({
      status: 404,
    });
    // One that was asked for is told in the same form.
    await trader.good('POST', `/webhooks/${hook.webhook_id}/test`, { body: {} });
    const tests = () => receiver.calls.filter(({ body }) => JSON.parse(body).type === 'test');
    await until(
      'the test event',
      async () => tests(),
      (calls) => calls.length === 1,
    );
    const [asked] = tests();
    expect(
      check.deliveryComplaints({ headers: asked?.headers ?? {}, body: JSON.parse(asked?.body ?? '') }),
    ).toEqual([]);
    await trader.good('DELETE', `/webhooks/${hook.webhook_id}`);
    const before = receiver.calls.length;
    await trader.good('POST', `/positions/${positionId}/close`, { body: {}, key: 'close-2' });
    await trader.closed(positionId);
    await new Promise((done) => setTimeout(done, 1_000));
    expect(receiver.calls.length).toBe(before);
  } finally {
    await receiver.stop();
  }
});

it('nothing was given up', async () => {
  expect(await system.deadLetters()).toEqual([]);
  expect(system.log('publish')).not.toContain('CHANGE_NOT_PUBLISHED');
  expect(system.log('streams')).toBe('');
});
