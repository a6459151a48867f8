/** A tiny HTTP server on 127.0.0.1 that answers as it is told, and remembers what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Asked {
  /** `GET /api/v3/order` */
  readonly route: string;
  readonly query: URLSearchParams;
  readonly body: URLSearchParams;
  /** Query and body together. */
  readonly params: Readonly<Record<string, string>>;
  readonly rawQuery: string;
  readonly rawBody: string;
  readonly apiKey: string | undefined;
  readonly authorization: string | undefined;
  /** Which connection it came on, counted from 1. */
  readonly connection: number;
}

export type Answer =
  | {
      readonly status?: number;
      readonly json?: unknown;
      readonly text?: string;
      readonly headers?: Record<string, string>;
      readonly delayMs?: number;
    }
  /** Cuts the connection before, or in the middle of, the answer; or says nothing. */
  | 'reset'
  | 'cut'
  | 'hang';

export type Route = (asked: Asked) => Answer;

export interface ScriptedServer {
  readonly url: string;
  readonly asked: Asked[];
  /** Answers of a route, one after the other; the last one stays. */
  on(route: string, ...answers: (Answer | Route)[]): void;
  of(route: string): readonly Asked[];
  stop(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function give(response: ServerResponse, answer: Answer): void {
  if (answer === 'hang') return;
  if (answer === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  if (answer === 'cut') {
    response.writeHead(200, { 'Content-Length': '1000' });
    response.write('{"symbol":');
    setTimeout(() => response.socket?.resetAndDestroy(), 20);
    return;
  }
  const text = answer.text ?? JSON.stringify(answer.json ?? {});
  setTimeout(() => {
    response.writeHead(answer.status ?? 200, { 'Content-Type': 'application/json', ...answer.headers });
    response.end(text);
  }, answer.delayMs ?? 0);
}

export async function startScriptedServer(): Promise<ScriptedServer> {
  const routes = new Map<string, (Answer | Route)[]>();
  const asked: Asked[] = [];
  const connections = new Map<Socket, number>();
  const server = createServer((request, response) => {
    void bodyOf(request).then((rawBody) => {
      const [path = '', rawQuery = ''] = (request.url ?? '').split('?');
      const [query, body] = [new URLSearchParams(rawQuery), new URLSearchParams(rawBody)];
      const one: Asked = {
        route: `${request.method} ${path}`,
        query,
        body,
        params: { ...Object.fromEntries(body), ...Object.fromEntries(query) },
        rawQuery,
        rawBody,
        apiKey: request.headers['x-mbx-apikey']?.toString(),
        authorization: request.headers.authorization,
        connection: connections.get(request.socket) ?? 0,
      };
      asked.push(one);
      const script = routes.get(one.route) ?? [];
      const next = script.length > 1 ? script.shift() : script[0];
      const answer = typeof next === 'function' ? next(one) : next;
      give(response, answer ?? { status: 404, text: 'no such route' });
    });
  });
  server.on('connection', (socket) => {
    connections.set(socket, connections.size + 1);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    on: (route, ...answers) => {
      routes.set(route, answers);
    },
    of: (route) => asked.filter((one) => one.route === route),
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
