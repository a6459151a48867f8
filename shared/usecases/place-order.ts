/**
 * A new order: checked, written as `pending` with its position, and handed to submit (design sections 5, 6).
 *
 * Always true:
 * - the id is derived from the caller's key and its conditional put is the lock: a repeat with the same body finds
 *   the order as it stands, another body is refused, and nothing is made twice;
 * - a refusal changes nothing.
 */

import { checkProtection } from '../domain/check-protection.ts';
import { withDue } from '../domain/due.ts';
import type { Decimal } from '../domain/money/decimal.ts';
import { newOrderState } from '../domain/new-order.ts';
import { checkPrecision, normaliseOrder, type OrderAmounts } from '../domain/normalise.ts';
import { openPosition } from '../domain/positions.ts';
import { NO_PROTECTION, roundProtection } from '../domain/protection.ts';
import { ok, type Result } from '../domain/result.ts';
import type { SymbolSpec } from '../domain/symbols.ts';
import type { Order, Protection, Wallet } from '../domain/types.ts';
import { sendPointer } from './after-effects.ts';
import { canonicalHash, orderIdFor, positionIdFor } from './derive-ids.ts';
import { currentPrice, entryReference, priceForSide, protectionReference } from './market-reference.ts';
import { tell } from './owed.ts';
import type { Identity, Placed, PlaceOrderCommand, PlaceOrderNeeds } from './place-command.ts';
import { placeExit } from './place-exit.ts';
import { fromField, notFound, type Refusal, refuse } from './refusal.ts';

export type { Placed, PlaceOrderCommand, PlaceOrderNeeds } from './place-command.ts';

export type PlaceOrder = ReturnType<typeof makePlaceOrder>;

/** Everything that makes the command what it is; who asks and under which key is not part of it. */
function bodyHashOf(command: PlaceOrderCommand, spec: SymbolSpec): string {
  const { userId: _user, idempotencyKey: _key, ...body } = command;
  return canonicalHash({ ...body, symbol: spec.symbol });
}

