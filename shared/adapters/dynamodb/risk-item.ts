/**
 * The wallet's risk item: limits, and the sums they are measured against (design section 12).
 *
 * All its writers are here. A commit adds what its orders and positions change, and only an entry asks a condition; so
 * fills of one wallet wait for each other, and never have to decide again. `exposure` is `reserved` + `cost`, kept
 * because a condition cannot add.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Decimal, ZERO } from '../../domain/money/decimal.ts';
import type { Acted } from '../../domain/risk/breach.ts';
import {
  DEFAULT_COOLDOWN_MINUTES,
  NO_LIMITS,
  ON_BREACH,
  type RiskGate,
  type RiskLimits,
  type WalletRisk,
} from '../../domain/risk/limits.ts';
import { type DayStart, dayText, type ResultChange } from '../../domain/risk/results.ts';
import { exposureOf, NO_SUMS, type RiskSums, riskChanges } from '../../domain/risk/use.ts';
import type { Commit, LimitsChange, RiskMark } from '../../ports/ledger.ts';
import {
  booleans,
  decimals,
  integers,
  lists,
  nullable,
  nullableSince,
  objects,
  texts,
  words,
} from './codec.ts';
import { dueShard, type Item, riskDayKey, riskKey } from './items.ts';
import { getItem } from './reads.ts';
import { type ConditionalUpdate, INSISTENT, transactPut } from './transact.ts';

const limits = objects<RiskLimits>({
  maxPositionNotional: nullable(decimals),
  maxTotalExposure: nullable(decimals),
  maxOpenPositions: nullable(integers),
  maxOrdersPerMinute: nullable(integers),
  allowedSymbols: nullable(lists(texts)),
  maxDailyLoss: nullableSince(decimals),
  maxDrawdown: nullableSince(decimals),
  cooldownAfterLosses: nullableSince(integers),
  cooldownMinutes: { ...integers, whenMissing: () => DEFAULT_COOLDOWN_MINUTES },
  onBreach: { ...words(ON_BREACH), whenMissing: () => NO_LIMITS.onBreach },
});

const dayStarts = objects<DayStart>({ day: integers, unrealized: decimals, at: integers });
const acts = objects<Acted>({
  day: integers,
  dailyLoss: decimals,
  drawdown: decimals,
  peak: nullableSince(decimals),
});
/** Days are added to and nothing else. */
const days = objects<{ readonly realized: Decimal }>({ realized: decimals });

/** The first write may have been a commit, which adds sums and nothing else. */
const zero = { ...integers, whenMissing: () => 0 };

const risks = objects<WalletRisk>({
  reserved: decimals,
  cost: decimals,
  open: integers,
  unvalued: integers,
  limits: { ...limits, whenMissing: () => NO_LIMITS },
  limitsVersion: zero,
  counted: { ...booleans, whenMissing: () => false },
  minute: zero,
  minuteOrders: zero,
  newAt: zero,
  realized: { ...decimals, whenMissing: () => ZERO },
  lossRow: zero,
  lastLossAt: zero,
  dayStart: nullableSince(dayStarts),
  peak: nullableSince(decimals),
  acted: nullableSince(acts),
  revision: integers,
});

/** Beside the shards of what wallets owe. */
export const lossShard = (shard: number | string): string => `losses#${shard}`;

export const tableOf = (walletsTable: string | null): string => {
  if (walletsTable === null) throw new Error('this ledger was given no table of wallets to count in');
  return walletsTable;
};

export async function readRisk(
  client: DynamoDBClient,
  walletsTable: string | null,
  walletId: string,
): Promise<WalletRisk | null> {
  const item = await getItem(client, tableOf(walletsTable), riskKey(walletId));
  return item === null ? null : risks.fromItem(item, `risk of ${walletId}`);
}

export async function readRealized(
  client: DynamoDBClient,
  walletsTable: string | null,
  { walletId, day }: { readonly walletId: string; readonly day: number },
): Promise<Decimal> {
  const name = dayText(day);
  const item = await getItem(client, tableOf(walletsTable), riskDayKey(walletId, name));
  return item === null ? ZERO : days.fromItem(item, `results of ${walletId} on ${name}`).realized;
}

