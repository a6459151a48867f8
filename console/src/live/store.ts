/**
 * What the page knows, as signals: open positions, live orders, prices, wallets, health. Kept current by the push
 * connection; by asking, while there is none; and by reading again what an event has named.
 */
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { ApiClient, ApiProblem } from '../../../shared/client/client.ts';
import type { EventView, PushedPrice } from '../../../shared/client/push.ts';
import type { LinkState } from './connection.ts';
import { createFrames } from './frames.ts';
import { createKeyed, type Keyed } from './keyed.ts';
import { createLink } from './link.ts';
import { mergedOrder, mergedPosition } from './merge.ts';
import { isNewer } from './positions.ts';
import { createReaders, type Reads } from './readers.ts';
import {
  type Health,
  LIVE_ORDER_STATUSES,
  OPEN_STATUSES,
  type Order,
  type Position,
  type Wallet,
} from './rows.ts';

export type { Health, Order, Position, Wallet };

import { createRefresh } from './refresh.ts';

export interface Live {
  readonly api: ApiClient;
  /** Open ones: opening, open, closing. */
  readonly positions: Keyed<Position>;
  /** Live ones: all that can still fill. */
  readonly orders: Keyed<Order>;
  readonly wallets: Keyed<Wallet>;
  readonly health: ReadonlySignal<Health | null>;
  /** When health was last answered, by the clock of `now`; 0 = never. */
  readonly healthAt: ReadonlySignal<number>;
  readonly connection: ReadonlySignal<LinkState>;
  /** Nothing has been read yet: show that it is loading, not that there is nothing. */
  readonly isLoading: ReadonlySignal<boolean>;
  /** What cannot be read now, and why; null = all can. */
  readonly trouble: ReadonlySignal<ApiProblem | null>;
  /** The time, each second: by the API's clock where this machine's is another one. */
  readonly now: ReadonlySignal<number>;
  /** The same each ten seconds: for what hangs on a time but need not follow it. */
  readonly slowNow: ReadonlySignal<number>;
  /** Symbols of what is open, in a fixed order. */
  readonly symbols: ReadonlySignal<readonly string[]>;
  /** Followed for as long as somebody holds it: see `watchSymbol`. */
  price(symbol: string): ReadonlySignal<PushedPrice | null>;
  /** Prices of a symbol that no open position has (an order form, a chart). Answers how to let go. */
  watchSymbol(symbol: string): () => void;
  /** Where its trailing stop stands, read from time to time while somebody watches. Answers how to let go. */
  watchTrailing(positionId: string): () => void;
  trailing(positionId: string): ReadonlySignal<string | null>;
  /** Every event as it comes, after the rows know of it. Answers how to let go. */
  onEvent(hear: (event: EventView) => void): () => void;
  /** Reads everything anew. */
  reload(): void;
  stop(): void;
}

export interface LiveOptions {
  readonly api: ApiClient;
  readonly pushUrl: string;
  readonly token: () => Promise<string>;
}

/** A price channel takes so many symbols; the rest is asked for. */
export const PUSHED_SYMBOLS = 50;
const HIDDEN_FRAME_MS = 1_000;
const SLOW_MS = 10_000;
/** Clocks that differ by less count as the same. */
const SAME_CLOCK_MS = 3_000;

const namesIn = (text: string): readonly string[] => (text === '' ? [] : text.split(' '));

