/** The rules of resident protection by themselves: what is to rest, who goes first, what follows from a refusal. */
import { describe, expect, it } from 'vitest';
import { nextDueOrder, nextDuePosition, withDue } from '../../../shared/domain/due.ts';
import { claimPart, newExitOrder, withExit } from '../../../shared/domain/exits.ts';
import { transition } from '../../../shared/domain/orders.ts';
import { applyEntryFill, claimableQuantity, freeQuantity } from '../../../shared/domain/positions.ts';
import { afterEnd, MOST_WAIT_MS, RESIDENT_REFUSALS } from '../../../shared/domain/resident-refusals.ts';
import { givesWay, hasSlot } from '../../../shared/domain/resident-slots.ts';
import {
  nextDueResident,
  residentEnded,
  residentKey,
  withResident,
} from '../../../shared/domain/resident-state.ts';
import {
  causeOfFill,
  goesFirst,
  planResident,
  type ResidentContext,
  type WantedResident,
  wantedResident,
  withPlaced,
} from '../../../shared/domain/residents.ts';
import type { Order, Position, Protection, Side } from '../../../shared/domain/types.ts';
import { releaseWaiting } from '../../../shared/domain/waiting-parts.ts';
import { BTC, d, newFill, newOrder, newPosition, newSend, T0 } from './builders.ts';

const held = (protection: Partial<Protection>, side: Side = 'buy', quantity = '0.5'): Position =>
  applyEntryFill(
    newPosition(side, { resident: 'stop', ...protection }),
    newFill('50000', quantity),
    newOrder({ side, quantity: d(quantity) }),
    T0,
  );
const AT = (price: number): ResidentContext => ({
  spec: BTC,
  now: T0 + 60_000,
  quote: { bid: d(price), ask: d(price), last: d(price) },
  peak: null,
});
const LONG = { stopLoss: { price: d(49_000) } };
const SHORT = { stopLoss: { price: d(51_000) } };

const wantedOf = (p: Position, context = AT(50_000)): WantedResident => {
  const wanted = wantedResident(p, context);
  if (wanted === null || typeof wanted === 'string') throw new Error(`nothing is to rest: ${wanted}`);
  return wanted;
};
/** The position with its resident order in the venue's book. */
function resting(p: Position, context = AT(50_000)): { p: Position; order: Order } {
  const wanted = wantedOf(p, context);
  const placed = withPlaced(
    withExit(p, { orderId: 'r', quantity: wanted.quantity }, 'stop_loss', T0),
    'r',
    wanted,
    T0,
  );
  const { type, quantity, stopPrice, limitPrice, stopLimitPrice, cause } = wanted;
  const made = newExitOrder(placed, {
    ...{ orderId: 'r', quantity, cause, type, stopPrice, limitPrice, stopLimitPrice },
    ...{ flatten: false, trigger: null, resident: true, now: T0 },
  });
  return { p: placed, order: { ...made, status: 'open', send: newSend({ outcome: 'answered' }) } };
}

describe('what is to rest', () => {
  it('covers what no other exit holds, at the tightest stop, on the side that closes', () => {
    expect(wantedOf(held(LONG))).toMatchObject({ type: 'stop_loss', form: 'stop', cause: 'stop_loss' });
    const sold = withExit(held(LONG), { orderId: 'e', quantity: d('0.2') }, null, T0);
    expect(wantedOf(sold).quantity.toFixed()).toBe('0.3');
    const short = wantedOf(held(SHORT, 'sell'));
    expect(short.stopPrice.toFixed()).toBe('51000');
    const trailing = { ...LONG, trailingStop: { distance: { percent: d(1) }, activationPrice: null } };
    const trailed = wantedOf(held(trailing), { ...AT(50_000), peak: d('50123.457') });
    // To the tick that triggers earlier.
    expect(trailed).toMatchObject({ levelName: 'trailing_stop', cause: 'trailing_stop' });
    expect(trailed.stopPrice.toFixed()).toBe('49622.23');
    expect(wantedOf(held(trailing), { ...AT(49_200), peak: d('49100') }).stopPrice.toFixed()).toBe('49000');
  });

  it.each<[string, Position, ResidentContext]>([
    ['no_stop', held({ takeProfits: [{ price: d(51_000), share: d(1) }] }), AT(50_000)],
    ['too_small', held(LONG, 'buy', '0.00001'), AT(50_000)],
    ['past_price', held(LONG), AT(49_000)],
    ['past_price', held(SHORT, 'sell'), AT(51_000)],
  ])('nothing: %s', (why, p, context) => {
    expect(wantedResident(p, context)).toBe(why);
  });

  it('nothing, where nothing is asked for or held', () => {
    expect(wantedResident(held({ ...LONG, resident: 'none' }), AT(50_000))).toBeNull();
    expect(wantedResident(newPosition('buy', { ...LONG, resident: 'stop' }), AT(50_000))).toBeNull();
  });
});