const sumsItem = (sums: RiskSums): Item => ({
  reserved: decimals.encode(sums.reserved),
  cost: decimals.encode(sums.cost),
  exposure: decimals.encode(exposureOf(sums)),
  open: integers.encode(sums.open),
  unvalued: integers.encode(sums.unvalued),
});

const ONE = integers.encode(1);
const NONE: Item[string] = { NULL: true };
const ZERO_ITEM = integers.encode(0);

/** As `isOpen` (domain/risk/limits.ts) says it. An item of which nothing was set has no limits. */
function conditionOf(gate: RiskGate): NonNullable<ConditionalUpdate['condition']> {
  const { limitsVersion, mostExposure, mostOpen, mostLosses, minute } = gate;
  if (limitsVersion === 0) {
    return { expression: 'attribute_not_exists(#limitsVersion)', names: ['limitsVersion'], values: {} };
  }
  const parts = ['#limitsVersion = :if_version'];
  const names = ['limitsVersion'];
  const values: Item = { ':if_version': integers.encode(limitsVersion) };
  if (mostExposure !== null) {
    parts.push('#exposure <= :if_exposure', '#unvalued <= :if_unvalued');
    names.push('exposure', 'unvalued');
    values[':if_exposure'] = decimals.encode(mostExposure);
    values[':if_unvalued'] = ZERO_ITEM;
  }
  if (mostOpen !== null) {
    parts.push('#open <= :if_open');
    names.push('open');
    values[':if_open'] = integers.encode(mostOpen);
  }
  if (mostLosses !== null) {
    parts.push('(attribute_not_exists(#lossRow) OR #lossRow <= :if_losses)');
    names.push('lossRow');
    values[':if_losses'] = integers.encode(mostLosses);
  }
  if (minute !== null) {
    names.push('minute');
    values[':if_minute'] = integers.encode(minute.minute);
    if (minute.isNew) {
      parts.push('(attribute_not_exists(#minute) OR #minute < :if_minute)');
    } else {
      parts.push('#minute = :if_minute', '#minuteOrders <= :if_orders');
      names.push('minuteOrders');
      values[':if_orders'] = integers.encode(minute.most);
    }
  }
  return { expression: parts.join(' AND '), names, values };
}

/** As `withResult` (domain/risk/results.ts) says it: a row that ended is set, one that goes on is added to. */
function resultItems(result: ResultChange | null): { readonly set: Item; readonly add: Item } {
  if (result === null) return { set: {}, add: {} };
  const { realized, row } = result;
  const losses = row === null ? {} : { lossRow: integers.encode(row.losses) };
  return {
    set: {
      ...(row?.ended && losses),
      ...(row != null && row.lastLossAt !== null && { lastLossAt: integers.encode(row.lastLossAt) }),
    },
    add: { realized: decimals.encode(realized), ...(row?.ended === false && losses) },
  };
}

function dayUpdate(walletId: string, { realized, day }: ResultChange, table: string): ConditionalUpdate {
  const name = dayText(day);
  return {
    table,
    key: riskDayKey(walletId, name),
    name: `results of ${walletId} on ${name}`,
    set: {},
    add: { realized: decimals.encode(realized) },
    condition: null,
  };
}

/** What a commit adds to the wallets that it concerns: in most commits nothing, else an update, and one of the day. */
export function riskUpdates(
  { orders = [], positions = [], risk: gate = null }: Commit,
  walletsTable: string | null,
): readonly ConditionalUpdate[] {
  const changes = riskChanges(orders, positions);
  if (gate !== null && !changes.some(({ walletId }) => walletId === gate.walletId)) {
    throw new Error(`a commit asks the limits of ${gate.walletId} and changes nothing of it`);
  }
  if (changes.length === 0) return [];
  const table = tableOf(walletsTable);
  const ofDays = changes.flatMap(({ walletId, result }) =>
    result === null || result.realized.isZero() ? [] : [dayUpdate(walletId, result, table)],
  );
  const ofItems = changes.map(({ walletId, by, newAt, at, result }): ConditionalUpdate => {
    const results = resultItems(result);
    const own = gate?.walletId === walletId ? gate : null;
    const minute = own?.minute ?? null;
    return {
      table,
      key: riskKey(walletId),
      name: `risk of ${walletId}`,
      set: {
        ...results.set,
        // Of a wallet without limits of loss it is in no index.
        due_at: integers.encode(at),
        ...(newAt !== null && { newAt: integers.encode(newAt) }),
        ...(minute?.isNew && { minute: integers.encode(minute.minute), minuteOrders: ONE }),
      },
      add: {
        ...sumsItem(by),
        ...results.add,
        revision: ONE,
        ...(minute?.isNew === false && { minuteOrders: ONE }),
      },
      condition: own === null ? null : conditionOf(own),
    };
  });
  return [...ofItems, ...ofDays];
}

