import type { Fill, Order, Position, PositionAction } from '../../../shared/domain/types.ts';
import type {
  Change,
  Commit,
  CommitResult,
  DueItem,
  Ledger,
  ListQuery,
  Page,
} from '../../../shared/ports/ledger.ts';

const FINAL = ['filled', 'cancelled', 'rejected', 'expired', 'failed'];
const orderIsLive = (order: Order): boolean =>
  !FINAL.includes(order.status) || order.venueQuantity.greaterThan(order.filledQuantity);

interface Versioned {
  readonly version: number;
}

/** Holds what the real ledger holds, with the same conflicts. All in one shard (0). */
export class MemoryLedger implements Ledger {
  readonly orderItems = new Map<string, Order>();
  readonly positionItems = new Map<string, Position>();
  readonly fillItems = new Map<string, readonly Fill[]>();
  readonly actionItems = new Map<string, readonly PositionAction[]>();
  commits = 0;

  async order(orderId: string): Promise<Order | null> {
    return this.orderItems.get(orderId) ?? null;
  }

  async position(positionId: string): Promise<Position | null> {
    return this.positionItems.get(positionId) ?? null;
  }

  async orders(orderIds: readonly string[]): Promise<readonly Order[]> {
    return orderIds.flatMap((id) => this.orderItems.get(id) ?? []);
  }

  async positions(positionIds: readonly string[]): Promise<readonly Position[]> {
    return positionIds.flatMap((id) => this.positionItems.get(id) ?? []);
  }

  async fills(orderId: string): Promise<readonly Fill[]> {
    return this.fillItems.get(orderId) ?? [];
  }

  async booked(orderId: string, tradeIds: readonly string[]): Promise<ReadonlySet<string>> {
    const known = new Set((this.fillItems.get(orderId) ?? []).map((fill) => fill.tradeId));
    return new Set(tradeIds.filter((tradeId) => known.has(tradeId)));
  }

  async actions(positionId: string): Promise<readonly PositionAction[]> {
    return this.actionItems.get(positionId) ?? [];
  }

  async commit(commit: Commit): Promise<CommitResult> {
    checkItems(commit);
    const stale = [
      ...(commit.orders ?? [])
        .filter((c) => isStale(c, this.orderItems.get(c.after.orderId)))
        .map((c) => c.after.orderId),
      ...(commit.positions ?? [])
        .filter((c) => isStale(c, this.positionItems.get(c.after.positionId)))
        .map((c) => c.after.positionId),
    ];
    const booked = new Map<string, ReadonlySet<string>>();
    for (const orderId of new Set(commit.fills?.map((one) => one.orderId))) {
      booked.set(orderId, new Set(this.fillItems.get(orderId)?.map((fill) => fill.tradeId)));
    }
    const known = (commit.fills ?? []).filter(({ orderId, fill }) => booked.get(orderId)?.has(fill.tradeId));
    if (known.length > 0) return { outcome: 'duplicate_fill', tradeIds: known.map((k) => k.fill.tradeId) };
    if (stale.length > 0) return { outcome: 'conflict', items: stale };
    this.commits += 1;
    for (const change of commit.orders ?? []) this.orderItems.set(change.after.orderId, next(change));
    for (const change of commit.positions ?? [])
      this.positionItems.set(change.after.positionId, next(change));
    for (const { orderId, fill } of commit.fills ?? []) {
      this.fillItems.set(orderId, [...(this.fillItems.get(orderId) ?? []), fill]);
    }
    for (const { positionId, action } of commit.actions ?? []) {
      this.actionItems.set(positionId, [...(this.actionItems.get(positionId) ?? []), action]);
    }
    return { outcome: 'done' };
  }

  async ordersOfUser(userId: string, query: ListQuery): Promise<Page<Order>> {
    return page(
      [...this.orderItems.values()].filter((o) => o.userId === userId),
      query,
    );
  }

  async positionsOfUser(userId: string, query: ListQuery): Promise<Page<Position>> {
    return page(
      [...this.positionItems.values()].filter((p) => p.userId === userId),
      query,
    );
  }

  async livePositions(symbol: string): Promise<readonly Position[]> {
    return [...this.positionItems.values()].filter((p) => p.symbol === symbol && p.status !== 'closed');
  }

