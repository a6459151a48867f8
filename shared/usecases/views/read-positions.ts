/**
 * Reading positions: the stored facts, and what follows from them at the present price (design section 8).
 *
 * A user sees only their own. Lists read no fills and no tape: their cost per position is that of its item.
 */

import { entryIdsOf } from '../../domain/positions.ts';
import type { Signal } from '../../domain/signal-facts.ts';
import { deriveStatistics, type PriceBar } from '../../domain/statistics.ts';
import type { Bar } from '../../domain/triggers/types.ts';
import { unitsToDecimal } from '../../domain/triggers/units.ts';
import type { Fill, Order, Position } from '../../domain/types.ts';
import type { Ledger, ListQuery, Page, PageQuery } from '../../ports/ledger.ts';
import type { Clock } from '../../ports/runtime.ts';
import type { SymbolDirectory } from '../../ports/symbols.ts';
import type { TapeMinute, TapeStore } from '../../ports/tape.ts';
import type { PriceCache } from '../../ports/trigger-index.ts';
import { type PositionView, positionDetail, positionView } from './position-view.ts';
import { priceSourceOf } from './price-source.ts';
import { markOf } from './price-view.ts';
import { type SignalView, signalView } from './signal-view.ts';

export type PositionDetail = ReturnType<typeof positionDetail>;

export interface ReadPositions {
  /** Null when there is none of this user. */
  get(userId: string, positionId: string): Promise<PositionDetail | null>;
  /** Newest first, without what needs fills and the tape. @throws BadCursorError */
  list(userId: string, query: ListQuery): Promise<Page<PositionView>>;
  /** What was said about it, newest first; null when there is none of this user. @throws BadCursorError */
  signals(userId: string, positionId: string, query: PageQuery): Promise<Page<SignalView> | null>;
}

/** So many signals are in the view of a position; all of them are in their own list. */
const LATEST_SIGNALS = 10;

interface Ports {
  readonly ledger: Ledger;
  readonly prices: PriceCache;
  readonly tape: TapeStore;
  readonly symbols: SymbolDirectory;
  readonly clock: Clock;
}

export function makeReadPositions(ports: Ports): ReadPositions {
  const { ledger, prices, clock } = ports;
  return {
    get: async (userId, positionId) => {
      const position = await ledger.position(positionId);
      if (position?.userId !== userId) return null;
      const [orders, actions, latest, price, bars] = await Promise.all([
        ordersWithFills(ledger, position),
        ledger.actions(positionId),
        latestSignals(ledger, position),
        prices.price(position.symbol),
        barsOf(ports, position),
      ]);
      const now = clock.now();
      const fillsOf = (role: Order['role']): readonly Fill[] =>
        orders.filter(({ order }) => order.role === role).flatMap(({ fills }) => fills);
      const fills = { entry: fillsOf('entry'), exit: fillsOf('exit') };
      const statistics = deriveStatistics(position, fills, bars, markOf(price, now), now);
      return positionDetail({ position, price, now, statistics, orders, actions, signals: latest });
    },

    list: async (userId, query) => {
      const page = await ledger.positionsOfUser(userId, query);
      const shown = await prices.prices([...new Set(page.items.map((position) => position.symbol))]);
      const now = clock.now();
      return {
        items: page.items.map((position) => positionView(position, shown.get(position.symbol) ?? null, now)),
        cursor: page.cursor,
      };
    },

    signals: async (userId, positionId, query) => {
      const position = await ledger.position(positionId);
      if (position?.userId !== userId) return null;
      const page = await ledger.signals(positionId, query);
      return { items: page.items.map(signalView), cursor: page.cursor };
    },
  };
}

async function latestSignals(ledger: Ledger, { positionId, signals }: Position): Promise<readonly Signal[]> {
  if (signals === null) return [];
  return (await ledger.signals(positionId, { limit: LATEST_SIGNALS, cursor: null })).items;
}

async function ordersWithFills(ledger: Ledger, position: Position) {
  const orders = await ledger.orders([...entryIdsOf(position), ...position.exitOrderIds]);
  const withFills = orders.map(async (order) => ({
    order,
    fills: order.fillCount === 0 ? [] : await ledger.fills(order.orderId),
  }));
  return (await Promise.all(withFills)).toSorted((a, b) => a.order.createdAt - b.order.createdAt);
}

/**
 * The bars since the position opened: by the second as far as the cache reaches, before that by the minute
 * (whole minutes only). Prices of the source that its levels are compared with.
 */
async function barsOf(ports: Ports, position: Position): Promise<readonly PriceBar[]> {
  const spec = await ports.symbols.find(position.environment, position.symbol);
  if (spec === null) throw new Error(`${position.positionId}: the registry has lost ${position.symbol}`);
  if (position.openedAt === null) return [];
  const from = Math.floor(position.openedAt / 1000) + 1;
  const to = position.closedAt === null ? Number.POSITIVE_INFINITY : Math.floor(position.closedAt / 1000);
  const source = priceSourceOf(position);
  const price = (bar: Pick<Bar, 'low' | 'high' | 'close'>, second: number, seconds: number): PriceBar => ({
    second,
    seconds,
    low: unitsToDecimal(bar.low[source], spec.unitExponent),
    high: unitsToDecimal(bar.high[source], spec.unitExponent),
    close: unitsToDecimal(bar.close[source], spec.unitExponent),
  });
  const cached = await ports.prices.bars(position.symbol, from);
  const firstCached = cached[0]?.second ?? Number.POSITIVE_INFINITY;
  const minutes = await olderMinutes(ports.tape, position.symbol, from, Math.min(firstCached, to));
  return [
    ...minutes.map((row) => price(row, row.minute * 60, 60)),
    ...cached.filter((bar) => bar.second < to).map((bar) => price(bar, bar.second, 1)),
  ];
}

/** Whole minutes of the durable tape within [from, to), in seconds; none is read when none can lie there. */
async function olderMinutes(
  tape: TapeStore,
  symbol: string,
  from: number,
  to: number,
): Promise<readonly TapeMinute[]> {
  const first = Math.ceil(from / 60);
  if ((first + 1) * 60 > to) return [];
  const rows = await tape.since(symbol, first);
  return rows.filter((row) => (row.minute + 1) * 60 <= to);
}
