/**
 * Amending a live order: its amounts and prices, checked like a new order's (design section 5).
 *
 * Always true:
 * - a refusal changes nothing; what is taken is stored before anybody is asked, and finished through the due index;
 * - an exit's increase is reserved with the intent: sold + reserved never exceed what is held;
 * - the same call again finds what the first one did.
 */
import { isAmending, isClientPlaced, isMereReduction, sameAmounts } from '../domain/amendments.ts';
import { withDue } from '../domain/due.ts';
import { withReserved } from '../domain/exits.ts';
import { isTooSmall } from '../domain/heirs.ts';
import { type Decimal, maxOf } from '../domain/money/decimal.ts';
import { explain } from '../domain/normalise.ts';
import type { Amendment, AmendWay } from '../domain/order-amounts.ts';
import { amountsOf } from '../domain/order-fields.ts';
import { isFinal, remaining, transition } from '../domain/orders.ts';
import { pauseOf } from '../domain/pauses.ts';
import { freeQuantity } from '../domain/positions.ts';
import { ok, type Result } from '../domain/result.ts';
import { reservedInQuote } from '../domain/risk/use.ts';
import type { SymbolSpec } from '../domain/symbol-spec.ts';
import type { Order, OrderAmounts, Position, Wallet } from '../domain/types.ts';
import type { Call, Change, Commit } from '../ports/ledger.ts';
import { specOf, stored } from './change-order.ts';
import { worthOf } from './check-addition.ts';
import { checkClient } from './check-client.ts';
import { checkAdded, checkAmounts, checkEntry, checkForm, checkWallet } from './check-order.ts';
import { checkRisk } from './check-risk.ts';
import { untilWritten } from './conflicts.ts';
import { heirIdFor } from './derive-ids.ts';
import { callRecord, formerCall, keyedCall } from './keyed-call.ts';
import { tell } from './owed.ts';
import type { PlaceOrderCommand, PlaceOrderNeeds } from './place-command.ts';
import { refusePart } from './place-exit.ts';
import { alreadyClosing, fromField, notFound, type Refusal, refuse } from './refusal.ts';
import { askForRules } from './stale-rules.ts';
import { sendPointer } from './work-pointers.ts';

/** What is to be other than it is; `quantity` is the order's whole, with what has filled. */
export type AmendChange = Partial<Omit<OrderAmounts, 'quoteQuantity'>>;

export interface AmendOrderCommand {
  readonly userId: string;
  /** The machine client that asks for its user; absent or null = the user. */
  readonly clientId?: string | null;
  readonly orderId: string;
  readonly change: AmendChange;
  /** The caller's key; null = every call is its own. */
  readonly idempotencyKey: string | null;
}

export interface Amended {
  readonly order: Order;
  /** True when this very call had been taken before. */
  readonly repeated: boolean;
}

/** Everything that an amendment is decided by, as read. */
interface Case {
  readonly order: Order;
  readonly position: Position;
  readonly wallet: Wallet;
  readonly spec: SymbolSpec;
  readonly asked: OrderAmounts;
  readonly clientId: string | null;
}

interface Decided {
  readonly way: AmendWay;
  readonly wanted: OrderAmounts;
  readonly market: Decimal | null;
}

export type AmendOrder = ReturnType<typeof makeAmendOrder>;

