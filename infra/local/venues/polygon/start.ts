/** A whole Polygon in this process: markets, two WebSocket listeners, REST, control. For tests and for the command. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type Certificate, selfSigned } from '../common/certificate.ts';
import { Clock } from '../common/clock.ts';
import { type Listening, listen } from '../common/transport.ts';
import { polygonControl } from './control.ts';
import { type Buckets, FanOut } from './fan-out.ts';
import { Faults } from './faults/faults.ts';
import { KeyTable, type PolygonKey } from './keys.ts';
import { Market, type MarketOptions } from './market/market.ts';
import { CLUSTERS, type Cluster, catalogue } from './market/symbols.ts';
import { REST_OPERATIONS, Rest } from './rest/rest.ts';
import { World } from './world.ts';
import { Bucket } from './ws/bucket.ts';
import { DEFAULT_SOCKETS, type SocketSettings } from './ws/settings.ts';

export interface PolygonOptions {
  /** First of four ports: WebSocket, delayed WebSocket, REST, control. Default: any that are free. */
  readonly port?: number;
  readonly tls?: boolean;
  /** Default: the machine's clock. */
  readonly now?: () => number;
  readonly seed?: number;
  /** Trades and quotes per second and cluster [100]. */
  readonly rate?: number;
  /** Made-up crypto pairs beside the usual ones. */
  readonly moreSymbols?: number;
  /** Stocks and forex never close [false]. */
  readonly alwaysOpen?: boolean;
  readonly keys?: readonly (Partial<PolygonKey> & { readonly key: string })[];
  readonly sockets?: Partial<SocketSettings>;
  /** [2000] */
  readonly barDelayMs?: number;
  /** Share of bars told twice, and when. */
  readonly resend?: MarketOptions['resend'];
  /** A fault script (faults/rules.ts). */
  readonly faults?: unknown;
  /** How old the delayed listener's data are [900000]. */
  readonly delayedMs?: number;
  /** Told of mistakes of the simulator's own. Default: standard error. */
  readonly onBug?: (error: unknown) => void;
}

export interface PolygonSimulator {
  /** Without a path: `/crypto`, `/stocks`, `/forex` follow. */
  readonly wsUrl: string;
  readonly delayedUrl: string;
  readonly restUrl: string;
  readonly controlUrl: string;
  /** PEM of the certificate to trust; null without TLS. */
  readonly certificate: string | null;
  readonly market: Market;
  readonly faults: Faults;
  readonly keys: KeyTable;
  stop(): Promise<void>;
}

const STEP_MS = 5;
const DELAYED_MS = 900_000;
const MAX_CLIENT_FRAME_BYTES = 1_000_000;
const RESEND: MarketOptions['resend'] = { share: 0.05, minMs: 3_000, maxMs: 20_000 };

const report = (error: unknown): void => {
  process.stderr.write(`the simulator failed: ${error instanceof Error ? error.stack : String(error)}\n`);
};

/** @throws when a port is taken, or FaultScriptError */
export async function startPolygon(options: PolygonOptions = {}): Promise<PolygonSimulator> {
  const { seed = 1, rate = 100, moreSymbols = 0, alwaysOpen = false, tls = false, onBug = report } = options;
  const clock = new Clock(options.now);
  const keys = new KeyTable();
  for (const key of options.keys ?? []) keys.set(key);
  const world = new World();
  const faults = new Faults(world, REST_OPERATIONS, onBug);
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_CLIENT_FRAME_BYTES,
    perMessageDeflate: false,
  });
  let lastId = 0;
  const settings = { ...DEFAULT_SOCKETS, ...options.sockets };
  const bucketsWhere = (offers: (cluster: Cluster) => boolean): Buckets => {
    const bucket = (cluster: Cluster): Bucket =>
      new Bucket({
        cluster,
        webSockets,
        settings,
        keys,
        faults,
        offers: () => offers(cluster),
        nextId: () => ++lastId,
        onBug,
      });
    return { crypto: bucket('crypto'), stocks: bucket('stocks'), forex: bucket('forex') };
  };
  const buckets = bucketsWhere(() => true);
  // Crypto and forex are sold in real time only.
  const delayedBuckets = bucketsWhere((cluster) => cluster === 'stocks');
  const fanOut = new FanOut(buckets, faults);
  const marketOptions = {
    symbols: catalogue(moreSymbols),
    seed,
    rate,
    alwaysOpen,
    barDelayMs: options.barDelayMs ?? 2_000,
    resend: options.resend ?? RESEND,
  };
  const market = new Market({ ...marketOptions, now: clock.now, audience: fanOut });
  const delayedMs = options.delayedMs ?? DELAYED_MS;
  const delayed = new Market({
    ...marketOptions,
    symbols: marketOptions.symbols.filter(({ cluster }) => cluster === 'stocks'),
    now: () => clock.now() - delayedMs,
    audience: new FanOut(delayedBuckets, faults),
  });
  world.use({ clock, keys, market, fanOut, buckets, faults });
  const rest = new Rest({ market, keys, faults, scheme: tls ? 'https' : 'http', onBug });
  const control = polygonControl({ faults, world, market, keys, buckets, onBug });

  const certificate = tls ? await selfSigned() : null;
  const ports: Listening[] = [];
  let timer: NodeJS.Timeout | null = null;
  const stop = async (): Promise<void> => {
    if (timer !== null) clearInterval(timer);
    faults.stop();
    for (const cluster of CLUSTERS) {
      buckets[cluster].stop();
      delayedBuckets[cluster].stop();
    }
    webSockets.close();
    await Promise.all(ports.map((port) => port.stop()));
  };
  const open = async (
    at: number,
    secure: Certificate | null,
    onRequest: Rest['onRequest'],
  ): Promise<number> => {
    const listening = await listen(options.port ? options.port + at : 0, secure, onRequest);
    ports.push(listening);
    return listening.port;
  };
  const openSockets = async (at: number, to: Buckets): Promise<number> => {
    const port = await open(at, certificate, upgradeOnly);
    ports.at(-1)?.server.on('upgrade', (request, socket, head) => upgrade(to, request, socket, head));
    return port;
  };
  try {
    const wsPort = await openSockets(0, buckets);
    const delayedPort = await openSockets(1, delayedBuckets);
    const restPort = await open(2, certificate, rest.onRequest);
    const controlPort = await open(3, null, control);
    if (options.faults !== undefined) faults.add(options.faults);
    timer = setInterval(() => {
      try {
        market.step();
        delayed.step();
      } catch (error) {
        onBug(error);
      }
    }, STEP_MS);
    const secure = tls ? 's' : '';
    return {
      wsUrl: `ws${secure}://127.0.0.1:${wsPort}`,
      delayedUrl: `ws${secure}://127.0.0.1:${delayedPort}`,
      restUrl: `http${secure}://127.0.0.1:${restPort}`,
      controlUrl: `http://127.0.0.1:${controlPort}`,
      certificate: certificate?.cert ?? null,
      market,
      faults,
      keys,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const upgradeOnly: Rest['onRequest'] = (_request, response) => {
  response.writeHead(400, { 'Content-Type': 'text/plain' }).end('WebSocket only\n');
};

/** A path is a cluster, and nothing else: no further path, no query. */
function upgrade(buckets: Buckets, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const cluster = CLUSTERS.find((name) => request.url === `/${name}`);
  socket.on('error', () => socket.destroy());
  if (cluster === undefined) {
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  buckets[cluster].upgrade(request, socket, head);
}