export function createLive({ api, pushUrl, token }: LiveOptions): Live {
  const positions = createKeyed<Position>({
    idOf: (row) => row.position_id,
    changedAt: (row) => row.updated_at,
    belongs: (row) => OPEN_STATUSES.some((status) => status === row.status),
    now: Date.now,
  });
  const orders = createKeyed<Order>({
    idOf: (row) => row.order_id,
    changedAt: (row) => row.updated_at,
    belongs: (row) => LIVE_ORDER_STATUSES.some((status) => status === row.status),
    now: Date.now,
  });
  const wallets = createKeyed<Wallet>({
    idOf: (row) => row.wallet_id,
    changedAt: (row) => row.updated_at,
    belongs: () => true,
    now: Date.now,
  });
  const health = signal<Health | null>(null);
  const healthAt = signal(0);
  const isLoading = signal(true);
  const trouble = signal<ApiProblem | null>(null);
  /** By what could not be read; the next read of it that goes well takes it away. */
  const troubles = new Map<string, ApiProblem>();
  const now = signal(Date.now());
  const prices = new Map<string, Signal<PushedPrice | null>>();
  const trailings = new Map<string, Signal<string | null>>();
  const watched = new Map<string, number>();
  const watchCount = signal(0);
  const hearers = new Set<(event: EventView) => void>();

  const inFrame = createFrames({
    schedule: (run) => {
      if (document.hidden) setTimeout(run, HIDDEN_FRAME_MS);
      else requestAnimationFrame(run);
    },
  });

  const priceOf = (symbol: string) => cellOf(prices, symbol);
  const takePrice = (price: PushedPrice): void => {
    const cell = priceOf(price.symbol);
    const known = cell.peek();
    if (known === null || isNewer(price, known)) cell.value = price;
  };

  const slowNow = computed(() => now.value - (now.value % SLOW_MS));
  const symbolText = computed(() => {
    const open = positions.ids.value.flatMap((id) => positions.row(id).peek()?.symbol ?? []);
    return [...new Set(open)].sort().join(' ');
  });
  /** As text first: the same symbols are the same value, however often rows come and go. */
  const symbols = computed(() => namesIn(symbolText.value));
  const wantedText = computed(() => {
    watchCount.value;
    const others = [...watched.keys()].filter((symbol) => !symbols.value.includes(symbol)).sort();
    return [...symbols.value, ...others].join(' ');
  });
  /** Those of what is open first, so that they are the ones that are pushed. */
  const wanted = computed(() => namesIn(wantedText.value));

  /** How far the clock of this machine is ahead of the API's; a difference that a slow answer makes is none. */
  let aheadMs = 0;

  const reads: Reads = {
    positions,
    orders,
    wallets,
    inFrame,
    takePrice,
    takeClock: (at) => {
      const ahead = Date.now() - at;
      aheadMs = Math.abs(ahead) > SAME_CLOCK_MS ? ahead : 0;
    },
    takeHealth: (answer) => {
      health.value = answer;
      healthAt.value = Date.now() - aheadMs;
    },
    takeTrailing: (id, trigger) => {
      cellOf(trailings, id).value = trigger;
    },
    failed: (what, problem) => {
      troubles.set(what, problem);
      trouble.value = [...troubles.values()][0] ?? null;
    },
    went: (what) => {
      troubles.delete(what);
      trouble.value = [...troubles.values()][0] ?? null;
    },
    done: () => {
      isLoading.value = false;
    },
  };
  const readers = createReaders(api, reads);

  const link = createLink({
    url: pushUrl,
    token,
    symbols: () => wanted.peek().slice(0, PUSHED_SYMBOLS),
    onLoad: () => refresh.all(),
    onPrice: (price) => inFrame(() => takePrice(price)),
    onEvent: (event) => {
      inFrame(() => merge(event));
      refresh.afterEvent(event);
    },
  });
  const refresh = createRefresh({
    readers,
    isPolling: () => link.isPolling(),
    isUnpriced: () => positions.ids.peek().some((id) => positions.row(id).peek()?.current.price === null),
    unpushed: () => (link.isPolling() ? wanted.peek() : wanted.peek().slice(PUSHED_SYMBOLS)),
  });

  const merge = (event: EventView): void => {
    if (event.type === 'position') mergedPosition(positions, event);
    if (event.type === 'order') mergedOrder(orders, event);
    for (const hear of hearers) hear(event);
  };

  const unfollow = wanted.subscribe(() => {
    link.follow();
    refresh.prices();
  });
  const clock = setInterval(() => {
    now.value = Date.now() - aheadMs;
  }, 1_000);
  link.start();

  return {
    api,
    positions,
    orders,
    wallets,
    health,
    healthAt,
    connection: computed(() => link.state.value),
    isLoading,
    trouble,
    now,
    slowNow,
    symbols,
    price: priceOf,
    watchSymbol: (symbol) => {
      watched.set(symbol, (watched.get(symbol) ?? 0) + 1);
      watchCount.value += 1;
      return () => {
        const left = (watched.get(symbol) ?? 1) - 1;
        if (left > 0) watched.set(symbol, left);
        else watched.delete(symbol);
        watchCount.value += 1;
      };
    },
    watchTrailing: (id) => refresh.watchTrailing(id),
    trailing: (id) => cellOf(trailings, id),
    onEvent: (hear) => {
      hearers.add(hear);
      return () => hearers.delete(hear);
    },
    reload: () => refresh.all(),
    stop: () => {
      unfollow();
      clearInterval(clock);
      refresh.stop();
      link.stop();
    },
  };
}

function cellOf<T>(cells: Map<string, Signal<T | null>>, key: string): Signal<T | null> {
  const known = cells.get(key);
  if (known !== undefined) return known;
  const made = signal<T | null>(null);
  cells.set(key, made);
  return made;
}