describe('what is done about the one that rests', () => {
  const step = (p: Position, order: Order, context = AT(50_000)) => planResident(p, order, context);

  it('nothing, while it is as it is to be', () => {
    const { p, order } = resting(held(LONG));
    expect(step(p, order)).toEqual({ kind: 'keep', lookAt: null, why: null, tries: 0 });
  });

  it('nothing while its end is on its way, and nothing that only a price could tell while there is none', () => {
    const trailing = { trailingStop: { distance: { percent: d(1) }, activationPrice: null } };
    const { p, order } = resting(held(trailing), { ...AT(50_000), peak: d(50_000) });
    expect(step(p, { ...order, cancelWanted: { at: T0, cause: 'api' } })).toMatchObject({ kind: 'keep' });
    expect(step(p, order, { ...AT(0), quote: null })).toMatchObject({ kind: 'keep' });
    expect(step(p, order)).toMatchObject({ kind: 'cancel', why: 'not_wanted' });
  });

  it('it is looked at less and less often while the venue says nothing of it, once a minute at last', () => {
    const { p, order } = resting(held(LONG));
    const waits = (state: Order, since: number): number[] =>
      [1_000, 20_000, 3_600_000].map((age) => {
        const now = since + age;
        const planned = step(p, state, { ...AT(50_000), now });
        return planned.kind === 'keep' && planned.lookAt !== null ? planned.lookAt - now : 0;
      });
    expect(waits({ ...order, status: 'submitted' }, T0)).toEqual([5_000, 20_000, 60_000]);
    const leaving: Order = { ...order, status: 'cancelling', cancelWanted: { at: T0 + 7_000, cause: 'api' } };
    expect(waits(leaving, T0 + 7_000)).toEqual([5_000, 20_000, 60_000]);
  });

  it('a price that stays past the stop is looked at less and less often', () => {
    let p = held(LONG);
    const waits: number[] = [];
    for (let n = 0; n < 7; n++) {
      const planned = planResident(p, null, AT(48_990));
      if (planned.kind !== 'keep' || planned.lookAt === null) throw new Error(planned.kind);
      const { why, tries, lookAt } = planned;
      expect(why).toBe('past_price');
      waits.push(lookAt - AT(0).now);
      p = withResident(p, { why, tries, lookAt }, AT(0).now);
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 32_000, 32_000]);
    expect(planResident(p, null, AT(50_000))).toMatchObject({ kind: 'place' });
  });

  it('it is taken back for less, for more, for another stop; for a little tighter one it is not', () => {
    const { p, order } = resting(held(LONG));
    const moved = (price: number): Position => ({
      ...p,
      protection: { ...p.protection, stopLoss: { price: d(price) } },
    });
    expect(step({ ...p, quantity: d('0.4') }, order)).toMatchObject({ kind: 'cancel', why: 'less_held' });
    expect(step({ ...p, quantity: d('0.6') }, order)).toMatchObject({ kind: 'cancel', why: 'grown' });
    expect(step(moved(48_999), order)).toMatchObject({ kind: 'cancel', why: 'looser' });
    expect(step(moved(49_097), order)).toMatchObject({ kind: 'keep' });
    expect(step(moved(49_098), order)).toMatchObject({ kind: 'cancel', why: 'tightened' });
    const early = { ...AT(50_000), now: T0 + 4_999 };
    expect(step(moved(49_098), order, early)).toMatchObject({ kind: 'keep', lookAt: T0 + 5_000 });
    expect(step({ ...p, protection: { ...p.protection, resident: 'none' } }, order)).toMatchObject({
      kind: 'cancel',
    });
  });
});