/** Conditional on the limits that were read; with sums counted anew, on everything. */
export async function setLimits(
  client: DynamoDBClient,
  { walletsTable, sweepShards }: { readonly walletsTable: string | null; readonly sweepShards: number },
  { walletId, before, limits: wanted, counted, startsPeak, forgetsActed, checkAt }: LimitsChange,
): Promise<boolean> {
  const version = before?.limitsVersion ?? 0;
  const [name, value] =
    counted === null ? (['limitsVersion', version] as const) : (['revision', before?.revision ?? 0] as const);
  const condition =
    value === 0
      ? { expression: `attribute_not_exists(#${name})`, names: [name], values: {} }
      : { expression: `#${name} = :if_is`, names: [name], values: { ':if_is': integers.encode(value) } };
  const update: ConditionalUpdate = {
    table: tableOf(walletsTable),
    key: riskKey(walletId),
    name: `risk of ${walletId}`,
    set: {
      limits: limits.encode(wanted),
      limitsVersion: integers.encode(version + 1),
      ...(startsPeak && { peak: NONE }),
      ...(forgetsActed && { acted: NONE }),
      ...(checkAt !== null && {
        due_shard: { S: lossShard(dueShard(walletId, sweepShards)) },
        due_at: integers.encode(checkAt),
      }),
      ...(counted !== null && { ...sumsItem(counted), counted: { BOOL: true } }),
    },
    // Also where nothing was counted: an item has all sums.
    add: { ...(counted === null && sumsItem(NO_SUMS)), revision: ONE },
    remove: checkAt === null ? ['due_shard'] : [],
    condition,
  };
  return (await transactPut(client, [], INSISTENT, [update])).outcome === 'done';
}

/** What a mark sets, and which one that stands it gives way to. */
function markOf(note: RiskMark): {
  readonly name: string;
  readonly value: Item[string];
  readonly unless: string;
} {
  const { mark } = note;
  if ('acted' in mark) return { name: 'acted', value: acts.encode(mark.acted), unless: '#acted <> :if_new' };
  return 'dayStart' in mark
    ? { name: 'dayStart', value: dayStarts.encode(mark.dayStart), unless: '#dayStart.#day < :if_new' }
    : { name: 'peak', value: decimals.encode(mark.peak), unless: '#peak < :if_new' };
}

/** Conditional on what the mark holds for, and on no other that stands: a repeat is known by that. */
export async function noteMark(
  client: DynamoDBClient,
  walletsTable: string | null,
  note: RiskMark,
): Promise<boolean> {
  const { name, value, unless } = markOf(note);
  const [of, is] =
    'revision' in note
      ? (['revision', note.revision] as const)
      : (['limitsVersion', note.limitsVersion] as const);
  const isDay = 'dayStart' in note.mark;
  const update: ConditionalUpdate = {
    table: tableOf(walletsTable),
    key: riskKey(note.walletId),
    name: `risk of ${note.walletId}`,
    set: { [name]: value },
    add: {},
    condition: {
      expression: `#${of} = :if_is AND (attribute_not_exists(#${name}) OR attribute_type(#${name}, :if_none) OR ${unless})`,
      names: [of, name, ...(isDay ? ['day'] : [])],
      values: {
        ':if_is': integers.encode(is),
        ':if_none': { S: 'NULL' },
        ':if_new': 'dayStart' in note.mark ? integers.encode(note.mark.dayStart.day) : value,
      },
    },
  };
  return (await transactPut(client, [], INSISTENT, [update])).outcome === 'done';
}
