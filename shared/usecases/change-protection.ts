/** Changing a position's protection; what is not named stays as it is (design sections 8, 9). */

import { checkProtection } from '../domain/check-protection.ts';
import { withDue } from '../domain/due.ts';
import { changeProtection, roundProtection } from '../domain/protection.ts';
import { ok, type Result } from '../domain/result.ts';
import type { Position, Protection } from '../domain/types.ts';
import type { ArmLevels } from './arm-levels.ts';
import { specOf, stored } from './change-order.ts';
import { untilWritten } from './conflicts.ts';
import { callRecord, formerCall, keyedCall } from './keyed-call.ts';
import { currentPrice, entryReference, protectionReference } from './market-reference.ts';
import { tell } from './owed.ts';
import type { Ports } from './ports.ts';
import { alreadyClosing, fromField, notFound, type Refusal, refuse } from './refusal.ts';

type Needs = Pick<Ports, 'ledger' | 'prices' | 'symbols' | 'clock' | 'ids' | 'sleep' | 'log'>;

export interface ChangeProtectionCommand {
  readonly userId: string;
  readonly positionId: string;
  /** Null or [] takes a level away; a member left out stays. */
  readonly change: Partial<Protection>;
  /** The caller's key; null = every call is its own. */
  readonly idempotencyKey?: string | null;
}

type Answer = Result<Position, Refusal>;
export type ChangeProtection = ReturnType<typeof makeChangeProtection>;

export function makeChangeProtection(ports: Needs, arm: ArmLevels) {
  const { ledger, clock, log } = ports;

  /** The market as the new levels see it: the entry's own price while nothing is held. */
  async function referenceOf(position: Position, wanted: Protection) {
    const price = await currentPrice(ports, position.symbol);
    const market = price && protectionReference(price, position.side, wanted);
    if (!position.quantity.isZero()) return market;
    const entry = await ledger.order(position.entryOrderId);
    return entry === null ? market : entryReference(entry, market);
  }

  async function attempt(command: ChangeProtectionCommand): Promise<Answer | 'conflict'> {
    const { positionId, userId, change } = command;
    const before = await ledger.position(positionId);
    if (before === null || before.userId !== userId) return notFound('position', 'position_id');
    const call = keyedCall('protection', positionId, command.idempotencyKey ?? null, change);
    const former = await formerCall(ledger, call);
    if (!former.ok) return former;
    if (former.value !== null) return ok(before);
    if (before.flatten !== null) return alreadyClosing(before.flatten);
    if (before.status !== 'opening' && before.status !== 'open') {
      const fix = 'only open positions can be protected';
      return refuse('not_open', 'position_id', `the position is ${before.status}`, fix);
    }
    const spec = await specOf(ports.symbols, before);
    const asked = { ...before.protection, ...change };
    const wanted = roundProtection(asked, before.side, spec);
    const now = clock.now();
    const changed = changeProtection(before, wanted, now);
    const record = callRecord(call, now);
    const keys = record === null ? [] : [record];
    if (changed === before) {
      // What a repeat would find changed by others then, it must not change back.
      const noted = keys.length === 0 || (await ledger.commit({ keys })).outcome === 'done';
      return noted ? ok(before) : 'conflict';
    }
    const reference = await referenceOf(before, wanted);
    if (reference === null) {
      const message = `there is no current price of ${before.symbol}`;
      return refuse('no_price', null, message, 'try again in a moment; prices have been asked for');
    }
    // A rung that is claimed already lies behind the market, and asks for nothing any more.
    const isDone = (field: string) =>
      changed.claimedRungs.some((i) => field.startsWith(`protection.take_profits.${i}.`));
    const wrong = checkProtection(asked, before.side, spec, reference).find((error) => !isDone(error.field));
    if (wrong !== undefined) return { ok: false, error: fromField(wrong) };
    const written = { before, after: withDue(changed, now) };
    const action = { at: now, kind: 'protection_changed', facts: protectionFacts(wanted) };
    const result = await ledger.commit({ positions: [written], actions: [{ positionId, action }], keys });
    if (result.outcome !== 'done') return 'conflict';
    const position = stored(written);
    await tell(log, put(position), { positionId });
    return ok((await ledger.position(positionId)) ?? position);
  }

  async function put(position: Position): Promise<void> {
    await arm.armPosition(position);
  }

  return (command: ChangeProtectionCommand): Promise<Answer> =>
    untilWritten(ports, `protection of position ${command.positionId}`, () => attempt(command));
}

/** A protection as a timeline entry shows it. */
export function protectionFacts(p: Protection): Readonly<Record<string, string>> {
  const { stopLoss, takeProfits, trailingStop, breakEven } = p;
  const distance = trailingStop?.distance;
  const rungs = takeProfits.map((t) => `${t.price.toFixed()} x ${t.share.toFixed()}`);
  return {
    stop_loss: stopLoss?.price.toFixed() ?? 'none',
    take_profits: rungs.length === 0 ? 'none' : rungs.join(', '),
    trailing_stop:
      distance === undefined
        ? 'none'
        : 'percent' in distance
          ? `${distance.percent.toFixed()} %`
          : distance.amount.toFixed(),
    break_even: breakEven === null ? 'none' : `at ${breakEven.activationProfitPercent.toFixed()} %`,
    trigger_price: p.triggerPrice,
  };
}
