/**
 * Signs requests to AWS (Signature Version 4), in their headers or in their query: what the SDK would do, for three calls.
 * Pure: time and credentials are given.
 */
import { createHash, createHmac } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface Signing {
  readonly region: string;
  readonly service: string;
  readonly credentials: Credentials;
  /** Epoch ms. */
  readonly now: number;
}

export interface Signable {
  readonly method: string;
  /** Its path as it is sent, percent-encoded; without a query. */
  readonly url: URL;
  readonly body: string;
  /** More headers that are signed, by their lower-case names: `x-amz-target` of the JSON services. */
  readonly headers?: Readonly<Record<string, string>>;
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text, 'utf8').digest();

/** RFC 3986: what encodeURIComponent leaves of the reserved characters is encoded too. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** Of every service but S3 the path is encoded once more. */
const canonicalPath = (path: string): string => path.split('/').map(encoded).join('/');

interface Scope {
  /** ISO 8601 without what separates. */
  readonly at: string;
  readonly scope: string;
  sign(canonicalRequest: readonly string[]): string;
}

function scopeOf({ region, service, credentials, now }: Signing): Scope {
  const at = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = at.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  return {
    at,
    scope,
    sign(canonicalRequest) {
      const toSign = ['AWS4-HMAC-SHA256', at, scope, sha256(canonicalRequest.join('\n'))].join('\n');
      const key = [region, service, 'aws4_request'].reduce<Buffer>(
        (derived, part) => hmac(derived, part),
        hmac(`AWS4${credentials.secretAccessKey}`, day),
      );
      return hmac(key, toSign).toString('hex');
    },
  };
}

/** The headers that make it a signed request, `host` apart, which the connection adds. */
export function signedHeaders(
  { method, url, body, headers: more = {} }: Signable,
  signing: Signing,
): Readonly<Record<string, string>> {
  const { at, scope, sign } = scopeOf(signing);
  const { accessKeyId, sessionToken } = signing.credentials;
  const headers: Record<string, string> = {
    ...more,
    host: url.host,
    'x-amz-date': at,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const signature = sign([
    method,
    canonicalPath(url.pathname),
    '',
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    sha256(body),
  ]);
  const { host: _, ...sent } = headers;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

/**
 * The query of a GET of `host`'s root, signed for so many seconds.
 * @param query what is asked, without a question mark
 */
export function signedQuery(
  { host, query }: { readonly host: string; readonly query: Readonly<Record<string, string>> },
  seconds: number,
  signing: Signing,
): string {
  const { at, scope, sign } = scopeOf(signing);
  const { accessKeyId, sessionToken } = signing.credentials;
  const asked = Object.entries({
    ...query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/${scope}`,
    'X-Amz-Date': at,
    'X-Amz-Expires': String(seconds),
    'X-Amz-SignedHeaders': 'host',
    ...(sessionToken !== undefined && { 'X-Amz-Security-Token': sessionToken }),
  })
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&');
  return `${asked}&X-Amz-Signature=${sign(['GET', '/', asked, `host:${host}`, '', 'host', sha256('')])}`;
}
