/**
 * A position's updates (the specification's `position_updates`): the tape and its actions, joined when read, newest
 * first (design section 8). Nothing of it is stored: a thousand positions of a symbol share one tape.
 *
 * By the second for the last 2 h, before that by the minute; 7 days, as far as the tape is kept. Where it has nothing
 * there is no update: the gap is said, with what happened in it.
 */

import { entryIdsOf } from '../../domain/entry-ids.ts';
import { figures } from '../../domain/figures.ts';
import { pastHoldings } from '../../domain/past-holdings.ts';
import { type PriceBar, type StopMove, stopMoves } from '../../domain/statistics.ts';
import { gapsOf, type Span } from '../../domain/tape/intervals.ts';
import { unitsToDecimal } from '../../domain/triggers/units.ts';
import type { Fill, Order, Position, PositionAction } from '../../domain/types.ts';
import type { Ledger } from '../../ports/ledger.ts';
import { specOf } from '../change-order.ts';
import type { Ports } from '../ports.ts';
import { type TapeSpan, tapeSpans } from './position-tape.ts';
import { priceSourceOf } from './price-source.ts';
import { money, moneyOrNull, time } from './text.ts';

export const UPDATES_KEPT_SECONDS = 7 * 86_400;

export interface UpdatesQuery {
  /** Epoch ms; null = as far back as is kept, and up to now. */
  readonly from: number | null;
  readonly to: number | null;
  readonly limit: number;
  /** Epoch second before which this page's updates begin; null = the first page. */
  readonly before: number | null;
}

/** A move of the stop is told by the tape: it has neither a time of its own nor details. */
interface ActionTriggered {
  readonly action: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly timestamp?: string;
  readonly details?: Readonly<Record<string, string>>;
}

interface UpdatesBody {
  readonly position_id: string;
  readonly symbol: string;
  readonly status: Position['status'];
  readonly items: readonly {
    readonly update_id: string;
    readonly position_id: string;
    readonly timestamp: string;
    readonly seconds: number;
    readonly price: string;
    readonly amount: string;
    readonly unrealized_pnl: string | null;
    readonly unrealized_pnl_percent: string | null;
    readonly actions_triggered: readonly ActionTriggered[];
  }[];
  readonly gaps: readonly {
    readonly from: string;
    readonly to: string;
    readonly actions_triggered: readonly ActionTriggered[];
  }[];
}

export interface UpdatesPage {
  readonly body: UpdatesBody;
  /** `before` of the next page. */
  readonly next: number | null;
}

/** Null when there is none of this user. */
export type ReadUpdates = (
  userId: string,
  positionId: string,
  query: UpdatesQuery,
) => Promise<UpdatesPage | null>;

type Needs = Pick<Ports, 'ledger' | 'prices' | 'tape' | 'symbols' | 'clock'>;

export function makeReadUpdates(ports: Needs): ReadUpdates {
  const { ledger, clock } = ports;
  return async (userId, positionId, query) => {
    const position = await ledger.position(positionId);
    if (position?.userId !== userId) return null;
    const window = windowOf(position, query, clock.now());
    if (window === null) return { body: { ...headOf(position), items: [], gaps: [] }, next: null };
    const spec = await specOf(ports.symbols, position);
    const held = { from: secondOf(position.openedAt ?? 0), to: window.to };
    const [orders, tape] = await Promise.all([
      ordersWithFills(ledger, position),
      tapeSpans(ports, position.symbol, held),
    ]);
    const spans = tape.filter(({ at, seconds }) => at + seconds > window.from && at < window.to);
    const page = spans.slice(-query.limit);
    const [first] = page;
    const isMore = spans.length > page.length && first !== undefined;
    const covered = isMore ? { from: first.at, to: window.to } : window;
    const actions = await actionsIn(ledger, positionId, covered);
    const moves = movesOf(position, orders, tape, spec.unitExponent);
    const holding = pastHoldings(position, orders);
    const items = page.map((span) => {
      // Of a span the last price is told: with what was held at its end.
      const state = holding((span.at + span.seconds) * 1000 - 1);
      const price = unitsToDecimal(span.bar.close.mid, spec.unitExponent);
      const { unrealizedPnl, unrealizedPnlPercent } = figures(state, price);
      const isWithin = (at: number): boolean => at >= span.at && at < span.at + span.seconds;
      return {
        update_id: `${positionId}-${span.at}`,
        position_id: positionId,
        timestamp: time(span.at * 1000),
        seconds: span.seconds,
        price: money(price),
        amount: money(state.quantity),
        unrealized_pnl: moneyOrNull(unrealizedPnl),
        unrealized_pnl_percent: moneyOrNull(unrealizedPnlPercent),
        actions_triggered: [
          ...moves.filter(({ second }) => isWithin(second)).map(moveView),
          ...actions.filter(({ at }) => isWithin(secondOf(at))).map((action) => actionView(action, position)),
        ],
      };
    });
    // The second that runs is no gap yet.
    const over = Math.max(covered.from, Math.min(covered.to, secondOf(clock.now())));
    const gaps = gapsOf(page, { from: covered.from, to: over }).map((gap) => ({
      from: time(gap.from * 1000),
      to: time(gap.to * 1000),
      actions_triggered: actions
        .filter(({ at }) => secondOf(at) >= gap.from && secondOf(at) < gap.to)
        .map((action) => actionView(action, position)),
    }));
    return {
      body: { ...headOf(position), items: items.reverse(), gaps: gaps.reverse() },
      next: isMore ? first.at : null,
    };
  };
}

