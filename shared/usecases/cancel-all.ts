/**
 * Cancelling a wallet's orders, all of them or those of a symbol or a side (design section 5).
 *
 * Always true:
 * - only what a client placed: an exit plan's orders, and orders that others have placed at the exchange, stay;
 * - each order is cancelled by the same use case as a single one; there is no cap;
 * - a repeat under the same key is about the same orders: what was placed since stays.
 */
import { isClientPlaced } from '../domain/amendments.ts';
import { isFinal } from '../domain/orders.ts';
import { ok, type Result } from '../domain/result.ts';
import type { Order, Side } from '../domain/types.ts';
import type { CancelOrder } from './cancel-order.ts';
import { ContendedError } from './conflicts.ts';
import { callRecord, formerCall, type KeyedCall, keyedCall } from './keyed-call.ts';
import type { Ports } from './ports.ts';
import { notFound, type Refusal, refuse } from './refusal.ts';

type Needs = Pick<Ports, 'ledger' | 'wallets' | 'symbols' | 'clock' | 'log'>;

export interface CancelAllCommand {
  readonly userId: string;
  readonly walletId: string;
  /** In any format; null = every symbol. */
  readonly symbol: string | null;
  /** Null = both. */
  readonly side: Side | null;
  /** The caller's key; null = every call is its own. */
  readonly idempotencyKey: string | null;
}

export interface CancelledAll {
  /** As they stand, the oldest first; also those that could not be cancelled. */
  readonly orders: readonly Order[];
  readonly refused: readonly { readonly orderId: string; readonly refusal: Refusal }[];
  readonly repeated: boolean;
}

export type CancelAll = ReturnType<typeof makeCancelAll>;

const AT_ONCE = 8;
/** Ids that one stored call names; a call about more is stored in parts. */
const IDS_PER_PART = 5_000;

/** A caller's key has no blanks, so none is ever a part of another's. */
const partKey = (key: string, part: number): string => (part === 0 ? key : `${key} ${part}`);

export function makeCancelAll(ports: Needs, cancelOrder: CancelOrder) {
  const { ledger, wallets, symbols, clock, log } = ports;

  async function liveIds({ walletId, side }: CancelAllCommand, symbol: string | null): Promise<string[]> {
    const indexed = await ledger.liveOrdersOfWallet(walletId);
    let orders = await ledger.orders(indexed.map((order) => order.orderId));
    // The index lags: it still names an order that was amended a moment ago, and not yet who took its place.
    for (let seen = orders; seen.length > 0; ) {
      const known = new Set(orders.map(({ orderId }) => orderId));
      const heirs = seen.flatMap(({ replacedBy }) => replacedBy ?? []).filter((id) => !known.has(id));
      seen = heirs.length === 0 ? [] : await ledger.orders(heirs);
      orders = [...orders, ...seen];
    }
    return orders
      .filter((order) => !isFinal(order.status) && isClientPlaced(order))
      .filter((order) => (symbol ?? order.symbol) === order.symbol && (side ?? order.side) === order.side)
      .toSorted((a, b) => a.createdAt - b.createdAt)
      .map((order) => order.orderId);
  }

  /** The orders that the same call was about before; null when it was not made. */
  async function formerIds(call: KeyedCall): Promise<Result<readonly string[] | null, Refusal>> {
    const first = await formerCall(ledger, call);
    if (!first.ok || first.value === null || call.key === null) return first.ok ? ok(null) : first;
    const all = [...first.value.orderIds];
    for (let part = 1, last = all.length; last === IDS_PER_PART; part++) {
      const more = (await ledger.callOf(call.ownerId, partKey(call.key, part)))?.orderIds ?? [];
      all.push(...more);
      last = more.length;
    }
    return ok(all);
  }

  /** Stores what the call is about before anything is cancelled; false = the same key was used meanwhile. */
  async function store(call: KeyedCall, orderIds: readonly string[]): Promise<boolean> {
    const { key } = call;
    if (key === null) return true;
    const parts = Array.from({ length: Math.max(1, Math.ceil(orderIds.length / IDS_PER_PART)) }, (_, n) =>
      callRecord(
        { ...call, key: partKey(key, n) },
        clock.now(),
        orderIds.slice(n * IDS_PER_PART, (n + 1) * IDS_PER_PART),
      ),
    );
    const { outcome } = await ledger.commit({ keys: parts.filter((part) => part !== null) });
    return outcome === 'done';
  }

  async function cancel(userId: string, orderId: string): Promise<Refusal | null> {
    try {
      const cancelled = await cancelOrder({ userId, orderId });
      return cancelled.ok ? null : cancelled.error;
    } catch (error) {
      if (!(error instanceof ContendedError)) throw error;
      const message = 'too many changes of the order at once';
      return refuse('conflict', 'order_id', message, 'cancel it again').error;
    }
  }

  async function cancelEach(
    userId: string,
    ids: readonly string[],
    repeated: boolean,
  ): Promise<CancelledAll> {
    const refused: CancelledAll['refused'][number][] = [];
    const all = new Set(ids);
    const rest = [...ids];
    const worker = async (): Promise<void> => {
      for (let orderId = rest.shift(); orderId !== undefined; orderId = rest.shift()) {
        const refusal = await cancel(userId, orderId);
        const heir = refusal?.facts?.['replaced_by'];
        if (heir !== undefined) {
          // It was amended a moment ago: whoever took its place goes too.
          all.add(heir);
          rest.push(heir);
        } else if (refusal !== null) {
          refused.push({ orderId, refusal });
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const stored = new Map((await ledger.orders([...all])).map((order) => [order.orderId, order]));
    const orders = [...all].flatMap((orderId) => stored.get(orderId) ?? []);
    return { orders, refused, repeated };
  }

  return async (command: CancelAllCommand): Promise<Result<CancelledAll, Refusal>> => {
    const { userId, walletId, side, idempotencyKey } = command;
    const wallet = await wallets.get(walletId);
    if (wallet === null || wallet.userId !== userId) return notFound('wallet', 'wallet_id');
    const spec = command.symbol === null ? null : await symbols.find(wallet.environment, command.symbol);
    if (command.symbol !== null && spec === null) {
      const message = `${command.symbol.slice(0, 40)} is not a symbol of ${wallet.environment}`;
      return refuse('unknown_symbol', 'symbol', message, 'leave symbol out to cancel everything');
    }
    const symbol = spec?.symbol ?? null;
    const call = keyedCall('cancel_all', walletId, idempotencyKey, { symbol, side });
    const former = await formerIds(call);
    if (!former.ok) return former;
    if (former.value !== null) return ok(await cancelEach(userId, former.value, true));
    const ids = await liveIds(command, symbol);
    if (!(await store(call, ids))) {
      const other = await formerIds(call);
      return other.ok ? ok(await cancelEach(userId, other.value ?? [], true)) : other;
    }
    log.info('CANCEL_ALL', { walletId, symbol, side, orders: ids.length });
    return ok(await cancelEach(userId, ids, false));
  };
}
