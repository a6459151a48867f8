/**
 * The HTTP Lambda: API Gateway's event in, one operation, a response out (design section 17).
 *
 * Always true: each request logs STARTED and COMPLETED once; every error is a problem document; what was not
 * foreseen answers one generic 500 and is logged with its cause; an operation that is not open never runs
 * without the token's subject, nor without one of its route's scopes.
 */
import middy, { type MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import type { Clock, Log } from '../ports/runtime.ts';
import { bearerOf, type FindClient } from './bearer.ts';
import { parseBody } from './body.ts';
import { httpError, internalError, ProblemError, problemResponse } from './errors.ts';
import { needScope } from './need-scope.ts';
import type { Scope } from './scopes.ts';
import { securityHeaders } from './security-headers.ts';
import type { ApiRequest, ApiResponse, Bearer, HttpEvent, HttpResponse, UserRequest } from './types.ts';

/** Open to everybody, or to tokens with one of its scopes. */
export type RouteLike<Name extends string = string> = {
  readonly method: string;
  readonly path: string;
  readonly name: Name;
} & (
  | { readonly open: true; readonly scopes?: never }
  | { readonly open?: never; readonly scopes: readonly Scope[] }
);

export type Operations<R extends RouteLike> = {
  readonly [N in R['name']]: Extract<R, { name: N }> extends { open: true }
    ? (request: ApiRequest) => Promise<ApiResponse>
    : (request: UserRequest) => Promise<ApiResponse>;
};

/** What a request is, before its operation runs. */
export interface Asking {
  readonly bearer: Bearer;
  readonly route: RouteLike;
  /** The parsed body; undefined when there is none, or it cannot be read. */
  readonly body: unknown;
}

/**
 * Whether the bearer may send one more request now: headers that tell how many are left.
 * @throws ProblemError when it may not
 */
export type Admit = (asking: Asking) => Promise<Readonly<Record<string, string>>>;

/** A request of a known bearer, and what was answered. */
export interface Done extends Asking {
  readonly params: Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly status: number;
  /** The answer's document. */
  readonly answer: unknown;
}

/** Told of every request of a known bearer once its answer is known; must not throw. */
export type RecordCall = (done: Done) => Promise<void>;

interface Deps<R extends RouteLike> {
  readonly routes: readonly R[];
  readonly operations: Operations<R>;
  readonly log: Log;
  readonly clock: Clock;
  /** What else than a ProblemError is a refusal, and which; null = it is unexpected. */
  readonly translate?: (error: unknown) => ProblemError | null;
  /** Whom a machine client acts for; absent: nobody. */
  readonly findClient?: FindClient;
  /** Absent: as many requests as anybody likes. */
  readonly admit?: Admit;
  /** Absent: nobody is told. */
  readonly record?: RecordCall;
}

type Middleware = MiddlewareObj<HttpEvent, HttpResponse, Error, Context, { startedAt?: number }>;

export type HttpHandler = (event: HttpEvent, context: Context) => Promise<HttpResponse>;

/** Builds the Lambda handler that answers exactly `routes`. */
export function httpHandler<R extends RouteLike>(deps: Deps<R>): HttpHandler {
  const known: Known = new WeakMap();
  const handler = middy<HttpEvent, HttpResponse, Error, Context, { startedAt?: number }>()
    .use(told(deps.log, deps.clock))
    .use(recorded(known, deps.record ?? (async () => undefined)))
    .use(stamp)
    .use(problems(deps.log, deps.translate ?? (() => null)))
    .handler(dispatch(deps, known));
  return (event, context) => handler(event, context);
}

/** STARTED and COMPLETED, with the time between. Middy runs the first `after` and `onError` last. */
function told(log: Log, clock: Clock): Middleware {
  const completed = (request: Parameters<NonNullable<Middleware['after']>>[0]): void => {
    log.info('REQUEST_COMPLETED', {
      request_id: request.event.requestContext.requestId,
      route: request.event.routeKey,
      status: request.response?.statusCode,
      duration_ms: clock.now() - (request.internal.startedAt ?? clock.now()),
    });
  };
  return {
    before: (request) => {
      request.internal.startedAt = clock.now();
      log.info('REQUEST_STARTED', {
        request_id: request.event.requestContext.requestId,
        route: request.event.routeKey,
      });
    },
    after: completed,
    onError: completed,
  };
}

/** What is known of an event as soon as its bearer is. */
type Known = WeakMap<HttpEvent, Asking>;

/** The answer is whole by then: what it takes to tell of it is not in the way of what was asked. */
function recorded(known: Known, record: RecordCall): Middleware {
  const tell: NonNullable<Middleware['after']> = async ({ event, response }) => {
    const asking = known.get(event);
    if (asking === undefined || response === null || response === undefined) return;
    await record({
      ...asking,
      params: decoded(event.pathParameters),
      requestId: event.requestContext.requestId,
      status: response.statusCode,
      answer: JSON.parse(response.body),
    });
  };
  return { after: tell, onError: tell };
}

const stamp: Middleware = {
  after: (request) => {
    request.response = stamped(request.response, request.event);
  },
  onError: (request) => {
    request.response = stamped(request.response, request.event);
  },
};

function stamped(response: HttpResponse | null | undefined, event: HttpEvent): HttpResponse {
  if (response === null || response === undefined) throw new Error('a request ended without a response');
  const own = { 'x-request-id': event.requestContext.requestId };
  return { ...response, headers: { ...securityHeaders(event), ...response.headers, ...own } };
}

function problems(log: Log, translate: (error: unknown) => ProblemError | null): Middleware {
  return {
    onError: (request) => {
      const requestId = request.event.requestContext.requestId;
      const error: unknown = request.error;
      const known = error instanceof ProblemError ? error : translate(error);
      // A refusal is told to the caller, who can act on it; what failed here is told to those who run it as well.
      if (known !== error) {
        const facts = {
          request_id: requestId,
          route: request.event.routeKey,
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        };
        if (known === null) log.error('REQUEST_FAILED', facts);
        else log.warn('REQUEST_PUT_OFF', { ...facts, answered: known.complaints[0].code });
      }
      request.response = problemResponse(known ?? internalError(), requestId);
    },
  };
}

function dispatch<R extends RouteLike>(
  { routes, operations, findClient = async () => null, admit = async () => ({}) }: Deps<R>,
  known: Known,
) {
  const byKey = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]));
  return async (event: HttpEvent): Promise<HttpResponse> => {
    const route = byKey.get(event.routeKey);
    if (route === undefined) throw httpError('no_such_route', `${event.routeKey} is not answered here.`);
    // The mapped type ties each name to its route; the lookup by a variable name loses that tie.
    const operation = operations[route.name as R['name']] as (request: ApiRequest) => Promise<ApiResponse>;
    const bearer = route.open === true ? null : await bearerOf(event, findClient);
    const read = bodyOf(event);
    if (bearer !== null) {
      known.set(event, { bearer, route, body: read.body });
      needScope(bearer, route.scopes ?? []);
    }
    const stands = bearer === null ? {} : await admit({ bearer, route, body: read.body });
    if (read.problem !== null) throw withHeaders(read.problem, stands);
    const request: ApiRequest = {
      requestId: event.requestContext.requestId,
      params: decoded(event.pathParameters),
      query: present(event.queryStringParameters),
      headers: lowerCased(event.headers),
      body: read.body,
    };
    const given: ApiRequest | UserRequest = bearer === null ? request : { ...request, ...bearer };
    try {
      const answer = await operation(given);
      return {
        statusCode: answer.status,
        headers: { 'content-type': 'application/json', ...stands, ...answer.headers },
        body: JSON.stringify(answer.body),
      };
    } catch (error) {
      throw error instanceof ProblemError ? withHeaders(error, stands) : error;
    }
  };
}

/** A body that cannot be read counts as a request all the same, and is refused after that. */
function bodyOf(event: HttpEvent): { readonly body: unknown; readonly problem: ProblemError | null } {
  try {
    return { body: parseBody(event), problem: null };
  } catch (error) {
    if (error instanceof ProblemError) return { body: undefined, problem: error };
    throw error;
  }
}

const withHeaders = (problem: ProblemError, headers: Readonly<Record<string, string>>): ProblemError =>
  new ProblemError(problem.entry, problem.complaints, problem.extra, { ...headers, ...problem.headers });

const present = (values: Readonly<Record<string, string | undefined>> = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );

const lowerCased = (headers: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(present(headers)).map(([name, value]) => [name.toLowerCase(), value]));

/** Gateways differ in whether they decode path parameters; an id or symbol never contains a percent sign. */
function decoded(parameters: HttpEvent['pathParameters']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(present(parameters)).map(([name, value]) => {
      try {
        return [name, decodeURIComponent(value)];
      } catch {
        return [name, value];
      }
    }),
  );
}
