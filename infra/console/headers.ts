/**
 * What a browser is told beside every file of the console: CloudFront on AWS and the laptop's server say the same, from here.
 * Pure; no CDK, so that the laptop starts without it.
 */

/** A year, as long as a cache keeps anything: the name of what lies there changes with its content. */
const FOR_GOOD = 'public, max-age=31536000, immutable';
const NEVER = 'no-store';

/** The folder of files with a hash of their content in their name. */
export const HASHED_FOLDER = 'assets';

/** For a path of the URL, or a key of the bucket. */
export const cacheControlOf = (path: string): string =>
  path.replace(/^\//, '').startsWith(`${HASHED_FOLDER}/`) ? FOR_GOOD : NEVER;

/** A path without a file extension is a page of the console, and all of them are one file. */
export const isPage = (path: string): boolean => !(path.split('/').at(-1) ?? '').includes('.');

/** `connect`: the origins that the page may speak to besides its own. */
export const connectSource = (connect: readonly string[]): string =>
  ['connect-src', "'self'", ...connect].join(' ');

/**
 * Nothing but what the console's own origin serves, no script or style in the page itself. (What a script sets on
 * `element.style` is allowed: docs/console.md.)
 */
export const contentSecurityPolicy = (connect: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    connectSource(connect),
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

/** Two years: what lists of browsers ask for. */
export const HSTS_SECONDS = 63_072_000;

const NOT_USED = ['accelerometer', 'camera', 'display-capture', 'geolocation', 'gyroscope', 'magnetometer'];
const NOT_USED_EITHER = ['microphone', 'midi', 'payment', 'publickey-credentials-get', 'serial', 'usb'];

/** By name in small letters. */
export type Headers = Readonly<Record<string, string>>;

/** Those for which CloudFront has no setting of its own. */
export const CUSTOM_HEADERS: Headers = {
  'permissions-policy': [...NOT_USED, ...NOT_USED_EITHER].map((name) => `${name}=()`).join(', '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** All that say what the page may do, for every answer. */
export const securityHeaders = (connect: readonly string[]): Headers => ({
  'content-security-policy': contentSecurityPolicy(connect),
  'strict-transport-security': `max-age=${HSTS_SECONDS}; includeSubDomains`,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  ...CUSTOM_HEADERS,
});
