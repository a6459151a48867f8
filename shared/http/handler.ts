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
import type { ApiRequest, ApiResponse, HttpEvent, HttpResponse, UserRequest } from './types.ts';

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

interface Deps<R extends RouteLike> {
  readonly routes: readonly R[];
  readonly operations: Operations<R>;
  readonly log: Log;
  readonly clock: Clock;
  /** What else than a ProblemError is a refusal, and which; null = it is unexpected. */
  readonly translate?: (error: unknown) => ProblemError | null;
  /** Whom a machine client acts for; absent: nobody. */
  readonly findClient?: FindClient;
}

type Middleware = MiddlewareObj<HttpEvent, HttpResponse, Error, Context, { startedAt?: number }>;

export type HttpHandler = (event: HttpEvent, context: Context) => Promise<HttpResponse>;

/** Builds the Lambda handler that answers exactly `routes`. */
export function httpHandler<R extends RouteLike>(deps: Deps<R>): HttpHandler {
  const handler = middy<HttpEvent, HttpResponse, Error, Context, { startedAt?: number }>()
    .use(told(deps.log, deps.clock))
    .use(withRequestId)
    .use(problems(deps.log, deps.translate ?? (() => null)))
    .handler(dispatch(deps));
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

const withRequestId: Middleware = {
  after: (request) => {
    request.response = stamped(request.response, request.event.requestContext.requestId);
  },
  onError: (request) => {
    request.response = stamped(request.response, request.event.requestContext.requestId);
  },
};

function stamped(response: HttpResponse | null | undefined, requestId: string): HttpResponse {
  if (response === null || response === undefined) throw new Error('a request ended without a response');
  return { ...response, headers: { ...response.headers, 'x-request-id': requestId } };
}

function problems(log: Log, translate: (error: unknown) => ProblemError | null): Middleware {
  return {
    onError: (request) => {
      const requestId = request.event.requestContext.requestId;
      const error: unknown = request.error;
      const known = error instanceof ProblemError ? error : translate(error);
      if (known !== null) {
        request.response = problemResponse(known, requestId);
        return;
      }
      log.error('REQUEST_FAILED', {
        request_id: requestId,
        route: request.event.routeKey,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      request.response = problemResponse(internalError(), requestId);
    },
  };
}

function dispatch<R extends RouteLike>({ routes, operations, findClient = async () => null }: Deps<R>) {
  const byKey = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]));
  return async (event: HttpEvent): Promise<HttpResponse> => {
    const route = byKey.get(event.routeKey);
    if (route === undefined) throw httpError('no_such_route', `${event.routeKey} is not answered here.`);
    // The mapped type ties each name to its route; the lookup by a variable name loses that tie.
    const operation = operations[route.name as R['name']] as (request: ApiRequest) => Promise<ApiResponse>;
    const bearer = route.open === true ? null : await bearerOf(event, findClient);
    if (bearer !== null) needScope(bearer, route.scopes ?? []);
    const request: ApiRequest = {
      requestId: event.requestContext.requestId,
      params: decoded(event.pathParameters),
      query: present(event.queryStringParameters),
      headers: lowerCased(event.headers),
      body: parseBody(event),
    };
    const given: ApiRequest | UserRequest = bearer === null ? request : { ...request, ...bearer };
    const answer = await operation(given);
    return {
      statusCode: answer.status,
      headers: {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        ...answer.headers,
      },
      body: JSON.stringify(answer.body),
    };
  };
}

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
