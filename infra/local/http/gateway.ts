/**
 * The laptop's API Gateway: one port on the loopback that answers the declared routes, and the token issuer
 * under /local-issuer (a stand-in for Cognito; only there because nothing but this machine can reach it).
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { JWTPayload } from 'jose';
import type { FunctionProcess } from '../functions/function-process.ts';
import type { Logs } from '../processes/logs.ts';
import type { DeclaredApi, DeclaredRoute } from '../template/declared.ts';
import { collectBody, TooLarge } from './body.ts';
import { corsHeaders, preflight, withOrigins } from './cors.ts';
import { type HttpAnswer, toHttpAnswer, toHttpEvent } from './http-event.ts';
import type { Issuer } from './issuer.ts';
import { answerIssuer } from './issuer-routes.ts';
import { createRouter, type Match } from './routes.ts';
import type { SocketGateway } from './socket-gateway.ts';

export const HOST = '127.0.0.1';
/** API Gateway's limit for a request's body. */
const BODY_LIMIT = 10 * 1024 * 1024;
const LINGER_MS = 500;
const ISSUER_BODY_LIMIT = 4 * 1024;
const ISSUER_PATH = '/local-issuer';

export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

export interface GatewayParts {
  readonly api: DeclaredApi;
  readonly functions: ReadonlyMap<string, Pick<FunctionProcess, 'invoke'>>;
  readonly issuer: Issuer;
  /** Where the template declares a WebSocket API. */
  readonly sockets?: SocketGateway | undefined;
  /** Origins of the console on this machine, which may call the API besides those that the template names. */
  readonly consoleOrigins?: readonly string[];
}

export class Gateway {
  readonly #server: Server;
  readonly #logs: Logs;
  #parts: (GatewayParts & { find: ReturnType<typeof createRouter> }) | undefined;

