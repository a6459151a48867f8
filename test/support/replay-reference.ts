/**
 * An independent look at a replay: one position walked tick by tick, in the words of the rules (design section 9),
 * with whole numbers and none of the product's code. Slow and plain on purpose.
 *
 * Prices are whole units (two digits finer than the price tick), quantities whole steps. Within one tick: the entry
 * fills first, then levels are looked at in the order of their names. A fill that moves the break-even trigger does so
 * before it is looked at; the level that is named is the one the tick met.
 */
export interface ReferenceTick {
  readonly id: number;
  readonly at: number;
  readonly bid: number;
  readonly ask: number;
  readonly last: number;
  /** Whole steps that trade at this tick, of either side; null = all that is wanted. */
  readonly bidSteps: number | null;
  readonly askSteps: number | null;
}

export interface ReferenceMarket {
  readonly symbol: string;
  readonly ticks: readonly ReferenceTick[];
  /** Decimals of a price unit and of a step. */
  readonly priceDecimals: number;
  readonly stepDecimals: number;
}

/** Distances in basis points of the opening price. */
export interface ReferencePlan {
  readonly name: string;
  readonly side: 'long' | 'short';
  /** A long without leverage (1) borrows nothing; every short does. */
  readonly leverage: number;
  readonly openAt: number;
  readonly steps: number;
  readonly source: 'bid_ask' | 'last' | 'mid';
  readonly stop: number | null;
  /** Shares in percent; nearest first. */
  readonly targets: readonly { readonly distance: number; readonly share: number }[];
  readonly trailing: {
    readonly bp?: number;
    readonly units?: number;
    readonly activation: number | null;
  } | null;
  readonly breakEven: { readonly profit: number; readonly offset: number } | null;
  /** Closed so long after its first fill. */
  readonly timeStopSeconds: number | null;
  /** A stop that was reached sells after so long without a price back, or at once so far beyond it. */
  readonly confirm: { readonly seconds: number; readonly bp: number } | null;
}

export interface ReferenceEvent {
  readonly kind: 'exit' | 'part' | 'break_even' | 'wait' | 'back';
  /** At which it was decided. */
  readonly tick: number;
  readonly name: string;
  /** Units. */
  readonly level: number;
}

/** Units of one price tick. */
const TICK = 100;
const FEE_PER_THOUSAND = 1n;
/** What closing keeps of the worth: maintenance and fee. */
const KEPT_PER_THOUSAND = 5n + FEE_PER_THOUSAND;

interface Walk {
  readonly plan: ReferencePlan;
  readonly market: ReferenceMarket;
  /** Bought (sold, of a short) so far. */
  steps: number;
  /** Steps x units. */
  quote: bigint;
  /** In 10^-8 of the quote asset. */
  fee: bigint;
  sold: number;
  readonly rungs: Set<number>;
  /** The break-even trigger, as of so many steps. */
  trigger: { readonly steps: number; readonly price: number } | null;
  /** Where it is liquidated, as of so many steps; null = nothing is borrowed. */
  end: { readonly steps: number; readonly price: number | null } | null;
  /** The stop that break-even has set. */
  even: number | null;
  trailingFrom: number | null;
  peak: number | null;
  isOut: boolean;
  readonly openedAt: number;
  /** Stops that wait to be confirmed, in the order in which they were reached. */
  readonly waiting: Map<string, { readonly level: number; readonly tick: number; readonly since: number }>;
  readonly events: ReferenceEvent[];
}

/**
 * Everything that its protection does, in order; an entry that is never opened does nothing. Null: it is refused, since
 * a level would trigger at once (a distance shorter than a price tick).
 */
