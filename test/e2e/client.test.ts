/** The typed client and the example bot against the laptop system, and the document where it is served. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runBot } from '../../infra/local/bot/bot.ts';
import { type ApiClient, createClient } from '../../shared/client/client.ts';
import { makeAnswerCheck } from '../openapi/answer-check.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

let system: TestSystem;
let client: ApiClient;
const check = makeAnswerCheck();

/** Every answer is as the document says. */
const checkedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  const { pathname } = new URL(String(input));
  const seen = {
    method: init?.method ?? 'GET',
    path: pathname,
    status: response.status,
    headers: Object.fromEntries(response.headers),
  };
  expect(check.complaints({ ...seen, body: await response.clone().json() })).toEqual([]);
  return response;
};

beforeAll(async () => {
  system = await startTestSystem();
  client = createClient({ api: system.running.api, token: system.running.token, fetch: checkedFetch });
});
afterAll(() => system?.stop());

it('the example bot buys, follows its position and is out by its stop', async () => {
  await system.trade('BTC/USDT', '50000');
  const said: string[] = [];
  const plan = { symbol: 'BTC/USDT', spend: '500', trailingPercent: '1', seconds: 600 };
  let fell = false;
  const position = await runBot(
    client,
    plan,
    (line) => said.push(line),
    async () => {
      const { items } = await client.call('listPositions', { query: { status: ['open'], limit: 1 } });
      // Once the stop is armed, the market falls.
      if (!fell && items[0]?.risk_management.armed === true) {
        fell = true;
        await system.trade('BTC/USDT', '49000');
      }
      await sleep(100);
    },
  );
  expect(said[0]).toBe('bought 0.01 BTC/USDT at 50000');
  expect(position.exit).toMatchObject({ reason: 'trailing_stop', price: '49000' });
  expect(said.at(-1)).toBe(`out by trailing_stop: P&L ${position.exit?.realized_pnl}`);
});

it('lists are read page by page, and a refusal is thrown with its code', async () => {
  const { wallet_id } = await client.call('createWallet', {
    body: { name: 'pages', type: 'demo', starting_balances: { USDT: '1000' } },
  });
  const order = { wallet_id, symbol: 'BTC/USDT', side: 'buy', type: 'limit', quantity: '0.001' } as const;
  for (const limit_price of ['40000', '41000', '42000']) {
    await client.call('createOrder', {
      body: { ...order, limit_price, client_order_id: `at-${limit_price}` },
    });
  }
  const prices: (string | null)[] = [];
  for await (const one of client.items('listOrders', { query: { wallet_id, limit: 2 } }))
    prices.push(one.limit_price);
  expect(prices).toEqual(['42000', '41000', '40000']);
  const { items } = await client.call('listOrders', { query: { wallet_id, client_order_id: 'at-41000' } });
  expect(items.map(({ limit_price }) => limit_price)).toEqual(['41000']);
  await client.call('cancelAll', { body: { wallet_id }, waitSeconds: 5 });
  const refused = client.call('createOrder', { body: { ...order, quantity: '0', limit_price: '40000' } });
  await expect(refused).rejects.toMatchObject({
    status: 422,
    code: 'not_positive',
    problem: { field: 'quantity' },
  });
});

it('the document and its page are served to everybody', async () => {
  const document = await fetch(`${system.running.api}/api/v1/openapi.json`);
  expect(document.status).toBe(200);
  expect(await document.json()).toEqual(JSON.parse(readFileSync('docs/openapi.json', 'utf8')));
  const page = await fetch(`${system.running.api}/docs`);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(await page.text()).toContain('Place an order');
});
