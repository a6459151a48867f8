/**
 * A new order: checked, written as `pending` with its position, and handed to submit (design sections 5, 6).
 *
 * Always true:
 * - the id is derived from the caller's key and its conditional put is the lock: a repeat with the same body finds
 *   the order as it stands, another body is refused, and nothing is made twice;
 * - a refusal changes nothing.
 */

import { withDue } from '../domain/due.ts';
import { openPosition } from '../domain/positions.ts';
import { ok, type Result } from '../domain/result.ts';
import { worthLeft } from '../domain/risk/use.ts';
import type { SymbolSpec } from '../domain/symbol-spec.ts';
import { addsTo, entryAsks } from './check-addition.ts';
import { checkClient } from './check-client.ts';
import { asksForShort, checkExitMargin } from './check-margin.ts';
import {
  checkAmounts,
  checkEntry,
  checkForm,
  checkWallet,
  refuseShort,
  type Target,
  targetOf,
} from './check-order.ts';
import { checkRisk } from './check-risk.ts';
import { untilWritten } from './conflicts.ts';
import { canonicalHash, orderIdFor, positionIdFor } from './derive-ids.ts';
import { newEntry } from './new-entry.ts';
import { tell } from './owed.ts';
import { placeAddition } from './place-addition.ts';
import type { Identity, Placed, PlaceOrderCommand, PlaceOrderNeeds } from './place-command.ts';
import { placeExit } from './place-exit.ts';
import { type Refusal, refuse } from './refusal.ts';
import { refusePaused } from './refuse-paused.ts';
import { askForRules } from './stale-rules.ts';
import { sendPointer } from './work-pointers.ts';

export type { Placed, PlaceOrderCommand, PlaceOrderNeeds } from './place-command.ts';

export type PlaceOrder = ReturnType<typeof makePlaceOrder>;

/** Everything that makes the command what it is; who asks and under which key is not part of it. */
function bodyHashOf(command: PlaceOrderCommand, spec: SymbolSpec): string {
  const { userId: _user, clientId: _client, idempotencyKey: _key, ...body } = command;
  // What is not given leaves no trace, so that a new field does not change what an old request was.
  const { quoteQuantity, stopLimitPrice, trailingDelta, marketConditions, positionSide, leverage } = command;
  const { positionEffect } = command;
  return canonicalHash({
    ...body,
    symbol: spec.symbol,
    quoteQuantity: quoteQuantity ?? undefined,
    stopLimitPrice: stopLimitPrice ?? undefined,
    trailingDelta: trailingDelta ?? undefined,
    marketConditions: marketConditions ?? undefined,
    positionSide: positionSide ?? undefined,
    leverage: leverage ?? undefined,
    positionEffect: positionEffect ?? undefined,
  });
}

