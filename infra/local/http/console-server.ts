/**
 * The console on a laptop: the built page on a port of its own, with the headers that CloudFront sends (infra/console/headers.ts),
 * its configuration, and a token for one click.
 *
 * Always true:
 * - whoever does not name this machine in `Host` gets nothing, so a page of another site whose name points here gets nothing;
 * - a token is given to the console's own origin alone: a page of another origin can neither ask (its `Origin`, JSON) nor read
 *   the answer (no CORS);
 * - a file is served by a path of plain names inside the folder, and no other.
 */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { CONFIG_FILE, type ConsoleConfig, INDEX_FILE } from '../../console/config.ts';
import { cacheControlOf, isPage, securityHeaders } from '../../console/headers.ts';
import type { Logs } from '../processes/logs.ts';
import { collectBody, TooLarge } from './body.ts';
import { HOST, PortTakenError } from './gateway.ts';

const TOKEN_PATH = '/local-sign-in/token';
const BODY_LIMIT = 4 * 1024;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** Folders and files whose names neither begin with a point nor hold anything that means something to a path. */
const PLAIN_PATH = /^(\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+$/;

export interface ConsoleParts {
  /** The folder of the built page. */
  readonly dist: string;
  /** e.g. http://127.0.0.1:8787 */
  readonly api: string;
  /** e.g. ws://127.0.0.1:8787/push */
  readonly push: string;
  /** A token for the owner of this machine, with every scope, and for how many seconds it is good. */
  readonly signIn: () => Promise<{ readonly token: string; readonly seconds: number }>;
}

export class ConsoleServer {
  readonly #server: Server;
  readonly #logs: Logs;
  #parts: ConsoleParts | undefined;
  #hosts: readonly string[] = [];

  constructor(logs: Logs) {
    this.#logs = logs;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.#logs.write('console', 'error', `${request.method} ${request.url}: ${String(error)}`);
        if (response.headersSent) response.destroy();
        else say(response, 500, 'Internal Server Error');
      });
    });
  }

  /** Its origins: by number, and by the name that people type. */
  get origins(): readonly string[] {
    return this.#hosts.map((host) => `http://${host}`);
  }

  /** Takes the port; until `open` every request gets 503. @throws PortTakenError */
  async listen(port: number): Promise<string> {
    this.#server.listen(port, HOST);
    try {
      await once(this.#server, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      throw new PortTakenError(
        `port ${port} (of the console) is taken; choose another with --console-port (0: any that is free)`,
      );
    }
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the system gave no port');
    this.#hosts = [`${HOST}:${address.port}`, `localhost:${address.port}`];
    return `http://${HOST}:${address.port}`;
  }

  open(parts: ConsoleParts): void {
    this.#parts = parts;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host = '' } = request.headers;
    response.setHeader('cache-control', 'no-store');
    const parts = this.#parts;
    const connect = parts === undefined ? [] : [parts.api, new URL(parts.push).origin];
    for (const [name, value] of Object.entries(securityHeaders(connect))) response.setHeader(name, value);
    if (!this.#hosts.includes(host)) return say(response, 403, 'Forbidden');
    if (parts === undefined) return say(response, 503, 'Moniqo is starting: try again in a moment');
    // As it was sent: nothing is decoded, and dots are not resolved.
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (path === TOKEN_PATH) return this.#token(request, response, host, parts);
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuseMethod(response, 'GET, HEAD');
    if (path === `/${CONFIG_FILE}`) return json(response, 200, configFor(host, parts));
    return serveFile(response, parts.dist, path);
  }

  async #token(
    request: IncomingMessage,
    response: ServerResponse,
    host: string,
    { signIn }: ConsoleParts,
  ): Promise<void> {
    if (request.method !== 'POST') return refuseMethod(response, 'POST');
    const { origin, 'content-type': type = '', 'sec-fetch-site': site = 'same-origin' } = request.headers;
    if (origin !== `http://${host}` || site !== 'same-origin') {
      return json(response, 403, { message: 'only the console itself may ask for a token' });
    }
    if (type.split(';')[0]?.trim() !== 'application/json') {
      return json(response, 415, { message: 'send application/json' });
    }
    let body: Buffer;
    try {
      body = await collectBody(request, BODY_LIMIT);
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error;
      response.setHeader('connection', 'close');
      return json(response, 413, { message: `the body may have at most ${BODY_LIMIT} bytes` });
    }
    if (!isEmptyObject(body.toString())) return json(response, 400, { message: 'the body has to be {}' });
    const { token, seconds } = await signIn();
    return json(response, 200, { access_token: token, token_type: 'Bearer', expires_in: seconds });
  }
}

/** By the name under which the page was opened: the token is for its own origin. */
const configFor = (host: string, { api, push }: ConsoleParts): ConsoleConfig => ({
  stage: 'laptop',
  api: `${api}/api/v1`,
  push,
  sign_in: { kind: 'local', token_url: `http://${host}${TOKEN_PATH}` },
});

function isEmptyObject(text: string): boolean {
  try {
    return z.strictObject({}).safeParse(JSON.parse(text)).success;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

async function serveFile(response: ServerResponse, dist: string, path: string): Promise<void> {
  const name = isPage(path) ? `/${INDEX_FILE}` : path;
  const file = PLAIN_PATH.test(name) ? join(dist, name) : undefined;
  const size = file === undefined ? undefined : await sizeOf(file);
  if (file === undefined || size === undefined) return say(response, 404, 'Not Found');
  response.setHeader('cache-control', cacheControlOf(name));
  response.setHeader('content-type', TYPES[extname(name)] ?? 'application/octet-stream');
  response.setHeader('content-length', size);
  if (response.req.method === 'HEAD') {
    response.end();
    return;
  }
  // Who asked has gone meanwhile: a page that is left lets go of what it had asked for.
  if (response.destroyed) return;
  try {
    await pipeline(createReadStream(file), response);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

/** Undefined where there is no such file. */
async function sizeOf(file: string): Promise<number | undefined> {
  try {
    const found = await stat(file);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function refuseMethod(response: ServerResponse, allowed: string): void {
  response.setHeader('allow', allowed);
  say(response, 405, 'Method Not Allowed');
}

const say = (response: ServerResponse, status: number, text: string): void =>
  write(response, status, 'text/plain; charset=utf-8', `${text}\n`);

const json = (response: ServerResponse, status: number, body: unknown): void =>
  write(response, status, 'application/json', JSON.stringify(body));

function write(response: ServerResponse, status: number, type: string, body: string): void {
  response.statusCode = status;
  response.setHeader('content-type', type);
  response.setHeader('content-length', Buffer.byteLength(body));
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
