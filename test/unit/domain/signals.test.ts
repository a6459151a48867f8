/** What a signal may do: by the position, the wallet's policy, and what stands. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimFlatten } from '../../../shared/domain/exits.ts';
import type { Decimal } from '../../../shared/domain/money/decimal.ts';
import { roundProtection } from '../../../shared/domain/protection.ts';
import type {
  Adjustment,
  SignalAction,
  SignalPolicy,
  SignalSummary,
} from '../../../shared/domain/signal-facts.ts';
import {
  adjustProtection,
  DEFAULT_SIGNAL_POLICY,
  decideSignal,
  withSignal,
} from '../../../shared/domain/signals.ts';
import type { Arming, Position, Protection } from '../../../shared/domain/types.ts';
import { BTC, d, newPosition, T0 } from './builders.ts';

const ACTS: SignalPolicy = { act: true, minConfidence: d('0.8'), allowLoosen: false };
const FREE: SignalPolicy = { ...ACTS, allowLoosen: true };
const OFF: SignalPolicy = { ...ACTS, act: false };

const stop = (price: string) => ({ stopLoss: { price: d(price) } });
const percent = (distance: string, from: string | null = null) => ({
  trailingStop: { distance: { percent: d(distance) }, activationPrice: from === null ? null : d(from) },
});
const amount = (distance: string) => ({
  trailingStop: { distance: { amount: d(distance) }, activationPrice: null },
});
const even = (activation: string, offset = '0') => ({
  breakEven: { activationProfitPercent: d(activation), offsetPercent: d(offset) },
});

function held(protection: Partial<Protection> = {}, side: 'long' | 'short' = 'long'): Position {
  const position = newPosition(side === 'long' ? 'buy' : 'sell', protection);
  return {
    ...position,
    status: 'open',
    entryQuantity: d(1),
    entryQuote: d(50_000),
    quantity: d(1),
    cost: d(50_000),
  };
}

function flattened(p: Position): Position {
  const claimed = claimFlatten(p, { cause: 'manual', price: d(50_000), trigger: null, at: T0 });
  if (!claimed.ok) throw new Error('not claimed');
  return claimed.value;
}

const decide = (
  p: Position,
  policy: SignalPolicy,
  action: SignalAction,
  confidence = '0.9',
  adjust: Adjustment | null = action === 'adjust' ? stop('49500') : null,
) => decideSignal(p, policy, { action, confidence: d(confidence), adjust }, BTC);

const told = (decision: ReturnType<typeof decideSignal>): string => {
  if (decision.kind === 'record') return `record ${decision.reason?.code ?? 'as asked'}`;
  return decision.kind === 'refuse'
    ? `refuse ${decision.reason.code} ${decision.reason.field}`
    : decision.kind;
};

describe('a signal', () => {
  const open = held(stop('49000'));
  const closed: Position = { ...open, status: 'closed' };

  it.each<[string, Position, SignalPolicy, SignalAction, string, string]>([
    ['a hold', open, ACTS, 'hold', '0', 'record as asked'],
    ['a hold of a closing position', flattened(open), ACTS, 'hold', '1', 'record as asked'],
    ['a hold of a closed one', closed, ACTS, 'hold', '1', 'closed'],
    ['a close', open, ACTS, 'close', '0.8', 'close'],
    ['a close of one that is not open yet', newPosition(), ACTS, 'close', '1', 'close'],
    ['a close below the threshold', open, ACTS, 'close', '0.79999', 'record below_min_confidence'],
    ['a close where nothing may act', open, OFF, 'close', '1', 'record acting_off'],
    ['a close by default', open, DEFAULT_SIGNAL_POLICY, 'close', '1', 'record acting_off'],
    ['a close of a closing position', flattened(open), ACTS, 'close', '1', 'already_closing'],
    ['a close of a closing one, whatever the policy', flattened(open), OFF, 'close', '0', 'already_closing'],
    ['a close of a closed one', closed, ACTS, 'close', '1', 'closed'],
    ['an adjustment', open, ACTS, 'adjust', '1', 'adjust'],
    ['an adjustment below the threshold', open, ACTS, 'adjust', '0.1', 'record below_min_confidence'],
    ['an adjustment where nothing may act', open, OFF, 'adjust', '1', 'record acting_off'],
    ['an adjustment of a closing one', flattened(open), ACTS, 'adjust', '1', 'already_closing'],
    ['an adjustment of a closed one', { ...open, status: 'liquidated' }, ACTS, 'adjust', '1', 'closed'],
  ])('%s', (_what, position, policy, action, confidence, expected) => {
    expect(told(decide(position, policy, action, confidence))).toBe(expected);
  });

  it('is counted on its position, the last one with what it said', () => {
    const last: SignalSummary['last'] = {
      ...{ signalId: 's', at: T0, action: 'close', confidence: d('0.4'), urgency: 'critical' },
      ...{ agentId: 'a', outcome: 'recorded' },
    };
    const rest = { reasoning: 'long text', adjust: null, reason: null, exitOrderId: null };
    const once = withSignal(held(), { ...last, ...rest });
    expect(once.signals).toEqual({ count: 1, last });
    const twice = withSignal(once, { ...last, ...rest, signalId: 't', action: 'hold' });
    expect(twice.signals).toMatchObject({ count: 2, last: { signalId: 't', action: 'hold' } });
    // Nothing that is owed depends on it.
    expect({ ...once, signals: null }).toEqual(held());
  });
});

describe('an adjustment', () => {
  const loose = 'refuse stop_would_loosen adjust.';
  it.each<[string, 'long' | 'short', Partial<Protection>, Adjustment, string]>([
    ['raises the stop of a long', 'long', stop('49000'), stop('49000.01'), 'adjust'],
    ['repeats it', 'long', stop('49000'), stop('49000'), 'adjust'],
    ['lowers it', 'long', stop('49000'), stop('48999.99'), `${loose}stop_loss`],
    ['lowers it by less than a tick', 'long', stop('49000'), stop('48999.995'), 'adjust'],
    ['takes it away', 'long', stop('49000'), { stopLoss: null }, `${loose}stop_loss`],
    ['lowers the stop of a short', 'short', stop('51000'), stop('50999.99'), 'adjust'],
    ['raises it', 'short', stop('51000'), stop('51000.01'), `${loose}stop_loss`],
    ['sets the first stop', 'long', {}, stop('40000'), 'adjust'],
    ['moves targets as it likes', 'long', stop('49000'), { takeProfits: [] }, 'adjust'],
    ['sets the first trailing stop', 'long', stop('49000'), percent('50', '90000'), 'adjust'],
    ['shortens a distance', 'long', percent('2'), percent('1.99'), 'adjust'],
    ['lengthens it', 'long', percent('2'), percent('2.01'), `${loose}trailing_stop.distance_percent`],
    [
      'lengthens an amount',
      'short',
      amount('500'),
      amount('500.01'),
      `${loose}trailing_stop.distance_amount`,
    ],
    ['makes an amount of a percentage', 'long', percent('2'), amount('1'), `${loose}trailing_stop`],
    ['makes a percentage of an amount', 'short', amount('500'), percent('0.1'), `${loose}trailing_stop`],
    ['takes the trailing stop away', 'long', percent('2'), { trailingStop: null }, `${loose}trailing_stop`],
    ['lets it begin earlier', 'long', percent('2', '52000'), percent('2', '51000'), 'adjust'],
    ['lets it begin at once', 'long', percent('2', '52000'), percent('2'), 'adjust'],
    [
      'lets it begin later',
      'long',
      percent('2', '52000'),
      percent('1', '52000.01'),
      `${loose}trailing_stop.activation_price`,
    ],
    [
      'lets that of a short begin later',
      'short',
      percent('2', '48000'),
      percent('1', '47999.99'),
      `${loose}trailing_stop.activation_price`,
    ],
    [
      'lets it wait that need not',
      'long',
      percent('2'),
      percent('2', '50000'),
      `${loose}trailing_stop.activation_price`,
    ],
    ['sets a break-even rule', 'long', stop('49000'), even('3'), 'adjust'],
    ['brings it forward', 'long', even('1', '0.1'), even('0.9', '0.2'), 'adjust'],
    ['puts it off', 'long', even('1'), even('1.01'), `${loose}break_even.activation_profit_percent`],
    ['lowers its offset', 'long', even('1', '0.2'), even('1', '0.1'), `${loose}break_even.offset_percent`],
    ['takes it away', 'long', even('1'), { breakEven: null }, `${loose}break_even`],
  ])('%s', (_what, side, before, adjust, expected) => {
    const position = held(roundProtection({ ...newPosition().protection, ...before }, side, BTC), side);
    expect(told(decide(position, ACTS, 'adjust', '1', adjust))).toBe(expected);
    expect(told(decide(position, FREE, 'adjust', '1', adjust))).toBe('adjust');
  });

  it('says what the bound is', () => {
    const decision = decide(held(stop('49000')), ACTS, 'adjust', '1', stop('48000'));
    expect(decision).toMatchObject({
      kind: 'refuse',
      reason: { fix: 'send at least 49000, or leave it out', facts: { now: '49000' } },
    });
  });

  it('of a trailing stop goes on from what that has reached, unless it loosens it', () => {
    const before = {
      ...held(percent('2')),
      armings: { trailing_stop: { tick: 1, at: T0, peak: d(50_000) } },
    };
    const standing: Arming = { tick: 9, at: T0 + 5, peak: d(52_000) };
    const wanted = (change: Adjustment): Protection => ({ ...before.protection, ...change });
    const tighter = adjustProtection(before, wanted(percent('1')), standing, T0 + 5);
    expect(tighter.armings['trailing_stop']).toEqual(standing);
    const looser = adjustProtection(before, wanted(percent('3')), standing, T0 + 5);
    expect(looser.armings['trailing_stop']).toBeUndefined();
    // Another level leaves it as it is.
    const other = adjustProtection(before, wanted(stop('49000')), standing, T0 + 5);
    expect(other.armings['trailing_stop']).toEqual({ tick: 1, at: T0, peak: d(50_000) });
    expect(adjustProtection(before, before.protection, standing, T0 + 5)).toBe(before);
  });
});

describe('any sequence of signals', () => {
  interface Held {
    readonly position: Position;
    /** What the trailing stop has reached; null while it waits. */
    readonly peak: Decimal | null;
  }
  type Step = { readonly price: number } | { readonly adjust: Adjustment };

  const price = fc.integer({ min: 40_000, max: 60_000 });
  const levels = fc.record(
    {
      stopLoss: fc.option(price.map((p) => ({ price: d(p) }))),
      trailingStop: fc.option(
        fc.record({
          distance: fc.oneof(
            fc.integer({ min: 1, max: 999 }).map((bp) => ({ percent: d(bp).dividedBy(100) })),
            fc.integer({ min: 1, max: 5_000 }).map((n) => ({ amount: d(n) })),
          ),
          activationPrice: fc.option(price.map(d)),
        }),
      ),
      breakEven: fc.option(
        fc.record({
          activationProfitPercent: fc.integer({ min: 1, max: 300 }).map((bp) => d(bp).dividedBy(100)),
          offsetPercent: fc.integer({ min: 0, max: 50 }).map((bp) => d(bp).dividedBy(100)),
        }),
      ),
    },
    { requiredKeys: [] },
  );
  const steps: fc.Arbitrary<readonly Step[]> = fc.array(
    fc.oneof(fc.record({ price }), fc.record({ adjust: levels }), fc.record({ adjust: levels })),
    { minLength: 1, maxLength: 25 },
  );

  const better = (side: string, a: Decimal, b: Decimal): Decimal =>
    (side === 'long' ? a.greaterThan(b) : a.lessThan(b)) ? a : b;

  function raised({ position, peak }: Held, at: Decimal): Held {
    const trailing = position.protection.trailingStop;
    if (trailing === null) return { position, peak: null };
    if (peak !== null) return { position, peak: better(position.side, peak, at) };
    const from = trailing.activationPrice;
    const begins = from === null || better(position.side, at, from).equals(at);
    return { position, peak: begins ? at : null };
  }

  /** In the words of the rule: the tightest of all that stand. */
  function tightest({ position, peak }: Held): Decimal | null {
    const { stopLoss, trailingStop } = position.protection;
    const all = [stopLoss?.price ?? null, position.breakEvenStop];
    if (trailingStop !== null && peak !== null) {
      const { distance } = trailingStop;
      const far = 'percent' in distance ? peak.times(distance.percent).dividedBy(100) : distance.amount;
      all.push(position.side === 'long' ? peak.minus(far) : peak.plus(far));
    }
    const standing = all.filter((one) => one !== null);
    return standing.length === 0 ? null : standing.reduce((a, b) => better(position.side, a, b));
  }

  function step(before: Held, given: Step, at: Decimal, policy: SignalPolicy): Held {
    if ('price' in given) return raised(before, at);
    const { position, peak } = before;
    const decision = decide(position, policy, 'adjust', '1', given.adjust);
    if (decision.kind !== 'adjust') return before;
    const wanted = roundProtection({ ...position.protection, ...decision.change }, position.side, BTC);
    const standing = peak === null ? null : { tick: 1, at: T0, peak };
    const next = adjustProtection(position, wanted, standing, T0);
    const [old, arming] = [position.armings['trailing_stop'], next.armings['trailing_stop']];
    // An arming that stays is that of a stop that goes on; another one says where it goes on, none that it is new.
    const isKept = next === position || (arming !== undefined && arming === old);
    return raised({ position: next, peak: isKept ? peak : (arming?.peak ?? null) }, at);
  }

  const run = (side: 'long' | 'short', first: Adjustment, given: readonly Step[], policy: SignalPolicy) => {
    let at = d(50_000);
    const protection = roundProtection({ ...newPosition().protection, ...first }, side, BTC);
    const even = protection.breakEven === null ? null : d(49_000);
    let now = raised({ position: { ...held(protection, side), breakEvenStop: even }, peak: null }, at);
    const stops = [tightest(now)];
    for (const one of given) {
      if ('price' in one) at = d(one.price);
      now = step(now, one, at, policy);
      stops.push(tightest(now));
    }
    return stops;
  };
  const isLoosened = (side: string, stops: readonly (Decimal | null)[]): boolean =>
    stops.some((after, i) => {
      const before = stops[i - 1] ?? null;
      return before !== null && (after === null || !better(side, after, before).equals(after));
    });

  const stories = fc.tuple(fc.constantFrom<('long' | 'short')[]>('long', 'short'), levels, steps);

  it('without permission never puts the stop further away, nor takes it', () => {
    fc.assert(
      fc.property(stories, ([side, first, given]) => {
        expect(isLoosened(side, run(side, first, given, ACTS))).toBe(false);
      }),
      { numRuns: 3_000 },
    );
  });

  it('with permission does, so that the property says something', () => {
    const found = fc.check(
      fc.property(stories, ([side, first, given]) => !isLoosened(side, run(side, first, given, FREE))),
      { numRuns: 300 },
    );
    expect(found.failed).toBe(true);
  });
});
