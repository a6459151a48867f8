/**
 * A position's story as single entries of one shape (design sections 9, 18): what was done and what was not, each with
 * its rule, level, price, source, age and tick where a price was the reason.
 */
import type { Signal } from '../../domain/signal-facts.ts';
import type { Order, PositionAction, StatusChange } from '../../domain/types.ts';
import { REFUSED_CALLS } from '../tell-refusal.ts';
import { signalView } from './signal-view.ts';
import { time } from './text.ts';

/** Where an entry stands among all: by time, then by kind, then by its own key. */
export interface Place {
  readonly at: number;
  readonly rank: number;
  readonly key: string;
}

export type EntryView =
  | ReturnType<typeof actionView>
  | ReturnType<typeof orderChangeView>
  | ReturnType<typeof signalSaidView>;

export interface TimelineEntry {
  readonly place: Place;
  readonly view: EntryView;
}

/** Orders before what they made of the position, signals first of all. */
export const RANKS = { signal: 0, order: 1, action: 2 } as const;

export const comparePlaces = (a: Place, b: Place): number =>
  a.at - b.at || a.rank - b.rank || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

const REFUSALS: readonly string[] = [
  'hit_dropped',
  'hit_refused',
  'rung_skipped',
  'stop_not_confirmed',
  'exit_short_of_funds',
  'resident_waits',
  ...REFUSED_CALLS,
];

/** Facts that have a field of their own. */
const FIELDS = [
  'level_name',
  'cause',
  'exit_cause',
  'source',
  'price_source',
  'level',
  'price',
  'peak',
  'tick_id',
  'armed_tick_id',
  'tick_at',
  'recorded_at',
  'price_age_ms',
  'why',
  'order_id',
];

/** Whole numbers that facts carry as text: ids, times, ages. */
const count = (text: string | undefined): number | null =>
  text === undefined || !/^-?\d{1,16}$/.test(text) ? null : Number.parseInt(text, 10); // not money: a count or a time

const timeText = (text: string | undefined): string | null => {
  const at = count(text);
  return at === null ? null : time(at);
};

export const actionEntry = (key: string, action: PositionAction): TimelineEntry => ({
  place: { at: action.at, rank: RANKS.action, key },
  view: actionView(action),
});

function actionView({ at, kind, facts }: PositionAction) {
  // Of a hit `cause` is how the level was reached; elsewhere it is why the position exits.
  const isHit = facts['tick_id'] !== undefined;
  const others = Object.entries(facts).filter(([name]) => !FIELDS.includes(name));
  return {
    timestamp: time(at),
    kind: 'action' as const,
    action: kind,
    refused: REFUSALS.includes(kind),
    reason: facts['why'] ?? null,
    rule: facts['level_name'] ?? null,
    cause: facts['exit_cause'] ?? (isHit ? null : (facts['cause'] ?? null)),
    reached_by: isHit ? (facts['cause'] ?? null) : null,
    level: facts['level'] ?? null,
    price: facts['price'] ?? null,
    source: facts['source'] ?? null,
    price_source: facts['price_source'] ?? null,
    price_age_ms: count(facts['price_age_ms']),
    peak: facts['peak'] ?? null,
    tick_id: count(facts['tick_id']),
    armed_tick_id: count(facts['armed_tick_id']),
    tick_at: timeText(facts['tick_at']),
    recorded_at: timeText(facts['recorded_at']),
    order_id: facts['order_id'] ?? null,
    details: Object.fromEntries(others),
  };
}

/** Every change of an order's status, with who or what caused it. */
export const orderEntries = (order: Order): readonly TimelineEntry[] =>
  order.statusHistory.map((change, index) => ({
    place: { at: change.at, rank: RANKS.order, key: `${order.orderId}#${String(index).padStart(6, '0')}` },
    view: orderChangeView(order, change),
  }));

const orderChangeView = (order: Order, change: StatusChange) => ({
  timestamp: time(change.at),
  kind: 'order' as const,
  action: `order_${change.status}`,
  refused: change.status === 'rejected' || change.status === 'failed',
  reason: change.reason,
  rule: order.exit?.trigger?.levelName ?? null,
  cause: order.exit?.cause ?? null,
  order_id: order.orderId,
  details: { role: order.role, side: order.side, type: order.type, by: change.cause },
});

export const signalEntry = (key: string, signal: Signal): TimelineEntry => ({
  place: { at: signal.at, rank: RANKS.signal, key },
  view: signalSaidView(signal),
});

const signalSaidView = (signal: Signal) => ({
  timestamp: time(signal.at),
  kind: 'signal' as const,
  action: `signal_${signal.action}`,
  refused: signal.outcome === 'refused' || (signal.outcome === 'recorded' && signal.reason !== null),
  reason: signal.reason?.code ?? null,
  rule: null,
  cause: signal.outcome === 'closing' ? ('ai_signal' as const) : null,
  order_id: signal.exitOrderId,
  details: signalView(signal),
});
