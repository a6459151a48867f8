/**
 * What AWS asks, in us-east-1, in USD: one line each, with where it was read. `facts` is the fact sheet of 2026-11-22 on AWS's
 * building blocks (aws.md), with its line; its prices were seen in material of July to October 2026 that quotes AWS's own list.
 * Of free tiers those are counted that every account has for good and that the fact sheet names: CloudWatch's and Lambda's.
 */
import { type Decimal, decimal } from '../../shared/domain/money/decimal.ts';

export const PRICES_AS_OF = '2026-11-22';
export const REGION = 'us-east-1';
export const HOURS_PER_MONTH = decimal('730');
export const MINUTES_PER_MONTH = HOURS_PER_MONTH.times(60);
export const DAYS_PER_MONTH = HOURS_PER_MONTH.dividedBy(24);

interface Price {
  readonly usd: Decimal;
  readonly unit: string;
  /** Line of the fact sheet. */
  readonly facts: number;
}

const price = (usd: string, unit: string, facts: number): Price => ({ usd: decimal(usd), unit, facts });

export const PRICES = {
  writeUnits: price('0.625', 'million write request units', 137),
  readUnits: price('0.125', 'million read request units', 137),
  tableStorage: price('0.25', 'GB of tables and a month', 137),
  pointInTime: price('0.20', 'GB of tables and a month', 137),
  sqs: price('0.40', 'million requests of standard queues', 84),
  sqsFifo: price('0.50', 'million requests of FIFO queues', 84),
  lambdaRequests: price('0.20', 'million invocations', 51),
  lambdaSeconds: price('0.0000133334', 'GB-second, ARM', 51),
  fargateCpu: price('0.03238', 'vCPU and hour, ARM', 194),
  fargateMemory: price('0.00356', 'GB and hour, ARM', 194),
  publicIpv4: price('0.005', 'public IPv4 address and hour', 245),
  natGateway: price('0.045', 'NAT gateway and hour', 243),
  natGatewayData: price('0.045', 'GB through a NAT gateway', 243),
  natInstance: price('3.07', 't4g.nano and month', 249),
  natInstanceDisk: price('0.64', 'its disk and month', 249),
  interfaceEndpoint: price('0.01', 'interface endpoint, zone and hour', 246),
  cacheStorage: price('0.084', 'GB of Valkey Serverless and hour', 149),
  cacheUnits: price('0.0023', 'million ECPU', 149),
  key: price('1', 'KMS key and month', 211),
  secret: price('0.40', 'secret and month', 208),
  httpRequests: price('1.00', 'million requests of the HTTP API', 173),
  customMetric: price('0.30', 'custom metric and month', 223),
  alarm: price('0.10', 'metric of an alarm and month', 224),
  dashboard: price('3', 'dashboard and month', 225),
  logIngest: price('0.50', 'GB of logs', 226),
  logStorage: price('0.03', 'GB of logs and month', 226),
  rule: price('0.05', 'scheduled rule and month', 103),
} as const satisfies Record<string, Price>;

/** Of every account, for good: CloudWatch (facts, lines 223 to 225), Lambda (line 51). Others are left out. */
export const FREE = {
  metrics: 10,
  alarms: 10,
  dashboards: 3,
  invocations: decimal('1000000'),
  gbSeconds: decimal('400000'),
} as const;

/** Long polls of an event source that finds nothing (facts, line 66). */
export const IDLE_POLLS_PER_MINUTE = 15;

/** The least that Valkey Serverless bills (facts, line 149). */
export const LEAST_CACHE_GB = decimal('0.1');

/**
 * A slot of Valkey Serverless does up to 90,000 ECPU a second (facts, line 155): so much of a core's time is one, of a script that
 * takes longer than a plain command. AWS's own measure of a script is not published: to be looked at in the sandbox.
 */
export const MS_PER_ECPU = decimal('1000').dividedBy(90_000);
