/** What differs between stages (design section 20), decided in one place. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { parseLiveSources } from '../../shared/domain/prices/live-sources.ts';
import { BINANCE_ENVIRONMENTS, type BinanceEnvironment } from '../../shared/domain/types.ts';

export type Stage = 'sandbox' | 'prod';

export interface Settings {
  readonly stage: Stage;
  /** The FEED variable of the streamer. */
  readonly feed: string;
  /** Symbols that are always followed (the FEED_SYMBOLS variable); '' = those that somebody needs. */
  readonly feedSymbols: string;
  /** More variables of the streamer's sources, by name; empty: its own defaults. */
  readonly feedVariables: Readonly<Record<string, string>>;
  /** The streamer has the key of Polygon: prices come from there, or history does. */
  readonly hasPolygonKey: boolean;
  /** The folder that holds the bundles, one folder per function and one for the streamer. */
  readonly distDir: string;
  /** How many shards the sweeps are divided into (the SWEEP_SHARDS variable). */
  readonly sweepShards: number;
  /** Among how many processes the wallets at the exchange are divided, of those that listen to its news of accounts. */
  readonly userDataShards: number;
  /** What happens to tables, users and logs when their stack is deleted. */
  readonly removalPolicy: RemovalPolicy;
  readonly deletionProtection: boolean;
  readonly pointInTimeRecovery: boolean;
  readonly logRetention: RetentionDays;
  /** A NAT instance costs a fifth of a gateway; a gateway per zone survives the loss of a zone. */
  readonly nat: 'instance' | 'gateway-per-zone';
  /** SQS and KMS by endpoints of the VPC's own instead of by the way out (about 29 USD a month). */
  readonly interfaceEndpoints: boolean;
  /** Two availability zones by name; empty: the first two of the region. */
  readonly zones: readonly string[];
  readonly containerInsights: boolean;
  /** Origins of web pages that may call the API from a browser; none: no page but one of the API's own address. */
  readonly corsOrigins: readonly string[];
  /** The web page is deployed too. */
  readonly hasConsole: boolean;
  /** A name of the operator's own for it; null: the one that CloudFront gives. */
  readonly consoleDomain: ConsoleDomain | null;
  /** READS/CHANGES/CLOSES of one user in a minute (the REQUESTS_PER_MINUTE variable); '' = the function's own. */
  readonly requestsPerMinute: string;
  /** How long the record of who changed what is kept. */
  readonly auditDays: number;
  /** Ids of machine clients (app clients of the user pool, made by hand) whose tokens the API takes. */
  readonly machineClients: readonly string[];
  /** Which Binance this deployment serves (the BINANCE_ENVIRONMENT variable); null = only the demo wallet. */
  readonly binance: DeployedBinance | null;
}

export interface ConsoleDomain {
  readonly name: string;
  /** Of ACM in us-east-1, where CloudFront looks for it. */
  readonly certificateArn: string;
}

/** A deployment knows no simulator: its addresses are those of a machine. */
export type DeployedBinance = Exclude<BinanceEnvironment, 'binance_simulator'>;

type StageSettings = Omit<
  Settings,
  | 'stage'
  | 'feed'
  | 'feedSymbols'
  | 'feedVariables'
  | 'hasPolygonKey'
  | 'distDir'
  | 'sweepShards'
  | 'userDataShards'
  | 'machineClients'
  | 'corsOrigins'
  | 'hasConsole'
  | 'consoleDomain'
  | 'requestsPerMinute'
  | 'auditDays'
  | 'zones'
>;

const BY_STAGE: Record<Stage, StageSettings> = {
  sandbox: {
    removalPolicy: RemovalPolicy.DESTROY,
    deletionProtection: false,
    pointInTimeRecovery: false,
    logRetention: RetentionDays.ONE_WEEK,
    nat: 'instance',
    interfaceEndpoints: false,
    containerInsights: false,
    binance: 'binance_testnet',
  },
  prod: {
    removalPolicy: RemovalPolicy.RETAIN,
    deletionProtection: true,
    pointInTimeRecovery: true,
    logRetention: RetentionDays.THREE_MONTHS,
    nat: 'gateway-per-zone',
    interfaceEndpoints: true,
    containerInsights: true,
    binance: 'binance',
  },
};

/** @throws Error when the name is no stage. */
export function parseStage(name: unknown): Stage {
  if (name === 'sandbox' || name === 'prod') return name;
  throw new Error(`Unknown stage ${JSON.stringify(name)}: use sandbox or prod`);
}

