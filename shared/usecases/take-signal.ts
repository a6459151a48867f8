/**
 * What an AI agent says about a position: kept, and carried out where the wallet lets it (design sections 5, 9).
 *
 * Always true:
 * - the signal, the call under its key and what it does are one transaction: there is no signal that was to act and did
 *   not, and whoever repeats the call finds the signal as it stands and does nothing again;
 * - a close is the position's one claim, with the cause `ai_signal`; an adjustment is a change of protection like any
 *   other, and tightens only, unless the wallet says otherwise;
 * - what could not be done is kept as a signal too, with the reason.
 */
import { withDue } from '../domain/due.ts';
import type { FieldError } from '../domain/field-error.ts';
import { ok, type Result } from '../domain/result.ts';
import type { Adjustment, Signal, SignalAsked, SignalReason } from '../domain/signal-facts.ts';
import { adjustProtection, decideSignal, withSignal } from '../domain/signals.ts';
import type { SymbolSpec } from '../domain/symbol-spec.ts';
import type { Order, Position } from '../domain/types.ts';
import type { Commit } from '../ports/ledger.ts';
import type { ArmLevels } from './arm-levels.ts';
import { specOf, stored } from './change-order.ts';
import { type ClaimedClose, claimClose, tellClose } from './claim-close.ts';
import { untilWritten } from './conflicts.ts';
import { signalIdFor } from './derive-ids.ts';
import { callRecord, formerCall, type KeyedCall, keyedCall } from './keyed-call.ts';
import { tell } from './owed.ts';
import type { Ports } from './ports.ts';
import { prepareProtection, protectionFacts } from './prepare-protection.ts';
import { alreadyClosing, notFound, type Refusal, reasonOf, refuse } from './refusal.ts';
import { standingTrail } from './standing-trail.ts';

type Needs = Pick<
  Ports,
  'ledger' | 'wallets' | 'prices' | 'tape' | 'outbox' | 'symbols' | 'clock' | 'ids' | 'sleep' | 'log'
>;

export interface TakeSignalCommand {
  readonly userId: string;
  readonly positionId: string;
  readonly idempotencyKey: string;
  readonly signal: SignalAsked;
}

export interface SignalTaken {
  /** As it is kept. Also where its outcome is `refused`: then `reason` is the refusal. */
  readonly signal: Signal;
  readonly position: Position;
  /** The exit order that it made, as it stands. */
  readonly exit: Order | null;
  readonly repeated: boolean;
  /** What stands in the way of its close just now. */
  readonly warnings: readonly FieldError[];
}

type Answer = Result<SignalTaken, Refusal>;
export type TakeSignal = ReturnType<typeof makeTakeSignal>;

/** A signal about to be kept, and the position as it leaves it. */
interface Draft {
  readonly outcome: Signal['outcome'];
  readonly reason?: SignalReason | null;
  readonly after: Position;
  readonly close?: ClaimedClose;
  readonly actions?: Commit['actions'];
}

