/** What the contract of a ledger asks of whoever opens one, and what its tests share. */
import type { Order, Position } from '../../shared/domain/types.ts';
import type { Commit, Ledger, WalletStore } from '../../shared/ports/ledger.ts';
import { anOrder } from '../integration/dynamodb/samples.ts';

export interface OpenLedger {
  /** Empty, and nobody else's. */
  readonly ledger: Ledger;
  /** Of the same store. */
  readonly wallets: WalletStore;
  /** Waits until lists and indexes show everything that was written before. */
  caughtUp(): Promise<void>;
}

export interface LedgerFacts {
  /** False where items are not written out, so that none can be too large or too long. */
  readonly checksItems: boolean;
}

export type OpenLedgerWith = (options: { readonly shards: number }) => Promise<OpenLedger>;

export async function orderOf(ledger: Ledger, orderId: string): Promise<Order> {
  const order = await ledger.order(orderId);
  if (order === null) throw new Error(`no order ${orderId}`);
  return order;
}

export async function positionOf(ledger: Ledger, positionId: string): Promise<Position> {
  const position = await ledger.position(positionId);
  if (position === null) throw new Error(`no position ${positionId}`);
  return position;
}

export const newOrders = (...changes: readonly Partial<Order>[]): Commit => ({
  orders: changes.map((change) => ({ before: null, after: anOrder(change) })),
});