  constructor(logs: Logs) {
    this.#logs = logs;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.#logs.write('http', 'error', `${request.method} ${request.url}: ${String(error)}`);
        if (!response.headersSent) json(response, 500, { message: 'Internal Server Error' });
        else response.destroy();
      });
    });
    this.#server.on('upgrade', (request, socket, head) => {
      const sockets = this.#parts?.sockets;
      socket.on('error', (error) => this.#logs.write('http', 'info', `an upgrade ended: ${error.message}`));
      if (!sockets?.isMine(urlOf(request))) {
        socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
        return;
      }
      sockets.upgrade(request, socket, head).catch((error: unknown) => {
        this.#logs.write('http', 'error', `upgrade ${request.url}: ${String(error)}`);
        socket.destroy();
      });
    });
  }

  /** Takes the port before anything else is started; until `open` every request gets 503. */
  async listen(port: number): Promise<string> {
    this.#server.listen(port, HOST);
    try {
      await once(this.#server, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      throw new PortTakenError(`port ${port} is taken; choose another with --port (0: any that is free)`);
    }
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the system gave no port');
    return `http://${HOST}:${address.port}`;
  }

  open(parts: GatewayParts): void {
    const api = { ...parts.api, cors: withOrigins(parts.api.cors, parts.consoleOrigins ?? []) };
    this.#parts = { ...parts, api, find: createRouter(api.routes) };
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#parts?.sockets?.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = urlOf(request);
    if (!this.#parts) return json(response, 503, { message: 'Service Unavailable' });
    if (url.pathname.startsWith(`${ISSUER_PATH}/`)) return this.#issuer(request, response, url, this.#parts);
    const { api, find, sockets } = this.#parts;
    if (sockets?.isMine(url)) return sockets.answer(request, response, url);
    const cors = corsHeaders(api.cors, request.headers.origin);
    for (const [name, value] of Object.entries(cors)) response.setHeader(name, value);
    if (api.cors && preflight(request, response)) return;
    const match = find(request.method ?? 'GET', url.pathname);
    if (!match) return json(response, 404, { message: 'Not Found' });
    const claims = await this.#authorize(request, response, match.route);
    if (claims === 'refused') return;
    const body = await readBody(request, response, BODY_LIMIT);
    if (body) await this.#invoke(request, response, url, match, body, claims);
  }

  /** The claims; undefined on an open route; 'refused' when the answer has been given. */
  async #authorize(
    request: IncomingMessage,
    response: ServerResponse,
    { authorizer }: DeclaredRoute,
  ): Promise<JWTPayload | undefined | 'refused'> {
    if (!authorizer || !this.#parts) return undefined;
    const header = request.headers.authorization;
    if (header === undefined) return unauthorized(response, 'Bearer');
    let claims: JWTPayload;
    try {
      claims = await this.#parts.issuer.verify(header.replace(/^Bearer\s+/i, ''), authorizer.audience);
    } catch (error) {
      // The reason belongs to the caller, as API Gateway gives it; it tells nothing about the key.
      const why = error instanceof Error ? error.message.replaceAll('"', "'") : 'invalid';
      return unauthorized(response, `Bearer scope="" error="invalid_token" error_description="${why}"`);
    }
    const granted = new Set(String(claims['scope'] ?? '').split(' '));
    if (authorizer.scopes.length > 0 && !authorizer.scopes.some((scope) => granted.has(scope))) {
      json(response, 403, { message: 'Forbidden' });
      return 'refused';
    }
    return claims;
  }

  async #invoke(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    match: Match,
    body: Buffer,
    claims: JWTPayload | undefined,
  ): Promise<void> {
    if (!this.#parts) return;
    const { functions, api } = this.#parts;
    const target = functions.get(match.route.functionName);
    if (!target) throw new Error(`no function ${match.route.functionName}`);
    const requestId = randomUUID();
    const event = toHttpEvent({
      request,
      url,
      match,
      body,
      claims,
      requestId,
      apiId: api.id,
      at: new Date(),
    });
    const outcome = await within(match.route.timeoutMs, target.invoke(event));
    response.setHeader('apigw-requestid', requestId);
    if (outcome === 'late') return json(response, 503, { message: 'Service Unavailable' });
    if (outcome === 'failed') return json(response, 500, { message: 'Internal Server Error' });
    write(response, outcome);
  }

  async #issuer(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    parts: GatewayParts,
  ): Promise<void> {
    // A page of another site that lets its name point to 127.0.0.1 must not get tokens.
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    if (host !== HOST && host !== 'localhost') return json(response, 403, { message: 'Forbidden' });
    const path = url.pathname.slice(ISSUER_PATH.length);
    const body = await readBody(request, response, ISSUER_BODY_LIMIT);
    if (!body) return;
    const answer = await answerIssuer(parts.issuer, request, path, body.toString());
    return json(response, answer.status, answer.body);
  }
}

const urlOf = (request: IncomingMessage): URL => new URL(request.url ?? '/', `http://${HOST}`);

function unauthorized(response: ServerResponse, challenge: string): 'refused' {
  response.setHeader('www-authenticate', challenge);
  json(response, 401, { message: 'Unauthorized' });
  return 'refused';
}

/** Reads the body up to the limit. Over it the answer is 413, given without reading the rest. */
async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
): Promise<Buffer | undefined> {
  try {
    return await collectBody(request, limit);
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    // As the API itself says it of a body that gets this far.
    const problem = {
      type: 'urn:moniqo:error:body_too_large',
      title: 'The body is too large',
      status: 413,
      code: 'body_too_large',
      detail: `The body may have at most ${limit} bytes.`,
      field: null,
      next_action: 'Send less than 1 MB.',
      request_id: randomUUID(),
    };
    response.setHeader('connection', 'close');
    response.setHeader('x-request-id', problem.request_id);
    json(response, 413, problem, 'application/problem+json');
    // The rest is thrown away for a moment, so that the client can read the answer, then the connection is cut.
    request.resume();
    setTimeout(() => request.destroy(), LINGER_MS).unref();
    return undefined;
  }
}

/** The function's answer, or what became of it; a late one is left to end by itself, as API Gateway does. */
async function within(limitMs: number, work: Promise<unknown>): Promise<HttpAnswer | 'late' | 'failed'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), limitMs);
  });
  try {
    return await Promise.race([work.then(toHttpAnswer, () => 'failed' as const), late]);
  } finally {
    clearTimeout(timer);
  }
}

function json(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  write(response, { status, headers: { 'content-type': type }, body: Buffer.from(JSON.stringify(body)) });
}

function write(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('content-length', body.length);
  response.statusCode = status;
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
