import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZERO } from '../../../shared/domain/money/decimal.ts';
import {
  averagePrice,
  isFinal,
  isSettled,
  type OrderEvent,
  type OrderEventKind,
  ownRefusal,
  remaining,
  TRANSITIONS,
  transition,
} from '../../../shared/domain/orders.ts';
import { ORDER_STATUSES, type Order, type OrderStatus } from '../../../shared/domain/types.ts';
import {
  accepted,
  apply,
  claimed,
  d,
  filled,
  newAmendment,
  newFill,
  newOrder,
  newReport,
  newSend,
  reported,
  T0,
} from './builders.ts';

const refusal = ownRefusal('filter', 'no');
const EVENTS: Record<OrderEventKind, OrderEvent> = {
  claimed: claimed(T0 + 1),
  accepted: accepted(T0 + 1),
  refused: { kind: 'refused', at: T0 + 1, refusal, cause: 'venue' },
  not_sent: { kind: 'not_sent', at: T0 + 1, reason: 'budget', retryAt: T0 + 500 },
  not_executed: { kind: 'not_executed', at: T0 + 1, reason: '-1021', cause: 'venue' },
  reply_lost: { kind: 'reply_lost', at: T0 + 1, reason: 'timeout' },
  proven_absent: { kind: 'proven_absent', at: T0 + 1, cause: 'resolver' },
  cancel_wanted: { kind: 'cancel_wanted', at: T0 + 1, cause: 'api' },
  amend_wanted: { kind: 'amend_wanted', at: T0 + 1, amendment: newAmendment() },
  amend_refused: { kind: 'amend_refused', at: T0 + 1, reason: '-2038' },
  gave_up: { kind: 'gave_up', at: T0 + 1, refusal, cause: 'sender' },
  filled: filled(newFill('50000', '0.4'), T0 + 1),
  reported: reported({ status: 'partially_filled', cumulativeQuantity: d('0.4') }),
  touched: { kind: 'touched', at: T0 + 1, tick: 9 },
  armed: { kind: 'armed', at: T0 + 1, tick: 9 },
};

/** An order of one unit in each status, as it comes about. */
const IN_STATUS: Record<OrderStatus, Order> = {
  pending: newOrder(),
  submitted: apply(newOrder(), claimed()),
  open: apply(newOrder(), claimed(), accepted()),
  partially_filled: apply(newOrder(), claimed(), accepted(), filled(newFill('50000', '0.1'))),
  filled: apply(newOrder(), claimed(), accepted(), filled(newFill('50000', '1'))),
  cancelling: apply(newOrder(), claimed(), accepted(), EVENTS.cancel_wanted),
  cancelled: apply(newOrder(), EVENTS.cancel_wanted),
  rejected: apply(newOrder(), claimed(), EVENTS.refused),
  expired: apply(newOrder(), claimed(), reported({ status: 'expired' })),
  failed: apply(newOrder(), claimed(), EVENTS.proven_absent),
};

type Answer = OrderStatus | 'illegal_transition' | 'already_final' | 'nothing_to_do';
const final: Record<OrderEventKind, Answer | 'stays'> = {
  claimed: 'already_final',
  accepted: 'already_final',
  refused: 'already_final',
  not_sent: 'already_final',
  not_executed: 'already_final',
  reply_lost: 'already_final',
  proven_absent: 'already_final',
  cancel_wanted: 'already_final',
  amend_wanted: 'already_final',
  amend_refused: 'already_final',
  gave_up: 'already_final',
  filled: 'stays',
  reported: 'stays',
  touched: 'already_final',
  armed: 'already_final',
};
const illegal = 'illegal_transition';
const working: Record<OrderEventKind, Answer | 'stays'> = {
  claimed: illegal,
  accepted: 'nothing_to_do',
  refused: illegal,
  not_sent: illegal,
  not_executed: illegal,
  reply_lost: illegal,
  proven_absent: illegal,
  cancel_wanted: 'cancelling',
  amend_wanted: 'cancelling',
  // None is under way.
  amend_refused: 'nothing_to_do',
  gave_up: illegal,
  filled: 'partially_filled',
  reported: 'partially_filled',
  touched: 'stays',
  armed: 'stays',
};
/** What each status answers to each event above: written out, so that a change of the table is seen here. */
const EXPECTED: Record<OrderStatus, Record<OrderEventKind, Answer | 'stays'>> = {
  pending: {
    ...working,
    claimed: 'submitted',
    accepted: 'open',
    refused: 'rejected',
    not_sent: 'nothing_to_do',
    not_executed: 'nothing_to_do',
    proven_absent: 'nothing_to_do',
    cancel_wanted: 'cancelled',
    // Of what is to be replaced: a pending order is changed where it stands.
    amend_wanted: illegal,
    gave_up: 'rejected',
    touched: illegal,
    armed: illegal,
  },
  submitted: {
    ...working,
    accepted: 'open',
    refused: 'rejected',
    not_sent: 'pending',
    not_executed: 'pending',
    reply_lost: 'stays',
    proven_absent: 'failed',
    touched: illegal,
    armed: illegal,
  },
  open: working,
  partially_filled: { ...working, reported: 'stays' },
  cancelling: {
    ...working,
    accepted: 'stays',
    refused: 'rejected',
    not_sent: 'cancelled',
    not_executed: 'cancelled',
    // Its attempt was answered already.
    reply_lost: 'nothing_to_do',
    proven_absent: 'cancelled',
    cancel_wanted: 'nothing_to_do',
    amend_wanted: illegal,
    filled: 'stays',
    reported: 'stays',
  },
  filled: { ...final, reported: 'already_final' },
  cancelled: final,
  rejected: final,
  expired: final,
  failed: final,
};

