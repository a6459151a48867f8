/** What an account lacks for an exit: what is sent under it, for how long, and what a person is told. */
import { describe, expect, it } from 'vitest';
import { exitSettled, planExit, withExit } from '../../../shared/domain/exits.ts';
import { activeShortage, shortageText, spent, withShortage } from '../../../shared/domain/shortage.ts';
import type { Funds, Order, Position } from '../../../shared/domain/types.ts';
import { followOrder } from '../../../shared/usecases/exit-plan.ts';
import { BTC, d, newFill, newOrder, newPosition, newSend, T0 } from './builders.ts';

/** As the ladder waits after the first refusal. */
const WAIT_MS = 1_000;

const closing = (quantity: string, step = 1): Position => ({
  ...newPosition(),
  status: 'closing',
  entryLive: false,
  quantity: d(quantity),
  entryQuantity: d(quantity),
  flatten: {
    ...{ cause: 'manual', price: d(50_000), trigger: null },
    ...{ at: T0, step, retryAt: T0 + 1_000, shortage: null, limit: null },
  },
});
const funds = (free: string, locked = '0', holders: Funds['holders'] = []): Funds => ({
  at: T0,
  free: d(free),
  locked: d(locked),
  holders,
});
const noted = (p: Position, of: Funds, now = T0): Position => {
  const next = withShortage(p, { quantity: p.quantity }, of, BTC, now);
  if (next === null) throw new Error('nothing noted');
  return next;
};
const kinds = (p: Position, now: number) =>
  planExit(p, [], BTC, now).map((s) => (s.kind === 'send' ? `send ${s.quantity.toFixed()}` : s.kind));

