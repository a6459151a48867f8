/** The settings that the CDK app reads of its context, by name: whatever else is said beside them is a mistake. */
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
  'user-data-shards',
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

/** Names without a prefix that the CDK's command line itself reads or writes. */
const PLAIN_NAMES_OF_THE_CDK = [
  'acknowledged-issue-numbers',
  'cdk-migrate',
  'cli-telemetry',
  'debug',
  'notices',
];

/** Feature flags (`@aws-cdk/...`), what the command line tells (`aws:cdk:...`), what it has looked up (`availability-zones:...`). */
const isOfTheCdk = (name: string): boolean =>
  name.startsWith('@') || name.includes(':') || PLAIN_NAMES_OF_THE_CDK.includes(name);

/**
 * A setting under a name that nobody reads would be as if it had never been made: `-c sweep-shard=4` deploys one shard.
 * @throws Error that names each unknown one, and the known ones
 */
export function checkContextNames(names: readonly string[]): void {
  const unknown = names.filter((name) => !isContextName(name) && !isOfTheCdk(name));
  if (unknown.length === 0) return;
  const list = unknown.map((name) => JSON.stringify(name)).join(', ');
  throw new Error(`no setting of this app: ${list}; known are ${CONTEXT_NAMES.join(', ')}`);
}