export function makeTakeSignal(ports: Needs, arm: ArmLevels) {
  const { ledger, wallets, clock, log } = ports;

  async function policyOf({ walletId, positionId }: Position) {
    const wallet = await wallets.get(walletId);
    if (wallet === null) throw new Error(`position ${positionId} has no wallet ${walletId}`);
    return wallet.signalPolicy;
  }

  async function repeated(position: Position, command: TakeSignalCommand, at: number): Promise<SignalTaken> {
    const { positionId } = position;
    const signalId = signalIdFor(positionId, command.idempotencyKey);
    const signal = await ledger.signal(positionId, { at, signalId });
    if (signal === null)
      throw new Error(`signal ${signalId} of ${positionId} was taken, yet it is not there`);
    const exit = signal.exitOrderId === null ? null : await ledger.order(signal.exitOrderId);
    return { signal, position, exit, repeated: true, warnings: [] };
  }

  /** What the signal does; a refusal here is one that is not kept: the same call may succeed in a moment. */
  async function draft(
    before: Position,
    asked: SignalAsked,
    signalId: string,
    now: number,
  ): Promise<Result<Draft, Refusal>> {
    const spec = await specOf(ports.symbols, before);
    const refused = (reason: SignalReason) => ok<Draft>({ outcome: 'refused', reason, after: before });
    const decision = decideSignal(before, await policyOf(before), asked, spec);
    switch (decision.kind) {
      case 'closed':
        return refuseClosed(before);
      case 'already_closing':
        return refused(reasonOf(alreadyClosing(before.flatten).error));
      case 'refuse':
        return refused(decision.reason);
      case 'record':
        return ok({ outcome: 'recorded', reason: decision.reason, after: before });
      case 'close': {
        const claim = { cause: 'ai_signal', now, facts: { signal_id: signalId } } as const;
        const claimed = await claimClose(ports, before, claim);
        if (!claimed.ok) return refused(reasonOf(claimed.error));
        return ok({ outcome: 'closing', after: claimed.value.change.after, close: claimed.value });
      }
      default:
        return adjusted(before, decision.change, { signalId, now, spec });
    }
  }

  async function adjusted(
    before: Position,
    change: Adjustment,
    { signalId, now, spec }: { readonly signalId: string; readonly now: number; readonly spec: SymbolSpec },
  ): Promise<Result<Draft, Refusal>> {
    const { positionId } = before;
    // Only another trailing stop has to know how far the one that is there has come.
    const standing = change.trailingStop == null ? null : await standingTrail(ports, before, spec, now);
    const prepared = await prepareProtection(ports, before, change, {
      now,
      apply: (wanted) => adjustProtection(before, wanted, standing, now),
    });
    if (!prepared.ok) {
      const { error } = prepared;
      if (error.code === 'no_price') return prepared;
      const field = error.field?.replace(/^protection\./, 'adjust.') ?? null;
      return ok({ outcome: 'refused', reason: reasonOf({ ...error, field }), after: before });
    }
    const { changed, wanted } = prepared.value;
    if (changed === before) return ok({ outcome: 'recorded', reason: NOTHING_TO_CHANGE, after: before });
    const facts = { ...protectionFacts(wanted), by: 'ai_signal', signal_id: signalId };
    const action = { at: now, kind: 'protection_changed', facts };
    return ok({
      outcome: 'adjusted',
      after: withDue(changed, now),
      actions: [{ positionId, action }],
    });
  }

  async function attempt(command: TakeSignalCommand): Promise<Answer | 'conflict'> {
    const { positionId, userId, idempotencyKey, signal: asked } = command;
    const before = await ledger.position(positionId);
    if (before === null || before.userId !== userId) return notFound('position', 'position_id');
    const call = keyedCall('signal', positionId, idempotencyKey, asked);
    const former = await formerCall(ledger, call);
    if (!former.ok) return former;
    if (former.value !== null) return ok(await repeated(before, command, former.value.at));
    const now = clock.now();
    const signalId = signalIdFor(positionId, idempotencyKey);
    const drafted = await draft(before, asked, signalId, now);
    return drafted.ok ? keep(before, asked, drafted.value, { call, signalId, now }) : drafted;
  }

  async function keep(
    before: Position,
    asked: SignalAsked,
    { outcome, reason = null, after, close, actions = [] }: Draft,
    { call, signalId, now }: { readonly call: KeyedCall; readonly signalId: string; readonly now: number },
  ): Promise<Answer | 'conflict'> {
    const { positionId } = before;
    const exit = close?.exit ?? null;
    const signal: Signal = {
      ...asked,
      signalId,
      at: now,
      outcome,
      reason,
      exitOrderId: exit?.orderId ?? null,
    };
    const change = { before, after: withDue(withSignal(after, signal), now) };
    const record = callRecord(call, now, exit === null ? [] : [exit.orderId]);
    const result = await ledger.commit({
      orders: close?.orders ?? [],
      positions: [change],
      actions: close === undefined ? actions : [close.action],
      signals: [{ positionId, signal }],
      keys: record === null ? [] : [record],
    });
    if (result.outcome !== 'done') return 'conflict';
    const position = stored(change);
    log.info('SIGNAL_TAKEN', { positionId, signalId, action: asked.action, outcome, reason: reason?.code });
    if (close !== undefined) await tellClose(ports, arm, { ...close, change });
    else if (outcome === 'adjusted') await tell(log, put(position), { positionId });
    return ok({ signal, position, exit, repeated: false, warnings: close?.warnings ?? [] });
  }

  async function put(position: Position): Promise<void> {
    await arm.armPosition(position);
  }

  return (command: TakeSignalCommand): Promise<Answer> =>
    untilWritten(ports, `signal of position ${command.positionId}`, () => attempt(command));
}

const NOTHING_TO_CHANGE: SignalReason = {
  code: 'nothing_to_change',
  field: 'adjust',
  message: 'the protection is as it was asked for already',
  fix: 'nothing is left to do',
  facts: {},
};

function refuseClosed({ status, exitCause, closedAt }: Position) {
  const facts = {
    status,
    ...(exitCause !== null && { cause: exitCause }),
    ...(closedAt !== null && { closed_at: new Date(closedAt).toISOString() }),
  };
  const fix = 'nothing is left to be said about it';
  return refuse('not_open', 'position_id', `the position is ${status}`, fix, facts);
}