export function makeAmendOrder(ports: PlaceOrderNeeds) {
  const { ledger, wallets, outbox, served, clock, ids, log } = ports;

  /** Sizes alone are looked at: the prices are those that the venue has taken already. */
  function inPlace({ order, spec, asked }: Case): Result<Decided, Refusal> | null {
    const { sent, refusal } = explain(spec, order.side, order.type, asked, null);
    const isWorking = order.status === 'open' || order.status === 'partially_filled';
    const isPossible =
      isWorking && order.environment !== 'demo' && spec.rules.amendAllowed && order.type !== 'oco';
    const leavesSome = sent.quantity.greaterThan(maxOf(order.filledQuantity, order.venueQuantity));
    if (!isPossible || !isMereReduction(order, sent) || !leavesSome) return null;
    // A symbol that takes cancels only takes this as well.
    if (refusal !== null && refusal.code !== 'cancel_only') return { ok: false, error: fromField(refusal) };
    return ok({ way: 'in_place', wanted: sent, market: null });
  }

  /** As a new order would be checked, and what would be left of it as well. */
  async function anew(of: Case): Promise<Result<Decided, Refusal>> {
    const { order, position, wallet, spec, asked } = of;
    const protection = position.quantity.isZero() ? position.protection : null;
    const command = commandOf(order, asked, order.role === 'entry' ? protection : null);
    const form = checkForm(command, { wallet, spec });
    if (!form.ok) return form;
    const found = await checkAmounts(ports, command, spec);
    const { sent, refusal, market } = found;
    if (refusal !== null) return { ok: false, error: fromField(refusal) };
    if (order.role === 'entry') {
      const allowed = checkWallet(wallet, served);
      if (!allowed.ok) return allowed;
      const entry = position.furtherEntryIds.includes(order.orderId)
        ? checkAdded(command, position, spec, found, order)
        : checkEntry(command, { wallet, spec }, found, ports.clock.now());
      if (!entry.ok) return entry;
    }
    const rest = sent.quantity.minus(order.filledQuantity);
    if (rest.greaterThan(0) && isTooSmall(order.type, sent, rest, spec)) {
      const message = `what is left to fill, ${rest.toFixed()}, is below what the venue takes`;
      return refuse('below_minimum', 'quantity', message, 'ask for more, or cancel the order');
    }
    return ok({ way: order.status === 'pending' ? 'before_sending' : 'new_order', wanted: sent, market });
  }

  /** An exit with its reservation as the amendment needs it from now on; entries reserve nothing. */
  function reserve({ order, position }: Case, { way, wanted }: Decided): Result<Position, Refusal> {
    if (order.role === 'entry') return ok(position);
    const more = wanted.quantity.minus(order.quantity);
    if (more.greaterThan(freeQuantity(position))) {
      return refusePart({ code: 'not_enough_free', free: freeQuantity(position), facts: null }, position);
    }
    // What is no longer wanted is free once the venue cannot sell it any more.
    if (!more.greaterThan(0) && way !== 'before_sending') return ok(position);
    const reserved = remaining(order).plus(more);
    return ok(withReserved(position, order.orderId, reserved, clock.now()));
  }

  /** An entry that may buy for more than it could asks its wallet's and its client's limits; no gates where it does not. */
  async function limited(
    { order, position, spec, clientId }: Case,
    { after }: Change<Order>,
  ): Promise<Result<Pick<Commit, 'risk' | 'client' | 'positions'>, Refusal>> {
    const reserved = reservedInQuote(after);
    const more = reserved.minus(reservedInQuote(order));
    if (!more.greaterThan(0)) return ok({});
    const { walletId, symbol } = order;
    const worth = { walletId, symbol, quote: spec.quote, more, kind: 'change' } as const;
    const whole = (await worthOf(ledger, position)).plus(more);
    const risk = await checkRisk(ports, { ...worth, position: whole });
    if (!risk.ok) return risk;
    const client = await checkClient(ports, clientId, {
      ...worth,
      position: order.filledQuote.plus(reserved),
    });
    if (!client.ok) return client;
    // Its worth was looked at with all its entries: whoever adds another one meanwhile, or changes it, comes after.
    const now = clock.now();
    const looked = { ...position, updatedAt: Math.max(position.updatedAt, now) };
    return ok({
      risk: risk.value,
      client: client.value,
      positions: [{ before: position, after: withDue(looked, now) }],
    });
  }

  async function caseOf(
    order: Order,
    { change, clientId = null }: AmendOrderCommand,
  ): Promise<Result<Case, Refusal>> {
    const [position, wallet] = await Promise.all([
      ledger.position(order.positionId),
      wallets.get(order.walletId),
    ]);
    if (position === null || wallet === null)
      throw new Error(`order ${order.orderId} has lost its position or wallet`);
    const spec = await specOf(ports.symbols, order);
    const barred = whyNot(order, position);
    return (
      barred ?? ok({ order, position, wallet, spec, clientId, asked: { ...amountsOf(order), ...change } })
    );
  }

  async function write(
    of: Case,
    decided: Decided,
    call: Call | null,
  ): Promise<Result<Amended, Refusal> | 'conflict'> {
    const { order, position, wallet, asked } = of;
    const { way, wanted, market } = decided;
    const now = clock.now();
    const keys = call === null ? [] : [call];
    if (sameAmounts(order, wanted)) {
      const noted = call === null || (await ledger.commit({ keys })).outcome === 'done';
      return noted ? ok({ order, repeated: false }) : 'conflict';
    }
    const reserved = reserve(of, decided);
    if (!reserved.ok) return reserved;
    const heirId = heirIdFor(order.orderId, call?.key ?? ids.token());
    const walletPauses = order.role === 'entry' ? pauseOf(wallet).pauses : null;
    const under = { at: now, cause: 'api', way, asked, wanted, heirId, referencePrice: market };
    const amendment: Amendment = { ...under, walletPauses, outcome: 'under_way', reason: null };
    const next = transition(order, { kind: 'amend_wanted', at: now, amendment });
    // The order as read allows it; whatever refuses it now is a mistake of ours.
    if (!next.ok) throw new Error(`amendment of ${order.orderId}: ${next.error.message}`);
    const change: Change<Order> = { before: order, after: withDue(next.value, now) };
    const allowed = await limited(of, change);
    if (!allowed.ok) return allowed;
    const isReserved = reserved.value !== position;
    const result = await ledger.commit({
      orders: [change],
      positions: isReserved ? [{ before: position, after: withDue(reserved.value, now) }] : [],
      keys,
      ...allowed.value,
    });
    if (result.outcome !== 'done') return 'conflict';
    const written = stored(change);
    const { orderId } = order;
    log.info('AMEND_WANTED', { orderId, way, status: written.status });
    await tell(log, sendPointer(outbox, written), { orderId });
    return ok({ order: written, repeated: false });
  }

  async function attempt(command: AmendOrderCommand): Promise<Result<Amended, Refusal> | 'conflict'> {
    const { userId, orderId, idempotencyKey, change } = command;
    const order = await ledger.order(orderId);
    if (order === null || order.userId !== userId) return notFound('order', 'order_id');
    const call = keyedCall('amend', orderId, idempotencyKey, change);
    const former = await formerCall(ledger, call);
    if (!former.ok) return former;
    if (former.value !== null) return ok({ order, repeated: true });
    const found = await caseOf(order, command);
    if (!found.ok) return found;
    const decided = inPlace(found.value) ?? (await anew(found.value));
    if (!decided.ok) {
      await askForRules(ports, order.environment, decided.error);
      return decided;
    }
    return write(found.value, decided.value, callRecord(call, clock.now(), [orderId]));
  }

  /** What the very call has made while it was looked at here; null when it has made nothing. */
  async function madeMeanwhile(command: AmendOrderCommand): Promise<Amended | null> {
    const { userId, orderId, idempotencyKey, change } = command;
    const former = await formerCall(ledger, keyedCall('amend', orderId, idempotencyKey, change));
    const order = former.ok && former.value !== null ? await ledger.order(orderId) : null;
    return order?.userId === userId ? { order, repeated: true } : null;
  }

  return async (command: AmendOrderCommand): Promise<Result<Amended, Refusal>> => {
    const amended = await untilWritten(ports, `amendment of order ${command.orderId}`, () =>
      attempt(command),
    );
    if (amended.ok) return amended;
    // The same call, made at the same time, may have taken the very room that this one was refused.
    const made = await madeMeanwhile(command);
    return made === null ? amended : ok(made);
  };
}