const DEPLOYED: readonly DeployedBinance[] = BINANCE_ENVIRONMENTS.filter(
  (name) => name !== 'binance_simulator',
);

/**
 * The context's `binance`; undefined when it does not say.
 * @throws Error when it names none that can be deployed
 */
export function parseBinance(name: unknown): DeployedBinance | null | undefined {
  if (name === undefined) return undefined;
  if (name === 'none') return null;
  const found = DEPLOYED.find((one) => one === name);
  if (found !== undefined) return found;
  throw new Error(`Unknown binance ${JSON.stringify(name)}: use ${DEPLOYED.join(', ')} or none`);
}

/**
 * The context's `history`: who is asked for bars from before a symbol was followed; undefined = nobody but a Polygon that
 * gives prices too. Not by default, because a task whose key nobody has put there does not start.
 * @throws Error when it names anybody else
 */
export function parseHistory(name: unknown): 'polygon' | undefined {
  if (name === undefined || name === 'polygon') return name;
  throw new Error(`Unknown history ${JSON.stringify(name)}: use polygon`);
}

/** API Gateway compares a token with at most 50 audiences; the three that people sign in by are among them. */
const MOST_MACHINE_CLIENTS = 47;

/**
 * The context's `machine-clients`: ids with commas between; none when it does not say.
 * @throws Error when one is no id, or there are more than an authorizer takes
 */
export function parseMachineClients(text: unknown): readonly string[] {
  if (text === undefined || text === '') return [];
  const ids = typeof text === 'string' ? text.split(',').map((id) => id.trim()) : [];
  const wrong = ids.find((id) => !/^[0-9A-Za-z_]{1,128}$/.test(id));
  if (ids.length === 0 || wrong !== undefined) {
    throw new Error(
      `machine-clients ${JSON.stringify(wrong ?? text)}: ids of app clients with commas between`,
    );
  }
  if (ids.length > MOST_MACHINE_CLIENTS) {
    throw new Error(`${ids.length} machine-clients: API Gateway takes ${MOST_MACHINE_CLIENTS}`);
  }
  return [...new Set(ids)];
}

/**
 * The context's `cors-origins`: with commas between; none when it does not say.
 * @throws Error when one is no origin; `*` is none, because tokens are sent along
 */
export function parseCorsOrigins(text: unknown): readonly string[] {
  if (text === undefined || text === '') return [];
  const origins = typeof text === 'string' ? text.split(',').map((origin) => origin.trim()) : [];
  const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (origins.length === 0 || wrong !== undefined) {
    throw new Error(
      `cors-origins ${JSON.stringify(wrong ?? text)}: use origins like https://console.example`,
    );
  }
  return [...new Set(origins)];
}

/**
 * The context's `console`: whether the web page is deployed too; yes when it does not say.
 * @throws Error when it is neither `on` nor `off`
 */
export function parseConsole(value: unknown): boolean {
  if (value === undefined || value === '' || value === 'on') return true;
  if (value === 'off') return false;
  throw new Error(`console ${JSON.stringify(value)}: use on or off`);
}

/**
 * The context's `console-domain` and `console-certificate`; null when it says neither.
 * @throws Error when one comes without the other, or is none
 */
export function parseConsoleDomain(name: unknown, certificateArn: unknown): ConsoleDomain | null {
  const isSaid = (value: unknown): boolean => value !== undefined && value !== '';
  if (!isSaid(name) && !isSaid(certificateArn)) return null;
  if (
    typeof name !== 'string' ||
    !/^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/.test(name)
  ) {
    throw new Error(`console-domain ${JSON.stringify(name)}: a name like console.example.com is expected`);
  }
  const form = /^arn:aws[\w-]*:acm:us-east-1:\d{12}:certificate\/[\w-]+$/;
  if (typeof certificateArn !== 'string' || !form.test(certificateArn)) {
    throw new Error(
      `console-certificate ${JSON.stringify(certificateArn)}: with console-domain goes the ARN of its certificate in us-east-1`,
    );
  }
  return { name, certificateArn };
}

/**
 * The context's `zones`: two availability zones with a comma between; none when it does not say. Not every zone of a region
 * has everything (us-east-1 has one without serverless caches), and which letter that is differs by account.
 * @throws Error when it names anything but two zones of one region
 */
