/** How long a position has been without protection, by what is written of it (design section 9). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginWindow, endWindow } from '../../../shared/domain/confirmation.ts';
import { withDue } from '../../../shared/domain/due.ts';
import { claimFlatten } from '../../../shared/domain/exits.ts';
import { confirmArmed, windowsOf } from '../../../shared/domain/levels.ts';
import { applyEntryFill, maybeClose, reopened } from '../../../shared/domain/positions.ts';
import { changeProtection } from '../../../shared/domain/protection.ts';
import type { Order, Position, Protection, SendAttempt, TriggerFacts } from '../../../shared/domain/types.ts';
import { countUnknown, heldSince, unknownBy, unprotectedBy } from '../../../shared/domain/unprotected.ts';
import { BTC, d, newFill, newOrder, newPosition, T0 } from './builders.ts';

const STOP = { stopLoss: { price: d(49_000) } };
const FACTS: TriggerFacts = {
  ...{ levelName: 'stop_loss', cause: 'tick', source: 'bid', level: d(49_000), price: d(48_990), peak: null },
  ...{ bid: d(48_990), ask: d(48_990), last: d(48_990), bidSize: null, askSize: null, tickId: 7 },
  ...{ armedTickId: 1, tickAt: T0, recordedAt: 0, origin: null, ageMs: 0 },
};

const at = (ms: number): number => T0 + ms;
const by = (p: Position, ms: number) => unprotectedBy(p, at(ms));

/** Written `ms` after the beginning. */
const write = (p: Position, ms: number): Position => withDue({ ...p, version: p.version + 1 }, at(ms));

function filled(p: Position, ms: number, fillMs = ms): Position {
  const fill = { ...newFill('50000', '1'), at: at(fillMs) };
  const after = applyEntryFill(p, fill, newOrder({ orderId: p.entryOrderId }), at(ms));
  return write(p.openedAt === null ? heldSince(after, fill.at) : after, ms);
}
const armed = (p: Position, ms: number): Position => write(confirmArmed(p, p.levelsVersion, {}, at(ms)), ms);
const changed = (p: Position, change: Partial<Protection>, ms: number): Position =>
  write(changeProtection(p, { ...p.protection, ...change }, at(ms)), ms);
const reached = (p: Position, ms: number, tickId = 7): Position =>
  write(beginWindow(p, { trigger: { ...FACTS, tickId, tickAt: at(ms) }, since: at(ms) }, at(ms)), ms);
function claimed(p: Position, ms: number, trigger: TriggerFacts | null = null): Position {
  const cause = trigger === null ? 'manual' : 'stop_loss';
  const claim = claimFlatten(p, { cause, price: null, trigger, at: at(ms) });
  if (!claim.ok) throw new Error(claim.error.code);
  return write(claim.value, ms);
}
/** A write of a close that leaves all to do. */
const step = (p: Position, ms: number): Position => write({ ...p, updatedAt: at(ms), dueTries: 0 }, ms);
const closed = (p: Position, ms: number): Position =>
  write(maybeClose({ ...p, quantity: d(0), cost: d(0), entryLive: false }, BTC, null, at(ms)), ms);

const held = (protection: Partial<Protection> = STOP): Position =>
  armed(filled(write(newPosition('buy', protection), 0), 0), 0);

