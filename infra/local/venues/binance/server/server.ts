/**
 * The simulator's ports around an exchange: REST, WebSocket API, market streams, control.
 *
 * The exchange decides what orders do; everything that surrounds it (keys, limits, sockets, faults) is here.
 */

import { type Certificate, selfSigned } from '../../common/certificate.ts';
import type { Clock } from '../../common/clock.ts';
import { type Listening, listen } from '../../common/transport.ts';
import type { Exchange } from '../contract.ts';
import { ApiSession } from './api-session.ts';
import { controlOf } from './control.ts';
import { Core, type Counter } from './core.ts';
import { EventSpoiler } from './event-faults.ts';
import { EventGate } from './event-gate.ts';
import type { WorldFault } from './fault-rules.ts';
import { Faults } from './faults.ts';
import { FollowedPrices } from './followed-prices.ts';
import { type CreatedKey, type KeyOptions, KeyStore } from './keys.ts';
import { DEFAULT_LIMITS, type Limits, RateLimits } from './rate-limits.ts';
import { Rest } from './rest.ts';
import { DEFAULT_TIMES, SocketHub, type SocketTimes } from './sockets.ts';
import { MarketStreams } from './streams.ts';

export interface ServerOptions {
  readonly exchange: Exchange;
  /** The one that the exchange was given too. */
  readonly clock: Clock;
  /** First of four ports: REST, WebSocket API, streams, control. Default: any that are free. */
  readonly port?: number;
  readonly tls?: boolean;
  /** A fault script (fault-rules.ts). */
  readonly faults?: unknown;
  readonly limits?: Partial<Limits>;
  readonly sockets?: Partial<SocketTimes>;
  /** `events_first`: execution reports leave before the order's answer. */
  readonly reports?: 'answer_first' | 'events_first';
  /** false: as the testnet, which has no `/sapi`. Default true. */
  readonly sapi?: boolean;
  /** Told of mistakes of the simulator's own. Default: standard error. */
  readonly onBug?: (error: unknown) => void;
}

export interface SimulatorServer {
  readonly restUrl: string;
  readonly wsApiUrl: string;
  /** Without a path: `/ws/<stream>` and `/stream?streams=` are below it. */
  readonly streamUrl: string;
  readonly controlUrl: string;
  /** PEM of the certificate to trust; null without TLS. */
  readonly certificate: string | null;
  readonly exchange: Exchange;
  /** Where a price source puts its prices, so that the control port can hold a symbol's. */
  readonly prices: FollowedPrices;
  /** @throws KeyError, or Error when there is no such account */
  createKey(options: KeyOptions): CreatedKey;
  revokeKey(apiKey: string): boolean;
  /** Adds fault rules. @returns their ids @throws FaultScriptError */
  addFaults(script: unknown): readonly number[];
  clearFaults(): void;
  requests(): Readonly<Record<string, Readonly<Counter>>>;
  /** Open connections. */
  connections(): { readonly wsApi: number; readonly streams: number };
  stop(): Promise<void>;
}

const WS_API_PATHS = new Set(['/ws-api/v3', '/ws-api/v3/']);
const CONNECT_WEIGHT = 2;
const TOO_MANY = 429;
const NOT_FOUND = 404;
const BAD_REQUEST = 400;

const report = (error: unknown): void => {
  process.stderr.write(`the simulator failed: ${error instanceof Error ? error.stack : String(error)}\n`);
};