export function parseZones(text: unknown): readonly string[] {
  if (text === undefined || text === '') return [];
  const zones = typeof text === 'string' ? text.split(',').map((zone) => zone.trim()) : [];
  const regions = new Set(zones.map((zone) => /^([a-z]{2}(?:-[a-z]+)+-\d)[a-z]$/.exec(zone)?.[1]));
  if (new Set(zones).size === 2 && zones.length === 2 && regions.size === 1 && !regions.has(undefined))
    return zones;
  throw new Error(`zones ${JSON.stringify(text)}: use two of one region, like eu-west-1a,eu-west-1b`);
}

/** Each has a message for each second, of which dispatch sends two minutes' worth within its own 30 s. */
const MOST_SWEEP_SHARDS = 32;

/**
 * The context's `sweep-shards`; 1 when it does not say. More of them later is always possible, fewer is not (docs/scale.md).
 * @throws Error when it is no whole number from 1 to 32
 */
export function parseSweepShards(value: unknown): number {
  return parseShards('sweep-shards', value, MOST_SWEEP_SHARDS);
}

function parseShards(name: string, value: unknown, most: number): number {
  if (value === undefined || value === '') return 1;
  const text = String(value);
  const shards = /^[1-9]\d?$/.test(text) ? Number.parseInt(text, 10) : 0; // not money: a count
  if (shards >= 1 && shards <= most) return shards;
  throw new Error(`${name} ${JSON.stringify(value)}: a whole number from 1 to ${most}`);
}

/** Of 9 USD a month each. One listens to thousands of wallets. */
const MOST_USER_DATA_SHARDS = 16;

/**
 * The context's `user-data-shards`; 1 when it does not say. More and fewer of them are possible at any time (docs/scale.md).
 * @throws Error when it is no whole number from 1 to 16
 */
export function parseUserDataShards(value: unknown): number {
  return parseShards('user-data-shards', value, MOST_USER_DATA_SHARDS);
}

const DEFAULT_AUDIT_DAYS = 90;

export interface Choices {
  readonly sweepShards?: number;
  readonly userDataShards?: number;
  readonly machineClients?: readonly string[];
  readonly corsOrigins?: readonly string[];
  readonly hasConsole?: boolean;
  readonly consoleDomain?: ConsoleDomain | null;
  readonly requestsPerMinute?: string | undefined;
  readonly auditDays?: number | undefined;
  readonly zones?: readonly string[];
  /** Undefined: the prices of the exchange that is served, made-up ones where none is. */
  readonly feed: string | undefined;
  readonly distDir: string;
  /** Symbols that are always followed. */
  readonly symbols?: string | undefined;
  /** FEED_POLICIES, POLYGON_WS_URL, POLYGON_REST_URL, POLYGON_REQUESTS_PER_MINUTE. */
  readonly feedVariables?: Readonly<Record<string, string>>;
  readonly history?: 'polygon' | undefined;
  /** Undefined: what the stage has by default. */
  readonly binance: DeployedBinance | null | undefined;
}

/** @throws Error when orders at an exchange would follow other prices than its own, or made-up prices have a real history */
export function settingsFor(
  stage: Stage,
  {
    binance: asked,
    feed: named,
    distDir,
    symbols = '',
    feedVariables = {},
    history,
    machineClients = [],
    corsOrigins = [],
    hasConsole = true,
    consoleDomain = null,
    requestsPerMinute = '',
    auditDays = DEFAULT_AUDIT_DAYS,
    zones = [],
    sweepShards = 1,
    userDataShards = 1,
  }: Choices,
): Settings {
  const settings = BY_STAGE[stage];
  const binance = asked === undefined ? settings.binance : asked;
  const feed = named ?? (binance === null ? 'synthetic' : 'binance');
  if (binance !== null && parseLiveSources(feed)?.[0] !== 'binance') {
    throw new Error(
      `feed ${feed} does not go with ${binance}: stops at the exchange would follow made-up or old prices; ` +
        'use feed binance or binance+polygon, or binance none',
    );
  }
  const sources = parseLiveSources(feed);
  if (history !== undefined && sources === null) {
    throw new Error(
      `history ${history} does not go with feed ${feed}: made-up and recorded prices have none`,
    );
  }
  const hasPolygonKey = history === 'polygon' || sources?.includes('polygon') === true;
  const streamer = { feed, feedSymbols: symbols, feedVariables, hasPolygonKey };
  const ofApi = { machineClients, corsOrigins, hasConsole, consoleDomain, requestsPerMinute, auditDays };
  return { stage, distDir, zones, sweepShards, userDataShards, ...ofApi, ...settings, binance, ...streamer };
}