describe('the transition table', () => {
  for (const status of ORDER_STATUSES) {
    for (const [kind, expected] of Object.entries(EXPECTED[status])) {
      it(`${status} + ${kind} = ${expected}`, () => {
        const event = EVENTS[kind as OrderEventKind];
        const before = IN_STATUS[status];
        const result = transition(before, event);
        if (expected === 'stays') {
          expect(result.ok && result.value.status).toBe(status);
        } else if (ORDER_STATUSES.some((s) => s === expected)) {
          expect(result.ok && result.value.status).toBe(expected);
        } else {
          expect(result.ok ? 'ok' : result.error.code).toBe(expected);
        }
        if (result.ok && result.value.status !== before.status) {
          const last = result.value.statusHistory.at(-1);
          expect(last?.status).toBe(result.value.status);
          expect(last?.reason).not.toBe('');
          expect(result.value.dueTries).toBe(0);
          expect(result.value.timings.finalAt !== null).toBe(isFinal(result.value.status));
        }
        expect(result.ok ? result.value.version : before.version).toBe(before.version);
      });
    }
  }

  it('has an answer in every cell', () => {
    for (const status of ORDER_STATUSES) {
      expect(Object.keys(TRANSITIONS[status]).sort()).toEqual(Object.keys(EVENTS).sort());
    }
  });
});

describe('sending', () => {
  it('keeps when the request left, and the venue id of its acceptance', () => {
    const order = apply(newOrder(), claimed(T0 + 5), accepted(T0 + 9));
    expect(order.timings).toMatchObject({
      claimedAt: T0 + 5,
      sentAt: T0 + 5,
      acceptedAt: T0 + 9,
      finalAt: null,
    });
    expect(order.send?.outcome).toBe('answered');
    expect(order.venueOrderId).toBe('venue-1');
  });

  it('a lost reply keeps it submitted and unknown; absence fails an entry and re-opens an exit', () => {
    const unknown = (role: 'entry' | 'exit') => apply(newOrder({ role }), claimed(), EVENTS.reply_lost);
    expect(unknown('entry')).toMatchObject({ status: 'submitted', send: { outcome: 'unknown' } });
    expect(transition(unknown('entry'), EVENTS.reply_lost)).toMatchObject({
      error: { code: 'nothing_to_do' },
    });
    const entry = apply(unknown('entry'), EVENTS.proven_absent);
    expect(entry).toMatchObject({ status: 'failed', refusal: { code: 'not_executed' } });
    const exit = apply(unknown('exit'), EVENTS.proven_absent);
    expect(exit).toMatchObject({
      status: 'pending',
      send: { attempt: 1, outcome: 'not_executed' },
      dueAt: T0 + 1,
    });
    const again = apply(exit, {
      kind: 'claimed',
      at: T0 + 2,
      send: newSend({ attempt: 2, claimedAt: T0 + 2 }),
    });
    expect(again).toMatchObject({ status: 'submitted', send: { attempt: 2, outcome: 'sent' } });
  });

  it('what was not sent waits for its retry time', () => {
    expect(apply(newOrder(), claimed(), EVENTS.not_sent)).toMatchObject({
      status: 'pending',
      dueAt: T0 + 500,
    });
    expect(apply(newOrder(), claimed(), EVENTS.not_executed)).toMatchObject({
      status: 'pending',
      dueAt: T0 + 1,
    });
  });

  it('a cancel wanted while unknown ends as cancelled once absence is proven', () => {
    const order = apply(newOrder({ role: 'exit' }), claimed(), EVENTS.cancel_wanted, EVENTS.reply_lost);
    expect(order).toMatchObject({ status: 'cancelling', cancelWanted: { cause: 'api' } });
    expect(apply(order, EVENTS.proven_absent).status).toBe('cancelled');
  });

  it('any evidence of the venue outranks an empty answer', () => {
    const counted = apply(newOrder({ venueQuantity: d('0.1') }), claimed());
    expect(transition(counted, EVENTS.proven_absent)).toMatchObject({ error: { code: illegal } });
  });

  it('an attempt thought void that the venue has is not sent again', () => {
    const voided = apply(newOrder({ role: 'exit' }), claimed(), EVENTS.proven_absent);
    expect(apply(voided, filled(newFill('50000', '0.4'))).status).toBe('partially_filled');
    expect(apply(voided, reported({ status: 'new' })).status).toBe('open');
  });
});

