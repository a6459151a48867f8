/** Sends requests that are made of the document to the API over the stand-ins, and holds each answer to the document. */
import * as fc from 'fast-check';
import { symbolRegistry } from '../../shared/domain/symbols.ts';
import { type Answer, ApiWorld } from '../unit/api/world.ts';
import { readDocument } from './answer-check.ts';
import { CHANGES, type FuzzedRequest, requestsOf } from './requests.ts';

/** Requests to one world, one after the other: what the first ones make is there for the later ones. */
export const REQUESTS_PER_WORLD = 20;

export interface Tally {
  /** Answers by operation and status. */
  readonly seen: Map<string, number>;
}

interface Place {
  readonly world: ApiWorld;
  readonly ids: Ids;
}

/** What stands where in a request: a place and the id that it has here. */
export type Ids = Readonly<Record<string, string>>;

/** A call of a user, or nothing but the body of a good answer. */
export type Call = (
  method: string,
  path: string,
  call: { readonly key?: string; readonly body?: unknown },
) => Promise<Readonly<Record<string, unknown>>>;

/**
 * What requests are about: positions that are open, orders that rest, a client and a webhook of one user, and what somebody
 * else has.
 */
export async function furnish(
  own: Call,
  others: Call,
  tokenOf: (clientId: string) => Promise<string>,
  round = '',
): Promise<Ids> {
  const walletOf = async (call: Call): Promise<string> => {
    const settings = { name: 'demo', type: 'demo', starting_balances: { USDT: '1000000' }, max_leverage: 5 };
    return String((await call('POST', '/wallets', { key: `wallet${round}`, body: settings }))['wallet_id']);
  };
  const orderOf = (call: Call, wallet: string, key: string, change: object = {}) =>
    call('POST', '/orders', {
      key: `${key}${round}`,
      body: {
        wallet_id: wallet,
        symbol: 'BTC/USDT',
        side: 'buy',
        type: 'market',
        quantity: '0.5',
        ...change,
      },
    });
  const wallet = await walletOf(own);
  const protection = { stop_loss: '45000', trailing_stop: { distance_percent: '5' } };
  const bought = await orderOf(own, wallet, 'one', { protection });
  const [second, third] = [await orderOf(own, wallet, 'two'), await orderOf(own, wallet, 'three')];
  const rest = { type: 'limit', limit_price: '48000', quantity: '0.1' };
  const resting = [];
  for (const key of ['four', 'five', 'six', 'seven', 'eight'])
    resting.push(await orderOf(own, wallet, key, rest));
  const client = await own('POST', '/clients', {
    body: {
      client_id: `client${round}`,
      client_token: await tokenOf(`client${round}`),
      name: 'bot',
      scopes: ['read'],
    },
  });
  const webhook = await own('POST', '/webhooks', {
    body: { url: 'https://bot.example.com/moniqo', channels: ['fills'] },
  });
  const otherWallet = await walletOf(others);
  const theirs = await orderOf(others, otherWallet, 'one');
  const text = (value: unknown): string => {
    if (typeof value !== 'string') throw new Error('the world is not furnished');
    return value;
  };
  return {
    '@wallet': wallet,
    '@position': text(bought['position_id']),
    '@second_position': text(second['position_id']),
    '@third_position': text(third['position_id']),
    '@order': text(bought['order_id']),
    '@resting': text(resting[0]?.['order_id']),
    '@second_resting': text(resting[1]?.['order_id']),
    '@third_resting': text(resting[2]?.['order_id']),
    '@fourth_resting': text(resting[3]?.['order_id']),
    '@fifth_resting': text(resting[4]?.['order_id']),
    '@client': text(client['client_id']),
    '@new_client': `new${round}`,
    '@token_of_new': await tokenOf(`new${round}`),
    '@webhook': text(webhook['webhook_id']),
    '@other_wallet': otherWallet,
    '@other_position': text(theirs['position_id']),
    '@other_order': text(theirs['order_id']),
    // They have none; nobody else may know either.
    '@other_client': 'somebodys',
    '@other_webhook': 'somebodys',
  };
}

