/** The status messages, word for word (facts 2.2, 2.3). */
const status = (name: string, message: string): string =>
  JSON.stringify({ ev: 'status', status: name, message });

export const CONNECTED = status('connected', 'Connected Successfully');
export const AUTHENTICATED = status('auth_success', 'authenticated');
export const NO_WEBSOCKET = status(
  'auth_failed',
  "Your plan doesn't include websocket access. Visit https://massive.com/pricing to upgrade.",
);
export const AUTH_TIMEOUT = status('auth_timeout', 'No authentication request received.');
export const NOT_AUTHORIZED = status('error', 'not authorized');
/** The space at its end is the vendor's. */
export const MAX_CONNECTIONS = status(
  'max_connections',
  'Maximum number of websocket connections exceeded. ',
);
export const NOT_AUTHENTICATED = status('error', 'not authenticated');
export const NOT_UNDERSTOOD = status('error', 'invalid request');

export const AUTH_FAILED = 'authentication failed';
export const authFailed = (message: string): string => status('auth_failed', message);
export const subscribed = (topic: string): string => status('success', `subscribed to: ${topic}`);
/** It really says "to". */
export const unsubscribed = (topic: string): string => status('success', `unsubscribed to: ${topic}`);
