/**
 * The wallet's risk item: limits, and the sums they are measured against (design section 12).
 *
 * All its writers are here. A commit adds what its orders and positions change, and only an entry asks a condition; so
 * fills of one wallet wait for each other, and never have to decide again. `exposure` is `reserved` + `cost`, kept
 * because a condition cannot add.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { NO_LIMITS, type RiskGate, type RiskLimits, type WalletRisk } from '../../domain/risk/limits.ts';
import { exposureOf, NO_SUMS, type RiskSums, riskChanges } from '../../domain/risk/use.ts';
import type { Commit, LimitsChange } from '../../ports/ledger.ts';
import { booleans, decimals, integers, lists, nullable, objects, texts } from './codec.ts';
import { type Item, riskKey } from './items.ts';
import { getItem } from './reads.ts';
import { type ConditionalUpdate, INSISTENT, transactPut } from './transact.ts';

const limits = objects<RiskLimits>({
  maxPositionNotional: nullable(decimals),
  maxTotalExposure: nullable(decimals),
  maxOpenPositions: nullable(integers),
  maxOrdersPerMinute: nullable(integers),
  allowedSymbols: nullable(lists(texts)),
});

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
  revision: integers,
});

const tableOf = (walletsTable: string | null): string => {
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

const sumsItem = (sums: RiskSums): Item => ({
  reserved: decimals.encode(sums.reserved),
  cost: decimals.encode(sums.cost),
  exposure: decimals.encode(exposureOf(sums)),
  open: integers.encode(sums.open),
  unvalued: integers.encode(sums.unvalued),
});

const ONE = integers.encode(1);
const ZERO_ITEM = integers.encode(0);

/** As `isOpen` (domain/risk/limits.ts) says it. An item of which nothing was set has no limits. */
function conditionOf(gate: RiskGate): NonNullable<ConditionalUpdate['condition']> {
  const { limitsVersion, mostExposure, mostOpen, minute } = gate;
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

/** What a commit adds to the wallets that it concerns: in most commits nothing, else one update. */
export function riskUpdates(
  { orders = [], positions = [], risk: gate = null }: Commit,
  walletsTable: string | null,
): readonly ConditionalUpdate[] {
  const changes = riskChanges(orders, positions);
  if (gate !== null && !changes.some(({ walletId }) => walletId === gate.walletId)) {
    throw new Error(`a commit asks the limits of ${gate.walletId} and changes nothing of it`);
  }
  return changes.map(({ walletId, by, newAt }): ConditionalUpdate => {
    const own = gate?.walletId === walletId ? gate : null;
    const minute = own?.minute ?? null;
    return {
      table: tableOf(walletsTable),
      key: riskKey(walletId),
      name: `risk of ${walletId}`,
      set: {
        ...(newAt !== null && { newAt: integers.encode(newAt) }),
        ...(minute?.isNew && { minute: integers.encode(minute.minute), minuteOrders: ONE }),
      },
      add: { ...sumsItem(by), revision: ONE, ...(minute?.isNew === false && { minuteOrders: ONE }) },
      condition: own === null ? null : conditionOf(own),
    };
  });
}

/** Conditional on the limits that were read; with sums counted anew, on everything. */
export async function setLimits(
  client: DynamoDBClient,
  walletsTable: string | null,
  { walletId, before, limits: wanted, counted }: LimitsChange,
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
      ...(counted !== null && { ...sumsItem(counted), counted: { BOOL: true } }),
    },
    // Also where nothing was counted: an item has all sums.
    add: { ...(counted === null && sumsItem(NO_SUMS)), revision: ONE },
    condition,
  };
  return (await transactPut(client, [], INSISTENT, [update])).outcome === 'done';
}
