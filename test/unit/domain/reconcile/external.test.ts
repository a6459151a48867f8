/** Coins that left without an order of ours, and their return. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEntryFill, applyExitFill } from '../../../../shared/domain/positions.ts';
import { applyExternal, reverseExternal } from '../../../../shared/domain/reconcile/external.ts';
import type { Position } from '../../../../shared/domain/types.ts';
import { BTC, d, newFill, newOrder, newPosition, T0 } from '../builders.ts';

const held = (quantity = '0.5', price = '50000', fee = '25'): Position => ({
  ...applyEntryFill(
    newPosition(),
    newFill(price, quantity, { fee: { asset: 'USDT', amount: d(fee) } }),
    newOrder({ status: 'filled' }),
    T0,
  ),
  entryLive: false,
});

const NONE = { price: null, fee: d(0) };

describe('coins that are gone', () => {
  it('were sold at the price of the sales that explain them', () => {
    const gone = { id: 'x', quantity: d('0.5'), price: d('51500'), fee: d('25.75') };
    const p = applyExternal(held(), gone, BTC, T0 + 1);
    // The specification's example, sold by somebody else: 699.25.
    expect(p.realizedPnl.toFixed()).toBe('699.25');
    expect(p).toMatchObject({ status: 'closed', exitCause: 'external' });
    expect(p.exitQuantity.toFixed()).toBe('0.5');
  });

  it('leave at their cost where no sale is known: a transfer is neither gain nor loss', () => {
    const p = applyExternal(held(), { id: 'x', quantity: d('0.2'), ...NONE }, BTC, T0 + 1);
    expect(p.realizedPnl.toFixed()).toBe('0');
    expect(p.quantity.toFixed()).toBe('0.3');
    expect(p.cost.toFixed()).toBe('15000');
    expect(p.openFees.toFixed()).toBe('15');
    expect(p).toMatchObject({ status: 'open', exitCause: 'external' });
  });

  it('are booked once, whatever number of passes saw them', () => {
    const once = applyExternal(held(), { id: 'x', quantity: d('0.2'), ...NONE }, BTC, T0 + 1);
    expect(applyExternal(once, { id: 'x', quantity: d('0.2'), ...NONE }, BTC, T0 + 2)).toBe(once);
  });

  it('never take what an exit has reserved', () => {
    const p = { ...held(), liveExits: [{ orderId: 'e', reserved: d('0.4'), levelName: null, waits: null }] };
    const after = applyExternal(p, { id: 'x', quantity: d('0.5'), ...NONE }, BTC, T0 + 1);
    expect(after.quantity.toFixed()).toBe('0.4');
  });
});

describe('coins that were there after all', () => {
  const text = (p: Position) => ({
    quantity: p.quantity.toFixed(),
    cost: p.cost.toFixed(),
    openFees: p.openFees.toFixed(),
    pnl: p.realizedPnl.toFixed(),
    exitQuantity: p.exitQuantity.toFixed(),
    exitQuote: p.exitQuote.toFixed(),
    fees: p.exitFees.map(({ asset, amount }) => `${amount.toFixed()} ${asset}`),
    status: p.status,
  });

  it('put everything back to the last digit, from a closed position too', () => {
    for (const quantity of ['0.5', '0.17']) {
      const before = held('0.5', '50000.01', '24.999999');
      const gone = { id: 'x', quantity: d(quantity), price: d('50123.45'), fee: d('1.23') };
      const after = reverseExternal(applyExternal(before, gone, BTC, T0 + 1), 'x', T0 + 2);
      expect(text(after)).toEqual(text(before));
      expect(reverseExternal(after, 'x', T0 + 3)).toBe(after);
      expect(after.levelsVersion).toBeGreaterThan(before.levelsVersion);
    }
  });

  it('keep cash and holdings in step whatever was sold between', () => {
    const amounts = fc.integer({ min: 1, max: 49 }).map((n) => d(n).dividedBy(100));
    const prices = fc.integer({ min: 40_000, max: 60_000 }).map((n) => d(n));
    fc.assert(
      fc.property(amounts, amounts, prices, prices, fc.boolean(), (outside, sold, at, later, back) => {
        const before = held();
        let p = applyExternal(before, { id: 'x', quantity: outside, price: at, fee: d(0) }, BTC, T0 + 1);
        const part = sold.greaterThan(p.quantity) ? p.quantity : sold;
        const order = newOrder({
          orderId: 'exit',
          role: 'exit',
          side: 'sell',
          status: 'filled',
          quantity: part,
        });
        if (part.greaterThan(0))
          p = applyExitFill(p, newFill(later.toFixed(), part.toFixed()), order, T0 + 2);
        if (back) p = reverseExternal(p, 'x', T0 + 3);
        // Money in = cost of what is held + what came back by sales - P&L, fees included.
        const cash = p.exitQuote.minus(p.entryQuote).minus(d(25));
        expect(cash.plus(p.cost).plus(p.openFees).toDecimalPlaces(12).toFixed()).toBe(
          p.realizedPnl.plus(0).toDecimalPlaces(12).toFixed(),
        );
        expect(p.quantity.plus(p.exitQuantity).toFixed()).toBe('0.5');
      }),
    );
  });
});
