/**
 * Reading positions: the stored facts, and what follows from them at the present price (design section 8).
 *
 * A user sees only their own. Lists read no fills and no tape: their cost per position is that of its item.
 */

import { liquidationPrice } from '../../domain/margin.ts';
import type { Decimal } from '../../domain/money/decimal.ts';
import type { Signal } from '../../domain/signal-facts.ts';
import type { Position } from '../../domain/types.ts';
import type { Ledger, ListQuery, Page, SpanQuery } from '../../ports/ledger.ts';
import type { Clock } from '../../ports/runtime.ts';
import type { SymbolDirectory } from '../../ports/symbols.ts';
import type { TapeStore } from '../../ports/tape.ts';
import type { PriceCache } from '../../ports/trigger-index.ts';
import { specOf } from '../change-order.ts';
import { figuresTape, ordersWithFills, presentPrice, statisticsOf } from '../position-statistics.ts';
import { makeEntryConditions } from './entry-conditions.ts';
import { type PositionView, positionDetail, positionView } from './position-view.ts';
import { makeReadBars } from './read-bars.ts';
import { type SignalView, signalView } from './signal-view.ts';

export type PositionDetail = ReturnType<typeof positionDetail>;

export interface ReadPositions {
  /** Null when there is none of this user. */
  get(userId: string, positionId: string): Promise<PositionDetail | null>;
  /** Newest first, without what needs fills and the tape. @throws BadCursorError */
  list(userId: string, query: ListQuery): Promise<Page<PositionView>>;
  /** What was said about it, newest first; null when there is none of this user. @throws BadCursorError */
  signals(userId: string, positionId: string, query: SpanQuery): Promise<Page<SignalView> | null>;
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
  const entryConditions = makeEntryConditions(makeReadBars(ports), clock);

  /** Of most positions none is asked for. */
  const liquidationOf = async (position: Position): Promise<Decimal | null> =>
    position.margin === null || position.quantity.isZero()
      ? null
      : liquidationPrice(position, await specOf(ports.symbols, position));

  return {
    get: async (userId, positionId) => {
      const found = await ledger.positionWithActions(positionId);
      if (found?.position.userId !== userId) return null;
      const { position, actions } = found;
      const spec = await specOf(ports.symbols, position);
      const [orders, latest, price, bars, conditions] = await Promise.all([
        ordersWithFills(ledger, position),
        latestSignals(ledger, position),
        prices.price(position.symbol),
        figuresTape(ports, position, spec, clock.now()),
        entryConditions(position, spec),
      ]);
      const now = clock.now();
      const statistics = statisticsOf(position, orders, bars, presentPrice(position, price, now), now);
      const liquidation = liquidationPrice(position, spec);
      const facts = {
        position,
        price,
        now,
        liquidation,
        statistics,
        orders,
        actions,
        signals: latest,
        conditions,
      };
      return positionDetail(facts);
    },

    list: async (userId, query) => {
      const page = await ledger.positionsOfUser(userId, query);
      const shown = await prices.prices([...new Set(page.items.map((position) => position.symbol))]);
      const now = clock.now();
      const liquidations = await Promise.all(page.items.map(liquidationOf));
      return {
        items: page.items.map((position, i) =>
          positionView(position, shown.get(position.symbol) ?? null, now, liquidations[i] ?? null),
        ),
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
