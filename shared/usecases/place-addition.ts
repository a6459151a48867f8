/** An order that adds to a position that is there (scaling in): an entry like any other, of that position (design section 8). */
import { withDue } from '../domain/due.ts';
import { entryAdded } from '../domain/entry-ids.ts';
import { decimalText } from '../domain/money/decimal.ts';
import { ok, type Result } from '../domain/result.ts';
import { worthLeft } from '../domain/risk/use.ts';
import { checkAddition, entryAsks, worthOf } from './check-addition.ts';
import { checkClient } from './check-client.ts';
import { checkAdded, checkAmounts, checkWallet, type Target } from './check-order.ts';
import { checkRisk } from './check-risk.ts';
import { untilWritten } from './conflicts.ts';
import { newEntry } from './new-entry.ts';
import { tell } from './owed.ts';
import type { Identity, Placed, PlaceOrderCommand, PlaceOrderNeeds } from './place-command.ts';
import type { Refusal } from './refusal.ts';
import { refusePaused } from './refuse-paused.ts';

type RepeatOf = (orderId: string, bodyHash: string) => Promise<Result<Placed, Refusal> | null>;

/**
 * Written together with the position, by condition that nobody has changed it since: a close that came first refuses
 * it, one that comes after finds it and cancels it.
 */
export async function placeAddition(
  ports: PlaceOrderNeeds,
  command: PlaceOrderCommand,
  positionId: string,
  target: Target,
  id: Identity,
  repeatOf: RepeatOf,
): Promise<Result<Placed, Refusal>> {
  const { ledger, prices, outbox, served, clock, log } = ports;
  const { wallet, spec } = target;
  const { walletId } = command;
  const { orderId } = id;

  const attempt = async (): Promise<Result<Placed, Refusal> | 'conflict'> => {
    const found = checkAddition(command, await ledger.position(positionId), spec);
    if (!found.ok) return found;
    const before = found.value;
    const held = await worthOf(ledger, before);
    const amounts = await checkAmounts(ports, command, spec);
    const open = checkWallet(wallet, served);
    if (!open.ok) {
      return { ok: false, error: await refusePaused(ports, target, amounts, open.error, held) };
    }
    const checked = checkAdded(command, before, spec, amounts);
    if (!checked.ok) return checked;
    const { sent, market, margin } = checked.value;
    const worth = worthLeft(sent, market);
    const asked = { walletId, symbol: spec.symbol, quote: spec.quote, ...entryAsks(worth, held) };
    const allowed = await checkRisk(ports, asked);
    if (!allowed.ok) return allowed;
    const client = await checkClient(ports, command.clientId, { ...asked, position: worth });
    if (!client.ok) return client;
    const now = clock.now();
    const of = { positionId, sent, margin, referencePrice: market };
    const order = withDue(newEntry(command, target, id, of, now), now);
    const facts = {
      order_id: orderId,
      type: order.type,
      ...(sent.quoteQuantity === null
        ? { quantity: decimalText(sent.quantity) }
        : { quote_quantity: decimalText(sent.quoteQuantity) }),
    };
    const result = await ledger.commit({
      orders: [{ before: null, after: order }],
      positions: [{ before, after: withDue(entryAdded(before, order, now), now) }],
      actions: [{ positionId, action: { at: now, kind: 'entry_added', facts } }],
      risk: allowed.value,
      client: client.value,
    });
    if (result.outcome !== 'done') {
      // The same key may have won elsewhere; else the position, the wallet or the client moved on.
      return (await repeatOf(orderId, id.bodyHash)) ?? 'conflict';
    }
    log.info('ORDER_TAKEN', { orderId, positionId, symbol: spec.symbol, type: order.type });
    await Promise.all([
      tell(log, prices.want([spec.symbol]), { orderId }),
      tell(log, outbox.submit({ orderId }), { orderId }),
    ]);
    return ok({ order: { ...order, version: 1 }, repeated: false });
  };

  return untilWritten(ports, `entry ${orderId}`, attempt);
}
