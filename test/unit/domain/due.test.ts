import { describe, expect, it } from 'vitest';
import {
  backoff,
  FENCE_MS,
  FREEZE_AFTER_MS,
  fenceMs,
  nextDueOrder,
  nextDuePosition,
  orderNeedsArming,
  positionNeedsArming,
  QUIET_MS,
  withDue,
} from '../../../shared/domain/due.ts';
import { claimFlatten } from '../../../shared/domain/exits.ts';
import type { OrderEvent } from '../../../shared/domain/orders.ts';
import { applyEntryFill, applyExitFill } from '../../../shared/domain/positions.ts';
import type { Order, Position } from '../../../shared/domain/types.ts';
import {
  accepted,
  apply,
  claimed,
  d,
  filled,
  newFill,
  newOrder,
  newPosition,
  newSend,
  reported,
  T0,
} from './builders.ts';

const NOW = T0 + 100_000;
const NO_FIGURES = {
  highWaterMark: null,
  lowWaterMark: null,
  maxDrawdownPercent: d(0),
  priceMovesCount: 0,
  stopAdjustments: 0,
  lastStopAdjustmentAt: null,
  trailingAdjustments: 0,
  lastTrailingAdjustmentAt: null,
  maxFavorableExcursion: null,
  maxAdverseExcursion: null,
  trailingTrigger: null,
  trailingPeak: null,
};
const limit = newOrder({ type: 'limit', limitPrice: d(49_000) });
const dueAfter = (order: Order, ...events: readonly OrderEvent[]) =>
  nextDueOrder(apply(order, ...events), NOW);
const cancel: OrderEvent = { kind: 'cancel_wanted', at: T0 + 3, cause: 'api' };
const half = filled(newFill('49000', '0.5'), T0 + 6);
const armed: OrderEvent = { kind: 'armed', at: T0 + 7, tick: 4 };

describe('what an order is due for', () => {
  it('sending: at once, or when it may be tried again', () => {
    expect(nextDueOrder(newOrder(), NOW)).toBe(NOW);
    expect(nextDueOrder(newOrder({ dueAt: NOW + 60_000 }), NOW)).toBe(NOW);
    const later: OrderEvent = { kind: 'not_sent', at: NOW, reason: 'budget', retryAt: NOW + 700 };
    expect(dueAfter(newOrder(), claimed(), later)).toBe(NOW + 700);
    expect(nextDueOrder(apply(newOrder(), claimed(), later), NOW + 900)).toBe(NOW + 900);
    const exit = newOrder({ role: 'exit' });
    expect(dueAfter(exit, claimed(), { kind: 'proven_absent', at: NOW, cause: 'resolver' })).toBe(NOW);
  });

  it('resolving: past the fence of its claim', () => {
    expect(FENCE_MS).toBe(17_000);
    expect(dueAfter(newOrder(), claimed(T0 + 5))).toBe(T0 + 5 + FENCE_MS);
    expect(fenceMs(newSend({ recvWindowMs: 5_000 }))).toBe(20_000);
    expect(nextDueOrder({ ...newOrder(), status: 'submitted' }, NOW)).toBe(NOW);
  });

  it('cancelling: again and again, further and further apart', () => {
    const order = apply(limit, claimed(), accepted(), cancel);
    expect(nextDueOrder(order, NOW)).toBe(T0 + 3 + 2_000);
    expect(nextDueOrder({ ...order, dueTries: 2 }, NOW)).toBe(T0 + 3 + 8_000);
    expect([0, 1, 4, 5, 99, -1].map(backoff)).toEqual([2_000, 4_000, 32_000, 60_000, 60_000, 2_000]);
  });

  it('arming, a report after a touch, news after silence', () => {
    expect(dueAfter(limit, claimed(), accepted(T0 + 5))).toBe(T0 + 5);
    // One early look, in case it crossed at once and nobody heard of it; then silence is normal.
    const resting = apply(limit, claimed(), accepted(T0 + 5), armed);
    expect(nextDueOrder(resting, NOW)).toBe(T0 + 5 + 3_000);
    const looked = T0 + 5 + 3_000;
    expect(nextDueOrder({ ...resting, updatedAt: looked }, NOW)).toBe(looked + QUIET_MS);
    const touched: OrderEvent = { kind: 'touched', at: T0 + 9, tick: 5 };
    expect(dueAfter(limit, claimed(), accepted(), armed, touched)).toBe(T0 + 9 + 3_000);
    const partly: OrderEvent = filled(newFill('49000', '0.5'), T0 + 10);
    expect(dueAfter(limit, claimed(), accepted(), armed, touched, partly)).toBe(T0 + 10);
    expect(orderNeedsArming(apply(limit, claimed(), accepted(), cancel))).toBe(false);
  });

  it('a market order: its fills soon, then the next tick', () => {
    expect(dueAfter(newOrder(), claimed(), accepted(T0 + 5))).toBe(T0 + 5 + 3_000);
    expect(nextDueOrder({ ...newOrder(), status: 'open' }, NOW)).toBe(T0 + 3_000);
    expect(dueAfter(newOrder(), claimed(), accepted(), half)).toBe(T0 + 6);
    expect(dueAfter(newOrder(), claimed(), accepted(), half, armed)).toBe(T0 + 7 + QUIET_MS);
  });

  it('missing trades; nothing when settled', () => {
    const gap = apply(
      newOrder(),
      claimed(),
      reported({ status: 'filled', cumulativeQuantity: d(1), at: T0 + 8 }),
    );
    expect(nextDueOrder(gap, NOW)).toBe(T0 + 8 + 1_000);
    expect(nextDueOrder({ ...gap, dueTries: 1 }, NOW)).toBe(T0 + 8 + 4_000);
    const working = apply(limit, claimed(), accepted(), armed, filled(newFill('1', '0.2'), T0 + 8), armed);
    const gapped = { ...working, venueQuantity: d('0.5') };
    expect(nextDueOrder(gapped, NOW)).toBe(T0 + 8 + 1_000);
    expect(nextDueOrder({ ...gapped, dueTries: 1 }, NOW)).toBe(T0 + 8 + 4_000);
    expect(dueAfter(newOrder(), claimed(), filled(newFill('1', '1')))).toBeNull();
    expect(dueAfter(newOrder(), cancel)).toBeNull();
  });
});

