/**
 * When the page reads: everything after a connection, what an event has named, in turns while there is no connection, and what
 * nobody is told of (health, trailing stops). All of it within a user's budget of reads, so that bots are not kept waiting.
 */
import type { EventView } from '../../../shared/client/push.ts';
import type { Readers } from './readers.ts';

export interface RefreshOptions {
  readonly readers: Readers;
  readonly isPolling: () => boolean;
  /** Something was read before it had a price: its P&L is known only once it is read with one. */
  readonly isUnpriced: () => boolean;
  /** Symbols whose prices nobody pushes now. */
  readonly unpushed: () => readonly string[];
}

export interface Refresh {
  all(): void;
  prices(): void;
  afterEvent(event: EventView): void;
  watchTrailing(positionId: string): () => void;
  stop(): void;
}

/** Named ones are read together, at most once in so long. */
const SETTLE_MS = 400;
/** More than these at once: the list is read instead. */
const MOST_SINGLE = 4;
const PRICES_MS = 2_000;
const LISTS_MS = 4_000;
/** Of what is held and not followed; live ones come by themselves. */
const ALL_PRICES_MS = 15_000;
const HEALTH_MS = 5_000;
const WALLETS_MS = 15_000;
const TRAILING_MS = 1_000;
/** A list may lag behind an event; by then it does not. */
const LISTS_ANYWAY_MS = 60_000;

export function createRefresh({ readers, isPolling, isUnpriced, unpushed }: RefreshOptions): Refresh {
  const named = { positions: new Set<string>(), orders: new Set<string>(), wallets: false };
  const trailing = new Map<string, number>();
  const timers: ReturnType<typeof setInterval>[] = [];
  let settle: ReturnType<typeof setTimeout> | null = null;
  let isBusy = false;

  const every = (ms: number, work: () => Promise<unknown>, when: () => boolean = () => true): void => {
    let isUnderWay = false;
    const run = async (): Promise<void> => {
      // A page that nobody sees asks for nothing; it catches up when it is seen.
      if (isUnderWay || document.hidden || !when()) return;
      isUnderWay = true;
      await work();
      isUnderWay = false;
    };
    timers.push(setInterval(() => void run(), ms));
  };

  const readNamed = async (): Promise<void> => {
    settle = null;
    if (isBusy) return later();
    isBusy = true;
    const positions = [...named.positions];
    const orders = [...named.orders];
    const { wallets } = named;
    named.positions.clear();
    named.orders.clear();
    named.wallets = false;
    await Promise.all([
      positions.length > MOST_SINGLE ? readers.listPositions() : Promise.all(positions.map(readers.position)),
      orders.length > MOST_SINGLE ? readers.listOrders() : Promise.all(orders.map(readers.order)),
      wallets && readers.listWallets(),
    ]);
    isBusy = false;
    if (named.positions.size + named.orders.size > 0 || named.wallets) later();
  };
  const later = (): void => {
    settle ??= setTimeout(() => void readNamed(), SETTLE_MS);
  };

  const nextTrailing = async (): Promise<void> => {
    const [next] = trailing.keys();
    if (next === undefined) return;
    // To the end of the row: each has its turn.
    const count = trailing.get(next) ?? 1;
    trailing.delete(next);
    trailing.set(next, count);
    await readers.position(next);
  };

  const all = (): void => {
    void readers.lists();
    void readers.health();
    void readers.allPrices();
    prices();
  };
  const prices = (): void => {
    const symbols = unpushed();
    if (symbols.length > 0) void readers.prices(symbols);
  };

  every(
    PRICES_MS,
    () => readers.prices(unpushed()),
    () => unpushed().length > 0,
  );
  every(LISTS_MS, readers.lists, isPolling);
  every(LISTS_MS, readers.listPositions, () => !isPolling() && isUnpriced());
  every(LISTS_ANYWAY_MS, readers.lists, () => !isPolling());
  every(WALLETS_MS, readers.listWallets, () => !isPolling());
  every(HEALTH_MS, readers.health);
  every(ALL_PRICES_MS, readers.allPrices);
  every(TRAILING_MS, nextTrailing, () => trailing.size > 0);
  const seen = (): void => {
    if (!document.hidden) all();
  };
  document.addEventListener('visibilitychange', seen);

  return {
    all,
    prices,
    afterEvent: ({ type, data }) => {
      if (type === 'position' || type === 'alarm') named.positions.add(String(data['position_id']));
      if (type === 'order') named.orders.add(String(data['order_id']));
      if (type === 'alarm') named.wallets = true;
      if (type !== 'fill') later();
    },
    watchTrailing: (id) => {
      trailing.set(id, (trailing.get(id) ?? 0) + 1);
      return () => {
        const left = (trailing.get(id) ?? 1) - 1;
        if (left > 0) trailing.set(id, left);
        else trailing.delete(id);
      };
    },
    stop: () => {
      for (const timer of timers) clearInterval(timer);
      if (settle !== null) clearTimeout(settle);
      document.removeEventListener('visibilitychange', seen);
    },
  };
}
