/** What the ledger has of a wallet, for a comparison with its venue (design section 13). */
import type { LedgerView, ReconcileState, VenueView } from '../../domain/reconcile/types.ts';
import type { Order, Position, Wallet } from '../../domain/types.ts';
import type { Ports } from '../ports.ts';
import { type Sides, tradeKey, venueKey } from './read-venue.ts';

/** The index of orders by wallet lags a little behind the orders, and clocks differ. */
const OVERLAP_MS = 60_000;

/** A busy wallet has thousands of orders between two passes, and a pass has less than a minute. */
const READS_AT_ONCE = 16;

export interface Held {
  readonly orders: readonly Order[];
  readonly positions: readonly Position[];
  readonly booked: ReadonlyMap<string, ReadonlySet<string>>;
}

export function makeReadLedger({ ledger }: Pick<Ports, 'ledger'>) {
  async function bookedOf(orders: readonly Order[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const traded = orders.filter(({ fillCount }) => fillCount > 0);
    const booked = new Map<string, ReadonlySet<string>>();
    const left = [...traded];
    const worker = async (): Promise<void> => {
      for (let order = left.shift(); order !== undefined; order = left.shift()) {
        const fills = await ledger.fills(order.orderId);
        booked.set(order.orderId, new Set(fills.map(({ tradeId }) => tradeId)));
      }
    };
    await Promise.all(Array.from({ length: Math.min(READS_AT_ONCE, left.length) }, worker));
    return booked;
  }

  /** Lists may lag, so each item is read again, consistently. */
  async function read(wallet: Wallet, state: ReconcileState, named: readonly string[]): Promise<Held> {
    const { walletId } = wallet;
    const since = Math.max(0, (state.ordersSince ?? state.asOf ?? wallet.createdAt) - OVERLAP_MS);
    const [live, recent, open] = await Promise.all([
      ledger.liveOrdersOfWallet(walletId),
      ledger.ordersOfWallet(walletId, since),
      ledger.livePositionsOfWallet(walletId),
    ]);
    const ids = new Set([...live, ...recent].map(({ orderId }) => orderId));
    for (const orderId of [...state.watched, ...named]) ids.add(orderId);
    const orders = (await ledger.orders([...ids])).filter((order) => order.walletId === walletId);
    const positions = await ledger.positions(open.map(({ positionId }) => positionId));
    return { orders, positions, booked: await bookedOf(orders) };
  }

  return {
    /** Before the venue is read: which symbols to ask for, and whose orders there are. */
    async before(wallet: Wallet, state: ReconcileState): Promise<Sides> {
      const held = await read(wallet, state, []);
      const symbols = new Set([...held.orders, ...held.positions].map(({ symbol }) => symbol));
      const byVenueId = new Map<string, Order>();
      for (const order of held.orders) {
        if (order.venueOrderId !== null) byVenueId.set(venueKey(order.symbol, order.venueOrderId), order);
      }
      const bookedBy = new Map<string, string>();
      for (const order of held.orders) {
        for (const tradeId of held.booked.get(order.orderId) ?? []) {
          bookedBy.set(tradeKey(order.symbol, tradeId), order.orderId);
        }
      }
      return { symbols, state, byVenueId, bookedBy };
    },

    /** After it: whatever the venue has shown should be booked by now. */
    async after(wallet: Wallet, state: ReconcileState, venue: VenueView): Promise<LedgerView> {
      const named = [...venue.openOrders, ...(venue.trades ?? [])].flatMap(({ orderId }) => orderId ?? []);
      return read(wallet, state, named);
    },
  };
}
