/** A sell that names its position: a part exit through the claim (design sections 5, 9). */
import { withDue } from '../domain/due.ts';
import { claimPart, newExitOrder, type PartRefusal } from '../domain/exits.ts';
import { amountsOf } from '../domain/order-fields.ts';
import { ok, type Result } from '../domain/result.ts';
import type { SymbolSpec } from '../domain/symbol-spec.ts';
import type { Order, Position } from '../domain/types.ts';
import { checkAmounts, checkTarget } from './check-order.ts';
import { untilWritten } from './conflicts.ts';
import { tell } from './owed.ts';
import type { Identity, Placed, PlaceOrderCommand, PlaceOrderNeeds } from './place-command.ts';
import { alreadyClosing, fromField, type Refusal, refuse } from './refusal.ts';

type RepeatOf = (orderId: string, bodyHash: string) => Promise<Result<Placed, Refusal> | null>;

/** Why a part cannot be claimed, as the caller is told. */
export function refusePart({ code, free, facts }: PartRefusal, position: Position) {
  const known = { free_quantity: free.toFixed(), status: position.status };
  switch (code) {
    case 'already_closing':
      return alreadyClosing(facts);
    case 'not_open':
      return refuse(
        'not_open',
        'position_id',
        `the position is ${position.status}`,
        'nothing can be sold',
        known,
      );
    case 'below_minimum':
      return refuse(
        'below_minimum',
        'quantity',
        'the quantity is below what the venue takes',
        'send more, or close the whole position',
        known,
      );
    case 'not_enough_free':
      return refuse(
        'not_enough_free',
        'quantity',
        `only ${free.toFixed()} is free; other exits hold the rest`,
        'send at most what is free',
        known,
      );
    default:
      return refuse('conflict', null, 'this part is already being sold', 'read the position again', known);
  }
}

export async function placeExit(
  ports: PlaceOrderNeeds,
  command: PlaceOrderCommand,
  positionId: string,
  spec: SymbolSpec,
  id: Identity,
  repeatOf: RepeatOf,
): Promise<Result<Placed, Refusal>> {
  const { ledger, outbox, clock, log } = ports;
  // An exit by market never waits for a price; only its least notional cannot be checked then.
  const { sent, refusal, market } = await checkAmounts(ports, command, spec);
  const { quantity } = sent;
  return untilWritten(
    ports,
    `exit of position ${positionId}`,
    async (): Promise<Result<Placed, Refusal> | 'conflict'> => {
      const target = checkTarget(command, await ledger.position(positionId), spec);
      if (!target.ok) return target;
      if (refusal !== null) return { ok: false, error: fromField(refusal) };
      const before = target.value;
      const now = clock.now();
      const cause = 'manual';
      const claim = { orderId: id.orderId, quantity, cause, levelName: null, at: now } as const;
      const claimed = claimPart(before, claim, spec);
      if (!claimed.ok) {
        const repeat =
          claimed.error.code === 'already_claimed' ? await repeatOf(id.orderId, id.bodyHash) : null;
        return repeat ?? refusePart(claimed.error, before);
      }
      const made = newExitOrder(claimed.value, {
        ...id,
        quantity,
        cause,
        flatten: false,
        trigger: null,
        now,
        clientOrderId: command.clientOrderId,
        type: command.type,
        limitPrice: sent.limitPrice,
        stopPrice: sent.stopPrice,
        stopLimitPrice: sent.stopLimitPrice,
        trailingDelta: sent.trailingDelta,
        referencePrice: market,
      });
      const {
        timeInForce,
        flowId,
        executionId,
        aiReasoning,
        aiConfidence,
        aiAgentId,
        metadata,
        tags,
        notes,
      } = command;
      const order: Order = withDue(
        {
          ...made,
          timeInForce,
          flowId: flowId ?? made.flowId,
          executionId,
          aiReasoning,
          aiConfidence,
          aiAgentId,
          metadata,
          tags,
          notes,
          asked: amountsOf(command),
        },
        now,
      );
      const facts = { order_id: id.orderId, quantity: quantity.toFixed(), exit_cause: cause };
      const result = await ledger.commit({
        orders: [{ before: null, after: order }],
        positions: [{ before, after: withDue(claimed.value, now) }],
        actions: [{ positionId, action: { at: now, kind: 'part_claimed', facts } }],
      });
      if (result.outcome !== 'done') return 'conflict';
      log.info('EXIT_TAKEN', { orderId: id.orderId, positionId, symbol: spec.symbol });
      const pointer = made.waitsFor === null ? { orderId: id.orderId } : { positionId };
      await tell(log, outbox.exits(pointer), { orderId: id.orderId });
      return ok({ order: { ...order, version: 1 }, repeated: false });
    },
  );
}
