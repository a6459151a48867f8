/** A position's statistics from its fills and the tape: what a read answers, and what is frozen at the close (design section 8). */

import { entryIdsOf } from '../domain/entry-ids.ts';
import { withEntryMinute } from '../domain/entry-minute.ts';
import type { Decimal } from '../domain/money/decimal.ts';
import {
  deriveStatistics,
  frozenStatistics,
  type PositionStatistics,
  type PriceBar,
} from '../domain/statistics.ts';
import type { SymbolSpec } from '../domain/symbol-spec.ts';
import { unitsToDecimal } from '../domain/triggers/units.ts';
import type { Fill, Order, Position } from '../domain/types.ts';
import type { Ledger, OrderWithFills } from '../ports/ledger.ts';
import type { CachedPrice } from '../ports/trigger-index.ts';
import { priceBySource } from './arm-levels.ts';
import type { Ports } from './ports.ts';
import { tapeSpans } from './views/position-tape.ts';
import { priceSourceOf } from './views/price-source.ts';
import { markOf } from './views/price-view.ts';

/** The entry and the exits, in the order they were made. */
export async function ordersWithFills(
  ledger: Pick<Ledger, 'ordersWithFills'>,
  position: Position,
): Promise<readonly OrderWithFills[]> {
  const found = await ledger.ordersWithFills([...entryIdsOf(position), ...position.exitOrderIds]);
  return found.toSorted((a, b) => a.order.createdAt - b.order.createdAt);
}

/** What the tape has of the time since it opened; nothing where the figures are frozen. */
export async function figuresTape(
  ports: Pick<Ports, 'prices' | 'tape'>,
  position: Position,
  spec: SymbolSpec,
  now: number,
): Promise<readonly PriceBar[]> {
  return position.frozen === null ? barsOf(ports, position, spec, now) : [];
}

/** Null: not known. */
export interface PresentPrice {
  readonly mark: Decimal | null;
  /** What the position's levels are compared with. */
  readonly seen: Decimal | null;
}

export const NO_PRICE: PresentPrice = { mark: null, seen: null };

export const presentPrice = (position: Position, price: CachedPrice | null, now: number): PresentPrice => ({
  mark: markOf(price, now),
  seen: price && priceBySource(price, priceSourceOf(position)),
});

export function statisticsOf(
  position: Position,
  orders: readonly OrderWithFills[],
  bars: readonly PriceBar[],
  { mark, seen }: PresentPrice,
  now: number,
): PositionStatistics {
  if (position.frozen !== null) return frozenStatistics(position, position.frozen, mark, now);
  const fillsOf = (role: Order['role']): readonly Fill[] =>
    orders.filter(({ order }) => order.role === role).flatMap(({ fills }) => fills);
  const fills = { entry: fillsOf('entry'), exit: fillsOf('exit') };
  return deriveStatistics(position, fills, bars, mark, now, seen);
}

/**
 * The bars since the position opened: by the second as far as the cache reaches, before that by the minute (whole
 * minutes, and what was kept of the entry's). Prices of the source that its levels are compared with.
 */
async function barsOf(
  ports: Pick<Ports, 'prices' | 'tape'>,
  position: Position,
  spec: SymbolSpec,
  now: number,
): Promise<readonly PriceBar[]> {
  if (position.openedAt === null) return [];
  const from = Math.floor(position.openedAt / 1000) + 1;
  const to = position.closedAt === null ? Number.POSITIVE_INFINITY : Math.floor(position.closedAt / 1000);
  const source = priceSourceOf(position);
  const end = Math.min(to, Math.floor(now / 1000) + 1);
  const spans = withEntryMinute(position, await tapeSpans(ports, position.symbol, { from, to: end }));
  return spans
    .filter(({ at, seconds }) => at >= from && at + seconds <= to)
    .map(({ at, seconds, bar }): PriceBar => {
      const price = (of: 'low' | 'high' | 'close') => unitsToDecimal(bar[of][source], spec.unitExponent);
      return { second: at, seconds, low: price('low'), high: price('high'), close: price('close') };
    });
}
