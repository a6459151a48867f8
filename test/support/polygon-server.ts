/** A scripted server that speaks Polygon's handshake, on 127.0.0.1; its prices are sent by hand. */
import type { WebSocket } from 'ws';
import { startWsServer, type TestWsServer } from './ws-server.ts';

export const POLYGON_KEY = 'sesame_Open1';

export interface PolygonScript {
  /** What is answered to the right key; null = nothing. A wrong one gets `auth_failed`. */
  auth: 'auth_success' | 'auth_failed' | 'auth_timeout' | null;
  /** Whether `connected` is said. */
  greets: boolean;
  /** Channels that the plan does not have. */
  readonly refused: Set<string>;
  /** Channels, or whole topics, that are not answered at all. */
  readonly unanswered: Set<string>;
  /** Says hello in the same moment, before it is asked. */
  readonly pingsFirst: boolean;
}

export interface PolygonServer {
  readonly server: TestWsServer;
  readonly script: PolygonScript;
  /** Topics of each subscribe request, in order, and the running time. */
  readonly requests: { readonly topics: readonly string[]; readonly at: number }[];
  /** Topics of each unsubscribe request, in order. */
  readonly givenUp: (readonly string[])[];
  /** Topics that the open sockets hold now. */
  holds(): readonly string[];
  /** Keys that were shown. */
  readonly auths: { readonly key: string; readonly at: number }[];
  /** Most sockets that were open at once. */
  readonly mostOpen: () => number;
  /** To all sockets of a path (`/crypto`). */
  send(path: string, items: readonly object[] | object): void;
  /** The same, as it is. */
  sendText(path: string, text: string): void;
  /** Puts out whoever is there, with the status and 1008, or with the bare code. */
  putOut(withStatus: boolean): void;
}

const status = (name: string, message: string) => ({ ev: 'status', status: name, message });

export async function startPolygonServer(): Promise<PolygonServer> {
  const script: PolygonScript = {
    auth: 'auth_success',
    greets: true,
    refused: new Set(),
    unanswered: new Set(),
    pingsFirst: true,
  };
  const requests: { topics: readonly string[]; at: number }[] = [];
  const givenUp: (readonly string[])[] = [];
  const auths: { key: string; at: number }[] = [];
  const pathOf = new Map<WebSocket, string>();
  const held = new Map<WebSocket, Set<string>>();
  let most = 0;
  const send = (socket: WebSocket, items: readonly object[]): void => {
    if (items.length > 0) socket.send(JSON.stringify(items));
  };
  const subscribe = (socket: WebSocket, topics: readonly string[]): void => {
    requests.push({ topics, at: performance.now() });
    const mine = held.get(socket) ?? new Set<string>();
    const fresh = topics.filter((topic) => !mine.has(topic));
    const known = fresh.filter((topic) => !script.unanswered.has(topic.split('.')[0] ?? ''));
    const [refused, taken] = [true, false].map((is) =>
      known.filter((topic) => script.refused.has(topic.split('.')[0] ?? '') === is),
    );
    for (const topic of taken ?? []) mine.add(topic);
    // Refusals come first, and name nothing.
    send(
      socket,
      (refused ?? []).map(() => status('error', 'not authorized')),
    );
    send(
      socket,
      (taken ?? [])
        .filter((topic) => !script.unanswered.has(topic))
        .map((topic) => status('success', `subscribed to: ${topic}`)),
    );
  };
  const unsubscribe = (socket: WebSocket, topics: readonly string[]): void => {
    givenUp.push(topics);
    const given = topics.filter((topic) => held.get(socket)?.delete(topic) === true);
    send(
      socket,
      given.map((topic) => status('success', `unsubscribed to: ${topic}`)),
    );
  };
  const server = await startWsServer({
    onConnection: (socket, request) => {
      most = Math.max(most, server.sockets.size);
      pathOf.set(socket, request.url ?? '');
      held.set(socket, new Set());
      if (script.pingsFirst) socket.ping();
      if (script.greets) send(socket, [status('connected', 'Connected Successfully')]);
    },
    onMessage: (socket, text) => {
      const { action, params } = JSON.parse(text) as { action: string; params: string };
      if (action === 'subscribe') subscribe(socket, params.split(','));
      if (action === 'unsubscribe') unsubscribe(socket, params.split(','));
      if (action !== 'auth') return;
      auths.push({ key: params, at: performance.now() });
      const answer = params === POLYGON_KEY ? script.auth : 'auth_failed';
      if (answer === null) return;
      send(socket, [status(answer, answer === 'auth_success' ? 'authenticated' : `no entry for ${params}`)]);
      if (answer !== 'auth_success') setTimeout(() => socket.terminate(), 5);
    },
  });
  const sendText = (path: string, text: string): void => {
    for (const socket of server.sockets) if (pathOf.get(socket) === path) socket.send(text);
  };
  return {
    server,
    script,
    requests,
    givenUp,
    holds: () => [...server.sockets].flatMap((socket) => [...(held.get(socket) ?? [])]),
    auths,
    mostOpen: () => most,
    sendText,
    send: (path, items) => sendText(path, JSON.stringify(items)),
    putOut: (withStatus) => {
      for (const socket of server.sockets) {
        if (withStatus) send(socket, [status('max_connections', 'Maximum number exceeded. ')]);
        socket.close(1008);
      }
    },
  };
}
