/** What the chart of a position shows, kept current: bars, the live price, the way of its stop, fills, levels. */
import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiClient } from '../../../../shared/client/client.ts';
import type { AnswerTo, ItemOf } from '../../../../shared/client/contract.ts';
import { type Point, pointsOf, untilNow, withPrice } from '../../chart/bars.ts';
import type { Look, Scene } from '../../chart/chart.ts';
import { INTERVAL_SECONDS, type Interval, MOST_BARS, windowFor } from '../../chart/intervals.ts';
import { type LevelLine, levelLines, markersOf } from '../../chart/markers.ts';
import { type Step, stopLine, stopSteps, withSeen } from '../../chart/stop-line.ts';
import { type Query, useLive, useQuery } from '../../live/context.ts';
import { stopOf } from '../../live/positions.ts';
import type { Detail } from './protection-draft.ts';

export type Timeline = AnswerTo<'getTimeline'>;
export type Update = ItemOf<'listUpdates'>;

const BARS_MS = 15_000;
/** They are thousands where a stop has trailed for hours; what it does meanwhile the page sees by itself. */
const UPDATES_MS = 300_000;
const MOST_SEEN = 1_000;
const UPDATES_PER_PAGE = 1_000;
/** The two hours that are kept by the second, and a page of minutes. */
const MOST_UPDATES = 8_000;

/** A symbol in a path: a slash would end it. */
export const inPath = (symbol: string): string => symbol.replace('/', '-');

export const isOver = ({ status }: Pick<Detail, 'status'>): boolean =>
  status === 'closed' || status === 'liquidated';

/** The way of a trailing stop; of a position without one nothing is asked for. */
async function readUpdates(api: ApiClient, position: Detail): Promise<readonly Update[]> {
  if (!position.risk_management.trailing_stop.enabled) return [];
  const call = { params: { position_id: position.position_id }, query: { limit: UPDATES_PER_PAGE } };
  const updates: Update[] = [];
  for await (const update of api.items('listUpdates', call)) {
    if (updates.length >= MOST_UPDATES) break;
    updates.push(update);
  }
  return updates;
}

export interface ChartOptions {
  readonly position: ReadonlySignal<Detail>;
  readonly timeline: Query<Timeline>;
  readonly interval: Interval;
  readonly look: ReadonlySignal<Look>;
  readonly draft: ReadonlySignal<string | null>;
}

export interface ChartOf {
  readonly scene: ReadonlySignal<Scene>;
  readonly bars: Query<AnswerTo<'listBars'>>;
  /** Fills from before the first bar. */
  readonly before: ReadonlySignal<number>;
}

export function useChart({ position, timeline, interval, look, draft }: ChartOptions): ChartOf {
  const { api, price, trailing, now: clock } = useLive();
  const { symbol, position_id: id } = position.peek();
  const seconds = INTERVAL_SECONDS[interval];
  const isLive = useComputed(() => !isOver(position.value));

  const bars = useQuery(
    `bars:${symbol}:${interval}:${isLive.value}`,
    () => {
      const { from, to } = windowFor(position.peek(), interval, Date.now());
      const query = { interval, limit: MOST_BARS, from, ...(to !== null && { to }) };
      return api.call('listBars', { params: { symbol: inPath(symbol) }, query });
    },
    isLive.value ? { everyMs: BARS_MS } : {},
  );
  const updates = useQuery(`updates:${id}`, () => readUpdates(api, position.peek()), {
    ...(isLive.value && { everyMs: UPDATES_MS }),
    after: ({ type, data }) => type === 'position' && data['position_id'] === id,
  });

  const points = useSignal<readonly Point[]>([]);
  useSignalEffect(() => {
    points.value = pointsOf(bars.value.value?.items ?? [], seconds);
  });
  useSignalEffect(() => {
    const now = price(symbol).value;
    // After each read anew, too: what it answers is a moment old.
    bars.value.value;
    if (now !== null && isLive.value && bars.value.value !== null) {
      points.value = withPrice(points.peek(), now, seconds);
    }
  });
  useSignalEffect(() => {
    const now = clock.value;
    if (isLive.value) points.value = untilNow(points.peek(), now, seconds);
  });
  /** Changes with a new interval only, not with each price. */
  const grid = useComputed(
    () => `${points.value[0]?.time} ${points.value.at(-1)?.time} ${points.value.length}`,
  );

  const seen = useSignal<readonly Step[]>([]);
  const stopNow = useComputed(
    () => stopOf(position.value, trailing(id).value ?? trailingOf(position.value))?.price ?? null,
  );
  useSignalEffect(() => {
    const step = { at: Date.now(), price: stopNow.value };
    seen.value = [...seen.peek().slice(-MOST_SEEN), step];
  });
  const steps = useComputed(() => {
    const told = stopSteps({
      position: position.value,
      timeline: timeline.value.value?.items ?? [],
      updates: updates.value.value ?? [],
    });
    return isLive.value ? withSeen(told, seen.value) : told;
  });
  const stop = useComputed(() => {
    grid.value;
    return stopLine(steps.value, points.peek(), seconds);
  });
  const markers = useComputed(() => {
    grid.value;
    return markersOf(position.value, points.peek(), seconds);
  });
  const lines = useComputed((): readonly LevelLine[] => {
    const levels = levelLines(position.value);
    const price = draft.value;
    return price === null ? levels : [...levels, { id: 'draft', price, title: 'new stop', tone: 'draft' }];
  });
  const scene = useComputed(
    (): Scene => ({
      points: points.value,
      stop: stop.value,
      markers: markers.value.shown,
      lines: lines.value,
      look: look.value,
    }),
  );
  return { scene, bars, before: useComputed(() => markers.value.before) };
}

const trailingOf = ({ risk_management: { trailing_stop } }: Detail): string | null =>
  trailing_stop.current_trigger;

/** Its prices and its trailing stop are followed while the page is open. */
export function useFollowed(position: Detail): void {
  const { watchSymbol, watchTrailing } = useLive();
  const { symbol, position_id: id } = position;
  const over = isOver(position);
  const trails = position.risk_management.trailing_stop.enabled && !over;
  useEffect(() => (over ? undefined : watchSymbol(symbol)), [symbol, over, watchSymbol]);
  useEffect(() => (trails ? watchTrailing(id) : undefined), [id, trails, watchTrailing]);
}
