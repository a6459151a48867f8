/** Sends requests that are made of the document to the API over the stand-ins, and holds each answer to the document. */
import * as fc from 'fast-check';
import { type Answer, ApiWorld } from '../unit/api/world.ts';
import { readDocument } from './answer-check.ts';
import { type FuzzedRequest, requestsOf } from './requests.ts';

/** Requests to one world, one after the other: what the first ones make is there for the later ones. */
export const REQUESTS_PER_WORLD = 20;

/** 503 that say what they mean: nothing went wrong here. */
const NOT_NOW = ['no_price', 'conflict'];

export interface Tally {
  /** Answers by operation and status. */
  readonly seen: Map<string, number>;
}

interface Place {
  readonly world: ApiWorld;
  readonly ids: Readonly<Record<string, string>>;
}

async function furnished(): Promise<Place> {
  const world = new ApiWorld();
  const body = (
    await world.call('POST', '/api/v1/wallets', {
      key: 'first',
      body: { name: 'demo', type: 'demo', starting_balances: { USDT: '1000000' }, max_leverage: 5 },
    })
  ).body;
  const wallet = String(body.wallet_id);
  const order = (change: object, user = 'alice', of = wallet, key = JSON.stringify(change)) =>
    world.call('POST', '/api/v1/orders', {
      user,
      key,
      body: { wallet_id: of, symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '0.5', ...change },
    });
  const bought = await order(
    { protection: { stop_loss: '45000', trailing_stop: { distance_percent: '5' } } },
    'alice',
    wallet,
    'one',
  );
  const resting = await order({ type: 'limit', limit_price: '48000' }, 'alice', wallet, 'two');
  const others = await world.wallet('bob');
  const theirs = await order({}, 'bob', others, 'three');
  await world.settle();
  // Lists may lag behind what has just been written.
  world.now += 10_000;
  return {
    world,
    ids: {
      '@wallet': wallet,
      '@position': String(bought.body.position_id),
      '@order': String(bought.body.order_id),
      '@resting': String(resting.body.order_id),
      '@other_wallet': others,
      '@other_position': String(theirs.body.position_id),
      '@other_order': String(theirs.body.order_id),
    },
  };
}

/** Fills the places; an id that is wished for in a body stands in quotes there. */
const filled = (text: string, ids: Place['ids']): string =>
  Object.entries(ids).reduce((all, [place, id]) => all.replaceAll(place, id), text);

async function send({ world, ids }: Place, request: FuzzedRequest): Promise<Answer> {
  const path = Object.entries(request.params).reduce(
    (text, [name, value]) => text.replace(`{${name}}`, () => encodeURIComponent(filled(value, ids))),
    request.path,
  );
  const query = new URLSearchParams(
    Object.fromEntries(Object.entries(request.query).map(([name, value]) => [name, filled(value, ids)])),
  );
  world.now += 50;
  return world.call(request.method, query.size === 0 ? path : `${path}?${query}`, {
    headers: request.headers,
    ...(request.body !== null && { raw: filled(request.body, ids) }),
  });
}

/**
 * Fails at the first answer that is not as the document says (the world looks at each), at any 500, and at a 503 that
 * does not say that something is not there yet.
 */
export async function fuzz(requests: number, seed: number): Promise<Tally> {
  const seen = new Map<string, number>();
  const some = fc.array(requestsOf(readDocument()), {
    minLength: REQUESTS_PER_WORLD,
    maxLength: REQUESTS_PER_WORLD,
  });
  await fc.assert(
    fc.asyncProperty(some, async (all) => {
      const place = await furnished();
      for (const request of all) {
        const { status, body } = await send(place, request);
        if (status >= 500 && !(status === 503 && NOT_NOW.includes(body.code))) {
          const logged = place.world.told
            .filter(({ level }) => level === 'error')
            .map(({ fields }) => fields['error']);
          throw new Error(`${request.operation}: ${status} ${body.code}\n${logged.join('\n')}`);
        }
        const key = `${request.operation} ${status}`;
        seen.set(key, (seen.get(key) ?? 0) + 1);
        await place.world.settle();
      }
    }),
    {
      numRuns: requests / REQUESTS_PER_WORLD,
      seed,
      interruptAfterTimeLimit: 600_000,
      markInterruptAsFailure: true,
    },
  );
  return { seen };
}