export function makePlaceOrder(ports: PlaceOrderNeeds) {
  const { ledger, wallets, prices, symbols, outbox, clock, log } = ports;

  /** The order that a former call with this key made, or its refusal; null when there was none. */
  async function repeatOf(orderId: string, bodyHash: string): Promise<Result<Placed, Refusal> | null> {
    const order = await ledger.order(orderId);
    if (order === null) return null;
    if (order.bodyHash !== bodyHash) {
      return refuse(
        'idempotency_mismatch',
        'client_order_id',
        'another order was placed under this key',
        'repeat the same body, or use a new key',
        { order_id: orderId },
      );
    }
    if (order.status === 'pending') await tell(log, sendPointer(outbox, order), { orderId });
    return ok({ order, repeated: true });
  }

  /** A sell that names no position, on a venue that cannot short. */
  async function refuseShort(command: PlaceOrderCommand, spec: SymbolSpec) {
    const { userId, walletId } = command;
    const page = await ledger.positionsOfUser(userId, {
      limit: 20,
      cursor: null,
      status: ['open'],
      symbol: spec.symbol,
      walletId,
    });
    const closable = page.items.map((p) => p.positionId).join(',');
    return refuse(
      'no_position',
      'position_id',
      'this venue cannot sell short, and the order names no position to close',
      closable === '' ? 'buy first' : 'name the position_id to close',
      { position_ids: closable },
    );
  }

  async function checkedEntry(command: PlaceOrderCommand, spec: SymbolSpec) {
    const price = await currentPrice(ports, spec.symbol);
    const needsPrice = command.type !== 'limit';
    if (price === null && needsPrice) {
      const message = `there is no current price of ${spec.symbol}`;
      return refuse('no_price', 'symbol', message, 'try again in a moment; prices have been asked for');
    }
    const market = price && priceForSide(price, command.side);
    const sent = normaliseOrder(spec, command.side, command.type, command, market);
    if (!sent.ok) return { ok: false, error: fromField(sent.error) } as const;
    const side = command.side === 'buy' ? 'long' : 'short';
    const wanted: Protection = { ...NO_PROTECTION, ...command.protection };
    const closing = price && protectionReference(price, side, wanted);
    const reference = entryReference({ ...sent.value, side: command.side, type: command.type }, closing);
    const [wrong] = checkProtection(wanted, side, spec, reference);
    if (wrong !== undefined) return { ok: false, error: fromField(wrong) } as const;
    return ok({ sent: sent.value, protection: roundProtection(wanted, side, spec), market });
  }

  async function writeEntry(command: PlaceOrderCommand, wallet: Wallet, spec: SymbolSpec, id: Identity) {
    const checked = await checkedEntry(command, spec);
    if (!checked.ok) return checked;
    const { sent, protection, market } = checked.value;
    const now = clock.now();
    const order = withDue(newEntry(command, wallet, spec, id, sent, market, now), now);
    const { base, quote } = spec;
    const position = withDue(openPosition({ order, base, quote, protection, now }), now);
    const result = await ledger.commit({
      orders: [{ before: null, after: order }],
      positions: [{ before: null, after: position }],
    });
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

  return async (command: PlaceOrderCommand): Promise<Result<Placed, Refusal>> => {
    const { clientOrderId, idempotencyKey, walletId } = command;
    if (clientOrderId === null && idempotencyKey === null) {
      const fix = 'send an Idempotency-Key header or a client_order_id';
      return refuse('idempotency_key_required', 'client_order_id', 'the order has no key', fix);
    }
    const wallet = await wallets.get(walletId);
    if (wallet === null || wallet.userId !== command.userId) return notFound('wallet', 'wallet_id');
    const spec = symbols.find(command.symbol);
    if (spec === null) {
      const message = `${command.symbol.slice(0, 40)} is not a symbol that is traded here`;
      return refuse('unknown_symbol', 'symbol', message, 'GET /api/v1/symbols lists them');
    }
    const orderId = orderIdFor({ walletId, clientOrderId, idempotencyKey: idempotencyKey ?? '' });
    const id = { orderId, bodyHash: bodyHashOf(command, spec) };
    const repeat = await repeatOf(orderId, id.bodyHash);
    if (repeat !== null) return repeat;
    const imprecise = checkPrecision(spec, command.quantity);
    if (imprecise !== null) return { ok: false, error: fromField(imprecise) };
    if (command.positionId !== null) return placeExit(ports, command, command.positionId, spec, id, repeatOf);
    if (command.side === 'sell') return refuseShort(command, spec);
    return writeEntry(command, wallet, spec, id);
  };
}

function newEntry(
  command: PlaceOrderCommand,
  wallet: Wallet,
  spec: SymbolSpec,
  { orderId, bodyHash }: Identity,
  sent: OrderAmounts,
  referencePrice: Decimal | null,
  now: number,
): Order {
  const { quantity, limitPrice, stopPrice } = command;
  return {
    orderId,
    version: 0,
    userId: command.userId,
    walletId: wallet.walletId,
    environment: wallet.environment,
    symbol: spec.symbol,
    side: command.side,
    type: command.type,
    timeInForce: command.timeInForce,
    role: 'entry',
    positionId: positionIdFor(orderId),
    exit: null,
    clientOrderId: command.clientOrderId,
    bodyHash,
    flowId: command.flowId,
    executionId: command.executionId,
    aiReasoning: command.aiReasoning,
    aiConfidence: command.aiConfidence,
    aiAgentId: command.aiAgentId,
    metadata: command.metadata,
    tags: command.tags,
    notes: command.notes,
    asked: { quantity, limitPrice, stopPrice },
    ...sent,
    ...newOrderState({ at: now, reason: 'placed', cause: 'api', referencePrice, tickAt: null }),
  };
}
