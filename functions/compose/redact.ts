/**
 * What no log may hold, whoever logs it: keys, secrets, tokens. The last lock: nobody hands these to a log on purpose, but an
 * error's text may quote them.
 */
import type { LogFields } from '../../shared/ports/runtime.ts';

export const REDACTED = '[redacted]';

const SECRET_NAMES =
  /^(?:(?:access|refresh|id|bearer)_?)?token$|secret|password|passphrase|authorization|cookie|(?:api|private|sealed)_?keys?$|^signature$/i;

/** Each leaves what comes before the secret, so that a line can still be read. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, `$1 ${REDACTED}`],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, REDACTED],
  // What is said of a setting goes on as a sentence: `POLYGON_API_KEY: is needed for ...`.
  [
    /((?:access_token|refresh_token|client_secret|secret_?key|api_?key|private_?key|password|signature|x-mbx-apikey)\\?["']?\s*[:=]\s*\\?["']?)(?!(?:is|are|has|must|needs?)\s)[^\s"'&,;\\}]+/gi,
    `$1${REDACTED}`,
  ],
];

const cleaned = (text: string): string =>
  SECRET_TEXTS.reduce((left, [pattern, instead]) => left.replace(pattern, instead), text);

/** The fields without anything that is a secret by its name or by its look. */
export const redacted = (fields: LogFields): LogFields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value !== 'string' ? value : SECRET_NAMES.test(name) ? REDACTED : cleaned(value),
    ]),
  );