/** Why this order is not amended, whatever is wanted; null when it may be. */
function whyNot(order: Order, position: Position) {
  const { status, type, replacedBy } = order;
  if (isFinal(status)) {
    const facts = { status, ...(replacedBy !== null && { replaced_by: replacedBy }) };
    const fix = replacedBy === null ? 'place a new one' : `amend ${replacedBy} instead`;
    return refuse('already_final', 'order_id', `the order is ${status}`, fix, facts);
  }
  if (isAmending(order)) {
    const message = 'the order is being amended already';
    return refuse('amend_under_way', 'order_id', message, 'wait until that has ended', { status });
  }
  if (status === 'cancelling') {
    return refuse('not_amendable', 'order_id', 'the order is being cancelled', 'place a new one', { status });
  }
  if (!isClientPlaced(order)) {
    const message = 'the order is an exit of its position, made by a close or a level';
    return refuse('not_amendable', 'order_id', message, 'close the position, or change its protection');
  }
  if (type === 'market') {
    return refuse(
      'type_forbidden',
      'order_id',
      'a market order trades at once',
      'cancel it, or let it trade',
    );
  }
  if (position.flatten !== null) return alreadyClosing(position.flatten);
  if (order.waitsFor !== null) {
    const message = "the order waits until the position's resident order has given way";
    return refuse('not_amendable', 'order_id', message, 'try again in a moment', { status });
  }
  return null;
}

/** The order as a client would place it anew. */
const commandOf = (
  order: Order,
  asked: OrderAmounts,
  protection: PlaceOrderCommand['protection'],
): PlaceOrderCommand => ({
  ...asked,
  userId: order.userId,
  walletId: order.walletId,
  symbol: order.symbol,
  side: order.side,
  type: order.type,
  timeInForce: order.timeInForce,
  clientOrderId: order.clientOrderId,
  idempotencyKey: null,
  protection,
  positionId: order.role === 'exit' ? order.positionId : null,
  positionSide: order.role === 'entry' && order.side === 'sell' ? 'short' : null,
  leverage: (order.role === 'entry' ? order.margin?.leverage : null) ?? null,
  flowId: order.flowId,
  executionId: order.executionId,
  marketConditions: order.marketConditions,
  aiReasoning: order.aiReasoning,
  aiConfidence: order.aiConfidence,
  aiAgentId: order.aiAgentId,
  metadata: order.metadata,
  tags: order.tags,
  notes: order.notes,
});