export function walkPosition(market: ReferenceMarket, plan: ReferencePlan): readonly ReferenceEvent[] | null {
  const first = market.ticks.findIndex(({ at }) => at >= plan.openAt);
  const opening = market.ticks[first];
  if (first < 0 || opening === undefined) return [];
  const isLong = plan.side === 'long';
  const paid = isLong ? opening.ask : opening.bid;
  const up = (distance: number) => (isLong ? distance : -distance);
  const stop = plan.stop === null ? null : onTick(paid, -up(plan.stop), isLong ? 'up' : 'down');
  const inFavour = (distance: number) => onTick(paid, up(distance), isLong ? 'down' : 'up');
  const targets = plan.targets.map(({ distance }) => inFavour(distance));
  const price = priceAt(plan, opening);
  const isRefused = (level: number, isTarget: boolean) =>
    isTarget === isLong ? level <= price : level >= price;
  if (stop !== null && isRefused(stop, false)) return null;
  if (targets.some((level) => isRefused(level, true))) return null;
  const end = liquidation(plan, BigInt(price), 1n);
  if (stop !== null && end !== null && (isLong ? stop <= end : stop >= end)) return null;
  const activation = plan.trailing?.activation ?? null;
  if (activation !== null && isRefused(inFavour(activation), true)) return null;
  const walk: Walk = {
    plan,
    market,
    steps: 0,
    quote: 0n,
    fee: 0n,
    sold: 0,
    rungs: new Set(),
    trigger: null,
    end: null,
    even: null,
    trailingFrom: activation === null ? null : inFavour(activation),
    peak: null,
    isOut: false,
    openedAt: opening.at,
    waiting: new Map(),
    events: [],
  };
  const isWhole = plan.targets.reduce((all, { share }) => all + share, 0) === 100;
  const levels = { stop, targets, isWhole };
  for (let at = first; at < market.ticks.length && !walk.isOut; at += 1) {
    const tick = market.ticks[at];
    if (tick === undefined) break;
    const before = walk.steps === 0 ? null : evenTrigger(walk);
    fillEntry(walk, tick);
    lookAtLevels(walk, tick, levels, before);
  }
  return walk.events;
}

/**
 * Where the collateral of so many steps, bought (sold) for `cost` steps x units, has lost all but the maintenance and the
 * fee of closing, on the tick that comes first; null = nothing is borrowed.
 */
function liquidation({ side, leverage }: ReferencePlan, cost: bigint, steps: bigint): number | null {
  const times = BigInt(leverage);
  if (side === 'short')
    return toTick(cost * (times + 1n) * 1_000n, steps * times * (1_000n + KEPT_PER_THOUSAND), false);
  if (leverage === 1) return null;
  return toTick(cost * (times - 1n) * 1_000n, steps * times * (1_000n - KEPT_PER_THOUSAND), true);
}

/** Of all that was bought (sold) so far. */
function liquidationOf(walk: Walk): number | null {
  if (walk.end?.steps !== walk.steps)
    walk.end = { steps: walk.steps, price: liquidation(walk.plan, walk.quote, BigInt(walk.steps)) };
  return walk.end.price;
}

/** Price x (10,000 + distance) / 10,000, to the tick. */
function onTick(price: number, distance: number, towards: 'up' | 'down'): number {
  const exact = BigInt(price) * BigInt(10_000 + distance);
  const tick = BigInt(TICK) * 10_000n;
  const whole = exact / tick;
  const isWhole = whole * tick === exact;
  return Number(towards === 'down' || isWhole ? whole : whole + 1n) * TICK;
}

function fillEntry(walk: Walk, tick: ReferenceTick): void {
  const { plan, market } = walk;
  const rest = plan.steps - walk.steps;
  if (rest === 0) return;
  const isLong = plan.side === 'long';
  const offered = isLong ? tick.askSteps : tick.bidSteps;
  const taken = Math.min(rest, offered === null ? rest : Math.max(offered, 1));
  walk.steps += taken;
  walk.quote += BigInt(taken) * BigInt(isLong ? tick.ask : tick.bid);
  walk.fee = halfEven(walk.quote * FEE_PER_THOUSAND * 10n ** 8n, 1_000n * scaleOf(market));
}

/** Steps x units are so many to one of the quote asset. */
const scaleOf = ({ priceDecimals, stepDecimals }: ReferenceMarket): bigint =>
  10n ** BigInt(priceDecimals + stepDecimals);

function halfEven(n: bigint, d: bigint): bigint {
  const whole = n / d;
  const twice = 2n * (n - whole * d);
  if (twice === d) return whole % 2n === 0n ? whole : whole + 1n;
  return twice > d ? whole + 1n : whole;
}