/** @throws when a port is taken, or the fault script is wrong */
export async function startServer(options: ServerOptions): Promise<SimulatorServer> {
  const { exchange, clock, tls = false, onBug = report } = options;
  const times = { ...DEFAULT_TIMES, ...options.sockets };
  const keys = new KeyStore(clock.now);
  const sessions = new Set<ApiSession>();
  const hubs: { api?: SocketHub; streams?: SocketHub } = {};
  const limits = new RateLimits({ ...DEFAULT_LIMITS, ...options.limits }, clock.now, (ip) => {
    hubs.api?.ban(ip);
    hubs.streams?.ban(ip);
  });
  const faults = new Faults((fault) => change(fault, { exchange, clock, keys, hubs }));
  const spoiler = new EventSpoiler({
    faultsOf: (event) => faults.ofEvent(event),
    send: (event) => {
      for (const session of sessions) session.deliver(event);
    },
    disconnect: (uid) => {
      for (const session of sessions) if (session.listensTo(uid)) session.disconnect();
    },
  });
  const gate = new EventGate((event) => spoiler.take(event), options.reports === 'events_first');
  exchange.onUserEvent((event) => gate.take(event));
  exchange.onFirstFill(({ uid, maker }) => limits.creditFirstFill(uid, maker));
  const core = new Core({ exchange, keys, limits, faults, gate, now: clock.now, onBug });
  const prices = new FollowedPrices(exchange);
  const createKey = (options: KeyOptions): CreatedKey => {
    // A key without its account would fail with every request: better now.
    exchange.books(options.uid);
    return keys.create(options);
  };
  const control = controlOf({ exchange, keys, createKey, faults, core, prices, onBug });
  const rest = new Rest({ core, sapi: options.sapi ?? true, onBug });

  const certificate = tls ? await selfSigned() : null;
  const ports: Listening[] = [];
  const open = async (at: number, secure: Certificate | null, onRequest: Rest['onRequest']) => {
    const listening = await listen(options.port ? options.port + at : 0, secure, onRequest);
    ports.push(listening);
    return listening;
  };
  const stopPorts = async (): Promise<void> => {
    await Promise.all(ports.map((port) => port.stop()));
  };
  const upgradeOnly: Rest['onRequest'] = (_request, response) => {
    response.writeHead(BAD_REQUEST, { 'Content-Type': 'text/plain' }).end('WebSocket only\n');
  };
  let market: MarketStreams | null = null;
  try {
    const restPort = await open(0, certificate, rest.onRequest);
    const apiPort = await open(1, certificate, upgradeOnly);
    const streamPort = await open(2, certificate, upgradeOnly);
    const controlPort = await open(3, null, control);
    const streams = new MarketStreams(exchange, clock.now, onBug);
    market = streams;
    const admit = (weight: number, isPath: (path: string) => boolean) => (ip: string, url: URL) => {
      if (!isPath(url.pathname)) return NOT_FOUND;
      // Microseconds are not simulated: refused instead of answered in another unit.
      const unit = url.searchParams.get('timeUnit');
      if (unit !== null && unit.toUpperCase() !== 'MILLISECOND') return BAD_REQUEST;
      if (!limits.takeConnection(ip)) return TOO_MANY;
      return limits.admitSocket(ip, weight);
    };
    const common = { times, now: clock.now, onBug };
    const api = new SocketHub({
      ...common,
      server: apiPort.server,
      admit: admit(CONNECT_WEIGHT, (path) => WS_API_PATHS.has(path)),
      open: (connection) => {
        const session = new ApiSession(connection, core, onBug, (closed) => sessions.delete(closed));
        sessions.add(session);
        return session;
      },
    });
    const streamHub = new SocketHub({
      ...common,
      server: streamPort.server,
      admit: admit(0, (path) => path === '/stream' || path === '/ws' || path.startsWith('/ws/')),
      open: streams.open,
    });
    hubs.api = api;
    hubs.streams = streamHub;
    if (options.faults !== undefined) faults.add(options.faults);

    const secure = tls ? 's' : '';
    return {
      restUrl: `http${secure}://127.0.0.1:${restPort.port}`,
      wsApiUrl: `ws${secure}://127.0.0.1:${apiPort.port}/ws-api/v3`,
      streamUrl: `ws${secure}://127.0.0.1:${streamPort.port}`,
      controlUrl: `http://127.0.0.1:${controlPort.port}`,
      certificate: certificate?.cert ?? null,
      exchange,
      prices,
      createKey,
      revokeKey: (apiKey) => keys.revoke(apiKey),
      addFaults: (script) => faults.add(script),
      clearFaults: () => faults.clear(),
      requests: () => core.counts(),
      connections: () => ({ wsApi: api.size, streams: streamHub.size }),
      stop: async () => {
        core.stop();
        spoiler.stop();
        streams.stop();
        api.stop();
        streamHub.stop();
        await stopPorts();
      },
    };
  } catch (error) {
    market?.stop();
    hubs.api?.stop();
    hubs.streams?.stop();
    await stopPorts();
    throw error;
  }
}

interface World {
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly keys: KeyStore;
  readonly hubs: { readonly api?: SocketHub; readonly streams?: SocketHub };
}

/** Carries out what a fault changes in the exchange itself. */
function change(fault: WorldFault, { exchange, clock, keys, hubs }: World): void {
  const chosen = (which: 'ws_api' | 'streams' | 'all'): readonly SocketHub[] =>
    [which === 'streams' ? undefined : hubs.api, which === 'ws_api' ? undefined : hubs.streams].filter(
      (hub) => hub !== undefined,
    );
  switch (fault.kind) {
    case 'query_lag':
      exchange.setQueryLag(fault.ms);
      return;
    case 'silent_sockets':
      for (const hub of chosen(fault.sockets)) hub.silence();
      return;
    case 'cut_sockets':
      for (const hub of chosen(fault.sockets)) hub.cut();
      return;
    case 'server_shutdown':
      for (const hub of chosen(fault.sockets)) hub.shutdown(fault.ms);
      return;
    case 'clock_skew':
      clock.skew(fault.ms);
      return;
    case 'book': {
      const { kind: _kind, symbol, ...shape } = fault;
      exchange.setBook(symbol, shape);
      return;
    }
    case 'symbol':
      exchange.changeSymbol(fault.symbol, fault.change);
      return;
    case 'reset':
      exchange.reset();
      return;
    case 'revoke_key':
      if (!keys.revoke(fault.apiKey)) throw new Error('revoke_key: there is no such key');
  }
}