describe('a shortage', () => {
  it('sends at once what is free, on the step, and waits with the rest until it is over', () => {
    const p = noted(closing('1'), funds('0.400009'));
    expect(kinds(p, T0)).toEqual(['alarm', 'send 0.4']);
    const sold = spent({ ...p, quantity: d('0.6') }, d('0.4'), T0);
    expect(planExit(sold, [], BTC, T0 + 1)).toEqual([
      {
        kind: 'alarm',
        code: 'coins_missing',
        why: '0.6 BTC cannot be sold: the account has no more, and no order holds any',
      },
      { kind: 'wait', until: T0 + WAIT_MS, why: 'the account lacks the coins' },
    ]);
    expect(kinds(sold, T0 + WAIT_MS)).toEqual(['send 0.6']);
  });

  it('is not noted twice at a time, nor where the coins are there, nor where nothing is being closed', () => {
    const p = noted(closing('1'), funds('0.4'));
    expect(withShortage(p, { quantity: d('0.6') }, funds('0.1'), BTC, T0 + 5)).toBeNull();
    expect(withShortage(p, { quantity: d('0.6') }, funds('0.1'), BTC, T0 + WAIT_MS)).not.toBeNull();
    expect(withShortage(closing('1'), { quantity: d('1') }, funds('1'), BTC, T0)).toBeNull();
    expect(
      withShortage({ ...closing('1'), flatten: null }, { quantity: d('1') }, funds('0'), BTC, T0),
    ).toBeNull();
  });

  it.each([
    [0, 1_000],
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [4, 30_000],
    [40, 30_000],
  ])('after %d exits that ended unfinished stands for %d ms', (step, ms) => {
    const { flatten } = noted(closing('1', step), funds('0'));
    expect(flatten).toMatchObject({ retryAt: T0 + ms, shortage: { until: T0 + ms } });
  });

  it('does not hold back what a fill of the entry, or an exit that has ended, brings meanwhile', () => {
    const p = noted({ ...closing('1', 3), entryLive: true }, funds('0'));
    expect(kinds(p, T0)).toEqual(['alarm', 'wait']);
    const entry = newOrder({ orderId: p.entryOrderId });
    const bought = followOrder(p, entry, [newFill('50000', '0.3')], BTC, T0 + 1).position;
    expect(bought.flatten).toMatchObject({ retryAt: null, shortage: { free: d('0.3') } });
    expect(kinds(bought, T0 + 1)).toEqual(['alarm', 'send 0.3']);

    const resting = newOrder({
      ...{ orderId: 'rests', role: 'exit', side: 'sell', quantity: d('0.4'), type: 'limit' },
      ...{ exit: { cause: 'take_profit', flatten: false, trigger: null, resident: false }, send: newSend() },
    });
    const ended = (change: Partial<Order>) =>
      kinds(
        exitSettled(withExit(p, resting, null, T0), { ...resting, status: 'cancelled', ...change }, T0 + 1),
        T0 + 1,
      );
    expect(ended({})).toEqual(['alarm', 'send 0.4']);
    // What was never at the venue held nothing there, and what was refused is not there.
    expect(ended({ send: null })).toEqual(['alarm', 'wait']);
    expect(ended({ status: 'rejected' })).toEqual(['alarm', 'wait']);
  });

  it('counts once what the account had already when it was asked, whenever we hear of it', () => {
    const p = noted({ ...closing('1', 3), entryLive: true }, funds('0'));
    const entry = newOrder({ orderId: p.entryOrderId });
    const fills = [newFill('50000', '0.3', { at: T0 - 1 }), newFill('50000', '0.2', { at: T0 })];
    const bought = followOrder(p, entry, fills, BTC, T0 + 1).position;
    expect(bought.flatten?.shortage?.free.toFixed()).toBe('0.2');

    const freeAfter = (change: Partial<Order>, isFlatten: boolean) => {
      const order = newOrder({
        ...{ orderId: 'ended', role: 'exit', side: 'sell', quantity: d('0.4'), status: 'cancelled' },
        ...{ exit: { cause: 'manual', flatten: isFlatten, trigger: null, resident: false }, send: newSend() },
        ...{ createdAt: T0 - 5_000, updatedAt: T0 + 1, ...change },
      });
      return exitSettled(withExit(p, order, null, T0), order, T0 + 1).flatten?.shortage?.free.toFixed();
    };
    const endedAt = (finalAt: number) => ({ timings: { ...entry.timings, finalAt } });
    const unsent = { send: newSend({ outcome: 'not_executed' }) };
    for (const isFlatten of [false, true]) {
      expect(freeAfter(endedAt(T0), isFlatten)).toBe('0.4');
      // The account was asked after it had let go of them.
      expect(freeAfter(endedAt(T0 - 1), isFlatten)).toBe('0');
      // The venue never had it, so they were free all the while.
      expect(freeAfter({ ...endedAt(T0 + 1), ...unsent }, isFlatten)).toBe('0');
      expect(freeAfter({ ...endedAt(T0 + 1), send: null }, isFlatten)).toBe('0');
    }
    // What was made of the coins that the account showed gives them back, whatever the venue's clock says.
    expect(freeAfter({ createdAt: T0, ...endedAt(T0 - 1) }, true)).toBe('0.4');
    expect(freeAfter({ createdAt: T0, ...endedAt(T0 + 1), ...unsent }, true)).toBe('0.4');
  });

  it('closes what is left of it where that is dust', () => {
    expect(kinds(noted(closing('0.00009'), funds('0')), T0)).toEqual(['close']);
  });

  it('gives back what an order could not sell, not what was refused', () => {
    const p = noted(closing('1'), funds('0.4'));
    const order: Order = newOrder({
      ...{ orderId: 'exit', role: 'exit', side: 'sell', quantity: d('0.4') },
      exit: { cause: 'manual', flatten: true, trigger: null, resident: false },
    });
    const sent = spent(withExit(p, order, null, T0), d('0.4'), T0);
    const ended = (status: Order['status'], filled: string) =>
      exitSettled(sent, { ...order, status, filledQuantity: d(filled), venueQuantity: d(filled) }, T0)
        .flatten;
    expect(ended('expired', '0.1')).toMatchObject({ step: 2, shortage: { free: d('0.3') } });
    expect(ended('rejected', '0')).toMatchObject({ retryAt: T0 + 2_000, shortage: { free: d('0') } });
    expect(ended('filled', '0.4')).toMatchObject({ step: 0, retryAt: T0 + WAIT_MS });
    const { flatten } = sent;
    expect(flatten && activeShortage(flatten, T0 + WAIT_MS)).toBeNull();
  });

  it('names who holds the coins', () => {
    const held = funds('0', '0.5', [
      { venueOrderId: '17', quantity: d('0.3'), ours: false },
      { venueOrderId: '18', quantity: d('0.2'), ours: true },
    ]);
    const shortage = { ...held, until: T0 + 1 };
    expect(shortageText('BTC', d('0.6'), shortage)).toBe(
      '0.6 BTC cannot be sold: the account has 0.5 locked by order 17 of the app (0.3), order 18 of this system (0.2), and 0.1 are not there',
    );
    expect(shortageText('BTC', d('0.6'), { ...shortage, holders: null })).toBe(
      '0.6 BTC cannot be sold: 0.5 are locked by orders that could not be asked for',
    );
  });
});