describe('what a position is due for', () => {
  const stopLoss = { price: d(49_000) };
  const held: Position = applyEntryFill(
    newPosition('buy', { stopLoss }),
    newFill('50000', '1'),
    newOrder(),
    T0 + 2,
  );

  it('arming what it wants, removing what it does not want any more', () => {
    expect(nextDuePosition(newPosition('buy', { stopLoss }), NOW)).toBeNull();
    expect(nextDuePosition(held, NOW)).toBe(T0 + 2);
    expect(nextDuePosition({ ...held, dueTries: 1 }, NOW)).toBe(T0 + 2 + 4_000);
    expect(nextDuePosition({ ...held, armedVersion: 1, entryMinute: { at: T0, bars: [] } }, NOW)).toBeNull();
    const bare = applyEntryFill(newPosition(), newFill('50000', '1'), newOrder(), T0);
    expect(positionNeedsArming(bare)).toBe(false);
    expect(positionNeedsArming({ ...bare, armedVersion: 1, levelsVersion: 2 })).toBe(true);
  });

  it("the extremes of its entry's minute, and its figures after the close", () => {
    const armed = { ...held, armedVersion: 1, openedAt: T0 + 61_000 };
    expect(nextDuePosition(armed, NOW)).toBe(T0 + 120_000 + FREEZE_AFTER_MS);
    expect(nextDuePosition({ ...armed, armedVersion: 0 }, NOW)).toBe(T0 + 2);
    const closed: Position = { ...armed, status: 'closed', closedAt: T0 + 70_000, levelsVersion: 2 };
    expect(nextDuePosition(closed, NOW)).toBe(T0 + 70_000 + FREEZE_AFTER_MS);
    expect(nextDuePosition({ ...closed, openedAt: null }, NOW)).toBeNull();
    const figures = { ...NO_FIGURES, at: T0 };
    expect(nextDuePosition({ ...closed, frozen: figures }, NOW)).toBeNull();
    // News of it makes them due again: a price that came late belongs to them.
    const late = applyExitFill(
      { ...closed, frozen: figures, quantity: d(0) },
      newFill('1', '1'),
      newOrder(),
      T0,
    );
    expect(late.frozen).toBeNull();
    expect(
      applyEntryFill({ ...closed, frozen: figures }, newFill('1', '1'), newOrder(), T0).frozen,
    ).toBeNull();
  });

  it('its exit plan, until it is closed', () => {
    const claim = { cause: 'manual', price: null, trigger: null, at: T0 + 4 } as const;
    const result = claimFlatten({ ...held, armedVersion: 2 }, claim);
    if (!result.ok || result.value.flatten === null) throw new Error('not claimed');
    const p = result.value;
    expect(nextDuePosition(p, NOW)).toBe(T0 + 4 + 2_000);
    expect(nextDuePosition({ ...p, flatten: { ...result.value.flatten, retryAt: NOW + 5 } }, NOW)).toBe(
      NOW + 5,
    );
    expect(nextDuePosition({ ...p, armedVersion: 1 }, NOW)).toBe(T0 + 4);
    // After an exit that failed the next try is what counts, whatever the index still holds.
    const failed = { ...p, armedVersion: 1, flatten: { ...result.value.flatten, retryAt: NOW + 5 } };
    expect(nextDuePosition(failed, NOW)).toBe(NOW + 5);
    expect(nextDuePosition({ ...p, status: 'closed' }, NOW)).toBeNull();
  });

  it('is written onto what is committed', () => {
    expect(withDue(held, NOW).dueAt).toBe(T0 + 2);
    expect(withDue(newOrder(), NOW).dueAt).toBe(NOW);
  });
});