  async liveOrders(symbol: string): Promise<readonly Order[]> {
    return [...this.orderItems.values()].filter((o) => o.symbol === symbol && orderIsLive(o));
  }

  async liveOrdersOfWallet(walletId: string): Promise<readonly Order[]> {
    return [...this.orderItems.values()].filter((o) => o.walletId === walletId && !FINAL.includes(o.status));
  }

  async livePositionsOfWallet(walletId: string): Promise<readonly Position[]> {
    return [...this.positionItems.values()].filter((p) => p.walletId === walletId && p.status !== 'closed');
  }

  async ordersOfWallet(walletId: string, since: number): Promise<readonly Order[]> {
    return [...this.orderItems.values()]
      .filter((o) => o.walletId === walletId && o.createdAt >= since)
      .sort((a, b) => a.createdAt - b.createdAt);
  }

  async liveSymbols(): Promise<readonly string[]> {
    const live = [
      ...[...this.positionItems.values()].filter((p) => p.status !== 'closed'),
      ...[...this.orderItems.values()].filter(orderIsLive),
    ];
    return [...new Set(live.map((item) => item.symbol))];
  }

  async due(shard: number, now: number, limit: number): Promise<readonly DueItem[]> {
    if (shard !== 0) return [];
    const items: DueItem[] = [];
    for (const { orderId: id, dueAt } of this.orderItems.values()) {
      if (dueAt !== null && dueAt <= now) items.push({ kind: 'order', id, dueAt });
    }
    for (const { positionId: id, dueAt } of this.positionItems.values()) {
      if (dueAt !== null && dueAt <= now) items.push({ kind: 'position', id, dueAt });
    }
    return items.sort((a, b) => a.dueAt - b.dueAt).slice(0, limit);
  }

  async moveDue(item: DueItem, to: number): Promise<boolean> {
    if (item.kind === 'order') {
      const order = this.orderItems.get(item.id);
      if (order === undefined || order.dueAt !== item.dueAt) return false;
      this.orderItems.set(item.id, { ...order, dueAt: to, dueTries: order.dueTries + 1 });
    } else {
      const position = this.positionItems.get(item.id);
      if (position === undefined || position.dueAt !== item.dueAt) return false;
      this.positionItems.set(item.id, { ...position, dueAt: to, dueTries: position.dueTries + 1 });
    }
    return true;
  }
}

/** What the real store refuses: more than 100 items, or one of them twice. */
function checkItems({ orders = [], positions = [], fills = [], actions = [] }: Commit): void {
  const names = [
    ...orders.map(({ after }) => `order ${after.orderId}`),
    ...positions.map(({ after }) => `position ${after.positionId}`),
    ...fills.map(({ orderId, fill }) => `fill ${orderId} ${fill.tradeId}`),
    ...actions.map((_, index) => `action ${index}`),
  ];
  if (names.length > 100) throw new Error(`a transaction of ${names.length} items`);
  if (new Set(names).size < names.length) throw new Error(`an item twice in one transaction: ${names}`);
}

function isStale<T extends Versioned>({ before }: Change<T>, stored: T | undefined): boolean {
  return before === null ? stored !== undefined : stored?.version !== before.version;
}

function next<T extends Versioned>({ before, after }: Change<T>): T {
  return { ...after, version: before === null ? 1 : before.version + 1 };
}

function page<
  T extends {
    readonly status: string;
    readonly symbol: string;
    readonly walletId: string;
    readonly createdAt: number;
  },
>(items: readonly T[], query: ListQuery): Page<T> {
  const matching = items
    .filter((item) => query.status === undefined || query.status.includes(item.status))
    .filter((item) => query.symbol === undefined || item.symbol === query.symbol)
    .filter((item) => query.walletId === undefined || item.walletId === query.walletId)
    .sort((a, b) => b.createdAt - a.createdAt);
  const from = query.cursor === null ? 0 : Number.parseInt(query.cursor, 10);
  const to = from + query.limit;
  return { items: matching.slice(from, to), cursor: to < matching.length ? String(to) : null };
}

export { MemoryWallets } from './memory-wallets.ts';
