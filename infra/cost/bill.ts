/**
 * The monthly bill of a load: what stands in the templates, and the counts of each operation times how often it is done. Pure;
 * money is Decimal, to the last digit until it is shown.
 */
import { Decimal, decimal, sum, ZERO } from '../../shared/domain/money/decimal.ts';
import type { Inventory } from './inventory.ts';
import type { Load } from './load.ts';
import type { Measured, OperationFigures, OperationName } from './measured.ts';
import {
  DAYS_PER_MONTH,
  FREE,
  HOURS_PER_MONTH,
  IDLE_POLLS_PER_MINUTE,
  LEAST_CACHE_GB,
  MINUTES_PER_MONTH,
  MS_PER_ECPU,
  PRICES,
} from './prices.ts';

export interface Line {
  readonly name: string;
  readonly usd: Decimal;
  /** How it comes out, and why it is there. */
  readonly arithmetic: string;
  /** Could be left out, and the system would run: metrics, alarms, dashboards. */
  readonly isExtra: boolean;
}

export interface Bill {
  readonly load: Load;
  readonly lines: readonly Line[];
  readonly total: Decimal;
  /** Without the extras of CloudWatch. */
  readonly withoutExtras: Decimal;
}

/** How often each operation is done in a month. */
export type Counts = Readonly<Record<OperationName, Decimal>>;

const POLLS_PER_MINUTE = 12;
const COMPARISONS_PER_HOUR = 4;
/** Each order that opens is followed by one that closes. */
const ORDERS_OF_A_TRADE = 2;
/** Rounded up by hand: a position with its orders and events, and what a wallet and its user have. */
const KB_OF_AN_ORDER = decimal('12');
const MONTHS_KEPT = decimal('6');
/** Two hours of bars by the second; levels of a position (docs/benchmarks.md: a million levels take 333 MB). */
const CACHE_KB_OF_A_SYMBOL = decimal('300');
const CACHE_KB_OF_A_POSITION = decimal('1');
/** START, END and REPORT of an invocation, which Lambda writes by itself. */
const LAMBDA_LINES_BYTES = 350;
/** Memory that comes with a whole core (facts, line 50): 1,769 MB. */
const GB_OF_A_CORE = decimal('1.7275');
/**
 * What an invocation waits for tables, queues and its venue, beside what it computes: some calls of a few ms one after the other.
 * An assumption (an API call that waits for a fill waits longer, a sweep shorter): the laptop's own waits are those of a busy
 * machine.
 */
const WAIT_MS = decimal('60');
const MILLION = decimal('1000000');
const KB_OF_GB = decimal('1048576');
const BYTES_OF_GB = decimal('1073741824');
/** The market of the measurement repeats each price every 250 ms: so many ticks are in a followed symbol's minute already. */
const QUIET_TICKS_PER_SECOND = 4;
/** Signed calls, answers and comparisons of a wallet in a month, through the way out. */
const NAT_MB_OF_A_WALLET = decimal('50');
const MB_OF_GB = decimal('1024');

export function countsOf(load: Load, measured: Measured): Counts {
  const { positions, symbols, exchangeWallets, viewers, ordersPerDay, ticksPerSecond } = load;
  const minutes = MINUTES_PER_MONTH;
  const trades = DAYS_PER_MONTH.times(ordersPerDay).dividedBy(ORDERS_OF_A_TRADE);
  const isAtExchange = exchangeWallets > 0 && isDearer(measured);
  const polls = minutes.times(viewers).times(POLLS_PER_MINUTE);
  const moreTicks = Math.max(0, ticksPerSecond - QUIET_TICKS_PER_SECOND);
  return {
    idle_minute: minutes,
    followed_symbol_minute: minutes.times(symbols),
    tick: minutes.times(60).times(symbols).times(moreTicks),
    position_minute: minutes.times(positions),
    entry: isAtExchange ? ZERO : trades,
    stopped_out: isAtExchange ? ZERO : trades,
    exchange_round_trip: isAtExchange ? trades : ZERO,
    list_20_positions: polls,
    comparison: HOURS_PER_MONTH.times(exchangeWallets).times(COMPARISONS_PER_HOUR),
    // They are measured for the table and are no part of these sizes.
    ...{ closed_by_hand: ZERO, change_protection: ZERO, limit_order_and_cancel: ZERO },
    ...{ read_position: ZERO, read_order: ZERO, read_prices: ZERO, read_balances: ZERO },
  };
}