describe('first right', () => {
  const { p, order } = resting(held(LONG));
  const first = (price: string, change: Partial<Order> = {}) =>
    goesFirst(p, { ...order, ...change }, { price: d(price), cause: 'stop_loss' });

  it('is where its own level is reached, and not far beyond', () => {
    expect(first('49000.01')).toBe(false);
    expect(first('49000')).toBe(true);
    expect(first('48853.01')).toBe(true);
    expect(first('48853')).toBe(false);
  });

  it('is of an order that may sell by itself: sent, also where its answer is lost, and not being cancelled', () => {
    expect(first('48990', { status: 'submitted', send: newSend({ outcome: 'unknown' }) })).toBe(true);
    expect(first('48990', { status: 'pending' })).toBe(false);
    expect(first('48990', { status: 'cancelling', cancelWanted: { at: T0, cause: 'resident' } })).toBe(false);
    expect(first('48990', { status: 'cancelled' })).toBe(false);
    expect(goesFirst(p, null, { price: d('48990'), cause: 'stop_loss' })).toBe(false);
  });

  it('mirrored for a short', () => {
    const short = resting(held(SHORT, 'sell'));
    const hit = (price: string) => goesFirst(short.p, short.order, { price: d(price), cause: 'stop_loss' });
    expect([hit('50999'), hit('51000'), hit('51152'), hit('51153')]).toEqual([false, true, true, false]);
  });

  it('a stop has none at the target', () => {
    expect(goesFirst(p, order, { price: d('49000'), cause: 'take_profit' })).toBe(false);
  });
});

describe('the cause of a fill', () => {
  it.each([
    ['sell', 'oco', '51000', 'take_profit'],
    ['sell', 'oco', '50999', 'break_even'],
    ['buy', 'oco', '51000', 'take_profit'],
    ['buy', 'oco', '51001', 'break_even'],
    ['sell', 'stop_limit', '52000', 'break_even'],
  ] as const)('%s %s at %s: %s', (side, type, price, cause) => {
    const exit = { cause: 'break_even', flatten: false, trigger: null, resident: true } as const;
    expect(causeOfFill(newOrder({ side, type, exit, limitPrice: d(51_000) }), d(price))).toBe(cause);
  });
});

