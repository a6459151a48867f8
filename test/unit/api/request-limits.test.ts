import { describe, expect, it } from 'vitest';
import { bucketsOf, kindOf, type RequestKind, requestLimits } from '../../../functions/api/request-limits.ts';
import { ROUTES } from '../../../functions/api/routes.ts';
import { type ProblemError, problemResponse } from '../../../shared/http/errors.ts';
import type { Asking } from '../../../shared/http/handler.ts';
import type { RateLimits } from '../../../shared/ports/rate-limit.ts';

const perMinute = { read: 400, change: 100, close: 200 };

const asking = (name: string, more: Partial<Asking> = {}): Asking => {
  const route = ROUTES.find((one) => one.name === name);
  if (route === undefined) throw new Error(`no route ${name}`);
  return { bearer: { userId: 'alice', clientId: null, scopes: new Set() }, route, body: undefined, ...more };
};

function aLimiter(take: RateLimits['take']) {
  const told: string[] = [];
  const counted: string[] = [];
  let now = 1_000;
  const tell = (code: string): void => void told.push(code);
  const admit = requestLimits({
    limits: { take },
    perMinute,
    counters: { add: async (increments) => void counted.push(...Object.keys(increments)) },
    clock: { now: () => now },
    log: { debug: tell, info: tell, warn: tell, error: tell },
  });
  return {
    admit,
    told,
    counted,
    pass: (ms: number): void => {
      now += ms;
    },
  };
}

describe('what a request is', () => {
  it.each<[string, unknown, RequestKind]>([
    ['getOrder', undefined, 'read'],
    ['listPrices', undefined, 'read'],
    ['previewOrder', {}, 'read'],
    ['createOrder', { side: 'buy' }, 'change'],
    ['createOrder', { side: 'sell', position_id: null }, 'change'],
    ['createOrder', { side: 'sell', position_id: 'p' }, 'close'],
    ['createOrder', { side: 'buy', position_id: 'p', position_effect: 'open' }, 'change'],
    ['createOrder', { side: 'sell', position_id: 'p', position_effect: 'close' }, 'close'],
    ['createOrder', undefined, 'change'],
    ['amendOrder', {}, 'change'],
    ['cancelOrder', undefined, 'close'],
    ['cancelAll', {}, 'close'],
    ['closePosition', {}, 'close'],
    ['takeSignal', { signal: 'close' }, 'close'],
    ['takeSignal', { signal: 'adjust' }, 'change'],
    ['pauseWallet', {}, 'close'],
    ['resumeWallet', {}, 'change'],
  ])('%s %j is a %s', (name, body, kind) => {
    expect(kindOf(asking(name).route, body)).toBe(kind);
  });
});

describe('the limits of a user', () => {
  it('are of each kind by itself; a client has a share of its own, and gets out as its user does', () => {
    expect(bucketsOf(perMinute, 'read', null)).toEqual([{ name: 'read', perMinute: 400, burst: 100 }]);
    expect(bucketsOf(perMinute, 'change', 'bot')).toEqual([
      { name: 'change', perMinute: 100, burst: 25 },
      { name: 'change:bot', perMinute: 50, burst: 12 },
    ]);
    expect(bucketsOf(perMinute, 'close', 'bot')[1]).toEqual({ name: 'close:bot', perMinute: 200, burst: 50 });
  });

  it('are told by the tightest of them', async () => {
    const { admit } = aLimiter(async () => ({
      taken: true,
      stands: [
        { remaining: 20, fullInMs: 4_000, nextInMs: 0 },
        { remaining: 3, fullInMs: 9_001, nextInMs: 0 },
      ],
    }));
    const bearer = { userId: 'alice', clientId: 'bot', scopes: new Set<never>() };
    expect(await admit(asking('createOrder', { bearer }))).toEqual({
      ...{ 'ratelimit-limit': '12', 'ratelimit-remaining': '3', 'ratelimit-reset': '10' },
      ...{ 'x-ratelimit-limit': '12', 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '10' },
      'ratelimit-policy': '12;w=15',
    });
  });

  it('answer 429 with Retry-After when one is used up', async () => {
    const { admit } = aLimiter(async () => ({
      taken: false,
      stands: [{ remaining: 0, fullInMs: 15_000, nextInMs: 1_200 }],
    }));
    const error: ProblemError = await admit(asking('createOrder')).then(
      () => Promise.reject(new Error('it was admitted')),
      (refusal: ProblemError) => refusal,
    );
    const { statusCode, headers, body } = problemResponse(error, 'req');
    expect(statusCode).toBe(429);
    expect(headers).toMatchObject({ 'retry-after': '2', 'ratelimit-remaining': '0' });
    expect(JSON.parse(body)).toMatchObject({ code: 'rate_limited', kind: 'change', retry_after: 2 });
  });

  it('let everything pass while the cache does not answer, say so, and ask again after a second', async () => {
    let asked = 0;
    const { admit, told, counted, pass } = aLimiter(async () => {
      asked += 1;
      throw new Error('connection refused');
    });
    expect(await admit(asking('getOrder'))).toEqual({});
    expect(await admit(asking('getOrder'))).toEqual({});
    expect([asked, told, counted]).toEqual([1, ['RATE_LIMIT_UNKNOWN'], ['api:rate_limit_unknown_total']]);
    pass(1_000);
    await admit(asking('getOrder'));
    expect(asked).toBe(2);
  });

  it('wait no longer for the cache than a quarter of a second', async () => {
    const { admit, told } = aLimiter(() => new Promise(() => undefined));
    const since = performance.now();
    expect(await admit(asking('cancelOrder'))).toEqual({});
    expect(performance.now() - since).toBeLessThan(1_500);
    expect(told).toEqual(['RATE_LIMIT_UNKNOWN']);
  });
});
