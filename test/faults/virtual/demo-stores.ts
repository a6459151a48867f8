/** The demo venue's books, one per wallet. */

import type { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { Fill } from '../../../shared/domain/types.ts';
import type {
  DemoBalance,
  DemoOrder,
  DemoSlice,
  DemoStep,
  DemoStore,
} from '../../../shared/ports/demo-store.ts';
import { type MemoryStore, memoryStore } from '../../unit/venues/memory-store.ts';

export class DemoStores implements DemoStore {
  readonly books = new Map<string, MemoryStore>();

  of(walletId: string): MemoryStore {
    let book = this.books.get(walletId);
    if (book === undefined) {
      book = memoryStore();
      this.books.set(walletId, book);
    }
    return book;
  }

  load(walletId: string, clientId: string, assets: readonly string[]): Promise<DemoSlice> {
    return this.of(walletId).load(walletId, clientId, assets);
  }

  trades(walletId: string, clientId: string): Promise<readonly Fill[]> {
    return this.of(walletId).trades(walletId, clientId);
  }

  balances(walletId: string): Promise<readonly DemoBalance[]> {
    return this.of(walletId).balances(walletId);
  }

  liveOrders(walletId: string): Promise<readonly DemoOrder[]> {
    return this.of(walletId).liveOrders(walletId);
  }

  commit(walletId: string, step: DemoStep): Promise<'done' | 'conflict'> {
    return this.of(walletId).commit(walletId, step);
  }

  open(
    walletId: string,
    balances: readonly { asset: string; amount: Decimal }[],
    now: number,
  ): Promise<void> {
    return this.of(walletId).open(walletId, balances, now);
  }
}
