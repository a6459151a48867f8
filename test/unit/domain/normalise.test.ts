import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Decimal } from '../../../shared/domain/money/decimal.ts';
import { checkPrecision, checkPrice, normaliseOrder, stopFalls } from '../../../shared/domain/normalise.ts';
import { checkTimeInForce } from '../../../shared/domain/order-fields.ts';
import {
  type Environment,
  ORDER_TYPES,
  type OrderAmounts,
  type OrderType,
  type Side,
  type TimeInForce,
} from '../../../shared/domain/types.ts';
import { BTC, d } from './builders.ts';

const REFERENCE = d(50_000);
interface Asked {
  readonly quantity?: string;
  readonly limit?: string;
  readonly stop?: string;
  readonly quote?: string;
  readonly stopLimit?: string;
  readonly trailing?: number;
  readonly reference?: Decimal | null;
}
const amountsOf = (asked: Asked): OrderAmounts => {
  const price = (text: string | undefined) => (text === undefined ? null : d(text));
  return {
    quantity: d(asked.quantity ?? '0.5'),
    quoteQuantity: price(asked.quote),
    limitPrice: price(asked.limit),
    stopPrice: price(asked.stop),
    stopLimitPrice: price(asked.stopLimit),
    trailingDelta: asked.trailing ?? null,
  };
};
const normalise = (side: Side, type: OrderType, asked: Asked) =>
  normaliseOrder(
    BTC,
    side,
    type,
    amountsOf(asked),
    asked.reference === undefined ? REFERENCE : asked.reference,
  );

describe('what can be sent', () => {
  it.each<[Side, OrderType, Asked, string]>([
    ['buy', 'market', { quantity: '0.123456789' }, '0.12345 - -'],
    ['sell', 'market', { quantity: '0.00001', reference: null }, '0.00001 - -'],
    // A limit in the caller's favour.
    ['buy', 'limit', { limit: '49999.999' }, '0.5 49999.99 -'],
    ['sell', 'limit', { limit: '50000.001' }, '0.5 50000.01 -'],
    // A stop to the tick that triggers earlier: falling to it the higher one, rising to it the lower one.
    ['sell', 'stop_loss', { stop: '48999.991' }, '0.5 - 49000'],
    ['buy', 'stop_loss', { stop: '51000.009' }, '0.5 - 51000'],
    ['sell', 'take_profit', { stop: '51000.009' }, '0.5 - 51000'],
    ['buy', 'take_profit', { stop: '48999.991' }, '0.5 - 49000'],
  ])('%s %s %o', (side, type, asked, expected) => {
    const result = normalise(side, type, asked);
    const shown = result.ok
      ? [result.value.quantity, result.value.limitPrice, result.value.stopPrice].map(
          (x) => x?.toFixed() ?? '-',
        )
      : [result.error.code];
    expect(shown.join(' ')).toBe(expected);
  });
});