const secondOf = (ms: number): number => Math.floor(ms / 1000);

const headOf = ({ positionId, symbol, status }: Position) => ({ position_id: positionId, symbol, status });

/** The seconds in question, from its opening to its close; null = none. */
function windowOf(position: Position, query: UpdatesQuery, now: number): Span | null {
  const { openedAt, closedAt } = position;
  if (openedAt === null) return null;
  const from = Math.max(
    secondOf(openedAt),
    secondOf(now) - UPDATES_KEPT_SECONDS,
    query.from === null ? 0 : secondOf(query.from),
  );
  const to = Math.min(
    secondOf(closedAt ?? now) + 1,
    query.to === null ? Number.POSITIVE_INFINITY : Math.ceil(query.to / 1000),
    query.before ?? Number.POSITIVE_INFINITY,
  );
  return from < to ? { from, to } : null;
}

async function ordersWithFills(ledger: Ledger, position: Position) {
  const read = await ledger.ordersWithFills([...entryIdsOf(position), ...position.exitOrderIds]);
  // Entries first: of one instant they come before exits.
  return read.toSorted((a, b) => rankOf(a.order) - rankOf(b.order));
}

const rankOf = ({ role }: Order): number => (role === 'entry' ? 0 : 1);

async function actionsIn(
  ledger: Ledger,
  positionId: string,
  { from, to }: Span,
): Promise<readonly PositionAction[]> {
  const stretch = { from: from * 1000, to: to * 1000, after: null, limit: null };
  return (await ledger.actionsBetween(positionId, stretch)).map(({ item }) => item);
}

/**
 * Where the stop followed the market. Its distance and the stops beside it are those of now, so only what came after
 * the trailing stop was set can be told.
 */
function movesOf(
  position: Position,
  orders: readonly { readonly order: Order; readonly fills: readonly Fill[] }[],
  tape: readonly TapeSpan[],
  unitExponent: number,
): readonly StopMove[] {
  const { armings, flatten, protection } = position;
  if (protection.trailingStop === null) return [];
  const source = priceSourceOf(position);
  const bars = tape.map(({ at, seconds, bar }): PriceBar => {
    const price = (of: 'low' | 'high' | 'close') => unitsToDecimal(bar[of][source], unitExponent);
    return { second: at, seconds, low: price('low'), high: price('high'), close: price('close') };
  });
  const of = (role: Order['role']) => orders.filter(({ order }) => order.role === role);
  const fills = {
    entry: of('entry').flatMap((one) => one.fills),
    exit: of('exit').flatMap((one) => one.fills),
  };
  const since = secondOf(armings['trailing_stop']?.at ?? position.openedAt ?? 0);
  const until = flatten === null ? Number.POSITIVE_INFINITY : secondOf(flatten.at);
  return stopMoves(position, fills, bars).filter(
    ({ second, trailing }) => trailing && second > since && second <= until,
  );
}

const moveView = ({ from, to }: StopMove): ActionTriggered => ({
  action: 'trailing_stop_adjusted',
  from: money(from),
  to: money(to),
});

const actionView = ({ at, kind, facts }: PositionAction, position: Position): ActionTriggered => ({
  action: kind,
  from: null,
  to: kind === 'break_even_activated' ? moneyOrNull(position.breakEvenStop) : null,
  timestamp: time(at),
  details: facts,
});
