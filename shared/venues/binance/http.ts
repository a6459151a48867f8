/**
 * HTTP to the exchange: one request, one answer, never repeated here.
 *
 * Always true:
 * - `not_sent` only where no connection was ever made (refused, name, TLS, connect timeout): nothing has left;
 *   everything after that is `lost`, and may have been executed;
 * - a connection that was idle for longer than the limit is never used again. Its age is judged by the wall clock when
 *   a request begins, not by a timer, so a process that was frozen meanwhile does not trust a dead connection;
 * - errors name the kind of failure, never the URL (it may carry a signature).
 */
import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type RequestOptions,
  request as requestHttp,
} from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Form body; empty = none. */
  readonly body: string;
  /** From the call to the last byte of the answer. */
  readonly timeoutMs?: number;
  readonly maxBodyBytes?: number;
}

export type HttpResult =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: string;
    }
  | { readonly kind: 'not_sent'; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string };

export interface HttpSettings {
  /** TCP and TLS together. */
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly maxIdleMs: number;
  readonly maxSockets: number;
  /** PEM of a further authority (a simulator's own certificate). */
  readonly ca?: string | undefined;
}

export const DEFAULT_HTTP: HttpSettings = {
  connectTimeoutMs: 2_000,
  // The venue itself gives up after 10 s; a function has 15 s for everything.
  timeoutMs: 8_000,
  maxBodyBytes: 8 * 1024 * 1024,
  maxIdleMs: 4_000,
  maxSockets: 50,
};

export interface HttpTransport {
  send(request: HttpRequest): Promise<HttpResult>;
  close(): void;
}

type Failure = Exclude<HttpResult, { kind: 'answer' }>;

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'failed';

/** The agent's connections that have been made: to the end of the handshake where there is one. */
function watchConnections(agent: HttpAgent, madeEvent: 'connect' | 'secureConnect'): WeakSet<Duplex> {
  const made = new WeakSet<Duplex>();
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = create(options, callback);
    socket?.once(madeEvent, () => made.add(socket));
    return socket;
  };
  return made;
}

/** `now` is the wall clock in epoch ms. */
export function createHttpTransport(
  baseUrl: string,
  settings: HttpSettings = DEFAULT_HTTP,
  now: () => number = Date.now,
): HttpTransport {
  const base = new URL(baseUrl);
  const isSecure = base.protocol === 'https:';
  const agentOptions = { keepAlive: true, maxSockets: settings.maxSockets, noDelay: true };
  const agent = isSecure
    ? new HttpsAgent({ ...agentOptions, ...(settings.ca === undefined ? {} : { ca: settings.ca }) })
    : new HttpAgent(agentOptions);
  const connected = watchConnections(agent, isSecure ? 'secureConnect' : 'connect');
  const idleSince = new WeakMap<Duplex, number>();
  const prefix = base.pathname.replace(/\/+$/, '');

  /** A socket without a known time has never come back from a request of ours. */
  function dropStale(): void {
    const oldest = now() - settings.maxIdleMs;
    for (const sockets of Object.values(agent.freeSockets)) {
      for (const socket of [...(sockets ?? [])]) {
        const since = idleSince.get(socket);
        // A wall clock that went back makes an age meaningless: such a connection is not trusted either.
        if (since === undefined || since < oldest || since > now()) socket.destroy();
      }
    }
  }

  function send(request: HttpRequest): Promise<HttpResult> {
    const { promise, resolve } = Promise.withResolvers<HttpResult>();
    dropStale();
    const options: RequestOptions = {
      agent,
      method: request.method,
      host: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port === '' ? (isSecure ? 443 : 80) : base.port,
      path: prefix + request.path,
      headers: {
        ...request.headers,
        ...(request.body === ''
          ? {}
          : {
              'Content-Type': 'application/x-www-form-urlencoded',
              'Content-Length': String(Buffer.byteLength(request.body)),
            }),
      },
    };
    let outgoing: ClientRequest;
    try {
      outgoing = isSecure ? requestHttps(options) : requestHttp(options);
    } catch (error) {
      // A header or a path that cannot be written: refused by our own side.
      return Promise.resolve({ kind: 'not_sent', reason: codeOf(error) });
    }
    let isDone = false;
    let socketInUse: Duplex | null = null;
    // A connection may be new, used before, or handed over by another request: what counts is its own state.
    const isConnected = (): boolean => socketInUse !== null && connected.has(socketInUse);
    const connectTimer = setTimeout(() => {
      if (!isConnected()) fail('connect_timeout');
    }, settings.connectTimeoutMs);
    const timer = setTimeout(() => fail('timeout'), request.timeoutMs ?? settings.timeoutMs);

    function finish(result: HttpResult): void {
      if (isDone) return;
      isDone = true;
      clearTimeout(connectTimer);
      clearTimeout(timer);
      resolve(result);
    }

    function fail(reason: string): void {
      if (isDone) return;
      const failure: Failure = { kind: isConnected() ? 'lost' : 'not_sent', reason };
      finish(failure);
      outgoing.destroy();
    }

    outgoing.on('socket', (socket) => {
      socketInUse = socket;
    });
    outgoing.on('error', (error) => fail(codeOf(error)));
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > (request.maxBodyBytes ?? settings.maxBodyBytes)) return fail('answer_too_large');
        chunks.push(chunk);
      });
      response.on('error', (error) => fail(codeOf(error)));
      response.on('close', () => fail('answer_cut'));
      response.on('end', () => {
        if (!response.complete) return fail('answer_cut');
        // The answer has no socket any more when it went back to the agent.
        if (socketInUse !== null) idleSince.set(socketInUse, now());
        finish({
          kind: 'answer',
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    outgoing.end(request.body);
    return promise;
  }

  return { send, close: () => agent.destroy() };
}
