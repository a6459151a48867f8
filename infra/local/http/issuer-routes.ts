/**
 * What the laptop's token issuer answers under /local-issuer: tokens of users for whoever is on this machine, and machine
 * clients with their tokens, as Cognito's /oauth2/token gives them.
 */
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Issuer } from './issuer.ts';
import { CLIENT_TOKEN_SECONDS, MachineClientError, type NewSecret } from './machine-clients.ts';

export interface IssuerAnswer {
  readonly status: number;
  readonly body: unknown;
}

const userToken = z.strictObject({
  sub: z.string().min(1).max(128),
  scope: z.string().max(512).optional(),
  expires_in: z.number().int().min(-86_400).max(31_536_000).optional(),
});

const newClient = z.strictObject({
  client_id: z
    .string()
    .regex(/^[0-9A-Za-z_-]{1,128}$/)
    .optional(),
});

const isType = (request: IncomingMessage, type: string): boolean =>
  (request.headers['content-type'] ?? '').split(';')[0]?.trim() === type;

const takesBody = (method: string | undefined, path: string): boolean =>
  method === 'POST' &&
  (path === '/token' || path === '/oauth2/token' || path === '/clients' || SECRETS.test(path));

const SECRETS = /^\/clients\/([0-9A-Za-z_-]+)\/secrets$/;
const SECRET = /^\/clients\/([0-9A-Za-z_-]+)\/secrets\/([0-9a-f]+)$/;

const secretAnswer = ({ clientId, secretId, secret }: NewSecret): IssuerAnswer => ({
  status: 201,
  body: { client_id: clientId, client_secret_id: secretId, client_secret: secret },
});

/** What `path` (behind /local-issuer) answers to a request whose body was read. */
export async function answerIssuer(
  issuer: Issuer,
  request: IncomingMessage,
  path: string,
  body: string,
): Promise<IssuerAnswer> {
  const { method } = request;
  if (method === 'GET' && path === '/.well-known/jwks.json') return { status: 200, body: issuer.jwks };
  if (method === 'POST' && path === '/oauth2/token') return clientToken(issuer, request, body);
  const gone = method === 'DELETE' ? SECRET.exec(path) : null;
  if (!takesBody(method, path) && gone === null) return { status: 404, body: { message: 'Not Found' } };
  // A page of another site can send a form to this machine, but no JSON, and nothing but GET and POST.
  if (gone === null && !isType(request, 'application/json')) {
    return { status: 415, body: { message: 'send application/json' } };
  }
  try {
    if (path === '/token') return await tokenOfUser(issuer, body);
    if (gone !== null) {
      issuer.clients.deleteSecret(gone[1] ?? '', gone[2] ?? '');
      return { status: 200, body: { deleted: gone[2] } };
    }
    const ofClient = SECRETS.exec(path)?.[1];
    if (ofClient !== undefined) return secretAnswer(issuer.clients.addSecret(ofClient));
    const asked = parsed(newClient, body === '' ? '{}' : body);
    return asked.success
      ? secretAnswer(issuer.clients.create(asked.data.client_id))
      : { status: 400, body: { message: z.prettifyError(asked.error) } };
  } catch (error) {
    if (!(error instanceof MachineClientError)) throw error;
    return { status: 409, body: { message: error.message } };
  }
}

async function tokenOfUser(issuer: Issuer, body: string): Promise<IssuerAnswer> {
  const asked = parsed(userToken, body);
  if (!asked.success) return { status: 400, body: { message: z.prettifyError(asked.error) } };
  const { sub, scope, expires_in: expiresInSeconds } = asked.data;
  const token = await issuer.issue({
    sub,
    ...(scope === undefined ? {} : { scope }),
    ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
  });
  return { status: 200, body: { access_token: token, token_type: 'Bearer' } };
}

/** A form, with id and secret in it or in the Authorization header (RFC 6749 section 2.3.1). */
async function clientToken(issuer: Issuer, request: IncomingMessage, body: string): Promise<IssuerAnswer> {
  if (!isType(request, 'application/x-www-form-urlencoded')) {
    return { status: 415, body: { error: 'invalid_request' } };
  }
  const form = new URLSearchParams(body);
  if (form.get('grant_type') !== 'client_credentials') {
    return { status: 400, body: { error: 'unsupported_grant_type' } };
  }
  const [id, secret] = basicOf(request) ?? [form.get('client_id') ?? '', form.get('client_secret') ?? ''];
  const scope = issuer.clients.grant(id, secret, form.get('scope'));
  if (scope === 'invalid_client' || scope === 'invalid_scope') {
    return { status: scope === 'invalid_client' ? 401 : 400, body: { error: scope } };
  }
  const token = await issuer.issueToClient(id, scope);
  return {
    status: 200,
    body: { access_token: token, expires_in: CLIENT_TOKEN_SECONDS, token_type: 'Bearer' },
  };
}

function basicOf({ headers }: IncomingMessage): readonly [string, string] | null {
  const encoded = /^Basic\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (encoded === undefined) return null;
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString().split(':');
  return [id, secret.join(':')];
}

function parsed<T>(schema: z.ZodType<T>, text: string): z.ZodSafeParseResult<T> {
  try {
    return schema.safeParse(JSON.parse(text));
  } catch {
    return schema.safeParse(undefined);
  }
}
