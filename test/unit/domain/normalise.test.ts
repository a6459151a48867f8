import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Decimal } from '../../../shared/domain/money/decimal.ts';
import { checkPrecision, checkPrice, normaliseOrder, stopFalls } from '../../../shared/domain/normalise.ts';
import { ORDER_TYPES, type OrderType, type Side } from '../../../shared/domain/types.ts';
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
function normalise(side: Side, type: OrderType, asked: Asked) {
  const amounts = {
    quantity: d(asked.quantity ?? '0.5'),
    limitPrice: asked.limit === undefined ? null : d(asked.limit),
    stopPrice: asked.stop === undefined ? null : d(asked.stop),
    quoteQuantity: asked.quote === undefined ? null : d(asked.quote),
    stopLimitPrice: asked.stopLimit === undefined ? null : d(asked.stopLimit),
    trailingDelta: asked.trailing ?? null,
  };
  return normaliseOrder(
    BTC,
    side,
    type,
    amounts,
    asked.reference === undefined ? REFERENCE : asked.reference,
  );
}

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