describe('how long a position has been without protection', () => {
  it('counts from the first fill until its levels are noted, and shows since when while it lasts', () => {
    const opening = write(newPosition('buy', STOP), 0);
    expect(by(opening, 5_000)).toEqual({ ms: 0, since: null });
    // Traded at 1 s, heard of at 3 s.
    const open = filled(opening, 3_000, 1_000);
    expect(by(open, 4_000)).toEqual({ ms: 3_000, since: at(1_000) });
    const again = filled(open, 4_500);
    expect(by(again, 5_000)).toEqual({ ms: 4_000, since: at(1_000) });
    const noted = armed(again, 6_000);
    expect(by(noted, 60_000)).toEqual({ ms: 5_000, since: null });
  });

  it('counts a time stop that was over before the first fill was heard of', () => {
    const opening = write(newPosition('buy', { timeStop: { maxSeconds: 5 } }), 0);
    const open = filled(opening, 20_000, 1_000);
    expect(by(open, 20_000)).toEqual({ ms: 12_000, since: at(8_000) });
  });

  it('counts nothing without a stop, whatever else is watched', () => {
    const takeProfits = [{ price: d(60_000), share: d(1) }];
    expect(by(filled(write(newPosition('buy', { takeProfits }), 0), 0), 9_000)).toEqual({
      ms: 0,
      since: null,
    });
  });

  it('counts a stop that moves until the index has been told, and no other change', () => {
    const moved = changed(held(), { stopLoss: { price: d(48_000) } }, 10_000);
    expect(by(moved, 10_400)).toEqual({ ms: 400, since: at(10_000) });
    expect(by(armed(moved, 10_500), 20_000)).toEqual({ ms: 500, since: null });
    const target = changed(held(), { takeProfits: [{ price: d(60_000), share: d(1) }] }, 10_000);
    expect(target.armedVersion).not.toBe(target.levelsVersion);
    expect(by(target, 20_000)).toEqual({ ms: 0, since: null });
    const taken = changed(moved, { stopLoss: null }, 11_000);
    expect(by(taken, 20_000)).toEqual({ ms: 1_000, since: null });
  });

  it('counts a close from 2 s after its step was due, and not what a sweep has put off in time', () => {
    const closing = claimed(held(), 10_000);
    const due = (closing.dueAt ?? 0) - T0;
    expect(by(closing, due + 2_000)).toEqual({ ms: 0, since: at(due + 2_000) });
    expect(by(closing, due + 2_700)).toEqual({ ms: 700, since: at(due + 2_000) });
    const putOff = { ...closing, dueAt: at(due + 8_000) };
    expect(by(putOff, due + 9_000)).toEqual({ ms: 0, since: null });
    expect(by(step(closing, due + 2_700), due + 3_000)).toEqual({ ms: 700, since: null });
    // A step that leaves a time that is over: it is due at once, and overdue 2 s after.
    const flatten = closing.flatten && { ...closing.flatten, retryAt: at(due) };
    const again = step({ ...putOff, flatten }, due + 6_000);
    expect(again.dueAt).toBe(at(due));
    expect(by(again, due + 7_000)).toEqual({ ms: 0, since: null });
    expect(by(again, due + 9_000)).toEqual({ ms: 1_000, since: at(due + 8_000) });
    expect(by(closed(again, due + 9_500), 900_000)).toEqual({ ms: 1_500, since: null });
  });

  it.each([
    ['a time stop', { timeStop: { until: at(20_000) } }],
    ['a stop that waits', { confirmSeconds: 10 }],
  ])('counts %s from 2 s after its time', (_, rule) => {
    let p = held({ ...STOP, ...rule });
    if ('confirmSeconds' in rule) p = armed(reached(p, 10_000), 10_000);
    expect(by(p, 21_900)).toEqual({ ms: 0, since: null });
    expect(by(p, 25_000)).toEqual({ ms: 3_000, since: at(22_000) });
    expect(by(claimed(p, 26_000), 26_500)).toEqual({ ms: 4_000, since: null });
  });

  it('counts a stop that was reached and claimed late, once it is', () => {
    const p = held();
    const trigger = { ...FACTS, tickAt: at(10_000) };
    expect(by(claimed(p, 11_900, trigger), 11_900).ms).toBe(0);
    expect(by(claimed(p, 17_000, trigger), 17_000).ms).toBe(5_000);
    // Armed beyond the price it was reached by that, however old the price.
    const anew = { ...p, armings: { stop_loss: { tick: 7, at: at(16_000), peak: null } } };
    expect(by(claimed(anew, 17_000, { ...trigger, cause: 'armed' }), 17_000).ms).toBe(0);
  });

  it('stands still once it is closed, and goes on with a late fill', () => {
    const p = closed(claimed(filled(write(newPosition('buy', STOP), 0), 0), 700), 900);
    expect(by(p, 1_000_000)).toEqual({ ms: 700, since: null });
    const open = write(reopened({ ...p, flatten: null, dust: { quantity: d(1), cost: d(1) } }), 5_000);
    expect(by(open, 5_100)).toEqual({ ms: 800, since: at(5_000) });
  });

  it('believes the note of a position from before this was kept', () => {
    const p = held();
    const old = { ...p, unprotected: { ...p.unprotected, armed: null } };
    expect(by(step(old, 5_000), 9_000)).toEqual({ ms: 0, since: null });
  });
});