describe('the decision table', () => {
  const ended = (change: Partial<Order>) =>
    afterEnd({ status: 'rejected', refusal: null, cancelWanted: null, ...change });
  const refused = (code: string, filter: string | null = null) =>
    ended({ refusal: { code, message: '', venueCode: null, filter } });

  it('answers every refusal; only one acts at once', () => {
    const acting = Object.entries(RESIDENT_REFUSALS).filter(([, { kind }]) => kind !== 'wait');
    expect(acting.map(([code]) => code)).toEqual(['would_trigger']);
    expect(refused('venue_rejected')).toEqual(RESIDENT_REFUSALS.other);
    expect(refused('toString')).toEqual(RESIDENT_REFUSALS.other);
  });

  it('knows places and bands from other filters', () => {
    const why = (filter: string | null) => {
      const answer = refused('filter', filter);
      return answer.kind === 'wait' ? answer.why : answer.kind;
    };
    expect(['max_num_algo_orders', 'max_num_order_lists', 'max_num_orders'].map(why)).toEqual(
      Array(3).fill('no_slot'),
    );
    expect(['percent_price', 'percent_price_by_side'].map(why)).toEqual(['band', 'band']);
    expect(['price', 'notional', 'unknown', 'toString', null].map(why)).toEqual(Array(5).fill('filter'));
  });

  it('tells its own wishes from those of others', () => {
    const cancelled = (cause: string | null) =>
      ended({ status: 'cancelled', cancelWanted: cause === null ? null : { at: T0, cause } });
    expect(cancelled('resident')).toEqual({ kind: 'again' });
    expect(cancelled('resident_slot')).toMatchObject({ why: 'no_slot' });
    expect(cancelled('api')).toMatchObject({ why: 'ended_elsewhere' });
    expect(cancelled(null)).toMatchObject({ why: 'ended_elsewhere' });
    expect(ended({ status: 'expired' })).toMatchObject({ why: 'ended_elsewhere' });
  });

  it('waits longer with each refusal in a row, up to ten minutes, whatever else of the position changes', () => {
    let { p, order } = resting(held(LONG));
    const waits: number[] = [];
    for (let n = 0; n < 7; n++) {
      const rejected = {
        ...order,
        status: 'rejected',
        refusal: { code: 'other', message: '', venueCode: null, filter: null },
      } as const;
      p = residentEnded({ ...p, liveExits: [] }, rejected, T0);
      const lookAt = p.resident?.lookAt ?? 0;
      waits.push(lookAt - T0);
      const grown = { ...p, quantity: p.quantity.plus(1) };
      expect(planResident(grown, null, { ...AT(50_000), now: lookAt - 1 })).toMatchObject({
        kind: 'keep',
        lookAt,
      });
      const step = planResident(p, null, { ...AT(50_000), now: lookAt });
      if (step.kind !== 'place') throw new Error(step.kind);
      p = withPlaced(p, 'r', step.wanted, T0);
    }
    expect(waits.slice(0, 3)).toEqual([60_000, 120_000, 240_000]);
    expect(waits.at(-1)).toBe(MOST_WAIT_MS);
  });

  it('after a band, is asked again once it is nearer by half a percent', () => {
    const { p, order } = resting(held(LONG));
    const refusal = { code: 'filter', message: '', venueCode: null, filter: 'percent_price_by_side' };
    const refused = residentEnded({ ...p, liveExits: [] }, { ...order, status: 'rejected', refusal }, T0);
    const at = (price: number) => planResident(refused, null, AT(price)).kind;
    // 2 % away when it was refused.
    expect([at(50_000), at(49_800), at(49_700)]).toEqual(['keep', 'keep', 'place']);
  });
});

describe('places', () => {
  const spec = {
    ...BTC,
    rules: {
      ...BTC.rules,
      filters: [
        { kind: 'max_num_algo_orders', limit: 2 },
        { kind: 'max_num_order_lists', limit: 1 },
      ],
    },
  } as const;
  const live = (type: Order['type'], change: Partial<Order> = {}) =>
    newOrder({ type, status: 'open', ...change });

  it('are counted as the venue does: stops, and lists', () => {
    const one = [live('stop_loss'), live('limit'), live('market')];
    expect(hasSlot(spec, 'stop_loss', one)).toBe(true);
    expect(hasSlot(spec, 'oco', one)).toBe(true);
    expect(hasSlot(spec, 'stop_loss', [...one, live('oco')])).toBe(false);
    expect(hasSlot(spec, 'oco', [live('oco')])).toBe(false);
    expect(hasSlot(spec, 'stop_loss', [live('oco'), live('stop_loss', { status: 'filled' })])).toBe(true);
    expect(hasSlot(BTC, 'stop_loss', Array<Order>(99).fill(live('stop_loss')))).toBe(true);
  });

  it('go to the nearest; nobody gives way to one that is hardly nearer', () => {
    const holder = (positionId: string, distance: number) => ({
      positionId,
      orderId: positionId,
      distance: d(distance),
    });
    const holders = [holder('a', 3), holder('b', 5), holder('c', 1)];
    expect(givesWay(d(2), holders)?.positionId).toBe('b');
    expect(givesWay(d('4.5'), holders)?.positionId).toBe('b');
    expect(givesWay(d('4.6'), holders)).toBeNull();
    expect(givesWay(d(0), [])).toBeNull();
  });
});