describe('reports', () => {
  const open = IN_STATUS.open;
  it('raise the cumulative quantity and never lower it', () => {
    const ahead = apply(open, reported({ status: 'partially_filled', cumulativeQuantity: d('0.7') }));
    expect(ahead.venueQuantity.toFixed()).toBe('0.7');
    const behind = transition(ahead, reported({ status: 'partially_filled', cumulativeQuantity: d('0.2') }));
    expect(behind).toMatchObject({ ok: false, error: { code: 'nothing_to_do' } });
    expect(transition(ahead, reported({ status: 'new' })).ok).toBe(false);
  });

  it('a final order is settled only when its fills add up', () => {
    const gap = apply(open, reported({ status: 'filled', cumulativeQuantity: d(1) }));
    expect([gap.status, isSettled(gap)]).toEqual(['filled', false]);
    const settled = apply(gap, filled(newFill('50000', '1')));
    expect([settled.status, isSettled(settled)]).toEqual(['filled', true]);
    expect(isSettled(open)).toBe(false);
  });

  it('a fill that beats the cancel wins', () => {
    expect(apply(IN_STATUS.cancelling, filled(newFill('50000', '1'))).status).toBe('filled');
    expect(apply(IN_STATUS.cancelling, filled(newFill('50000', '0.4'))).status).toBe('cancelling');
    expect(apply(IN_STATUS.cancelling, reported({ status: 'cancelled' })).status).toBe('cancelled');
  });

  it("a rejection carries the venue's reason", () => {
    const rejected = apply(IN_STATUS.submitted, reported({ status: 'rejected', reason: 'PRICE_RANGE' }));
    expect(rejected.refusal).toEqual(ownRefusal('venue_rejected', 'PRICE_RANGE'));
  });

  it('a later report of a final order may raise its total and nothing else', () => {
    const next = apply(IN_STATUS.cancelled, reported({ status: 'filled', cumulativeQuantity: d('0.3') }));
    expect([next.status, next.venueQuantity.toFixed(), isSettled(next)]).toEqual(['cancelled', '0.3', false]);
    expect(transition(next, reported({ status: 'filled', cumulativeQuantity: d('0.3') }))).toMatchObject({
      error: { code: 'already_final' },
    });
  });

  it('the first news settles an unanswered attempt', () => {
    const lost = apply(newOrder(), claimed(), EVENTS.cancel_wanted, EVENTS.reply_lost);
    expect(apply(lost, reported({ status: 'new' })).send?.outcome).toBe('answered');
  });
});

describe('resting orders', () => {
  it('a touch asks for arming anew, news takes the touch back', () => {
    const armed = apply(IN_STATUS.open, EVENTS.armed);
    expect(armed).toMatchObject({ armedTick: 9, armedAt: T0 + 1 });
    const touched = apply(armed, { kind: 'touched', at: T0 + 2, tick: 12 });
    expect(touched).toMatchObject({ touchedAt: T0 + 2, armedTick: 12, armedAt: null });
    expect(apply(armed, { kind: 'touched', at: T0 + 2 }).armedTick).toBe(9);
    expect(apply(touched, filled(newFill('1', '0.1'))).touchedAt).toBeNull();
    expect(apply(touched, reported({})).touchedAt).toBeNull();
  });
});

