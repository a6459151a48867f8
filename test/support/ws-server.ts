/** A WebSocket server of 127.0.0.1 for tests, which misbehaves on request; stopped by its handle. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';

export interface TestWsServer {
  readonly url: string;
  /** Sockets that are open now. */
  readonly sockets: ReadonlySet<WebSocket>;
  /** How many were ever accepted. */
  readonly accepted: () => number;
  /** Everything that clients have sent, in order. */
  readonly received: readonly string[];
  /** False: handshakes are refused, with `refusal` as the status. */
  accepts: boolean;
  refusal: { readonly status: number; readonly headers: Readonly<Record<string, string>> };
  broadcast(text: string): void;
  /** The same as a binary frame. */
  broadcastBytes(bytes: Buffer): void;
  /** Destroys all sockets, without a closing handshake. */
  cut(): void;
  stop(): Promise<void>;
}

export interface TestWsOptions {
  readonly onConnection?: (socket: WebSocket, request: IncomingMessage, nth: number) => void;
  readonly onMessage?: (socket: WebSocket, text: string) => void;
}

export async function startWsServer(options: TestWsOptions = {}): Promise<TestWsServer> {
  const sockets = new Set<WebSocket>();
  const received: string[] = [];
  let count = 0;
  const self = { accepts: true, refusal: { status: 401, headers: {} } };
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    verifyClient: (_, answer) => answer(self.accepts, self.refusal.status, 'refused', self.refusal.headers),
  });
  await once(server, 'listening');
  server.on('connection', (socket, request) => {
    count += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      const text = String(data);
      received.push(text);
      options.onMessage?.(socket, text);
    });
    options.onConnection?.(socket, request, count);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return Object.assign(self, {
    url: `ws://127.0.0.1:${address.port}`,
    sockets,
    accepted: () => count,
    received,
    broadcast: (text: string) => {
      for (const socket of sockets) socket.send(text);
    },
    broadcastBytes: (bytes: Buffer) => {
      for (const socket of sockets) socket.send(bytes);
    },
    cut: () => {
      for (const socket of sockets) socket.terminate();
    },
    stop: async () => {
      for (const socket of sockets) socket.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}
