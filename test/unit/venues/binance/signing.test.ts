import { generateKeyPairSync, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BadKeyError,
  createSigner,
  encodeParams,
  percentEncode,
  signRest,
  signWs,
  wsPayload,
} from '../../../../shared/venues/binance/signing.ts';

/** The published sample pair of the documentation: no live key. */
const apiKey = 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A';
const secret = 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j';
const hmac = createSigner({ keyType: 'hmac', apiKey, secret });

const REST = {
  symbol: 'LTCBTC',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  quantity: '1',
  price: '0.1',
  recvWindow: '5000',
  timestamp: '1499827319559',
};
const WS = {
  symbol: 'BTCUSDT',
  side: 'SELL',
  type: 'LIMIT',
  timeInForce: 'GTC',
  quantity: '0.01000000',
  price: '52000.00',
  recvWindow: '100',
  timestamp: '1645423376532',
};
const UNICODE = '１２３４５６';

describe('published vectors', () => {
  it.each([
    ['REST', REST, 'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71'],
    [
      'REST, another alphabet',
      { ...REST, symbol: UNICODE },
      'e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3',
    ],
  ])('%s', (_, params, signature) => {
    const signed = signRest(hmac, params);
    expect(signed).toEqual({ query: `${encodeParams(params)}&signature=${signature}`, body: '' });
    // All in the body, and part in each: the same text is signed.
    expect(signRest(hmac, {}, params).body).toBe(signed.query);
  });

  it.each([
    ['WebSocket', WS, 'aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24'],
    [
      'WebSocket, another alphabet',
      {
        ...WS,
        symbol: UNICODE,
        side: 'BUY',
        quantity: '1.00000000',
        price: '0.10000000',
        recvWindow: '5000',
      },
      'b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd',
    ],
  ])('%s', (_, params, signature) => {
    expect(signWs(hmac, params)).toEqual({ ...params, apiKey, signature });
  });
});

describe('a query and a body', () => {
  it('are signed without anything between them; the signature ends the body', () => {
    const signed = signRest(hmac, { symbol: 'LTCBTC' }, { side: 'BUY' });
    expect(signed.query).toBe('symbol=LTCBTC');
    expect(signed.body).toBe(`side=BUY&signature=${hmac.sign('symbol=LTCBTCside=BUY')}`);
  });
});

describe('what is escaped', () => {
  it('is everything but letters, digits and - _ . ~', () => {
    expect(percentEncode("a b!'()*~-_.+/=&é")).toBe('a%20b%21%27%28%29%2A~-_.%2B%2F%3D%26%C3%A9');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const encoded = percentEncode(text);
        return /^[A-Za-z0-9\-_.~%]*$/.test(encoded) && decodeURIComponent(encoded) === text;
      }),
    );
  });

  it('leaves out what is undefined', () => {
    expect(encodeParams({ a: '1', b: undefined, c: '' })).toBe('a=1&c=');
    expect(wsPayload({ b: '2', a: '1', c: undefined, signature: 'x' })).toBe('a=1&b=2');
  });
});

describe('key types', () => {
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  const ed25519 = generateKeyPairSync('ed25519');
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

  it('Ed25519 and RSA sign the payload itself, in base64', () => {
    const payload = `symbol=${UNICODE}&timestamp=1`;
    const ed = createSigner({
      keyType: 'ed25519',
      apiKey,
      secret: ed25519.privateKey.export(pem).toString(),
    });
    const one = Buffer.from(ed.sign(payload), 'base64');
    expect(verify(null, Buffer.from(payload), ed25519.publicKey, one)).toBe(true);
    const signer = createSigner({ keyType: 'rsa', apiKey, secret: rsa.privateKey.export(pem).toString() });
    const other = Buffer.from(signer.sign(payload), 'base64');
    expect(verify('sha256', Buffer.from(payload), rsa.publicKey, other)).toBe(true);
    expect(signRest(signer, { a: '1' }).query).toBe(`a=1&signature=${percentEncode(signer.sign('a=1'))}`);
  });

  it('a key that does not fit its type is refused without a word of it', () => {
    const edText = ed25519.privateKey.export(pem).toString();
    const wrong = [
      { keyType: 'rsa', secret: edText },
      { keyType: 'ed25519', secret: rsa.privateKey.export(pem).toString() },
      { keyType: 'ed25519', secret: 'topsecret' },
      { keyType: 'hmac', secret: '' },
    ] as const;
    for (const odd of ['', 'two words', 'line\nbreak', 'é']) {
      expect(() => createSigner({ keyType: 'hmac', apiKey: odd, secret })).toThrow(BadKeyError);
    }
    for (const { keyType, secret: text } of wrong) {
      expect(() => createSigner({ keyType, apiKey, secret: text })).toThrow(BadKeyError);
      expect(() => createSigner({ keyType, apiKey, secret: text })).not.toThrow(/topsecret|BEGIN/);
    }
  });
});
