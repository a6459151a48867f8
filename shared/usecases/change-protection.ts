/** Changing a position's protection; what is not named stays as it is (design sections 8, 9). */

import { withDue } from '../domain/due.ts';
import { wantsResidentLook } from '../domain/resident-state.ts';
import { ok, type Result } from '../domain/result.ts';
import type { Position, Protection } from '../domain/types.ts';
import type { ArmLevels } from './arm-levels.ts';
import { stored } from './change-order.ts';
import { untilWritten } from './conflicts.ts';
import { callRecord, formerCall, keyedCall } from './keyed-call.ts';
import { tell } from './owed.ts';
import type { Ports } from './ports.ts';
import { prepareProtection, protectionFacts } from './prepare-protection.ts';
import { alreadyClosing, notFound, type Refusal, refuse } from './refusal.ts';
import { tellRefusal } from './tell-refusal.ts';

type Needs = Pick<Ports, 'ledger' | 'prices' | 'outbox' | 'symbols' | 'clock' | 'ids' | 'sleep' | 'log'>;

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
  const { ledger, outbox, clock, log } = ports;

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
    const now = clock.now();
    const prepared = await prepareProtection(ports, before, change, { now });
    if (!prepared.ok) return prepared;
    const { changed, wanted } = prepared.value;
    const record = callRecord(call, now);
    const keys = record === null ? [] : [record];
    if (changed === before) {
      // What a repeat would find changed by others then, it must not change back.
      const noted = keys.length === 0 || (await ledger.commit({ keys })).outcome === 'done';
      return noted ? ok(before) : 'conflict';
    }
    const written = { before, after: withDue(changed, now) };
    const action = { at: now, kind: 'protection_changed', facts: protectionFacts(wanted) };
    const result = await ledger.commit({ positions: [written], actions: [{ positionId, action }], keys });
    if (result.outcome !== 'done') return 'conflict';
    const position = stored(written);
    await tell(log, put(position), { positionId });
    if (wantsResidentLook(position)) await tell(log, outbox.exits({ positionId }), { positionId });
    return ok((await ledger.position(positionId)) ?? position);
  }

  async function put(position: Position): Promise<void> {
    await arm.armPosition(position);
  }

  return async (command: ChangeProtectionCommand): Promise<Answer> => {
    const { positionId } = command;
    const answer = await untilWritten(ports, `protection of position ${positionId}`, () => attempt(command));
    if (!answer.ok) await tellRefusal(ports, positionId, 'protection_refused', answer.error);
    return answer;
  };
}
