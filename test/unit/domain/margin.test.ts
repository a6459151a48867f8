/** Positions on margin: what they tie up, where they are liquidated, and that nothing appears or is lost. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimFlatten, newExitOrder, planExit } from '../../../shared/domain/exits.ts';
import { hitCause, levelsOf, parseMember, wantsLevels } from '../../../shared/domain/levels.ts';
import {
  checkStopBefore,
  closingSpec,
  collateralOf,
  isLeverageTooHigh,
  liquidationAt,
  liquidationPrice,
  MAINTENANCE_RATE,
  MOST_LEVERAGE,
  marginUsed,
} from '../../../shared/domain/margin.ts';
import type { MarginTerms } from '../../../shared/domain/margin-facts.ts';
import { type Decimal, ZERO } from '../../../shared/domain/money/decimal.ts';
import {
  applyEntryFill,
  applyExitFill,
  figures,
  maybeClose,
  oversold,
} from '../../../shared/domain/positions.ts';
import { changeProtection, NO_PROTECTION } from '../../../shared/domain/protection.ts';
import type { Position, Side } from '../../../shared/domain/types.ts';
import { BTC, d, newFill, newOrder, newPosition, T0 } from './builders.ts';

const terms = (leverage: number, feeRate = '0.001'): MarginTerms => ({
  leverage,
  maintenanceRate: MAINTENANCE_RATE,
  feeRate: d(feeRate),
});
const usdt = (amount: Decimal) => ({ asset: 'USDT', amount });
const opened = (side: Side, leverage: number, price = '50000', quantity = '0.5'): Position =>
  applyEntryFill(
    newPosition(side, {}, terms(leverage)),
    newFill(price, quantity, { fee: usdt(d(price).times(quantity).times('0.001')) }),
    newOrder({ side, margin: terms(leverage) }),
    T0,
  );
const names = (p: Position) => levelsOf(p, BTC).map(({ member }) => parseMember(member).levelName);
const claimLiquidation = (p: Position): Position => {
  const claimed = claimFlatten(p, { cause: 'liquidation', price: d(45_273), trigger: null, at: T0 });
  if (!claimed.ok) throw new Error(claimed.error.code);
  return claimed.value;
};

describe('a position on margin', () => {
  it('ties up its worth over its leverage, rounded up; without margin all that it cost', () => {
    expect(marginUsed(opened('buy', 10)).toFixed()).toBe('2500');
    expect(marginUsed(opened('sell', 1)).toFixed()).toBe('25000');
    expect(collateralOf(d('100'), 3).toFixed()).toBe('33.33333334');
    const plain = applyEntryFill(newPosition(), newFill('50000', '0.5'), newOrder(), T0);
    expect(marginUsed(plain).toFixed()).toBe('25000');
    expect(liquidationPrice(plain, BTC)).toBeNull();
  });

  it('is liquidated where its collateral covers the maintenance and the fee of closing, on the tick before', () => {
    // 50,000 x 9 / 10 / (1 - 0.006) = 45,271.629…
    expect(liquidationPrice(opened('buy', 10), BTC)?.toFixed()).toBe('45271.63');
    // 50,000 x 11 / 10 / (1 + 0.006) = 54,671.968…
    expect(liquidationPrice(opened('sell', 10), BTC)?.toFixed()).toBe('54671.96');
    // 50,000 x 2 / 1.006 = 99,403.578…
    expect(liquidationPrice(opened('sell', 1), BTC)?.toFixed()).toBe('99403.57');
    expect(liquidationPrice(opened('buy', 1), BTC)).toBeNull();
    expect(liquidationPrice(newPosition('sell', {}, terms(2)), BTC)).toBeNull();
  });

  it('a price that lies on a tick stays there, whatever the division leaves', () => {
    // 149.1 x 2 / 3 / 0.994 = 100 exactly; a share of that cost has 18 decimals, and is a little more.
    const third = d(1).dividedBy(3);
    const cost = d('49.700000000000000001');
    expect(liquidationAt('long', { cost, quantity: third }, terms(3), BTC)?.toFixed()).toBe('100');
  });

  it('has a level of it, always, that closes it and ends it liquidated', () => {
    for (const side of ['buy', 'sell'] as const) {
      const p = opened(side, 10);
      expect(names(p)).toEqual(['liquidation']);
      expect(wantsLevels(p)).toBe(true);
      const [level] = levelsOf(p, BTC);
      expect(level).toMatchObject(
        side === 'buy'
          ? { kind: 'fixed', direction: 'falls', source: 'bid', price: 452_716_300 }
          : { kind: 'fixed', direction: 'rises', source: 'ask', price: 546_719_600 },
      );
    }
    expect(hitCause('liquidation')).toBe('liquidation');
    const claimed = claimLiquidation({ ...opened('buy', 10), entryLive: false });
    const sold = applyExitFill(claimed, newFill('45271.63', '0.5'), newOrder({ side: 'sell' }), T0 + 1);
    expect(maybeClose(sold, BTC, null, T0 + 1)).toMatchObject({
      status: 'liquidated',
      exitCause: 'liquidation',
    });
  });

  it('a further fill moves its level, and no price from before it counts', () => {
    const armings = {
      liquidation: { tick: 5, at: T0, peak: null },
      stop_loss: { tick: 5, at: T0, peak: null },
    };
    const first = { ...opened('sell', 2), armings };
    const more = applyEntryFill(first, newFill('40000', '0.5'), newOrder({ side: 'sell' }), T0 + 1);
    expect(more.levelsVersion).toBe(first.levelsVersion + 1);
    expect(Object.keys(more.armings)).toEqual(['stop_loss']);
    const moved = liquidationPrice(more, BTC);
    expect(moved?.lessThan(liquidationPrice(first, BTC) ?? ZERO)).toBe(true);
    // Another stop loss leaves it where and since when it was.
    const changed = changeProtection(first, { ...NO_PROTECTION, stopLoss: { price: d(60_000) } }, T0 + 2);
    expect(Object.keys(changed.armings)).toEqual(['liquidation']);
  });

  it('its exits carry its terms, and leave no dust that would stay owed', () => {
    const p = { ...claimLiquidation(opened('sell', 2, '50000', '0.00002')), entryLive: false };
    const spec = { ...BTC, minNotional: d(5) };
    expect(planExit(p, [], spec, T0, d(50_000))).toEqual([{ kind: 'send', quantity: d('0.00002') }]);
    expect(maybeClose(p, spec, d(50_000), T0)).toBe(p);
    const exit = newExitOrder(p, {
      ...{
        orderId: 'e',
        quantity: d('0.00002'),
        cause: 'liquidation',
        flatten: true,
        trigger: null,
        now: T0,
      },
    });
    expect(exit).toMatchObject({ side: 'buy', margin: terms(2) });
    expect(closingSpec(newPosition(), spec)).toBe(spec);
  });

  it('a stop loss beyond it is refused, with the figure', () => {
    const at = d('45271.63');
    const stop = (price: string) => ({ stopLoss: { price: d(price) } });
    expect(checkStopBefore(stop('45271.64'), 'long', at)).toBeNull();
    expect(checkStopBefore(stop('45271.63'), 'long', at)).toMatchObject({
      code: 'stop_beyond_liquidation',
      field: 'protection.stop_loss',
      fix: 'put it above 45271.63, or take less leverage',
    });
    expect(checkStopBefore(stop('54000'), 'short', d('54671.96'))).toBeNull();
    expect(checkStopBefore(stop('54671.96'), 'short', d('54671.96'))?.fix).toMatch('below 54671.96');
    expect(checkStopBefore(stop('1'), 'long', null)).toBeNull();
  });

  it('a leverage whose collateral is not worth twice what is kept is too high', () => {
    expect(isLeverageTooHigh(MOST_LEVERAGE, d('0.001'))).toBe(false);
    expect(isLeverageTooHigh(10, d('0.045'))).toBe(false);
    expect(isLeverageTooHigh(10, d('0.0451'))).toBe(true);
  });
});

const someFill = fc.record({
  isEntry: fc.boolean(),
  cents: fc.integer({ min: 100, max: 10_000_000 }),
  steps: fc.integer({ min: 1, max: 500_000 }),
  percent: fc.integer({ min: 1, max: 100 }),
  bp: fc.integer({ min: 0, max: 50 }),
});

describe('conservation on margin', () => {
  it('cash + holdings at the mark - what is owed = start + P&L, and the liquidation price leaves what it says', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Side>('buy', 'sell'),
        fc.integer({ min: 1, max: MOST_LEVERAGE }),
        fc.array(someFill, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 20_000_000 }),
        (side, leverage, fills, markCents) => {
          const exitSide = side === 'buy' ? 'sell' : 'buy';
          const [entry, exit] = [
            newOrder({ side }),
            newOrder({ side: exitSide, role: 'exit', orderId: 'e' }),
          ];
          let p = newPosition(side, {}, terms(leverage));
          let [cash, held, owed] = [ZERO, ZERO, ZERO];
          for (const f of fills) {
            const isEntry = f.isEntry || p.quantity.isZero();
            const part = p.quantity.times(f.percent).dividedBy(100).toDecimalPlaces(5);
            const quantity = isEntry || part.isZero() ? d(f.steps).times('0.00001') : part;
            if (!isEntry && quantity.greaterThan(p.quantity)) continue;
            const price = d(f.cents).dividedBy(100);
            const value = price.times(quantity);
            const amount = value.times(f.bp).dividedBy(10_000).toDecimalPlaces(8);
            const fill = newFill(price.toFixed(), quantity.toFixed(), { fee: usdt(amount) });
            p = isEntry ? applyEntryFill(p, fill, entry, T0) : applyExitFill(p, fill, exit, T0);
            const isBuy = (side === 'buy') === isEntry;
            cash = cash.plus(isBuy ? value.negated() : value).minus(amount);
            if (side === 'buy') held = isEntry ? held.plus(quantity) : held.minus(quantity);
            else owed = isEntry ? owed.plus(quantity) : owed.minus(quantity);
            // Never oversold, never overbought.
            expect(oversold(p).isZero()).toBe(true);
            expect(p.quantity.toFixed()).toBe((side === 'buy' ? held : owed).toFixed());
          }
          const mark = d(markCents).dividedBy(100);
          const f = figures(p, mark);
          const equity = cash.plus(held.times(mark)).minus(owed.times(mark));
          expect(p.realizedPnl.plus(f.unrealizedPnl ?? ZERO).toFixed()).toBe(equity.toFixed());
          const liquidation = liquidationPrice(p, BTC);
          if (liquidation === null) return;
          // At the tick of the liquidation the collateral covers what is kept; one tick further it does not.
          const left = (at: Decimal) => {
            const worth = p.quantity.times(at);
            const gain = side === 'buy' ? worth.minus(p.cost) : p.cost.minus(worth);
            return p.cost.dividedBy(leverage).plus(gain).minus(worth.times('0.006'));
          };
          const tick = side === 'buy' ? BTC.tickSize.negated() : BTC.tickSize;
          expect(left(liquidation).greaterThan('-0.00001')).toBe(true);
          expect(left(liquidation.plus(tick)).lessThan('0.00001')).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
