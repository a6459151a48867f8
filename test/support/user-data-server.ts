/** A WebSocket API of user data for tests: subscriptions by signature, events, and its bad days. */
import { createHmac } from 'node:crypto';
import type { WebSocket } from 'ws';
import { startWsServer, type TestWsServer } from './ws-server.ts';

export interface Refusal {
  readonly status: number;
  readonly code: number;
  readonly msg: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

type Json = Readonly<Record<string, unknown>>;

export class UserDataServer {
  /** Secrets by API key. */
  readonly secrets = new Map<string, string>();
  /** What an API key gets instead of a subscription; null = the usual. Called for each try. */
  refuse: (apiKey: string, socket: WebSocket) => Refusal | null = () => null;
  /** Of a subscription's answer. */
  answerAfterMs = 0;
  /** Pushed between the subscription and its answer. */
  early: ((apiKey: string) => readonly Json[]) | null = null;
  mute = false;
  readonly subscribed: string[] = [];
  readonly unsubscribed: number[] = [];
  readonly timestamps: unknown[] = [];
  readonly #subscriptions = new Map<WebSocket, Map<number, string>>();
  #server: TestWsServer | null = null;
  #nextId = 0;

  async start(): Promise<void> {
    this.#server = await startWsServer({
      onConnection: (socket) => {
        this.#subscriptions.set(socket, new Map());
        socket.on('close', () => this.#subscriptions.delete(socket));
      },
      onMessage: (socket, text) => this.#onRequest(socket, JSON.parse(text) as Json),
    });
  }

  get sockets(): TestWsServer {
    if (this.#server === null) throw new Error('not started');
    return this.#server;
  }

  get url(): string {
    return this.sockets.url;
  }

  /** API keys that are subscribed, on all sockets. */
  active(): readonly string[] {
    return [...this.#subscriptions.values()].flatMap((ids) => [...ids.values()]).sort();
  }

  /** Sends the event to every subscription of the account; answers to how many. */
  push(apiKey: string, event: Json): number {
    let sent = 0;
    for (const [socket, ids] of this.#subscriptions) {
      for (const [subscriptionId, key] of ids) {
        if (key !== apiKey || this.mute) continue;
        socket.send(JSON.stringify({ subscriptionId, event }));
        sent += 1;
      }
    }
    return sent;
  }

  /** Subscribes the account on this socket without telling the client. */
  adopt(socket: WebSocket, apiKey: string): void {
    this.#nextId += 1;
    this.#subscriptions.get(socket)?.set(this.#nextId, apiKey);
  }

  terminate(apiKey: string): void {
    for (const [socket, ids] of this.#subscriptions) {
      for (const [subscriptionId, key] of ids) {
        if (key !== apiKey) continue;
        ids.delete(subscriptionId);
        socket.send(JSON.stringify({ subscriptionId, event: { e: 'eventStreamTerminated', E: Date.now() } }));
      }
    }
  }

  shutdown(): void {
    this.sockets.broadcast(JSON.stringify({ event: { e: 'serverShutdown', E: Date.now() } }));
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  #onRequest(socket: WebSocket, request: Json): void {
    if (this.mute) return;
    const params = (request['params'] ?? {}) as Json;
    const answer = (body: Json): void =>
      socket.send(
        JSON.stringify({
          id: request['id'],
          ...body,
          rateLimits: [
            { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6000, count: 7 },
          ],
        }),
      );
    const ids = this.#subscriptions.get(socket);
    if (ids === undefined) return;
    switch (request['method']) {
      case 'userDataStream.subscribe.signature': {
        const apiKey = String(params['apiKey']);
        const refusal = this.refuse(apiKey, socket) ?? this.#unsigned(apiKey, params, ids);
        if (refusal !== null) {
          const { status, ...error } = refusal;
          answer({ status, error });
          return;
        }
        this.#nextId += 1;
        const subscriptionId = this.#nextId;
        ids.set(subscriptionId, apiKey);
        this.subscribed.push(apiKey);
        for (const event of this.early?.(apiKey) ?? [])
          socket.send(JSON.stringify({ subscriptionId, event }));
        setTimeout(() => answer({ status: 200, result: { subscriptionId } }), this.answerAfterMs);
        return;
      }
      case 'userDataStream.unsubscribe': {
        const id = params['subscriptionId'];
        if (typeof id === 'number') {
          ids.delete(id);
          this.unsubscribed.push(id);
        }
        answer({ status: 200, result: {} });
        return;
      }
      case 'session.subscriptions':
        answer({ status: 200, result: [...ids.keys()].map((subscriptionId) => ({ subscriptionId })) });
        return;
      default:
        answer({ status: 400, error: { code: -1020, msg: 'This operation is not supported.' } });
    }
  }

  #unsigned(apiKey: string, params: Json, ids: ReadonlyMap<number, string>): Refusal | null {
    const secret = this.secrets.get(apiKey);
    if (secret === undefined) {
      return { status: 401, code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' };
    }
    this.timestamps.push(params['timestamp']);
    const payload = Object.keys(params)
      .filter((name) => name !== 'signature')
      .sort()
      .map((name) => `${name}=${String(params[name])}`)
      .join('&');
    const expected = createHmac('sha256', secret).update(payload).digest('hex');
    if (params['signature'] !== expected || typeof params['timestamp'] !== 'number') {
      return { status: 400, code: -1022, msg: 'Signature for this request is not valid.' };
    }
    if ([...ids.values()].includes(apiKey)) {
      return { status: 400, code: -2035, msg: 'User Data Stream subscription already active.' };
    }
    return null;
  }
}

/** An execution report as the venue sends it; the given members replace the usual ones. */
export const reportEvent = (more: Json = {}): Json => ({
  e: 'executionReport',
  E: 1_750_000_000_100,
  s: 'BTCUSDT',
  c: 'mq0000000000000000000001-1',
  S: 'BUY',
  o: 'LIMIT',
  f: 'GTC',
  q: '1.00000000',
  p: '50000.00000000',
  P: '0.00000000',
  F: '0.00000000',
  g: -1,
  C: '',
  x: 'NEW',
  X: 'NEW',
  r: 'NONE',
  i: 1001,
  l: '0.00000000',
  z: '0.00000000',
  L: '0.00000000',
  n: '0',
  N: null,
  T: 1_750_000_000_099,
  t: -1,
  I: 1,
  w: true,
  m: false,
  M: false,
  O: 1_750_000_000_099,
  Z: '0.00000000',
  Y: '0.00000000',
  Q: '0.00000000',
  V: 'NONE',
  ...more,
});

/** The n-th partial fill of 0.1 of an order. */
export const fillEvent = (clientId: string, nth: number, more: Json = {}): Json =>
  reportEvent({
    c: clientId,
    x: 'TRADE',
    X: 'PARTIALLY_FILLED',
    l: '0.10000000',
    z: (nth / 10).toFixed(8),
    L: '50000.00000000',
    n: '0.00010000',
    N: 'BTC',
    t: 9_000 + nth,
    I: 10 + nth,
    ...more,
  });

/** Our client id of the n-th order. */
export const clientIdOf = (nth: number): string => `mq${String(nth).padStart(22, '0')}-1`;