interface Levels {
  readonly stop: number | null;
  readonly targets: readonly number[];
  /** The targets together close the whole position. */
  readonly isWhole: boolean;
}

/** Has the price come so far towards loss, or profit? */
const isLoss = (isLong: boolean, price: number, level: number): boolean =>
  isLong ? price <= level : price >= level;
const isProfit = (isLong: boolean, price: number, level: number): boolean =>
  isLong ? price >= level : price <= level;
const isTighter = (isLong: boolean, stop: number, other: number | null): boolean =>
  other === null || (isLong ? stop > other : stop < other);

/** The position is closed, unless it was before. */
function out(walk: Walk, tick: ReferenceTick, name: string, level: number): void {
  if (!walk.isOut) walk.events.push({ kind: 'exit', tick: tick.id, name, level });
  walk.isOut = true;
}

/** A stop is reached: it sells at once, or waits to be confirmed. */
function reached(walk: Walk, tick: ReferenceTick, price: number, name: string, level: number): void {
  const { plan, waiting } = walk;
  if (walk.isOut || waiting.has(name)) return;
  if (plan.confirm === null || isLoss(plan.side === 'long', price, boundOf(plan, level))) {
    out(walk, tick, name, level);
    return;
  }
  waiting.set(name, { level, tick: tick.id, since: tick.at });
  walk.events.push({ kind: 'wait', tick: tick.id, name, level });
}

/** `before`: the break-even trigger that the tick met; null = none, or nothing was held yet. */
function lookAtLevels(
  walk: Walk,
  tick: ReferenceTick,
  { stop, targets, isWhole }: Levels,
  before: number | null,
): void {
  const { plan, events } = walk;
  const isLong = plan.side === 'long';
  const price = priceAt(plan, tick);
  const evenBefore = walk.even !== null && isTighter(isLong, walk.even, stop) ? walk.even : null;

  const trailed = trail(walk, price);
  const trigger = evenTrigger(walk);
  if (evenBefore !== null && isLoss(isLong, price, evenBefore))
    reached(walk, tick, price, 'break_even', evenBefore);
  if (trigger !== null && isProfit(isLong, price, trigger) && !walk.isOut) {
    const level = before !== null && isProfit(isLong, price, before) ? before : trigger;
    walk.even = breakEven(walk, plan.breakEven?.offset ?? 0);
    events.push({ kind: 'break_even', tick: tick.id, name: 'break_even_trigger', level });
  }
  if (walk.even !== null && isTighter(isLong, walk.even, stop)) walk.waiting.delete('stop_loss');
  if (walk.waiting.size > 0) lookAtWindows(walk, tick, price);
  const end = liquidationOf(walk);
  if (end !== null && isLoss(isLong, price, end)) out(walk, tick, 'liquidation', end);
  if (evenBefore === null && stop !== null && isLoss(isLong, price, stop))
    reached(walk, tick, price, 'stop_loss', stop);
  for (let index = 0; index < targets.length; index += 1) {
    const level = targets[index];
    if (level === undefined || walk.isOut || !isProfit(isLong, price, level) || walk.rungs.has(index))
      continue;
    walk.rungs.add(index);
    const name = `take_profit:${index}`;
    if (isWhole && walk.rungs.size === targets.length) out(walk, tick, name, level);
    else events.push({ kind: 'part', tick: tick.id, name, level });
  }
  if (trailed !== null && isLoss(isLong, price, trailed))
    reached(walk, tick, price, 'trailing_stop', trailed);
  const { timeStopSeconds, confirm } = plan;
  if (timeStopSeconds !== null && tick.at >= walk.openedAt + timeStopSeconds * 1000)
    out(walk, tick, 'time_stop', 0);
  if (confirm === null || walk.waiting.size === 0) return;
  const over = [...walk.waiting].sort(([, a], [, b]) => a.since - b.since);
  for (const [name, { level, since }] of over) {
    if (tick.at >= since + confirm.seconds * 1000) out(walk, tick, name, level);
  }
}

