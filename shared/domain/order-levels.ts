/**
 * Levels of resting orders: the prices at which their venue should act (design section 10). The demo venue is worked
 * by them; of a real venue's order they tell when news is due.
 *
 * Names: `order` (its price, or the price that it waits for), `order_stop` (the stop leg of an `oco`).
 */
import { toUnits } from './levels.ts';
import type { Decimal } from './money/decimal.ts';
import { stopFalls } from './normalise.ts';
import { hasTwoSteps, isFinal } from './orders.ts';
import { unreachable } from './result.ts';
import type { SymbolSpec } from './symbol-spec.ts';
import type { FixedLevel, Level, PriceSource, TrailingLevel, Units } from './triggers/types.ts';
import type { Order } from './types.ts';

/** Every tick is at or above it. */
const LOWEST = 1 as Units;

/** All members that an order may have in the index. */
export const orderMembers = ({ orderId, type }: Pick<Order, 'orderId' | 'type'>): readonly string[] =>
  type === 'oco' ? [`${orderId}|order`, `${orderId}|order_stop`] : [`${orderId}|order`];

/** Does a level of this name belong to an order? */
export const isOrderLevel = (levelName: string): boolean =>
  levelName === 'order' || levelName === 'order_stop';

/** The demo venue compares with what it would trade at; a real venue's stops follow the last trade. */
const stopSource = (order: Order, traded: PriceSource): PriceSource =>
  order.environment === 'demo' ? traded : 'last';

/**
 * What the index holds for the order as it stands: buys are compared with the ask, sells with the bid. A market
 * order that filled in part waits for any next tick, and so does a stop that was reached and filled in part. Empty
 * for what rests nowhere.
 */
export function orderLevels(order: Order, spec: SymbolSpec): readonly Level[] {
  if (isFinal(order.status) || order.status === 'pending' || order.status === 'submitted') return [];
  const traded = order.side === 'buy' ? 'ask' : 'bid';
  const facts = (name: string, source: PriceSource) => ({
    member: `${order.orderId}|${name}`,
    version: Math.max(order.version, 1),
    source,
    armedTick: order.armedTick ?? -1,
    armedAt: order.armedAt ?? order.updatedAt,
  });
  const fixed = (name: string, price: Decimal | null, falls: boolean, source: PriceSource): FixedLevel[] =>
    price === null
      ? []
      : [
          {
            kind: 'fixed',
            ...facts(name, source),
            direction: falls ? 'falls' : 'rises',
            price: toUnits(price, spec, falls ? 'up' : 'down'),
          },
        ];
  const anyTick = (): FixedLevel[] => [
    { kind: 'fixed', ...facts('order', traded), direction: 'rises', price: LOWEST },
  ];
  const limit = () => fixed('order', order.limitPrice, order.side === 'buy', traded);
  const stop = (name: string) =>
    fixed(name, order.stopPrice, stopFalls(order.side, order.type), stopSource(order, traded));
  const hasFilled = order.filledQuantity.greaterThan(0);
  switch (order.type) {
    case 'market':
      return hasFilled ? anyTick() : [];
    case 'limit':
    case 'limit_maker':
      return limit();
    case 'stop_loss':
    case 'take_profit':
      return hasFilled ? anyTick() : stop('order');
    case 'stop_limit':
    case 'take_profit_limit':
      return hasFilled || order.triggeredAt !== null ? limit() : stop('order');
    case 'trailing_stop':
      if (hasFilled) return anyTick();
      return hasTwoSteps(order) && order.triggeredAt === null
        ? stop('order')
        : trailing(order, facts('order', stopSource(order, traded)));
    case 'oco':
      // The first fill of a leg ends the other: from then on any tick may bring the rest.
      return hasFilled ? anyTick() : [...limit(), ...stop('order_stop')];
    default:
      return unreachable(order.type);
  }
}

function trailing(
  order: Order,
  facts: Omit<TrailingLevel, 'kind' | 'side' | 'distance' | 'activation' | 'peak'>,
): readonly TrailingLevel[] {
  if (order.trailingDelta === null) return [];
  const side = order.side === 'sell' ? 'long' : 'short';
  const distance = { bp: order.trailingDelta };
  return [{ kind: 'trailing', ...facts, side, distance, activation: null, peak: null }];
}
