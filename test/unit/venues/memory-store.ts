/** The demo book in memory, with the versions and conflicts of the real one. */
import { sum, ZERO } from '../../../shared/domain/money/decimal.ts';
import type { Fill } from '../../../shared/domain/types.ts';
import type { DemoBalance, DemoOrder, DemoStore } from '../../../shared/ports/demo-store.ts';

export interface MemoryStore extends DemoStore {
  readonly orders: Map<string, DemoOrder>;
  readonly held: Map<string, DemoBalance>;
  readonly booked: Map<string, Fill[]>;
  /** Called before each commit; throwing there is a write whose fate the caller does not learn. */
  beforeCommit: () => void;
  afterCommit: () => void;
  beforeLoad: () => void;
}

export function memoryStore(): MemoryStore {
  const orders = new Map<string, DemoOrder>();
  const held = new Map<string, DemoBalance>();
  const booked = new Map<string, Fill[]>();
  let opened = false;
  const nothing = (): void => undefined;
  const self: MemoryStore = {
    orders,
    held,
    booked,
    beforeCommit: nothing,
    afterCommit: nothing,
    beforeLoad: nothing,
    async load(_walletId, clientId, assets) {
      self.beforeLoad();
      const none = (asset: string): DemoBalance => ({ asset, version: 0, free: ZERO, locked: ZERO });
      const balances = assets.map((asset) => held.get(asset) ?? none(asset));
      return { opened, order: orders.get(clientId) ?? null, balances };
    },
    async trades(_walletId, clientId) {
      return [...(booked.get(clientId) ?? [])];
    },
    async balances() {
      return [...held.values()];
    },
    async liveOrders() {
      return [...orders.values()].filter((o) => o.status === 'new' || o.status === 'partially_filled');
    },
    async commit(_walletId, { order, balances, fills }) {
      self.beforeCommit();
      const stale =
        (orders.get(order.clientId)?.version ?? 0) !== order.version ||
        balances.some((b) => (held.get(b.asset)?.version ?? 0) !== b.version);
      if (stale) return 'conflict';
      orders.set(order.clientId, { ...order, version: order.version + 1 });
      for (const b of balances) held.set(b.asset, { ...b, version: b.version + 1 });
      booked.set(order.clientId, [...(booked.get(order.clientId) ?? []), ...fills]);
      self.afterCommit();
      return 'done';
    },
    async open(_walletId, starting) {
      if (opened) return;
      opened = true;
      for (const [asset, parts] of Map.groupBy(starting, (b) => b.asset)) {
        held.set(asset, { asset, version: 1, free: sum(parts.map((p) => p.amount)), locked: ZERO });
      }
    },
  };
  return self;
}