/** The bound of a stop, rounded to be reached earlier. */
function boundOf({ side, confirm }: ReferencePlan, level: number): number {
  const far = BigInt(level) * BigInt(10_000 + (side === 'long' ? -1 : 1) * (confirm?.bp ?? 0));
  const down = far / 10_000n;
  return Number(side === 'long' && down * 10_000n !== far ? down + 1n : down);
}

/** What this tick makes of the stops that wait since an earlier one. */
function lookAtWindows(walk: Walk, tick: ReferenceTick, price: number): void {
  const { plan, waiting, events } = walk;
  const { confirm } = plan;
  const isLong = plan.side === 'long';
  if (confirm === null || walk.isOut) return;
  const own = ['break_even', 'stop_loss', 'trailing_stop'].flatMap((name) => {
    const window = waiting.get(name);
    return window === undefined || window.tick === tick.id ? [] : [{ name, ...window }];
  });
  for (const { name, level } of own) {
    const bound = boundOf(plan, level);
    if (!isLoss(isLong, price, bound)) continue;
    out(walk, tick, name, bound);
    return;
  }
  for (const { name, level, since } of own) {
    if (isLoss(isLong, price, level)) continue;
    if (tick.at >= since + confirm.seconds * 1000) {
      out(walk, tick, name, level);
      return;
    }
    waiting.delete(name);
    events.push({ kind: 'back', tick: tick.id, name, level });
  }
}

function priceAt({ source, side }: ReferencePlan, { bid, ask, last }: ReferenceTick): number {
  if (source === 'last') return last;
  if (source === 'mid') return Math.floor((bid + ask) / 2);
  return side === 'long' ? bid : ask;
}

/** The trailing stop after this price: the peak moves first. Null: none, or not yet. */
function trail(walk: Walk, price: number): number | null {
  const { trailing, side } = walk.plan;
  if (trailing === null) return null;
  const isLong = side === 'long';
  const from = walk.trailingFrom;
  if (walk.peak === null && from !== null && (isLong ? price < from : price > from)) return null;
  walk.peak = walk.peak === null ? price : isLong ? Math.max(walk.peak, price) : Math.min(walk.peak, price);
  const far = trailing.units ?? Math.ceil((walk.peak * (trailing.bp ?? 0)) / 10_000);
  return isLong ? walk.peak - far : walk.peak + far;
}

/** Where a close at the same rate of fees loses nothing, plus the offset (basis points), on the tick. */
function breakEven(walk: Walk, offset: number): number {
  const isLong = walk.plan.side === 'long';
  const steps = BigInt(walk.steps);
  const { cost, fee } = paidIn(walk);
  const sign = isLong ? 1n : -1n;
  // (cost ± fee) / (steps x (1 ∓ fee / cost)) ± cost x offset / (steps x 10,000)
  const left = cost - sign * fee;
  const n = (cost + sign * fee) * cost * 10_000n + sign * cost * BigInt(offset) * left;
  return toTick(n, steps * left * 10_000n * FINE, isLong);
}

/** The price at which the stop goes there: the profit is reached, and the stop lies a tick on the safe side. */
function evenTrigger(walk: Walk): number | null {
  const { breakEven: rule, side } = walk.plan;
  if (rule === null || walk.even !== null) return null;
  if (walk.trigger?.steps === walk.steps) return walk.trigger.price;
  const isLong = side === 'long';
  const sign = isLong ? 1n : -1n;
  const { cost } = paidIn(walk);
  const n = cost * (10_000n + sign * BigInt(rule.profit));
  const reached = toTick(n, BigInt(walk.steps) * 10_000n * FINE, isLong);
  const even = breakEven(walk, rule.offset);
  const price = isLong ? Math.max(reached, even + TICK) : Math.min(reached, even - TICK);
  walk.trigger = { steps: walk.steps, price };
  return price;
}

/** Both in steps x units x 10^8, so that the fee is whole. */
const FINE = 10n ** 8n;
const paidIn = ({ quote, fee, market }: Walk) => ({ cost: quote * FINE, fee: fee * scaleOf(market) });

/** A fraction of units, up or down to the tick. */
function toTick(n: bigint, d: bigint, isUp: boolean): number {
  const tick = d * BigInt(TICK);
  const whole = n / tick;
  return Number(isUp && whole * tick !== n ? whole + 1n : whole) * TICK;
}
