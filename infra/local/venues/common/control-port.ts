/** A simulator's control port: routes by method and path, JSON in, JSON out, mistakes in words. */
import type { IncomingMessage, RequestListener } from 'node:http';
import * as z from 'zod';

/** `tail`: what stands for the `*` at the end of its path. What it answers is written as JSON. */
export type ControlRoute = (body: unknown, tail: string, query: URLSearchParams) => unknown;

export interface Refusal {
  readonly status: number;
  readonly body: unknown;
}

export interface ControlPortOptions {
  /** `POST /control/price`, `GET /control/books/*`. `GET /control` lists them. */
  readonly routes: ReadonlyMap<string, ControlRoute>;
  /** What an error of the simulator's own kinds is answered with; null: not one of them. */
  readonly refusal: (error: unknown) => Refusal | null;
  readonly onBug: (error: unknown) => void;
}

export class NoSuchPath extends Error {}

const MAX_BODY_BYTES = 10_000_000;

export const badInput = (error: unknown): Refusal => ({
  status: 400,
  body: { error: error instanceof Error ? error.message : String(error) },
});

export function controlPort({ routes: given, refusal, onBug }: ControlPortOptions): RequestListener {
  const routes: ReadonlyMap<string, ControlRoute> = new Map([
    ...given,
    ['GET /control', (): unknown => [...given.keys()]],
  ]);
  return (request, response) => {
    answer(routes, request, (error) => refusal(error) ?? refusalOf(error))
      .then(({ status, body }) => {
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
      })
      .catch((error: unknown) => {
        onBug(error);
        response.destroy();
      });
  };
}

async function answer(
  routes: ReadonlyMap<string, ControlRoute>,
  request: IncomingMessage,
  refused: (error: unknown) => Refusal | null,
): Promise<Refusal> {
  try {
    const [path = '', query] = (request.url ?? '').split('?');
    const [route, tail] = find(routes, request.method ?? '', path);
    const body = await readJson(request);
    return { status: 200, body: route(body, tail, new URLSearchParams(query)) };
  } catch (error) {
    const refusal = refused(error);
    if (refusal === null) throw error;
    return refusal;
  }
}

function find(
  routes: ReadonlyMap<string, ControlRoute>,
  method: string,
  path: string,
): readonly [ControlRoute, string] {
  const exact = routes.get(`${method} ${path}`);
  if (exact !== undefined) return [exact, ''];
  const [, base = '', tail = ''] = /^(.+)\/([^/]+)$/.exec(path) ?? [];
  const below = routes.get(`${method} ${base}/*`);
  if (below === undefined)
    throw new NoSuchPath(`there is no ${method} ${path}; GET /control lists what there is`);
  return [below, decodeURIComponent(tail)];
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new SyntaxError('the body is too large');
    chunks.push(chunk);
  }
  return size === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function refusalOf(error: unknown): Refusal | null {
  if (error instanceof NoSuchPath) return { ...badInput(error), status: 404 };
  if (error instanceof z.ZodError) return { status: 400, body: { error: z.prettifyError(error) } };
  if (!(error instanceof Error)) return null;
  // A caller's mistake (no such symbol, no such account) is worded as a plain Error.
  const isPlain = error.constructor === Error;
  return isPlain || error instanceof SyntaxError ? badInput(error) : null;
}
