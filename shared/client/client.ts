/**
 * A client of the API: typed by the API's own schemas, and a thin layer over fetch.
 *
 * Always true: a call has one Idempotency-Key, made once and sent with every try of it; only what may be repeated
 * without harm is repeated, a bounded number of times; a refusal is thrown with its stable code.
 */
import { type OperationName, ROUTES } from '../../functions/api/routes.ts';
import type {
  AnswerTo,
  BodyOf,
  ItemOf,
  KeyedName,
  PagedName,
  ParamsOf,
  Problem,
  QueryOf,
} from './contract.ts';

/** Complete by the compiler. */
const KEYED = {
  createOrder: true,
  amendOrder: true,
  cancelOrder: true,
  cancelAll: true,
  closePosition: true,
  changeProtection: true,
  takeSignal: true,
  createWallet: true,
  createWebhook: true,
} as const satisfies Record<KeyedName, true>;

/** Changes nothing, though it has a body. */
const SAFE: readonly OperationName[] = ['previewOrder'];
const TRY_AGAIN: readonly number[] = [429, 502, 503, 504];
const LONGEST_PAUSE_MS = 10_000;

export interface ClientOptions {
  /** For instance http://127.0.0.1:8787 */
  readonly api: string;
  /** A token, or how to get one that is still good. */
  readonly token: string | (() => string | Promise<string>);
  /** Of one try; default 15 s. */
  readonly timeoutMs?: number;
  /** Tries after the first one; default 3. */
  readonly retries?: number;
  /** For tests. */
  readonly fetch?: typeof fetch;
  readonly sleep?: (ms: number) => Promise<void>;
}

export type Call<N extends OperationName> = (keyof ParamsOf<N> extends never
  ? { readonly params?: undefined }
  : { readonly params: ParamsOf<N> }) & {
  readonly query?: QueryOf<N>;
  /** Yours; without one it is made for the call. */
  readonly key?: string;
  /** So many seconds the API may wait for the outcome. */
  readonly waitSeconds?: number;
} & (BodyOf<N> extends undefined ? { readonly body?: undefined } : { readonly body: BodyOf<N> });

/** The API refused, or could not be asked: `status` 0 and no problem document. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly code: string;
  readonly problem: Problem | null;

  constructor(call: string, status: number, code: string, detail: string, problem: Problem | null) {
    super(`${call}: ${status} ${code}: ${detail}`);
    this.status = status;
    this.code = code;
    this.problem = problem;
  }
}

export interface ApiClient {
  /** @throws ApiProblem for a refusal, and when all tries have failed */
  call<N extends OperationName>(name: N, call: Call<N>): Promise<AnswerTo<N>>;
  /** All items of a list, page by page. @throws ApiProblem */
  items<N extends PagedName>(name: N, call: Call<N>): AsyncGenerator<ItemOf<N>, void, undefined>;
}

interface Given {
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly key?: string | undefined;
  readonly waitSeconds?: number | undefined;
  readonly body?: unknown;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function createClient(options: ClientOptions): ApiClient {
  const { api, timeoutMs = 15_000, retries = 3, fetch: ask = fetch, sleep = pause } = options;

  async function send(
    name: OperationName,
    { params = {}, query = {}, key, waitSeconds, body }: Given,
  ): Promise<unknown> {
    const route = ROUTES.find((one) => one.name === name);
    if (route === undefined) throw new Error(`there is no operation ${name}`);
    const isKeyed = name in KEYED;
    const headers: Record<string, string> = {
      ...(isKeyed && { 'idempotency-key': key ?? crypto.randomUUID() }),
      ...(waitSeconds !== undefined && { prefer: `wait=${waitSeconds}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const isRepeatable = isKeyed || ['GET', 'PUT', 'DELETE'].includes(route.method) || SAFE.includes(name);
    const tries = isRepeatable ? retries + 1 : 1;
    const url = `${api}${pathWith(route.path, params)}${searchOf(query)}`;
    const init = { method: route.method, ...(body !== undefined && { body: JSON.stringify(body) }) };
    for (let tried = 1; ; tried++) {
      const outcome = await attempt(name, url, { ...init, headers });
      if (!(outcome instanceof Failure)) return outcome.body;
      if (!outcome.isPassing || tried >= tries) throw outcome.problem;
      await sleep(outcome.afterMs ?? Math.random() * Math.min(LONGEST_PAUSE_MS, 100 * 2 ** tried));
    }
  }

  async function attempt(
    name: string,
    url: string,
    init: RequestInit,
  ): Promise<{ readonly body: unknown } | Failure> {
    const token = typeof options.token === 'string' ? options.token : await options.token();
    try {
      const response = await ask(url, {
        ...init,
        headers: { ...init.headers, authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.text();
      return response.ok ? { body: JSON.parse(text) as unknown } : refusal(name, response, text);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return new Failure(new ApiProblem(name, 0, 'unreachable', detail, null), true, null);
    }
  }

  return {
    call: async <N extends OperationName>(name: N, call: Call<N>) => (await send(name, call)) as AnswerTo<N>,
    async *items<N extends PagedName>(name: N, call: Call<N>) {
      let cursor: string | null = null;
      do {
        const given: Given = call;
        const page = (await send(name, {
          ...given,
          query: { ...given.query, ...(cursor !== null && { cursor }) },
        })) as { readonly items: readonly ItemOf<N>[]; readonly next_cursor: string | null };
        yield* page.items;
        cursor = page.next_cursor;
      } while (cursor !== null);
    },
  };
}

class Failure {
  readonly problem: ApiProblem;
  /** It may be another way in a moment. */
  readonly isPassing: boolean;
  readonly afterMs: number | null;
  constructor(problem: ApiProblem, isPassing: boolean, afterMs: number | null) {
    this.problem = problem;
    this.isPassing = isPassing;
    this.afterMs = afterMs;
  }
}

function refusal(name: string, response: Response, text: string): Failure {
  const { status, headers } = response;
  const isDocument = (headers.get('content-type') ?? '').startsWith('application/problem+json');
  const problem = isDocument ? (JSON.parse(text) as Problem) : null;
  const thrown = new ApiProblem(
    name,
    status,
    problem?.code ?? 'no_problem_document',
    problem?.detail ?? text.slice(0, 300),
    problem,
  );
  const after = headers.get('retry-after');
  const afterMs = after !== null && /^\d{1,4}$/.test(after) ? Number.parseInt(after, 10) * 1_000 : null;
  return new Failure(thrown, TRY_AGAIN.includes(status), afterMs && Math.min(afterMs, LONGEST_PAUSE_MS));
}

const pathWith = (path: string, params: Readonly<Record<string, string>>): string =>
  Object.entries(params).reduce(
    (text, [name, value]) => text.replace(`{${name}}`, () => encodeURIComponent(value)),
    path,
  );

function searchOf(query: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const search = new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)])));
  return search.size === 0 ? '' : `?${search}`;
}
