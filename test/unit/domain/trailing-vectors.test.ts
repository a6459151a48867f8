/**
 * The trailing examples that the exchange publishes, on our side: the levels of an order that trails there, and our
 * own trailing levels, are reached at the price at which the exchange's order fires.
 *
 * Our trailing order is the exchange's STOP_LOSS; its TAKE_PROFIT examples are a trailing stop with an activation.
 */
import { describe, expect, it } from 'vitest';
import { toUnits } from '../../../shared/domain/levels.ts';
import { orderLevels } from '../../../shared/domain/order-levels.ts';
import { TriggerEngine } from '../../../shared/domain/triggers/engine.ts';
import type { TriggerModel } from '../../../shared/domain/triggers/model.ts';
import { NaiveTriggers } from '../../../shared/domain/triggers/naive.ts';
import type { TrailingLevel, Units } from '../../../shared/domain/triggers/types.ts';
import type { Order } from '../../../shared/domain/types.ts';
import { aTick } from '../../support/trigger-histories.ts';
import { accepted, apply, BTC, claimed, d, newOrder, T0 } from './builders.ts';

const units = (price: string): Units => toUnits(d(price), BTC, 'up');
const tick = (id: number, price: string) => aTick(id, units(price));

/** The price of the path at which the order's last level is reached; null: none. */
function orderFiresAt(model: TriggerModel, terms: Partial<Order>, path: readonly string[]): string | null {
  let order: Order = {
    ...apply(
      newOrder({ environment: 'binance', type: 'trailing_stop', quantity: d(1), ...terms }),
      claimed(T0),
      accepted(T0),
    ),
    version: 1,
  };
  for (const [id, price] of path.entries()) {
    const hits = model.applyTicks([tick(id, price)]);
    for (const hit of hits) {
      const next = apply(order, { kind: 'touched', at: T0 + id, tick: hit.tick.id });
      if (next.touchedAt !== null) return price;
      order = { ...next, version: order.version + 1 };
    }
    // First armed at the market price; again when it begins to trail.
    if (id === 0 || hits.length > 0) expect(model.arm(orderLevels(order, BTC)).hits).toEqual([]);
  }
  return null;
}

function levelFiresAt(
  model: TriggerModel,
  terms: Pick<TrailingLevel, 'side' | 'distance' | 'activation'>,
  path: readonly string[],
): string | null {
  const level: TrailingLevel = {
    kind: 'trailing',
    member: 'p|trailing',
    version: 1,
    source: 'last',
    armedTick: -1,
    armedAt: T0,
    peak: null,
    ...terms,
  };
  for (const [id, price] of path.entries()) {
    if (model.applyTicks([tick(id, price)]).length > 0) return price;
    if (id === 0) expect(model.arm([level]).hits).toEqual([]);
  }
  return null;
}

describe.each<[string, () => TriggerModel]>([
  ['engine', () => new TriggerEngine()],
  ['naive model', () => new NaiveTriggers()],
])('in the %s', (_name, make) => {
  it.each<[string, Partial<Order>, readonly string[], string]>([
    [
      'a buy from 44,000, 5 %',
      { side: 'buy', stopPrice: d(44000), trailingDelta: 500 },
      ['40000', '37000', '45000', '46000', '42000', '44099.99', '44100'],
      '44100',
    ],
    [
      'a sale from 39,000, 10 %',
      { side: 'sell', stopPrice: d(39000), trailingDelta: 1000 },
      ['40000', '38500', '41000', '36900.01', '36900'],
      '36900',
    ],
    [
      'a sale that trails at once, 7 %',
      { side: 'sell', stopPrice: null, trailingDelta: 700 },
      ['40000', '45500', '42315.01', '42315'],
      '42315',
    ],
  ])('an order that trails at the exchange: %s', (_case, terms, path, price) => {
    expect(orderFiresAt(make(), terms, path)).toBe(price);
  });

  it.each<[string, Pick<TrailingLevel, 'side' | 'distance' | 'activation'>, readonly string[], string]>([
    [
      'a purchase from 38,000, 8.5 %',
      { side: 'short', distance: { bp: 850 }, activation: units('38000') },
      ['40000', '41000', '38000', '37000', '40144.99', '40145'],
      '40145',
    ],
    [
      'a sale from 42,000, 7.5 %',
      { side: 'long', distance: { bp: 750 }, activation: units('42000') },
      ['40000', '39000', '42000', '46500', '43012.51', '43012.5'],
      '43012.5',
    ],
  ])('a trailing stop with an activation: %s', (_case, terms, path, price) => {
    expect(levelFiresAt(make(), terms, path)).toBe(price);
  });
});
