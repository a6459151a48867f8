/** Live figures of a position: the API's own, carried on to the price of now, to the last digit. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  distancePercent,
  figuresAt,
  isNewer,
  markAt,
  riskOf,
  stopOf,
  sumOf,
  triggerPriceOf,
} from '../../../console/src/live/positions.ts';
import type { Position } from '../../../console/src/live/rows.ts';
import { figures } from '../../../shared/domain/figures.ts';
import { decimal, decimalText } from '../../../shared/domain/money/decimal.ts';
import type { Position as DomainPosition } from '../../../shared/domain/types.ts';
import { aPosition, aPrice } from './position-rows.ts';

type Trailing = Position['risk_management']['trailing_stop'];

describe('a price', () => {
  it('is newer by its tick; where ticks are counted anew (another cache), by its time', () => {
    const known = aPrice('1', { tick_id: 100, timestamp: '2026-03-01T08:00:00.000Z' });
    const next = { tick_id: 101, timestamp: '2026-03-01T08:00:00.000Z' };
    expect(isNewer(aPrice('1', next), known)).toBe(true);
    expect(isNewer(aPrice('1', { tick_id: 99, timestamp: '2026-03-01T07:59:59.000Z' }), known)).toBe(false);
    expect(isNewer(known, known)).toBe(false);
    expect(isNewer(aPrice('1', { tick_id: 1, timestamp: '2026-03-01T08:00:05.000Z' }), known)).toBe(true);
  });
});

describe('unrealized P&L at a live price', () => {
  it('is what the API has reckoned, and what the price has moved since', () => {
    expect(figuresAt(aPosition(), '50100')).toEqual({
      ...{ mark: '50100', value: '50100', pnl: '95', pnlPercent: '0.19' },
    });
    expect(figuresAt(aPosition({ side: 'short' }), '50100')).toMatchObject({ pnl: '-105' });
  });

  it('has at most the 18 decimals that a figure may have, so that it can be reckoned with', () => {
    const current = { amount: '0.12345678901234', price: '0.000000123', cost: '1', unrealized_pnl: '0' };
    const live = figuresAt(aPosition({ current }), '0.000000124');
    expect(live?.pnl).toBe('0.000000000123456789');
    expect(sumOf([live?.pnl ?? null, live?.value ?? null])).not.toBeNull();
  });

  it('is unknown without a price, or where the API had none', () => {
    expect(figuresAt(aPosition(), null)).toBeNull();
    expect(figuresAt(aPosition({ current: { price: null, unrealized_pnl: null } }), '1')).toBeNull();
  });

  it('is at every price what the domain says at that price', () => {
    const amounts = fc.integer({ min: 1, max: 10 ** 9 }).map((n) => decimalText(decimal(String(n)).div(1e6)));
    const side = fc.constantFrom('long' as const, 'short' as const);
    fc.assert(
      fc.property(amounts, amounts, amounts, amounts, amounts, side, (held, cost, fees, then, now, which) => {
        const facts = {
          ...{ side: which, quantity: decimal(held), cost: decimal(cost), openFees: decimal(fees) },
          ...{ entryQuote: decimal(cost), entryQuantity: decimal(held), realizedPnl: decimal('0') },
          ...{
            exitQuote: decimal('0'),
            exitQuantity: decimal('0'),
            entryFees: [],
            exitFees: [],
            quote: 'USDT',
          },
        } as unknown as DomainPosition;
        const listed = figures(facts, decimal(then));
        const wanted = figures(facts, decimal(now));
        const current = {
          price: then,
          amount: held,
          cost,
          unrealized_pnl: listed.unrealizedPnl?.toFixed() ?? null,
        };
        const live = figuresAt(aPosition({ side: which, current }), now);
        expect(live?.pnl).toBe(wanted.unrealizedPnl?.toFixed());
        expect(live?.pnlPercent).toBe(wanted.unrealizedPnlPercent?.toFixed());
        expect(live?.value).toBe(wanted.value?.toFixed());
      }),
    );
  });

  it('is at the mark: of a quote that is no longer fresh the last trade', () => {
    const price = aPrice('50000', { last: '49000' });
    const at = Date.parse(price.timestamp);
    expect(markAt(price, at + 60_000)).toBe('50000');
    expect(markAt(price, at + 60_001)).toBe('49000');
    expect(markAt({ ...price, quoted: false }, at + 90_000)).toBe('50000');
  });
});

describe('the stop of a position', () => {
  it('is the one that comes first', () => {
    const risk = {
      current_stop_loss: '48000',
      current_stop_level: 'stop_loss',
      liquidation_price: '40000',
      trailing_stop: { enabled: true } as Trailing,
    } as const;
    expect(stopOf(aPosition({ risk }), null)).toEqual({ price: '48000', kind: 'stop_loss' });
    expect(stopOf(aPosition({ risk }), '49000')).toEqual({ price: '49000', kind: 'trailing' });
    const above = { ...risk, current_stop_loss: '52000', liquidation_price: '60000' };
    expect(stopOf(aPosition({ side: 'short', risk: above }), '51000')).toEqual({
      price: '51000',
      kind: 'trailing',
    });
    expect(
      stopOf(aPosition({ side: 'short', risk: { ...above, current_stop_loss: null } }), null)?.kind,
    ).toBe('liquidation');
    expect(stopOf(aPosition(), null)).toBeNull();
  });

  it('is no trailing one that has been taken away, wherever it was seen last', () => {
    const risk = { current_stop_loss: '48000', current_stop_level: 'stop_loss' } as const;
    expect(stopOf(aPosition({ risk }), '49000')).toEqual({ price: '48000', kind: 'stop_loss' });
    expect(stopOf(aPosition(), '49000')).toBeNull();
  });

  it('is so far from the price that triggers it', () => {
    const price = aPrice('50000', { bid: '49990', ask: '50010', last: '50005', mid: '50000' });
    expect(triggerPriceOf(aPosition(), price)).toBe('49990');
    expect(triggerPriceOf(aPosition({ side: 'short' }), price)).toBe('50010');
    expect(triggerPriceOf(aPosition({ risk: { trigger_price: 'last' } }), price)).toBe('50005');
    expect(distancePercent(aPosition(), '49500', '50000')).toBe('1');
    expect(distancePercent(aPosition({ side: 'short' }), '49500', '50000')).toBe('-1');
  });

  it.each([
    ['48000', '50000', 'low'],
    ['48000', '48800', 'high'],
    ['48000', '48000', 'critical'],
    [null, '50000', 'medium'],
    [null, '47400', 'high'],
  ])('at %s and a mark of %s is a risk that is %s', (price, mark, level) => {
    const stop = price === null ? null : ({ price, kind: 'stop_loss' } as const);
    expect(riskOf(aPosition(), stop, mark)).toBe(level);
  });

  it('sums are exact, and unknown where a part is', () => {
    expect(sumOf(['0.1', '0.2', '1000000000000.000000000000000001'])).toBe(
      '1000000000000.300000000000000001',
    );
    expect(sumOf(['1', null])).toBeNull();
  });
});
