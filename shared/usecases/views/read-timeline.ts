/**
 * A position's timeline, oldest first: its actions, its orders' changes, its signals, and every refusal to act (design
 * sections 17, 18). One call answers why a stop did, or did not, fire at a time: `from` and `to` around it.
 *
 * Beside the entries stand the levels as they are watched now and, for a stretch of at most an hour, the extremes of
 * the price that they are compared with: a level that was not reached has no entry.
 */
import { levelsOf, parseMember } from '../../domain/levels.ts';
import type { SymbolSpec } from '../../domain/symbol-spec.ts';
import { gapsOf } from '../../domain/tape/intervals.ts';
import type { Level, Units } from '../../domain/triggers/types.ts';
import { formatUnits } from '../../domain/triggers/units.ts';
import type { Order, Position } from '../../domain/types.ts';
import type { Ledger, ToldQuery } from '../../ports/ledger.ts';
import type { Ports } from '../ports.ts';
import { tapeSpans } from './position-tape.ts';
import { priceSourceOf } from './price-source.ts';
import { time } from './text.ts';
import {
  actionEntry,
  comparePlaces,
  type EntryView,
  orderEntries,
  type Place,
  RANKS,
  signalEntry,
  type TimelineEntry,
} from './timeline-entries.ts';

const HOUR_MS = 3_600_000;
/** Of a list of orders, in one read. */
const ORDERS_PAGE = 200;

export interface TimelineQuery {
  /** Epoch ms; null = from its beginning, and up to now. */
  readonly from: number | null;
  readonly to: number | null;
  readonly limit: number;
  /** The last entry that was answered before. */
  readonly after: Place | null;
}

interface TimelineBody {
  readonly position_id: string;
  readonly symbol: string;
  readonly status: Position['status'];
  readonly items: readonly EntryView[];
  readonly levels: ReturnType<typeof levelViews>;
  readonly market: Awaited<ReturnType<typeof marketOf>>;
}

export interface TimelinePage {
  readonly body: TimelineBody;
  readonly next: Place | null;
}

/** Null when there is none of this user. */
export type ReadTimeline = (
  userId: string,
  positionId: string,
  query: TimelineQuery,
) => Promise<TimelinePage | null>;

type Needs = Pick<Ports, 'ledger' | 'prices' | 'tape' | 'symbols' | 'clock'>;

export function makeReadTimeline(ports: Needs): ReadTimeline {
  const { ledger, symbols, clock } = ports;
  return async (userId, positionId, query) => {
    const position = await ledger.position(positionId);
    if (position?.userId !== userId) return null;
    const now = clock.now();
    // Another machine's clock may be ahead of ours.
    const span = { from: query.from ?? 0, to: query.to ?? now + HOUR_MS };
    const [spec, told, orders] = await Promise.all([
      symbols.find(position.environment, position.symbol),
      readTold(ledger, positionId, span, query),
      ordersOf(ledger, position),
    ]);
    const { after } = query;
    const ofOrders = orders
      .flatMap(orderEntries)
      .filter(({ place }) => place.at >= span.from && place.at < span.to)
      .filter(({ place }) => after === null || comparePlaces(place, after) > 0);
    const all = [...told, ...ofOrders].sort((a, b) => comparePlaces(a.place, b.place));
    const given = all.slice(0, query.limit);
    const isMore = all.length > given.length;
    return {
      next: isMore ? (given.at(-1)?.place ?? null) : null,
      body: {
        position_id: positionId,
        symbol: position.symbol,
        status: position.status,
        items: given.map(({ view }) => view),
        levels: spec === null ? [] : levelViews(position, spec),
        market: spec === null ? null : await marketOf(ports, position, spec, query),
      },
    };
  };
}

/** One entry more than asked for of either kind: enough to know whether there is a next page. */
async function readTold(
  ledger: Ledger,
  positionId: string,
  span: { readonly from: number; readonly to: number },
  { limit, after }: TimelineQuery,
): Promise<readonly TimelineEntry[]> {
  const behind = (rank: number): ToldQuery => {
    const query = { ...span, after: null, limit: limit + 1 };
    if (after === null || after.at < span.from) return query;
    if (rank === after.rank) return { ...query, from: after.at, after: after.key };
    return { ...query, from: rank > after.rank ? after.at : after.at + 1 };
  };
  const [actions, signals] = await Promise.all([
    ledger.actionsBetween(positionId, behind(RANKS.action)),
    ledger.signalsBetween(positionId, behind(RANKS.signal)),
  ]);
  return [
    ...actions.map(({ key, item }) => actionEntry(key, item)),
    ...signals.map(({ key, item }) => signalEntry(key, item)),
  ];
}

/** All that ever was made for it, those that the position no longer lists too. */
async function ordersOf(ledger: Ledger, { userId, positionId }: Position): Promise<readonly Order[]> {
  const orders: Order[] = [];
  let cursor: string | null = null;
  do {
    const page = await ledger.ordersOfUser(userId, { positionId, limit: ORDERS_PAGE, cursor });
    orders.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== null);
  return orders;
}

/** What is watched now; `armed` = the index holds it. Of a trailing stop the best price known at its arming. */
function levelViews(position: Position, spec: SymbolSpec) {
  const isArmed = position.armedVersion === position.levelsVersion;
  const price = (units: Units | null): string | null =>
    units === null ? null : formatUnits(units, spec.unitExponent);
  return levelsOf(position, spec).map((level) => ({
    rule: parseMember(level.member).levelName,
    source: level.source,
    level: level.kind === 'fixed' ? price(level.price) : null,
    direction: directionOf(level),
    peak: level.kind === 'trailing' ? price(level.peak) : null,
    armed: isArmed,
    armed_tick_id: level.armedTick === -1 ? null : level.armedTick,
    armed_at: time(level.armedAt),
  }));
}

const directionOf = (level: Level): 'falls' | 'rises' => {
  if (level.kind === 'fixed') return level.direction;
  return level.side === 'long' ? 'falls' : 'rises';
};

async function marketOf(ports: Needs, position: Position, spec: SymbolSpec, { from, to }: TimelineQuery) {
  if (from === null || to === null || to - from > HOUR_MS) return null;
  const span = { from: Math.floor(from / 1000), to: Math.ceil(to / 1000) };
  const spans = await tapeSpans(ports, position.symbol, span);
  const source = priceSourceOf(position);
  const shown = (prices: readonly Units[], better: (a: Units, b: Units) => boolean): string | null => {
    const [first, ...others] = prices;
    if (first === undefined) return null;
    const best = others.reduce((a, b) => (better(b, a) ? b : a), first);
    return formatUnits(best, spec.unitExponent);
  };
  const over = Math.min(span.to, Math.floor(ports.clock.now() / 1000));
  return {
    source,
    low: shown(
      spans.map(({ bar }) => bar.low[source]),
      (a, b) => a < b,
    ),
    high: shown(
      spans.map(({ bar }) => bar.high[source]),
      (a, b) => a > b,
    ),
    /** 60: only the minute is kept, and the extremes may be from before or after the stretch, within its minutes. */
    resolution_seconds: spans.length === 0 ? null : Math.max(...spans.map(({ seconds }) => seconds)),
    gaps: gapsOf(spans, { from: span.from, to: Math.max(span.from, over) }).map((gap) => ({
      from: time(gap.from * 1000),
      to: time(gap.to * 1000),
    })),
  };
}
