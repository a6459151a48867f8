/** HTTP requests as API Gateway hands them to a function (payload format 2.0), and the function's answer. */
import type { IncomingMessage } from 'node:http';
import type { JWTPayload } from 'jose';
import { ACCOUNT } from '../template/intrinsics.ts';
import type { Match } from './routes.ts';

export interface RequestFacts {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly match: Match;
  readonly body: Buffer;
  readonly claims: JWTPayload | undefined;
  readonly requestId: string;
  readonly apiId: string;
  readonly at: Date;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** API Gateway's own time format: 22/Nov/2026:18:29:00 +0000 */
function gatewayTime(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
  return `${day}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
}

const IS_TEXT = /^(text\/|application\/(json|[a-z0-9.+-]*\+json|xml|javascript|x-www-form-urlencoded))/i;

/** The event of one request. */
export function toHttpEvent({
  request,
  url,
  match,
  body,
  claims,
  requestId,
  apiId,
  at,
}: RequestFacts): unknown {
  const { cookie, ...others } = request.headers;
  const headers = Object.fromEntries(
    Object.entries(others).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  );
  const query: Record<string, string> = {};
  for (const [name, value] of url.searchParams)
    query[name] = name in query ? `${query[name]},${value}` : value;
  const isText = IS_TEXT.test(request.headers['content-type'] ?? 'text/plain');
  return {
    version: '2.0',
    routeKey: match.route.key,
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    ...(cookie === undefined ? {} : { cookies: cookie.split('; ') }),
    headers,
    ...(url.search === '' ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: ACCOUNT,
      apiId,
      ...(claims === undefined
        ? {}
        : { authorizer: { jwt: { claims: asTexts(claims), scopes: requiredScopes(match) } } }),
      domainName: request.headers.host ?? '',
      domainPrefix: apiId,
      http: {
        method: request.method ?? 'GET',
        path: url.pathname,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId,
      routeKey: match.route.key,
      stage: '$default',
      time: gatewayTime(at),
      timeEpoch: at.getTime(),
    },
    ...(Object.keys(match.pathParameters).length === 0 ? {} : { pathParameters: match.pathParameters }),
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** The scopes the route asks for, as API Gateway shows them: null when it asks for none. */
function requiredScopes({ route }: Match): readonly string[] | null {
  const scopes = route.authorizer?.scopes ?? [];
  return scopes.length > 0 ? scopes : null;
}

/** API Gateway hands on every claim as text. */
const asTexts = (claims: JWTPayload): Record<string, string> =>
  Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      Array.isArray(value) ? `[${value.join(' ')}]` : String(value),
    ]),
  );

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/** A function's answer: with a statusCode as it says, anything else is a JSON body with status 200. */
export function toHttpAnswer(answer: unknown): HttpAnswer {
  if (typeof answer !== 'object' || answer === null || !('statusCode' in answer)) {
    const body = Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer));
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  }
  const { statusCode, headers, cookies, body, isBase64Encoded } = answer as {
    statusCode: unknown;
    headers?: Record<string, unknown>;
    cookies?: readonly string[];
    body?: unknown;
    isBase64Encoded?: boolean;
  };
  const named = Object.entries(headers ?? {}).map(
    ([name, value]) => [name.toLowerCase(), String(value)] as const,
  );
  const text =
    typeof body === 'string' ? body : body === undefined || body === null ? '' : JSON.stringify(body);
  return {
    status: Number(statusCode),
    headers: {
      ...Object.fromEntries(named),
      ...(cookies && cookies.length > 0 ? { 'set-cookie': cookies } : {}),
    },
    body: Buffer.from(text, isBase64Encoded ? 'base64' : 'utf8'),
  };
}