async function furnished(): Promise<Place> {
  const world = new ApiWorld();
  showPrices(world);
  const as =
    (user: string): Call =>
    async (method, path, call) => {
      const { status, body } = await world.call(method, `/api/v1${path}`, { user, ...call });
      if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
      await world.settle();
      return body;
    };
  const ids = await furnish(as('alice'), as('bob'), async (id) => `token-of-${id}`);
  // Lists may lag behind what has just been written.
  world.now += 10_000;
  return { world, ids };
}

/** Of every symbol that is known, as a streamer that follows them all shows them. */
function showPrices(world: ApiWorld): void {
  for (const { symbol } of symbolRegistry().all()) {
    const last = symbol === 'BTC/USDT' ? '50000' : '100';
    world.prices.show({
      ...{ symbol, bid: last, ask: last, last, bidSize: '', askSize: '', source: 'replay', quoted: false },
      ...{ tickId: world.now, at: world.now, recordedAt: 0 },
    });
  }
}

/** Fills the places; an id that is wished for in a body stands in quotes there. */
const filled = (text: string, ids: Ids): string =>
  Object.entries(ids).reduce((all, [place, id]) => all.replaceAll(place, id), text);

/** A request with the ids of where it is sent. */
export interface FilledRequest {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export const fill = (request: FuzzedRequest, ids: Ids): FilledRequest => ({
  ...request,
  path: Object.entries(request.params).reduce(
    (text, [name, value]) => text.replace(`{${name}}`, () => encodeURIComponent(filled(value, ids))),
    request.path,
  ),
  query: new URLSearchParams(
    Object.fromEntries(Object.entries(request.query).map(([name, value]) => [name, filled(value, ids)])),
  ),
  body: request.body === null ? null : filled(request.body, ids),
});

function send({ world, ids }: Place, request: FuzzedRequest): Promise<Answer> {
  const { method, path, query, headers, body } = fill(request, ids);
  world.now += 50;
  showPrices(world);
  return world.call(method, query.size === 0 ? path : `${path}?${query}`, {
    headers,
    ...(body !== null && { raw: body }),
  });
}

export const count = ({ seen }: Tally, operation: string, status: number): void => {
  const key = `${operation} ${status}`;
  seen.set(key, (seen.get(key) ?? 0) + 1);
};

/** Of each change of money: how many there were, and the share that succeeded. */
export const sharesOf = ({ seen }: Tally): readonly { operation: string; all: number; share: number }[] =>
  [...CHANGES].map((operation) => {
    const those = [...seen].filter(([key]) => key.startsWith(`${operation} `));
    const sum = (some: typeof those): number => some.reduce((total, [, n]) => total + n, 0);
    const all = sum(those);
    return { operation, all, share: sum(those.filter(([key]) => key.startsWith(`${operation} 2`))) / all };
  });

/** Fails at the first answer that is not as the document says (the world looks at each), and at any 5xx. */
export async function fuzz(requests: number, seed: number): Promise<Tally> {
  const tally: Tally = { seen: new Map() };
  const some = fc.array(requestsOf(readDocument()), {
    minLength: REQUESTS_PER_WORLD,
    maxLength: REQUESTS_PER_WORLD,
  });
  await fc.assert(
    fc.asyncProperty(some, async (all) => {
      const place = await furnished();
      for (const request of all) {
        const { status, body } = await send(place, request);
        if (status >= 500) {
          const logged = place.world.told
            .filter(({ level }) => level === 'error')
            .map(({ fields }) => fields['error']);
          throw new Error(`${request.operation}: ${status} ${body.code}\n${logged.join('\n')}`);
        }
        count(tally, request.operation, status);
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
  return tally;
}