/** A trade at the exchange against one on the demo wallet: the dearer one is taken, so that the bill is no best case. */
function isDearer({ operations }: Measured): boolean {
  const writes = (name: OperationName): number => operations[name].dynamodb.write_units;
  return writes('exchange_round_trip') > writes('entry') + writes('stopped_out');
}

export function billOf(load: Load, inventory: Inventory, measured: Measured): Bill {
  const counts = countsOf(load, measured);
  const lines = [
    ...standing(load, inventory),
    ...used(counts, inventory, measured),
    ...kept(load, inventory),
    ...watched(load, inventory, measured),
  ].filter(({ usd }) => !usd.isZero());
  const of = (some: readonly Line[]): Decimal => sum(some.map(({ usd }) => usd));
  return {
    load,
    lines,
    total: of(lines),
    withoutExtras: of(lines.filter(({ isExtra }) => !isExtra)),
  };
}

const line = (name: string, usd: Decimal, arithmetic: string, isExtra = false): Line => ({
  name,
  usd,
  arithmetic,
  isExtra,
});

const shown = (value: Decimal): string =>
  value.toSignificantDigits(4).toNumber().toLocaleString('en-US', { maximumSignificantDigits: 4 }); // for the eye

/** What is paid by the hour. */
function standing({ exchangeWallets }: Load, inventory: Inventory): readonly Line[] {
  const { tasks, publicAddresses, natInstances, natGateways, endpointZones, keys, secrets, rules } =
    inventory;
  const cpu = sum(tasks.map((task) => new Decimal(task.cpu).times(task.count)));
  const gb = sum(tasks.map((task) => new Decimal(task.gb).times(task.count)));
  const natData = NAT_MB_OF_A_WALLET.times(exchangeWallets).dividedBy(MB_OF_GB);
  return [
    line(
      'Fargate: the streamer',
      cpu.times(PRICES.fargateCpu.usd).plus(gb.times(PRICES.fargateMemory.usd)).times(HOURS_PER_MONTH),
      `${cpu} vCPU x ${PRICES.fargateCpu.usd} + ${gb} GB x ${PRICES.fargateMemory.usd}, 730 h: prices and the exchange's news come by sockets, which somebody has to hold`,
    ),
    line(
      'Public addresses',
      PRICES.publicIpv4.usd.times(HOURS_PER_MONTH).times(publicAddresses),
      `${publicAddresses} x ${PRICES.publicIpv4.usd} x 730 h: fixed ones that keys are bound to, and that of each task that hears prices without the NAT`,
    ),
    line(
      'NAT instance',
      PRICES.natInstance.usd.plus(PRICES.natInstanceDisk.usd).times(natInstances),
      `${natInstances} x (${PRICES.natInstance.usd} t4g.nano + ${PRICES.natInstanceDisk.usd} disk): the way out for signed calls, at a tenth of a gateway`,
    ),
    line(
      'NAT gateways',
      PRICES.natGateway.usd
        .times(HOURS_PER_MONTH)
        .times(natGateways)
        .plus(natGateways === 0 ? ZERO : natData.times(PRICES.natGatewayData.usd)),
      `${natGateways} x ${PRICES.natGateway.usd} x 730 h + ${shown(natData)} GB x ${PRICES.natGatewayData.usd}`,
    ),
    line(
      'Interface endpoints',
      PRICES.interfaceEndpoint.usd.times(HOURS_PER_MONTH).times(endpointZones),
      `${endpointZones} of an endpoint in a zone x ${PRICES.interfaceEndpoint.usd} x 730 h`,
    ),
    line(
      'KMS key',
      PRICES.key.usd.times(keys),
      `${keys} x ${PRICES.key.usd}: seals the keys of exchange accounts`,
    ),
    line('Secrets', PRICES.secret.usd.times(secrets), `${secrets} x ${PRICES.secret.usd}`),
    line(
      'Schedules',
      PRICES.rule.usd.times(rules),
      `${rules} rules of a minute x at most ${PRICES.rule.usd}`,
    ),
  ];
}

interface Used {
  readonly reads: Decimal;
  readonly writes: Decimal;
  readonly sends: Decimal;
  readonly fifoMessages: Decimal;
  readonly workerCalls: Decimal;
  readonly invocations: Decimal;
  readonly gbSeconds: Decimal;
  readonly ecpu: Decimal;
  readonly logBytes: Decimal;
  readonly httpRequests: Decimal;
}