describe('sums', () => {
  it('are exact, with fees by asset and the average derived', () => {
    const order = apply(
      IN_STATUS.open,
      filled(newFill('50000', '0.4', { fee: { asset: 'USDT', amount: d('20') } })),
      filled(newFill('50010', '0.2', { fee: { asset: 'BTC', amount: d('0.0002') } })),
      filled(newFill('50020', '0.1', { fee: { asset: 'USDT', amount: d('5.002') } })),
    );
    expect(order.filledQuote.toFixed()).toBe('35004');
    expect(order.fees.map((f) => `${f.amount.toFixed()} ${f.asset}`)).toEqual(['25.002 USDT', '0.0002 BTC']);
    expect(remaining(order).toFixed()).toBe('0.3');
    expect(averagePrice(order)?.toFixed()).toBe('50005.714285714285714286');
    expect(averagePrice(newOrder())).toBeNull();
    expect(order.timings.firstFillAt).toBe(T0);
  });

  it('a fill above the amount counts and leaves nothing remaining', () => {
    const order = apply(IN_STATUS.open, filled(newFill('50000', '1.2')));
    expect([order.status, remaining(order).toFixed()]).toEqual(['filled', '0']);
  });
});

const anyEvent: fc.Arbitrary<OrderEvent> = fc.oneof(
  fc.constantFrom(...Object.values(EVENTS).filter((e) => e.kind !== 'filled' && e.kind !== 'reported')),
  fc.integer({ min: 1, max: 60 }).map((n) => filled(newFill('50000', (n / 100).toFixed(2)))),
  fc
    .record({
      status: fc.constantFrom(
        'new',
        'partially_filled',
        'filled',
        'cancelled',
        'rejected',
        'expired' as const,
      ),
      hundredths: fc.integer({ min: 0, max: 100 }),
    })
    .map(({ status, hundredths }) => reported({ status, cumulativeQuantity: d(hundredths).dividedBy(100) })),
);

describe('over any events', () => {
  it('a final status never changes, totals never go down, times never go back', () => {
    fc.assert(
      fc.property(
        fc.array(anyEvent, { maxLength: 25 }),
        fc.constantFrom('entry', 'exit' as const),
        (events, role) => {
          let order = newOrder({ role });
          let quantity = ZERO;
          for (const event of events) {
            const before = order;
            const result = transition(order, event);
            order = result.ok ? result.value : order;
            if (result.ok && event.kind === 'filled') quantity = quantity.plus(event.fill.quantity);
            if (isFinal(before.status)) expect(order.status).toBe(before.status);
            // A fill is never refused: it happened.
            if (event.kind === 'filled') expect(result.ok).toBe(true);
            expect(order.filledQuantity.equals(quantity)).toBe(true);
            expect(order.venueQuantity.greaterThanOrEqualTo(before.venueQuantity)).toBe(true);
            expect(order.venueQuantity.greaterThanOrEqualTo(order.filledQuantity)).toBe(true);
            expect(order.updatedAt).toBeGreaterThanOrEqual(before.updatedAt);
            expect(order.statusHistory.at(-1)?.status).toBe(order.status);
            if (order.status === 'failed') expect(order.timings.finalAt).not.toBeNull();
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('the same report twice changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 10 }), anyEvent, (events, last) => {
        fc.pre(last.kind === 'reported');
        const order = events.reduce((o, event) => {
          const next = transition(o, event);
          return next.ok ? next.value : o;
        }, newOrder());
        const once = transition(order, last);
        if (once.ok) expect(transition(once.value, last).ok).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it('news in any order leads to the same totals', () => {
    const report = newReport({ status: 'filled', cumulativeQuantity: d(1) });
    const parts = [newFill('50000', '0.5'), newFill('50010', '0.3'), newFill('49990', '0.2')];
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (sequence) => {
        const events = [
          ...parts.map((f) => filled(f)),
          { kind: 'reported', report, cause: 'venue' } as const,
        ];
        const order = sequence.reduce((o, i) => {
          const event = events[i];
          const next = event && transition(o, event);
          return next?.ok ? next.value : o;
        }, IN_STATUS.open);
        expect(order.filledQuote.toFixed()).toBe('50001');
        expect([order.status, isSettled(order)]).toEqual(['filled', true]);
      }),
    );
  });
});
