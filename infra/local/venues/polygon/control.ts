/** The control port (127.0.0.1, plain HTTP, JSON): faults and their log, prices, rates, keys, connections. */
import type { RequestListener } from 'node:http';
import * as z from 'zod';
import { badInput, type ControlRoute, controlPort } from '../common/control-port.ts';
import type { Buckets } from './fan-out.ts';
import type { Faults } from './faults/faults.ts';
import { FaultScriptError, KINDS } from './faults/rules.ts';
import type { KeyTable } from './keys.ts';
import type { Market } from './market/market.ts';
import { CLUSTERS } from './market/symbols.ts';
import { REST_OPERATIONS } from './rest/rest.ts';
import type { World } from './world.ts';

export interface PolygonControlOptions {
  readonly faults: Faults;
  readonly world: World;
  readonly market: Market;
  readonly keys: KeyTable;
  readonly buckets: Buckets;
  readonly onBug: (error: unknown) => void;
}

const MOST_PER_SECOND = 100_000;

const decimal = z.string().regex(/^\d+(\.\d+)?$/, 'a decimal number as text is expected');
const priceBody = z.strictObject({
  symbol: z.string(),
  price: decimal,
  /** It stays there until `/control/follow`; else the path goes on from there. */
  hold: z.boolean().default(true),
});
const followBody = z.strictObject({
  symbol: z.string(),
  /** Back to where the path is; else it goes on from the price that was held. */
  home: z.boolean().default(true),
});
const rateBody = z.strictObject({
  cluster: z.enum(CLUSTERS),
  perSecond: z.int().min(0).max(MOST_PER_SECOND),
});
const keyBody = z.strictObject({
  key: z.string().regex(/^\S+$/, 'a key without spaces is expected'),
  account: z.string().min(1).exactOptional(),
  websocket: z.boolean().exactOptional(),
  rest: z.boolean().exactOptional(),
  connections: z.int().min(1).exactOptional(),
  refused: z.array(z.string()).exactOptional(),
  restPerMinute: z.int().min(1).nullable().exactOptional(),
});

function routesOf({
  faults,
  world,
  market,
  keys,
  buckets,
}: PolygonControlOptions): ReadonlyMap<string, ControlRoute> {
  return new Map<string, ControlRoute>([
    ['POST /control/faults', (body) => ({ ids: faults.add(body) })],
    ['GET /control/faults', () => faults.list()],
    [
      'DELETE /control/faults',
      () => {
        faults.clear();
        world.calm();
        return {};
      },
    ],
    ['GET /control/kinds', () => ({ faults: KINDS, operations: REST_OPERATIONS })],
    ['GET /control/log', (_body, _tail, query) => faults.log(Number(query.get('after') ?? 0))],
    [
      'POST /control/price',
      (body) => {
        const { symbol, price, hold } = priceBody.parse(body);
        market.setPrice(symbol, price, hold);
        return {};
      },
    ],
    [
      'POST /control/follow',
      (body) => {
        const { symbol, home } = followBody.parse(body);
        market.market(symbol).follow(home);
        return {};
      },
    ],
    ['GET /control/prices', () => market.prices()],
    [
      'POST /control/rate',
      (body) => {
        const { cluster, perSecond } = rateBody.parse(body);
        return { before: market.setRate(cluster, perSecond) };
      },
    ],
    ['POST /control/key', (body) => keys.set(keyBody.parse(body))],
    ['GET /control/connections', () => CLUSTERS.flatMap((cluster) => connectionsOf(buckets, cluster))],
  ]);
}

const connectionsOf = (buckets: Buckets, cluster: (typeof CLUSTERS)[number]) =>
  buckets[cluster].connections().map(({ id, account, holdings, sentMessages, sentFrames, connectedAt }) => ({
    id,
    cluster,
    account,
    topics: holdings.list(),
    sentMessages,
    sentFrames,
    connectedAt,
  }));

export const polygonControl = (options: PolygonControlOptions): RequestListener =>
  controlPort({
    routes: routesOf(options),
    refusal: (error) => (error instanceof FaultScriptError ? badInput(error) : null),
    onBug: options.onBug,
  });
