/**
 * The laptop's WebSocket API Gateway: connections under the declared stage, each of their messages handed to a function,
 * and the interface by which functions send to them (`@connections`), all on the HTTP API's port.
 *
 * As API Gateway does it: a connection is open when the function's answer to `$connect` is a 2xx; frames of at most 128 kB;
 * ended after 10 minutes without a frame and after two hours. A message that a function sends is answered when the
 * connection has taken it.
 */
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import type { FunctionProcess } from '../functions/function-process.ts';
import type { Logs } from '../processes/logs.ts';
import type { DeclaredSocketApi } from '../template/declared.ts';

const FRAME_LIMIT = 128 * 1024;
const IDLE_MS = 10 * 60_000;
const LONGEST_MS = 2 * 3_600_000;
const GOING_AWAY = 1001;

export interface SocketGatewayParts {
  readonly api: DeclaredSocketApi;
  readonly functions: ReadonlyMap<string, Pick<FunctionProcess, 'invoke'>>;
  readonly logs: Logs;
}

interface Open {
  readonly socket: WebSocket;
  readonly idle: NodeJS.Timeout;
  readonly longest: NodeJS.Timeout;
}

const answerSchema = z.looseObject({
  statusCode: z.number().int(),
  headers: z.record(z.string(), z.string()).optional(),
});

const flat = (headers: IncomingMessage['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  );

/** As API Gateway makes them: letters, digits and an equals sign, which has to be encoded in an address. */
const newId = (): string => `${randomUUID().replaceAll('-', '').slice(0, 15)}=`;

export class SocketGateway {
  readonly #parts: SocketGatewayParts;
  readonly #server: WebSocketServer;
  readonly #open = new Map<string, Open>();

  constructor(parts: SocketGatewayParts) {
    this.#parts = parts;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: FRAME_LIMIT,
      // The function has chosen already, and the answer's header says what.
      handleProtocols: () => false,
    });
  }

  /** Whether it is an address of this API. */
  isMine(url: URL): boolean {
    const { stage } = this.#parts.api;
    return url.pathname === `/${stage}` || url.pathname.startsWith(`/${stage}/`);
  }

  /** A request to open a connection. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const id = newId();
    const parsed = answerSchema.safeParse(
      await this.#invoke('$connect', id, { headers: flat(request.headers) }).catch(() => ({
        statusCode: 502,
      })),
    );
    const { statusCode, headers = {} } = parsed.success ? parsed.data : { statusCode: 502 };
    if (statusCode < 200 || statusCode > 299) {
      socket.end(`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? ''}\r\nconnection: close\r\n\r\n`);
      return;
    }
    const protocol = Object.entries(headers).find(
      ([name]) => name.toLowerCase() === 'sec-websocket-protocol',
    );
    const withProtocol = (lines: string[]): void => {
      if (protocol !== undefined) lines.push(`Sec-WebSocket-Protocol: ${protocol[1]}`);
    };
    this.#server.once('headers', withProtocol);
    this.#server.handleUpgrade(request, socket, head, (opened) => this.#opened(id, opened));
    this.#server.off('headers', withProtocol);
  }

  /** What functions ask of `@connections/ID`; anything else below the stage is not there. */
  async answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const say = (status: number, message: string): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));
    };
    const [, encoded] = /\/(?:@|%40)connections\/([^/]+)$/.exec(url.pathname) ?? [];
    if (encoded === undefined) return say(404, 'Not Found');
    // Whoever has none of the functions' credentials sends to nobody.
    if (!(request.headers.authorization ?? '').startsWith('AWS4-HMAC-SHA256 Credential=')) {
      return say(403, 'Missing Authentication Token');
    }
    const open = this.#open.get(decodeURIComponent(encoded));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (open === undefined || open.socket.readyState !== WebSocket.OPEN) return say(410, 'Gone');
    if (request.method === 'DELETE') {
      open.socket.close(GOING_AWAY);
      response.writeHead(204).end();
      return;
    }
    if (request.method !== 'POST') return say(405, 'Method Not Allowed');
    const body = Buffer.concat(chunks);
    if (body.length > FRAME_LIMIT) return say(413, 'Payload Too Large');
    const failed = await new Promise<Error | undefined>((done) =>
      open.socket.send(body.toString(), (error) => done(error ?? undefined)),
    );
    if (failed !== undefined) return say(410, 'Gone');
    open.idle.refresh();
    response.writeHead(200).end();
  }

  /** Ends every connection at once. */
  close(): void {
    for (const { socket } of this.#open.values()) socket.terminate();
    this.#server.close();
  }

  #opened(id: string, socket: WebSocket): void {
    const end = (): void => socket.close(GOING_AWAY);
    const idle = setTimeout(end, IDLE_MS);
    const longest = setTimeout(end, LONGEST_MS);
    this.#open.set(id, { socket, idle, longest });
    socket.on('message', (data: RawData) => {
      idle.refresh();
      this.#background(this.#invoke('$default', id, { body: data.toString() }));
    });
    socket.on('error', (error) => this.#parts.logs.write('sockets', 'warn', error.message));
    socket.on('close', () => {
      clearTimeout(idle);
      clearTimeout(longest);
      this.#open.delete(id);
      this.#background(this.#invoke('$disconnect', id, {}));
    });
  }

  async #invoke(routeKey: string, connectionId: string, more: object): Promise<unknown> {
    const { api, functions } = this.#parts;
    const target = functions.get(api.routes[routeKey] ?? '');
    if (target === undefined) throw new Error(`no function for ${routeKey}`);
    const kind = { $connect: 'CONNECT', $disconnect: 'DISCONNECT' }[routeKey] ?? 'MESSAGE';
    return target.invoke({
      requestContext: {
        ...{ routeKey, connectionId, eventType: kind, apiId: api.id, stage: api.stage },
        requestId: randomUUID(),
        requestTimeEpoch: Date.now(),
      },
      isBase64Encoded: false,
      ...more,
    });
  }

  /** Nobody waits for it; what fails is in the function's log too. */
  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#parts.logs.write('sockets', 'warn', String(error)));
  }
}
