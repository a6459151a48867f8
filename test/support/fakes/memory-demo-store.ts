/** The demo venue's book in memory, held to the real one by test/contracts/demo-store.ts. */
import { type Decimal, sum, ZERO } from '../../../shared/domain/money/decimal.ts';
import type { Fill } from '../../../shared/domain/types.ts';
import type {
  DemoBalance,
  DemoMargin,
  DemoOrder,
  DemoSlice,
  DemoStep,
  DemoStore,
} from '../../../shared/ports/demo-store.ts';
import { frozen } from './frozen.ts';
import { checkTransaction } from './shelf.ts';

/** One wallet's account, for a test to look into and to set. */
export interface DemoBook {
  /** By client id. */
  readonly orders: Map<string, DemoOrder>;
  /** By asset. */
  readonly held: Map<string, DemoBalance>;
  /** Positions on margin, by their id. */
  readonly margins: Map<string, DemoMargin>;
  /** Trades by client id, oldest first. */
  readonly booked: Map<string, readonly Fill[]>;
  isOpen: boolean;
}

const newBook = (): DemoBook => ({
  orders: new Map(),
  held: new Map(),
  margins: new Map(),
  booked: new Map(),
  isOpen: false,
});

const nothing = (): void => undefined;
const isLive = ({ status }: DemoOrder): boolean => status === 'new' || status === 'partially_filled';
const byName = <T>([a]: [string, T], [b]: [string, T]): number => (a < b ? -1 : 1);
const inOrder = <T>(items: ReadonlyMap<string, T>): T[] => [...items].sort(byName).map(([, item]) => item);

export class MemoryDemoStore implements DemoStore {
  /** Called before each commit; throwing there is a write whose fate the caller does not learn. */
  beforeCommit: () => void = nothing;
  afterCommit: () => void = nothing;
  beforeLoad: () => void = nothing;
  private readonly books = new Map<string, DemoBook>();

  book(walletId: string): DemoBook {
    const known = this.books.get(walletId);
    if (known !== undefined) return known;
    const made = newBook();
    this.books.set(walletId, made);
    return made;
  }

  async load(
    walletId: string,
    clientId: string,
    assets: readonly string[],
    positionId: string | null,
  ): Promise<DemoSlice> {
    this.beforeLoad();
    const { orders, held, margins, isOpen } = this.book(walletId);
    const none = (asset: string): DemoBalance => ({ asset, version: 0, free: ZERO, locked: ZERO });
    return {
      opened: isOpen,
      order: orders.get(clientId) ?? null,
      balances: assets.map((asset) => held.get(asset) ?? none(asset)),
      margin: (positionId === null ? undefined : margins.get(positionId)) ?? null,
    };
  }

  async trades(walletId: string, clientId: string): Promise<readonly Fill[]> {
    return [...(this.book(walletId).booked.get(clientId) ?? [])];
  }

  async balances(walletId: string): Promise<readonly DemoBalance[]> {
    return inOrder(this.book(walletId).held);
  }

  async liveOrders(walletId: string): Promise<readonly DemoOrder[]> {
    return inOrder(this.book(walletId).orders).filter(isLive);
  }

  async commit(walletId: string, { order, balances, margin, fills }: DemoStep): Promise<'done' | 'conflict'> {
    this.beforeCommit();
    const { orders, held, margins, booked } = this.book(walletId);
    const { clientId, version, tradeCount } = order;
    const trades = booked.get(clientId) ?? [];
    const put = (name: string, isStale: boolean) => ({ name, isStale, put: nothing });
    const writes = [
      put(`demo order ${clientId}`, (orders.get(clientId)?.version ?? 0) !== version),
      ...balances.map((b) => put(`balance ${b.asset}`, (held.get(b.asset)?.version ?? 0) !== b.version)),
      ...(margin === null
        ? []
        : [put('margin', (margins.get(margin.positionId)?.version ?? 0) !== margin.version)]),
      // A trade is kept by its number in the order: that one must not be there yet.
      ...fills.map((_, i) => put(`trade ${i}`, tradeCount - fills.length + i < trades.length)),
    ];
    checkTransaction(writes);
    if (writes.some(({ isStale }) => isStale)) return 'conflict';
    orders.set(clientId, frozen({ ...order, version: version + 1 }));
    for (const b of balances) held.set(b.asset, frozen({ ...b, version: b.version + 1 }));
    if (margin !== null) margins.set(margin.positionId, frozen({ ...margin, version: margin.version + 1 }));
    if (fills.length > 0) booked.set(clientId, [...trades, ...fills.map((fill) => frozen({ ...fill }))]);
    this.afterCommit();
    return 'done';
  }

  async open(
    walletId: string,
    starting: readonly { asset: string; amount: Decimal }[],
    _now: number,
  ): Promise<void> {
    const book = this.book(walletId);
    const { held } = book;
    if (book.isOpen) return;
    const byAsset = [...Map.groupBy(starting, ({ asset }) => asset)];
    if (byAsset.some(([asset]) => held.has(asset))) {
      throw new Error(`the demo account ${walletId} has balances but was never opened`);
    }
    book.isOpen = true;
    for (const [asset, parts] of byAsset) {
      held.set(asset, frozen({ asset, version: 1, free: sum(parts.map((p) => p.amount)), locked: ZERO }));
    }
  }
}

/** One book for whatever wallet is asked for, open to view. */
export class MemoryStore extends MemoryDemoStore implements DemoBook {
  readonly orders = new Map<string, DemoOrder>();
  readonly held = new Map<string, DemoBalance>();
  readonly margins = new Map<string, DemoMargin>();
  readonly booked = new Map<string, readonly Fill[]>();
  isOpen = false;

  override book(): DemoBook {
    return this;
  }
}

export const memoryStore = (): MemoryStore => new MemoryStore();
