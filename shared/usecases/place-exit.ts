/** A sell that names its position: a part exit through the claim (design sections 5, 9). */
import { withDue } from '../domain/due.ts';
import { claimPart, newExitOrder, type PartRefusal } from '../domain/exits.ts';
import { normaliseOrder } from '../domain/normalise.ts';
import { ok, type Result } from '../domain/result.ts';
import type { SymbolSpec } from '../domain/symbols.ts';
import type { Order, Position } from '../domain/types.ts';
import { untilWritten } from './conflicts.ts';
import { currentPrice, priceForSide } from './market-reference.ts';
import { tell } from './owed.ts';
import type { Identity, Placed, PlaceOrderCommand, PlaceOrderNeeds } from './place-command.ts';
import { alreadyClosing, fromField, notFound, type Refusal, refuse } from './refusal.ts';

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

function checkTarget(command: PlaceOrderCommand, position: Position | null, spec: SymbolSpec) {
  if (position === null || position.userId !== command.userId) return notFound('position', 'position_id');
  if (position.walletId !== command.walletId) {
    const fix = 'send the wallet_id of the position';
    return refuse('wrong_wallet', 'wallet_id', 'the position belongs to another wallet', fix);
  }
  if (position.symbol !== spec.symbol) {
    return refuse('wrong_symbol', 'symbol', `the position is in ${position.symbol}`, 'send its symbol');
  }
  const closing = position.side === 'long' ? 'sell' : 'buy';
  if (command.side !== closing) {
    return refuse(
      'wrong_side',
      'side',
      `a ${position.side} position is closed by a ${closing}`,
      `send ${closing}`,
    );
  }
  if (command.protection !== null) {
    const fix = 'leave protection out; PATCH the position to change it';
    return refuse('protection_forbidden', 'protection', 'an exit opens nothing to protect', fix);
  }
  if (command.type !== 'market' && command.type !== 'limit') {
    const fix = "set the position's protection instead";
    return refuse('type_forbidden', 'type', `an exit by ${command.type} is the position's protection`, fix);
  }
  return ok(position);
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
  const price = await currentPrice(ports, spec.symbol);
  const market = price && priceForSide(price, command.side);
  // An exit by market never waits for a price; only its least notional cannot be checked then.
  const sent = normaliseOrder(spec, command.side, command.type, command, market);
  if (!sent.ok) return { ok: false, error: fromField(sent.error) };
  const { quantity, limitPrice } = sent.value;
  return untilWritten(
    ports,
    `exit of position ${positionId}`,
    async (): Promise<Result<Placed, Refusal> | 'conflict'> => {
      const target = checkTarget(command, await ledger.position(positionId), spec);
      if (!target.ok) return target;
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
      const made = newExitOrder(before, {
        ...id,
        quantity,
        cause,
        flatten: false,
        trigger: null,
        now,
        clientOrderId: command.clientOrderId,
        type: command.type,
        limitPrice,
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
          asked: { quantity: command.quantity, limitPrice: command.limitPrice, stopPrice: null },
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
      await tell(log, outbox.exits({ orderId: id.orderId }), { orderId: id.orderId });
      return ok({ order: { ...order, version: 1 }, repeated: false });
    },
  );
}