export function makePlaceOrder(ports: PlaceOrderNeeds) {
  const { ledger, prices, outbox, served, clock, log } = ports;

  /** The order that a former call with this key made, or its refusal; null when there was none. */
  async function repeatOf(orderId: string, bodyHash: string): Promise<Result<Placed, Refusal> | null> {
    const order = await ledger.order(orderId);
    if (order === null) return null;
    if (order.bodyHash !== bodyHash) {
      return refuse(
        'idempotency_mismatch',
        order.clientOrderId === null ? 'Idempotency-Key' : 'client_order_id',
        'another order was placed under this key',
        'repeat the same body, or use a new key',
        { order_id: orderId },
      );
    }
    if (order.status === 'pending') await tell(log, sendPointer(outbox, order), { orderId });
    return ok({ order, repeated: true });
  }

  async function writeEntry(
    command: PlaceOrderCommand,
    target: Target,
    id: Identity,
  ): Promise<Result<Placed, Refusal> | 'conflict'> {
    const { spec } = target;
    const checked = checkEntry(command, target, await checkAmounts(ports, command, spec), clock.now());
    if (!checked.ok) return checked;
    const { sent, market, margin } = checked.value;
    const resident = command.protection?.resident ?? target.wallet.resident;
    const protection = { ...checked.value.protection, resident };
    const { walletId } = command;
    const worth = worthLeft(sent, market);
    const asked = { walletId, symbol: spec.symbol, quote: spec.quote, ...entryAsks(worth, null) };
    const allowed = await checkRisk(ports, asked);
    if (!allowed.ok) return allowed;
    const client = await checkClient(ports, command.clientId, asked);
    if (!client.ok) return client;
    const now = clock.now();
    const positionId = positionIdFor(id.orderId);
    const order = withDue(
      newEntry(command, target, id, { positionId, sent, margin, referencePrice: market }, now),
      now,
    );
    const { base, quote } = spec;
    const position = withDue(openPosition({ order, base, quote, protection, now }), now);
    const result = await ledger.commit({
      orders: [{ before: null, after: order }],
      positions: [{ before: null, after: position }],
      risk: allowed.value,
      client: client.value,
    });
    // Others of the wallet or of the client came first: what is left for this one is looked at anew.
    if (result.outcome === 'risk_changed') return 'conflict';
    if (result.outcome !== 'done') {
      // The same key won elsewhere a moment ago.
      const repeat = await repeatOf(id.orderId, id.bodyHash);
      if (repeat !== null) return repeat;
      throw new Error(`order ${id.orderId}: ${result.outcome}, yet it cannot be read`);
    }
    const { orderId } = id;
    log.info('ORDER_TAKEN', {
      orderId,
      positionId: position.positionId,
      symbol: spec.symbol,
      type: order.type,
    });
    await Promise.all([
      tell(log, prices.want([spec.symbol]), { orderId }),
      tell(log, outbox.submit({ orderId }), { orderId }),
    ]);
    return ok({ order: { ...order, version: 1 }, repeated: false });
  }

  async function placeNew(
    command: PlaceOrderCommand,
    target: Target,
    id: Identity,
  ): Promise<Result<Placed, Refusal>> {
    const { wallet, spec } = target;
    const form = checkForm(command, target);
    if (!form.ok) return form;
    const added = addsTo(command);
    if (added !== null) return placeAddition(ports, command, added, target, id, repeatOf);
    if (command.positionId !== null) {
      const plain = checkExitMargin(command);
      return plain.ok ? placeExit(ports, command, command.positionId, spec, id, repeatOf) : plain;
    }
    const open = checkWallet(wallet, served);
    if (!open.ok) {
      if (open.error.code !== 'wallet_paused') return open;
      const found = await checkAmounts(ports, command, spec);
      return { ok: false, error: await refusePaused(ports, target, found, open.error) };
    }
    if (command.side === 'sell' && !asksForShort(command)) return refuseShort(ports, command, spec);
    return untilWritten(ports, `entry ${id.orderId}`, () => writeEntry(command, target, id));
  }

  async function place(command: PlaceOrderCommand, target: Target): Promise<Result<Placed, Refusal>> {
    const { clientOrderId, idempotencyKey, walletId } = command;
    const orderId = orderIdFor({ walletId, clientOrderId, idempotencyKey: idempotencyKey ?? '' });
    const id = { orderId, bodyHash: bodyHashOf(command, target.spec) };
    const repeat = await repeatOf(orderId, id.bodyHash);
    if (repeat !== null) return repeat;
    const placed = await placeNew(command, target, id);
    // The same call, made at the same time, may have taken the very room that this one was refused: its order stands.
    return placed.ok ? placed : ((await repeatOf(orderId, id.bodyHash)) ?? placed);
  }

  return async (command: PlaceOrderCommand): Promise<Result<Placed, Refusal>> => {
    if (command.clientOrderId === null && command.idempotencyKey === null) {
      const fix = 'send an Idempotency-Key header or a client_order_id';
      return refuse('idempotency_key_required', 'client_order_id', 'the order has no key', fix);
    }
    const target = await targetOf(ports, command);
    if (!target.ok) return target;
    const placed = await place(command, target.value);
    if (!placed.ok) await askForRules(ports, target.value.wallet.environment, placed.error);
    return placed;
  };
}
