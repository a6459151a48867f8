/** How kept things are written that orders, positions, fills and wallets have in common: one codec per type of `domain/types.ts`. */

import type { MarginTerms } from '../../domain/margin-facts.ts';
import type { TickOrigin } from '../../domain/triggers/types.ts';
import {
  ENVIRONMENTS,
  type ExecutionReport,
  type FeeAmount,
  type Fill,
  ORDER_STATUSES,
  ORDER_TYPES,
  type Order,
  type StatusChange,
  TIMES_IN_FORCE,
  type TriggerFacts,
} from '../../domain/types.ts';
import type { Call } from '../../ports/ledger.ts';
import {
  booleans,
  type Codec,
  decimals,
  integers,
  lists,
  nullable,
  nullableSince,
  objects,
  texts,
  words,
} from './codec.ts';

export const environments: Codec<ExecutionReport['environment']> = words(ENVIRONMENTS);
const sources: Codec<TriggerFacts['source']> = words(['bid', 'ask', 'last', 'mid']);
export const sides: Codec<Order['side']> = words(['buy', 'sell']);
export const orderTypes: Codec<Order['type']> = words(ORDER_TYPES);
export const timesInForce: Codec<Order['timeInForce']> = words(TIMES_IN_FORCE);
export const fees = objects<FeeAmount>({ asset: texts, amount: decimals });

export const triggerFacts = objects<TriggerFacts>({
  levelName: texts,
  cause: words(['tick', 'armed', 'rebuilt']),
  source: sources,
  level: decimals,
  price: decimals,
  peak: nullable(decimals),
  bid: decimals,
  ask: decimals,
  last: decimals,
  bidSize: nullable(decimals),
  askSize: nullable(decimals),
  tickId: integers,
  armedTickId: integers,
  tickAt: integers,
  recordedAt: integers,
  origin: nullableSince(objects<TickOrigin>({ feed: texts, converted: booleans, checked: booleans })),
  ageMs: nullableSince(integers),
});

export const statusChange = objects<StatusChange>({
  status: words(ORDER_STATUSES),
  at: integers,
  reason: texts,
  cause: texts,
});

export const fills = objects<Fill>({
  tradeId: texts,
  price: decimals,
  quantity: decimals,
  fee: fees,
  feeQuoteValue: nullable(decimals),
  at: integers,
  tickId: nullable(integers),
  maker: booleans,
});

/** Owner and key are the item's own keys. */
export const calls = objects<Omit<Call, 'ownerId' | 'key'>>({
  kind: texts,
  bodyHash: texts,
  at: integers,
  orderIds: lists(texts),
});

export const marginTerms = objects<MarginTerms>({
  leverage: integers,
  maintenanceRate: decimals,
  feeRate: decimals,
});
