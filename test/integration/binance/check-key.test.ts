/** Keys at the simulated exchange: which are good, which are not and why, and that no word of one is ever told. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyCheck } from '../../../shared/ports/venue.ts';
import { type Bench, startBench, UID } from './bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(async () => {
  await bench.stop();
});

type KeyOptions = Parameters<Bench['simulator']['createKey']>[0];

async function check(
  options: Omit<KeyOptions, 'uid'>,
  change: { secret?: string; apiKey?: string } = {},
): Promise<KeyCheck> {
  const key = bench.simulator.createKey({ uid: UID, ...options });
  const credentials = { keyType: key.keyType, apiKey: key.apiKey, secret: key.secret ?? '', ...change };
  const answer = await (await bench.withKeys(credentials)).checkKey();
  const told = [JSON.stringify(answer), ...bench.logged].join('\n');
  for (const text of [credentials.apiKey, credentials.secret]) expect(told).not.toContain(text);
  return answer;
}
const problem = (code: string) => ({ ok: false, retry: false, problem: { code } });

describe('a good key', () => {
  it.each([['hmac'], ['ed25519'], ['rsa']] as const)('%s', async (type) => {
    expect(await check({ type, ipWhitelist: ['127.0.0.1'] })).toEqual({
      ok: true,
      accountUid: String(UID),
      warnings: [],
    });
  });

  it('without an address list gets a warning', async () => {
    expect(await check({})).toMatchObject({ ok: true, warnings: ['no_ip_restriction'] });
  });
});

it('a venue without /sapi cannot say what a key may do: a warning', async () => {
  const poor = await startBench({ sapi: false });
  const answer = await poor.wallet.checkKey();
  await poor.stop();
  expect(answer).toEqual({ ok: true, accountUid: String(UID), warnings: ['key_restrictions_unknown'] });
});

describe('a bad key', () => {
  it('that may withdraw', async () => {
    expect(await check({ enableWithdrawals: true })).toMatchObject(problem('withdraw_permission'));
  });

  it('that may not trade, or whose account may not', async () => {
    expect(await check({ permissions: ['USER_DATA'] })).toMatchObject(problem('no_trade_permission'));
    bench.simulator.addAccount({ uid: 77, balances: {}, canTrade: false });
    const key = bench.simulator.createKey({ uid: 77 });
    const wallet = await bench.withKeys({ keyType: 'hmac', apiKey: key.apiKey, secret: key.secret ?? '' });
    expect(await wallet.checkKey()).toMatchObject(problem('no_trade_permission'));
  });

  it('with another secret, of another format, unknown, or from another address', async () => {
    expect(await check({}, { secret: 'x'.repeat(64) })).toMatchObject(problem('bad_signature'));
    expect(await check({}, { apiKey: 'short' })).toMatchObject(problem('key_rejected'));
    expect(await check({}, { apiKey: 'A'.repeat(64) })).toMatchObject(problem('key_rejected'));
    expect(await check({ ipWhitelist: ['10.1.2.3'] })).toMatchObject(problem('key_rejected'));
    bench.simulator.addFaults([
      {
        times: 1,
        when: { operation: 'account.status' },
        do: {
          kind: 'refuse',
          status: 401,
          code: -2015,
          msg: 'Invalid API-key, IP, or permissions for action, request ip: 192.0.2.1',
        },
      },
    ]);
    expect(await check({})).toMatchObject(problem('ip_not_allowed'));
  });
});

describe('no verdict', () => {
  const answers = async (rule: object): Promise<KeyCheck> => {
    bench.simulator.clearFaults();
    bench.simulator.addFaults([rule]);
    return check({});
  };
  const later = { ok: false, retry: true, problem: { code: 'venue_unreachable' } };

  it('where the exchange gives no answer', async () => {
    expect(
      await answers({ when: { operation: 'account.status' }, do: { kind: 'server_error', executed: false } }),
    ).toMatchObject(later);
    expect(
      await answers({
        when: { operation: 'account.status' },
        do: { kind: 'rate_limited', retryAfterSeconds: 1 },
      }),
    ).toMatchObject(later);
    expect(
      await answers({ when: { operation: 'account.apiRestrictions' }, do: { kind: 'lose_reply' } }),
    ).toMatchObject(later);
  });

  it('where our time stays wrong', async () => {
    const answer = await answers({
      when: { operation: 'account.status' },
      do: { kind: 'refuse', code: -1021, msg: 'Timestamp for this request is outside of the recvWindow.' },
    });
    expect(answer).toMatchObject({ ok: false, problem: { code: 'clock_skew' } });
    expect(bench.simulator.requests()['account.status']?.requests).toBe(2);
  });
});
