/**
 * Where a position's stop stood and when it moved: what was set (timeline), what break-even and the trailing rule made of it
 * (the position, updates), put together as steps. Of several stops the tightest counts: it comes first.
 */
import type { AnswerTo, ItemOf } from '../../../shared/client/contract.ts';
import { decimal, parseDecimal } from '../../../shared/domain/money/decimal.ts';
import type { Point } from './bars.ts';

type Detail = AnswerTo<'getPosition'>;
type Entry = ItemOf<'getTimeline'>;
type Update = ItemOf<'listUpdates'>;

/** From `at` (ms) on the stop stood at `price`; null: there was none. */
export interface Step {
  readonly at: number;
  readonly price: string | null;
}

export interface StopFacts {
  readonly position: Pick<
    Detail,
    'side' | 'opened_at' | 'created_at' | 'closed_at' | 'closing' | 'risk_management'
  >;
  readonly timeline: readonly Entry[];
  readonly updates: readonly Update[];
}

type Track = 'stop_loss' | 'break_even' | 'trailing';
interface Change extends Step {
  readonly track: Track;
}

/** The steps, oldest first, from the first fill to the close; two in a row are never alike. */
export function stopSteps({ position, timeline, updates }: StopFacts): readonly Step[] {
  const begin = Date.parse(position.opened_at ?? position.created_at);
  const changes = [
    ...setByHand(position, timeline),
    ...breakEven(position),
    ...trailed(position, timeline, updates, begin),
  ].sort((a, b) => a.at - b.at);
  const stands: Record<Track, string | null> = { stop_loss: null, break_even: null, trailing: null };
  const steps: Step[] = [];
  for (const { at, track, price } of changes) {
    stands[track] = price;
    const step = { at: Math.max(at, begin), price: tightest(position.side, Object.values(stands)) };
    if (steps.at(-1)?.at === step.at) steps.pop();
    if (steps.at(-1)?.price !== step.price) steps.push(step);
  }
  const end = position.closing?.at ?? position.closed_at;
  return end === null
    ? steps
    : [...steps.filter(({ at }) => at < Date.parse(end)), { at: Date.parse(end), price: null }];
}

function setByHand({ risk_management: risk, created_at }: StopFacts['position'], timeline: readonly Entry[]) {
  const changes: Change[] = [
    { at: Date.parse(created_at), track: 'stop_loss', price: risk.initial_stop_loss },
  ];
  for (const entry of timeline) {
    const stop = entry.kind === 'action' && !entry.refused ? entry.details['stop_loss'] : undefined;
    if (stop === undefined) continue;
    changes.push({
      at: Date.parse(entry.timestamp),
      track: 'stop_loss',
      price: parseDecimal(stop) === null ? null : stop,
    });
  }
  return changes;
}

function breakEven({ risk_management: { break_even } }: StopFacts['position']): readonly Change[] {
  const { activated_at, stop_price } = break_even;
  return activated_at === null || stop_price === null
    ? []
    : [{ at: Date.parse(activated_at), track: 'break_even', price: stop_price }];
}

/** The moves that the tape tells: of the rule that stands now, since it was set. */
function trailed(
  { risk_management: { trailing_stop: rule } }: StopFacts['position'],
  timeline: readonly Entry[],
  updates: readonly Update[],
  begin: number,
): readonly Change[] {
  if (!rule.enabled) return [];
  const moves = updates
    .flatMap(({ timestamp, actions_triggered }) =>
      actions_triggered
        .filter(({ action, to }) => action === 'trailing_stop_adjusted' && to !== null)
        .map(({ from, to }) => ({ at: Date.parse(timestamp), from, to })),
    )
    .sort((a, b) => a.at - b.at);
  const [first] = moves;
  const start = first === undefined ? rule.current_trigger : first.from;
  // One that waits for a price to be reached stands nowhere until its first move.
  const begins: readonly Change[] =
    start === null || rule.activation_price !== null
      ? []
      : [{ at: Math.max(begin, setAt(timeline)), track: 'trailing', price: start }];
  return [...begins, ...moves.map(({ at, to }): Change => ({ at, track: 'trailing', price: to }))];
}

/** When the trailing rule became what it is; 0: it came with the order. */
function setAt(timeline: readonly Entry[]): number {
  let at = 0;
  let rule: string | undefined;
  for (const entry of timeline) {
    const told = entry.kind === 'action' && !entry.refused ? entry.details['trailing_stop'] : undefined;
    if (told === undefined || told === rule) continue;
    rule = told;
    at = Date.parse(entry.timestamp);
  }
  return at;
}

function tightest(side: Detail['side'], prices: readonly (string | null)[]): string | null {
  let best: string | null = null;
  for (const price of prices) {
    if (price === null) continue;
    if (best === null) best = price;
    const [a, b] = [decimal(price), decimal(best)];
    if (side === 'long' ? a.greaterThan(b) : a.lessThan(b)) best = price;
  }
  return best;
}

/** With moves that this page has seen since what the steps were made of was read: a trailing stop follows the price meanwhile. */
export function withSeen(steps: readonly Step[], seen: readonly Step[]): readonly Step[] {
  const all = [...steps];
  for (const step of seen) {
    const last = all.at(-1);
    if (last === undefined || (step.at > last.at && step.price !== last.price)) all.push(step);
  }
  return all;
}

/** Where the stop stood at that time (ms). */
export function stopAt(steps: readonly Step[], at: number): string | null {
  let price: string | null = null;
  for (const step of steps) {
    if (step.at > at) break;
    price = step.price;
  }
  return price;
}

/** The line as the chart takes it: at each of its times the stop that stood at the end of the interval. */
export function stopLine(
  steps: readonly Step[],
  points: readonly Point[],
  seconds: number,
): readonly { readonly time: number; readonly price: string | null }[] {
  const end = steps.at(-1);
  return points.map(({ time }) => {
    const until = (time + seconds) * 1_000 - 1;
    const price = stopAt(steps, until);
    // The interval in which the position was closed still shows the stop that closed it.
    const isLast = price === null && end?.price === null && end.at >= time * 1_000 && end.at <= until;
    return { time, price: isLast ? stopAt(steps, end.at - 1) : price };
  });
}
