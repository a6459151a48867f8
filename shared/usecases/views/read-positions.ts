/**
 * Reading positions: the stored facts, and what follows from them at the present price (design section 8).
 *
 * A user sees only their own. Lists read no fills and no tape: their cost per position is that of its item.
 */

import { entryIdsOf } from '../../domain/positions.ts';
import type { Signal } from '../../domain/signal-facts.ts';
import { deriveStatistics, type PriceBar } from '../../domain/statistics.ts';
import type { SymbolSpec } from '../../domain/symbol-spec.ts';
import { unitsToDecimal } from '../../domain/triggers/units.ts';
import type { Fill, Order, Position } from '../../domain/types.ts';
import type { Ledger, ListQuery, Page, PageQuery } from '../../ports/ledger.ts';
import type { Clock } from '../../ports/runtime.ts';
import type { SymbolDirectory } from '../../ports/symbols.ts';
import type { TapeStore } from '../../ports/tape.ts';
import type { PriceCache } from '../../ports/trigger-index.ts';
import { specOf } from '../change-order.ts';
import { entryConditions } from './entry-conditions.ts';
import { tapeSpans } from './position-tape.ts';
import { type PositionView, positionDetail, positionView } from './position-view.ts';
import { priceSourceOf } from './price-source.ts';
import { markOf } from './price-view.ts';
import { makeReadBars } from './read-bars.ts';
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
  const readBars = makeReadBars(ports);
  return {
    get: async (userId, positionId) => {
      const position = await ledger.position(positionId);
      if (position?.userId !== userId) return null;
      const spec = await specOf(ports.symbols, position);
      const [orders, actions, latest, price, bars, conditions] = await Promise.all([
        ordersWithFills(ledger, position),
        ledger.actions(positionId),
        latestSignals(ledger, position),
        prices.price(position.symbol),
        barsOf(ports, position, spec),
        entryConditions(readBars, position, spec),
      ]);
      const now = clock.now();
      const fillsOf = (role: Order['role']): readonly Fill[] =>
        orders.filter(({ order }) => order.role === role).flatMap(({ fills }) => fills);
      const fills = { entry: fillsOf('entry'), exit: fillsOf('exit') };
      const statistics = deriveStatistics(position, fills, bars, markOf(price, now), now);
      const facts = { position, price, now, statistics, orders, actions, signals: latest, conditions };
      return positionDetail(facts);
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
async function barsOf(ports: Ports, position: Position, spec: SymbolSpec): Promise<readonly PriceBar[]> {
  if (position.openedAt === null) return [];
  const from = Math.floor(position.openedAt / 1000) + 1;
  const to = position.closedAt === null ? Number.POSITIVE_INFINITY : Math.floor(position.closedAt / 1000);
  const source = priceSourceOf(position);
  const end = Math.min(to, Math.floor(ports.clock.now() / 1000) + 1);
  const spans = await tapeSpans(ports, position.symbol, { from, to: end });
  return spans
    .filter(({ at, seconds }) => at >= from && at + seconds <= to)
    .map(({ at, seconds, bar }): PriceBar => {
      const price = (of: 'low' | 'high' | 'close') => unitsToDecimal(bar[of][source], spec.unitExponent);
      return { second: at, seconds, low: price('low'), high: price('high'), close: price('close') };
    });
}
