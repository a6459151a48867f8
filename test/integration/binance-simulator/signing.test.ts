import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CreatedKey, KeyStore } from '../../../infra/local/venues/binance/server/keys.ts';
import { readFrame, readRest } from '../../../infra/local/venues/binance/server/parameters.ts';
import type { Simulator } from '../../../infra/local/venues/binance/start.ts';
import { aSimulator, now, query, send, signatureOf, signed } from './client.ts';

// The documentation's published sample pair, no live key.
const DOCUMENTED = {
  apiKey: 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A',
  secret: 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j',
};

function documentedKey() {
  const keys = new KeyStore(now);
  keys.create({ uid: 1, ...DOCUMENTED });
  return keys.find(DOCUMENTED.apiKey, '127.0.0.1');
}

describe('the published vectors', () => {
  const order =
    'side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559';
  const wide = '%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96';

  it.each([
    ['LTCBTC', 'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71'],
    [wide, 'e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3'],
  ])('REST: %s signed in the query, in the body, and over both', (symbol, signature) => {
    const key = documentedKey();
    const text = `symbol=${symbol}&${order}`;
    const cut = text.indexOf('&quantity');
    const halves = readRest(text.slice(0, cut), text.slice(cut));
    for (const sent of [
      readRest(`${text}&signature=${signature}`, ''),
      readRest('', `${text}&signature=x`),
    ]) {
      expect(key.isSignatureOf(sent.payload, signature)).toBe(true);
    }
    // Two halves are joined without an ampersand, so the same signature does not cover them.
    expect(key.isSignatureOf(halves.payload, signature)).toBe(false);
    expect(halves.payload).toBe(text.replace('&quantity', 'quantity'));
  });

  it.each([
    [
      { symbol: 'BTCUSDT', side: 'SELL', quantity: '0.01000000', price: '52000.00', recvWindow: 100 },
      'aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24',
    ],
    [
      { symbol: '１２３４５６', side: 'BUY', quantity: '1.00000000', price: '0.10000000', recvWindow: 5000 },
      'b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd',
    ],
  ])('WebSocket API: sorted, as raw text', (values, signature) => {
    const params = {
      ...values,
      type: 'LIMIT',
      timeInForce: 'GTC',
      timestamp: 1645423376532,
      apiKey: DOCUMENTED.apiKey,
      signature,
    };
    const { sent } = readFrame(JSON.stringify({ id: 1, method: 'order.place', params }));
    expect(documentedKey().isSignatureOf(sent.payload, sent.signature ?? '')).toBe(true);
    expect(documentedKey().isSignatureOf(sent.payload, signature.toUpperCase())).toBe(true);
  });

  it('a JSON number is signed as it was written', () => {
    const text = '{"id":1,"method":"order.place","params":{"price":52000.00,"quantity":1e-3,"flag":true}}';
    expect(readFrame(text).sent.payload).toBe('flag=true&price=52000.00&quantity=1e-3');
  });
});