/** Functions that are handed what waits in a queue: a receive and a delete of each batch. */
const WORKERS = ['submit', 'exits', 'executions', 'evaluate', 'reconcile', 'webhooks', 'prices'];

/** Of one operation, once. */
export function usedBy(figures: OperationFigures, functionGb: Inventory['functionGb']): Used {
  const { dynamodb, sqs, lambda, valkey, logs } = figures;
  const functions = Object.entries(lambda);
  const invocations = sum(functions.map(([, one]) => new Decimal(one.invocations)));
  const workers = functions.filter(([name]) => WORKERS.includes(name));
  // A function has a core for each 1,769 MB, so what it computes costs the same whatever its memory; what it waits, does not.
  const gbSeconds = sum(
    functions.map(([name, { invocations: count, cpu_ms }]) =>
      new Decimal(cpu_ms)
        .times(GB_OF_A_CORE)
        .plus(new Decimal(count).times(WAIT_MS).times(memoryOf(name, functionGb)))
        .dividedBy(1_000),
    ),
  );
  // A script is billed by its time where that is longer than a plain command's, everything at least by its size.
  const plain = new Decimal(Math.max(0, valkey.commands - valkey.script_calls));
  const scripts = Decimal.max(valkey.script_calls, new Decimal(valkey.script_ms).dividedBy(MS_PER_ECPU));
  return {
    reads: new Decimal(dynamodb.read_units),
    writes: new Decimal(dynamodb.write_units),
    sends: new Decimal(sqs.send_calls),
    fifoMessages: new Decimal(sqs.delivered['executions'] ?? 0),
    workerCalls: sum(workers.map(([, one]) => new Decimal(one.invocations).times(2))),
    invocations,
    gbSeconds,
    ecpu: Decimal.max(plain.plus(scripts), new Decimal(valkey.kilobytes)),
    logBytes: new Decimal(logs.bytes).plus(invocations.times(LAMBDA_LINES_BYTES)),
    httpRequests: new Decimal(lambda['api']?.invocations ?? 0),
  };
}

/** @throws Error for a function that the templates do not have: the counts are of another version */
function memoryOf(name: string, functionGb: Inventory['functionGb']): number {
  const gb = functionGb[name];
  if (gb === undefined) throw new Error(`the templates have no function ${name}: npm run cost:measure`);
  return gb;
}

/** Of a whole month: every operation as often as it is done. */
export function usedInMonth(counts: Counts, inventory: Inventory, { operations }: Measured): Used {
  const parts = Object.entries(counts).map(([name, count]) => {
    const once = usedBy(operations[name as OperationName], inventory.functionGb);
    return mapped(once, (value) => value.times(count));
  });
  return parts.reduce((all, one) => mapped(all, (value, key) => value.plus(one[key])));
}

const mapped = (used: Used, change: (value: Decimal, key: keyof Used) => Decimal): Used =>
  Object.fromEntries(
    Object.entries(used).map(([key, value]) => [key, change(value, key as keyof Used)]),
  ) as unknown as Used;

const beyondFree = (used: Decimal, free: Decimal): Decimal => Decimal.max(ZERO, used.minus(free));

