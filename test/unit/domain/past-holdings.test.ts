/** Whatever was filled, in whichever order: booked again it comes out as the position stands. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal, sum, ZERO } from '../../../shared/domain/money/decimal.ts';
import { pastHoldings } from '../../../shared/domain/past-holdings.ts';
import { applyEntryFill, applyExitFill } from '../../../shared/domain/positions.ts';
import type { Fill, Order, Position } from '../../../shared/domain/types.ts';
import { newFill, newOrder, newPosition, T0 } from './builders.ts';

const trades = fc.array(
  fc.record({
    isEntry: fc.boolean(),
    quantity: fc.integer({ min: 1, max: 500 }),
    price: fc.integer({ min: 40_000, max: 60_000 }),
    fee: fc.constantFrom('USDT', 'BTC', 'BNB'),
  }),
  { minLength: 1, maxLength: 12 },
);

const SUMS = ['quantity', 'cost', 'openFees', 'realizedPnl', 'entryQuote', 'exitQuote', 'slippage'] as const;

describe('past holdings', () => {
  it('are at every time what the fills until then made of the position', () => {
    fc.assert(
      fc.property(trades, (drawn) => {
        const [entry, exit] = [newOrder(), newOrder({ orderId: 'exit-1', role: 'exit', side: 'sell' })];
        const fills = new Map<Order, Fill[]>([
          [entry, []],
          [exit, []],
        ]);
        let position: Position = newPosition();
        const seen: Position[] = [];
        let n = 0;
        for (const { isEntry, quantity, price, fee } of drawn) {
          const amount = new Decimal(quantity).dividedBy(1000);
          if (!isEntry && position.quantity.lessThan(amount.times('1.01'))) continue;
          n += 1;
          const paid = { asset: fee, amount: fee === 'USDT' ? new Decimal(1) : new Decimal('0.00001') };
          const change = {
            tradeId: `t${n}`,
            at: T0 + n,
            fee: paid,
            feeQuoteValue: fee === 'BNB' ? new Decimal('0.5') : null,
          };
          const fill = newFill(String(price), amount.toFixed(), change);
          fills.get(isEntry ? entry : exit)?.push(fill);
          const apply = isEntry ? applyEntryFill : applyExitFill;
          position = apply(position, fill, isEntry ? entry : exit, fill.at);
          seen.push(position);
        }
        const at = pastHoldings(
          position,
          [...fills].map(([order, own]) => ({ order, fills: own })),
        );
        expect(at(T0).quantity.isZero()).toBe(true);
        seen.forEach((then, i) => {
          const now = at(T0 + i + 1);
          for (const name of SUMS) expect(now[name].toFixed(), name).toBe(then[name].toFixed());
        });
      }),
      { numRuns: 200 },
    );
  });

  it('end at nothing with the close, dust left out and its fees realized', () => {
    const entry = newOrder();
    const fee = { asset: 'USDT', amount: new Decimal(25) };
    const fill = newFill('50000', '0.5', { at: T0, fee });
    const open = applyEntryFill(newPosition(), fill, entry, T0);
    const closed: Position = {
      ...open,
      ...{ status: 'closed', closedAt: T0 + 5, quantity: ZERO, cost: ZERO, openFees: ZERO },
      realizedPnl: sum([]).minus(25),
    };
    // The fill's own time is the venue's, which may be ahead.
    const at = pastHoldings(closed, [{ order: entry, fills: [{ ...fill, at: T0 + 9 }] }]);
    expect(at(T0 + 8).quantity.isZero()).toBe(true);
    const last = at(T0 + 9);
    expect([last.quantity, last.cost, last.openFees].every((one) => one.isZero())).toBe(true);
    expect(last.realizedPnl.toFixed()).toBe('-25');
  });

  it('are without what left from outside, until it is put back', () => {
    const entry = newOrder();
    const fill = newFill('50000', '0.5', { at: T0, fee: { asset: 'USDT', amount: new Decimal(25) } });
    const open = applyEntryFill(newPosition(), fill, entry, T0);
    const external = {
      ...{ id: 'x', quantity: new Decimal('0.2'), price: null, quote: new Decimal(10_010), fee: ZERO },
      ...{
        cost: new Decimal(10_000),
        openFees: new Decimal(10),
        pnl: ZERO,
        at: T0 + 10,
        reversedAt: T0 + 20,
      },
    };
    const at = pastHoldings({ ...open, externals: [external] }, [{ order: entry, fills: [fill] }]);
    const held = [0, 10, 20].map((ms) => {
      const { quantity, cost, openFees } = at(T0 + ms);
      return [quantity, cost, openFees].map((one) => one.toFixed());
    });
    expect(held).toEqual([
      ['0.5', '25000', '25'],
      ['0.3', '15000', '15'],
      ['0.5', '25000', '25'],
    ]);
  });
});
