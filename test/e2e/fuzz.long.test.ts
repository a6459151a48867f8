/** Three hundred requests that are made of the API's document, to the laptop system: each is answered as it says, none with a 5xx. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readDocument } from '../openapi/answer-check.ts';
import { count, fill, furnish, type Ids, sharesOf, type Tally } from '../openapi/fuzz.ts';
import { type FuzzedRequest, requestsOf } from '../openapi/requests.ts';
import { machineToken } from '../support/machine-token.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import type { Trader } from '../support/trader.ts';

const REQUESTS = 300;
/** Then there is something new to act on. */
const PER_WORLD = 50;
const SEED = 20_261_129;
/** What the tape of this system has no price of: a 503 that says so is the right answer. */
const PRICED = ['BTC/USDT', 'ETH/USDT', 'BNB/USDT', 'SOL/USDT'];
const isUnpriced = (request: FuzzedRequest): boolean => JSON.stringify(request).includes('AAPL');

let system: TestSystem;

beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system?.stop());

const prices = () =>
  Promise.all(PRICED.map((symbol) => system.trade(symbol, symbol === 'BTC/USDT' ? '50000' : '100')));

async function send(
  trader: Trader,
  request: FuzzedRequest,
  ids: Ids,
): Promise<{ status: number; said: string }> {
  const { method, path, query, headers, body } = fill(request, ids);
  const { Prefer: _, ...others } = headers;
  // What fetch would not send, or would send as another path, says nothing of the API.
  if (/\/(\.|%2e){1,2}(\/|$)/i.test(path) || Object.values(others).some((text) => /[^\x20-\x7e]/.test(text)))
    return { status: 0, said: 'not sent' };
  const sent = body ?? (method === 'GET' ? undefined : '');
  const answer = await trader.send(
    method,
    `${path.slice('/api/v1'.length)}${query.size ? `?${query}` : ''}`,
    {
      headers: { ...others, prefer: 'wait=0' },
      ...(sent !== undefined && method !== 'GET' && { body: sent }),
    },
  );
  return { status: answer.status, said: answer.body.code };
}

it('300 requests made of the document are answered by the system as it says, none with a 5xx', async () => {
  const requests = fc
    .sample(requestsOf(readDocument()), { numRuns: Math.ceil(REQUESTS * 1.1), seed: SEED })
    .filter((request) => !isUnpriced(request))
    .slice(0, REQUESTS);
  expect(requests).toHaveLength(REQUESTS);
  const tally: Tally = { seen: new Map() };
  const failures: string[] = [];
  let ids: Ids = {};
  let trader = system.trader;
  for (const [n, request] of requests.entries()) {
    if (n % PER_WORLD === 0) {
      await prices();
      const as =
        (user: Trader) => async (method: string, path: string, call: { key?: string; body?: unknown }) =>
          user.good<Readonly<Record<string, unknown>>>(method, path, call);
      trader = await system.userNamed(`user ${n}`);
      ids = await furnish(
        as(trader),
        as(await system.userNamed(`somebody else ${n}`)),
        (id) => machineToken(system.running.api, id),
        `-${n}`,
      );
    }
    const { status, said } = await send(trader, request, ids);
    if (status >= 500) failures.push(`${n} ${JSON.stringify(request)}: ${status} ${said}`);
    count(tally, request.operation, status);
  }
  const shares = sharesOf(tally);
  console.log(
    shares.map(({ operation, all, share }) => `${operation} ${share.toFixed(2)} of ${all}`).join(', '),
  );
  expect(failures).toEqual([]);
  const good = shares.reduce((sum, { all, share }) => sum + all * share, 0);
  expect(good / shares.reduce((sum, { all }) => sum + all, 0)).toBeGreaterThan(0.15);
  expect(await system.deadLetters()).toEqual([]);
}, 300_000);