describe('a part that the resident order holds', () => {
  const part = (p: Position, quantity: string, orderId = 'part') =>
    claimPart(p, { orderId, quantity: d(quantity), cause: 'manual', levelName: null, at: T0 }, BTC);
  const made = (p: Position, orderId = 'part', quantity = '0.2') =>
    newExitOrder(p, {
      orderId,
      quantity: d(quantity),
      cause: 'manual',
      flatten: false,
      trigger: null,
      now: T0,
    });

  it('is claimed without being reserved a second time, and cannot be sent', () => {
    const { p } = resting(held(LONG));
    const claimed = part(p, '0.2');
    if (!claimed.ok) throw new Error(claimed.error.code);
    expect(freeQuantity(claimed.value).toFixed()).toBe('0');
    expect(claimableQuantity(claimed.value).toFixed()).toBe('0.3');
    const order = made(claimed.value);
    expect(order.waitsFor).toBe('r');
    expect(transition(order, { kind: 'claimed', at: T0, send: newSend() })).toMatchObject({ ok: false });
    expect(nextDueOrder(order, T0)).toBeNull();
    // The position owes it instead.
    expect(nextDueResident(claimed.value, 0)).not.toBeNull();
    expect(nextDuePosition(claimed.value, T0)).not.toBeNull();
    expect(withDue(claimed.value, T0).dueAt).not.toBeNull();
    expect(part(claimed.value, '0.4', 'more')).toMatchObject({
      ok: false,
      error: { code: 'not_enough_free' },
    });
  });

  it('gets what is left of it, in the order in which they came; without anything left it ends', () => {
    const { p, order } = resting(held(LONG));
    const one = part(p, '0.3', 'one');
    const two = one.ok ? part(one.value, '0.2', 'two') : one;
    if (!two.ok) throw new Error('not claimed');
    const waiting = [made(two.value, 'one', '0.3'), made(two.value, 'two', '0.2')];
    expect(releaseWaiting(two.value, waiting, BTC, T0).orders).toEqual([]);
    const gone = residentEnded(
      { ...two.value, quantity: d('0.4'), liveExits: two.value.liveExits.filter((e) => e.orderId !== 'r') },
      { ...order, status: 'cancelled' },
      T0,
    );
    const released = releaseWaiting(gone, waiting, BTC, T0);
    expect(released.orders.map(({ after }) => [after.quantity.toFixed(), after.waitsFor])).toEqual([
      ['0.3', null],
      ['0.1', null],
    ]);
    expect(freeQuantity(released.position).toFixed()).toBe('0');
    const nothing = releaseWaiting({ ...gone, quantity: d('0.3') }, waiting, BTC, T0);
    expect(nothing.orders.map(({ after }) => after.status)).toEqual(['pending', 'cancelled']);
    expect(nothing.position.liveExits.map((e) => [e.orderId, e.reserved.toFixed(), e.waits])).toEqual([
      ['one', '0.3', null],
    ]);
  });
});

describe('when it is looked at', () => {
  it('whatever decides about it makes a look due; the look itself does not', () => {
    const p = held(LONG);
    const looked = withResident(p, { seen: residentKey(p) }, T0);
    expect(nextDueResident(p, 0)).toBe(T0);
    expect(nextDueResident(looked, 0)).toBeNull();
    const changed: Position[] = [
      { ...looked, quantity: d(1) },
      { ...looked, levelsVersion: 9 },
      { ...looked, protection: { ...looked.protection, resident: 'oco' } },
      withExit(looked, { orderId: 'e', quantity: d('0.1') }, null, T0),
    ];
    for (const one of changed) expect(nextDueResident(one, 0)).toBe(one.updatedAt);
    expect(
      nextDueResident(
        {
          ...changed[0],
          flatten: {
            cause: 'manual',
            price: null,
            trigger: null,
            at: T0,
            step: 0,
            retryAt: null,
            shortage: null,
            limit: null,
          },
        } as Position,
        0,
      ),
    ).toBeNull();
    expect(nextDueResident({ ...held({ ...LONG, resident: 'none' }) }, 0)).toBeNull();
  });
});
