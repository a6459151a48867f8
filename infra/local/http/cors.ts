/** CORS as API Gateway answers it for an API with CorsConfiguration; without one there are no headers at all. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CORS_EXPOSED, CORS_HEADERS, CORS_MAX_AGE_SECONDS, CORS_METHODS } from '../../stacks/cors.ts';
import type { DeclaredCors } from '../template/declared.ts';

/** With `origins` besides: they may do what the template lets a console do, whether or not it lets any other in. */
export function withOrigins(
  cors: DeclaredCors | undefined,
  origins: readonly string[],
): DeclaredCors | undefined {
  if (origins.length === 0) return cors;
  const asDeployed: DeclaredCors = {
    origins: [],
    methods: CORS_METHODS,
    headers: CORS_HEADERS,
    exposed: CORS_EXPOSED,
    credentials: false,
    maxAgeSeconds: CORS_MAX_AGE_SECONDS,
  };
  const declared = cors ?? asDeployed;
  return { ...declared, origins: [...declared.origins, ...origins] };
}

/** The headers for an answer to `origin`; none when it is not allowed. */
export function corsHeaders(
  cors: DeclaredCors | undefined,
  origin: string | undefined,
): Record<string, string> {
  if (!cors || origin === undefined) return {};
  const isAny = cors.origins.includes('*');
  if (!isAny && !cors.origins.includes(origin)) return {};
  return {
    'access-control-allow-origin': isAny && !cors.credentials ? '*' : origin,
    ...(cors.methods.length > 0 ? { 'access-control-allow-methods': cors.methods.join(',') } : {}),
    ...(cors.headers.length > 0 ? { 'access-control-allow-headers': cors.headers.join(',') } : {}),
    ...(cors.exposed.length > 0 ? { 'access-control-expose-headers': cors.exposed.join(',') } : {}),
    ...(cors.credentials ? { 'access-control-allow-credentials': 'true' } : {}),
    ...(cors.maxAgeSeconds === undefined ? {} : { 'access-control-max-age': String(cors.maxAgeSeconds) }),
    vary: 'origin',
  };
}

/** Answers a preflight request; true when it was one. */
export function preflight(request: IncomingMessage, response: ServerResponse): boolean {
  const isPreflight =
    request.method === 'OPTIONS' &&
    request.headers.origin !== undefined &&
    request.headers['access-control-request-method'] !== undefined;
  if (isPreflight) response.writeHead(204).end();
  return isPreflight;
}