function used(counts: Counts, inventory: Inventory, measured: Measured): readonly Line[] {
  const all = usedInMonth(counts, inventory, measured);
  const perMillion = (count: Decimal, price: Decimal): Decimal => count.times(price).dividedBy(MILLION);
  // The queue of the sweeps is never empty: whoever asks it is answered, and is counted there.
  const emptyQueues = Math.max(0, inventory.polledQueues - 1);
  const polls = MINUTES_PER_MONTH.times(IDLE_POLLS_PER_MINUTE).times(emptyQueues);
  // Each minute the dead letters of each are counted.
  const looks = MINUTES_PER_MONTH.times(inventory.polledQueues);
  const standard = all.sends.plus(all.workerCalls).plus(polls).plus(looks);
  const fifo = all.fifoMessages.times(3);
  const logGb = all.logBytes.dividedBy(BYTES_OF_GB);
  return [
    line(
      'DynamoDB writes',
      perMillion(all.writes, PRICES.writeUnits.usd),
      `${shown(all.writes)} units x ${PRICES.writeUnits.usd}/M`,
    ),
    line(
      'DynamoDB reads',
      perMillion(all.reads, PRICES.readUnits.usd),
      `${shown(all.reads)} units x ${PRICES.readUnits.usd}/M`,
    ),
    line(
      'SQS',
      perMillion(standard, PRICES.sqs.usd).plus(perMillion(fifo, PRICES.sqsFifo.usd)),
      `${shown(all.sends)} sends + ${shown(all.workerCalls)} receives and deletes + ${shown(polls)} empty polls (${emptyQueues} queues) + ${shown(looks)} counts of dead letters x ${PRICES.sqs.usd}/M + FIFO ${shown(fifo)} x ${PRICES.sqsFifo.usd}/M`,
    ),
    line(
      'Lambda',
      perMillion(beyondFree(all.invocations, FREE.invocations), PRICES.lambdaRequests.usd).plus(
        beyondFree(all.gbSeconds, FREE.gbSeconds).times(PRICES.lambdaSeconds.usd),
      ),
      `(${shown(all.invocations)} invocations - 1 M free) x ${PRICES.lambdaRequests.usd}/M + (${shown(all.gbSeconds)} GB-s - 400,000 free) x ${PRICES.lambdaSeconds.usd}`,
    ),
    line(
      'HTTP API',
      perMillion(all.httpRequests, PRICES.httpRequests.usd),
      `${shown(all.httpRequests)} requests x ${PRICES.httpRequests.usd}/M`,
    ),
    line(
      'Valkey commands',
      perMillion(all.ecpu, PRICES.cacheUnits.usd),
      `${shown(all.ecpu)} ECPU x ${PRICES.cacheUnits.usd}/M`,
    ),
    line(
      'Logs',
      logGb.times(PRICES.logIngest.usd.plus(PRICES.logStorage.usd)),
      `${shown(logGb)} GB x (${PRICES.logIngest.usd} + ${PRICES.logStorage.usd})`,
    ),
  ];
}

/** What lies there. */
function kept(
  { symbols, positions, ordersPerDay }: Load,
  { caches, pointInTime }: Inventory,
): readonly Line[] {
  const cacheGb = Decimal.max(
    LEAST_CACHE_GB,
    CACHE_KB_OF_A_SYMBOL.times(symbols).plus(CACHE_KB_OF_A_POSITION.times(positions)).dividedBy(KB_OF_GB),
  );
  const tableGb = DAYS_PER_MONTH.times(ordersPerDay)
    .times(MONTHS_KEPT)
    .times(KB_OF_AN_ORDER)
    .dividedBy(KB_OF_GB);
  const perGb = PRICES.tableStorage.usd.plus(pointInTime ? PRICES.pointInTime.usd : ZERO);
  return [
    line(
      'Valkey memory',
      cacheGb.times(PRICES.cacheStorage.usd).times(HOURS_PER_MONTH).times(caches),
      `${shown(cacheGb)} GB x ${PRICES.cacheStorage.usd} x 730 h (at least ${LEAST_CACHE_GB} GB are billed): prices, levels, hits`,
    ),
    line(
      'DynamoDB storage',
      tableGb.times(perGb),
      `${shown(tableGb)} GB (${MONTHS_KEPT} months of orders, ${KB_OF_AN_ORDER} KB each with its indexes) x ${perGb}${pointInTime ? ', with recovery to a point in time' : ''}`,
    ),
  ];
}

/** CloudWatch beside its logs. */
function watched({ ordersPerDay }: Load, inventory: Inventory, measured: Measured): readonly Line[] {
  const { alarmMetrics, dashboards } = inventory;
  const metrics = (ordersPerDay === 0 ? measured.idle_metrics : measured.metrics).length;
  const beyond = (count: number, free: number): Decimal => new Decimal(Math.max(0, count - free));
  return [
    line(
      'Metrics',
      beyond(metrics, FREE.metrics).times(PRICES.customMetric.usd),
      `(${metrics} - ${FREE.metrics} free) x ${PRICES.customMetric.usd}`,
      true,
    ),
    line(
      'Alarms',
      beyond(alarmMetrics, FREE.alarms).times(PRICES.alarm.usd),
      `(${alarmMetrics} - ${FREE.alarms} free) x ${PRICES.alarm.usd}`,
      true,
    ),
    line(
      'Dashboards',
      beyond(dashboards, FREE.dashboards).times(PRICES.dashboard.usd),
      `(${dashboards} - ${FREE.dashboards} free) x ${PRICES.dashboard.usd}`,
      true,
    ),
  ];
}