describe('for how long an outcome was not known', () => {
  const send: SendAttempt = {
    ...{ attempt: 1, token: 'a', signedAt: T0, recvWindowMs: 2_000, claimedAt: T0, outcome: 'sent' },
  };
  const order = (outcome: SendAttempt['outcome'], unknown: Order['unknown'], ms: number) => {
    const of = { send: { ...send, outcome }, unknown };
    return { ...of, unknown: countUnknown(of, at(ms)) };
  };

  it('counts from the claim of the attempt until its answer, where that takes more than 2 s', () => {
    const sent = order('sent', { ms: 0, since: null }, 0);
    expect(unknownBy(sent, at(2_000))).toBe(0);
    const lost = order('unknown', sent.unknown, 1_000);
    expect(unknownBy(lost, at(9_000))).toBe(9_000);
    expect(order('answered', lost.unknown, 12_000).unknown).toEqual({ ms: 12_000, since: null });
    expect(order('answered', sent.unknown, 1_500).unknown).toEqual({ ms: 0, since: null });
  });
});

/** What is said of an instant, by the last write alone. `isTold`: whether the index was told of the stops as they stand. */
function isBare(p: Position, isTold: boolean, now: number): boolean {
  if (p.status === 'closed' || p.quantity.isZero()) return false;
  if (p.flatten !== null) return now >= (p.dueAt ?? 0) + 2_000;
  const timeStop = p.protection.timeStop;
  if (timeStop !== null && 'until' in timeStop && now >= timeStop.until + 2_000) return true;
  const { confirmSeconds } = p.protection;
  if (windowsOf(p).some(({ since }) => now >= since + confirmSeconds * 1000 + 2_000)) return true;
  return !isTold && p.protection.stopLoss !== null;
}

const OPS = [
  'fill',
  'arm',
  'move',
  'target',
  'reach',
  'return',
  'claim',
  'step',
  'put off',
  'close',
] as const;

it('counts what a walk over each instant counts, whatever is written when', () => {
  const steps = fc.array(
    fc.record({ afterMs: fc.integer({ min: 0, max: 80 }).map((n) => n * 100), op: fc.constantFrom(...OPS) }),
    { minLength: 1, maxLength: 30 },
  );
  const rules = fc.record({
    confirm: fc.integer({ min: 1, max: 8 }),
    until: fc.integer({ min: 1, max: 900 }),
  });
  fc.assert(
    fc.property(steps, rules, (path, { confirm, until }) => {
      const timeStop = { until: at(until * 100) };
      let p = write(newPosition('buy', { ...STOP, confirmSeconds: confirm, timeStop }), 0);
      let [now, bareMs, isTold, count] = [0, 0, false, 0];
      for (const { afterMs, op } of path) {
        for (const end = now + afterMs; now < end; now += 100) if (isBare(p, isTold, at(now))) bareMs += 100;
        expect(by(p, now).ms).toBe(bareMs);
        expect(by(p, now).since !== null).toBe(isBare(p, isTold, at(now)));
        count += 1;
        const isOpen = p.status === 'open' && p.flatten === null;
        if (op === 'fill' && p.status === 'opening') p = filled(p, now);
        else if (op === 'arm' && isOpen) [p, isTold] = [armed(p, now), true];
        else if (op === 'move' && isOpen)
          [p, isTold] = [changed(p, { stopLoss: { price: d(48_000 - count) } }, now), false];
        else if (op === 'target' && isOpen)
          p = changed(p, { takeProfits: [{ price: d(60_000 + count), share: d(1) }] }, now);
        else if (op === 'reach' && isOpen && windowsOf(p).length === 0) {
          const level = p.protection.stopLoss?.price ?? d(0);
          const trigger = { ...FACTS, level, tickId: count, tickAt: at(now) };
          p = write(beginWindow(p, { trigger, since: at(now) }, at(now)), now);
          isTold = false;
        } else if (op === 'return' && isOpen && windowsOf(p)[0] !== undefined) {
          const [window] = windowsOf(p);
          if (window !== undefined)
            p = write(endWindow(p, window, { tick: count, at: at(now) }, at(now)), now);
          isTold = false;
        } else if (op === 'claim' && isOpen) p = claimed(p, now);
        else if (op === 'step' && p.status === 'closing') p = step(p, now);
        // A sweep in time: a late one counts first (redrive-due.ts).
        else if (op === 'put off' && p.flatten !== null && !isBare(p, isTold, at(now)))
          p = { ...p, dueAt: Math.max(p.dueAt ?? 0, at(now) + 4_000) };
        else if (op === 'close' && p.status === 'closing') p = closed(p, now);
      }
    }),
    { numRuns: 500 },
  );
});