describe('signed requests', () => {
  let simulator: Simulator;
  let hmac: CreatedKey;
  beforeAll(async () => {
    ({ simulator, key: hmac } = await aSimulator());
  });
  afterAll(() => simulator.stop());

  const account = (key: CreatedKey, values = {}) =>
    signed(simulator.restUrl, key, { path: '/api/v3/account', values });

  it.each(['hmac', 'ed25519', 'rsa'] as const)(
    '%s keys are accepted, and only with their own signature',
    async (type) => {
      const [key, other] = [simulator.createKey({ uid: 1, type }), simulator.createKey({ uid: 1, type })];
      expect(await account(key)).toMatchObject({ status: 200, body: { uid: 1 } });
      const forged = await account({ ...other, apiKey: key.apiKey });
      expect(forged).toMatchObject({ status: 400, body: { code: -1022 } });
    },
  );

  it('takes a public key that somebody else made', async () => {
    const pair = simulator.createKey({ uid: 1, type: 'ed25519' });
    const { createPublicKey } = await import('node:crypto');
    const publicKey = createPublicKey(pair.secret ?? '')
      .export({ type: 'spki', format: 'pem' })
      .toString();
    const own = simulator.createKey({ uid: 1, type: 'ed25519', publicKey });
    expect(own.secret).toBeNull();
    expect((await account({ ...own, secret: pair.secret })).status).toBe(200);
  });

  it('text that was signed before it was encoded is refused', async () => {
    const raw = `symbol=这是测试币456USDT&timestamp=${now()}`;
    const path = (text: string, payload: string) => ({
      path: `/api/v3/openOrders?${text}&signature=${signatureOf(hmac, payload)}`,
      headers: { 'X-MBX-APIKEY': hmac.apiKey },
    });
    const encoded = encodeURI(raw);
    expect((await send(simulator.restUrl, path(encoded, raw))).body.code).toBe(-1022);
    expect((await send(simulator.restUrl, path(encoded, encoded))).status).toBe(200);
  });

  it('query and body are signed one after the other; the query wins', async () => {
    const inQuery = query({ symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', price: '50000' });
    const inBody = query({ timeInForce: 'GTC', quantity: '0.001', price: '1', timestamp: now() });
    const signature = signatureOf(hmac, inQuery + inBody);
    const answer = await send(simulator.restUrl, {
      method: 'POST',
      path: `/api/v3/order?${inQuery}`,
      headers: { 'X-MBX-APIKEY': hmac.apiKey, 'Content-Type': 'application/x-www-form-urlencoded' },
      body: `${inBody}&signature=${signature}`,
    });
    expect(answer).toMatchObject({ status: 200, body: { price: '50000.00000000', status: 'NEW' } });
  });

  it.each([
    ['no key', {}, -2014, 401],
    ['no key of any kind', { 'X-MBX-APIKEY': 'short' }, -2014, 401],
    ['an unknown key', { 'X-MBX-APIKEY': 'x'.repeat(64) }, -2015, 401],
  ])('%s', async (_name, headers, code, status) => {
    const path = `/api/v3/account?timestamp=${now()}&signature=00`;
    expect(await send(simulator.restUrl, { path, headers })).toMatchObject({ status, body: { code } });
  });

  it('base64 is taken as it is written: no white space, no other alphabet', () => {
    const keys = new KeyStore(now);
    const made = keys.create({ uid: 1, type: 'ed25519' });
    const key = keys.find(made.apiKey, '127.0.0.1');
    const signature = signatureOf(made, 'a=1');
    expect(key.isSignatureOf('a=1', signature)).toBe(true);
    for (const other of [` ${signature}`, signature.replace(/=+$/, ''), `${signature}=`]) {
      expect(key.isSignatureOf('a=1', other)).toBe(false);
    }
  });

  it('says which parameter is missing', async () => {
    const headers = { 'X-MBX-APIKEY': hmac.apiKey };
    const without = await send(simulator.restUrl, { path: '/api/v3/account', headers });
    expect(without.body).toEqual({
      code: -1102,
      msg: "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.",
    });
    const unsigned = `/api/v3/account?timestamp=${now()}`;
    const { body } = await send(simulator.restUrl, { path: unsigned, headers });
    expect(body.msg).toContain("'signature'");
  });

  it.each([
    [{ recvWindow: 60_001 }, -1131],
    [{ recvWindow: 'soon' }, -1100],
    [{ recvWindow: '4999.123' }, null],
    [{ timestamp: now() - 60_000 }, -1021],
    [{ timestamp: now() - 20_000, recvWindow: 60_000 }, null],
    [{ timestamp: now() + 5000 }, -1021],
    [{ timestamp: `${now()}000` }, null],
  ])('times: %j', async (values, code) => {
    const answer = await account(hmac, values);
    expect(code === null ? answer.status : answer.body.code).toBe(code ?? 200);
  });

  it('a revoked key, a foreign address and a missing permission are refused alike', async () => {
    const revoked = simulator.createKey({ uid: 1 });
    expect(simulator.revokeKey(revoked.apiKey)).toBe(true);
    expect(simulator.revokeKey(revoked.apiKey)).toBe(false);
    const elsewhere = simulator.createKey({ uid: 1, ipWhitelist: ['10.0.0.1'] });
    const trader = simulator.createKey({ uid: 1, permissions: ['TRADE'] });
    for (const key of [revoked, elsewhere, trader]) {
      expect(await account(key)).toMatchObject({ status: 401, body: { code: -2015 } });
    }
  });

  it('tells what a key may do', async () => {
    const key = simulator.createKey({
      uid: 1,
      permissions: ['USER_DATA'],
      ipWhitelist: ['127.0.0.1'],
      enableWithdrawals: true,
    });
    const { body } = await signed(simulator.restUrl, key, { path: '/sapi/v1/account/apiRestrictions' });
    expect(body).toMatchObject({
      ipRestrict: true,
      enableWithdrawals: true,
      enableReading: true,
      enableSpotAndMarginTrading: false,
    });
  });
});