describe('what is sent of the further types', () => {
  const open = { ...BTC, rules: { ...BTC.rules, orderTypes: ORDER_TYPES } };
  it.each<[Side, OrderType, Asked, string]>([
    ['buy', 'limit_maker', { limit: '49999.999' }, '0.5 - 49999.99 - - -'],
    ['buy', 'stop_limit', { stop: '51000.009', limit: '51100.009' }, '0.5 - 51100 51000 - -'],
    ['sell', 'stop_limit', { stop: '48999.991', limit: '48900.001' }, '0.5 - 48900.01 49000 - -'],
    ['buy', 'take_profit_limit', { stop: '48999.991', limit: '48999.999' }, '0.5 - 48999.99 49000 - -'],
    ['sell', 'take_profit_limit', { stop: '51000.009', limit: '50999.991' }, '0.5 - 51000 51000 - -'],
    ['sell', 'trailing_stop', { trailing: 150 }, '0.5 - - - - 150'],
    ['sell', 'trailing_stop', { trailing: 150, stop: '48999.991' }, '0.5 - - 49000 - 150'],
    ['sell', 'oco', { limit: '52000.001', stop: '48999.991' }, '0.5 - 52000.01 49000 - -'],
    [
      'sell',
      'oco',
      { limit: '52000', stop: '49000', stopLimit: '48900.001' },
      '0.5 - 52000 49000 48900.01 -',
    ],
    ['buy', 'market', { quantity: '0', quote: '100.123456789' }, '0 100.12345678 - - - -'],
    ['sell', 'trailing_stop', {}, 'price_required trailing_delta'],
    ['sell', 'trailing_stop', { trailing: 150, stop: '50000' }, 'stop_wrong_side stop_price'],
    ['sell', 'oco', { limit: '52000' }, 'price_required stop_price'],
    ['sell', 'oco', { limit: '48000', stop: '49000' }, 'prices_in_wrong_order limit_price'],
    ['sell', 'oco', { limit: '50000', stop: '49000' }, 'prices_in_wrong_order limit_price'],
    ['sell', 'oco', { limit: '52000', stop: '50000' }, 'stop_wrong_side stop_price'],
    ['buy', 'stop_limit', { stop: '49000', limit: '51000' }, 'stop_wrong_side stop_price'],
    ['buy', 'take_profit_limit', { stop: '51000', limit: '51000' }, 'stop_wrong_side stop_price'],
    ['buy', 'limit', { limit: '49000', quantity: '0', quote: '5' }, 'amount_forbidden quote_quantity'],
    ['buy', 'market', { quantity: '0', quote: '4.99' }, 'below_min_notional quote_quantity'],
  ])('%s %s %o: %s', (side, type, asked, expected) => {
    const result = normaliseOrder(open, side, type, amountsOf(asked), REFERENCE);
    const shown = result.ok
      ? [
          result.value.quantity.toFixed(),
          ...[
            result.value.quoteQuantity,
            result.value.limitPrice,
            result.value.stopPrice,
            result.value.stopLimitPrice,
          ].map((x) => x?.toFixed() ?? '-'),
          String(result.value.trailingDelta ?? '-'),
        ]
      : [result.error.code, result.error.field];
    expect(shown.join(' ')).toBe(expected);
  });

  it('is on the coarser of both lots for whatever ends at market', () => {
    const coarse = { kind: 'market_lot_size', min: null, max: null, step: d('0.01') } as const;
    const filters = BTC.rules.filters.map((f) => (f.kind === 'market_lot_size' ? coarse : f));
    const spec = { ...open, rules: { ...open.rules, filters } };
    const sent = (type: OrderType, asked: Asked) => {
      const result = normaliseOrder(
        spec,
        'sell',
        type,
        amountsOf({ quantity: '0.12345', ...asked }),
        REFERENCE,
      );
      return result.ok ? result.value.quantity.toFixed() : result.error.code;
    };
    expect(sent('market', {})).toBe('0.12');
    expect(sent('stop_loss', { stop: '49000' })).toBe('0.12');
    expect(sent('oco', { limit: '52000', stop: '49000' })).toBe('0.12');
    expect(sent('oco', { limit: '52000', stop: '49000', stopLimit: '48900' })).toBe('0.12345');
    expect(sent('limit', { limit: '52000' })).toBe('0.12345');
  });

  it.each<[OrderType, TimeInForce, Environment, boolean]>([
    ['limit', 'FOK', 'binance', true],
    ['stop_limit', 'IOC', 'binance', true],
    ['market', 'GTC', 'binance', true],
    ['market', 'IOC', 'binance', false],
    ['market', 'IOC', 'demo', true],
    ['limit_maker', 'IOC', 'demo', false],
    ['oco', 'FOK', 'binance', false],
  ])('%s with %s at %s: %s', (type, timeInForce, environment, isTaken) => {
    expect(checkTimeInForce(type, timeInForce, environment) === null).toBe(isTaken);
  });
});

