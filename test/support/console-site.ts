/**
 * The console's built page beside a running system, under the policy that its real hosts send: files, `/config.json`, a
 * token for whoever clicks, and the API by way of the same origin.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

export interface ConsoleSite {
  readonly url: string;
  stop(): Promise<void>;
}

export interface SiteOptions {
  /** What `buildConsole` wrote. */
  readonly folder: string;
  /** `http://127.0.0.1:8787` */
  readonly api: string;
  readonly push: string;
  readonly issueToken: () => Promise<string>;
  readonly expiresInSeconds?: number;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export async function serveConsole(options: SiteOptions): Promise<ConsoleSite> {
  const { folder, api, push, issueToken, expiresInSeconds = 3_600 } = options;
  const policy = `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ${new URL(push).origin}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

  const json = (response: ServerResponse, body: unknown): void => {
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(body));
  };

  const pass = (incoming: IncomingMessage, response: ServerResponse): void => {
    const { pathname, search } = new URL(incoming.url ?? '/', 'http://x');
    const { host: _, ...headers } = incoming.headers;
    const onwards = request(`${api}${pathname}${search}`, { method: incoming.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onwards.on('error', () => response.writeHead(502).end());
    incoming.pipe(onwards);
  };

  const file = (path: string, response: ServerResponse): void => {
    const name = extname(path) === '' ? 'index.html' : normalize(path);
    try {
      const content = readFileSync(join(folder, name));
      response.writeHead(200, {
        'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
      });
      response.end(content);
    } catch {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
    }
  };

  const server = createServer((incoming, response) => {
    const { pathname } = new URL(incoming.url ?? '/', 'http://x');
    if (pathname.startsWith('/api/')) return pass(incoming, response);
    if (pathname === '/config.json')
      return json(response, {
        ...{ stage: 'laptop', api: `${url}/api/v1`, push },
        sign_in: { kind: 'local', token_url: `${url}/token` },
      });
    if (pathname === '/token') {
      issueToken().then(
        (access_token) => json(response, { access_token, expires_in: expiresInSeconds }),
        () => response.writeHead(500).end(),
      );
      return;
    }
    file(pathname, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
