/** The settings that the CDK app reads of its context, by name: what a command line says besides them is a mistake. */
export const CONTEXT_NAMES = [
  'stage',
  'feed',
  'symbols',
  'policies',
  'polygon-ws-url',
  'polygon-rest-url',
  'polygon-requests-per-minute',
  'history',
  'binance',
  'cors-origins',
  'console',
  'console-domain',
  'console-certificate',
  'requests-per-minute',
  'audit-days',
  'sweep-shards',
  'machine-clients',
  'zones',
  'alarm-email',
  'alarm-webhook',
  'alarm-email-critical',
  'alarm-webhook-critical',
  'nag',
] as const;

export type ContextName = (typeof CONTEXT_NAMES)[number];

export const isContextName = (name: string): name is ContextName =>
  CONTEXT_NAMES.some((known) => known === name);