describe('what is refused, by code and field', () => {
  it.each<[Side, OrderType, Asked, string, string]>([
    ['buy', 'limit', {}, 'price_required', 'limit_price'],
    ['buy', 'stop_loss', {}, 'price_required', 'stop_price'],
    ['buy', 'take_profit', {}, 'price_required', 'stop_price'],
    ['buy', 'market', { limit: '1' }, 'price_forbidden', 'limit_price'],
    ['buy', 'market', { stop: '1' }, 'price_forbidden', 'stop_price'],
    ['buy', 'limit', { limit: '50000', stop: '1' }, 'price_forbidden', 'stop_price'],
    ['buy', 'stop_loss', { limit: '1', stop: '51000' }, 'price_forbidden', 'limit_price'],
    ['buy', 'limit', { limit: '0' }, 'not_positive', 'limit_price'],
    ['buy', 'limit', { limit: '-5' }, 'not_positive', 'limit_price'],
    ['buy', 'limit', { limit: '0.001' }, 'not_positive', 'limit_price'],
    ['buy', 'take_profit', { stop: '-1' }, 'not_positive', 'stop_price'],
    ['buy', 'limit', { limit: '90000000' }, 'out_of_range', 'limit_price'],
    ['sell', 'limit', { limit: '89999999.999' }, 'out_of_range', 'limit_price'],
    ['buy', 'market', { quantity: '0' }, 'not_positive', 'quantity'],
    ['buy', 'market', { quantity: '-0.5' }, 'not_positive', 'quantity'],
    ['buy', 'market', { quantity: '0.000009' }, 'below_min_quantity', 'quantity'],
    ['buy', 'market', { quantity: '9000001' }, 'above_max_quantity', 'quantity'],
    ['buy', 'market', { quantity: '0.00009' }, 'below_min_notional', 'quantity'],
    ['buy', 'limit', { quantity: '0.00009', limit: '50000' }, 'below_min_notional', 'quantity'],
    ['sell', 'stop_loss', { quantity: '0.0001', stop: '49999' }, 'below_min_notional', 'quantity'],
    ['buy', 'market', { quantity: '181' }, 'above_max_notional', 'quantity'],
    ['sell', 'stop_loss', { stop: '50000.01' }, 'stop_wrong_side', 'stop_price'],
    ['sell', 'stop_loss', { stop: '50000' }, 'stop_wrong_side', 'stop_price'],
    ['buy', 'stop_loss', { stop: '49999' }, 'stop_wrong_side', 'stop_price'],
    ['sell', 'take_profit', { stop: '49999' }, 'stop_wrong_side', 'stop_price'],
    ['buy', 'take_profit', { stop: '50001' }, 'stop_wrong_side', 'stop_price'],
  ])('%s %s %o: %s on %s', (side, type, asked, code, field) => {
    const result = normalise(side, type, asked);
    expect(result.ok ? 'ok' : [result.error.code, result.error.field].join(' ')).toBe(`${code} ${field}`);
    if (!result.ok) expect([result.error.message, result.error.fix].every((t) => t.length > 5)).toBe(true);
  });

  it('names the least that would do', () => {
    const least = normalise('buy', 'market', { quantity: '0.00009' });
    expect(least.ok ? '' : least.error.fix).toBe('send at least 0.0001');
    const most = normalise('buy', 'market', { quantity: '181' });
    expect(most.ok ? '' : most.error.fix).toBe('send at most 180');
  });

  it('an amount finer than the base asset is counted', () => {
    expect(checkPrecision(BTC, d('0.12345678'))).toBeNull();
    expect(checkPrecision(BTC, d('0.123456789'))).toMatchObject({ code: 'over_precise', field: 'quantity' });
    expect(checkPrice(BTC, d('89999999.9999'), 'x')).toBeNull();
  });
});

describe('over any order', () => {
  const price = fc.integer({ min: 1, max: 100_000_000 }).map((n) => d(n).dividedBy(1_000));
  it('quantity never grows, a limit never gets worse, a stop never triggers later, a second pass changes nothing', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Side>('buy', 'sell'),
        fc.constantFrom(...ORDER_TYPES),
        fc.integer({ min: 1, max: 10 ** 9 }).map((n) => d(n).dividedBy(10 ** 8)),
        price,
        (side, type, quantity, at) => {
          const asked = {
            quantity,
            limitPrice: type === 'limit' ? at : null,
            stopPrice: type === 'stop_loss' || type === 'take_profit' ? at : null,
            quoteQuantity: null,
            stopLimitPrice: null,
            trailingDelta: null,
          };
          const result = normaliseOrder(BTC, side, type, asked, null);
          if (!result.ok) return;
          const sent = result.value;
          expect(quantity.minus(sent.quantity).lessThan(BTC.stepSize)).toBe(true);
          expect(sent.quantity.lessThanOrEqualTo(quantity)).toBe(true);
          expect(sent.quantity.modulo(BTC.stepSize).isZero()).toBe(true);
          for (const [was, is, isUp] of [
            [asked.limitPrice, sent.limitPrice, side === 'sell'],
            [asked.stopPrice, sent.stopPrice, stopFalls(side, type)],
          ] as const) {
            expect(is === null).toBe(was === null);
            if (is === null || was === null) continue;
            expect(is.modulo(BTC.tickSize).isZero()).toBe(true);
            expect(isUp ? is.greaterThanOrEqualTo(was) : is.lessThanOrEqualTo(was)).toBe(true);
            expect(is.minus(was).abs().lessThan(BTC.tickSize)).toBe(true);
          }
          expect(normaliseOrder(BTC, side, type, sent, null)).toEqual(result);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
