/** CORS as API Gateway answers it for an API with CorsConfiguration; without one there are no headers at all. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DeclaredCors } from '../template/declared.ts';

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
