/**
 * What the page knows, as signals: open positions, live orders, prices, wallets, health. Kept current by the push
 * connection; by asking, while there is none; and by reading again what an event has named.
 */
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { ApiClient, ApiProblem } from '../../../shared/client/client.ts';
import type { AnswerTo, ItemOf } from '../../../shared/client/contract.ts';
import type { EventView, PushedPrice } from '../../../shared/client/push.ts';
import type { LinkState } from './connection.ts';
import { createFrames } from './frames.ts';
import { createKeyed, type Keyed } from './keyed.ts';
import { createLink } from './link.ts';
import { mergedOrder, mergedPosition } from './merge.ts';
import type { Position } from './positions.ts';
import { createReaders, type Reads } from './readers.ts';
import { createRefresh } from './refresh.ts';

export type { Position };
export type Order = ItemOf<'listOrders'>;
export type Wallet = ItemOf<'listWallets'>;
export type Health = AnswerTo<'healthServices'>;

export const OPEN_STATUSES = ['opening', 'open', 'closing'] as const;
export const LIVE_ORDER_STATUSES = [
  'pending',
  'submitted',
  'open',
  'partially_filled',
  'cancelling',
] as const;

export interface Live {
  readonly api: ApiClient;
  /** Open ones: opening, open, closing. */
  readonly positions: Keyed<Position>;
  /** Live ones: all that can still fill. */
  readonly orders: Keyed<Order>;
  readonly wallets: Keyed<Wallet>;
  readonly health: ReadonlySignal<Health | null>;
  /** When health was last answered, by the page's clock; 0 = never. */
  readonly healthAt: ReadonlySignal<number>;
  readonly connection: ReadonlySignal<LinkState>;
  /** Nothing has been read yet: show that it is loading, not that there is nothing. */
  readonly isLoading: ReadonlySignal<boolean>;
  /** Why the last read failed; null = it did not. */
  readonly trouble: ReadonlySignal<ApiProblem | null>;
  /** The page's clock, each second. */
  readonly now: ReadonlySignal<number>;
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
    if (known === null || price.tick_id > known.tick_id) cell.value = price;
  };

  /** Symbols of what is open first, in a fixed order, so that the same ones are pushed. */
  const wanted = computed(() => {
    watchCount.value;
    const open = positions.ids.value.flatMap((id) => positions.row(id).peek()?.symbol ?? []);
    return [...new Set([...watched.keys(), ...open])].sort();
  });

  const reads: Reads = {
    positions,
    orders,
    wallets,
    inFrame,
    takePrice,
    takeHealth: (answer) => {
      health.value = answer;
      healthAt.value = Date.now();
    },
    takeTrailing: (id, trigger) => {
      cellOf(trailings, id).value = trigger;
    },
    failed: (problem) => {
      trouble.value = problem;
    },
    done: () => {
      trouble.value = null;
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
    now.value = Date.now();
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
